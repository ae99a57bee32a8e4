/*
 * A long link for the benchmarks, in user land: relays TCP connections to a
 * server and delays what goes through them.
 *
 *     relay ADDR:PORT SERVER:PORT RTT_MS BYTES_S TOTAL_BYTES_S
 *
 * What it models:
 * - Each byte takes half the round trip in each direction, in order.
 * - A TCP handshake costs a round trip.  The kernel of a relay has it done at
 *   once; so what the client sends in the first round trip of a connection is
 *   held as if it had been sent at the end of it.
 * - Towards the client a connection carries BYTES_S, all of them together
 *   TOTAL_BYTES_S (0: no bound), shared evenly; each is a bucket, empty at
 *   first, that holds what BURST_MS brings, so that a relay that had to wait
 *   for a processor makes good for it.
 * - No more than WINDOW_BYTES of a connection are under way at once.
 *
 * What it does not: lost packets, a window that opens slowly, the time that
 * requests take up.
 */
#define _GNU_SOURCE	/* accept4, ppoll */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX	512
#define CHUNK_BYTES	((size_t)64 << 10)
#define WINDOW_BYTES	((size_t)4 << 20)
#define BURST_MS	50
#define NS_MS		1000000LL
#define NS_S		1000000000LL

struct chunk {
	struct chunk *next;
	int64_t due;			/* ns; when it has arrived */
	size_t at, len;			/* nothing: the end */
	unsigned char bytes[];
};

struct bucket {
	double rate;			/* bytes a second; 0: no bound */
	double level;
	int64_t at;
};

/* One direction of a connection. */
struct way {
	int from, to;
	struct chunk *first, **end;
	size_t under_way;
	bool ended, blocked;		/* read to the end; full behind it */
	int from_at, to_at;		/* in the array for poll, or -1 */
};

struct link {
	struct way up, down;
	struct bucket bucket;
	int64_t begun;
};

static struct link *links[LINKS_MAX];
static unsigned link_count, turn;
static struct pollfd polled[1 + 4 * LINKS_MAX];
static nfds_t polled_count;
static struct bucket total;
static int64_t rtt;
static double connection_rate;
static struct sockaddr_in server;

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_S + ts.tv_nsec;
}

static void
die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- rates ------------------------------------------------------------- */

static void
bucket_start(struct bucket *b, double rate, int64_t now)
{
	b->rate = rate;
	b->level = 0;
	b->at = now;
}

/* When it will have something; ${now} if it has. */
static int64_t
bucket_ready(struct bucket *b, int64_t now)
{
	double most = b->rate * BURST_MS / 1000;

	if (b->rate == 0)
		return now;
	b->level += b->rate * (double)(now - b->at) / NS_S;
	if (b->level > most)
		b->level = most;
	b->at = now;
	if (b->level > 0)
		return now;
	return now + (int64_t)(-b->level / b->rate * NS_S) + NS_MS / 2;
}

static void
bucket_take(struct bucket *b, size_t len)
{
	if (b->rate > 0)
		b->level -= (double)len;
}

/* --- one direction ----------------------------------------------------- */

static void
way_start(struct way *w, int from, int to)
{
	memset(w, 0, sizeof(*w));
	w->from = from;
	w->to = to;
	w->end = &w->first;
}

/* Read once.  False: the connection is broken. */
static bool
way_take(struct way *w, int64_t due, size_t *ret_len)
{
	struct chunk *c = malloc(sizeof(*c) + CHUNK_BYTES);
	ssize_t n;

	if (c == NULL)
		die("malloc");
	*ret_len = 0;
	n = read(w->from, c->bytes, CHUNK_BYTES);
	if (n == -1) {
		free(c);
		return errno == EAGAIN || errno == EINTR;
	}
	c = realloc(c, sizeof(*c) + (size_t)n);
	if (c == NULL)
		die("realloc");
	w->ended = n == 0;
	c->next = NULL;
	c->due = due;
	c->at = 0;
	c->len = (size_t)n;
	*w->end = c;
	w->end = &c->next;
	w->under_way += c->len;
	*ret_len = c->len;
	return true;
}

static void
drop_first(struct way *w)
{
	struct chunk *c = w->first;

	w->first = c->next;
	if (w->first == NULL)
		w->end = &w->first;
	free(c);
}

/* Hand on what has arrived.  False: the connection is broken. */
static bool
way_give(struct way *w, int64_t now)
{
	struct chunk *c;
	ssize_t n;

	while ((c = w->first) != NULL && c->due <= now) {
		if (c->len == 0) {
			drop_first(w);
			shutdown(w->to, SHUT_WR);
			continue;
		}
		n = write(w->to, c->bytes + c->at, c->len - c->at);
		w->blocked = n == -1 && errno == EAGAIN;
		if (n == -1)
			return w->blocked || errno == EINTR;
		w->under_way -= (size_t)n;
		c->at += (size_t)n;
		if (c->at == c->len)
			drop_first(w);
	}
	return true;
}

static bool
way_has_room(const struct way *w)
{
	return !w->ended && w->under_way < WINDOW_BYTES;
}

/* --- connections ------------------------------------------------------- */

static void
prepare(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		die("fcntl");
}

static void
link_open(int fd, int64_t now)
{
	struct link *link;
	int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (to == -1)
		die("socket");
	if (link_count == LINKS_MAX || connect(to,
	    (const struct sockaddr *)&server, sizeof(server)) == -1) {
		close(to);
		close(fd);
		return;
	}
	prepare(fd);
	prepare(to);
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		die("calloc");
	way_start(&link->up, fd, to);
	way_start(&link->down, to, fd);
	bucket_start(&link->bucket, connection_rate, now);
	link->begun = now;
	links[link_count++] = link;
}

