#ifndef CDR_REPORT_VERIFY_STATUS_H
#define CDR_REPORT_VERIFY_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/store.h"

/*
 * status/verify.json: what the last run of verify found, how far the pass
 * through the tree has come, and what all runs have found.  Written by who
 * runs verify.
 */
#define VERIFY_STATUS_FILE	"verify.json"

enum verify_result {
	VERIFY_STATUS_OK,
	VERIFY_STATUS_BAD,		/* something is bad and has not been
					 * mended */
	VERIFY_STATUS_TOO_MANY,		/* so much is bad that it stopped */
	VERIFY_STATUS_INTERRUPTED,
	VERIFY_STATUS_STORE,		/* the tree cannot be used */
	VERIFY_STATUS_RESULTS
};
extern const char *const verify_status_results[VERIFY_STATUS_RESULTS];

struct verify_status_run {
	int64_t started, now;		/* seconds since 1970 */
	int exit_code;
	enum verify_result result;
	const char *error;		/* NULL: none */
	bool is_quick;			/* no bytes were hashed: the members
					 * from ${pass} on are not looked at */
	bool is_partial;		/* not all links were looked at: what
					 * the last one that did found wrong
					 * is not known to be right */
	uint64_t structure_bad;		/* links, types, lists, children */
	uint64_t bad, mended;		/* files, found and mended in this
					 * run */
	uint64_t known;			/* of ${bad}: an earlier run has found
					 * them, too, and counted them */
	uint64_t withdrawn;		/* tags */
	uint64_t files, bytes;		/* hashed in this run */
	uint64_t pass;			/* from 1 on: the one that it worked
					 * at last */
	int64_t pass_started;
	uint64_t pass_files, pass_bytes;	/* hashed of it so far */
	bool is_pass_whole;		/* it has come to its end */
	int64_t oldest;			/* no file was last hashed before that;
					 * 0: some never were */
};

/* verify_status_save(store, run, e): a run has ended, however it did.  Return
 * 0, or -1 with ${e} set. */
int verify_status_save(struct store *, const struct verify_status_run *,
    struct err *);

/* What the file says. */
struct verify_status {
	int64_t started, finished, last_success;
	int exit_code;
	uint64_t structure_bad;		/* of the last run that looked at all
					 * links, or more since */
	uint64_t pass, pass_files, pass_bytes;
	int64_t pass_started, oldest;
	bool is_pass_whole;
	struct verify_counters {
		uint64_t runs[VERIFY_STATUS_RESULTS];
		uint64_t files, bytes, bad, mended, withdrawn;
	} counters;
};

/* verify_status_read(store, ret): false, and all of it 0, where no run has
 * written anything, or what it wrote is damaged. */
bool verify_status_read(const struct store *, struct verify_status *);

#endif
