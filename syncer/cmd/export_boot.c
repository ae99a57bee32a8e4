#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/export_boot.h"
#include "report/report.h"

static void
warn(void *cookie, const char *what)
{
	(void)cookie;
	report(REPORT_WARNING, "%s", what);
}

int
export_boot_look(const struct store *store, const char *arches,
    struct boot **ret, struct err *e)
{
	struct boot_wish wish = { .store = store, .arches = arches,
	    .warn = warn };
	char *source;
	int rc;

	if (arches == NULL)
		return 0;
	source = boot_source();
	if (source == NULL)
		return err_set(e, ERR_INPUT, "--boot: there is no folder "
		    "boot/ with this program: \"make boot\" makes it, and "
		    "$CDR_BOOT may say where it is");
	wish.source = source;
	rc = boot_new(&wish, ret, e);
	free(source);
	if (rc == 0)
		return 0;
	if (e->code == ERR_NOT_FOUND)
		e->code = ERR_INPUT;
	return err_wrap(e, "--boot");
}

int
export_boot_write(const struct boot *boot, const char *dir, const char *key,
    bool is_quiet, struct err *e)
{
	char text[REPORT_BYTES_MAX];

	if (boot == NULL)
		return 0;
	if (boot_write(boot, dir, key, cmd_stop_fd(), e) == -1)
		return -1;
	if (!is_quiet)
		printf("%s/%s: %s, begin with START.md there\n", dir,
		    BOOT_FOLDER, report_bytes(boot_bytes(boot), text));
	return 0;
}

void
export_boot_plan(const struct boot *boot)
{
	char text[REPORT_BYTES_MAX];

	if (boot != NULL)
		printf("%s: %s\n", BOOT_FOLDER,
		    report_bytes(boot_bytes(boot), text));
}
