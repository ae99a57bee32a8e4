#ifndef CDR_WATCH_RECEIVER_H
#define CDR_WATCH_RECEIVER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "hook/event.h"
#include "hook/hook.h"
#include "layout/err.h"

/*
 * The socket to which nginx hands hooks (SCGI: scgi_pass unix:SOCK), served by
 * one thread that never waits: many connections at once, each with its bounds
 * of bytes and time, and no more than RECEIVER_CONNECTIONS_MAX of them.
 */
struct receiver;

/*
 * receiver_new(path, hooks, take, cookie, ret, e): listen at ${path}, a socket
 * with mode 0660; one that a dead process has left there is taken away, any
 * other file is an error, and so is one that somebody listens at. ${hooks} is
 * borrowed. receiver_free closes all, and takes the socket away if it is still
 * ours.
 */
int receiver_new(const char *, const struct hooks *, hook_event_take *,
    void *cookie, struct receiver **, struct err *);
void receiver_free(struct receiver *);

/* receiver_hooks(r, hooks): other ones from now on. */
void receiver_hooks(struct receiver *, const struct hooks *);

/*
 * receiver_poll(r, fds, max): fill in what to wait for; return how many that
 * are.  receiver_work(r, fds, count, now): after poll(2): take, answer, close.
 * receiver_until(r): when receiver_work is to be called at the latest, or
 * INT64_MAX.  Times are milliseconds of the monotonic clock.
 */
#define RECEIVER_FDS_MAX	130u
size_t receiver_poll(struct receiver *, struct pollfd *, size_t);
void receiver_work(struct receiver *, const struct pollfd *, size_t,
    int64_t now);
int64_t receiver_until(const struct receiver *);

/* What has come since it began. */
struct receiver_counts {
	uint64_t taken, not_understood, denied, malformed;
	uint64_t events;
};
void receiver_counts(const struct receiver *, struct receiver_counts *);

#endif
