#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/referrer.h"
#include "image/select.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/present.h"
#include "mirror/walk.h"

struct state {
	const struct walk_from *from;
	struct walk *out;
	bool *served;			/* which of the wanted platforms some
					 * index has */
	size_t offered, chosen;		/* entries with a platform */
	size_t usable;			/* entries that are images, or may be */
	size_t spared;			/* of the missing: see
					 * may_be_elsewhere */
	struct digest_set seen;
};

static int visit_manifest(struct state *, const struct object *, bool,
    unsigned, struct err *);

/* Takes ${urls}. */
static void
miss(struct state *s, const struct object *object, bool tolerate, char *urls)
{
	struct walk *w = s->out;

	w->missing = xreallocarray(w->missing, w->missing_count + 1,
	    sizeof(*w->missing));
	w->missing[w->missing_count].object = *object;
	w->missing[w->missing_count].urls = urls;
	w->missing[w->missing_count++].tolerate = tolerate;
}

static void
note_platform(struct state *s, const struct platform *p)
{
	struct walk *w = s->out;
	size_t i;

	for (i = 0; i < w->have_count; i++)
		if (platform_equal(&w->have[i], p))
			return;
	w->have = xreallocarray(w->have, w->have_count + 1, sizeof(*w->have));
	w->have[w->have_count++] = *p;
}

/* A layer that its format lets be elsewhere: an image is whole without it
 * (quirks.md#foreign-layers). */
static bool
may_be_elsewhere(const struct descriptor *d)
{
	return d->role == DESCRIPTOR_LAYER && d->has_urls &&
	    media_is_foreign(d->media_type);
}

static void
miss_blob(struct state *s, const struct descriptor *d, bool tolerate)
{
	bool is_elsewhere = may_be_elsewhere(d);
	struct object object;

	s->out->elsewhere += is_elsewhere;
	if (is_elsewhere && digest_set_has(s->from->absent, &d->digest))
		return;
	object_of(d, OBJECT_BLOB, &object);
	object.begun = store_partial_bytes(s->from->store, &d->digest);
	if (object.begun > object.size)
		object.begun = object.size;
	s->spared += is_elsewhere;
	miss(s, &object, tolerate || is_elsewhere, d->urls == NULL ? NULL :
	    xstrdup(d->urls));
}

static int
visit_blob(struct state *s, const struct descriptor *d, bool tolerate,
    struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	uint64_t size;
	int there;

	if (d->has_urls || media_is_foreign(d->media_type))
		s->out->foreign++;
	if (!digest_set_add(&s->seen, &d->digest, NULL))
		return 0;
	there = store_blob_size(s->from->store, &d->digest, &size, e);
	if (there == -1)
		return -1;
	if (there == 0) {
		miss_blob(s, d, tolerate);
		return 0;
	}
	if (size != d->size)
		return err_set(e, ERR_DATA, "a descriptor says that blob %s "
		    "has %llu bytes, but the blob with this digest has %llu",
		    digest_text(&d->digest, text), (unsigned long long)d->size,
		    (unsigned long long)size);
	s->out->blob_count++;
	s->out->bytes += size;
	if (s->from->blob != NULL)
		s->from->blob(s->from->cookie, &d->digest, size);
	return 0;
}

static void
note_lacking(struct state *s)
{
	const struct platform_set *set = s->from->platforms;
	char text[PLATFORM_TEXT_MAX];
	struct walk *w = s->out;
	size_t i, used;

	for (i = 0; i < set->count; i++) {
		if (s->served[i])
			continue;
		used = strlen(w->lacking);
		snprintf(w->lacking + used, sizeof(w->lacking) - used, "%s%s",
		    used > 0 ? ", " : "", platform_text(&set->items[i], text));
	}
}

/*
 * The platform of a tag that leads straight to an image stands in its
 * configuration (quirks.md#platform-of-a-single-image).  Return 1 if the image
 * is wanted, 0 if that is not known before the configuration is here, or -1.
 */
static int
judge_single(struct state *s, const struct manifest *m, struct err *e)
{
	const struct platform_set *set = s->from->platforms;
	const struct descriptor *config = &m->children[0];
	struct platform have;
	char text[PLATFORM_TEXT_MAX];
	char *buf;
	size_t i, len;
	int rc;

	if (m->kind != MEDIA_IMAGE || m->count == 0 ||
	    !media_is_image_config(config->media_type))
		return 1;
	rc = store_blob_read(s->from->store, &config->digest,
	    CONFIG_BLOB_MAX, &buf, &len, e);
	if (rc != 1)
		return set->all && rc == 0 ? 1 : rc;
	rc = manifest_config_platform(buf, len, &have, e);
	free(buf);
	if (rc == -1)
		return set->all ? 1 : -1;
	if (rc == 0)
		return 1;
	note_platform(s, &have);
	for (i = 0; i < set->count; i++)
		if (platform_rank(&set->items[i], &have) > 0)
			return 1;
	if (set->all)
		return 1;
	note_lacking(s);
	return err_set(e, ERR_DATA, "the image is for %s alone, and the list "
	    "wants %s", platform_text(&have, text), s->out->lacking);
}

