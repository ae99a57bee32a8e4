#ifndef CDR_CMD_COLLECT_PRINT_H
#define CDR_CMD_COLLECT_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/gc.h"

/* What people and programs are told of a collection. */
enum collect_form {
	COLLECT_TEXT,			/* on standard output */
	COLLECT_JSON,			/* one object there */
	COLLECT_LOG			/* lines of the log */
};

struct collect_print {
	enum collect_form form;
	bool dry_run;
	bool verbose;			/* manifests, blobs and files, too */
	bool quiet;			/* no text at all */
	int64_t unlisted_s;		/* as in struct collect_options */
	size_t told;			/* of events, all; its own, and: */
	size_t printed;
};

/* collect_print_begin(p); collect_print_event(p, event): one thing that goes;
 * collect_print_end(p, end, totals, error): the sum; ${error} may be NULL. */
void collect_print_begin(struct collect_print *);
void collect_print_event(struct collect_print *, const struct gc_event *);
void collect_print_end(struct collect_print *, enum gc_end,
    const struct gc_totals *, const char *);

#endif
