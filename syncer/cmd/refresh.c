#include <time.h>

#include "cmd/refresh.h"
#include "mirror/holdings.h"
#include "report/report.h"
#include "report/status.h"

void
refresh_status(struct store *store, const struct name_set *gone)
{
	struct holdings_end end = { store, (int64_t)time(NULL) };
	struct err e;

	if (status_refresh(store, gone, holdings_end, &end, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
}

/* Steps leave index.json and the catalog to the next writer, which is this
 * one. */
void
refresh_if_free(const char *root)
{
	static const struct store_patience none = {
		.stop_fd = -1,
		.is_brief = true
	};
	struct store *store;
	struct err e;
	int rc = store_open_patient(root, &none, &store, &e);

	if (rc == 0) {
		rc = store_finish(store, &e);
		if (rc == 0)
			refresh_status(store, NULL);
		store_close(store);
	}
	if (rc == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
}

/* What this run has fetched may have been bad or missing before. */
void
refresh_bad(struct store *store)
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
