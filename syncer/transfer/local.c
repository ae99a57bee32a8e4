#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "transfer/local.h"

#define HEADERS_MAX	6
#define PATH_MAX_HERE	(TAG_MAX + DIGEST_TEXT_MAX + 64)

struct local {
	struct task task;
	struct pool *pool;
	struct ocidir *dir;
	const struct http_handlers *handlers;
	void *cookie;			/* gone where it is cancelled */
	char *registry, *repository;
	char kind[16], reference[PATH_MAX_HERE];
	bool head, bulk;
	uint64_t blob_bytes;		/* as its descriptor says; 0: it is no
					 * blob */
	size_t body_max, body_room, step;
	bool needs_room;		/* the body is larger than that */

	bool with_worker, is_cancelled;
	struct ocidir_answer answer;
	uint64_t from, to;		/* what is asked for; then of it: */
	uint64_t at;			/* where the next piece begins */
	char *buf;			/* the piece; or the whole body */
	size_t len;
	struct err err;

	struct http_reply reply;
	const char *headers[HEADERS_MAX + 1];
	char digest[DIGEST_TEXT_MAX], range[80];
};

static void
local_free(struct local *l)
{
	ocidir_answer_done(&l->answer);
	free(l->buf);
	free(l->registry);
	free(l->repository);
	free(l);
}

static void
hand_to_worker(struct local *l, void (*run)(struct task *),
    void (*done)(struct task *))
{
	l->with_worker = true;
	l->task.run = run;
	l->task.done = done;
	pool_start(l->pool, NULL, &l->task);
}

void
local_cancel(struct local *l)
{
	if (l->with_worker)
		l->is_cancelled = true;
	else
		local_free(l);
}

/* Back from a worker.  False: nobody waits for it any more. */
static bool
is_back(struct local *l)
{
	l->with_worker = false;
	if (!l->is_cancelled)
		return true;
	local_free(l);
	return false;
}

/* --- on a worker ------------------------------------------------------- */

static int
read_piece(struct local *l, uint64_t at, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = pread(l->answer.fd, l->buf + have, len - have,
		    (off_t)(at + have));
		if (n == -1) {
			err_sys(&l->err, "%s: cannot read", l->reference);
			l->err.code = ERR_SYS;
			return -1;
		}
		if (n == 0)
			return err_set(&l->err, ERR_DATA, "%s: the file has "
			    "become shorter", l->reference);
		have += (size_t)n;
	}
	l->len = have;
	return 0;
}

static int
read_body(struct local *l)
{
	size_t size = (size_t)l->answer.size;

	if (l->answer.size > l->body_max)
		return err_set(&l->err, ERR_LIMIT, "%s: %llu bytes, more than "
		    "%zu", l->reference, (unsigned long long)l->answer.size,
		    l->body_max);
	l->buf = xmalloc(size + 1);
	l->buf[size] = '\0';
	if (l->answer.fd != -1)
		return read_piece(l, 0, size);
	memcpy(l->buf, l->answer.body, size);
	l->len = size;
	return 0;
}

/* What is too large for a manifest is none, whatever an index says. */
static int
check_answer(struct local *l)
{
	if (strcmp(l->kind, "manifests") == 0 &&
	    l->answer.size > MANIFEST_BYTES_MAX)
		return err_set(&l->err, ERR_NOT_FOUND, "%s: has %llu bytes, "
		    "and no manifest has", l->reference,
		    (unsigned long long)l->answer.size);
	if (l->blob_bytes > 0 && l->answer.size != l->blob_bytes)
		return err_set(&l->err, ERR_DATA, "the file has %llu bytes, "
		    "its descriptor says %llu",
		    (unsigned long long)l->answer.size,
		    (unsigned long long)l->blob_bytes);
	return 0;
}

static void
ask_run(struct task *task)
{
	struct local *l = (struct local *)task;
	struct ocidir_question q = { l->registry, l->repository, l->kind,
	    l->reference };

	if (ocidir_ask(l->dir, &q, &l->answer, &l->err) == -1 ||
	    check_answer(l) == -1 || l->head || l->bulk)
		return;
	if (l->body_room == 0 || l->answer.size <= l->body_room)
		(void)read_body(l);
	else
		l->needs_room = true;
}

static void
body_run(struct task *task)
{
	(void)read_body((struct local *)task);
}

static void
read_run(struct task *task)
{
	struct local *l = (struct local *)task;
	uint64_t left = l->to - l->at;

	l->len = left < l->step ? (size_t)left : l->step;
	if (l->answer.fd != -1)
		(void)read_piece(l, l->at, l->len);
	else
		memcpy(l->buf, l->answer.body + l->at, l->len);
}

/* --- on the network thread --------------------------------------------- */

static void
end(struct local *l)
{
	l->handlers->end(l->cookie, &l->reply);
	local_free(l);
}

