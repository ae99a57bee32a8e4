#ifndef CDR_DOCTOR_PEERS_CHECK_H
#define CDR_DOCTOR_PEERS_CHECK_H

#include <stdbool.h>

#include "doctor/patient.h"
#include "node/peers.h"

/*
 * The ring of peers: does each of them answer, and do the objects of an image
 * come through it as they are?
 */
struct peers_visit {
	struct patient *mirror;		/* with its image's manifest */
	const struct peers *peers;
	const char *ring;		/* "http://127.0.0.1:5000": this node's
					 * own peer */
	bool anew;			/* what is wrong is fetched anew */
	/* From peers_check on. */
	struct ask near;
	uint64_t each;			/* bytes of a piece */
};

/* peers_check(v): adds its findings. */
void peers_check(struct peers_visit *);

/*
 * ring_blob(v, d, size): all pieces of a blob, hashed.  Where its digest is
 * not right, each piece is compared with the mirror's, and the finding names
 * it and who brought it.
 */
void ring_blob(struct peers_visit *, const struct digest *, uint64_t);

#endif
