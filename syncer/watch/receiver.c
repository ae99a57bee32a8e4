/* nginx's side of the receiver: sockets, and how much of each may come.  What
 * is in a request is hook.c's. */
/* accept4. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/secret.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "watch/receiver_internal.h"
#include "watch/scgi.h"

/* What a request without a body needs, and no more than that at first. */
#define FIRST_BYTES	4096u
/* How long nothing is accepted when the process has no descriptor left. */
#define REST_MS		100

struct connection {
	int fd;
	bool answering;
	int64_t until;
	char *buf;		/* ${size} bytes, and one for a NUL */
	size_t size, have;
	size_t whole;		/* 0: not known yet */
	char answer[HOOK_REPLY_MAX + 256];
	size_t answer_len, sent;
};

struct receiver {
	int fd;
	char *path;
	struct stat st;		/* of the socket's name */
	const struct hooks *hooks;
	hook_event_take *take;
	void *cookie;
	struct connection all[RECEIVER_CONNECTIONS_MAX];
	size_t count;
	size_t bytes;		/* of all buffers */
	int64_t rest_until;	/* no descriptor was left: 0, or until then */
	struct receiver_notes notes;
};

int
receiver_new(const char *path, const struct hooks *hooks,
    hook_event_take *take, void *cookie, struct receiver **ret, struct err *e)
{
	struct receiver *r = xcalloc(1, sizeof(*r));
	int rc = -1;

	r->fd = -1;
	r->path = xstrdup(path);
	r->hooks = hooks;
	r->take = take;
	r->cookie = cookie;
	if (receiver_listen(path, &r->fd, &r->st, e) == -1)
		goto out;
	*ret = r;
	r = NULL;
	rc = 0;
out:
	receiver_free(r);
	return rc;
}

static void
connection_end(struct receiver *r, struct connection *c)
{
	close(c->fd);
	if (c->buf != NULL)
		secret_wipe(c->buf, c->size);
	free(c->buf);
	r->bytes -= c->size;
	*c = r->all[--r->count];
	memset(&r->all[r->count], 0, sizeof(*c));
}

void
receiver_free(struct receiver *r)
{
	struct stat st;

	if (r == NULL)
		return;
	while (r->count > 0)
		connection_end(r, &r->all[r->count - 1]);
	if (r->fd != -1) {
		close(r->fd);
		if (lstat(r->path, &st) == 0 && st.st_dev == r->st.st_dev &&
		    st.st_ino == r->st.st_ino)
			unlink(r->path);
	}
	receiver_notes_done(&r->notes);
	free(r->path);
	free(r);
}

void
receiver_hooks(struct receiver *r, const struct hooks *hooks)
{
	r->hooks = hooks;
}

void
receiver_counts(const struct receiver *r, struct receiver_counts *ret)
{
	*ret = r->notes.counts;
}

/* How large its buffer has to be for what comes next. */
static size_t
wants(const struct connection *c)
{
	if (c->whole > c->size)
		return c->whole;
	if (c->have < c->size)
		return c->size;
	return c->size == 0 ? FIRST_BYTES : 2 * c->size;
}

/* A large one waits until others are done with theirs; the first one never
 * does, so that there is always one that goes on. */
static bool
has_room(const struct receiver *r, const struct connection *c)
{
	size_t more = wants(c) - c->size;

	return more == 0 || r->bytes == c->size ||
	    r->bytes + more <= RECEIVER_BYTES_MAX;
}

static void
make_room(struct receiver *r, struct connection *c)
{
	size_t size = wants(c);
	char *buf;

	if (size == c->size)
		return;
	/* By hand: realloc(3) would leave a copy behind. */
	buf = xmalloc(size + 1);
	if (c->have > 0)
		memcpy(buf, c->buf, c->have);
	if (c->buf != NULL)
		secret_wipe(c->buf, c->size);
	free(c->buf);
	r->bytes += size - c->size;
	c->buf = buf;
	c->size = size;
}

size_t
receiver_poll(struct receiver *r, struct pollfd *fds, size_t max)
{
	size_t i, n = 0;

	if (n < max)
		fds[n++] = (struct pollfd){
			.fd = r->count < RECEIVER_CONNECTIONS_MAX &&
			    r->rest_until == 0 ? r->fd : -1,
			.events = POLLIN,
		};
	for (i = 0; i < r->count && n < max; i++)
		fds[n++] = (struct pollfd){
			.fd = r->all[i].fd,
			.events = r->all[i].answering ? POLLOUT :
			    has_room(r, &r->all[i]) ? POLLIN : 0,
		};
	return n;
}

