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

/* An entry that serves a wanted platform as well as any. */
struct candidate {
	const char *os_version;
	size_t index;
};

/* "unknown/unknown" without the annotations is what some tools leave of an
 * attestation: no platform to filter by. */
static bool
is_image(const struct descriptor *d)
{
	return d->has_platform && !d->is_attestation &&
	    (strcmp(d->platform.os, "unknown") != 0 ||
	    strcmp(d->platform.architecture, "unknown") != 0);
}

static int
compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->os_version, y->os_version);

	if (order != 0)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Fill ${ret} with the entries of the best rank, in order. */
static size_t
find_candidates(const struct manifest *m, const struct platform *want,
    struct candidate *ret)
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
		ret[count].os_version = m->children[i].platform.os_version;
		ret[count++].index = i;
	}
	return count;
}

/*
 * Clients take the first entry that fits (image-spec image-index.md).  Which
 * Windows build a node has is not known here, so each build has its first
 * (quirks.md#windows-builds).
 * Return whether anything serves ${want}.
 */
static bool
keep_platform(const struct manifest *m, const struct platform *want,
    struct candidate *found, enum keep *keep)
{
	size_t i, count = find_candidates(m, want, found);

	if (want->os_version[0] != '\0' && count > 1)
		count = 1;
	assert(count <= m->count);
	qsort(found, count, sizeof(found[0]), compare_candidates);
	for (i = 0; i < count; i++)
		if (i == 0 ||
		    strcmp(found[i - 1].os_version, found[i].os_version) != 0)
			keep[found[i].index] = KEEP_REQUIRED;
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

/* One that does not say what it attests may be about anything. */
static void
keep_companions(const struct manifest *m, enum keep *keep)
{
	const struct descriptor *d;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (is_image(d))
			continue;
		if (!d->is_attestation || !d->has_attested ||
		    is_kept(m, &d->attested, keep))
			keep[i] = KEEP_IF_SERVED;
	}
}

/* With no filter an entry that nobody knows is wanted like any other. */
static size_t
keep_all(const struct manifest *m, enum keep *keep)
{
	size_t i, images = 0;

	for (i = 0; i < m->count; i++) {
		keep[i] = m->children[i].is_attestation ?
		    KEEP_IF_SERVED : KEEP_REQUIRED;
		images += is_image(&m->children[i]);
	}
	return images;
}

/* Companions last: they go with what has been kept by then. */
size_t
select_children(const struct manifest *m, const struct platform_set *set,
    enum keep *keep, bool *missing)
{
	struct candidate *found;
	size_t i, images = 0;

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
 * what it gets. */
const struct descriptor *
select_default(const struct manifest *m)
{
	static const struct platform want = { "linux", "amd64", "", "" };
	const struct descriptor *d;
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		if (d->has_platform && platform_equal(&d->platform, &want) &&
		    strcmp(d->media_type, MEDIA_DOCKER_MANIFEST) == 0)
			return d;
	}
	return NULL;
}
