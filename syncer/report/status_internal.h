#ifndef CDR_REPORT_STATUS_INTERNAL_H
#define CDR_REPORT_STATUS_INTERNAL_H

#include "report/status.h"
#include "report/status_images.h"
#include "report/status_view.h"

/* Shared by status.c and status_pulls.c, and by nobody else. */

struct status {
	struct status_view view;
	char list[STATUS_LIST_NAME_MAX];	/* "": it has no name */
	bool is_only;
	json_t *head;		/* of the file that there was, or NULL */
	struct status_end whole, latest;	/* what it tells of, for the
						 * view */
	struct status_record **records;
	size_t count, room;
	uint64_t updates, failures[STATUS_REASONS];
	json_t *pulls;		/* array */
	json_t *failed;		/* array: the first ones of the run; and how */
	uint64_t failed_more;	/* many more there are */
	struct metrics_images *images;
	struct status_images of_images;
	struct store *store;	/* while it is written */
	const struct name_set *gone;
	struct unlisted *unlisted;
	struct marks *marks;
	marks_fn *holdings;	/* NULL: nobody writes them */
	void *holdings_cookie;
};

/* status_pulls_read(s, list): those that an older file has. */
void status_pulls_read(struct status *, const json_t *);

#endif
