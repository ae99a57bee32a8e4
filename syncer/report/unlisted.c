/*
 * Two lists tell: status.json, which images have been listed, and images.json,
 * which there are.  They are in different orders, so what the first one knows
 * is kept as a set of numbers.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/book.h"
#include "report/holding.h"
#include "report/name_set.h"
#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/unlisted.h"

struct unlisted {
	struct store *store;
	int64_t before;			/* who was listed last before that */
	struct name_set known;
	char *text;			/* the lines */
	size_t len;
	FILE *out;
	uint64_t count, said;
};

struct unlisted *
unlisted_begin(struct store *store, int64_t now)
{
	struct unlisted *u = xcalloc(1, sizeof(*u));

	u->store = store;
	u->before = now > UNLISTED_AFTER_S ? now - UNLISTED_AFTER_S : 0;
	u->out = xtext_open(&u->text, &u->len);
	return u;
}

static void
add(struct unlisted *u, const char *image, int64_t since)
{
	json_t *o;

	u->count++;
	if (u->said == UNLISTED_MAX)
		return;
	o = json_object();
	json_object_set_new(o, "image", json_string(image));
	status_set_time(o, "since", since);
	if (u->said++ > 0)
		fputs(",\n", u->out);
	json_dumpf(o, u->out, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
}

/* Not what was removed, nor a pattern, nor what was never mirrored. */
static bool
is_here(const struct unlisted *u, const char *image)
{
	char registry[REGISTRY_NAME_MAX + 1];
	char repository[REPOSITORY_NAME_MAX + 1];
	const char *reference;
	struct manifest_id id;
	struct err ignored;

	return name_split(image, registry, repository, &reference) &&
	    store_reference_get(u->store, registry, repository, reference, &id,
	    &ignored) == 1;
}

bool
unlisted_see(struct unlisted *u, const struct metrics_image *one)
{
	name_set_add(&u->known, one->image);
	if (one->last_listed >= u->before || !is_here(u, one->image))
		return false;
	add(u, one->image, one->last_listed);
	return true;
}

/* The tag of what belongs to another image: "sha256-HEX", and what follows a
 * dot (quirks.md#tags-of-cosign). */
static bool
is_companion(const char *image)
{
	const char *last = strrchr(image, '/'), *tag;
	size_t hex;

	tag = last == NULL ? NULL : strchr(last, ':');
	if (tag == NULL || strchr(last, '@') != NULL)
		return false;
	tag++;
	if (strncmp(tag, "sha256-", 7) != 0 && strncmp(tag, "sha512-", 7) != 0)
		return false;
	hex = strspn(tag + 7, "0123456789abcdef");
	return hex == (tag[3] == '2' ? 64 : 128) &&
	    (tag[7 + hex] == '\0' || tag[7 + hex] == '.');
}

static void
look_for_unknown(struct unlisted *u)
{
	struct book_in *in = book_open(u->store, &holding_images_book);
	struct book_line line;

	for (; in != NULL && book_peek(in, &line); book_skip(in))
		if (!name_set_has(&u->known, line.image) &&
		    !is_companion(line.image) && is_here(u, line.image))
			add(u, line.image, 0);
	book_close(in);
}

static char *
whole_text(const struct unlisted *u)
{
	return xasprintf("{\"version\":1,\"count\":%llu,\"left_out\":%llu,"
	    "\"images\":[\n%s\n]}\n", (unsigned long long)u->count,
	    (unsigned long long)(u->count - u->said), u->text);
}

static void
release(struct unlisted *u)
{
	free(u->text);
	name_set_done(&u->known);
	free(u);
}

void
unlisted_drop(struct unlisted *u)
{
	xtext_close(u->out);
	release(u);
}

int
unlisted_end(struct unlisted *u, uint64_t *ret, struct err *e)
{
	char *text;
	int rc;

	look_for_unknown(u);
	xtext_close(u->out);
	text = whole_text(u);
	rc = status_doc_replace(u->store, UNLISTED_FILE, text, e);
	if (rc == 0)
		*ret = u->count;
	free(text);
	release(u);
	return rc;
}
