/* From a tag to all that goes on a stick for it.  It asks what store_is_whole
 * asks, and keeps the answers: nothing is believed because of a link. */
#include <stdlib.h>
#include <string.h>

#include "bundle/export_reach.h"
#include "image/manifest.h"
#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "mirror/tags_here.h"

struct reach {
	const struct export_from *from;
	struct export_image *out;
	struct digest_set manifests, blobs;
	struct manifest_id *ids;	/* all of them, the root first */
	size_t count;
	bool lacks;			/* that is what the error says */
};

static int take_manifest(struct reach *, const struct manifest_id *, unsigned,
    struct err *);

static int
lack(struct reach *r, const struct digest *d, const char *what, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	r->lacks = true;
	return err_set(e, ERR_DATA, "%s %s", digest_text(d, text), what);
}

/* --- platforms, for people --------------------------------------------- */

static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	for (; (at = strstr(at, word)) != NULL; at += len)
		if ((at == list || at[-1] == ',') &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static void
note_platform(struct reach *r, const struct platform *p)
{
	struct statement_image *image = &r->out->image;
	char text[PLATFORM_TEXT_MAX], *longer;

	platform_text(p, text);
	if (strcmp(p->os, "unknown") == 0 || strchr(text, ',') != NULL ||
	    has_word(image->platforms, text))
		return;
	longer = xasprintf("%s%s%s", image->platforms,
	    image->platforms[0] == '\0' ? "" : ",", text);
	if (!statement_is_platforms(longer)) {
		free(longer);
		return;
	}
	free(image->platforms);
	image->platforms = longer;
}

/* That of an image by itself stands in its configuration
 * (quirks.md#platform-of-a-single-image). */
static void
note_single(struct reach *r, const struct manifest *m)
{
	struct platform p;
	struct err ignored;
	char *buf;
	size_t len;

	if (m->kind != MEDIA_IMAGE || m->count == 0 ||
	    !media_is_image_config(m->children[0].media_type) ||
	    store_blob_read(r->from->store, &m->children[0].digest,
	    CONFIG_BLOB_MAX, &buf, &len, &ignored) != 1)
		return;
	if (manifest_config_platform(buf, len, &p, &ignored) == 1)
		note_platform(r, &p);
	free(buf);
}

/* --- objects ----------------------------------------------------------- */

static int
take_blob(struct reach *r, const struct descriptor *d, struct err *e)
{
	struct export_image *out = r->out;
	uint64_t size;
	int rc = store_blob_size(r->from->store, &d->digest, &size, e);

	if (rc == -1 || (rc == 0 && d->has_urls))
		return rc;
	if (rc == 0)
		return lack(r, &d->digest, "is not here", e);
	if (size != d->size)
		return lack(r, &d->digest, "has another size here", e);
	if (digest_set_has(r->from->bad, &d->digest))
		return lack(r, &d->digest, "has other bytes here", e);
	if (!digest_set_add(&r->blobs, &d->digest, NULL))
		return 0;
	out->blobs = xreallocarray(out->blobs, out->blob_count + 1,
	    sizeof(*out->blobs));
	out->blobs[out->blob_count++] = (struct export_blob){ d->digest, size };
	return 0;
}

/* An entry without a link was not asked for; one of a type that nobody knows
 * may be here as a blob. */
static int
take_entry(struct reach *r, const struct descriptor *d, unsigned depth,
    size_t *here, struct err *e)
{
	const struct export_from *from = r->from;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	uint64_t size;
	int rc;

	rc = store_reference_get(from->store, from->registry,
	    from->repository, digest_text(&d->digest, text), &id, e);
	if (rc == 1)
		rc = take_manifest(r, &id, depth + 1, e) == -1 ? -1 : 1;
	else if (rc == 0 && media_kind(d->media_type) == MEDIA_OTHER &&
	    (rc = store_blob_size(from->store, &d->digest, &size, e)) == 1)
		rc = take_blob(r, d, e) == -1 ? -1 : 1;
	if (rc != 1)
		return rc;
	++*here;
	if (d->has_platform && !d->is_attestation)
		note_platform(r, &d->platform);
	return 0;
}

static int
take_children(struct reach *r, const struct manifest_id *id,
    const struct manifest *m, unsigned depth, struct err *e)
{
	size_t i, here = 0;
	int rc = 0;

	for (i = 0; i < m->count && rc == 0; i++)
		rc = m->children[i].role == DESCRIPTOR_MANIFEST ?
		    take_entry(r, &m->children[i], depth, &here, e) :
		    take_blob(r, &m->children[i], e);
	if (rc == 0 && m->kind == MEDIA_INDEX && m->count > 0 && here == 0)
		return lack(r, &id->digest, "lists no image that is here", e);
	if (rc == 0 && depth == 0)
		note_single(r, m);
	return rc;
}

static void
note_manifest(struct reach *r, const struct manifest_id *id, size_t len)
{
	struct statement_image *image = &r->out->image;
	struct statement_manifest m = { .digest = id->digest, .size = len,
	    .media_type = xstrdup(id->media_type) };

	r->ids = xreallocarray(r->ids, r->count + 1, sizeof(*r->ids));
	r->ids[r->count++] = *id;
	if (r->count == 1) {
		image->root = m;
		return;
	}
	image->manifests = xreallocarray(image->manifests, image->count + 1,
	    sizeof(*image->manifests));
	image->manifests[image->count++] = m;
}

static int
look_inside(struct reach *r, const struct manifest_id *id, unsigned depth,
    const char *buf, size_t len, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct manifest m;
	struct digest have;
	int rc;

	digest_of(id->digest.alg, buf, len, &have);
	if (!digest_equal(&have, &id->digest))
		return lack(r, &id->digest, "has other bytes here", e);
	note_manifest(r, id, len);
	if (media_kind(id->media_type) == MEDIA_OTHER)
		return 0;
	if (manifest_parse(buf, len, id->media_type, &m, e) == -1) {
		r->lacks = true;
		return err_wrap(e, "%s", digest_text(&id->digest, text));
	}
	rc = take_children(r, id, &m, depth, e);
	manifest_done(&m);
	return rc;
}

static int
read_manifest(struct reach *r, const struct manifest_id *id, unsigned depth,
    struct err *e)
{
	char *buf;
	size_t len;
	int rc;

	if (depth > MANIFEST_DEPTH_MAX || r->count == IMAGE_MANIFESTS_MAX)
		return lack(r, &id->digest, "is one manifest too many", e);
	if (digest_set_has(r->from->bad, &id->digest))
		return lack(r, &id->digest, "has other bytes here", e);
	rc = store_manifest_read(r->from->store, id, &buf, &len, e);
	if (rc == 0)
		return lack(r, &id->digest, "is not here", e);
	if (rc == -1) {
		r->lacks = e->code == ERR_DATA || e->code == ERR_LIMIT;
		return -1;
	}
	rc = look_inside(r, id, depth, buf, len, e);
	free(buf);
	return rc;
}

/* What cannot be taken has not been taken for whoever reaches it next. */
static int
take_manifest(struct reach *r, const struct manifest_id *id, unsigned depth,
    struct err *e)
{
	if (!digest_set_add(&r->manifests, &id->digest, NULL))
		return 0;
	if (read_manifest(r, id, depth, e) == 0)
		return 0;
	digest_set_remove(&r->manifests, &id->digest);
	return -1;
}

/* --- what refers to it ------------------------------------------------- */

/* Back to when there were so many: others may reach the same objects. */
static void
undo(struct reach *r, size_t manifests, size_t blobs)
{
	struct export_image *out = r->out;

	while (r->count > manifests) {
		r->count--;
		digest_set_remove(&r->manifests, &r->ids[r->count].digest);
		free(out->image.manifests[--out->image.count].media_type);
	}
	while (out->blob_count > blobs)
		digest_set_remove(&r->blobs,
		    &out->blobs[--out->blob_count].digest);
}

static void
tell_lame(const struct reach *r, const struct digest *subject,
    const struct err *e)
{
	char text[DIGEST_TEXT_MAX], *what;

	what = xasprintf("what refers to %s is left out: %s",
	    digest_text(subject, text), e->msg);
	r->from->lame(r->from->cookie, what);
	free(what);
}

static int
take_referrer(struct reach *r, const struct digest *subject,
    const struct digest *d, struct err *e)
{
	const struct export_from *from = r->from;
	size_t manifests = r->count, blobs = r->out->blob_count;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	int rc;

	rc = store_reference_get(from->store, from->registry,
	    from->repository, digest_text(d, text), &id, e);
	if (rc != 1 || digest_set_has(&r->manifests, d))
		return rc == -1 ? -1 : 0;
	rc = take_manifest(r, &id, 1, e);
	if (rc == -1 && r->lacks) {
		r->lacks = false;
		undo(r, manifests, blobs);
		tell_lame(r, subject, e);
		return 0;
	}
	return rc;
}

/* The list of what names it as its subject is an index. */
static int
take_referrers(struct reach *r, const struct digest *subject, struct err *e)
{
	const struct export_from *from = r->from;
	struct manifest m;
	char *buf;
	size_t i, len;
	int rc;

	rc = store_referrers_read(from->store, from->registry,
	    from->repository, subject, &buf, &len, e);
	if (rc == 0 || (rc == -1 && e->code != ERR_DATA &&
	    e->code != ERR_LIMIT))
		return rc;
	if (rc == 1) {
		rc = manifest_parse(buf, len, MEDIA_OCI_INDEX, &m, e);
		free(buf);
	}
	if (rc == -1) {
		tell_lame(r, subject, e);
		return 0;
	}
	for (i = 0; i < m.count && rc == 0; i++)
		rc = take_referrer(r, subject, &m.children[i].digest, e);
	manifest_done(&m);
	return rc;
}

static int
note_companions(struct reach *r, const struct digest *d, struct err *e)
{
	static const char *const suffixes[] = { ".sig", ".att", ".sbom" };
	struct export_image *out = r->out;
	const struct export_from *from = r->from;
	char tag[TAG_MAX + 1];
	struct manifest_id id;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		rc = store_reference_get(from->store, from->registry,
		    from->repository, referrer_tag(d, suffixes[i], tag), &id,
		    e);
		if (rc == -1)
			return -1;
		if (rc == 0)
			continue;
		out->companions = xreallocarray(out->companions,
		    out->companion_count + 1, sizeof(*out->companions));
		out->companions[out->companion_count++] = xstrdup(tag);
	}
	return 0;
}

