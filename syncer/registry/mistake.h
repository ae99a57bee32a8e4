#ifndef CDR_REGISTRY_MISTAKE_H
#define CDR_REGISTRY_MISTAKE_H

#include <stdbool.h>

/*
 * Failures below HTTP that come of a wrong setting, here or there: what no
 * second try mends is known by the words that libcurl and OpenSSL have for it.
 */
struct mistake {
	const char *words;	/* some of theirs, in lower case */
	bool is_final;		/* no second try mends it */
	const char *advice;	/* what to do */
};

/* mistake_find(message): NULL: it is none of those. */
const struct mistake *mistake_find(const char *);

/* mistake_of_proxy(status): what a proxy's answer to CONNECT means.  Never
 * NULL for 300 and up. */
const struct mistake *mistake_of_proxy(long);

/* mistake_of_answer(status, body): of what a server says by HTTP, or NULL. */
const struct mistake *mistake_of_answer(long, const char *);

#endif
