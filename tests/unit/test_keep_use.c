#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "mirror/keep_use.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define A64	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HUB	"docker.io/library/"

static int
read_use(struct keep_use *use, const char *text, struct err *e)
{
	*use = (struct keep_use){ .words = 0 };
	return keep_use_read(use, "use", text, strlen(text), e);
}

static bool
has(const struct keep_use *use, const char *what)
{
	struct digest d;
	struct err e;

	if (strncmp(what, "sha", 3) != 0)
		return name_table_find(&use->names, what) != NULL;
	assert_int_equal(digest_parse(what, &d, &e), 0);
	return digest_set_has(&use->digests, &d);
}

/* ${wants}: separated by blanks; and how many there are in all. */
static void
expect(const char *text, const char *wants, size_t names, size_t digests)
{
	struct keep_use use;
	struct err e;
	char *all = xstrdup(wants), *rest = NULL, *word;

	if (read_use(&use, text, &e) == -1)
		fail_msg("%s: %s", text, e.msg);
	for (word = strtok_r(all, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest))
		if (!has(&use, word))
			fail_msg("%s: %s is not there", text, word);
	assert_int_equal(use.names.count, names);
	assert_int_equal(use.digests.count, digests);
	keep_use_done(&use);
	free(all);
}

static void
test_text(void **state)
{
	(void)state;
	expect("nginx:1.27\n", HUB "nginx:1.27", 1, 0);
	expect("# all\n\n  nginx  # why\nquay.io/a/b:2", HUB "nginx:latest "
	    "quay.io/a/b:2 docker.io/a/b:2", 3, 0);
	expect("\xef\xbb\xbfsha256:" A64 "\r\n" B64 "\r\n", "sha256:" A64
	    " sha256:" B64, 0, 2);
	expect("nginx@sha256:" A64 " docker.io/x/y:1@sha256:" B64, "sha256:"
	    A64 " sha256:" B64, 0, 2);
	expect("docker-pullable://nginx@sha256:" A64 "\ndocker://sha256:" B64,
	    "sha256:" A64 " sha256:" B64, 0, 2);
	expect("containerd://sha256:" A64 ", \"cri-o://" A64 "\"",
	    "sha256:" A64, 0, 1);
	expect("sha512:" A64 B64, "sha512:" A64 B64, 0, 1);
	/* As a node asks a mirror for it. */
	expect("mirror.local:5000/ghcr.io/o/app:1", "mirror.local:5000/"
	    "ghcr.io/o/app:1 ghcr.io/o/app:1", 2, 0);
	expect("10.0.0.1/reg.example_5000/app:1", "reg.example:5000/app:1",
	    2, 0);
	expect("m.x/library/nginx:1", HUB "nginx:1", 2, 0);
	/* Short names that look like digits. */
	expect("cafe:1 deadbeef", HUB "cafe:1 " HUB "deadbeef:latest", 2, 0);
}

static void
test_bad_text(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "use: it names nothing that is in use" },
		{ "# nothing\n\n", "use: it names nothing" },
		{ "a:1\nA:1\n", "use: line 2: repository \"library/A\"" },
		{ "<none>:<none>", "use: line 1: " },
		{ "4bcff63911fc\n", "use: line 1: \"4bcff63911fc\" is an image "
		  "ID that has been cut short" },
		{ "docker://4bcff63911fc", "use: line 1: \"4bcff63911fc\" is" },
		{ "sha256:abc", "use: line 1: " },
		{ "a@sha256:" A64 "0", "use: line 1: " },
		{ "a@md5:" A64, "use: line 1: " },
		{ "https://x/y", "use: line 1: \"https://\" is not known" },
		{ "[\"a:1\"]", "use: line 1: " },
		{ "{\"a\":1}", "use: JSON, but not as" },
		{ "{", "use: not valid JSON" },
		{ "a:1\n\xff\xfe", "use: line 2: " },
		{ "\x1b[31ma", "use: line 1: " },
		{ "REPOSITORY   TAG   IMAGE ID", "use: line 1: " },
	};
	struct keep_use use;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (read_use(&use, cases[i].text, &e) == 0)
			fail_msg("%s", cases[i].text);
		if (strncmp(e.msg, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(strchr(e.msg, '\x1b'));
		keep_use_done(&use);
	}
	/* A NUL, and what is behind it. */
	use = (struct keep_use){ .words = 0 };
	assert_int_equal(keep_use_read(&use, "use", "a:1\0b:1\n", 8, &e), -1);
	keep_use_done(&use);
	/* A second file that is empty is no better than the first one. */
	use = (struct keep_use){ .words = 0 };
	assert_int_equal(keep_use_read(&use, "use", "a:1", 3, &e), 0);
	assert_int_equal(keep_use_read(&use, "two", "a:1", 3, &e), 0);
	assert_int_equal(keep_use_read(&use, "two", "", 0, &e), -1);
	assert_string_equal(e.msg, "two: it names nothing that is in use");
	keep_use_done(&use);
}

