#ifndef CDR_REPORT_REPORT_H
#define CDR_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a person, or a log collector, is told.  Results go to standard output,
 * all else to standard error.
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

/* report_result(level, fmt, ...): the same of what was asked for. */
void report_result(enum report_level, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* report_results_aside(): something else is on standard output; results are
 * told on standard error, too. */
void report_results_aside(void);

/* One image's end, a result.  NULL and -1 are left out.  A failure is an error
 * at once, and at the end once more. */
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
	const char *waits;		/* what it waits for; NULL: nothing */
	const char *names;		/* of images in progress, or NULL */
	uint64_t limit_rate;		/* bytes a second; 0: no limit */
	unsigned part_permille;		/* of images in progress: how much was
					 * here when that was last known */
	size_t wanted;			/* objects still to come */
	uint64_t wanted_bytes;
};

/* How far anything is that takes long. */
#define REPORT_VAGUE	1001u
struct report_work {
	const char *what;		/* is counted, one of it: "image" */
	uint64_t done, all;		/* all 0: how many there are is not
					 * known */
	unsigned permille;		/* of all of it; REPORT_VAGUE */
	uint64_t bytes;			/* so far; and what is left of them, */
	uint64_t left_bytes;		/* 0: not known */
	uint64_t most_s;		/* it ends by then; 0: whenever it is
					 * done */
	uint64_t limit_rate;		/* bytes a second; 0: no limit */
	const char *waits;		/* what it waits for; NULL: nothing */
	const char *names;		/* what is at hand, or NULL */
};

/* report_permille(done, all): of 1000; REPORT_VAGUE where ${all} is 0. */
unsigned report_permille(uint64_t, uint64_t);

/*
 * report_progress_due(): on a terminal, from time to time, it is time for
 * report_progress(t) or report_work(w), which redraw the line at the bottom.
 * They go with report() into one thread, or wait for one another.
 * report_more(w, n): so many bytes of those that are left are done; and
 * report_work(w), if it is time for it.
 * report_clear(): the line goes: for who prints by himself, and at the end.
 * report_watched(): from here on processes that this one begins draw it, where
 * this one writes as well; they are in a group of their own.
 */
bool report_progress_due(void);
void report_progress(const struct report_totals *);
void report_work(const struct report_work *);
void report_more(struct report_work *, uint64_t);
void report_clear(void);
void report_watched(void);

/* report_summary(t): the last lines of a run, at level REPORT_INFO: images that
 * failed, and the numbers.  report_failures(): these images alone, some of them
 * if they are many.  report_anew(): nothing has failed so far. */
#define REPORT_FAILED_MAX	20u
void report_summary(const struct report_totals *);
void report_failures(void);
void report_anew(void);

/* report_columns(): of the terminal that results are on; 0: it is none. */
unsigned report_columns(void);

/* report_bytes(n, buf): "1.2 GiB".  Return ${buf}. */
#define REPORT_BYTES_MAX	24
char *report_bytes(uint64_t, char buf[REPORT_BYTES_MAX]);

#endif
