#ifndef CDR_GC_ROOTS_H
#define CDR_GC_ROOTS_H

#include "gc_internal.h"

/* Shared by gc_roots.c and gc_notes.c. */

/* A reference of the repository at hand, and what is to become of it. */
struct found {
	char *name;
	struct manifest_id id;
	struct gc_verdict verdict;
	bool is_held;
	struct digest held;
};

struct repository_walk {
	struct gc *gc;
	struct gc_repository r;
	bool has_held;
	size_t place;			/* SIZE_MAX: it has none so far */
	char **names;
	size_t count, room;
	uint64_t tags, histories;	/* their numbers, added up */
	size_t links;			/* names in _manifests */
};

/* gc_note(w, state, order): a new item of this repository; until the next one.
 * gc_note_image(w, state, f): one for that reference.  gc_note_follow(w, f): it
 * follows the subject that its name says. */
struct gc_item *gc_note(struct repository_walk *, enum gc_state, int64_t);
void gc_note_image(struct repository_walk *, enum gc_state,
    const struct found *);
void gc_note_follow(struct repository_walk *, const struct found *);

#endif
