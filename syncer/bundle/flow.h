#ifndef CDR_BUNDLE_FLOW_H
#define CDR_BUNDLE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/part_read.h"
#include "bundle/table.h"
#include "layout/store.h"

/*
 * Objects out of parts into the store: one thread reads, others hash and write,
 * and who calls this commits.  It holds FLOW_CHUNKS buffers, whatever the size
 * of an object, and FLOW_OBJECTS of them at most that are not committed: each
 * has a file open, and a disk may be slow.
 */
struct flow;

#define FLOW_CHUNKS	48u
#define FLOW_CHUNK	(256u << 10)
#define FLOW_OBJECTS	384u

/* What has become of one member, in no order. */
struct flow_arrival {
	struct flow_arrival *next;
	struct manifest_id id;		/* media_type "": a blob */
	size_t number;			/* of its part: see flow_begin */
	uint64_t bytes;			/* of the member */
	struct staged *staged;		/* the object is whole; NULL: it is not,
					 * so far, or: */
	struct err err;			/* ERR_DIGEST, ...: it cannot be */
	bool is_piece;			/* of it: the fault may be another
					 * one's, */
	bool was_begun;			/* or that of an earlier run */
};

struct flow *flow_new(struct store *);

/* flow_free(f): nothing is under way.  Objects of which only some pieces are
 * here stay for a later run.  Accepts NULL. */
void flow_free(struct flow *);

/*
 * flow_begin(f, part, number, table, is_wanted): read the members of this part,
 * which stand behind its table, and take those rows.  Each has to be the next
 * row of the table, of its size.  All is borrowed until flow_wait tells of the
 * end of the part.
 */
void flow_begin(struct flow *, struct part *, size_t, const struct table *,
    const bool *);

/*
 * flow_wait(f, ms, ret): wait so long at most for what has come, take it (a
 * list, for free(3) and store_commit before the next call), and say where it
 * stands.
 * flow_part_error(f): once after FLOW_ENDED: NULL, or what is wrong with the
 * part.
 */
enum flow_state {
	FLOW_READS,			/* a part */
	FLOW_ENDED,			/* the part is read, but not all that
					 * came is written */
	FLOW_SETTLED			/* and all of it is in ${ret} */
};
enum flow_state flow_wait(struct flow *, int, struct flow_arrival **);
const struct err *flow_part_error(const struct flow *);

/* flow_rest(f): after FLOW_SETTLED: what only pieces are here of is left for
 * later, and noted so. */
void flow_rest(struct flow *);

/* flow_bytes(f): so many have been read for the store, also of what is not
 * whole: for who looks on. */
uint64_t flow_bytes(struct flow *);

/* flow_stop(f): read no more, and write nothing more. */
void flow_stop(struct flow *);

#endif
