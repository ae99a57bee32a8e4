#ifndef CDR_REPORT_WATCH_STATUS_H
#define CDR_REPORT_WATCH_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "layout/limits.h"
#include "layout/store.h"

/*
 * status/watch.json: when cdr watch looks next, how its last run ended, and
 * what has been said to it.  Times are seconds since 1970; 0: none.
 */
#define WATCH_STATUS_FILE	"watch.json"

/* Since it began. */
struct watch_counts {
	uint64_t taken;			/* bodies and files */
	uint64_t events, matched;	/* in them; about a line of the list */
	uint64_t not_understood, denied, malformed;
};

struct watch_status {
	int64_t started, ended;		/* it itself; 0: it is at work */
	unsigned every_s;		/* 0: not by the clock */
	int64_t next;			/* whole run; 0: none is planned */
	bool running;
	struct {
		int64_t started, finished;
		int exit_code;
		uint64_t only;		/* images; 0: it was a whole run */
	} last;
	uint64_t waiting;		/* images that were pushed */
	bool has_hooks;
	struct watch_counts counts;
	char list_error[STATUS_ERROR_MAX + 1];	/* "": none */
};

/* watch_status_save(root, status, e): a step beside whoever is at work.  Return
 * 0; -1 with ${e} set, also where there is no tree yet. */
int watch_status_save(const char *, const struct watch_status *,
    struct err *);

/* watch_status_read(store, ret): false where there is none, or it makes no
 * sense. */
bool watch_status_read(const struct store *, struct watch_status *);

/* watch_status_print(status, out): for metrics. */
void watch_status_print(const struct watch_status *, FILE *);

#endif
