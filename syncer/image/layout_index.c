/* The names of a layout: kept small, and in order, since a layout may have a
 * hundred thousand. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/descriptor.h"
#include "image/layout_index.h"
#include "image/layout_scan.h"
#include "image/readjson.h"
#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

#define VERSION		"1.0.0"
/* Of the media types that came last so many are compared. */
#define TYPES_NEAR	8u

struct layout_reader {
	struct layout_scan scan;
	struct layout_index index;
	size_t elements;
};

/* --- one entry --------------------------------------------------------- */

/* A layout has a few types, and each entry one of them. */
static const char *
type_of(struct layout_index *x, const char *type)
{
	size_t i;

	for (i = x->type_count; i > 0 && x->type_count - i < TYPES_NEAR; i--)
		if (strcmp(x->types[i - 1], type) == 0)
			return x->types[i - 1];
	x->types = xreallocarray(x->types, x->type_count + 1,
	    sizeof(*x->types));
	x->types[x->type_count] = xstrdup(type);
	return x->types[x->type_count++];
}

/* All three in one piece of memory. */
static void
set_names(struct layout_entry *n, const char *registry,
    const char *repository, const char *tag)
{
	size_t a = registry == NULL ? 0 : strlen(registry) + 1;
	size_t b = repository == NULL ? 0 : strlen(repository) + 1;
	size_t c = tag == NULL ? 0 : strlen(tag) + 1;

	n->names = xmalloc(a + b + c + 1);
	if (registry != NULL)
		n->registry = memcpy(n->names, registry, a);
	if (repository != NULL)
		n->repository = memcpy(n->names + a, repository, b);
	if (tag != NULL)
		n->tag = memcpy(n->names + a + b, tag, c);
}

static bool
set_reference(struct layout_entry *n, const char *text)
{
	struct image_ref ref;
	struct err ignored;

	if (image_ref_parse(text, &ref, &ignored) == -1)
		return false;
	set_names(n, ref.registry, ref.repository, ref.tag);
	image_ref_done(&ref);
	return true;
}

/*
 * The longer name before the shorter one, as containerd and podman have it
 * (quirks.md#names-in-a-layout).  One that cannot be read is no name: the image
 * can still be asked for by its digest.
 */
static void
read_name(const json_t *json, struct layout_entry *n)
{
	const json_t *notes = readjson_member(json, "annotations");
	const char *full = json_string_value(json_object_get(notes,
	    "io.containerd.image.name"));
	const char *name = json_string_value(json_object_get(notes,
	    "org.opencontainers.image.ref.name"));

	if (full != NULL && set_reference(n, full))
		return;
	if (name == NULL)
		return;
	if (name_is_tag(name))
		set_names(n, NULL, NULL, name);
	else
		(void)set_reference(n, name);
}

/* One that is left out has no place. */
static int
read_entry(struct layout_index *x, const json_t *json, struct err *e)
{
	struct layout_entry *n;
	struct descriptor d;
	char algorithm[32];
	int rc;

	rc = descriptor_read(json, DESCRIPTOR_MANIFEST, &d, algorithm, e);
	if (rc != 1)
		return rc;
	if (x->count == x->room) {
		x->room += x->room / 2 + 16;
		x->entries = xreallocarray(x->entries, x->room,
		    sizeof(*x->entries));
	}
	n = &x->entries[x->count++];
	memset(n, 0, sizeof(*n));
	n->digest = d.digest;
	n->media_type = type_of(x, d.media_type);
	descriptor_done(&d);
	read_name(json, n);
	return 0;
}

/* --- all of them ------------------------------------------------------- */

static int
take_element(void *cookie, const char *buf, size_t len, struct err *e)
{
	struct layout_reader *r = cookie;
	json_t *json;
	int rc;

	if (r->elements == LAYOUT_ENTRIES_MAX)
		return err_set(e, ERR_LIMIT, "more than %u images",
		    LAYOUT_ENTRIES_MAX);
	rc = readjson_load(buf, len, JSON_REJECT_DUPLICATES, &json, e);
	if (rc == 0) {
		rc = read_entry(&r->index, json, e);
		json_decref(json);
	}
	if (rc == -1)
		return err_wrap(e, "manifests[%zu]", r->elements);
	r->elements++;
	return 0;
}

struct layout_reader *
layout_index_new(void)
{
	struct layout_reader *r = xcalloc(1, sizeof(*r));

	layout_scan_init(&r->scan, take_element, r);
	return r;
}

void
layout_index_free(struct layout_reader *r)
{
	if (r == NULL)
		return;
	layout_scan_done(&r->scan);
	layout_index_done(&r->index);
	free(r);
}

int
layout_index_feed(struct layout_reader *r, const char *buf, size_t len,
    struct err *e)
{
	return layout_scan_feed(&r->scan, buf, len, e);
}

