#ifndef CDR_MIRROR_FOUND_H
#define CDR_MIRROR_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest_set.h"
#include "layout/verify.h"
#include "mirror/repair.h"

/*
 * What verify has found in one run: each thing is told as it is found, and what
 * is bad or missing is kept, to be fetched again, or named with the images that
 * need it.
 */

/* So many are told one by one, and so many objects are mended in a run. */
#define FOUND_TOLD_MAX	1000u
#define FOUND_OBJECTS_MAX	100000u
/* Images that are named for one object. */
#define FOUND_IMAGES_MAX	20u

struct found {
	struct repair_object *objects;	/* missing, or taken out */
	char **paths;			/* of these */
	bool *is_missing;		/* it was not taken out just now */
	void **rows;			/* of these, for JSON; or NULL */
	size_t *others;			/* one more of that digest, and of
					 * another type; as by_digest */
	size_t count, room, left_out;
	struct digest_set by_digest;	/* place in these, and one */
	void *json;			/* array of all; NULL: text */
	size_t told;
	uint64_t foreign, structure, bad;	/* structure, bad: not mended */
	uint64_t mended, withdrawn;
	uint64_t known;			/* of objects: see found_recognize */
	uint64_t bad_lists;		/* of structure: index.json,
					 * catalog.json */
	bool is_again;			/* only what has not been found yet is
					 * told: set it for a second run */
};

/* found_init(f, as_json): found_done releases. */
void found_init(struct found *, bool);
void found_done(struct found *);

/* found_tell(f, finding): as verify_rules.tell. */
void found_tell(void *, const struct verify_finding *);

/* found_recognize(f, store): count those missing that status/bad has from an
 * earlier run: before any is mended. */
void found_recognize(struct found *, const struct store *);

/* found_sources(f, store, rules, e): ask the tree which repositories have
 * links to what needs the objects.  0 or -1. */
int found_sources(struct found *, const struct store *,
    const struct verify_rules *, struct err *);

/* found_note(f, store, is_whole, e): what is missing is noted in status/bad;
 * with ${is_whole} nothing else is.  The store makes a step. */
int found_note(struct found *, struct store *, bool, struct err *);

/* found_settle(f): after repair_run: tell what has been mended. */
void found_settle(struct found *);

/*
 * found_name(f, store, rules, withdraw, e): tell which images need what has
 * not been mended; with ${withdraw} their tags go, until a run of sync brings
 * them back.
 */
int found_name(struct found *, struct store *,
    const struct verify_rules *, bool withdraw, struct err *);

/* found_unmended(f): how many objects have not been mended. */
size_t found_unmended(const struct found *);

#endif
