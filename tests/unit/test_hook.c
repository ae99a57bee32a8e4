/* The file of hooks, and who may call one of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdbool.h>

#include "hook/hook.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "scratch.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define KEY	"a-secret-of-enough-length"
#define BODY	"{\"image\": \"nginx:1.27\"}"

static void
put(struct scratch *s, const char *name, const char *text)
{
	int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int
read_config(struct scratch *s, const char *text, struct hooks **ret,
    struct err *e)
{
	char *path = xasprintf("%s/hooks.json", s->path);
	int rc;

	put(s, "hooks.json", text);
	rc = hooks_read(path, ret, e);
	free(path);
	return rc;
}

static void
test_config(void **state)
{
	static const struct {
		const char *text, *says;	/* NULL: it is right */
	} cases[] = {
		{ "{\"a\": {\"bearer_file\": \"key\"}}", NULL },
		{ "{\"a\": {\"registry\": \"reg.example:5000\", "
		  "\"hmac_secret_file\": \"key\"}}", NULL },
		{ "{\"a\": {\"registry\": \"localhost\", "
		  "\"hmac_sha1_secret_file\": \"key\", "
		  "\"header\": \"X-Mine\"}}", NULL },
		{ "{\"a\": {\"url_secret_file\": \"key\"}, "
		  "\"b\": {\"url_secret_file\": \"key\"}}", NULL },
		{ "{\"a\": {\"header_file\": \"key\", "
		  "\"header\": \"X-JFrog-Event-Auth\"}}", NULL },
		{ "{\"a\": {\"authorization_file\": \"crlf\"}}", NULL },
		{ "{\"a\": {\"basic_file\": \"basic\"}}", NULL },
		{ "{}", "no hook in it" },
		{ "[]", "not an object" },
		{ "{\"a\"", "not valid JSON" },
		{ "{\"a\": {\"bearer_file\": \"key\"}, "
		  "\"a\": {\"bearer_file\": \"key\"}}", "duplicate" },
		{ "{\"a\": 1}", "\"a\": must be an object" },
		{ "{\"a\": {}}", "\"a\": has no secret: give it one of" },
		{ "{\"a/b\": {\"bearer_file\": \"key\"}}",
		  "\"a/b\": a hook's name has letters" },
		{ "{\"\": {\"bearer_file\": \"key\"}}", "a hook's name has" },
		{ "{\"a\": {\"bearer_file\": 1}}",
		  "bearer_file: must be a string" },
		{ "{\"a\": {\"bearer_file\": \"\"}}",
		  "bearer_file: must be a string, not empty" },
		{ "{\"a\": {\"bearer\": \"key\"}}",
		  "bearer: no such member" },
		{ "{\"a\": {\"bearer_file\": \"key\", "
		  "\"url_secret_file\": \"key\"}}",
		  "url_secret_file: a second secret" },
		{ "{\"a\": {\"bearer_file\": \"absent\"}}",
		  "absent: no such file" },
		{ "{\"a\": {\"bearer_file\": \"short\"}}",
		  "short: a secret of fewer than 16 characters" },
		{ "{\"a\": {\"bearer_file\": \"long\"}}", "long: " },
		{ "{\"a\": {\"bearer_file\": \"lines\"}}",
		  "lines: has a control character in it" },
		{ "{\"a\": {\"bearer_file\": \"blank\"}}",
		  "blank: begins or ends with a blank" },
		{ "{\"a\": {\"url_secret_file\": \"slash\"}}",
		  "slash: a secret for a URL has letters" },
		{ "{\"a\": {\"basic_file\": \"key\"}}",
		  "has to be USER:PASSWORD" },
		{ "{\"a\": {\"basic_file\": \"weak\"}}",
		  "a secret of fewer than 16" },
		{ "{\"a\": {\"header_file\": \"key\"}}",
		  "header_file: needs header" },
		{ "{\"a\": {\"bearer_file\": \"key\", \"header\": \"X\"}}",
		  "header: goes with header_file" },
		{ "{\"a\": {\"header_file\": \"key\", \"header\": \"X Y\"}}",
		  "header: \"X Y\" is no header's name" },
		{ "{\"a\": {\"bearer_file\": \"key\", "
		  "\"registry\": \"Reg.example\"}}",
		  "registry: \"Reg.example\" is no registry" },
		{ "{\"a\": {\"bearer_file\": \"key\", "
		  "\"registry\": \"registry\"}}",
		  "registry: \"registry\" is no registry" },
		{ "{\"a\": {\"bearer_file\": \"key\", "
		  "\"registry\": \"https://reg.example\"}}",
		  "is no registry" },
	};
	struct scratch *s = *state;
	char large[HOOK_SECRET_MAX + 2];
	struct hooks *h;
	struct err e;
	size_t i;
	int rc;

	put(s, "key", KEY "\n");
	put(s, "crlf", KEY "\r\n");
	put(s, "basic", "zot:" KEY);
	put(s, "weak", "a-long-name:tooshort");
	put(s, "short", "123456789012345\n");
	put(s, "lines", KEY "\n" KEY "\n");
	put(s, "blank", " " KEY);
	put(s, "slash", "0123456789abcdef/");
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	put(s, "long", large);
	for (i = 0; i < COUNT(cases); i++) {
		rc = read_config(s, cases[i].text, &h, &e);
		if (cases[i].says == NULL) {
			if (rc != 0)
				fail_msg("%s: %s", cases[i].text, e.msg);
			hooks_free(h);
			continue;
		}
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.msg, cases[i].says) == NULL ||
		    strstr(e.msg, "hooks.json") == NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
		/* Of what was in a file of a secret nothing is told. */
		assert_null(strstr(e.msg, "enough"));
		assert_null(strstr(e.msg, "0123456789"));
	}
	assert_int_equal(hooks_read("/nonexistent/x", &h, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	hooks_free(NULL);
}

struct heard {
	size_t count;
	char last[256];
};

static void
on_event(void *cookie, const struct hook_event *event)
{
	struct heard *h = cookie;

	h->count++;
	snprintf(h->last, sizeof(h->last), "%s/%s:%s", event->registry,
	    event->repository, event->tag == NULL ? "" : event->tag);
}

static const char config[] =
    "{\"hub\": {\"url_secret_file\": \"key\", \"registry\": \"docker.io\"},"
    "\"github\": {\"hmac_secret_file\": \"key\"},"
    "\"nexus\": {\"hmac_sha1_secret_file\": \"key\"},"
    "\"own\": {\"hmac_secret_file\": \"key\", \"header\": \"X-Own\"},"
    "\"harbor\": {\"authorization_file\": \"key\"},"
    "\"ci\": {\"bearer_file\": \"key\"},"
    "\"zot\": {\"basic_file\": \"basic\", \"registry\": \"zot.example\"},"
    "\"jfrog\": {\"header_file\": \"key\", "
    "\"header\": \"X-JFrog-Event-Auth\"}}";

/* HMACs of BODY with KEY, by Python's hmac. */
#define SUM256	"fedef67415871e68b1162d1b1356dedc0f66ac801062366281e859ba75932746"
#define SUM1	"c2e35a72eb6fac054ff9358afe68cfdc14ca8e7e"

struct call {
	const char *path;
	const char *name, *value;	/* of a header */
	int status;
	const char *method, *body;	/* NULL: POST, BODY */
};

static void
call(const struct hooks *h, const struct call *c, struct heard *heard,
    struct hook_note *note)
{
	const char *headers[] = {
		"Host", "mirror.example", "CONTENT-TYPE", "application/json",
		c->name, c->value, NULL
	};
	struct hook_request request = {
		.method = c->method == NULL ? "POST" : c->method,
		.path = c->path, .headers = headers,
		.body = c->body == NULL ? BODY : c->body,
	};

	request.len = strlen(request.body);
	memset(heard, 0, sizeof(*heard));
	hooks_call(h, &request, on_event, heard, note);
}

static void
test_call(void **state)
{
	static const struct call cases[] = {
		{ .path = "/hook/hub/" KEY, .status = 202 },
		{ .path = "/hook/hub/" KEY "?x=y", .status = 202 },
		{ .path = "/hook/hub/" KEY "x", .status = 401 },
		{ .path = "/hook/hub/" KEY "/", .status = 401 },
		{ .path = "/hook/hub/", .status = 401 },
		{ .path = "/hook/hub", .status = 401 },
		{ .path = "/hook/hub", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },
		{ .path = "/hook/ci/" KEY, .status = 401 },
		{ .path = "/hook/harbor/" KEY, .status = 401 },
		{ .path = "/hook//" KEY, .status = 401 },
		{ .path = "/hook/", .status = 401 },
		{ .path = "/hook/none", .status = 401 },
		{ .path = "/hook/none", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },

		{ .path = "/hook/github", .name = "X-Hub-Signature-256",
		  .value = "sha256=" SUM256, .status = 202 },
		{ .path = "/hook/github", .name = "x-hub-signature-256",
		  .value = SUM256, .status = 202 },
		{ .path = "/hook/github", .name = "X-Gitea-Signature",
		  .value = SUM256, .status = 202 },
		{ .path = "/hook/github", .name = "X-JFROG-EVENT-AUTH",
		  .value = SUM256, .status = 202 },
		{ .path = "/hook/github", .name = "X-Own", .value = SUM256,
		  .status = 401 },
		{ .path = "/hook/github", .name = "X-Hub-Signature-256",
		  .value = KEY, .status = 401 },
		{ .path = "/hook/github", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },
		{ .path = "/hook/github", .name = "X-Hub-Signature-256",
		  .value = "sha256=" SUM256, .status = 401,
		  .body = BODY " " },
		{ .path = "/hook/github/", .name = "X-Hub-Signature-256",
		  .value = SUM256, .status = 401 },
		{ .path = "/hook/nexus", .name = "X-Nexus-Webhook-Signature",
		  .value = SUM1, .status = 202 },
		{ .path = "/hook/nexus", .name = "X-Nexus-Webhook-Signature",
		  .value = SUM256, .status = 401 },
		{ .path = "/hook/github", .name = "X-Nexus-Webhook-Signature",
		  .value = SUM1, .status = 401 },
		{ .path = "/hook/own", .name = "X-Own", .value = SUM256,
		  .status = 202 },
		{ .path = "/hook/own", .name = "X-Hub-Signature-256",
		  .value = SUM256, .status = 401 },

		{ .path = "/hook/harbor", .name = "Authorization",
		  .value = KEY, .status = 202 },
		{ .path = "/hook/harbor", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },
		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 202 },
		{ .path = "/hook/ci?a=b", .name = "authorization",
		  .value = "bearer  " KEY, .status = 202 },
		{ .path = "/hook/ci", .name = "Authorization", .value = KEY,
		  .status = 401 },
		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer" KEY, .status = 401 },
		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer ", .status = 401 },
		{ .path = "/hook/ci", .name = "Authorization", .value = "",
		  .status = 401 },
		/* zot:KEY, and the same with a NUL and more behind it. */
		{ .path = "/hook/zot", .name = "Authorization",
		  .value = "Basic em90OmEtc2VjcmV0LW9mLWVub3VnaC1sZW5ndGg=",
		  .status = 202 },
		{ .path = "/hook/zot", .name = "Authorization",
		  .value = "Basic em90OmEtc2VjcmV0LW9mLWVub3VnaC1sZW5ndGgAeA==",
		  .status = 401 },
		{ .path = "/hook/zot", .name = "Authorization",
		  .value = "Basic %", .status = 401 },
		{ .path = "/hook/zot", .name = "Authorization",
		  .value = "Basic zot:" KEY, .status = 401 },
		{ .path = "/hook/jfrog", .name = "X-JFrog-Event-Auth",
		  .value = KEY, .status = 202 },
		{ .path = "/hook/jfrog", .name = "X-JFrog-Event-Auth",
		  .value = SUM256, .status = 401 },

		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 405, .method = "GET" },
		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 405, .method = "post" },
		{ .path = "/hook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 405, .method = "" },
		{ .path = "/v2/", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 400 },
		{ .path = "", .name = "Authorization", .value = "Bearer " KEY,
		  .status = 400 },
		{ .path = "/hook", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 400 },
		{ .path = "//hook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 400 },
		{ .path = "/%68ook/ci", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 400 },
		{ .path = "/hook/%63i", .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },
		{ .path = "/hook/ci/../hub/" KEY, .name = "Authorization",
		  .value = "Bearer " KEY, .status = 401 },
	};
	struct scratch *s = *state;
	struct hook_note note;
	struct heard heard;
	struct hooks *h;
	struct err e;
	size_t i;

	put(s, "key", KEY "\n");
	put(s, "basic", "zot:" KEY "\n");
	if (read_config(s, config, &h, &e) == -1)
		fail_msg("%s", e.msg);
	for (i = 0; i < COUNT(cases); i++) {
		call(h, &cases[i], &heard, &note);
		if (note.status != cases[i].status)
			fail_msg("%zu, %s: %d", i, cases[i].path, note.status);
		assert_int_equal(heard.count, note.status == 202);
		assert_int_equal(note.events, heard.count);
		if (note.status == 202) {
			assert_string_equal(note.form, "image");
			assert_string_equal(note.reply, "");
		} else {
			assert_non_null(strstr(note.reply, "\"errors\""));
		}
		assert_null(strstr(note.reply, KEY));
	}
	/* Nobody can tell whether there is a hook of that name. */
	call(h, &cases[0], &heard, &note);
	assert_string_equal(note.name, "hub");
	assert_string_equal(heard.last, "docker.io/library/nginx:1.27");
	hooks_free(h);
}

