#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "report/report.h"
#include "watch/hear.h"
#include "watch/spool.h"

/* Secrets are exchanged while we are at work: read again after so long. */
#define HOOKS_LOOK_MS	10000

struct hear {
	struct hear_from from;
	struct hooks *hooks;
	struct receiver *receiver;	/* NULL: no socket */
	struct spool *spool;		/* NULL: none */
	int64_t looked;			/* at the hooks */
	bool was_told;			/* that they are wrong */
};

static int
begin(struct hear *h, struct err *e)
{
	const struct hear_from *from = &h->from;

	if (from->socket != NULL &&
	    (hooks_read(from->hooks, &h->hooks, e) == -1 ||
	    receiver_new(from->socket, h->hooks, from->take, from->cookie,
	    &h->receiver, e) == -1))
		return -1;
	if (from->spool != NULL && spool_new(from->spool, from->notice,
	    from->take, from->cookie, &h->spool, e) == -1)
		return -1;
	return 0;
}

int
hear_new(const struct hear_from *from, int64_t now, struct hear **ret,
    struct err *e)
{
	struct hear *h = xcalloc(1, sizeof(*h));

	h->from = *from;
	h->looked = now;
	if (begin(h, e) == -1) {
		hear_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void
hear_free(struct hear *h)
{
	if (h == NULL)
		return;
	receiver_free(h->receiver);
	hooks_free(h->hooks);
	spool_free(h->spool);
	free(h);
}

size_t
hear_poll(struct hear *h, struct pollfd *fds, size_t max)
{
	return h->receiver == NULL ? 0 : receiver_poll(h->receiver, fds, max);
}

/* Those that are right hold until others are. */
static void
look_at_hooks(struct hear *h, int64_t now)
{
	struct hooks *hooks;
	struct err e;

	h->looked = now;
	if (hooks_read(h->from.hooks, &hooks, &e) == 0) {
		receiver_hooks(h->receiver, hooks);
		hooks_free(h->hooks);
		h->hooks = hooks;
		h->was_told = false;
	} else if (!h->was_told) {
		report(REPORT_ERROR, "%s; the hooks that were right stay",
		    e.msg);
		h->was_told = true;
	}
}

void
hear_work(struct hear *h, const struct pollfd *fds, size_t count, int64_t now)
{
	if (h->receiver != NULL && now >= h->looked + HOOKS_LOOK_MS)
		look_at_hooks(h, now);
	if (h->receiver != NULL)
		receiver_work(h->receiver, fds, count, now);
	if (h->spool != NULL)
		spool_look(h->spool, now);
}

int64_t
hear_until(const struct hear *h)
{
	int64_t until = INT64_MAX, other;

	if (h->receiver != NULL) {
		until = receiver_until(h->receiver);
		other = h->looked + HOOKS_LOOK_MS;
		until = other < until ? other : until;
	}
	if (h->spool != NULL) {
		other = spool_until(h->spool);
		until = other < until ? other : until;
	}
	return until;
}

void
hear_counts(const struct hear *h, struct watch_counts *ret)
{
	struct receiver_counts r = { 0 };
	struct spool_counts s = { 0 };

	if (h->receiver != NULL)
		receiver_counts(h->receiver, &r);
	if (h->spool != NULL)
		spool_counts(h->spool, &s);
	ret->taken = r.taken + s.taken;
	ret->not_understood = r.not_understood + s.not_understood;
	ret->denied = r.denied;
	ret->malformed = r.malformed;
}
