#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/clock.h"
#include "layout/mem.h"
#include "registry/range.h"
#include "transfer/sink.h"

/* Less is not worth a request of its own, nor is what comes as soon... */
#define SHARE_BYTES_MIN	((uint64_t)1 << 20)
#define SHARE_MS_MIN	150u
/* ... unless a stream seems to need so long for the rest of its range: then all
 * is, and what is less than this goes over undivided. */
#define SLOW_MS		2000u
#define DIVIDED_BYTES_MIN	((uint64_t)256 << 10)

enum step {
	STEP_OPEN,
	STEP_WRITE,
	STEP_RESTART,
	STEP_FINISH,
	STEP_CLOSE,
	STEP_DROP
};

struct sink {
	struct pool *pool;
	struct store *store;
	struct lane lane;
	struct digest id;
	uint64_t size;
	sink_settled *settled;
	void *cookie;

	/* The workers', one after the other. */
	struct blob_writer *writer;
	struct err worker_err;
	struct staged *staged;

	/* The network thread's. */
	struct extents have;		/* here, or on the way to a worker */
	struct stream *streams;		/* those that are open */
	unsigned running;		/* steps not yet done */
	bool settling;
	bool broken;			/* bytes were not written */
};

struct sink_task {
	struct task task;
	struct sink *sink;
	enum step step;
	struct buffer *buffer;		/* STEP_WRITE */
	uint64_t at;
	bool failed;
};

static bool
is_end(enum step step)
{
	return step == STEP_CLOSE || step == STEP_DROP;
}

static int
open_writer(struct sink *s, struct err *e)
{
	if (s->writer != NULL)
		return 0;
	if (blob_writer_open(s->store, &s->id, s->size, &s->writer, e) == -1)
		return -1;
	return blob_writer_resume(s->writer, e);
}

static int
run_step(struct sink *s, const struct sink_task *t, struct err *e)
{
	if (is_end(t->step)) {
		if (t->step == STEP_DROP)
			blob_writer_drop(s->writer);
		else
			blob_writer_close(s->writer);
		s->writer = NULL;
		return 0;
	}
	if (open_writer(s, e) == -1)
		return -1;
	switch (t->step) {
	case STEP_OPEN:
	case STEP_CLOSE:
	case STEP_DROP:
		break;
	case STEP_WRITE:
		return blob_writer_put(s->writer, t->at, t->buffer->bytes,
		    t->buffer->len, e);
	case STEP_RESTART:
		return blob_writer_restart(s->writer, e);
	case STEP_FINISH:
		/* The partial file goes from the writer to what is staged. */
		assert(s->staged == NULL);
		if (blob_writer_finish(s->writer, &s->staged, e) == -1)
			return -1;
		s->writer = NULL;
		break;
	}
	return 0;
}

/* On a worker: after a failure only a restart or the end make sense. */
static void
step_run(struct task *task)
{
	struct sink_task *t = (struct sink_task *)task;
	struct sink *s = t->sink;

	if (t->step == STEP_RESTART)
		s->worker_err.code = ERR_NONE;
	if (s->worker_err.code == ERR_NONE || is_end(t->step))
		(void)run_step(s, t, &s->worker_err);
	t->failed = s->worker_err.code != ERR_NONE;
}

/* What the writer has, now that it is at rest, is what there is. */
static void
take_stock(struct sink *s)
{
	const struct extents *x;
	size_t i;

	extents_clear(&s->have);
	if (s->staged != NULL)
		extents_add(&s->have, 0, s->size);
	if (s->writer == NULL)
		return;
	x = blob_writer_extents(s->writer);
	for (i = 0; i < x->count; i++)
		extents_add(&s->have, x->items[i].start, x->items[i].end);
}

static void
step_done(struct task *task)
{
	struct sink_task *t = (struct sink_task *)task;
	struct sink *s = t->sink;
	enum step step = t->step;
	sink_settled *settled;
	void *cookie;

	s->broken = t->failed;
	if (t->buffer != NULL)
		pool_buffer_return(s->pool, t->buffer);
	free(t);
	assert(s->running > 0);
	if (is_end(step)) {
		assert(s->running == 1 && s->writer == NULL);
		settled = s->settled;
		cookie = s->cookie;
		extents_done(&s->have);
		free(s);
		if (settled != NULL)
			settled(cookie);
		return;
	}
	s->running--;
	if (s->running > 0 || !s->settling)
		return;
	s->settling = false;
	take_stock(s);
	s->settled(s->cookie);
}

