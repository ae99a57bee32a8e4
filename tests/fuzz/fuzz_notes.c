/*
 * What stands in the tree for people, who may have edited it: pins, the history
 * of a tag, a hold.  The first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "layout/tag_history.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* What is understood is written as it was, and each name is found; one that is
 * taken out is not found any more, and the others are. */
static void
check_pins(const char *text, size_t len)
{
	struct err e = { .code = ERR_NONE };
	struct full_name n;
	char name[FULL_NAME_MAX];
	struct pins p;
	const char *one, *last = NULL;
	size_t at = 0, written, left;
	char *again, *out;

	if (pins_parse(text, len, &p, &e) == -1) {
		must(e.code == ERR_DATA && e.msg[0] != '\0');
		return;
	}
	again = pins_text(&p, &written);
	must(len == 0 || strncmp(again, text, len) == 0);
	must(written == len || written == len + 1);
	free(again);
	while ((one = pins_next(&p, &at)) != NULL) {
		must(full_name_split(one, &n));
		must(strcmp(full_name(n.registry, n.repository, n.reference,
		    name), one) == 0);
		must(pins_have(&p, one) && !pins_add(&p, one));
		last = one;
	}
	if (last != NULL) {
		left = p.count;
		out = xstrdup(last);
		must(pins_remove(&p, out) && !pins_have(&p, out));
		must(p.count < left && pins_add(&p, out) &&
		    pins_have(&p, out));
		free(out);
	}
	pins_done(&p);
}

/* Steps are numbered without a gap, each is of another digest than the current
 * one, and none is one that was left. */
static void
check_steps(struct tag_history *h, const struct digest *current)
{
	unsigned seen = 0, most = 0;
	size_t i;

	tag_history_judge(h, current);
	for (i = 0; i < h->count; i++) {
		if (h->lines[i].back == 0)
			continue;
		seen++;
		if (h->lines[i].back > most)
			most = h->lines[i].back;
		must(!h->lines[i].is_left);
		must(!digest_equal(&h->lines[i].digest, current));
	}
	must(seen == most);
}

static void
check_history(const char *text)
{
	struct tag_history h, again;
	struct digest other;
	size_t i, count;

	tag_history_parse(text, &h);
	count = h.count < 20 ? h.count : 20;
	for (i = 0; i < count; i++) {
		tag_history_parse(text, &again);
		must(again.count == h.count);
		check_steps(&again, &h.lines[i].digest);
		tag_history_done(&again);
	}
	digest_of(DIGEST_SHA256, text, strlen(text), &other);
	check_steps(&h, &other);
	tag_history_done(&h);
}

/* A hold is a line of the history, but not the other way round. */
static void
check_hold(const char *text)
{
	struct tag_history h;
	struct digest at;

	if (!tag_hold_parse(text, &at))
		return;
	tag_history_parse(text, &h);
	must(h.count > 0 && digest_equal(&h.lines[0].digest, &at));
	must(!h.lines[0].is_rollback);
	tag_history_done(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1 || size > PINS_BYTES_MAX)
		return 0;
	text = xmalloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 3) {
	case 0:
		check_pins(text, size - 1);
		break;
	case 1:
		check_history(text);
		break;
	default:
		check_hold(text);
		break;
	}
	free(text);
	return 0;
}