int64_t
receiver_until(const struct receiver *r)
{
	int64_t until = r->rest_until > 0 ? r->rest_until : INT64_MAX;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->all[i].until < until)
			until = r->all[i].until;
	return until;
}

static const char *
reason_of(int status)
{
	switch (status) {
	case 200: return "OK";
	case 202: return "Accepted";
	case 401: return "Unauthorized";
	case 405: return "Method Not Allowed";
	default: return "Bad Request";
	}
}

/* RFC 9110 wants two of these; both are the same for every hook. */
static void
answer(struct connection *c, const struct hook_note *note)
{
	int n = snprintf(c->answer, sizeof(c->answer),
	    "Status: %d %s\r\n%s%sContent-Length: %zu\r\n\r\n%s",
	    note->status, reason_of(note->status),
	    note->status == 401 ? "WWW-Authenticate: Bearer\r\n" :
	    note->status == 405 ? "Allow: POST\r\n" : "",
	    note->reply[0] == '\0' ? "" : "Content-Type: application/json\r\n",
	    strlen(note->reply), note->reply);

	c->answer_len = (size_t)n;
	c->answering = true;
}

static void
on_request(struct receiver *r, struct connection *c, int64_t now)
{
	struct scgi_request scgi;
	struct hook_request request;
	struct hook_note note = {
		.status = 400,
		.reply = "{\"errors\":[{\"code\":\"UNSUPPORTED\","
		    "\"message\":\"no SCGI\"}]}",
	};

	if (c->whole > 0 && scgi_parse(c->buf, c->whole, &scgi) == 0) {
		request = (struct hook_request){
			.method = scgi.method, .path = scgi.uri,
			.headers = scgi.headers, .body = scgi.body,
			.len = scgi.len,
		};
		hooks_call(r->hooks, &request, r->take, r->cookie, &note);
	}
	receiver_note(&r->notes, &note, now);
	answer(c, &note);
}

/* Return false when it is over. */
static bool
read_some(struct receiver *r, struct connection *c, int64_t now)
{
	ssize_t n;
	int rc;

	make_room(r, c);
	n = recv(c->fd, c->buf + c->have, c->size - c->have, 0);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->have += (size_t)n;
	rc = c->whole > 0 ? 1 : scgi_size(c->buf, c->have, &c->whole);
	if (rc == -1 || (rc == 1 && c->have >= c->whole)) {
		if (rc == -1 || c->have > c->whole)
			c->whole = 0;
		on_request(r, c, now);
	}
	return true;
}

static bool
write_some(struct connection *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent,
	    MSG_NOSIGNAL);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	return c->sent < c->answer_len;
}

static void
connection_work(struct receiver *r, struct connection *c, int64_t now)
{
	/* The answer fits into the socket, so it goes at once. */
	if ((!c->answering && !read_some(r, c, now)) ||
	    (c->answering && !write_some(c)))
		connection_end(r, c);
}

static void
accept_all(struct receiver *r, int64_t now)
{
	struct connection *c;
	int fd;

	while (r->count < RECEIVER_CONNECTIONS_MAX) {
		fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1) {
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ECONNABORTED)
				r->rest_until = now + REST_MS;
			return;
		}
		c = &r->all[r->count++];
		memset(c, 0, sizeof(*c));
		c->fd = fd;
		c->until = now + RECEIVER_TIMEOUT_MS;
	}
}

static struct connection *
connection_of(struct receiver *r, int fd)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->all[i].fd == fd)
			return &r->all[i];
	return NULL;
}

void
receiver_work(struct receiver *r, const struct pollfd *fds, size_t count,
    int64_t now)
{
	struct connection *c;
	size_t i;

	for (i = 1; i < count; i++) {
		c = fds[i].revents == 0 ? NULL : connection_of(r, fds[i].fd);
		/* One that waits for room is closed by its sender only. */
		if (c != NULL && fds[i].events == 0)
			connection_end(r, c);
		else if (c != NULL && has_room(r, c))
			connection_work(r, c, now);
	}
	for (i = r->count; i-- > 0;)
		if (r->all[i].until <= now)
			connection_end(r, &r->all[i]);
	if (r->rest_until <= now)
		r->rest_until = 0;
	/* Last: a descriptor that is new now was in no poll. */
	if (count > 0 && fds[0].fd == r->fd && fds[0].revents != 0)
		accept_all(r, now);
}
