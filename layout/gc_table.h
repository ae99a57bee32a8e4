#ifndef CDR_GC_TABLE_H
#define CDR_GC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

/*
 * Millions of names in little memory: of each there is a number of 61 bits that
 * a key of this run makes of it, and what is known of it.  Two names of one
 * number are taken for one another; that keeps both, and nobody who chooses
 * names knows the key.
 */

/* Why something stays or goes: the first that is found is the strongest. */
enum gc_state {
	GC_KEPT,		/* something keeps it */
	GC_SPARE,		/* as long as there is room */
	GC_GRACE,		/* what is condemned itself, and stays so far,
				 * leads to it */
	GC_EVICTED,		/* it goes, and at once */
	GC_LEFT,		/* is there; nothing leads to it so far */
	GC_UNKNOWN		/* of the functions below alone */
};

struct gc_key {
	uint64_t a, b;
};

/* What the names are of: the same name is another number. */
enum gc_name {
	GC_NAME_OBJECT,		/* "alg:hex" */
	GC_NAME_LINK,		/* a digest link of a repository */
	GC_NAME_REFERENCE,	/* of a repository */
	GC_NAME_REPOSITORY,
	GC_NAME_FILE		/* below _state */
};

/* gc_key_make(ret): nobody can guess it. */
void gc_key_make(struct gc_key *);

/* gc_hash(key, kind, above, buf, len): ${above} is the number of what the name
 * is in, or 0. */
uint64_t gc_hash(const struct gc_key *, enum gc_name, uint64_t, const void *,
    size_t);

/* All zero is empty.  With ${has_ages}, each name has an age as well. */
struct gc_table {
	uint64_t *slots;
	uint32_t *ages;
	size_t room, count;
	bool has_ages;
};

/* gc_table_mark(t, name, state): true if it was not there, or as something
 * weaker. */
bool gc_table_mark(struct gc_table *, uint64_t, enum gc_state);

/* gc_table_state(t, name): GC_UNKNOWN where it is not there. */
enum gc_state gc_table_state(const struct gc_table *, uint64_t);

/* gc_table_put(t, name, state, age): of several, the youngest stays.
 * gc_table_age(t, name, state, ret): is it there, as that? */
void gc_table_put(struct gc_table *, uint64_t, enum gc_state, uint32_t);
bool gc_table_age(const struct gc_table *, uint64_t, enum gc_state,
    uint32_t *);

void gc_table_done(struct gc_table *);

#endif
