#ifndef CDR_MIRROR_REPAIR_H
#define CDR_MIRROR_REPAIR_H

#include "transfer/dispatch.h"

/* Fetching what is bad or missing again, exactly that. */

/* A repository that has a link to what needs the object. */
struct repair_source {
	char *registry, *repository;	/* owned */
	uint64_t size;			/* of a blob, as it is told there */
};
#define REPAIR_SOURCES_MAX	8u

struct repair_object {
	struct digest digest;
	char media_type[MEDIA_TYPE_MAX + 1];	/* "": it is a blob */
	struct repair_source sources[REPAIR_SOURCES_MAX];
	size_t source_count;
	bool is_mended;
	struct err err;			/* why not, of the last source */
};

/* repair_add_source(o, registry, repository, size): one that is known already,
 * or one too many, is left out.  repair_object_done releases. */
void repair_add_source(struct repair_object *, const char *, const char *,
    uint64_t);
void repair_object_done(struct repair_object *);

/*
 * repair_ready(is_local, e): can anything be fetched, or, with ${is_local}, be
 * taken from a folder or a bundle?  Return 0, or -1 with ${e} set (ERR_INPUT).
 * offline/ has another one, as of repair_run.
 */
int repair_ready(bool, struct err *);

/*
 * repair_run(config, stop_fd, objects, count, e): ask each object's sources one
 * after the other; the store is open for writing.  Return 0, and each object
 * tells how it went; 1 if ${stop_fd} became readable; -1 with ${e} set: the
 * store cannot be used.
 */
int repair_run(const struct dispatch_config *, int, struct repair_object *,
    size_t, struct err *);

#endif
