#ifndef CDR_CMD_DOCTOR_PEERS_H
#define CDR_CMD_DOCTOR_PEERS_H

#include <stdbool.h>

#include "doctor/patient.h"
#include "layout/err.h"
#include "node/peers.h"
#include "node/wish.h"

/* The words of cdr doctor --peers, and what they mean. */
struct doctor_peers {
	const char *nodes;		/* --peers; NULL: no */
	const char *ring;		/* --ring; NULL: the usual */
	bool anew;			/* --anew */
	struct peers peers;
	struct node_wish near;		/* this node's own peer */
};

/* doctor_peers_read(d, e): from the words.  Return 0, or -1 with ${e} set. */
int doctor_peers_read(struct doctor_peers *, struct err *);
void doctor_peers_done(struct doctor_peers *);

/* doctor_peers_check(d, mirror): the mirror and its image first, then the
 * ring. */
void doctor_peers_check(struct doctor_peers *, struct patient *);

#endif
