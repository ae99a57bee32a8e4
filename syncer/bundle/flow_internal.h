#ifndef CDR_BUNDLE_FLOW_INTERNAL_H
#define CDR_BUNDLE_FLOW_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bundle/flow.h"
#include "layout/digest_set.h"

/* Shared by flow.c, which reads, and flow_write.c. */

#define FLOW_WRITERS	2u

struct object;

struct chunk {
	struct chunk *next;
	struct object *object;
	size_t len;
	bool is_last, is_cut;		/* of the member; and it ended early */
	unsigned char *data;		/* FLOW_CHUNK, or a whole manifest */
};

/* A member on its way; of its writer as soon as it has a chunk of it. */
struct object {
	struct table_row row;		/* without what it owns */
	struct manifest_id id;
	size_t number;			/* of its part */
	uint64_t at;			/* where the next chunk belongs */
	struct blob_writer *writer;	/* NULL: not begun */
	struct err err;
	bool was_begun;
};

struct writer {
	struct flow *flow;
	pthread_t thread;
	pthread_cond_t work;
	struct chunk *first, **end;
	struct digest_set open;		/* struct blob_writer of each */
};

struct flow {
	struct store *store;
	pthread_mutex_t mutex;
	pthread_cond_t room, news;
	struct chunk *spare;
	struct writer writers[FLOW_WRITERS];
	bool is_over;			/* writers end */
	atomic_bool is_stopped;
	bool is_short;			/* the reader waits for room */
	unsigned busy;			/* chunks with writers */
	uint64_t bytes;			/* that writers were given */
	unsigned objects;		/* begun, and not known to be committed;
					 * of which the caller was... */
	unsigned told;			/* ...told of so many last time */
	struct flow_arrival *arrived, **arrived_end;
	/* The part at hand: */
	pthread_t reader;
	bool has_reader, is_read;
	struct part *part;
	size_t number;
	const struct table *table;
	const bool *is_wanted;
	struct err part_err;
};

/* flow_write(writer): a writer's thread.  flow_close_open(w): what only pieces
 * are here of is left for a later run. */
void *flow_write(void *);
void flow_close_open(struct writer *);

#endif
