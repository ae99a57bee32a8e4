#ifndef CDR_TRANSFER_REFUSALS_H
#define CDR_TRANSFER_REFUSALS_H

#include <stdbool.h>

#include "layout/err.h"

/*
 * What the endpoints of one registry have said to one question.  One that is
 * down says nothing about an image: "not found" counts if all that answer say
 * so, and any other answer counts more.
 */
struct refusals {
	struct err err;		/* the words of all, and the code that counts */
	int weight;		/* of that code; 0: there are none yet */
};

/* refusals_add(r, place, is_down, e): the one at ${place} has failed with
 * ${e}. */
void refusals_add(struct refusals *, const char *, bool, const struct err *);

#endif
