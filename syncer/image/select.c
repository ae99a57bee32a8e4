/*
 * Which children of an index a platform filter keeps: those that a node of that
 * platform would take, so that no node misses one (quirks.md#platform-order),
 * and what belongs to them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/select.h"
#include "layout/mem.h"

/* Nobody can use it (quirks.md#schema-1). */
static bool
is_schema1(const struct descriptor *d)
{
	return media_kind(d->media_type) == MEDIA_SCHEMA1;
}

/* "unknown/unknown" without the annotations is what some tools leave of an
 * attestation: no platform to filter by. */
static bool
is_image(const struct descriptor *d)
{
	return d->has_platform && !d->is_attestation && !is_schema1(d) &&
	    (strcmp(d->platform.os, "unknown") != 0 ||
	    strcmp(d->platform.architecture, "unknown") != 0);
}

/* It stands beside the images. */
static bool
is_companion(const struct descriptor *d)
{
	return !is_image(d) && !is_schema1(d);
}

/* Fill ${ret} with the entries of the best rank, in order. */
static size_t
find_candidates(const struct manifest *m, const struct platform *want,
    size_t *ret)
{
	size_t i, count = 0;
	int rank, best = 1;

	for (i = 0; i < m->count; i++) {
		if (!is_image(&m->children[i]))
			continue;
		rank = platform_rank(want, &m->children[i].platform);
		if (rank < best)
			continue;
		if (rank > best)
			count = 0;
		best = rank;
		ret[count++] = i;
	}
	return count;
}

/* Those that would be kept if they were of any use: ${best} is the rank of what
 * is. */
static void
note_unusable(const struct manifest *m, const struct platform *want, int best,
    enum keep *keep)
{
	const struct descriptor *d;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (is_schema1(d) && d->has_platform &&
		    platform_rank(want, &d->platform) >= best)
			keep[i] = KEEP_UNUSABLE;
	}
}

/*
 * Of entries that fit equally well one client takes the first, and another one
 * what it likes best (quirks.md#one-platform-several-entries): all of them are
 * kept.  Which Windows build a node has is not known here, so each build is; of
 * those that one wish is about, the first (quirks.md#windows-builds).
 * Return whether anything serves ${want}.
 */
static bool
keep_platform(const struct manifest *m, const struct platform *want,
    size_t *found, enum keep *keep)
{
	size_t i, count = find_candidates(m, want, found);
	const struct descriptor *d;

	assert(count <= m->count);
	for (i = 0; i < count; i++) {
		d = &m->children[found[i]];
		if (want->os_version[0] == '\0' ||
		    strcmp(d->platform.os_version,
		    m->children[found[0]].platform.os_version) == 0)
			keep[found[i]] = KEEP_REQUIRED;
	}
	note_unusable(m, want, count == 0 ? 1 : platform_rank(want,
	    &m->children[found[0]].platform), keep);
	return count > 0;
}

/* By digest: two entries may name one manifest. */
static bool
is_kept(const struct manifest *m, const struct digest *d,
    const enum keep *keep)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (keep[i] == KEEP_REQUIRED &&
		    digest_equal(&m->children[i].digest, d))
			return true;
	return false;
}

/* What says whose it is goes with that, whatever its own platform is.  One that
 * does not say what it attests may be about anything. */
static void
keep_companions(const struct manifest *m, enum keep *keep)
{
	const struct descriptor *d;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (keep[i] != KEEP_NOT)
			continue;
		if (is_schema1(d) && !d->has_platform)
			keep[i] = KEEP_UNUSABLE;
		else if (d->has_attested ? is_kept(m, &d->attested, keep) :
		    is_companion(d))
			keep[i] = KEEP_IF_SERVED;
	}
}

/* With no filter an entry that nobody knows is wanted like any other. */
static size_t
keep_all(const struct manifest *m, enum keep *keep)
{
	size_t i, images = 0;

	for (i = 0; i < m->count; i++) {
		keep[i] = is_schema1(&m->children[i]) ? KEEP_UNUSABLE :
		    m->children[i].is_attestation ? KEEP_IF_SERVED :
		    KEEP_REQUIRED;
		images += is_image(&m->children[i]);
	}
	return images;
}

/* Companions last: they go with what has been kept by then. */
size_t
select_children(const struct manifest *m, const struct platform_set *set,
    enum keep *keep, bool *missing)
{
	size_t i, images = 0, *found;

	if (set->all)
		return keep_all(m, keep);
	for (i = 0; i < m->count; i++)
		keep[i] = KEEP_NOT;
	found = xcalloc(m->count, sizeof(found[0]));
	for (i = 0; i < set->count; i++)
		missing[i] = !keep_platform(m, &set->items[i], found, keep);
	free(found);
	for (i = 0; i < m->count; i++)
		images += keep[i] == KEEP_REQUIRED;
	keep_companions(m, keep);
	return images;
}

/* No rank here: such a client looks at neither platform nor digest, and takes
 * what it gets; best what is made for all. */
const struct descriptor *
select_default(const struct manifest *m)
{
	static const struct platform want = { "linux", "amd64", "", "" };
	const struct descriptor *d, *first = NULL;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (!d->has_platform || !platform_equal(&d->platform, &want) ||
		    strcmp(d->media_type, MEDIA_DOCKER_MANIFEST) != 0)
			continue;
		if (!d->is_special)
			return d;
		if (first == NULL)
			first = d;
	}
	return first;
}
