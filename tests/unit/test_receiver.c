/* The receiver's socket: many connections, slow, wrong and large ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "scratch.h"
#include "watch/receiver.h"

#define KEY	"a-secret-of-enough-length"

static size_t heard;

static void
on_event(void *cookie, const struct hook_event *event)
{
	(void)cookie;
	assert_string_equal(event->registry, "docker.io");
	heard++;
}

/* A receiver in a folder of its own, and its hook "ci". */
struct site {
	struct scratch *folder;
	struct hooks *hooks;
	struct receiver *receiver;
	char *path;
};

static void
put(struct scratch *s, const char *name, const char *text)
{
	int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int
site_setup(void **state)
{
	struct site *s = xcalloc(1, sizeof(*s));
	char *config;
	struct err e;

	report_init(REPORT_TEXT, REPORT_ERROR);
	heard = 0;
	if (scratch_setup((void **)&s->folder) == -1)
		return -1;
	put(s->folder, "key", KEY "\n");
	put(s->folder, "hooks.json", "{\"ci\": {\"bearer_file\": \"key\"}}");
	config = xasprintf("%s/hooks.json", s->folder->path);
	s->path = xasprintf("%s/hook.sock", s->folder->path);
	if (hooks_read(config, &s->hooks, &e) == -1 ||
	    receiver_new(s->path, s->hooks, on_event, NULL, &s->receiver, &e)
	    == -1)
		fail_msg("%s", e.msg);
	free(config);
	*state = s;
	return 0;
}

static int
site_teardown(void **state)
{
	struct site *s = *state;
	void *folder = s->folder;

	receiver_free(s->receiver);
	assert_int_equal(access(s->path, F_OK), -1);
	hooks_free(s->hooks);
	free(s->path);
	free(s);
	return scratch_teardown(&folder);
}

static int
dial(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All that is to be done now. */
static void
work(struct receiver *r, int64_t now)
{
	struct pollfd fds[RECEIVER_FDS_MAX];
	size_t n, rounds;

	for (rounds = 0; rounds < 5000; rounds++) {
		n = receiver_poll(r, fds, RECEIVER_FDS_MAX);
		assert_true(n <= RECEIVER_FDS_MAX);
		if (poll(fds, n, 0) == 0)
			break;
		receiver_work(r, fds, n, now);
	}
	receiver_work(r, fds, 0, now);
}

/* free(3) it. */
static char *
request(const char *token, const char *body, size_t len, size_t *ret_len)
{
	char *head, *out;
	size_t head_len;
	FILE *to = xtext_open(&head, &head_len);

	fprintf(to, "CONTENT_LENGTH%c%zu%cSCGI%c1%c", 0, len, 0, 0, 0);
	fprintf(to, "REQUEST_METHOD%cPOST%cREQUEST_URI%c/hook/ci%c", 0, 0, 0,
	    0);
	fprintf(to, "HTTP_AUTHORIZATION%cBearer %s%c", 0, token, 0);
	xtext_close(to);
	to = xtext_open(&out, ret_len);
	fprintf(to, "%zu:", head_len);
	fwrite(head, 1, head_len, to);
	fputc(',', to);
	fwrite(body, 1, len, to);
	xtext_close(to);
	free(head);
	return out;
}

#define BODY	"{\"images\": [\"nginx:1\", \"nginx:2\"]}"

static void
send_all(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* The answer has come, whole, and the connection is closed. */
static void
expect_answer(int fd, const char *status, const char *more)
{
	char buf[2048];
	ssize_t n, len = 0;

	while ((n = recv(fd, buf + len, sizeof(buf) - 1 - (size_t)len,
	    MSG_DONTWAIT)) > 0)
		len += n;
	if (n == -1)
		assert_int_equal(errno, ECONNRESET);
	buf[len] = '\0';
	if (strncmp(buf, status, strlen(status)) != 0 ||
	    (more != NULL && strstr(buf, more) == NULL))
		fail_msg("%s", buf);
	assert_null(strstr(buf, KEY));
	close(fd);
}

static void
expect_silence(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

static void
test_answers(void **state)
{
	struct site *s = *state;
	struct receiver_counts counts;
	struct stat st;
	size_t len;
	char *text = request(KEY, BODY, strlen(BODY), &len);
	int fd = dial(s->path);

	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	send_all(fd, text, len);
	work(s->receiver, 0);
	expect_answer(fd, "Status: 202 Accepted\r\n",
	    "Content-Length: 0\r\n\r\n");
	assert_int_equal(heard, 2);
	free(text);

	text = request("wrong", BODY, strlen(BODY), &len);
	fd = dial(s->path);
	send_all(fd, text, len);
	work(s->receiver, 0);
	expect_answer(fd, "Status: 401 Unauthorized\r\n",
	    "WWW-Authenticate: Bearer\r\nContent-Type: application/json\r\n");
	free(text);

	text = request(KEY, "?", 1, &len);
	fd = dial(s->path);
	send_all(fd, text, len);
	work(s->receiver, 0);
	expect_answer(fd, "Status: 202 Accepted\r\n", NULL);
	free(text);

	fd = dial(s->path);
	send_all(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	work(s->receiver, 0);
	expect_answer(fd, "Status: 400 Bad Request\r\n", "\"errors\"");

	/* More than it said. */
	text = request(KEY, BODY, strlen(BODY), &len);
	fd = dial(s->path);
	text[len] = 'x';
	send_all(fd, text, len + 1);
	work(s->receiver, 0);
	expect_answer(fd, "Status: 400 Bad Request\r\n", NULL);
	free(text);

	assert_int_equal(heard, 2);
	receiver_counts(s->receiver, &counts);
	assert_int_equal(counts.taken, 2);
	assert_int_equal(counts.not_understood, 1);
	assert_int_equal(counts.events, 2);
	assert_int_equal(counts.denied, 1);
	assert_int_equal(counts.malformed, 2);
}

/* Byte after byte, beside one that comes at once. */
static void
test_slow(void **state)
{
	struct site *s = *state;
	size_t len, i;
	char *text = request(KEY, BODY, strlen(BODY), &len);
	int slow = dial(s->path), fast;

	for (i = 0; i + 1 < len; i++) {
		send_all(slow, text + i, 1);
		work(s->receiver, (int64_t)i);
	}
	expect_silence(slow);
	assert_int_equal(receiver_until(s->receiver), RECEIVER_TIMEOUT_MS);
	fast = dial(s->path);
	send_all(fast, text, len);
	work(s->receiver, 100);
	expect_answer(fast, "Status: 202", NULL);
	send_all(slow, text + i, 1);
	work(s->receiver, 200);
	expect_answer(slow, "Status: 202", NULL);
	assert_int_equal(heard, 4);
	assert_true(receiver_until(s->receiver) == INT64_MAX);
	free(text);
}

/* One that says no more is given up, however much it had said. */
static void
test_silent(void **state)
{
	struct site *s = *state;
	int mute = dial(s->path), half = dial(s->path), gone = dial(s->path);

	send_all(half, "70:CONTENT_LENGTH", 17);
	work(s->receiver, 1000);
	close(gone);
	work(s->receiver, 1000);
	work(s->receiver, 1000 + RECEIVER_TIMEOUT_MS - 1);
	expect_silence(mute);
	expect_silence(half);
	work(s->receiver, 1000 + RECEIVER_TIMEOUT_MS);
	expect_end(mute);
	expect_end(half);
	assert_true(receiver_until(s->receiver) == INT64_MAX);
}

/* No more than so many at once; the others wait, and come to their turn. */
static void
test_many(void **state)
{
	struct site *s = *state;
	int fds[RECEIVER_CONNECTIONS_MAX + 20];
	size_t len, i;
	char *text = request(KEY, BODY, strlen(BODY), &len);

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = dial(s->path);
	work(s->receiver, 0);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		send_all(fds[i], text, len);
	work(s->receiver, 1);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		expect_answer(fds[i], "Status: 202", NULL);
	assert_int_equal(heard, 2 * i);
	free(text);
}

/* The largest ones, more than there may be in memory at once: each is taken,
 * and one that stops in the middle does not keep the others for ever. */
static void
test_large(void **state)
{
	enum { LARGE = 20 };
	struct site *s = *state;
	size_t len, i, sent[LARGE] = { 0 }, open = LARGE;
	char *body = xmalloc(HOOK_BODY_MAX), *text;
	int fds[LARGE];
	ssize_t n;

	memset(body, ' ', HOOK_BODY_MAX);
	memcpy(body, BODY, strlen(BODY));
	text = request(KEY, body, HOOK_BODY_MAX, &len);
	for (i = 0; i < LARGE; i++)
		fds[i] = dial(s->path);
	while (open > 0) {
		for (i = 0; i < LARGE; i++) {
			if (sent[i] == len)
				continue;
			n = send(fds[i], text + sent[i], len - sent[i],
			    MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n > 0)
				sent[i] += (size_t)n;
			open -= sent[i] == len;
		}
		work(s->receiver, 0);
	}
	for (i = 0; i < LARGE; i++)
		expect_answer(fds[i], "Status: 202", NULL);
	assert_int_equal(heard, 2 * LARGE);
	free(text);
	/* And what is larger by one byte is not. */
	text = request(KEY, body, HOOK_BODY_MAX, &len);
	memcpy(strstr(text, "CONTENT_LENGTH") + 15, "1048577", 7);
	fds[0] = dial(s->path);
	send_all(fds[0], text, 4096);
	work(s->receiver, 0);
	expect_answer(fds[0], "Status: 400", NULL);
	free(text);
	free(body);
}

/* Where another one listens, or something else is, nothing is taken away; what
 * a dead process has left is. */
static void
test_place(void **state)
{
	struct site *s = *state;
	struct receiver *other = NULL;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char *file = xasprintf("%s/file", s->folder->path);
	char *left = xasprintf("%s/left", s->folder->path);
	char *none = xasprintf("%s/none/x", s->folder->path);
	char longer[200];
	struct err e;
	int fd;

	assert_int_equal(receiver_new(s->path, s->hooks, on_event, NULL, &other,
	    &e), -1);
	assert_non_null(strstr(e.msg, "another process listens"));
	put(s->folder, "file", "x");
	assert_int_equal(receiver_new(file, s->hooks, on_event, NULL, &other,
	    &e), -1);
	assert_non_null(strstr(e.msg, "is there, and is no socket"));
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(receiver_new(none, s->hooks, on_event, NULL, &other,
	    &e), -1);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(receiver_new(longer, s->hooks, on_event, NULL, &other,
	    &e), -1);
	assert_non_null(strstr(e.msg, "the path of a socket has at most"));

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", left);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	if (receiver_new(left, s->hooks, on_event, NULL, &other, &e) == -1)
		fail_msg("%s", e.msg);
	fd = dial(left);
	assert_int_not_equal(fd, -1);
	close(fd);
	/* A socket that is not ours any more stays. */
	assert_int_equal(rename(s->path, left), 0);
	receiver_free(other);
	assert_int_equal(rename(left, s->path), 0);
	receiver_free(NULL);
	free(none);
	free(left);
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, site_setup,
		    site_teardown),
		cmocka_unit_test_setup_teardown(test_slow, site_setup,
		    site_teardown),
		cmocka_unit_test_setup_teardown(test_silent, site_setup,
		    site_teardown),
		cmocka_unit_test_setup_teardown(test_many, site_setup,
		    site_teardown),
		cmocka_unit_test_setup_teardown(test_large, site_setup,
		    site_teardown),
		cmocka_unit_test_setup_teardown(test_place, site_setup,
		    site_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
