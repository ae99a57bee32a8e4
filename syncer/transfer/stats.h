#ifndef CDR_TRANSFER_STATS_H
#define CDR_TRANSFER_STATS_H

#include <stddef.h>
#include <stdint.h>

/* What a run has moved so far, and what it is about to. */
struct transfer_stats {
	uint64_t bytes;			/* received: of manifests, blobs, lists
					 * of tags and of referrers */
	uint64_t objects;		/* new in the store */
	uint64_t requests;		/* to registries and token servers */
	uint64_t pulls;			/* manifests that registries handed
					 * out, which some count */
	unsigned running;		/* requests in flight */
	size_t wanted;			/* objects wanted and not yet there */
	uint64_t wanted_bytes;		/* their sizes, as far as known */
};

#endif
