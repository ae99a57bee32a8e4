#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/repair.h"
#include "registry/proxy.h"
#include "report/report.h"

/* Objects that are asked for at once. */
#define ACTIVE_MAX	128u
#define STEP_MS		250

struct repair {
	const struct dispatch_config *config;
	struct dispatch *d;
	size_t active;
	size_t ended, all;		/* objects, for who looks on */
	bool is_stopping;
	struct err store_err;		/* code ERR_NONE: the store is well */
};

struct attempt {
	struct waiter waiter;
	struct object object;
	struct repair *repair;
	struct repair_object *of;
	size_t source;			/* the next one */
};

/* --- one object -------------------------------------------------------- */

static void
fill_object(const struct repair_object *of, uint64_t size,
    struct object *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->id = of->digest;
	if (of->media_type[0] == '\0') {
		ret->kind = OBJECT_BLOB;
		ret->size = size;
		return;
	}
	ret->kind = media_kind(of->media_type) == MEDIA_OTHER ?
	    OBJECT_OPAQUE : OBJECT_MANIFEST;
	ret->any_size = true;
	snprintf(ret->media_type, sizeof(ret->media_type), "%s",
	    of->media_type);
}

/* A disk that is full fails at the end of the download, and this at once. */
static int
has_room(struct repair *r, const struct object *o, struct err *e)
{
	uint64_t room = store_free_bytes(r->config->store);
	uint64_t promised = dispatch_promised(r->d);
	char need_text[REPORT_BYTES_MAX], room_text[REPORT_BYTES_MAX];

	if (o->kind != OBJECT_BLOB ||
	    (o->size <= room && promised <= room - o->size))
		return 0;
	return err_set(e, ERR_ROOM, "it has %s, and the file system has %s "
	    "free", report_bytes(o->size, need_text),
	    report_bytes(room, room_text));
}

/* Return false if there is no source left. */
static bool
ask_next(struct attempt *a)
{
	struct repair *r = a->repair;
	struct repair_object *of = a->of;
	const struct repair_source *s;

	while (!r->is_stopping && a->source < of->source_count) {
		s = &of->sources[a->source++];
		fill_object(of, s->size, &a->object);
		if (has_room(r, &a->object, &of->err) == -1)
			return false;
		a->waiter.source = dispatch_source(r->d, s->registry,
		    &of->err);
		a->waiter.repository = s->repository;
		if (a->waiter.source == NULL)
			continue;
		dispatch_want(r->d, &a->object, &a->waiter);
		return true;
	}
	return false;
}

static void
fetched(struct waiter *waiter, const struct err *e)
{
	struct attempt *a = (struct attempt *)waiter;
	struct repair *r = a->repair;

	if (e == NULL) {
		a->of->is_mended = true;
	} else {
		a->of->err = *e;
		if (e->code == ERR_STORE && r->store_err.code == ERR_NONE)
			r->store_err = *e;
		else if (e->code != ERR_CANCELLED && ask_next(a))
			return;
	}
	r->active--;
	r->ended++;
	free(a);
}

static void
start(struct repair *r, struct repair_object *of)
{
	struct attempt *a = xcalloc(1, sizeof(*a));

	a->repair = r;
	a->of = of;
	a->waiter.end = fetched;
	err_set(&of->err, ERR_NOT_FOUND, "no repository has it");
	if (ask_next(a)) {
		r->active++;
		return;
	}
	r->ended++;
	free(a);
}

/* --- all of them ------------------------------------------------------- */

static void
mind_stop(struct repair *r, int stop_fd)
{
	struct pollfd p = { .fd = stop_fd, .events = POLLIN };

	if (r->is_stopping || (r->store_err.code == ERR_NONE &&
	    poll(&p, 1, 0) != 1))
		return;
	r->is_stopping = true;
	dispatch_stop(r->d);
}

static void
show(const struct repair *r)
{
	struct report_work w = {
		.what = "object",
		.done = r->ended,
		.all = r->all,
		.permille = report_permille(r->ended, r->all),
		.bytes = dispatch_stats(r->d)->bytes,
		.left_bytes = dispatch_left(r->d),
		.limit_rate = r->config->limit_rate,
		.waits = dispatch_waits(r->d),
	};

	report_work(&w);
}

static void
loop(struct repair *r, int stop_fd, struct repair_object *objects,
    size_t count)
{
	size_t next;

	for (next = 0; next < count; next++)
		r->all += !objects[next].is_mended;
	next = 0;
	for (;;) {
		mind_stop(r, stop_fd);
		while (!r->is_stopping && next < count &&
		    r->active < ACTIVE_MAX) {
			if (!objects[next].is_mended)
				start(r, &objects[next]);
			next++;
		}
		if (r->active == 0 && dispatch_idle(r->d) &&
		    (r->is_stopping || next == count))
			return;
		dispatch_step(r->d, STEP_MS, r->is_stopping ? -1 : stop_fd);
		if (report_progress_due())
			show(r);
	}
}

int
repair_ready(bool is_local, struct err *e)
{
	(void)is_local;
	return proxy_check(e);
}

int
repair_run(const struct dispatch_config *config, int stop_fd,
    struct repair_object *objects, size_t count, struct err *e)
{
	struct repair r = { .config = config };

	r.d = dispatch_new(config, e);
	if (r.d == NULL)
		return -1;
	loop(&r, stop_fd, objects, count);
	dispatch_keep_quotas(r.d);
	dispatch_free(r.d);
	if (r.store_err.code != ERR_NONE) {
		*e = r.store_err;
		return -1;
	}
	return r.is_stopping ? 1 : 0;
}
