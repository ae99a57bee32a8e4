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
 * What a child has not taken waits in _state/notify for the next run.
 */
struct notify;

/* notify_read(path, ret, e): the file and its secrets; ERR_INPUT names what is
 * wrong.  notify_free wipes secrets, and accepts NULL. */
int notify_read(const char *, struct notify **, struct err *);
void notify_free(struct notify *);

/* notify_begin(n, store): read what waits from the run before. */
void notify_begin(struct notify *, struct store *);

/* notify_published(n, registry, repository, tag, id): from the thread that
 * calls notify_end.  ${tag} may be NULL. */
void notify_published(struct notify *, const char *, const char *,
    const char *, const struct manifest_id *);

/* notify_end(n, store, timeout_ms, stop_fd): post to all children at once what
 * they have not had, for at most so long; keep the rest.  What fails is told as
 * a warning and does no other harm. */
void notify_end(struct notify *, struct store *, int, int);

#endif
