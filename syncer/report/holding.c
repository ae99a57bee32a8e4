/* images.json and blobs.json, a line an image: a run that has changed ten of
 * them takes the lines of the others over as they are. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/holding.h"
#include "report/status_record.h"

#define HEAD_MAX	1024
#define HEAD_END	",\"images\":["

void
holding_done(struct holding *h)
{
	free(h->image);
	free(h->blobs);
	json_decref(h->platforms);
	memset(h, 0, sizeof(*h));
}

/* Written out by hand, so that the number is the same on every machine: it is
 * kept in files. */
uint64_t
holding_key(const struct digest *d)
{
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key = key << 8 | d->bytes[i];
	return key;
}

/* Beyond the cap the sums are too small: better than a line that no
 * reader takes. */
void
holding_add_blob(struct holding *h, uint64_t key, uint64_t size)
{
	if (h->blob_count == HOLDING_BLOBS_MAX)
		return;
	/* Most have a few: powers of two. */
	if ((h->blob_count & (h->blob_count - 1)) == 0)
		h->blobs = xreallocarray(h->blobs, h->blob_count == 0 ? 1 :
		    2 * h->blob_count, sizeof(*h->blobs));
	h->blobs[h->blob_count].key = key;
	h->blobs[h->blob_count++].size = size;
}

/* --- writing ----------------------------------------------------------- */

/* Both files have these; what is 0 or false is left out of them. */
static json_t *
fields(const struct holding *h)
{
	json_t *o = json_object();
	char text[DIGEST_TEXT_MAX];

	assert(h->image != NULL);
	json_object_set_new(o, "image", json_string(h->image));
	json_object_set_new(o, "digest",
	    json_string(digest_text(&h->digest, text)));
	if (h->published[0] != '\0')
		json_object_set_new(o, "published",
		    json_string(h->published));
	if (json_array_size(h->platforms) > 0)
		json_object_set(o, "platforms", h->platforms);
	status_set_count(o, "size", h->size);
	if (h->referrers > 0)
		status_set_count(o, "referrers", h->referrers);
	if (h->is_signed)
		json_object_set_new(o, "signed", json_true());
	if (h->is_broken)
		json_object_set_new(o, "broken", json_true());
	return o;
}

/* Takes ${o}. */
static void
print(json_t *o, FILE *out)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text != NULL)
		fputs(text, out);
	free(text);
	json_decref(o);
}

void
holding_print_blobs(const struct holding *h, FILE *out)
{
	json_t *o = fields(h), *blobs = json_array();
	char key[17];
	size_t i;

	for (i = 0; i < h->blob_count; i++) {
		snprintf(key, sizeof(key), "%016llx",
		    (unsigned long long)h->blobs[i].key);
		json_array_append_new(blobs, json_pack("[sI]", key,
		    (json_int_t)h->blobs[i].size));
	}
	json_object_set_new(o, "blobs", blobs);
	if (h->links[0] != '\0')
		json_object_set_new(o, "links", json_string(h->links));
	print(o, out);
}

void
holding_print(const struct holding *h, uint64_t own, FILE *out)
{
	json_t *o = fields(h);

	status_set_count(o, "own", own);
	print(o, out);
}

/* --- reading ----------------------------------------------------------- */

/* Keys are text: JSON carries no whole number beyond 2^53 everywhere. */
static bool
read_blobs(const json_t *list, struct holding *h)
{
	const json_t *pair;
	const char *text;
	char *end;
	json_int_t size;
	uint64_t key;
	size_t i;

	json_array_foreach(list, i, pair) {
		text = json_string_value(json_array_get(pair, 0));
		size = json_integer_value(json_array_get(pair, 1));
		if (text == NULL || strlen(text) != 16 || size < 0)
			return false;
		key = strtoull(text, &end, 16);
		if (*end != '\0')
			return false;
		holding_add_blob(h, key, (uint64_t)size);
	}
	return json_is_array(list);
}

