#ifndef CDR_REPORT_REPORT_INTERNAL_H
#define CDR_REPORT_REPORT_INTERNAL_H

#include <jansson.h>
#include <stdio.h>

#include "report/report.h"

/* For report*.c: a line of any length that is told. */
#define REPORT_LINE_MAX	2048

bool report_is_wanted(enum report_level);
/* report_lines(): so many lines of text have been put. */
unsigned long report_lines(void);

bool report_is_json(void);

/* report_results(): the stream for these. */
FILE *report_results(void);

/* report_put_text(to, level, message), report_put_json(to, level, message,
 * fields): a line on standard output or error, now; the fields are released,
 * and may be NULL. */
void report_put_text(FILE *, enum report_level, const char *);
void report_put_json(FILE *, enum report_level, const char *, json_t *);

#endif