static void
start(struct sink *s, enum step step, struct buffer *buffer, uint64_t at)
{
	struct sink_task *t = xcalloc(1, sizeof(*t));

	t->task.run = step_run;
	t->task.done = step_done;
	t->sink = s;
	t->step = step;
	t->buffer = buffer;
	t->at = at;
	s->running++;
	pool_start(s->pool, &s->lane, &t->task);
}

static void
hand_over(struct stream *st)
{
	struct sink *s = st->sink;
	struct buffer *b = st->buffer;

	if (b == NULL)
		return;
	assert(st->buffer_at + b->len == st->at);
	if (b->len > 0) {
		extents_add(&s->have, st->buffer_at, st->buffer_at + b->len);
		start(s, STEP_WRITE, b, st->buffer_at);
	} else {
		pool_buffer_return(s->pool, b);
	}
	st->buffer = NULL;
}

struct sink *
sink_new(struct pool *pool, struct store *store, const struct digest *id,
    uint64_t size, sink_settled *settled, void *cookie)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->pool = pool;
	s->store = store;
	s->id = *id;
	s->size = size;
	s->settled = settled;
	s->cookie = cookie;
	return s;
}

static void
settle(struct sink *s, enum step step)
{
	assert(s->streams == NULL);
	s->settling = true;
	start(s, step, NULL, 0);
}

void
sink_prepare(struct sink *s)
{
	settle(s, STEP_OPEN);
}

/* --- streams ----------------------------------------------------------- */

/* What is here and what is on its way, together. */
static void
taken(const struct sink *s, struct extents *ret)
{
	const struct stream *st;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; i < s->have.count; i++)
		extents_add(ret, s->have.items[i].start, s->have.items[i].end);
	for (st = s->streams; st != NULL; st = st->next)
		extents_add(ret, st->buffer != NULL ? st->buffer_at : st->at,
		    st->end);
}

/* How long it will take at its pace so far; one that has just begun is not
 * taken for slow. */
static uint64_t
time_left_ms(const struct stream *st, int64_t now)
{
	uint64_t moved = st->at - st->begun_at + DIVIDED_BYTES_MIN;
	uint64_t passed_ms = (uint64_t)(now - st->begun_ms);

	return (uint64_t)((double)(st->end - st->at) * (double)passed_ms /
	    (double)moved);
}

/* The stream that will need longest, of those to take something from. */
static struct stream *
slowest(const struct sink *s)
{
	int64_t now = clock_ms();
	struct stream *st, *ret = NULL;
	uint64_t longest = 0, ms;

	for (st = s->streams; st != NULL; st = st->next) {
		ms = time_left_ms(st, now);
		if (ms < SHARE_MS_MIN || (ms < SLOW_MS &&
		    st->end - st->at < 2 * SHARE_BYTES_MIN))
			continue;
		if (ret == NULL || ms > longest) {
			ret = st;
			longest = ms;
		}
	}
	return ret;
}

/* The upper half of its range; it ends when it gets there. */
static bool
divide_slowest(struct sink *s, struct extent *ret)
{
	struct stream *victim = slowest(s);
	uint64_t left;

	if (victim == NULL)
		return false;
	left = victim->end - victim->at;
	ret->end = victim->end;
	ret->start = left < DIVIDED_BYTES_MIN ? victim->at :
	    victim->end - left / 2;
	victim->end = ret->start;
	return true;
}

bool
sink_can_open(const struct sink *s)
{
	return slowest(s) != NULL || sink_unassigned(s) >= SHARE_BYTES_MIN;
}

bool
sink_open(struct sink *s, struct stream *st, uint64_t most, bool divide)
{
	struct extents x;
	struct extent gap;
	bool found;

	assert(!st->open);
	taken(s, &x);
	found = extents_gap(&x, 0, s->size, &gap);
	extents_done(&x);
	if (!found && !(divide && divide_slowest(s, &gap)))
		return false;
	st->sink = s;
	st->open = true;
	st->at = st->begun_at = gap.start;
	st->begun_ms = clock_ms();
	st->end = gap.end - gap.start > most ? gap.start + most : gap.end;
	st->skip = 0;
	st->buffer = NULL;
	st->next = s->streams;
	s->streams = st;
	return true;
}

void
sink_close(struct stream *st)
{
	struct stream **at;

	if (!st->open)
		return;
	hand_over(st);
	for (at = &st->sink->streams; *at != st; at = &(*at)->next)
		continue;
	*at = st->next;
	st->open = false;
}

uint64_t
sink_unassigned(const struct sink *s)
{
	struct extents x;
	uint64_t ret;

	taken(s, &x);
	ret = s->size - extents_total(&x);
	extents_done(&x);
	return ret;
}