static void
refuse(struct local *l)
{
	l->reply.refused = true;
	l->reply.err = l->err;
	end(l);
}

static void
header(struct local *l, const char *name, const char *value)
{
	size_t i;

	for (i = 0; l->headers[i] != NULL; i += 2)
		continue;
	assert(i + 2 <= HEADERS_MAX);
	l->headers[i] = name;
	l->headers[i + 1] = value;
}

static void
write_headers(struct local *l)
{
	if (l->answer.has_digest)
		header(l, "docker-content-digest",
		    digest_text(&l->answer.digest, l->digest));
	if (l->answer.media_type[0] != '\0')
		header(l, "content-type", l->answer.media_type);
	if (l->reply.status != 206)
		return;
	snprintf(l->range, sizeof(l->range), "bytes %llu-%llu/%llu",
	    (unsigned long long)l->from, (unsigned long long)l->to - 1,
	    (unsigned long long)l->answer.size);
	header(l, "content-range", l->range);
}

static void piece_read(struct task *);

static void
next_piece(struct local *l)
{
	if (l->at == l->to)
		end(l);
	else
		hand_to_worker(l, read_run, piece_read);
}

/* The piece stays here until it is taken. */
static void
deliver(struct local *l)
{
	switch (l->handlers->data(l->cookie, l->buf, l->len, &l->err)) {
	case HTTP_TAKEN:
		l->at += l->len;
		next_piece(l);
		break;
	case HTTP_PAUSE:
		break;
	case HTTP_REFUSED:
		refuse(l);
		break;
	}
}

void
local_resume(struct local *l)
{
	if (!l->with_worker)
		deliver(l);
}

static void
piece_read(struct task *task)
{
	struct local *l = (struct local *)task;

	if (!is_back(l))
		return;
	if (l->err.code != ERR_NONE)
		refuse(l);
	else
		deliver(l);
}

static void
begin_bulk(struct local *l)
{
	if (l->to == 0 || l->to > l->answer.size)
		l->to = l->answer.size;
	if (l->from > l->to)
		l->from = l->to;
	if (l->from > 0 || l->to < l->answer.size)
		l->reply.status = 206;
	write_headers(l);
	if (l->handlers->start(l->cookie, &l->reply, &l->err) == -1) {
		refuse(l);
		return;
	}
	l->at = l->from;
	l->buf = xmalloc(l->step);
	next_piece(l);
}

static void
asked(struct task *task)
{
	struct local *l = (struct local *)task;

	if (!is_back(l))
		return;
	if (l->err.code != ERR_NONE && l->err.code != ERR_NOT_FOUND) {
		refuse(l);
		return;
	}
	if (l->needs_room && !l->handlers->room(l->cookie, l->body_max)) {
		l->reply.no_room = true;
		err_set(&l->err, ERR_LIMIT, "no room for the answer");
		refuse(l);
		return;
	}
	if (l->needs_room) {
		l->needs_room = false;
		l->body_room = 0;
		hand_to_worker(l, body_run, asked);
		return;
	}
	l->reply.status = l->err.code == ERR_NONE ? 200 : 404;
	l->reply.err = l->err;
	if (l->bulk && l->reply.status == 200) {
		begin_bulk(l);
		return;
	}
	write_headers(l);
	l->reply.body = l->buf != NULL ? l->buf : "";
	l->reply.owner = &l->buf;
	l->reply.len = l->reply.received = l->len;
	end(l);
}

/* --- starting ---------------------------------------------------------- */

/* The inverse of upstream_url. */
static void
parse_url(struct local *l, const struct upstream *up, const char *url)
{
	char *base = upstream_url(up, l->repository, "", "");
	size_t len = strlen(base) - 1;		/* ".../", and one for each */

	if (strncmp(url, base, len) == 0)
		(void)sscanf(url + len, "%15[a-z]/%255[^?]", l->kind,
		    l->reference);
	free(base);
}

struct local *
local_start(struct pool *pool, const struct local_question *q,
    const struct http_spec *spec, const struct http_handlers *handlers,
    void *cookie)
{
	struct local *l = xcalloc(1, sizeof(*l));

	l->pool = pool;
	l->dir = q->dir;
	l->handlers = handlers;
	l->cookie = cookie;
	l->registry = xstrdup(q->up->config.name);
	l->repository = xstrdup(q->repository);
	l->head = spec->head;
	l->bulk = spec->bulk;
	l->from = spec->from;
	l->to = spec->to;
	l->body_max = spec->body_max;
	l->body_room = spec->body_room;
	l->step = BUFFER_BYTES;
	if (spec->read_max > 0 && spec->read_max < l->step)
		l->step = spec->read_max;
	l->answer.fd = -1;
	l->reply.transport = TRANSPORT_OK;
	l->reply.headers = l->headers;
	l->blob_bytes = q->blob_bytes;
	parse_url(l, q->up, spec->url);
	hand_to_worker(l, ask_run, asked);
	return l;
}
