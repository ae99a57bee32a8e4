#ifndef CDR_DOCTOR_PROOF_H
#define CDR_DOCTOR_PROOF_H

#include "doctor/finding.h"
#include "image/ref.h"

/*
 * That pulls go through the mirror: what was asked with our mark stands in its
 * access log, and so does what a client of this node asks while it pulls.
 */
struct proof {
	struct findings *findings;
	const char *log;	/* the access log; NULL: not at hand */
	const char *mark;
	const char *client;	/* whose pull; NULL: none */
	const struct image_ref *image;
	int stop_fd;		/* readable: give up; -1: none */
};

/* proof_clients(): the names that proof.client may have, for a message. */
const char *proof_clients(void);
int proof_is_client(const char *);

/* proof_check(p): after the questions to the mirror. */
void proof_check(const struct proof *);

#endif