/* The whole blob comes, asked for or not. */
static int
begin_whole(struct stream *st, struct err *e)
{
	struct sink *s = st->sink;
	struct extent gap;

	if (s->streams != st || st->next != NULL)
		return err_set(e, ERR_NET, "the registry does not know "
		    "ranges");
	st->skip = st->at;
	/* Up to where all the rest is here.  What is here before that comes a
	 * second time; the gaps behind it would cost more. */
	st->end = st->at;
	while (extents_gap(&s->have, st->end, s->size, &gap))
		st->end = gap.end;
	return 0;
}

int
stream_begin(struct stream *st, long status, const char *range, struct err *e)
{
	int64_t first, last, total;

	st->skip = 0;
	if (status == 200)
		return begin_whole(st, e);
	if (range == NULL || !range_parse(range, &first, &last, &total))
		return err_set(e, ERR_DATA, "the registry answers 206 with "
		    "Content-Range \"%.80s\"", range == NULL ? "" : range);
	if (first < 0 || (uint64_t)first != st->at)
		return err_set(e, ERR_DATA, "the registry was asked for the "
		    "bytes from %llu and sends those from %lld",
		    (unsigned long long)st->at, (long long)first);
	if (total >= 0 && (uint64_t)total != st->sink->size)
		return err_set(e, ERR_DATA, "the registry says that the blob "
		    "has %lld bytes, its descriptor says %llu",
		    (long long)total, (unsigned long long)st->sink->size);
	return 0;
}

/* Room for ${len} more bytes behind each other; false: wait. */
static bool
make_room(struct stream *st, size_t len)
{
	if (st->buffer != NULL && len <= BUFFER_BYTES - st->buffer->len)
		return true;
	/* Nobody holds on to a full one while he waits for another. */
	hand_over(st);
	st->buffer = pool_buffer(st->sink->pool);
	st->buffer_at = st->at;
	return st->buffer != NULL;
}

enum http_taken
stream_add(struct stream *st, const void *buf, size_t len, struct err *e)
{
	const char *p = buf;
	size_t part = st->skip < len ? (size_t)st->skip : len;

	assert(st->open && st->at <= st->end && len <= BUFFER_BYTES);
	if (st->sink->broken) {
		/* The reason is told when all is settled. */
		err_set(e, ERR_STORE, "cannot write");
		return HTTP_REFUSED;
	}
	if (len - part > st->end - st->at) {
		if (st->end == st->sink->size) {
			err_set(e, ERR_DATA, "more than the %llu bytes that "
			    "its descriptor says",
			    (unsigned long long)st->sink->size);
			return HTTP_REFUSED;
		}
		/* Of a whole answer the rest is here; it ends as a stream that
		 * is done. */
		len = part + (size_t)(st->end - st->at);
		if (len == part) {
			err_set(e, ERR_NET, "the rest is here");
			return HTTP_REFUSED;
		}
	}
	/* libcurl comes again with all of it after a pause: first make sure
	 * that there is room, then take it. */
	if (part < len && !make_room(st, len - part))
		return HTTP_PAUSE;
	st->skip -= part;
	if (part < len) {
		memcpy(st->buffer->bytes + st->buffer->len, p + part,
		    len - part);
		st->buffer->len += len - part;
		st->at += len - part;
		if (st->buffer->len == BUFFER_BYTES)
			hand_over(st);
	}
	return HTTP_TAKEN;
}

bool
stream_is_done(const struct stream *st)
{
	return st->at == st->end;
}

/* --- the end ----------------------------------------------------------- */

void
sink_flush(struct sink *s)
{
	settle(s, STEP_OPEN);
}

void
sink_restart(struct sink *s)
{
	settle(s, STEP_RESTART);
}

void
sink_finish(struct sink *s)
{
	settle(s, STEP_FINISH);
}

const struct err *
sink_error(const struct sink *s)
{
	return s->worker_err.code == ERR_NONE ? NULL : &s->worker_err;
}

struct staged *
sink_take(struct sink *s)
{
	struct staged *staged = s->staged;

	s->staged = NULL;
	return staged;
}

uint64_t
sink_received(const struct sink *s)
{
	const struct stream *st;
	uint64_t total = extents_total(&s->have);

	for (st = s->streams; st != NULL; st = st->next)
		if (st->buffer != NULL)
			total += st->buffer->len;
	return total;
}

bool
sink_is_whole(const struct sink *s)
{
	return sink_received(s) == s->size;
}

/* Closing may wait for a disk as well. */
void
sink_end(struct sink *s, bool drop, sink_settled *ended, void *cookie)
{
	assert(s->running == 0 && s->streams == NULL);
	staged_free(s->staged);
	s->staged = NULL;
	s->settled = ended;
	s->cookie = cookie;
	settle(s, drop ? STEP_DROP : STEP_CLOSE);
}