/* Only what is needed to know the image again has to be there. */
static bool
read_fields(const json_t *o, struct holding *h)
{
	const char *image = json_string_value(json_object_get(o, "image"));
	const char *digest = json_string_value(json_object_get(o, "digest"));
	const char *text = json_string_value(json_object_get(o, "published"));
	const char *links = json_string_value(json_object_get(o, "links"));
	struct err ignored;

	if (image == NULL || digest == NULL ||
	    digest_parse(digest, &h->digest, &ignored) == -1)
		return false;
	h->image = xstrdup(image);
	if (text != NULL)
		snprintf(h->published, sizeof(h->published), "%s", text);
	if (links != NULL)
		snprintf(h->links, sizeof(h->links), "%s", links);
	h->platforms = json_incref(json_object_get(o, "platforms"));
	h->size = status_get_count(o, "size");
	h->referrers = status_get_count(o, "referrers");
	h->is_signed = json_is_true(json_object_get(o, "signed"));
	h->is_broken = json_is_true(json_object_get(o, "broken"));
	return read_blobs(json_object_get(o, "blobs"), h);
}

/* A line that makes no sense costs one look at that image again. */
bool
holding_read(const char *line, struct holding *ret)
{
	size_t len = strcspn(line, "\n");
	struct holding h = { 0 };
	bool is_right;
	json_t *o;

	if (len > 0 && line[len - 1] == ',')
		len--;
	o = json_loadb(line, len, 0, NULL);
	is_right = read_fields(o, &h);
	json_decref(o);
	if (is_right)
		*ret = h;
	else
		holding_done(&h);
	return is_right;
}

/*
 * A repository comes before those below it, so a slash is less than any other
 * character, and ends the name; then come the tags, behind a colon or an at
 * sign.  A registry may have a colon as well.
 */
static int
weight(const char *s, const char *end)
{
	if (s == end)
		return 0;
	return *s == '/' ? 1 : 2 + (unsigned char)*s;
}

int
holding_order(const char *a, const char *b)
{
	const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
	const char *a_end, *b_end;

	a_end = a + (a_slash == NULL ? 0 : a_slash - a);
	b_end = b + (b_slash == NULL ? 0 : b_slash - b);
	a_end += strcspn(a_end, ":@");
	b_end += strcspn(b_end, ":@");
	while (a != a_end && b != b_end && *a == *b) {
		a++;
		b++;
	}
	if (a == a_end && b == b_end)
		return strcmp(*a == '\0' ? a : a + 1, *b == '\0' ? b : b + 1);
	return weight(a, a_end) - weight(b, b_end);
}

/* --- the first line ---------------------------------------------------- */

void
holding_head_print(FILE *out, const char *stamp, int64_t now,
    const struct holding_totals *t)
{
	json_t *o = json_object();
	char *text;

	status_set_count(o, "version", 1);
	status_set_time(o, "written", now);
	json_object_set_new(o, "index", json_string(stamp));
	if (t != NULL) {
		status_set_count(o, "references", t->images);
		status_set_count(o, "repositories", t->repositories);
		status_set_count(o, "blobs", t->blobs);
		status_set_count(o, "bytes", t->bytes);
	}
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	/* Open at its end: the lines are in an array of it. */
	fprintf(out, "%.*s" HEAD_END "\n", (int)strlen(text) - 1, text);
	free(text);
}

/* The line is half an object: with the end of it put behind, it is
 * read as one. */
bool
holding_head_read(const char *line, char stamp[STORE_STAMP_MAX],
    struct holding_totals *ret)
{
	char text[HEAD_MAX];
	const char *index;
	json_t *o;
	bool is_right;

	if (strlen(line) + sizeof("]}") > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s]}", (int)strcspn(line, "\n"), line);
	o = json_loads(text, 0, NULL);
	index = json_string_value(json_object_get(o, "index"));
	is_right = index != NULL && status_get_count(o, "version") == 1;
	if (is_right) {
		snprintf(stamp, STORE_STAMP_MAX, "%s", index);
		ret->images = status_get_count(o, "references");
		ret->repositories = status_get_count(o, "repositories");
		ret->blobs = status_get_count(o, "blobs");
		ret->bytes = status_get_count(o, "bytes");
	}
	json_decref(o);
	return is_right;
}
