#ifndef CDR_REPORT_HELD_H
#define CDR_REPORT_HELD_H

#include <stdint.h>

#include "layout/store.h"
#include "report/marks.h"

/*
 * status/held.json: which tags are held, for people.  A file that says the same
 * already stays as it is.
 */
#define HELD_FILE	"held.json"

struct held_totals {
	uint64_t tags;
	int64_t since;			/* of the one that has been for longest,
					 * seconds since 1970; 0: none, or it is
					 * not known */
};

/* held_save(store, marks, ret, e): and tell ${marks} of all of them, also those
 * beyond HELD_MAX.  Return 0, or -1 with ${e} set. */
int held_save(struct store *, struct marks *, struct held_totals *,
    struct err *);

#endif
