#ifndef CDR_NOTIFY_NOTIFY_H
#define CDR_NOTIFY_NOTIFY_H

#include <stdint.h>

#include "layout/err.h"
#include "layout/store.h"

/*
 * Telling other mirrors, which follow this one, what was published: the event
 * form of distribution ("Notifications"), without a host, so that
 * target.repository is the name that lists have: docker.io/library/nginx.
 *
 * The file of --notify:
 *
 *	{"site-a": {"url": "https://a.example:5001/hook/parent",
 *		    "bearer_file": "a.token"}}
 *
 * and, where a child is reached by TLS of its own, ca_file, client_cert and
 * client_key.  Files are relative to that one; a line feed at the end of a
 * secret does not count.  What a child has not taken waits in _state/notify for
 * the next run, and so does what a run that was killed has published.
 */
struct notify;

/* notify_read(path, ret, e): the file and its secrets; ERR_INPUT names what is
 * wrong.  notify_free wipes secrets, and accepts NULL. */
int notify_read(const char *, struct notify **, struct err *);
void notify_free(struct notify *);

/* notify_begin(n, store): read what waits from the run before.  A child that
 * was not told of by then is told of what comes from now on. */
void notify_begin(struct notify *, struct store *);

/*
 * notify_publish(n, registry, repository, tag, id): it is about to be
 * published; from the thread that calls notify_end.  ${tag} may be NULL.
 * Nobody is told of what is not there in the end.
 */
void notify_publish(struct notify *, const char *, const char *, const char *,
    const struct manifest_id *);

/* notify_end(n, timeout_ms, stop_fd): post to all children at once what they
 * have not had, for at most so long; keep the rest.  What fails is told as a
 * warning and does no other harm. */
#define NOTIFY_END_MS	10000
void notify_end(struct notify *, int, int);

#endif
