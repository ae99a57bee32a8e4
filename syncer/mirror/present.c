#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/present.h"

/* 1 if the file is there: its bytes are in ${p}. */
static int
take(const struct store *store, const char *type, struct present *p,
    struct err *e)
{
	snprintf(p->id.media_type, sizeof(p->id.media_type), "%s", type);
	return store_manifest_read(store, &p->id, &p->buf, &p->len, e);
}

static void
drop(struct present *p)
{
	free(p->buf);
	p->buf = NULL;
}

/* Without a word of its own a tag takes the body's; a body that says nothing is
 * what it was stored as, by the header that came with it. */
static int
parse(struct present *p, const char *told, struct err *e)
{
	int rc = manifest_parse(p->buf, p->len, told[0] == '\0' ? NULL : told,
	    &p->manifest, e);

	if (rc == -1 && told[0] == '\0') {
		e->code = ERR_NONE;
		rc = manifest_parse(p->buf, p->len, p->id.media_type,
		    &p->manifest, e);
	}
	p->is_parsed = rc == 0;
	return rc;
}

static int
check_size(const struct present *p, const struct object *o, struct err *e)
{
	if (o->any_size || o->size == p->len)
		return 1;
	return err_set(e, ERR_DATA, "a descriptor says that it has %llu bytes, "
	    "but it has %zu", (unsigned long long)o->size, p->len);
}

/* Some bytes of that digest are in ${p}: are they what is meant, where they
 * lie?  Else they are under the type that is theirs, or nowhere. */
static int
settle(const struct store *store, const struct object *o, struct present *p,
    struct err *e)
{
	int rc;

	if (parse(p, o->media_type, e) == -1)
		return -1;
	if (strcmp(p->manifest.media_type, p->id.media_type) == 0)
		return check_size(p, o, e);
	drop(p);
	rc = take(store, p->manifest.media_type, p, e);
	return rc == 1 ? check_size(p, o, e) : rc;
}

/* The types that it may lie under, the most probable first. */
static size_t
candidates(const struct object *o, const struct manifest_id *hint,
    const char *ret[1 + MEDIA_MANIFESTS])
{
	const char *first = o->media_type;
	size_t i, count = 0;

	if (first[0] == '\0' && media_kind(hint->media_type) != MEDIA_OTHER)
		first = hint->media_type;
	if (first[0] != '\0')
		ret[count++] = first;
	for (i = 0; i < MEDIA_MANIFESTS; i++)
		if (strcmp(media_manifests[i], first) != 0)
			ret[count++] = media_manifests[i];
	return count;
}

static int
find_known(const struct store *store, const struct object *o,
    const struct manifest_id *hint, struct present *p, struct err *e)
{
	const char *types[1 + MEDIA_MANIFESTS];
	size_t i, count = candidates(o, hint, types);
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++)
		rc = take(store, types[i], p, e);
	return rc == 1 ? settle(store, o, p, e) : rc;
}

/* Bytes that are a manifest of a known type are no other thing, and need not be
 * fetched to find that out. */
static int
find_opaque(const struct store *store, const struct object *o,
    struct present *p, struct err *e)
{
	size_t i;
	int rc = take(store, o->media_type, p, e);

	for (i = 0; i < MEDIA_MANIFESTS && rc == 0; i++) {
		rc = take(store, media_manifests[i], p, e);
		if (rc != 1)
			continue;
		if (manifest_check_opaque(p->buf, p->len, o->media_type,
		    e) == -1)
			return -1;
		drop(p);
		rc = 0;
	}
	if (rc == 1 && manifest_check_opaque(p->buf, p->len, o->media_type,
	    e) == -1)
		return -1;
	return rc == 1 ? check_size(p, o, e) : rc;
}

int
present_find(const struct store *store, const struct object *o,
    struct present *ret, struct err *e)
{
	struct manifest_id hint;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->id.digest = o->id;
	/* One that is not among the blobs as well was cut short on its way. */
	rc = store_manifest_find(store, &o->id, &hint, e);
	if (rc != 1)
		return rc;
	rc = o->kind == OBJECT_OPAQUE ? find_opaque(store, o, ret, e) :
	    find_known(store, o, &hint, ret, e);
	if (rc != 1)
		present_done(ret);
	return rc;
}

void
present_done(struct present *p)
{
	if (p->is_parsed)
		manifest_done(&p->manifest);
	p->is_parsed = false;
	drop(p);
}
