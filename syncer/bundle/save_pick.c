/* Which manifests of an index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/save_internal.h"
#include "image/select.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* An image that an index, or one inside it, lists. */
struct offer {
	struct descriptor d;		/* strings are not its own */
	struct platform platform;
	char media_type[MEDIA_TYPE_MAX + 1];
	bool is_here;			/* all of it */
	struct err why;			/* if not */
};

struct offers {
	struct offer *all;
	size_t count;
};

int
save_find(const struct store *store, const struct descriptor *d,
    struct present *ret, struct err *e)
{
	struct object o = { .kind = OBJECT_MANIFEST, .id = d->digest,
	    .size = d->size };

	if (media_kind(d->media_type) == MEDIA_OTHER)
		o.kind = OBJECT_OPAQUE;
	snprintf(o.media_type, sizeof(o.media_type), "%s", d->media_type);
	return present_find(store, &o, ret, e);
}

static int
not_here(const struct descriptor *d, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	return err_set(e, ERR_NOT_FOUND, "manifest %s is not here",
	    digest_text(&d->digest, text));
}

static bool
is_unknown(const struct platform *p)
{
	return strcmp(p->os, "unknown") == 0 &&
	    strcmp(p->architecture, "unknown") == 0;
}

/* It stands beside the images. */
static bool
is_companion(const struct descriptor *d)
{
	return d->is_attestation || d->has_attested ||
	    (d->has_platform && is_unknown(&d->platform));
}

/* --- the images that it offers ------------------------------------------ */

static int gather(const struct store *, const struct manifest *, unsigned,
    struct offers *, struct err *);

/* Where the index does not say which platform it is, the image does. */
static int
judge_image(const struct store *store, const struct present *p,
    struct offer *offer, struct err *e)
{
	if (!save_is_image(&p->manifest))
		return 0;
	if (!offer->d.has_platform) {
		int rc = save_platform(store, &p->manifest, &offer->platform,
		    e);

		if (rc != 1)
			return rc;
	}
	offer->is_here = save_blobs_here(store, &p->manifest,
	    &offer->why) == 0;
	return 1;
}

static int
gather_one(const struct store *store, const struct descriptor *d,
    unsigned depth, struct offers *to, struct err *e)
{
	struct offer offer = { .d = *d, .platform = d->platform };
	struct present p;
	int rc = save_find(store, d, &p, e);

	if (rc == -1)
		return -1;
	if (rc == 1 && p.is_parsed && p.manifest.kind == MEDIA_INDEX) {
		rc = gather(store, &p.manifest, depth + 1, to, e);
		present_done(&p);
		return rc;
	}
	if (rc == 1) {
		rc = judge_image(store, &p, &offer, e);
		present_done(&p);
		if (rc != 1)
			return rc;
	} else if (!d->has_platform || media_kind(d->media_type) !=
	    MEDIA_IMAGE) {
		return 0;
	} else {
		not_here(d, &offer.why);
	}
	snprintf(offer.media_type, sizeof(offer.media_type), "%s",
	    d->media_type);
	to->all = xreallocarray(to->all, to->count + 1, sizeof(*to->all));
	to->all[to->count++] = offer;
	return 0;
}

static int
gather(const struct store *store, const struct manifest *m, unsigned depth,
    struct offers *to, struct err *e)
{
	size_t i;

	if (depth > MANIFEST_DEPTH_MAX || to->count > IMAGE_MANIFESTS_MAX)
		return err_set(e, ERR_LIMIT, "its indexes are nested too "
		    "deep, or list too much");
	for (i = 0; i < m->count; i++)
		if (!is_companion(&m->children[i]) && gather_one(store,
		    &m->children[i], depth, to, e) == -1)
			return -1;
	return 0;
}

/* --- the one that is meant ---------------------------------------------- */

/* Return what fits best; of those that fit equally one that is here, and is for
 * every client.  NULL: none fits. */