/* What has no form that is known is taken all the same: senders repeat what is
 * refused. */
static void
test_answers(void **state)
{
	static const struct call unknown = {
		"/hook/ci", "Authorization", "Bearer " KEY, 0, .body = "?"
	}, empty = {
		"/hook/ci", "Authorization", "Bearer " KEY, 0, .body = ""
	}, proof = {
		"/hook/ci", "Authorization", "Bearer " KEY, 0,
		.body = "[{\"eventType\": \"Microsoft.EventGrid."
		    "SubscriptionValidationEvent\", \"data\": "
		    "{\"validationCode\": \"512d-38b6\"}}]"
	}, stolen = {
		"/hook/ci", "Authorization", "Bearer x", 0,
		.body = "[{\"eventType\": \"Microsoft.EventGrid."
		    "SubscriptionValidationEvent\", \"data\": "
		    "{\"validationCode\": \"512d-38b6\"}}]"
	}, none = {
		.path = "/hook/none", .name = "Authorization",
		.value = "Bearer " KEY,
	}, wrong = {
		.path = "/hook/ci", .name = "Authorization",
		.value = "Bearer x",
	};
	struct scratch *s = *state;
	struct hook_note note, other;
	struct heard heard;
	struct hooks *h;
	struct err e;

	put(s, "key", KEY "\n");
	put(s, "basic", "zot:" KEY "\n");
	if (read_config(s, config, &h, &e) == -1)
		fail_msg("%s", e.msg);
	call(h, &unknown, &heard, &note);
	assert_int_equal(note.status, 202);
	assert_null(note.form);
	assert_string_equal(note.name, "ci");
	call(h, &empty, &heard, &note);
	assert_int_equal(note.status, 202);
	assert_null(note.form);
	call(h, &proof, &heard, &note);
	assert_int_equal(note.status, 200);
	assert_string_equal(note.reply,
	    "{\"validationResponse\":\"512d-38b6\"}");
	call(h, &stolen, &heard, &note);
	assert_int_equal(note.status, 401);
	assert_null(strstr(note.reply, "512d"));
	call(h, &none, &heard, &note);
	call(h, &wrong, &heard, &other);
	assert_int_equal(note.status, other.status);
	assert_string_equal(note.reply, other.reply);
	assert_null(note.name);
	hooks_free(h);
}

