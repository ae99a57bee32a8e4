#ifndef CDR_REPORT_TRAFFIC_INTERNAL_H
#define CDR_REPORT_TRAFFIC_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/err.h"
#include "layout/limits.h"

#define TRAFFIC_DAY_S	86400
/* 16 digits and a NUL. */
#define TRAFFIC_MARK_MAX	17u

struct traffic_day {
	int64_t number;			/* of days since 1970, UTC */
	uint64_t bytes, requests;
};

struct traffic {
	int64_t today;
	struct traffic_day days[TRAFFIC_DAYS_MAX];	/* in order */
	size_t count;
	char mark[TRAFFIC_MARK_MAX];	/* of the log; "": none so far */
	uint64_t at;			/* how far it has been read */
	uint64_t left;			/* to be read now, at most */
	bool is_new;			/* it has to be written */
	int64_t last;			/* when what was counted last was
					 * sent; 0: not known */
	/* What was sent then may not have been counted; 0: not known. */
	struct lost {
		int64_t after, before;
		bool is_now;		/* this run has found it out */
	} lost;
};

/* traffic_add(t, when, bytes, requests): on the day of ${when}. */
void traffic_add(struct traffic *, int64_t, uint64_t, uint64_t);

/* traffic_is_of_now(t, when): may it be counted? */
bool traffic_is_of_now(const struct traffic *, int64_t);

/* traffic_read_log(t, log, e): add what has come since.  Return 0 or -1. */
int traffic_read_log(struct traffic *, const char *, struct err *);

#endif
