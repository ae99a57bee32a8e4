/* images.json and blobs.json, a line an image: a run that has changed ten of
 * them takes the lines of the others over as they are. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/book.h"
#include "report/holding.h"
#include "report/printable.h"
#include "report/status_record.h"

#define HEAD_VERSION	1
/* Goes up when lines tell more: those of before are made anew then. */
#define HEAD_FORM	2
#define BLOBS_BEGIN	",\"blobs\":["
#define HEAD_END	",\"images\":["

const struct book_kind holding_images_book = {
	"images", HOLDING_LINE_MAX, name_order
};
const struct book_kind holding_blobs_book = {
	"blobs", HOLDING_LINE_MAX, name_order
};

void
holding_done(struct holding *h)
{
	free(h->image);
	free(h->blobs);
	free(h->kind);
	json_decref(h->platforms);
	memset(h, 0, sizeof(*h));
}

void
holding_set_kind(struct holding *h, const char *type)
{
	free(h->kind);
	h->kind = xstrndup(type, HOLDING_KIND_MAX);
	printable(h->kind);
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
	if (h->kind != NULL)
		json_object_set_new(o, "kind", json_string(h->kind));
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
static char *
text_of(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(o);
	return text == NULL ? xstrdup("") : text;
}

/* What the other list has not comes last, so that a line of it is the beginning
 * of one of these. */
char *
holding_blobs_text(const struct holding *h)
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
	return text_of(o);
}

/* A quotation mark inside of a text has a backslash before it: this stands
 * between two members alone. */
static const char *
find_blobs(const char *line)
{
	return strstr(line, BLOBS_BEGIN);
}

char *
holding_image_text(const char *line, uint64_t own, const char *marks)
{
	const char *end = find_blobs(line);
	size_t len;

	if (end == NULL)
		end = strrchr(line, '}');
	len = end == NULL ? strlen(line) : (size_t)(end - line);
	if (own > HOLDING_OWN_MAX)
		own = HOLDING_OWN_MAX;
	return xasprintf("%.*s,\"own\":%llu%s}", (int)len, line,
	    (unsigned long long)own, marks);
}

/* ["0123456789abcdef",7],... up to the bracket behind them. */
void
holding_each_blob(const char *line, holding_blob_fn *fn, void *cookie)
{
	const char *at = find_blobs(line);
	char *end;
	uint64_t key;

	if (at == NULL)
		return;
	for (at += strlen(BLOBS_BEGIN); strncmp(at, "[\"", 2) == 0;
	    at = *end == ',' ? end + 1 : end) {
		key = strtoull(at + 2, &end, 16);
		if (strncmp(end, "\",", 2) != 0)
			return;
		fn(cookie, key, strtoull(end + 2, &end, 10));
		if (*end++ != ']')
			return;
	}
}

bool
holding_line_is_broken(const char *line)
{
	return strstr(line, ",\"broken\":true") != NULL;
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
	text = json_string_value(json_object_get(o, "kind"));
	if (text != NULL)
		holding_set_kind(h, text);
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

/* --- the first line ---------------------------------------------------- */

void
holding_head_print(FILE *out, const struct holding_head *h)
{
	const struct holding_totals *t = h->totals;
	json_t *o = json_object();
	char *text;

	status_set_count(o, "version", HEAD_VERSION);
	status_set_count(o, "form", HEAD_FORM);
	status_set_time(o, "written", h->now);
	json_object_set_new(o, "index", json_string(h->index));
	if (h->marks[0] != '\0')
		json_object_set_new(o, "marks", json_string(h->marks));
	if (h->earlier != NULL)
		json_object_set_new(o, "earlier", json_string(h->earlier));
	if (t != NULL) {
		status_set_count(o, "references", t->images);
		status_set_count(o, "repositories", t->repositories);
		status_set_count(o, "blobs", t->blobs);
		status_set_count(o, "bytes", t->bytes);
	}
	text = text_of(o);
	/* Open at its end: the lines are in an array of it. */
	fprintf(out, "%.*s" HEAD_END "\n", (int)strlen(text) - 1, text);
	free(text);
}

bool
holding_head_is_ours(const json_t *head)
{
	return status_get_count(head, "version") == HEAD_VERSION &&
	    status_get_count(head, "form") == HEAD_FORM &&
	    json_is_string(json_object_get(head, "index"));
}

bool
holding_head_read(const json_t *head, struct holding_head *ret,
    struct holding_totals *totals)
{
	const char *marks = json_string_value(json_object_get(head, "marks"));

	if (!holding_head_is_ours(head))
		return false;
	*ret = (struct holding_head){ .now = status_get_time(head, "written") };
	snprintf(ret->index, sizeof(ret->index), "%s",
	    json_string_value(json_object_get(head, "index")));
	if (marks != NULL)
		snprintf(ret->marks, sizeof(ret->marks), "%s", marks);
	totals->images = status_get_count(head, "references");
	totals->repositories = status_get_count(head, "repositories");
	totals->blobs = status_get_count(head, "blobs");
	totals->bytes = status_get_count(head, "bytes");
	return true;
}

void
holding_totals_read(const struct store *store, struct holding_totals *ret)
{
	struct book_in *in = book_open(store, &holding_images_book);
	struct holding_head ignored;

	if (in == NULL || !holding_head_read(book_head(in), &ignored, ret))
		memset(ret, 0, sizeof(*ret));
	book_close(in);
}