#define HEAD	"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":["
#define POD(name, more) "{\"kind\":\"Pod\",\"spec\":{\"containers\":[" \
	"{\"name\":\"]}\\\"\",\"image\":\"" name "\"}]" more "}}"

static void
test_pods(void **state)
{
	(void)state;
	expect(HEAD POD("a:1", "") "," POD("b:1", "") "]}",
	    HUB "a:1 " HUB "b:1", 2, 0);
	expect("{\"apiVersion\":\"v1\",\n \"items\" :\n [ " POD("a:1", ",\"in"
	    "itContainers\":[{\"image\":\"i:1\"}],\"ephemeralContainers\":"
	    "[{\"image\":\"e:1\"}],\"volumes\":[{\"name\":\"x\"},{\"image\":"
	    "{\"reference\":\"v:1\"}}]") " ] ,\n\"kind\":\"PodList\"}",
	    HUB "a:1 " HUB "i:1 " HUB "e:1 " HUB "v:1", 4, 0);
	/* A status, which may be behind. */
	expect("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{"
	    "\"containers\":[{\"image\":\"a\"}]},\"status\":{"
	    "\"containerStatuses\":[{\"image\":\"sha256:" A64 "\","
	    "\"imageID\":\"docker-pullable://a@sha256:" B64 "\"},"
	    "{\"image\":\"b:2\",\"imageID\":\"\"},{\"imageID\":null}]}}",
	    HUB "a:latest " HUB "b:2 sha256:" A64 " sha256:" B64, 2, 2);
	/* Other kinds have pods inside, some of them deep. */
	expect(HEAD "{\"kind\":\"CronJob\",\"spec\":{\"jobTemplate\":{"
	    "\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":"
	    "\"c:1\"}]}}}}}},{\"kind\":\"Service\",\"spec\":{}}]}",
	    HUB "c:1", 1, 0);
}

static void
test_bad_pods(void **state)
{
	static const char *const cases[] = {
		/* Cut short, at some places. */
		HEAD POD("a:1", "") "," POD("b:1", ""),
		HEAD POD("a:1", "") ",",
		HEAD POD("a:1", "") ",{\"kind\":\"Pod\"",
		HEAD POD("a:1", "") "]",
		/* Not one document, or not only JSON. */
		HEAD POD("a:1", "") "]} x",
		HEAD POD("a:1", "") "]}" HEAD POD("a:1", "") "]}",
		HEAD POD("a:1", "") "],\"items\":[]}",
		"{\"kind\":\"List\",\"items\":[" POD("a:1", "") "]}",
		"{\"apiVersion\":\"v1\",\"kind\":1,\"items\":["
		POD("a:1", "") "]}",
		/* A list whose name is not spelt so that it is seen. */
		"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"\\u0069tems\":["
		POD("a:1", "") "]}",
		HEAD POD("a:1", "") ",7]}",
		HEAD POD("a:1", "") ",\"{\"]}",
		HEAD POD("a:1", "") ",[" POD("b:1", "") "]]}",
		HEAD "]}",
		HEAD POD("a:1", "") ",{\"kind\":\"Pod\",\"spec\":{}}]}",
		HEAD "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{}]}}]}",
		HEAD "{\"kind\":\"Pod\",\"spec\":{\"containers\":[7]}}]}",
		HEAD "{\"kind\":\"X\",\"spec\":{\"containers\":[{\"image\":"
		"7}]}}]}",
		HEAD POD("<none>", "") "]}",
		HEAD POD("a:1", ",\"initContainers\":[{\"image\":\"A\"}]") "]}",
	};
	struct keep_use use;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (read_use(&use, cases[i], &e) == 0)
			fail_msg("%s", cases[i]);
		assert_int_equal(e.code, ERR_INPUT);
		keep_use_done(&use);
	}
}

/* Ten thousand pods of 5 kB cost no more memory than one, beside their text. */
static void
test_many_pods(void **state)
{
	struct keep_use use = { .words = 0 };
	char *text, pad[5000];
	struct err e;
	size_t len, i;
	FILE *out = xtext_open(&text, &len);

	(void)state;
	memset(pad, 'x', sizeof(pad));
	fputs(HEAD, out);
	for (i = 0; i < 10000; i++)
		fprintf(out, "%s{\"kind\":\"Pod\",\"x\":\"%.5000s\",\"spec\":"
		    "{\"containers\":[{\"image\":\"a:%zu\"}]}}",
		    i == 0 ? "" : ",", pad, i);
	fputs("]}", out);
	xtext_close(out);
	assert_int_equal(keep_use_read(&use, "use", text, len, &e), 0);
	assert_int_equal(use.names.count, 10000);
	keep_use_done(&use);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_bad_pods),
		cmocka_unit_test(test_many_pods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