/* A secret header that is there twice is not there. */
static void
test_twice(void **state)
{
	const char *headers[] = {
		"Authorization", "Bearer " KEY, "authorization", "Bearer " KEY,
		NULL
	};
	struct hook_request request = {
		.method = "POST", .path = "/hook/ci", .headers = headers,
		.body = BODY, .len = strlen(BODY),
	};
	struct scratch *s = *state;
	struct heard heard = { 0 };
	struct hook_note note;
	struct hooks *h;
	struct err e;

	put(s, "key", KEY "\n");
	put(s, "basic", "zot:" KEY "\n");
	if (read_config(s, config, &h, &e) == -1)
		fail_msg("%s", e.msg);
	hooks_call(h, &request, on_event, &heard, &note);
	assert_int_equal(note.status, 401);
	headers[2] = NULL;
	hooks_call(h, &request, on_event, &heard, &note);
	assert_int_equal(note.status, 202);
	hooks_free(h);
}

/* The kind of a body comes by a header. */
static void
test_kind(void **state)
{
	static const char body[] = "{\"name\": \"golang\", \"reference\": "
	    "\"1.20\", \"digest\": \"\", \"mediaType\": \"x/y\"}";
	const char *headers[] = {
		"CE-TYPE", "zotregistry.image.deleted", "Authorization",
		"Basic em90OmEtc2VjcmV0LW9mLWVub3VnaC1sZW5ndGg=", NULL
	};
	struct hook_request request = {
		.method = "POST", .path = "/hook/zot", .headers = headers,
		.body = body, .len = strlen(body),
	};
	struct scratch *s = *state;
	struct heard heard = { 0 };
	struct hook_note note;
	struct hooks *h;
	struct err e;

	put(s, "key", KEY "\n");
	put(s, "basic", "zot:" KEY "\n");
	if (read_config(s, config, &h, &e) == -1)
		fail_msg("%s", e.msg);
	hooks_call(h, &request, on_event, &heard, &note);
	assert_string_equal(note.form, "zot");
	assert_int_equal(note.events, 0);
	headers[1] = "zotregistry.image.updated";
	hooks_call(h, &request, on_event, &heard, &note);
	assert_int_equal(note.events, 1);
	assert_string_equal(heard.last, "zot.example/golang:1.20");
	hooks_free(h);
}