/* --- one image --------------------------------------------------------- */

static int
is_held(const struct export_from *from, bool *ret, struct err *e)
{
	struct digest at;
	int rc = !name_is_tag(from->reference) ? 0 : store_held_get(
	    from->store, from->registry, from->repository, from->reference,
	    &at, e);

	*ret = rc == 1;
	return rc == -1 ? -1 : 0;
}

static int
reach(struct reach *r, struct err *e)
{
	const struct export_from *from = r->from;
	struct manifest_id id;
	struct digest subject;
	char *others;
	size_t i;
	int rc;

	rc = store_reference_get(from->store, from->registry,
	    from->repository, from->reference, &id, e);
	if (rc == 0) {
		r->lacks = true;
		others = tags_here(from->store, from->registry,
		    from->repository);
		err_set(e, ERR_NOT_FOUND, "it is not here%s", others);
		free(others);
		return -1;
	}
	if (rc == -1 || is_held(from, &r->out->image.is_held, e) == -1 ||
	    take_manifest(r, &id, 0, e) == -1)
		return -1;
	/* It grows, and moves. */
	for (i = 0, rc = 0; i < r->count && rc == 0; i++) {
		subject = r->ids[i].digest;
		rc = take_referrers(r, &subject, e);
		if (rc == 0)
			rc = note_companions(r, &subject, e);
	}
	return rc;
}

int
export_reach(const struct export_from *from, struct export_image *ret,
    struct err *e)
{
	struct reach r = { .from = from, .out = ret };
	struct statement_image *image = &ret->image;
	int rc;

	memset(ret, 0, sizeof(*ret));
	image->registry = xstrdup(from->registry);
	image->repository = xstrdup(from->repository);
	image->tag = name_is_tag(from->reference) ? xstrdup(from->reference) :
	    NULL;
	image->platforms = xstrdup("");
	rc = reach(&r, e);
	digest_set_done(&r.manifests);
	digest_set_done(&r.blobs);
	free(r.ids);
	if (rc == 0)
		return 1;
	export_image_done(ret);
	return r.lacks ? 0 : -1;
}

void
export_image_done(struct export_image *x)
{
	struct statement one = { .images = NULL };

	one.images = xcalloc(1, sizeof(*one.images));
	one.images[0] = x->image;
	one.image_count = 1;
	statement_done(&one);
	while (x->companion_count > 0)
		free(x->companions[--x->companion_count]);
	free(x->companions);
	free(x->blobs);
	memset(x, 0, sizeof(*x));
}
