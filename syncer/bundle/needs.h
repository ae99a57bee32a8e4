#ifndef CDR_BUNDLE_NEEDS_H
#define CDR_BUNDLE_NEEDS_H

#include "bundle/statement.h"
#include "layout/store.h"

/*
 * The images of a statement, and what each of them waits for: its manifests,
 * and all blobs that these lead to.  Each is looked at until something is not
 * here, and again when that has come.
 */
enum need_state {
	NEED_WAITS,			/* for ${lacks} */
	NEED_READY,			/* all of it is here */
	NEED_SAME,			/* and was published like that before */
	NEED_FAILED,			/* ${err} */
	NEED_UPDATED,			/* what the caller makes of it: */
	NEED_HELD,			/* its tag is */
	NEED_STAYS			/* where something later has set it */
};

struct need {
	const struct statement_image *image;
	enum need_state state;
	struct digest lacks;
	struct err err;
	bool is_told;			/* of its failure */
	uint64_t size;			/* in bytes, of what is here of it */
	size_t at;			/* manifests that are whole */
	struct need *next;		/* of those that wait for the same */
};

struct needs;

/* needs_new(store, statement): both are borrowed; each image is looked at.
 * needs_free accepts NULL. */
struct needs *needs_new(const struct store *, const struct statement *);
void needs_free(struct needs *);

size_t needs_count(const struct needs *);
struct need *needs_at(struct needs *, size_t);

/* needs_arrived(n, digest): it is here. */
void needs_arrived(struct needs *, const struct digest *);

/* needs_ready(n): the next image that has become ready since, once; or NULL. */
struct need *needs_ready(struct needs *);

/*
 * needs_publication(n, need, ret, e): as store_publish wants it.
 * needs_publication_done releases.  Return 0 or -1.
 */
int needs_publication(const struct needs *, const struct need *,
    struct publication *, struct err *);
void needs_publication_done(struct publication *);

#endif
