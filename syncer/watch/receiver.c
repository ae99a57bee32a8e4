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
#include <sys/un.h>
#include <unistd.h>

#include "hook/secret.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "watch/receiver.h"
#include "watch/scgi.h"

/* What a request without a body needs, and no more than that at first. */
#define FIRST_BYTES	4096u
/* How long nothing is accepted when the process has no descriptor left. */
#define REST_MS		100
/* Of the same kind one line a minute is enough. */
#define TELL_MS		60000

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

struct told {
	int64_t until;		/* before that it is only counted */
	uint64_t count;
};

struct receiver {
	int fd;
	char *path;
	dev_t dev;
	ino_t ino;
	const struct hooks *hooks;
	hook_event_take *take;
	void *cookie;
	struct connection all[RECEIVER_CONNECTIONS_MAX];
	size_t count;
	size_t bytes;		/* of all buffers */
	int64_t rest_until;	/* no descriptor was left: 0, or until then */
	struct receiver_counts counts;
	struct told denied, malformed, unknown;
};

/* Whether somebody listens there: 1, 0, or -1 with ${e} set. */
static int
is_listened_at(const struct sockaddr_un *at, struct err *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd == -1)
		return err_sys(e, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	    errno == EAGAIN)
		rc = 1;
	else if (errno == ECONNREFUSED || errno == ENOENT)
		rc = 0;
	else
		rc = err_sys(e, "%s", at->sun_path);
	close(fd);
	return rc;
}

static int
check_place(const char *path, const struct sockaddr_un *at, struct err *e)
{
	struct stat st;
	int rc;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT, "%s: is there, and is no socket",
		    path);
	rc = is_listened_at(at, e);
	if (rc == 1)
		return err_set(e, ERR_INPUT, "%s: another process listens at "
		    "it", path);
	return rc;
}

/* Under a name of its own until it listens and has its mode: who finds it under
 * the other one finds it ready, and a dead one is replaced in the same step. */
static int
listen_at(struct receiver *r, struct sockaddr_un *at, struct err *e)
{
	char *name = xasprintf("%s.new", r->path);
	struct stat st;
	int rc = -1;
	mode_t mask;

	if (strlen(name) >= sizeof(at->sun_path)) {
		err_set(e, ERR_INPUT, "%s: the path of a socket has at most "
		    "%zu characters", r->path, sizeof(at->sun_path) - 5);
		goto out;
	}
	r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd == -1) {
		err_sys(e, "cannot make a socket");
		goto out;
	}
	memcpy(at->sun_path, name, strlen(name) + 1);
	unlink(name);
	mask = umask(0117);
	rc = bind(r->fd, (struct sockaddr *)at, sizeof(*at));
	umask(mask);
	if (rc == -1 || listen(r->fd, SOMAXCONN) == -1 ||
	    lstat(name, &st) == -1 || rename(name, r->path) == -1) {
		rc = err_sys(e, "%s: cannot listen", r->path);
		unlink(name);
		goto out;
	}
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	rc = 0;
out:
	free(name);
	return rc;
}

int
receiver_new(const char *path, const struct hooks *hooks,
    hook_event_take *take, void *cookie, struct receiver **ret, struct err *e)
{
	struct receiver *r = xcalloc(1, sizeof(*r));
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int rc = -1;

	r->fd = -1;
	r->path = xstrdup(path);
	r->hooks = hooks;
	r->take = take;
	r->cookie = cookie;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (check_place(path, &at, e) == -1 || listen_at(r, &at, e) == -1)
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
		if (lstat(r->path, &st) == 0 && st.st_dev == r->dev &&
		    st.st_ino == r->ino)
			unlink(r->path);
	}
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
	*ret = r->counts;
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

/* ${what} is a sentence of ours, with a hook's name or without. */
static void
tell(struct told *t, int64_t now, const char *name, const char *what)
{
	t->count++;
	if (now < t->until)
		return;
	if (t->count > 1)
		report(REPORT_WARNING, "hook%s%s: %s (%llu times)",
		    name == NULL ? "" : " ", name == NULL ? "" : name, what,
		    (unsigned long long)t->count);
	else
		report(REPORT_WARNING, "hook%s%s: %s", name == NULL ? "" : " ",
		    name == NULL ? "" : name, what);
	t->count = 0;
	t->until = now + TELL_MS;
}

static void
count_note(struct receiver *r, const struct hook_note *note, int64_t now)
{
	if (note->status == 401) {
		r->counts.denied++;
		tell(&r->denied, now, note->name, note->name == NULL ?
		    "there is none of the name that was called" :
		    "called with a wrong secret, or without it");
	} else if (note->status >= 400) {
		r->counts.malformed++;
		tell(&r->malformed, now, NULL, "a request that is none");
	} else {
		r->counts.taken++;
		r->counts.events += note->events;
		if (note->form == NULL) {
			r->counts.not_understood++;
			tell(&r->unknown, now, note->name,
			    "sends what is in no form that is known");
			return;
		}
		report(REPORT_DEBUG, "hook %s: %s, %zu event%s", note->name,
		    note->form, note->events, note->events == 1 ? "" : "s");
	}
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
	count_note(r, &note, now);
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
	bool goes_on = true;

	/* The answer fits into the socket, so it goes at once. */
	if (!c->answering)
		goes_on = read_some(r, c, now);
	if (goes_on && c->answering)
		goes_on = write_some(c);
	if (!goes_on)
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