/* A secret in memory can only be looked for by its complement. */
static void
flip(char *to, const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = (char)~from[i];
}

static bool
is_flipped_at(const char *p, const char *flipped, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != (char)~flipped[i])
			return false;
	return true;
}

/* How often it is in the writable memory of this process.  Larger mappings
 * than 64 MiB are the sanitizer's own. */
static size_t
count_in_memory(const char *flipped, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);
	char line[512], mode[5], *buf;
	uint64_t from, to;
	ssize_t got, i;
	size_t count = 0;

	assert_non_null(maps);
	assert_int_not_equal(mem, -1);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to,
		    mode) != 3 || strncmp(mode, "rw", 2) != 0 ||
		    to - from > 64u << 20)
			continue;
		buf = xmalloc(to - from);
		got = pread(mem, buf, to - from, (off_t)from);
		for (i = 0; i + (ssize_t)len <= got; i++)
			count += is_flipped_at(buf + i, flipped, len);
		if (got > 0)
			explicit_bzero(buf, (size_t)got);
		free(buf);
	}
	fclose(maps);
	close(mem);
	return count;
}

static void
put_flipped(struct scratch *s, const char *flipped, size_t len)
{
	char secret[64];

	flip(secret, flipped, len);
	secret[len] = '\0';
	put(s, "key", secret);
	explicit_bzero(secret, sizeof(secret));
}