static const struct offer *
best_offer(const struct offers *from, const struct platform *want)
{
	const struct offer *best = NULL, *o;
	int rank, value, best_value = 0;
	size_t i;

	for (i = 0; i < from->count; i++) {
		o = &from->all[i];
		rank = platform_rank(want, &o->platform);
		value = 4 * rank + 2 * o->is_here + !o->d.is_special;
		if (rank > 0 && value > best_value) {
			best = o;
			best_value = value;
		}
	}
	return best;
}

/* "linux/amd64, linux/arm64": of those that are here, or of all. */
static size_t
name_platforms(const struct offers *from, bool here, char *buf, size_t room)
{
	char text[PLATFORM_TEXT_MAX];
	size_t i, j, used = 0, count = 0;

	buf[0] = '\0';
	for (i = 0; i < from->count; i++) {
		for (j = 0; j < i; j++)
			if (platform_equal(&from->all[i].platform,
			    &from->all[j].platform) &&
			    (from->all[j].is_here || !here))
				break;
		if (j < i || (here && !from->all[i].is_here))
			continue;
		snprintf(buf + used, room - used, "%s%s", count == 0 ? "" :
		    ", ", platform_text(&from->all[i].platform, text));
		used += strlen(buf + used);
		count++;
	}
	return count;
}

#define PLATFORMS_TEXT_MAX	400u

static const struct offer *
only_offer(const struct offers *from, struct err *e)
{
	char names[PLATFORMS_TEXT_MAX];
	const struct platform *only = NULL;
	size_t i, count = name_platforms(from, true, names, sizeof(names));

	if (count > 1) {
		err_set(e, ERR_INPUT, "several platforms of it are here (%s): "
		    "say which one, such as platform=%.*s, or platform=all",
		    names, (int)strcspn(names, ","), names);
		return NULL;
	}
	for (i = 0; i < from->count && only == NULL; i++)
		if (from->all[i].is_here)
			only = &from->all[i].platform;
	if (only != NULL)
		return best_offer(from, only);
	if (from->count == 0)
		err_set(e, ERR_INPUT, "it is an index that lists no image");
	else
		*e = from->all[0].why;
	return NULL;
}

static const struct offer *
wanted_offer(const struct offers *from, const struct platform *want,
    struct err *e)
{
	char names[PLATFORMS_TEXT_MAX], text[PLATFORM_TEXT_MAX];
	const struct offer *o = best_offer(from, want);

	if (o == NULL) {
		name_platforms(from, false, names, sizeof(names));
		err_set(e, ERR_NOT_FOUND, "it has nothing for %s; it has %s",
		    platform_text(want, text), names[0] == '\0' ? "no image" :
		    names);
		return NULL;
	}
	if (!o->is_here) {
		*e = o->why;
		err_wrap(e, "%s of it", platform_text(&o->platform, text));
		return NULL;
	}
	return o;
}

static int
take_offer(struct save_draft *draft, const struct offer *offer, struct err *e)
{
	struct descriptor d = offer->d;
	char type[MEDIA_TYPE_MAX + 1];
	struct present p;
	int rc;

	snprintf(type, sizeof(type), "%s", offer->media_type);
	d.media_type = type;
	rc = save_find(draft->store, &d, &p, e);
	if (rc != 1)
		return rc == 0 ? not_here(&d, e) : -1;
	draft->entry.id = p.id;
	draft->entry.size = p.len;
	draft->entry.has_platform = true;
	draft->entry.platform = offer->platform;
	rc = save_take(draft, &p, e);
	if (rc == 0)
		save_item_of(draft, &p);
	present_done(&p);
	return rc;
}

int
save_pick_one(struct save_draft *draft, const struct present *p,
    const struct platform *want, struct err *e)
{
	const struct offer *offer;
	struct offers offers = { .count = 0 };
	int rc = gather(draft->store, &p->manifest, 0, &offers, e);

	if (rc == 0) {
		offer = want == NULL ? only_offer(&offers, e) :
		    wanted_offer(&offers, want, e);
		rc = offer == NULL ? -1 : take_offer(draft, offer, e);
	}
	free(offers.all);
	return rc;
}
