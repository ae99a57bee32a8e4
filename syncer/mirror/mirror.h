#ifndef CDR_MIRROR_MIRROR_H
#define CDR_MIRROR_MIRROR_H

#include "image/list.h"
#include "image/only.h"
#include "report/report.h"
#include "report/status.h"
#include "transfer/dispatch.h"
#include "mirror/job.h"
#include "mirror/window.h"

#define MIRROR_JOBS_MAX	1024u

/* One run: every image of a list. */
struct mirror {
	struct dispatch_config config;
	const struct image_list *list;
	struct only *only;		/* these of the list; NULL: all */
	const struct policy *policy;	/* who has to have signed what */
	struct status *status;		/* is told of each image */
	int stop_fd;			/* readable when the run has to end */
	unsigned jobs;			/* at once; 0: as many as is good */
	struct plan *plan;		/* NULL: do it */
	const struct window *window;	/* when it may run; NULL: always */
	job_publish *publish;		/* is told of each image of the list
					 * before it is published; NULL: none */
	void *publish_cookie;
};

enum mirror_end {
	MIRROR_DONE,			/* ret_totals tells how */
	MIRROR_STORE_FAILED,		/* ${e} tells why */
	MIRROR_STOPPED,
	MIRROR_SPENT,			/* max_bytes have come */
	MIRROR_CLOSED			/* the window is over */
};

/*
 * mirror_run(m, ret_totals, e): what can be published is, whatever the end.
 * Where it ends early, wanted_bytes is what was left of the images begun.
 */
enum mirror_end mirror_run(const struct mirror *, struct report_totals *,
    struct err *);

#endif
