#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/refresh.h"
#include "cmd/sync_status.h"
#include "layout/mem.h"
#include "mirror/holdings.h"
#include "report/traffic.h"

/* Where a file is, and not where links lead: a ConfigMap is in another folder
 * each time that it changes. */
static char *
add_path(char *all, const char *path)
{
	char here[PATH_MAX], *longer;

	if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		here[0] = '\0';
	longer = xasprintf("%s%s/%s\n", all, here, path);
	free(all);
	return longer;
}

char *
sync_list_name(const char *const *paths, size_t count, char *const *words,
    int64_t now, char buf[STATUS_LIST_NAME_MAX])
{
	char *all = xstrdup(""), *longer, hex[DIGEST_HEX_MAX];
	struct digest d;
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(paths[i], "-") == 0)
			break;
		all = add_path(all, paths[i]);
	}
	for (; i == count && *words != NULL; words++) {
		longer = xasprintf("%s%s ", all, *words);
		free(all);
		all = longer;
	}
	digest_of(DIGEST_SHA256, all, strlen(all), &d);
	free(all);
	if (i < count)
		snprintf(buf, STATUS_LIST_NAME_MAX, "-%" PRId64, now);
	else
		snprintf(buf, STATUS_LIST_NAME_MAX, "%.16s",
		    digest_hex(&d, hex));
	return buf;
}

void
sync_status(struct status *status, struct store *store, const char *log,
    const struct report_totals *totals, enum mirror_end end,
    const struct err *why)
{
	struct status_end how = {
		.now = (int64_t)time(NULL),
		.exit_code = EXIT_INTERRUPTED,
		.result = "interrupted",
		.totals = *totals,
	};
	struct holdings_end lists = { .store = store };
	struct err e;
	int told;

	if (end == MIRROR_STORE_FAILED) {
		how.exit_code = EXIT_STORE;
		how.result = "store";
		how.error = why->msg;
	} else if (end == MIRROR_DONE) {
		how.exit_code = totals->failed > 0 ? EXIT_SOME_FAILED :
		    EXIT_OK;
		how.result = totals->failed > 0 ? "failed" : "ok";
	}
	lists.now = how.now;
	if (end != MIRROR_STORE_FAILED) {
		refresh_bad(store);
		status_holdings(status, holdings_end, &lists);
	}
	if (log != NULL && (told = traffic_save(store, log, how.now, &e)) != 0)
		report(REPORT_WARNING, "--access-log: %s%s", told == -1 ?
		    "cannot tell what was served: " : "", e.msg);
	if (status_save(status, store, &how, &e) == -1)
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
	status_free(status);
}