static int
visit_image(struct state *s, const struct manifest *m, bool tolerate,
    bool is_root, struct err *e)
{
	size_t i, count = m->count;
	int wanted = 1;

	if (is_root)
		wanted = judge_single(s, m, e);
	if (wanted == -1)
		return -1;
	if (wanted == 0 && !s->from->whole)
		count = 1;	/* the configuration, then we shall see */
	for (i = 0; i < count; i++)
		if (visit_blob(s, &m->children[i], tolerate, e) == -1)
			return -1;
	return 0;
}

/*
 * An index entry of an unknown type that the registry serves as a blob.  An
 * earlier run has found that out, if it has published this same index and the
 * blob is here; that another image has such a blob says nothing of this one.
 */
static int
is_a_blob(const struct state *s, const struct digest *id, struct err *e)
{
	const struct walk_from *from = s->from;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id linked;
	uint64_t size;
	int rc;

	if (digest_set_has(from->as_blobs, id))
		return 1;
	rc = store_reference_get(from->store, from->registry,
	    from->repository, digest_text(&from->root, text), &linked, e);
	return rc == 1 ? store_blob_size(from->store, id, &size, e) : rc;
}

static int
visit_child(struct state *s, const struct descriptor *d, bool tolerate,
    unsigned depth, struct err *e)
{
	struct object object;
	enum object_kind kind = OBJECT_MANIFEST;
	size_t missing = s->out->missing_count - s->spared;
	int as_blob;

	if (digest_set_has(s->from->absent, &d->digest))
		return 0;
	s->usable += !d->is_attestation &&
	    media_kind(d->media_type) != MEDIA_INDEX;
	if (media_kind(d->media_type) == MEDIA_OTHER) {
		kind = OBJECT_OPAQUE;
		as_blob = is_a_blob(s, &d->digest, e);
		if (as_blob == -1)
			return -1;
		if (as_blob)
			return visit_blob(s, d, tolerate, e);
	}
	object_of(d, kind, &object);
	if (visit_manifest(s, &object, tolerate, depth, e) == -1)
		return -1;
	/* A platform is here when all of it is. */
	if (d->has_platform && !d->is_attestation &&
	    s->out->missing_count - s->spared == missing)
		note_platform(s, &d->platform);
	return 0;
}

/* Each once, as far as there is room; a platform may have several entries. */
static void
note_offer(struct state *s, const struct platform *p)
{
	char text[PLATFORM_TEXT_MAX], *to = s->out->offered;
	const char *at = to;
	size_t used = strlen(to), len;

	platform_text(p, text);
	len = strlen(text);
	while ((at = strstr(at, text)) != NULL) {
		if ((at == to || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ','))
			return;
		at += len;
	}
	if (used + len + sizeof(", ...") + 2 < sizeof(s->out->offered))
		snprintf(to + used, sizeof(s->out->offered) - used, "%s%s",
		    used > 0 ? ", " : "", text);
	else if (used > 0 && to[used - 1] != '.')
		snprintf(to + used, sizeof(s->out->offered) - used, ", ...");
}

static void
note_choice(struct state *s, const struct manifest *m, const bool *lacking,
    size_t chosen)
{
	const struct platform *p;
	size_t i;

	s->chosen += chosen;
	for (i = 0; i < s->from->platforms->count; i++)
		s->served[i] = s->served[i] || !lacking[i];
	for (i = 0; i < m->count; i++) {
		p = &m->children[i].platform;
		if (m->children[i].has_platform &&
		    !m->children[i].is_attestation &&
		    strcmp(p->os, "unknown") != 0) {
			s->offered++;
			if (media_kind(m->children[i].media_type) !=
			    MEDIA_SCHEMA1)
				note_offer(s, p);
		}
	}
}

/* A link leads to a type as well: one that leads to another is put right. */
static bool
leads_to(const struct manifest_id *linked, const struct manifest_id *id)
{
	return digest_equal(&linked->digest, &id->digest) &&
	    strcmp(linked->media_type, id->media_type) == 0;
}

/* Only what is here, and so belongs to what is published.  A tree from before
 * there were such links gets them, and one where they lead elsewhere too. */
