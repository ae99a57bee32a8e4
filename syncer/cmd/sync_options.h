#ifndef CDR_CMD_SYNC_OPTIONS_H
#define CDR_CMD_SYNC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/sync_gc.h"
#include "image/only.h"
#include "mirror/window.h"
#include "report/report.h"

/* Who asks: its name, for messages, and what --help prints. */
struct sync_usage {
	const char *command;		/* "cdr sync" */
	const char *text;
	const char *const *more;	/* options that it has taken already,
					 * all with a value, or NULL */
};

extern const char sync_help[];		/* that of cdr sync */

/* The command line of cdr sync, and of cdr watch, which hands it on. */
struct sync_options {
	const struct sync_usage *usage;
	const char *root, *registries, *require_signed;
	const char **lists;
	size_t list_count;
	struct only *only;		/* NULL: all of the list */
	char **words;			/* REFs and their settings, up to a
					 * NULL, */
	int word_count;			/* so many */
	enum report_format format;
	enum report_level level;
	uint64_t limit_rate, max_bytes;
	unsigned jobs, connections;
	bool has_window;
	struct window window;
	const char *from, *notify, *access_log;
	bool plan, json;
	unsigned wait;			/* seconds */
	bool skip_if_busy;
	struct sync_gc gc;
};

/*
 * sync_options_parse(usage, argc, argv, ret): what is wrong is told.  Return -1
 * to go on, or an exit code.  sync_options_done releases what is in ${ret},
 * also then; its texts are of ${argv}, whose order changes.
 */
int sync_options_parse(const struct sync_usage *, int, char **,
    struct sync_options *);
void sync_options_done(struct sync_options *);

#endif
