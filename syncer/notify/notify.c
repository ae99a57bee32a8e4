#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "notify/notify_internal.h"
#include "report/report.h"

#define STATE_FILE	"notify"

/* Once a run: a disk that is full is told of by others. */
static void
tell_failure(struct notify *n, const struct err *e)
{
	if (!n->has_failed)
		report(REPORT_WARNING, "%s; children that are away now may "
		    "not be told of all", e->msg);
	n->has_failed = true;
}

static void
write_state(struct notify *n)
{
	struct err e;
	size_t len;
	char *text = notify_queue_text(n, &len);

	n->is_written = store_write_state(n->store, STATE_FILE, text, len,
	    &e) == 0;
	if (!n->is_written)
		tell_failure(n, &e);
	free(text);
}

/* --- what waits -------------------------------------------------------- */

/* Who is new has all that is here by a run of its own. */
static bool
settle_children(struct notify *n)
{
	struct notify_child *c;
	bool all_known = true;

	for (c = n->children; c < n->children + n->count; c++) {
		all_known = all_known && c->is_known;
		if (!c->is_known || c->taken > n->queue.last)
			c->taken = n->queue.last;
		c->is_known = true;
		c->was_behind = n->queue.count > 0 && c->taken <
		    n->queue.events[n->queue.count - 1]->number;
	}
	return all_known;
}

void
notify_begin(struct notify *n, struct store *store)
{
	struct err e;
	char *text = NULL;
	size_t len;
	int rc;

	n->store = store;
	rc = store_read_state(store, STATE_FILE, NOTIFY_BYTES_MAX, &text, &len,
	    &e);
	if (rc == 1)
		n->is_written = notify_queue_read(n, text);
	else if (rc == -1)
		report(REPORT_WARNING, "%s; what children have not been told "
		    "so far, they learn by themselves", e.msg);
	free(text);
	if (!settle_children(n))
		n->is_written = false;
	if (!n->is_written)
		write_state(n);
}

/* Before it is published: whoever is killed in between has told of it, and what
 * has not come to be is found out by the store. */
void
notify_publish(struct notify *n, const char *registry, const char *repository,
    const char *tag, const struct manifest_id *id)
{
	const struct notify_event *event;
	struct err e;
	char *line;

	if (n->count == 0)
		return;
	event = notify_queue_add(&n->queue, (int64_t)time(NULL), registry,
	    repository, tag, id);
	line = notify_queue_line(event);
	if (n->is_written && store_append_state(n->store, STATE_FILE, line,
	    strlen(line), &e) == -1) {
		n->is_written = false;
		tell_failure(n, &e);
	}
	free(line);
	if (n->queue.count >= 2 * NOTIFY_WAITING_MAX) {
		notify_queue_fold(&n->queue);
		write_state(n);
	}
}

/* --- the end ----------------------------------------------------------- */

/* It was not published, or has been replaced since. */
static bool
is_no_more(void *cookie, const struct notify_event *event)
{
	const struct notify *n = cookie;
	struct manifest_id here;
	char digest[DIGEST_TEXT_MAX];
	struct err ignored;
	int rc;

	rc = store_reference_get(n->store, event->registry, event->repository,
	    event->tag != NULL ? event->tag : event->digest, &here, &ignored);
	return rc == 0 || (rc == 1 && strcmp(digest_text(&here.digest, digest),
	    event->digest) != 0);
}

static bool
is_taken(void *cookie, const struct notify_event *event)
{
	const uint64_t *least = cookie;

	return event->number <= *least;
}

/* The number up to which all children have taken all. */
static uint64_t
least_taken(const struct notify *n)
{
	uint64_t least = n->queue.last;
	size_t i;

	for (i = 0; i < n->count; i++)
		if (n->children[i].taken < least)
			least = n->children[i].taken;
	return least;
}

void
notify_end(struct notify *n, int timeout_ms, int stop_fd)
{
	uint64_t least;

	if (n->store == NULL || n->queue.count == 0)
		return;
	notify_queue_drop(&n->queue, is_no_more, n);
	notify_queue_fold(&n->queue);
	if (n->queue.lost > 0)
		report(REPORT_WARNING, "%zu images are more than wait for "
		    "children, which is %u: of these they learn by themselves",
		    n->queue.lost, NOTIFY_WAITING_MAX);
	notify_post(n, timeout_ms, stop_fd);
	least = least_taken(n);
	notify_queue_drop(&n->queue, is_taken, &least);
	write_state(n);
}