static void
link_close(unsigned i)
{
	struct link *link = links[i];

	close(link->up.from);
	close(link->up.to);
	while (link->up.first != NULL)
		drop_first(&link->up);
	while (link->down.first != NULL)
		drop_first(&link->down);
	free(link);
	links[i] = links[--link_count];
}

static bool
came(int at)
{
	return at != -1 && polled[at].revents != 0;
}

/* A request: what comes before the handshake could be over waits for that. */
static bool
carry_up(struct link *link, int64_t now)
{
	int64_t sent = link->begun + rtt > now ? link->begun + rtt : now;
	size_t len;

	return !came(link->up.from_at) || !way_has_room(&link->up) ||
	    way_take(&link->up, sent + rtt / 2, &len);
}

/* An answer: one chunk, then it is another connection's turn. */
static bool
carry_down(struct link *link, int64_t now)
{
	size_t len;

	if (!came(link->down.from_at) || !way_has_room(&link->down) ||
	    bucket_ready(&link->bucket, now) > now ||
	    bucket_ready(&total, now) > now)
		return true;
	if (!way_take(&link->down, now + rtt / 2, &len))
		return false;
	bucket_take(&link->bucket, len);
	bucket_take(&total, len);
	return true;
}

static bool
is_over(const struct link *link)
{
	return link->up.ended && link->up.first == NULL &&
	    link->down.ended && link->down.first == NULL;
}

static void
carry(int64_t now)
{
	unsigned i, n = link_count;
	struct link *link;
	bool well;

	turn++;
	for (i = 0; i < n; i++) {
		link = links[(turn + i) % n];
		if (!carry_up(link, now) || !carry_down(link, now))
			link->up.ended = link->down.ended = true;
	}
	for (i = link_count; i-- > 0;) {
		link = links[i];
		well = way_give(&link->up, now) && way_give(&link->down, now);
		if (!well || is_over(link))
			link_close(i);
	}
}

/* --- the loop ---------------------------------------------------------- */

static int
poll_for(int fd, short events)
{
	polled[polled_count].fd = fd;
	polled[polled_count].events = events;
	polled[polled_count].revents = 0;
	return (int)polled_count++;
}

/* Wait for this way, or, if that is known, until ${first}. */
static void
await(struct way *w, int64_t ready, int64_t now, int64_t *first)
{
	w->from_at = w->to_at = -1;
	if (way_has_room(w) && ready <= now)
		w->from_at = poll_for(w->from, POLLIN);
	else if (way_has_room(w) && ready < *first)
		*first = ready;
	if (w->first == NULL)
		return;
	if (w->blocked)
		w->to_at = poll_for(w->to, POLLOUT);
	else if (w->first->due < *first)
		*first = w->first->due;
}

static void
wait_for_any(int listener)
{
	int64_t now = now_ns(), first = now + NS_S, ready, own;
	struct timespec ts;
	unsigned i;

	polled_count = 0;
	poll_for(listener, POLLIN);
	ready = bucket_ready(&total, now);
	for (i = 0; i < link_count; i++) {
		own = bucket_ready(&links[i]->bucket, now);
		await(&links[i]->up, now, now, &first);
		await(&links[i]->down, own > ready ? own : ready, now, &first);
	}
	if (first < now)
		first = now;
	ts.tv_sec = (first - now) / NS_S;
	ts.tv_nsec = (first - now) % NS_S;
	if (ppoll(polled, polled_count, &ts, NULL) == -1 && errno != EINTR)
		die("ppoll");
}

static void
parse_address(const char *text, struct sockaddr_in *ret)
{
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);

	memset(ret, 0, sizeof(*ret));
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
	    *end != '\0' || port < 1 || port > UINT16_MAX) {
		fprintf(stderr, "relay: %s is not ADDR:PORT\n", text);
		exit(2);
	}
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	ret->sin_family = AF_INET;
	ret->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &ret->sin_addr) != 1) {
		fprintf(stderr, "relay: %s is not an IPv4 address\n", host);
		exit(2);
	}
}

static int
listen_on(const char *text)
{
	struct sockaddr_in here;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	int one = 1;

	parse_address(text, &here);
	if (fd == -1)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) == -1 ||
	    listen(fd, LINKS_MAX) == -1)
		die(text);
	return fd;
}

static double
number(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || n < 0) {
		fprintf(stderr, "relay: %s is no number\n", text);
		exit(2);
	}
	return n;
}

int
main(int argc, char **argv)
{
	int listener, fd;
	int64_t now;

	if (argc != 6) {
		fputs("usage: relay ADDR:PORT SERVER:PORT RTT_MS BYTES_S "
		    "TOTAL_BYTES_S\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	parse_address(argv[2], &server);
	rtt = (int64_t)number(argv[3]) * NS_MS;
	connection_rate = number(argv[4]);
	bucket_start(&total, number(argv[5]), now_ns());
	listener = listen_on(argv[1]);
	printf("relay: on http://%s\n", argv[1]);
	fflush(stdout);
	for (;;) {
		wait_for_any(listener);
		now = now_ns();
		while ((fd = accept4(listener, NULL, NULL,
		    SOCK_CLOEXEC)) != -1)
			link_open(fd, now);
		carry(now);
	}
}
