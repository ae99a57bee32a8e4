#ifndef CDR_REPORT_REPORT_H
#define CDR_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a person, or a log collector, is told.  Lines go to standard error; what
 * a command is asked for goes to standard output and not through here.
 */
enum report_format {
	REPORT_TEXT,
	REPORT_JSON		/* one object a line */
};

enum report_level {
	REPORT_ERROR,		/* -q shows these alone */
	REPORT_WARNING,
	REPORT_INFO,
	REPORT_DEBUG		/* with -v */
};

/* report_init(format, max_level): before anything else here. */
void report_init(enum report_format, enum report_level);

/* report(level, fmt, ...): one line. */
void report(enum report_level, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* One image's end.  NULL and -1 are left out. */
struct report_image {
	const char *image;		/* the full reference */
	const char *result;		/* "updated", "held", ... */
	const char *reason;		/* of a failure: "not_found", ... */
	const char *registry;
	const char *digest;
	const char *error;
	long long objects, bytes, duration_ms;
};
void report_image(enum report_level, const struct report_image *);

/* The numbers of a run, so far or in the end. */
struct report_totals {
	size_t images, unchanged, updated, held, failed, cancelled;
	uint64_t objects, bytes, requests;
	uint64_t pulls;			/* manifests that were handed out */
	uint64_t lacking_bytes;		/* all images for which there is no room
					 * need so much, */
	uint64_t lacking_least;		/* and one of them no more than that */
	int64_t duration_ms;
	/* while it runs: */
	size_t active;			/* images begun and not ended */
	unsigned running;		/* requests in flight */
	const char *waits;		/* what it waits for, where there are
					 * none; NULL: nothing */
	size_t wanted;			/* objects still to come */
	uint64_t wanted_bytes;
};

/*
 * report_progress_due(): on a terminal, from time to time, it is time for
 * report_progress(t), which redraws the line at the bottom.
 */
bool report_progress_due(void);
void report_progress(const struct report_totals *);

/* report_summary(t): the last line of a run, at level REPORT_INFO. */
void report_summary(const struct report_totals *);

/* report_bytes(n, buf): "1.2 GiB".  Return ${buf}. */
#define REPORT_BYTES_MAX	24
char *report_bytes(uint64_t, char buf[REPORT_BYTES_MAX]);

#endif
