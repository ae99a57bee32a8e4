#ifndef CDR_TRANSFER_MIRROR_H
#define CDR_TRANSFER_MIRROR_H

#include "image/list.h"
#include "report/report.h"
#include "transfer/dispatch.h"

/* One run: every image of a list. */
struct mirror {
	struct dispatch_config config;
	const struct image_list *list;
	int stop_fd;			/* readable when the run has to end */
};

enum mirror_end {
	MIRROR_DONE,			/* ret_totals tells how */
	MIRROR_STORE_FAILED,		/* ${e} tells why */
	MIRROR_STOPPED
};

/*
 * mirror_run(m, ret_totals, e): what can be published is, whatever the end.
 */
enum mirror_end mirror_run(const struct mirror *, struct report_totals *,
    struct err *);

#endif
