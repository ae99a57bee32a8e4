#ifndef CDR_TESTS_OPEN_STORE_H
#define CDR_TESTS_OPEN_STORE_H

/*
 * A tree in a test's folder, to write in.  Included after scratch.h.
 */
#include "layout/store.h"
#include "report/report.h"

/* open_store(s): of what is reported only errors are printed. */
static inline struct store *
open_store(const struct scratch *s)
{
	struct store *st;
	struct err e;

	report_init(REPORT_TEXT, REPORT_ERROR);
	assert_int_equal(store_open(s->path, STORE_WRITE, &st, &e), 0);
	return st;
}

#endif
