#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/range.h"
#include "transfer/sink.h"

enum step { STEP_OPEN, STEP_WRITE, STEP_RESTART, STEP_FINISH, STEP_CLOSE };

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
	struct buffer *buffer;
	uint64_t offset;		/* of the next byte taken in */
	uint64_t skip;			/* bytes of a 200 that are here */
	unsigned running;		/* steps not yet done */
	bool settling;
};

struct sink_task {
	struct task task;
	struct sink *sink;
	enum step step;
	struct buffer *buffer;		/* STEP_WRITE */
};

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
	switch (t->step) {
	case STEP_OPEN:
		return open_writer(s, e);
	case STEP_WRITE:
		if (open_writer(s, e) == -1)
			return -1;
		return blob_writer_add(s->writer, t->buffer->bytes,
		    t->buffer->len, e);
	case STEP_RESTART:
		if (open_writer(s, e) == -1)
			return -1;
		return blob_writer_restart(s->writer, e);
	case STEP_FINISH:
		if (open_writer(s, e) == -1 ||
		    blob_writer_finish(s->writer, &s->staged, e) == -1)
			return -1;
		s->writer = NULL;
		return 0;
	case STEP_CLOSE:
		blob_writer_close(s->writer);
		s->writer = NULL;
		return 0;
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
	if (s->worker_err.code == ERR_NONE || t->step == STEP_CLOSE)
		(void)run_step(s, t, &s->worker_err);
}

static void
step_done(struct task *task)
{
	struct sink_task *t = (struct sink_task *)task;
	struct sink *s = t->sink;
	enum step step = t->step;

	if (t->buffer != NULL)
		pool_buffer_return(s->pool, t->buffer);
	free(t);
	if (step == STEP_CLOSE) {
		free(s);
		return;
	}
	s->running--;
	if (s->running > 0 || !s->settling)
		return;
	s->settling = false;
	if (s->writer != NULL)
		s->offset = blob_writer_offset(s->writer);
	else if (s->staged == NULL)
		s->offset = 0;
	s->settled(s->cookie);
}

static void
start(struct sink *s, enum step step, struct buffer *buffer)
{
	struct sink_task *t = xcalloc(1, sizeof(*t));

	t->task.run = step_run;
	t->task.done = step_done;
	t->sink = s;
	t->step = step;
	t->buffer = buffer;
	s->running++;
	pool_start(s->pool, &s->lane, &t->task);
}

static void
hand_over(struct sink *s)
{
	if (s->buffer != NULL)
		start(s, STEP_WRITE, s->buffer);
	s->buffer = NULL;
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

void
sink_prepare(struct sink *s)
{
	s->settling = true;
	start(s, STEP_OPEN, NULL);
}

int
sink_begin(struct sink *s, long status, const char *range, struct err *e)
{
	int64_t first, last, total;

	s->skip = 0;
	if (status == 200) {
		s->skip = s->offset;
		return 0;
	}
	if (range == NULL || !range_parse(range, &first, &last, &total))
		return err_set(e, ERR_DATA, "the registry answers 206 with "
		    "Content-Range \"%.80s\"", range == NULL ? "" : range);
	if (first < 0 || (uint64_t)first != s->offset)
		return err_set(e, ERR_DATA, "the registry was asked for the "
		    "bytes from %llu and sends those from %lld",
		    (unsigned long long)s->offset, (long long)first);
	if (total >= 0 && (uint64_t)total != s->size)
		return err_set(e, ERR_DATA, "the registry says that the blob "
		    "has %lld bytes, its descriptor says %llu",
		    (long long)total, (unsigned long long)s->size);
	return 0;
}

enum http_taken
sink_add(struct sink *s, const void *buf, size_t len, struct err *e)
{
	const char *p = buf;
	size_t part;

	part = s->skip < len ? (size_t)s->skip : len;
	if (len - part > s->size - s->offset) {
		err_set(e, ERR_DATA, "more than the %llu bytes that its "
		    "descriptor says", (unsigned long long)s->size);
		return HTTP_REFUSED;
	}
	/* libcurl comes again with all of it after a pause: first make sure
	 * that there is room, then take it. */
	if (part < len && s->buffer == NULL &&
	    (s->buffer = pool_buffer(s->pool)) == NULL)
		return HTTP_PAUSE;
	if (part < len && len - part > BUFFER_BYTES - s->buffer->len) {
		struct buffer *fresh = pool_buffer(s->pool);

		if (fresh == NULL)
			return HTTP_PAUSE;
		start(s, STEP_WRITE, s->buffer);
		s->buffer = fresh;
	}
	s->skip -= part;
	if (part == len)
		return HTTP_TAKEN;
	memcpy(s->buffer->bytes + s->buffer->len, p + part, len - part);
	s->buffer->len += len - part;
	s->offset += len - part;
	if (s->buffer->len == BUFFER_BYTES)
		hand_over(s);
	return HTTP_TAKEN;
}

void
sink_flush(struct sink *s)
{
	s->settling = true;
	hand_over(s);
	start(s, STEP_OPEN, NULL);
}

void
sink_restart(struct sink *s)
{
	s->settling = true;
	hand_over(s);
	start(s, STEP_RESTART, NULL);
}

void
sink_finish(struct sink *s)
{
	s->settling = true;
	hand_over(s);
	start(s, STEP_FINISH, NULL);
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
sink_offset(const struct sink *s)
{
	return s->offset;
}

bool
sink_is_whole(const struct sink *s)
{
	return s->offset == s->size;
}

void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	assert(s->running == 0);
	staged_free(s->staged);
	s->staged = NULL;
	if (s->buffer != NULL)
		pool_buffer_return(s->pool, s->buffer);
	s->buffer = NULL;
	/* Closing may wait for a disk as well. */
	start(s, STEP_CLOSE, NULL);
}
