#include <stddef.h>
#include <time.h>

#include "cmd/lists.h"
#include "layout/store.h"
#include "mirror/holdings.h"
#include "report/report.h"

void
lists_catch_up(const char *root)
{
	static const struct store_patience none = { 0, -1 };
	struct store *store;
	struct err e;
	int rc = store_open_patient(root, &none, &store, &e);

	if (rc == 1)
		return;
	if (rc == 0) {
		if (store_finish(store, &e) == -1 ||
		    holdings_save(store, (int64_t)time(NULL), &e) == -1)
			rc = -1;
		store_close(store);
	}
	if (rc == -1)
		report(REPORT_WARNING, "the lists of the tree are behind until "
		    "the next run: %s", e.msg);
}
