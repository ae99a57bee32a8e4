/* history.json is for the page's plot: what does not show there is not worth a
 * byte, so that the file stays small for years. */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/history.h"
#include "report/status_doc.h"
#include "report/status_record.h"

#define HISTORY_FILE	"history.json"
/* Of what was written; a point has some 100 bytes. */
#define POINTS_READ_MAX	(2 * HISTORY_POINTS_MAX)

struct point {
	int64_t time;
	struct holding_totals totals;
};

struct history {
	struct point points[POINTS_READ_MAX + 1];
	size_t count;
};

/* Points have to be in order of time, or they are left out: a
 * clock went back. */
static void
load(struct history *h, struct store *store)
{
	bool ignored;
	struct point p;
	json_t *o, *root = status_doc_read_most(store, HISTORY_FILE,
	    HISTORY_FILE_MAX, &ignored);
	size_t i;

	json_array_foreach(json_object_get(root, "points"), i, o) {
		p.time = status_get_time(o, "time");
		p.totals.images = status_get_count(o, "images");
		p.totals.repositories = status_get_count(o, "repositories");
		p.totals.blobs = status_get_count(o, "blobs");
		p.totals.bytes = status_get_count(o, "bytes");
		if (p.time > 0 && h->count < POINTS_READ_MAX &&
		    (h->count == 0 || p.time >= h->points[h->count - 1].time))
			h->points[h->count++] = p;
	}
	json_decref(root);
}

/*
 * Points of the future, of a clock that was ahead, go.  Where most are, it is
 * now that the clock is wrong: false.
 */
static bool
drop_future(struct history *h, int64_t now)
{
	size_t count = h->count;

	while (count > 0 && h->points[count - 1].time > now)
		count--;
	if (h->count - count > (h->count + 1) / 2)
		return false;
	h->count = count;
	return true;
}

/* The time aside. */
static bool
same(const struct holding_totals *a, const struct holding_totals *b)
{
	return a->images == b->images && a->bytes == b->bytes &&
	    a->blobs == b->blobs && a->repositories == b->repositories;
}

static void
add(struct history *h, int64_t now, const struct holding_totals *t)
{
	struct point *last = h->points + h->count;

	assert(h->count <= POINTS_READ_MAX);
	/* The two ends of a flat piece say all of it. */
	if (h->count >= 2 && same(&last[-1].totals, t) &&
	    same(&last[-2].totals, t)) {
		last[-1].time = now;
		return;
	}
	last->time = now;
	last->totals = *t;
	h->count++;
}

/* The oldest point stays: from there it has grown. */
static void
thin(struct history *h)
{
	size_t i, kept, half = h->count / 2;

	if (h->count <= HISTORY_POINTS_MAX)
		return;
	for (i = kept = 0; i < h->count; i++)
		if (i >= half || i % 2 == 0)
			h->points[kept++] = h->points[i];
	h->count = kept;
}

/* A point a line, for those who look at it with grep(1). */
static void
print(FILE *out, void *cookie)
{
	const struct history *h = cookie;
	const struct point *p;
	json_t *o;
	size_t i;

	fputs("{\"version\":1,\"points\":[\n", out);
	for (i = 0; i < h->count; i++) {
		p = &h->points[i];
		o = json_object();
		status_set_time(o, "time", p->time);
		status_set_count(o, "images", p->totals.images);
		status_set_count(o, "repositories", p->totals.repositories);
		status_set_count(o, "blobs", p->totals.blobs);
		status_set_count(o, "bytes", p->totals.bytes);
		json_dumpf(o, out, JSON_COMPACT);
		json_decref(o);
		fputs(i + 1 < h->count ? ",\n" : "\n", out);
	}
	fputs("]}\n", out);
}

/* On the heap: the points have some 40 KiB. */
int
history_save(struct store *store, int64_t now,
    const struct holding_totals *totals, struct err *e)
{
	struct history *h = xcalloc(1, sizeof(*h));
	int rc = 0;

	load(h, store);
	if (drop_future(h, now)) {
		add(h, now, totals);
		while (h->count > HISTORY_POINTS_MAX)
			thin(h);
		rc = store_write_status(store, HISTORY_FILE, print, h, e);
	}
	free(h);
	return rc;
}
