#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/descriptor.h"
#include "image/layout_index.h"
#include "image/readjson.h"
#include "layout/mem.h"
#include "layout/name.h"

#define VERSION		"1.0.0"

static void
entry_done(struct layout_entry *n)
{
	free(n->media_type);
	free(n->bare_tag);
	image_ref_done(&n->ref);
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
	struct err ignored;

	if (full != NULL && image_ref_parse(full, &n->ref, &ignored) == 0)
		return;
	if (name == NULL)
		return;
	if (name_is_tag(name))
		n->bare_tag = xstrdup(name);
	else
		(void)image_ref_parse(name, &n->ref, &ignored);
}

/* Return 1, 0 where it is left out, or -1. */
static int
read_entry(const json_t *json, struct layout_entry *ret, struct err *e)
{
	struct descriptor d;
	char algorithm[32];
	int rc;

	rc = descriptor_read(json, DESCRIPTOR_MANIFEST, &d, algorithm, e);
	if (rc != 1)
		return rc;
	memset(ret, 0, sizeof(*ret));
	ret->digest = d.digest;
	ret->media_type = xstrdup(d.media_type);
	descriptor_done(&d);
	read_name(json, ret);
	return 1;
}

static int
read_entries(struct layout_index *x, const json_t *array, struct err *e)
{
	size_t i, count = json_array_size(array);
	int rc;

	x->entries = xcalloc(count + 1, sizeof(*x->entries));
	for (i = 0; i < count; i++) {
		rc = read_entry(json_array_get(array, i),
		    &x->entries[x->count], e);
		if (rc == -1)
			return err_wrap(e, "manifests[%zu]", i);
		assert(x->count < count);
		x->count += (size_t)rc;
	}
	return 0;
}

int
layout_index_parse(const char *buf, size_t len, struct layout_index *ret,
    struct err *e)
{
	struct layout_index x = { NULL, 0 };
	const json_t *array;
	json_t *root;
	int rc;

	if (readjson_load(buf, len, JSON_REJECT_DUPLICATES, &root, e) == -1)
		return -1;
	array = readjson_member(root, "manifests");
	if (array == NULL)
		rc = err_set(e, ERR_DATA, "manifests is missing");
	else if (!json_is_array(array))
		rc = err_set(e, ERR_DATA, "manifests is not an array");
	else
		rc = read_entries(&x, array, e);
	json_decref(root);
	if (rc == -1)
		layout_index_done(&x);
	else
		*ret = x;
	return rc;
}

void
layout_index_done(struct layout_index *x)
{
	size_t i;

	for (i = 0; i < x->count; i++)
		entry_done(&x->entries[i]);
	free(x->entries);
	memset(x, 0, sizeof(*x));
}

static bool
has_name(const struct layout_entry *n, const char *registry,
    const char *repository, const char *tag)
{
	return n->ref.registry != NULL && n->ref.tag != NULL &&
	    strcmp(n->ref.tag, tag) == 0 &&
	    strcmp(n->ref.registry, registry) == 0 &&
	    strcmp(n->ref.repository, repository) == 0;
}

/* Add one that has the name.  -1: it is another one than ${*ret}.  Two entries
 * with one name and one digest are the same, said twice. */
static int
settle(const struct layout_entry *n, const struct layout_entry **ret,
    const char *tag, struct err *e)
{
	if (*ret != NULL && !digest_equal(&(*ret)->digest, &n->digest))
		return err_set(e, ERR_DATA, "index.json has two different "
		    "images with the tag %s: choose one by its digest", tag);
	*ret = n;
	return 0;
}

/* A full name is a surer word than a bare tag, whoever that belongs to. */
int
layout_index_find(const struct layout_index *x, const char *registry,
    const char *repository, const char *tag, bool is_own,
    const struct layout_entry **ret, struct err *e)
{
	const struct layout_entry *full = NULL, *bare = NULL, *n;
	size_t i;
	int rc = 0;

	for (i = 0; i < x->count && rc == 0; i++) {
		n = &x->entries[i];
		if (has_name(n, registry, repository, tag))
			rc = settle(n, &full, tag, e);
	}
	for (i = 0; i < x->count && rc == 0 && is_own && full == NULL; i++) {
		n = &x->entries[i];
		if (n->bare_tag != NULL && strcmp(n->bare_tag, tag) == 0)
			rc = settle(n, &bare, tag, e);
	}
	if (rc == -1)
		return -1;
	*ret = full != NULL ? full : bare;
	return *ret != NULL;
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