static void
note_default(struct state *s, const struct manifest *m)
{
	const struct descriptor *d = select_default(m);
	struct walk *w = s->out;
	struct manifest_id linked;
	struct err ignored;
	size_t i;

	for (i = 0; d != NULL && i < w->manifest_count; i++)
		if (digest_equal(&w->manifests[i].digest, &d->digest) &&
		    strcmp(w->manifests[i].media_type, d->media_type) == 0) {
			w->default_id = w->manifests[i];
			w->has_default = true;
		}
	if (w->has_default && (store_default_get(s->from->store,
	    s->from->registry, s->from->repository, &s->from->root, &linked,
	    &ignored) != 1 || !leads_to(&linked, &w->default_id)))
		w->published = false;
}

/* An index without a platform may have what is wanted in it. */
static bool
may_lack(const struct descriptor *d, enum keep keep)
{
	return keep == KEEP_IF_SERVED && (d->is_attestation ||
	    media_kind(d->media_type) != MEDIA_INDEX);
}

static int
visit_index(struct state *s, const struct manifest *m, bool tolerate,
    unsigned depth, struct err *e)
{
	enum keep *keep = xcalloc(m->count, sizeof(*keep));
	bool *lacking = xcalloc(s->from->platforms->count, sizeof(*lacking));
	size_t i;
	int rc = 0;

	note_choice(s, m, lacking, select_children(m, s->from->platforms,
	    keep, lacking));
	for (i = 0; i < m->count && rc == 0; i++)
		if (keep[i] == KEEP_UNUSABLE)
			s->out->schema1++;
		else if (keep[i] != KEEP_NOT)
			rc = visit_child(s, &m->children[i], tolerate ||
			    may_lack(&m->children[i], keep[i]), depth + 1, e);
	if (rc == 0 && depth == 0 && m->count == 0 && m->skipped > 0)
		rc = err_set(e, ERR_NOT_FOUND, "the index has no entry whose "
		    "digest can be checked (algorithm %s)",
		    m->skipped_algorithm);
	if (rc == 0 && depth == 0)
		note_default(s, m);
	free(lacking);
	free(keep);
	return rc;
}

static int
visit_parsed(struct state *s, const struct manifest *m, bool tolerate,
    unsigned depth, struct err *e)
{
	if (m->kind == MEDIA_INDEX) {
		s->out->unknown_digests += m->skipped;
		return visit_index(s, m, tolerate, depth, e);
	}
	/* An index can do without an entry, an image not without a layer. */
	if (m->skipped > 0)
		return err_set(e, ERR_DATA, "a part of it has a digest that is "
		    "neither sha256 nor sha512");
	return visit_image(s, m, tolerate, depth == 0, e);
}

static int
note_manifest(struct state *s, const struct manifest_id *id, struct err *e)
{
	struct walk *w = s->out;
	struct manifest_id linked;
	char text[DIGEST_TEXT_MAX];
	int there;

	if (w->manifest_count == IMAGE_MANIFESTS_MAX)
		return err_set(e, ERR_LIMIT, "more than %u manifests",
		    IMAGE_MANIFESTS_MAX);
	w->manifests = xreallocarray(w->manifests, w->manifest_count + 1,
	    sizeof(*w->manifests));
	w->manifests[w->manifest_count++] = *id;
	there = store_reference_get(s->from->store, s->from->registry,
	    s->from->repository, digest_text(&id->digest, text), &linked, e);
	if (there == 0 || (there == 1 && !leads_to(&linked, id)))
		w->published = false;
	return there == -1 ? -1 : 0;
}

static int
note_subject(struct state *s, const struct present *p, struct err *e)
{
	const struct manifest *m = &p->manifest;
	struct walk *w = s->out;
	struct referral *r;

	if (!m->has_subject)
		return 0;
	w->referrals = xreallocarray(w->referrals, w->referral_count + 1,
	    sizeof(*w->referrals));
	r = &w->referrals[w->referral_count];
	r->subject = m->subject.digest;
	if (referrer_describe(p->buf, p->len, &p->id, &r->descriptor,
	    e) == -1)
		return -1;
	w->referral_count++;
	return 0;
}

/* What is published has all that it lists: an attestation of which the registry
 * has only a part is left out as a whole. */
static bool
lacks_blobs(const struct state *s, const struct manifest *m)
{
	const struct descriptor *d;
	size_t i;

	for (i = 0; i < m->count && m->kind != MEDIA_INDEX; i++) {
		d = &m->children[i];
		if (!may_be_elsewhere(d) &&
		    digest_set_has(s->from->absent, &d->digest))
			return true;
	}
	return false;
}

/* Who can use it: its artifactType, else the type of its configuration; NULL
 * for what containers are made of. */
