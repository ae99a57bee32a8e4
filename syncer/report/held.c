#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/tag_history.h"
#include "report/held.h"
#include "report/status_doc.h"
#include "report/status_record.h"

struct held {
	const struct store *store;
	FILE *out;
	uint64_t said;
	struct marks *marks;
	struct held_totals totals;
};

/* What it led to before it was held: what was published last and is another
 * one.  A run would set it to that, or to what has come since. */
static void
set_before(json_t *o, const struct store *store, const struct held_tag *tag)
{
	struct tag_history h = { NULL, 0 };
	char text[DIGEST_TEXT_MAX];
	struct err ignored;
	size_t i;

	if (tag->digest == NULL || store_history_read(store, tag->registry,
	    tag->repository, tag->tag, &h, &ignored) != 1)
		return;
	for (i = h.count; i > 0; i--)
		if (!digest_equal(&h.lines[i - 1].digest, tag->digest))
			break;
	if (i > 0)
		json_object_set_new(o, "before", json_string(digest_text(
		    &h.lines[i - 1].digest, text)));
	tag_history_done(&h);
}

static json_t *
tag_json(const struct held_tag *tag, const char *image, int64_t since)
{
	json_t *o = json_object();
	char text[DIGEST_TEXT_MAX];

	json_object_set_new(o, "image", json_string(image));
	if (tag->digest != NULL)
		json_object_set_new(o, "digest",
		    json_string(digest_text(tag->digest, text)));
	status_set_time(o, "since", since);
	return o;
}

static int
add(void *cookie, const struct held_tag *tag, struct err *e)
{
	struct held *held = cookie;
	int64_t since = status_time(tag->since);
	char *image = xasprintf("%s/%s:%s", tag->registry, tag->repository,
	    tag->tag);
	json_t *o;

	(void)e;
	marks_held(held->marks, image, since);
	held->totals.tags++;
	if (since != 0 && (held->totals.since == 0 ||
	    since < held->totals.since))
		held->totals.since = since;
	if (held->said == HELD_MAX) {
		free(image);
		return 0;
	}
	o = tag_json(tag, image, since);
	free(image);
	set_before(o, held->store, tag);
	if (held->said++ > 0)
		fputs(",\n", held->out);
	json_dumpf(o, held->out, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return 0;
}

int
held_save(struct store *store, struct marks *marks, struct held_totals *ret,
    struct err *e)
{
	struct held held = { .store = store, .marks = marks };
	char *lines = NULL, *text;
	size_t len = 0;
	int rc;

	held.out = xtext_open(&lines, &len);
	rc = store_each_held(store, add, &held, e);
	xtext_close(held.out);
	if (rc == 0) {
		text = xasprintf("{\"version\":1,\"count\":%llu,"
		    "\"left_out\":%llu,\"images\":[\n%s\n]}\n",
		    (unsigned long long)held.totals.tags,
		    (unsigned long long)(held.totals.tags - held.said), lines);
		rc = status_doc_replace(store, HELD_FILE, text, e);
		free(text);
	}
	free(lines);
	if (rc == 0)
		*ret = held.totals;
	return rc;
}
