#ifndef CDR_REPORT_STATUS_GROUPS_H
#define CDR_REPORT_STATUS_GROUPS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/limits.h"
#include "report/status_record.h"

/*
 * Images of status-earlier.json that were last listed in the same run, with the
 * same good result: what changes with each run is said of all of them at once,
 * and their lines stay as they are.
 */
struct status_group {
	unsigned id;
	enum status_result result;
	int64_t last_listed;		/* and last_success: the run's end */
	uint64_t images;		/* how many it has; 0: not known */
	uint64_t found;			/* for who counts */
};

struct status_groups {
	struct status_group each[STATUS_GROUPS_MAX];
	size_t count;
	unsigned last_id;		/* no number is given twice */
};

/* status_groups_read(head, ret): the member "groups" of a first line. */
void status_groups_read(const json_t *, struct status_groups *);

/* status_groups_json(g): json_decref it. */
json_t *status_groups_json(const struct status_groups *);

/* status_groups_find(g, id): NULL if there is none. */
struct status_group *status_groups_find(struct status_groups *, unsigned);

/* status_groups_add(g, result, last_listed): a new one; NULL: no room. */
struct status_group *status_groups_add(struct status_groups *,
    enum status_result, int64_t);

/* status_groups_forget_empty(g): those without images. */
void status_groups_forget_empty(struct status_groups *);

/* status_groups_make_room(g, count): forget those that were listed longest ago,
 * until so many can be added. */
void status_groups_make_room(struct status_groups *, size_t);

#endif
