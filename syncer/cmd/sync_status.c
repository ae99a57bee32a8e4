#include <time.h>

#include "cmd/cmd.h"
#include "cmd/sync_status.h"
#include "mirror/holdings.h"

/* What this run has fetched may have been bad or missing before. */
static void
settle_bad(struct store *store)
{
	struct err e, later;
	int rc = store_step_begin(store, &e);

	if (rc == 0) {
		rc = store_bad_update(store, NULL, 0, NULL, &e);
		if (store_step_end(store, &later) == -1 && rc == 0) {
			e = later;
			rc = -1;
		}
	}
	if (rc == -1)
		report(REPORT_WARNING, "cannot write status/bad: %s", e.msg);
}

void
sync_status(struct status *status, struct store *store,
    const struct report_totals *totals, enum mirror_end end,
    const struct err *why)
{
	struct status_end how = {
		.now = (int64_t)time(NULL),
		.exit_code = EXIT_INTERRUPTED,
		.result = "interrupted",
		.totals = *totals,
	};
	struct err e;

	if (end == MIRROR_STORE_FAILED) {
		how.exit_code = EXIT_STORE;
		how.result = "store";
		how.error = why->msg;
	} else if (end == MIRROR_DONE) {
		how.exit_code = totals->failed > 0 ? EXIT_SOME_FAILED :
		    EXIT_OK;
		how.result = totals->failed > 0 ? "failed" : "ok";
	}
	if (end != MIRROR_STORE_FAILED)
		settle_bad(store);
	/* Before the summary, which tells who waits for it to look again. */
	if (end != MIRROR_STORE_FAILED &&
	    holdings_save(store, how.now, &e) == -1)
		report(REPORT_WARNING, "cannot write the list of images: %s",
		    e.msg);
	if (status_save(status, store, &how, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
	status_free(status);
}
