#ifndef CDR_MIRROR_WALK_H
#define CDR_MIRROR_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/platform.h"
#include "layout/digest_set.h"
#include "layout/store.h"
#include "transfer/object.h"

/* What to look at. */
struct walk_from {
	const struct store *store;
	const char *registry, *repository;
	const char *tag;			/* NULL: by digest alone */
	struct digest root;
	const struct platform_set *platforms;
	const struct digest_set *absent;	/* the registry lacks them, and
						 * that is tolerated */
	bool whole;			/* list the layers of an image whose
					 * platform is not known yet */
	const struct digest_set *as_blobs;	/* unknown index entries that it
						 * serves as blobs */
	/* Called for each blob that is present, once; or NULL. */
	void (*blob)(void *cookie, const struct digest *, uint64_t size);
	void *cookie;
};

struct walk_missing {
	struct object object;
	bool tolerate;			/* a 404 does not fail the image */
	char *urls;			/* where it may be as well: see struct
					 * descriptor; the walk's own, or
					 * NULL */
};

/* What an image reaches, as far as the store has it. */
struct walk {
	struct walk_missing *missing;	/* each once */
	size_t missing_count;
	struct manifest_id *manifests;	/* present; the root is the first */
	size_t manifest_count;
	struct referral *referrals;	/* present manifests with a subject */
	size_t referral_count;
	size_t blob_count;		/* present and distinct */
	uint64_t bytes;			/* of all that is present */
	struct platform *have;		/* platforms that are here */
	size_t have_count;
	bool has_default;		/* the root is an index with one: */
	struct manifest_id default_id;	/* see select_default; present */
	bool published;			/* tag and digest links say all this */
	size_t foreign;			/* quirks.md#foreign-layers */
	size_t elsewhere;		/* of the foreign ones: not here */
	size_t unknown_digests;		/* quirks.md#digest-algorithms */
	size_t schema1;			/* wanted, but quirks.md#schema-1 */
	char *kind;			/* of the root, where it is no image
					 * that runs: its artifactType, or the
					 * type of its configuration; NULL */
	char lacking[256];		/* platforms that nothing serves, */
	char offered[256];		/* and those that there are, if some
					 * are lacking */
};

/*
 * walk_image(from, ret, e): go from the root through all that is wanted, with
 * nothing but the store.  Return 0, or -1 with ${e} set: a manifest that makes
 * no sense, or none of the wanted platforms.  walk_done releases.
 */
int walk_image(const struct walk_from *, struct walk *, struct err *);
void walk_done(struct walk *);

#endif
