#ifndef CDR_REPORT_STATUS_LISTS_H
#define CDR_REPORT_STATUS_LISTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/limits.h"

/*
 * When each of the lists that are mirrored into one tree last had its run, for
 * UNLISTED_AFTER_S: an image whose last run is the last one of no list has left
 * its own.  All zero knows nothing.
 */
#define STATUS_LIST_NAME_MAX	20u	/* with its NUL */
struct status_lists {
	struct {
		char name[STATUS_LIST_NAME_MAX];
		int64_t last_listed;
	} each[STATUS_LISTS_MAX];
	size_t count;
};

/* status_lists_read(head, ret): the member "lists" of a first line, which may
 * be NULL.  status_lists_json(l): json_decref it. */
void status_lists_read(const json_t *, struct status_lists *);
json_t *status_lists_json(const struct status_lists *);

/* status_lists_put(l, name, now): its run has ended.  Those that have had none
 * for long go, and where there are too many, the oldest. */
void status_lists_put(struct status_lists *, const char *, int64_t);

/* status_lists_have(l, last_listed): did the last run of one of them end then,
 * or has one had none since?  Also true where nothing is known. */
bool status_lists_have(const struct status_lists *, int64_t);

#endif
