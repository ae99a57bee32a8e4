#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "registry/keyring.h"
#include "scratch.h"

#define AS(user)	"{\"username\":\"" user "\",\"password\":\"p\"}"
#define AUTHS(user)	"{\"auths\":{\"h.example\":" AS(user) "}}"
#define MINUTE		(60 * 1000)

/* Looked up at ${now_ms}: the user, "-" or "?". */
static const char *
user_at(struct keyring *k, const char *registry, int64_t now_ms,
    unsigned long *serial)
{
	static char user[64];
	struct credential c = { 0 };

	switch (keyring_find(k, registry, "a/b", now_ms, &c, serial)) {
	case KEYRING_NONE:
		return "-";
	case KEYRING_UNKNOWN:
		return "?";
	case KEYRING_FOUND:
		break;
	}
	snprintf(user, sizeof(user), "%s", c.username);
	credential_done(&c);
	return user;
}

static void
expect_read(struct keyring *k, int64_t now_ms, const char *want)
{
	unsigned long serial;
	struct err e;

	if (keyring_read(k, now_ms, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(user_at(k, "h.example", now_ms, &serial), want);
}

static void
test_no_folder(void **state)
{
	struct keyring *k = keyring_new(NULL);

	(void)state;
	expect_read(k, 0, "-");
	keyring_free(k);
	k = keyring_new("/absent");
	expect_read(k, 0, "-");
	keyring_free(k);
	keyring_free(NULL);
}

/* Another file is read at once, but is looked for once a second. */
static void
test_rotation(void **state)
{
	const struct scratch *s = *state;
	struct keyring *k = keyring_new(s->path);
	unsigned long before, after;

	expect_read(k, 0, "-");
	scratch_put(s, "config.json", AUTHS("first"));
	expect_read(k, 999, "-");
	expect_read(k, 1000, "first");
	user_at(k, "h.example", 0, &before);
	expect_read(k, 5000, "first");
	user_at(k, "h.example", 0, &after);
	assert_int_equal(before, after);	/* it is the same */
	scratch_put(s, "config.json", AUTHS("another"));
	expect_read(k, 5500, "first");
	expect_read(k, 6000, "another");
	user_at(k, "h.example", 0, &after);
	assert_int_not_equal(before, after);
	/* the same length, put in its place */
	scratch_put(s, "new", AUTHS("anothes"));
	assert_int_equal(renameat(s->dir, "new", s->dir, "config.json"), 0);
	expect_read(k, 7000, "anothes");
	assert_int_equal(unlinkat(s->dir, "config.json", 0), 0);
	expect_read(k, 8000, "-");
	keyring_free(k);
}

/* A mounted secret: a link to a link that is swapped. */
static void
test_mounted_secret(void **state)
{
	const struct scratch *s = *state;
	struct keyring *k = keyring_new(s->path);

	assert_int_equal(mkdirat(s->dir, "..1", 0755), 0);
	assert_int_equal(mkdirat(s->dir, "..2", 0755), 0);
	scratch_put(s, "..1/.dockerconfigjson", AUTHS("first"));
	scratch_put(s, "..2/.dockerconfigjson", AUTHS("other"));
	assert_int_equal(symlinkat("..1", s->dir, "..data"), 0);
	assert_int_equal(symlinkat("..data/.dockerconfigjson", s->dir,
	    ".dockerconfigjson"), 0);
	expect_read(k, 0, "first");
	assert_int_equal(symlinkat("..2", s->dir, "..new"), 0);
	assert_int_equal(renameat(s->dir, "..new", s->dir, "..data"), 0);
	expect_read(k, 1000, "other");
	/* the first name that is there counts */
	scratch_put(s, ".dockercfg", "{\"h.example\":" AS("old") "}");
	expect_read(k, 2000, "other");
	scratch_put(s, "config.json", AUTHS("docker"));
	expect_read(k, 3000, "docker");
	keyring_free(k);
}

/* A file that is wrong is told once; what was known goes on. */
static void
test_broken(void **state)
{
	const struct scratch *s = *state;
	struct keyring *k = keyring_new(s->path);
	struct err e;

	scratch_put(s, "config.json", AUTHS("first"));
	expect_read(k, 0, "first");
	scratch_put(s, "config.json", "{\"auths\":{\"h.example\":");
	assert_int_equal(keyring_read(k, 1000, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "config.json"));
	expect_read(k, 2000, "first");
	expect_read(k, 3000, "first");
	scratch_put(s, "config.json", AUTHS("second"));
	expect_read(k, 4000, "second");
	keyring_free(k);
	/* also where it is so from the first */
	scratch_put(s, "config.json", "[]");
	k = keyring_new(s->path);
	assert_int_equal(keyring_read(k, 0, &e), -1);
	keyring_free(k);
	/* and where it cannot be looked at */
	assert_int_equal(unlinkat(s->dir, "config.json", 0), 0);
	assert_int_equal(symlinkat("config.json", s->dir, "config.json"), 0);
	k = keyring_new(s->path);
	assert_int_equal(keyring_read(k, 0, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.msg, "config.json"));
	keyring_free(k);
}

static void
answer(struct keyring *k, const char *suffix, const char *user,
    int64_t now_ms)
{
	struct credential c = { 0 };

	if (user == NULL) {
		keyring_answer(k, suffix, "h.example", NULL, now_ms);
		return;
	}
	c.username = xstrdup(user);
	c.password = xstrdup("p");
	keyring_answer(k, suffix, "h.example", &c, now_ms);
	assert_null(c.username);
}

static void
test_helper(void **state)
{
	const struct scratch *s = *state;
	struct keyring *k = keyring_new(s->path);
	const char *suffix, *server;
	unsigned long serial, next;
	struct err e;

	scratch_put(s, "config.json", "{\"auths\":{\"h.example\":"
	    AS("file") ",\"i.example\":" AS("other") "},"
	    "\"credHelpers\":{\"h.example\":\"x\"}}");
	assert_int_equal(keyring_read(k, 0, &e), 0);
	assert_string_equal(user_at(k, "i.example", 0, &serial), "other");
	assert_false(keyring_ask(k, "i.example", &suffix, &server));
	assert_false(keyring_again(k, "i.example", serial, 0));

	assert_string_equal(user_at(k, "h.example", 0, &serial), "?");
	assert_true(keyring_ask(k, "h.example", &suffix, &server));
	assert_string_equal(suffix, "x");
	assert_string_equal(server, "h.example");
	assert_false(keyring_ask(k, "h.example", &suffix, &server));
	assert_string_equal(user_at(k, "h.example", 0, &serial), "?");
	answer(k, "x", "helped", 0);
	assert_string_equal(user_at(k, "h.example", 0, &serial), "helped");

	/* refused: at once, then once a minute */
	assert_true(keyring_again(k, "h.example", serial, 1));
	assert_true(keyring_again(k, "h.example", serial, 1));
	assert_string_equal(user_at(k, "h.example", 1, &next), "?");
	assert_true(keyring_ask(k, "h.example", &suffix, &server));
	answer(k, "x", "again", 2);
	assert_string_equal(user_at(k, "h.example", 2, &next), "again");
	assert_true(keyring_again(k, "h.example", serial, 3));
	assert_string_equal(user_at(k, "h.example", 3, &serial), "again");
	assert_int_equal(serial, next);
	assert_false(keyring_again(k, "h.example", next, 4));
	assert_false(keyring_again(k, "h.example", next, MINUTE));
	assert_true(keyring_again(k, "h.example", next, MINUTE + 1));

	/* nothing there: the file counts */
	assert_true(keyring_ask(k, "h.example", &suffix, &server));
	answer(k, "x", NULL, MINUTE);
	assert_string_equal(user_at(k, "h.example", MINUTE, &serial), "file");

	/* its time is over */
	assert_string_equal(user_at(k, "h.example", 11 * MINUTE - 1, &serial),
	    "file");
	assert_string_equal(user_at(k, "h.example", 11 * MINUTE, &serial),
	    "?");
	assert_true(keyring_ask(k, "h.example", &suffix, &server));
	assert_true(keyring_again(k, "h.example", serial, 11 * MINUTE));
	answer(k, "x", "late", 11 * MINUTE);
	assert_string_equal(user_at(k, "h.example", 11 * MINUTE, &serial),
	    "late");

	/* another helper knows nothing of it */
	scratch_put(s, "config.json", "{\"credsStore\":\"yy\"}");
	assert_int_equal(keyring_read(k, 12 * MINUTE, &e), 0);
	assert_string_equal(user_at(k, "h.example", 12 * MINUTE, &next), "?");
	assert_true(keyring_again(k, "h.example", serial, 12 * MINUTE));
	keyring_free(k);
}

/* A file that has changed is worth another try, once. */
static void
test_again(void **state)
{
	const struct scratch *s = *state;
	struct keyring *k = keyring_new(s->path);
	unsigned long serial;
	struct err e;

	scratch_put(s, "config.json", AUTHS("first"));
	expect_read(k, 0, "first");
	user_at(k, "h.example", 0, &serial);
	assert_false(keyring_again(k, "h.example", serial, 1));
	scratch_put(s, "config.json", AUTHS("other!"));
	assert_int_equal(keyring_read(k, 1000, &e), 0);
	assert_true(keyring_again(k, "h.example", serial, 1001));
	user_at(k, "h.example", 0, &serial);
	assert_false(keyring_again(k, "h.example", serial, 1002));
	keyring_free(k);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_folder),
		TEST(test_rotation),
		TEST(test_mounted_secret),
		TEST(test_broken),
		TEST(test_helper),
		TEST(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
