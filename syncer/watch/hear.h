#ifndef CDR_WATCH_HEAR_H
#define CDR_WATCH_HEAR_H

#include <poll.h>

#include "hook/event.h"
#include "report/watch_status.h"
#include "watch/notice.h"
#include "watch/receiver.h"

/* Where events come from: a socket with nginx behind it, a folder, both or
 * neither. */
struct hear;

struct hear_from {
	const char *socket, *hooks;	/* and the file that says who may call
					 * there; NULL: neither */
	const char *spool;		/* NULL: none */
	struct notice *notice;
	hook_event_take *take;
	void *cookie;
};

/* hear_new(from, now, ret, e): ERR_INPUT where what it is told is wrong.
 * hear_free takes the socket away, so that senders are told to come again. */
int hear_new(const struct hear_from *, int64_t, struct hear **, struct err *);
void hear_free(struct hear *);

/* hear_poll(h, fds, max): as receiver_poll.  hear_work(h, fds, count, now):
 * after poll(2), whatever it said.  hear_until(h): when to call it at the
 * latest. */
#define HEAR_FDS_MAX	RECEIVER_FDS_MAX
size_t hear_poll(struct hear *, struct pollfd *, size_t);
void hear_work(struct hear *, const struct pollfd *, size_t, int64_t);
int64_t hear_until(const struct hear *);

/* hear_counts(h, ret): all but what matched. */
void hear_counts(const struct hear *, struct watch_counts *);

#endif