/* NULL before all names. */
static int
compare(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_repositories(const struct layout_entry *a,
    const struct layout_entry *b)
{
	int order = compare(a->registry, b->registry);

	return order != 0 ? order : compare(a->repository, b->repository);
}

/* What stands first in the file stays first among the same. */
static int
compare_entries(const void *a, const void *b)
{
	const struct layout_entry *x = *(const struct layout_entry *const *)a;
	const struct layout_entry *y = *(const struct layout_entry *const *)b;
	int order = compare_repositories(x, y);

	if (order == 0)
		order = compare(x->tag, y->tag);
	if (order == 0)
		order = (x > y) - (x < y);
	return order;
}

static void
put_in_order(struct layout_index *x)
{
	size_t i;

	x->order = xcalloc(x->count + 1, sizeof(*x->order));
	for (i = 0; i < x->count; i++)
		if (x->entries[i].tag != NULL)
			x->order[x->tagged++] = &x->entries[i];
	if (x->tagged > 1)
		qsort(x->order, x->tagged, sizeof(*x->order),
		    compare_entries);
}

/* A key that is spelt with escapes leaves its array in the rest. */
static int
read_rest(struct layout_reader *r, const json_t *root, struct err *e)
{
	const json_t *array = readjson_member(root, "manifests");
	size_t i;

	if (array == NULL)
		return err_set(e, ERR_DATA, "manifests is missing");
	if (!json_is_array(array))
		return err_set(e, ERR_DATA, "manifests is not an array");
	for (i = 0; i < json_array_size(array); i++)
		if (read_entry(&r->index, json_array_get(array, i), e) == -1)
			return err_wrap(e, "manifests[%zu]", i);
	return 0;
}

int
layout_index_end(struct layout_reader *r, struct layout_index *ret,
    struct err *e)
{
	const char *rest = r->scan.rest.len > 0 ? r->scan.rest.bytes : "";
	json_t *root;
	int rc;

	if (readjson_load(rest, r->scan.rest.len, JSON_REJECT_DUPLICATES,
	    &root, e) == -1)
		return -1;
	rc = read_rest(r, root, e);
	json_decref(root);
	if (rc == -1)
		return -1;
	put_in_order(&r->index);
	*ret = r->index;
	memset(&r->index, 0, sizeof(r->index));
	return 0;
}

int
layout_index_parse(const char *buf, size_t len, struct layout_index *ret,
    struct err *e)
{
	struct layout_reader *r = layout_index_new();
	int rc;

	rc = layout_index_feed(r, buf, len, e);
	if (rc == 0)
		rc = layout_index_end(r, ret, e);
	layout_index_free(r);
	return rc;
}

void
layout_index_done(struct layout_index *x)
{
	size_t i;

	for (i = 0; i < x->count; i++)
		free(x->entries[i].names);
	for (i = 0; i < x->type_count; i++)
		free(x->types[i]);
	free(x->entries);
	free(x->order);
	free(x->types);
	memset(x, 0, sizeof(*x));
}

/* --- asking ------------------------------------------------------------ */

/* The first in order that is not before ${want}. */
static size_t
lower_bound(const struct layout_index *x, const struct layout_entry *want,
    bool with_tag)
{
	size_t low = 0, high = x->tagged, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = compare_repositories(x->order[middle], want);
		if (order == 0 && with_tag)
			order = compare(x->order[middle]->tag, want->tag);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct layout_entry *const *
layout_index_tags(const struct layout_index *x, const char *registry,
    const char *repository, size_t *ret_count)
{
	struct layout_entry want = { .registry = registry,
	    .repository = registry == NULL ? NULL : repository };
	size_t from = lower_bound(x, &want, false), to;

	for (to = from; to < x->tagged &&
	    compare_repositories(x->order[to], &want) == 0; to++)
		continue;
	*ret_count = to - from;
	return x->order + from;
}

/* Return 1; 0; or -1: there are two.  Two entries with one name and one digest
 * are the same, said twice. */
static int
find(const struct layout_index *x, const struct layout_entry *want,
    const struct layout_entry **ret, struct err *e)
{
	const struct layout_entry *first = NULL, *n;
	size_t i;

	for (i = lower_bound(x, want, true); i < x->tagged; i++) {
		n = x->order[i];
		if (compare_repositories(n, want) != 0 ||
		    strcmp(n->tag, want->tag) != 0)
			break;
		if (first == NULL)
			first = n;
		else if (!digest_equal(&first->digest, &n->digest))
			return err_set(e, ERR_DATA, "index.json has two "
			    "different images with the tag %s: choose one by "
			    "its digest", want->tag);
	}
	if (first != NULL)
		*ret = first;
	return first != NULL;
}

/* A full name is a surer word than a bare tag, whoever that belongs to. */
int
layout_index_find(const struct layout_index *x, const char *registry,
    const char *repository, const char *tag, bool is_own,
    const struct layout_entry **ret, struct err *e)
{
	const struct layout_entry full = { .registry = registry,
	    .repository = repository, .tag = tag };
	const struct layout_entry bare = { .tag = tag };
	int rc = find(x, &full, ret, e);

	return rc == 0 && is_own ? find(x, &bare, ret, e) : rc;
}

/* image-spec image-layout.md, "oci-layout file": another version may mean
 * another place for everything. */
int
layout_version(const char *buf, size_t len, struct err *e)
{
	const char *version;
	json_t *root;
	int rc;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	rc = readjson_need(root, "imageLayoutVersion", &version, e);
	if (rc == 0 && strcmp(version, VERSION) != 0)
		rc = err_set(e, ERR_DATA, "imageLayoutVersion is not "
		    VERSION ", the only one known");
	json_decref(root);
	return rc;
}
