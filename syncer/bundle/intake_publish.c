/* Images that are whole become visible; the ledger knows before the first of
 * them does. */
#include <stdlib.h>
#include <string.h>

#include "bundle/intake_internal.h"
#include "layout/clock.h"
#include "layout/mem.h"

/* Images that share a round of waiting for the disk. */
#define PUBLISH_MAX	64u

static void
tell(const struct intake *in, struct need *need, const char *result)
{
	char name[FULL_NAME_MAX], digest[DIGEST_TEXT_MAX];
	struct report_image image = {
		.image = intake_name(need->image, name),
		.result = result,
		.registry = need->image->registry,
		.digest = digest_text(&need->image->root.digest, digest),
		.objects = -1, .bytes = -1,
		.duration_ms = clock_ms() - in->started_ms,
	};

	need->is_told = true;
	if (need->state == NEED_FAILED) {
		image.error = need->err.msg;
		image.digest = NULL;
	}
	report_image(need->state == NEED_FAILED ? REPORT_ERROR :
	    need->state == NEED_SAME ? REPORT_DEBUG : REPORT_INFO, &image);
}

static void
settle(const struct intake *in, struct need *need, enum need_state state)
{
	static const char *const words[] = {
		[NEED_FAILED] = "failed", [NEED_UPDATED] = "updated",
		[NEED_HELD] = "held", [NEED_STAYS] = "stays",
	};

	need->state = state;
	tell(in, need, words[state]);
}

/* Of a stream the last one is noted before its first tag moves: an older one
 * that comes after a power cut finds it. */
static int
note_begin(struct intake *in, struct err *e)
{
	struct ledger l;
	int rc = 0;

	if (in->has_begun)
		return 0;
	if (ledger_read(in->rules->store, &l, e) == -1)
		return -1;
	if (ledger_begin(&l, &in->who))
		rc = ledger_write(in->rules->store, &l, e);
	ledger_free(&l);
	in->has_begun = rc == 0;
	return rc;
}

static void
settle_published(const struct intake *in, struct need *need,
    const struct publication *p)
{
	settle(in, need, p->held ? NEED_HELD : NEED_UPDATED);
}

/* One that cannot be published does not keep the others from it. */
static bool
publish_each(struct intake *in, struct need **needs, struct publication *p,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (store_publish(in->rules->store, &p[i], 1,
		    &needs[i]->err) == 0)
			settle_published(in, needs[i], &p[i]);
		else if (needs[i]->err.code == ERR_STORE)
			return intake_fail(in, &needs[i]->err);
		else
			settle(in, needs[i], NEED_FAILED);
	}
	return true;
}

static bool
publish_round(struct intake *in, struct need **needs, struct publication *p,
    size_t count)
{
	struct err e;
	size_t i;

	if (note_begin(in, &e) == -1)
		return intake_fail(in, &e);
	if (store_publish(in->rules->store, p, count, &e) == -1)
		return e.code == ERR_STORE ? intake_fail(in, &e) :
		    publish_each(in, needs, p, count);
	for (i = 0; i < count; i++)
		settle_published(in, needs[i], &p[i]);
	return true;
}

/* Up to a round of them; false where there are no more. */
static size_t
gather(struct intake *in, struct need **needs, struct publication *p)
{
	struct need *need;
	size_t count = 0;

	while (count < PUBLISH_MAX &&
	    (need = needs_ready(in->needs)) != NULL) {
		if (intake_must_stay(in, need->image)) {
			settle(in, need, NEED_STAYS);
		} else if (needs_publication(in->needs, need, &p[count],
		    &need->err) == -1) {
			settle(in, need, NEED_FAILED);
		} else {
			needs[count++] = need;
		}
	}
	return count;
}

bool
intake_publish(struct intake *in)
{
	struct publication p[PUBLISH_MAX];
	struct need *needs[PUBLISH_MAX];
	size_t i, count;
	bool goes_on = true;

	while (goes_on && in->moves && in->needs != NULL &&
	    (count = gather(in, needs, p)) > 0) {
		goes_on = publish_round(in, needs, p, count);
		for (i = 0; i < count; i++)
			needs_publication_done(&p[i]);
	}
	return goes_on;
}
