#ifndef CDR_REGISTRY_HELPER_H
#define CDR_REGISTRY_HELPER_H

#include <stdatomic.h>

#include "layout/err.h"
#include "registry/credentials.h"

/* Programs that keep credentials (quirks.md#credential-helpers). */

enum helper_end {
	HELPER_ANSWERED,
	HELPER_NONE,		/* it works, and has nothing for this server */
	HELPER_FAILED
};

#define HELPER_TIMEOUT_MS	30000

/*
 * helper_get(suffix, server, timeout_ms, stop, ret, e): run
 * "docker-credential-${suffix} get", found in $PATH, with ${server} on its
 * standard input, our environment, and none of our files.  No shell.  It and
 * all that it has started are killed when the time is over, when it prints too
 * much, and soon after ${*stop} becomes true (${stop} may be NULL).  ${ret} is
 * set with HELPER_ANSWERED, ${e} with HELPER_FAILED: that has the first line of
 * its standard error, cleaned, and nothing of its standard output.
 *
 * It blocks: for a worker, and for one at a time, since a pipe that another
 * thread is making could get into the child.
 */
enum helper_end helper_get(const char *, const char *, int,
    const atomic_bool *, struct credential *, struct err *);

#endif
