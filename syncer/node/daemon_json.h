#ifndef CDR_NODE_DAEMON_JSON_H
#define CDR_NODE_DAEMON_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * dockerd's daemon.json: "registry-mirrors" is a list of URLs, for Docker Hub.
 * All else in it is somebody else's and is kept, in its order.
 */

/* daemon_json_add(path, base, url, ret, e): ${url} first in the list; ${base}
 * may be NULL.  What has it already comes back byte for byte.  Return 0, or -1
 * with ${e} set (ERR_INPUT). */
int daemon_json_add(const char *, const char *, const char *, char **,
    struct err *);

/* daemon_json_drop(path, now, url, ret, e): without ${url}, and without a list
 * that is empty then. */
int daemon_json_drop(const char *, const char *, const char *, char **,
    struct err *);

/* daemon_json_mirrors(path, text, fn, cookie, e): each URL of the list, as
 * dockerd has it, which goes by the last of two members of one name. */
int daemon_json_mirrors(const char *, const char *,
    void (*)(void *, const char *), void *, struct err *);

/* daemon_json_has_mirrors(text): does the member stand there, if as null? */
bool daemon_json_has_mirrors(const char *);

/* What dockerd does not start with before 23.0. */
enum daemon_json_oddity {
	DAEMON_JSON_FINE,
	DAEMON_JSON_EMPTY,
	DAEMON_JSON_BOM
};
enum daemon_json_oddity daemon_json_oddity(const char *);

#endif