static int
call_flipped(const struct hooks *h, const char *path, const char *before,
    const char *flipped, size_t len)
{
	char uri[100] = "", value[100] = "";
	const char *headers[] = { "Authorization", value, NULL };
	struct hook_request request = {
		.method = "POST", .path = uri, .headers = headers,
		.body = BODY, .len = strlen(BODY),
	};
	struct hook_note note;
	struct heard heard;
	char *at = before == NULL ? uri : value;

	memcpy(uri, path, strlen(path));
	if (before != NULL)
		memcpy(value, before, strlen(before));
	flip(at + strlen(at), flipped, len);
	hooks_call(h, &request, on_event, &heard, &note);
	explicit_bzero(uri, sizeof(uri));
	explicit_bzero(value, sizeof(value));
	return note.status;
}

/* Of a secret that is compared nothing stays; of a key nothing when it goes. */
static void
test_wiped(void **state)
{
	/* "correct-horse-battery-staple" */
	static const char flipped[] = "\x9c\x90\x8d\x8d\x9a\x9c\x8b\xd2\x97"
	    "\x90\x8d\x8c\x9a\xd2\x9d\x9e\x8b\x8b\x9a\x8d\x86\xd2\x8c\x8b"
	    "\x9e\x8f\x93\x9a";
	const size_t len = sizeof(flipped) - 1;
	/* free(3) writes over the beginning of a block. */
	const char *end = flipped + 14;
	struct scratch *s = *state;
	struct hooks *h;
	struct err e;

	put_flipped(s, flipped, len);
	if (read_config(s, "{\"hub\": {\"url_secret_file\": \"key\"}, \"ci\": "
	    "{\"bearer_file\": \"key\"}}", &h, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(count_in_memory(end, len - 14), 0);
	assert_int_equal(call_flipped(h, "/hook/hub/", NULL, flipped, len),
	    202);
	assert_int_equal(count_in_memory(end, len - 14), 0);
	assert_int_equal(call_flipped(h, "/hook/ci", "Bearer ", flipped, len),
	    202);
	assert_int_equal(count_in_memory(end, len - 14), 0);
	hooks_free(h);
	if (read_config(s, "{\"a\": {\"hmac_secret_file\": \"key\"}}", &h,
	    &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(count_in_memory(end, len - 14), 1);
	hooks_free(h);
	assert_int_equal(count_in_memory(end, len - 14), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_config, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_call, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_answers, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_twice, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_kind, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_wiped, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