static char *
kind_of(const struct manifest *m)
{
	const char *type = m->artifact_type;

	if (type == NULL && m->kind == MEDIA_ARTIFACT)
		type = m->media_type;
	if (type == NULL && m->kind == MEDIA_IMAGE && m->count > 0 &&
	    m->children[0].role == DESCRIPTOR_CONFIG &&
	    !media_is_image_config(m->children[0].media_type))
		type = m->children[0].media_type;
	return type == NULL || type[0] == '\0' ? NULL : xstrdup(type);
}

static int
visit_known(struct state *s, const struct present *p, bool tolerate,
    unsigned depth, struct err *e)
{
	if (tolerate && lacks_blobs(s, &p->manifest))
		return 0;
	if (depth == 0)
		s->out->kind = kind_of(&p->manifest);
	s->out->bytes += p->len;
	if (note_manifest(s, &p->id, e) == -1 || note_subject(s, p, e) == -1)
		return -1;
	return visit_parsed(s, &p->manifest, tolerate, depth, e);
}

static int
visit_present(struct state *s, const struct present *p, bool tolerate,
    unsigned depth, struct err *e)
{
	if (p->is_parsed)
		return visit_known(s, p, tolerate, depth, e);
	s->out->bytes += p->len;
	return note_manifest(s, &p->id, e);
}

static int
visit_manifest(struct state *s, const struct object *object, bool tolerate,
    unsigned depth, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct present p;
	int rc;

	if (depth > MANIFEST_DEPTH_MAX)
		return err_set(e, ERR_LIMIT, "indexes are nested more than %u "
		    "deep", MANIFEST_DEPTH_MAX);
	if (!digest_set_add(&s->seen, &object->id, NULL))
		return 0;
	rc = present_find(s->from->store, object, &p, e);
	if (rc == 0) {
		miss(s, object, tolerate, NULL);
	} else if (rc == 1) {
		rc = visit_present(s, &p, tolerate, depth, e);
		present_done(&p);
	}
	if (rc == -1)
		return err_wrap(e, "manifest %s",
		    digest_text(&object->id, text));
	return 0;
}

static int
check_tag(struct state *s, struct err *e)
{
	const struct walk_from *from = s->from;
	struct manifest_id at;
	int there;

	if (from->tag == NULL)
		return 0;
	there = store_reference_get(from->store, from->registry,
	    from->repository, from->tag, &at, e);
	if (there == 0 || (there == 1 && (s->out->manifest_count == 0 ||
	    !leads_to(&at, &s->out->manifests[0]))))
		s->out->published = false;
	return there == -1 ? -1 : 0;
}

static bool
needs_any(const struct walk *w)
{
	size_t i;

	for (i = 0; i < w->missing_count; i++)
		if (!w->missing[i].tolerate)
			return true;
	return false;
}

static void
drop_missing(struct walk *w)
{
	while (w->missing_count > 0)
		free(w->missing[--w->missing_count].urls);
}

/* When all indexes are here: is what they have what is wanted? */
static int
judge_choice(struct state *s, struct err *e)
{
	if (s->out->missing_count > 0 ||
	    (s->offered == 0 && s->out->schema1 == 0))
		return 0;
	note_lacking(s);
	if (s->usable == 0 && s->out->schema1 > 0)
		return err_set(e, ERR_DATA, "the index has nothing%s%s but "
		    "Docker schema 1 manifests, which no current client can "
		    "use: choose a newer tag, or have the image pushed again "
		    "with a current tool", s->out->lacking[0] == '\0' ? "" :
		    " for ", s->out->lacking);
	if (s->offered == 0 || s->chosen > 0 || s->from->platforms->all)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "the index has nothing for %s; it has "
	    "%s", s->out->lacking, s->out->offered[0] == '\0' ? "others" :
	    s->out->offered);
}

int
walk_image(const struct walk_from *from, struct walk *ret, struct err *e)
{
	struct state s = { .from = from, .out = ret };
	struct object root = { .kind = OBJECT_MANIFEST, .id = from->root,
	    .any_size = true };
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->published = true;
	s.served = xcalloc(from->platforms->count, sizeof(*s.served));
	rc = visit_manifest(&s, &root, false, 0, e);
	if (rc == 0)
		rc = check_tag(&s, e);
	/* What was not served when this was published is not asked for at
	 * each run: an unchanged image costs one HEAD. */
	if (rc == 0 && ret->published && !needs_any(ret))
		drop_missing(ret);
	if (rc == 0)
		rc = judge_choice(&s, e);
	digest_set_done(&s.seen);
	free(s.served);
	if (rc == -1)
		walk_done(ret);
	return rc;
}

void
walk_done(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->referral_count; i++)
		free(w->referrals[i].descriptor);
	free(w->referrals);
	drop_missing(w);
	free(w->missing);
	free(w->manifests);
	free(w->have);
	free(w->kind);
	memset(w, 0, sizeof(*w));
}
