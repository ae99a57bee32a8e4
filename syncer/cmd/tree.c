#include <poll.h>

#include "cmd/cmd.h"
#include "cmd/tree.h"
#include "report/report.h"

/* A reader says so of what is no tree; a writer would make one. */
static int
look(const char *root, struct err *e)
{
	struct store *store;

	if (store_open(root, STORE_READ, &store, e) == -1)
		return -1;
	store_close(store);
	return 0;
}

/* Who waits for long is told for whom. */
static int
try_and_wait(const char *root, const struct store_patience *patience,
    struct store **ret, struct err *e)
{
	struct store_patience none = *patience;
	int rc;

	none.seconds = 0;
	rc = store_open_patient(root, &none, ret, e);
	if (rc != 1 || patience->seconds == 0)
		return rc;
	report(REPORT_INFO, "%s; waiting for at most %u s", e->msg,
	    patience->seconds);
	return store_open_patient(root, patience, ret, e);
}

int
tree_open(const struct tree_how *how, struct store **ret)
{
	struct store_patience patience = {
		.seconds = how->wait_s, .stop_fd = cmd_stop_fd(),
	};
	struct pollfd stop = { .fd = patience.stop_fd, .events = POLLIN };
	const char *root = cmd_root(how->root);
	struct err e;
	int rc = how->may_make ? 0 : look(root, &e);

	if (rc == 0)
		rc = try_and_wait(root, &patience, ret, &e);
	if (rc == 0)
		return -1;
	if (rc == 1 && poll(&stop, 1, 0) == 1) {
		report(REPORT_WARNING, "interrupted while waiting: %s", e.msg);
		return EXIT_INTERRUPTED;
	}
	if (rc == 1 && how->skip_if_busy) {
		report(REPORT_INFO, "nothing done: %s", e.msg);
		return EXIT_OK;
	}
	report(REPORT_ERROR, "%s", e.msg);
	return EXIT_STORE;
}
