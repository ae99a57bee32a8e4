/* Each format by itself: what becomes of a text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/list.h"
#include "layout/mem.h"
#include "source/gather.h"
#include "source/patterns.h"
#include "source/recognise.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define HEX	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEY	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define POD	"apiVersion: v1\nkind: Pod\n"
#define CR	"apiVersion: x.example/v1\nkind: Thing\n"

static size_t told;

static void
on_left(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	(void)where;
	(void)what;
	told++;
}

static void
on_complaint(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	fail_msg("%s: %s", where, what);
}

/* Whatever comes out, a sync takes it. */
static void
expect_list(const char *text)
{
	struct image_list *list = list_new(on_complaint, NULL);

	list_read(list, "out", text, strlen(text));
	assert_int_equal(list_end(list), 0);
	list_free(list);
}

static int
read_text(struct gather *g, const char *name, const char *text, size_t len,
    struct err *e)
{
	char *copy = xmalloc(len + 1);
	int rc;

	memcpy(copy, text, len);
	copy[len] = '\0';
	gather_file(g, name, false);
	rc = recognise(g, copy, len, e);
	free(copy);
	return rc;
}

/* free(3) it. */
static char *
print(struct gather *g)
{
	char *out;
	size_t len;
	FILE *to;

	gather_settle(g);
	to = xtext_open(&out, &len);
	gather_print(g, to);
	xtext_close(to);
	expect_list(out);
	return out;
}

struct text_case {
	const char *text, *want;	/* NULL: it makes no sense */
};

static void
run(const struct text_case *cases, size_t count)
{
	struct gather *g;
	struct err e;
	char *out;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		told = 0;
		g = gather_new(on_left, NULL);
		rc = read_text(g, "f", cases[i].text, strlen(cases[i].text),
		    &e);
		if (rc == -1 && cases[i].want != NULL)
			fail_msg("%s: %s", cases[i].text, e.msg);
		if (rc == 0 && cases[i].want == NULL)
			fail_msg("%s: is something", cases[i].text);
		if (rc == 0) {
			out = print(g);
			assert_string_equal(out, cases[i].want);
			assert_int_equal(gather_has_left(g), told > 0);
			free(out);
		}
		gather_free(g);
	}
}

static void
test_kubernetes(void **state)
{
	static const struct text_case cases[] = {
		{ POD "spec:\n  containers:\n  - image: nginx:1.27\n"
		  "  - {image: busybox}\n  initContainers:\n  - image: a/b:1\n"
		  "  ephemeralContainers: [{image: dbg:1}]\n  volumes:\n"
		  "  - name: v\n    image: {reference: 'quay.io/x/y@sha256:" HEX
		  "'}\n",
		  "a/b:1\nbusybox\ndbg:1\nnginx:1.27\nquay.io/x/y@sha256:" HEX
		  "\n" },
		/* Wherever the pod is. */
		{ "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: "
		  "{spec: {template: {spec: {containers: [{image: j:1}]}}}}}",
		  "j:1\n" },
		{ "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": ["
		  "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": "
		  "{\"containers\": [{\"image\": \"a:1\"}]}, \"status\": "
		  "{\"containerStatuses\": [{\"image\": \"z:9\"}]}},\n"
		  "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": "
		  "{\"containers\": [{\"image\": \"Bad\"}]}}]}",
		  "# f:2: repository \"library/Bad\": repository names are "
		  "lower case\na:1\n" },
		/* Not wishes. */
		{ POD "metadata: {image: a:1}\nstatus: {image: b:1}\n"
		  "spec: {containers: []}\n", "" },
		{ POD "spec: {containers: [{image: ''}, {name: x}], volumes: "
		  "[{rbd: {image: disk}}, {image: x:1}]}\n", "" },
		{ POD "spec:\n  containers:\n  - image: {a: b}\n",
		  "# f:5: a container's image that is no text\n" },
		{ POD "spec: {containers: [{image: default}]}\n",
		  "library/default\n" },
		/* Other kinds: what is a reference for sure. */
		{ CR "spec:\n  image: quay.io/p/p:v2\n  images: [a:1, "
		  "'b@sha256:" HEX "']\n",
		  "a:1\nb@sha256:" HEX "\nquay.io/p/p:v2\n" },
		{ CR "spec: {images: {one: a:1, two: {image: b:1}, three: x}}",
		  "b:1\n" },
		{ CR "spec: {images: [x, {image: b:1}, {repository: c}]}\n",
		  "# f:3: \"x\" may be an image, or a part of one\n"
		  "# f:3: \"c\": an image whose tag is not told here\n"
		  "b:1\n" },
		{ CR "spec:\n  image: ubuntu\n", "# f:4: \"ubuntu\" may be an "
		  "image, or a part of one\n" },
		{ CR "spec: {image: 'https://x.example/logo.png'}\n", "" },
		{ CR "spec: {image: {registry: r.example, repository: a/b, "
		  "tag: 1.20, digest: 'sha256:" HEX "'}}\n",
		  "r.example/a/b:1.20@sha256:" HEX "\n" },
		{ CR "spec:\n  image: {repository: a/b}\n", "# f:4: \"a/b\": "
		  "an image whose tag is not told here\n" },
		{ "apiVersion: apiextensions.k8s.io/v1\n"
		  "kind: CustomResourceDefinition\nspec: {image: a:1}\n", "" },
		{ "apiVersion: kustomize.config.k8s.io/v1beta1\n"
		  "kind: Kustomization\nimages: [{name: a, newTag: '2'}]\n",
		  "# f:2: a kustomization: render it first, with \"kubectl "
		  "kustomize\"\n" },
		/* The rest of a stream. */
		{ "---\n" POD "spec: {containers: [{image: a:1}]}\n---\n"
		  "{{ if }}\n", "# f:6: a key that is no text: the rest is "
		  "left out\na:1\n" },
		{ "# a chart's notes\n---\n---\n" POD "---\nfoo: bar\n",
		  "# f:7: a document of another kind (of such there are 1)\n" },
		{ POD "spec: {containers: [{image: a:1, image: b:1}]}\n",
		  "# f:3: \"image\" is there twice: the later one counts\n"
		  "b:1\n" },
		{ "kind: Pod\nspec: {containers: [{image: a:1}]}\n", NULL },
		{ "apiVersion: v1\nkind: {{ .x }}\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void
test_compose(void **state)
{
	static const struct text_case cases[] = {
		{ "x-a: &a\n  image: redis:7\nservices:\n  a: *a\n  b:\n"
		  "    <<: *a\n    image: postgres:16\n  c: {build: .}\n",
		  "postgres:16\nredis:7\n" },
		{ "services:\n  a: {image: a, platform: linux/arm64/v8}\n"
		  "  b:\n    image: b\n    platform: ${P}\n",
		  "# f:5: \"${P}\" is no platform\n"
		  "a platform=linux/arm64/v8\nb\n" },
		{ "services:\n  a:\n    image: \"app:${TAG:-1}\"\n",
		  "# f:3: \"app:${TAG:-1}\" has a variable: fill it in with "
		  "\"docker compose config\"\n" },
		{ "services:\n  a:\n    extends: {service: b}\n",
		  "# f:3: a service that extends another one: print it whole "
		  "with \"docker compose config\"\n" },
		{ "include: [x.yml]\nservices: {a: {image: a}}\n",
		  "# f:1: it includes other files: print it whole with "
		  "\"docker compose config\"\na\n" },
		{ "services: [a]\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void
test_crictl(void **state)
{
	static const struct text_case cases[] = {
		{ "{\"images\": [{\"id\": \"sha256:1\", \"repoTags\": "
		  "[\"docker.io/library/a:1\", \"b.example/a:1\"], "
		  "\"repoDigests\": [\"docker.io/library/a@sha256:" HEX
		  "\"]},\n{\"repoTags\": [], \"repoDigests\": "
		  "[\"c.example/a@sha256:" HEX "\"]},\n"
		  "{\"id\": \"sha256:2\", \"repoTags\": [\"<none>:<none>\"], "
		  "\"repoDigests\": []}]}",
		  "# f:3: an image without a name\nb.example/a:1\n"
		  "c.example/a@sha256:" HEX "\ndocker.io/library/a:1\n" },
		{ "{\"images\": []}", "" },
		{ "{\"images\": [{\"name\": \"x\"}]}", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void
test_regsync(void **state)
{
	static const struct text_case cases[] = {
		{ "version: 1\nsync:\n- source: busybox:1\n  target: r/b:1\n"
		  "  type: image\n  platforms: [linux/amd64, linux/arm64]\n"
		  "  referrers: true\n- {source: a:1, target: x, "
		  "platform: linux/amd64, digestTags: true}\n",
		  "a:1 platform=linux/amd64 referrers=yes\nbusybox:1 "
		  "platform=linux/amd64,linux/arm64 referrers=yes\n" },
		{ "defaults: {referrers: true}\nsync:\n- {source: a:1, "
		  "referrers: false}\n- {source: b:1}\n",
		  "a:1\nb:1 referrers=yes\n" },
		{ "sync:\n- source: a\n  type: repository\n  tags:\n"
		  "    allow: ['3\\.\\d+', 'v(?:1|2)', latest, 'v1\\.']\n",
		  "a tags=regex:3\\.[0-9]+\na tags=regex:latest\n"
		  "a tags=regex:v(1|2)\na tags=regex:v1\\.\n" },
		{ "sync: [{source: a, type: repository}]\n",
		  "a tags=glob:*\n" },
		{ "sync: [{source: a, type: repository, tags: {semverRange: "
		  "['>=1.2.0 <2.0.0', '3']}}]\n",
		  "a tags=semver:3\na tags=semver:>=1.2.0,<2.0.0\n" },
		{ "creds:\n- {registry: r, user: u, pass: geheim}\ndefaults:\n"
		  "  schedule: '0 * * * *'\nsync:\n- source: a\n"
		  "  type: repository\n  tags: {allow: ['1.*'], "
		  "deny: ['.*-rc']}\n",
		  "# f:2: creds: see \"docker login\" and --registries\n"
		  "# f:4: schedule: see \"cdr sync\" in a CronJob or a timer\n"
		  "# f:8: a: deny: these tags come as well: narrow tags=\n"
		  "a tags=regex:1.*\n" },
		{ "sync:\n- source: a\n  type: repository\n  tags: {allow: "
		  "['(?i)x']}\n- source: b.example\n  type: registry\n"
		  "- source: '{{ .X }}'\n- target: x\n- source: c\n"
		  "  type: repository\n  tags: {allow: 1.*}\n",
		  "# f:4: a: the expression \"(?i)x\" has no such form here: "
		  "write tags= by hand\n# f:5: \"b.example\" is a whole "
		  "registry: name its repositories\n# f:7: \"{{ .X }}\" is a "
		  "template: fill it in\n# f:8: an entry without a source\n"
		  "# f:11: c: patterns that are no list\n" },
		/* Words of a value are not words of a line. */
		{ "sync:\n- source: a:1\n  platform: linux/amd64 keep=9\n"
		  "- source: b:1 keep=9\n  platform: linux/amd64\n",
		  "# f:2: platform=: \"linux/amd64_keep=9\" is not a platform: "
		  "write os/architecture or os/architecture/variant, such as "
		  "linux/amd64 or linux/arm/v7; a Windows build as "
		  "windows/amd64:10.0.20348\n# f:4: \"1 keep=9\" is not a tag: "
		  "write letters, digits, \"_\", \".\" and \"-\", the first "
		  "one not \".\" or \"-\"\n" },
		{ "x-a: &a {source: a:1}\nnew: thing\nsync:\n- <<: *a\n"
		  "  other: 1\n  hooks: ~\n",
		  "# f:2: new: not known here\n# f:5: other: not known here\n"
		  "a:1\n" },
		{ "sync: [{a: b}]\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void
test_skopeo(void **state)
{
	static const struct text_case cases[] = {
		{ "r.example:\n  images:\n    busybox: []\n    redis: ['1.0', "
		  "'sha256:" HEX "']\n  images-by-tag-regex:\n"
		  "    nginx: ^1\\.13\\.[12]-alpine$\n    app: rc[0-9]\n"
		  "  images-by-semver: {alpine: '>= 3.12.0'}\n"
		  "docker.io:\n  images: {redis: ['7'], a/b: ['1']}\n",
		  "docker.io/a/b:1\ndocker.io/redis:7\n"
		  "r.example/alpine tags=semver:>=3.12.0\n"
		  "r.example/app tags=regex:.*rc[0-9].*\n"
		  "r.example/busybox tags=glob:*\n"
		  "r.example/nginx tags=regex:1\\.13\\.[12]-alpine\n"
		  "r.example/redis:1.0\nr.example/redis@sha256:" HEX "\n" },
		{ "r.example:\n  images: {a: ['1']}\n  credentials:\n"
		  "    username: u\n    password: geheim\n  cert-dir: /x\n"
		  "  tls-verify: false\n",
		  "# f:4: r.example: credentials: see \"docker login\"\n"
		  "# f:7: r.example: tls-verify: see ca_file of "
		  "--registries\n# f:6: r.example: cert-dir: see ca_file, "
		  "client_cert and client_key of --registries\n"
		  "r.example/a:1\n" },
		{ "r.example:\n  images-by-tag-regex:\n    a: ^a|b$\n"
		  "    b: '\\w+'\n  images-by-semver: {c: 1.2 - 1.4}\n"
		  "  images: {d: x}\n",
		  "# f:6: r.example/d: no list of tags\n# f:3: r.example/a: "
		  "the expression \"^a|b$\" has no such form here: write "
		  "tags= by hand\n# f:4: r.example/b: the expression \"\\w+\" "
		  "has no such form here: write tags= by hand\n"
		  "# f:5: r.example/c: the range \"1.2 - 1.4\" has no such "
		  "form here: write tags= by hand\n" },
		{ "r.example: {tls-verify: true}\n", NULL },
		{ "r.example: {images: {a: ['1']}}\nx: y\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

#define LINE(kind, repository, reference, status)	\
	"{\"time\":\"x\",\"method\":\"GET\",\"kind\":\"" kind \
	"\",\"registry\":\"docker.io\",\"repository\":\"" repository \
	"\",\"reference\":\"" reference "\",\"status\":" status "}\n"

static void
test_asked(void **state)
{
	static const struct text_case cases[] = {
		{ LINE("manifest", "library/a", "1", "404")
		  LINE("manifest", "library/a", "1", "404")
		  LINE("manifest", "library/a", "2", "200")
		  LINE("manifest", "b/c", "sha256:" HEX, "404")
		  LINE("blob", "b/c", "sha256:" HEY, "404")
		  LINE("manifest", "../x", "1", "404")
		  LINE("manifest", "x", "a\\nb:1", "404")
		  LINE("manifest", "library/x", "", "404")
		  "{\"half",
		  "# asked for and not found: docker.io/b/c@sha256:" HEX
		  " (1)\n# asked for and not found: docker.io/library/a:1 "
		  "(2)\n" },
		{ LINE("manifest", "library/a", "1", "200")
		  "10.0.0.1 - - [] \"GET\"\nx\n" LINE("ping", "", "", "404"),
		  "# f:2: no line of such a log (of such there are 2)\n" },
		/* Cut at both ends. */
		{ "\"manifest\"}\n" LINE("manifest", "a/b", "1", "404"),
		  "# f:1: no line of such a log (of such there are 1)\n"
		  "# asked for and not found: docker.io/a/b:1 (1)\n" },
		{ "{\"status\": 404, \"path\": \"/\"}\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

static void
test_lines(void **state)
{
	static const struct text_case cases[] = {
		{ "docker.io/rancher/klipper-helm:v0.8\r\n# x\n\n"
		  "registry.k8s.io/pause:3.9   # y\nnginx\nnginx:latest",
		  "nginx\ndocker.io/rancher/klipper-helm:v0.8\n"
		  "registry.k8s.io/pause:3.9\n" },
		{ "\xef\xbb\xbf" "a:1\n", "a:1\n" },
		{ "b:1\na:1 priority=5 keep=2\n",
		  "a:1 keep=2 priority=5\nb:1\n" },
		{ "default platform=linux/amd64 keep=2\na:1\n"
		  "default keep=3 tags=glob:v* newest=2\nb\nc:1\n"
		  "d keep=4 tags=glob:*\n",
		  "a:1 keep=2 platform=linux/amd64\nb keep=3 newest=2 "
		  "platform=linux/amd64 tags=glob:v*\nc:1 keep=3 "
		  "platform=linux/amd64\nd keep=4 newest=2 "
		  "platform=linux/amd64 tags=glob:*\n" },
		{ "a:1\nb:1\nc d\nx/../y:1\n../z\ne:1\n",
		  "# f:3: \"d\" is not a key=value: write one image a line, "
		  "and no white space around \"=\"\n# f:4: \"x/../y\" is not a "
		  "repository name: write lower-case letters and digits with "
		  "single \".\", \"_\", \"__\" or hyphens between them, in "
		  "parts separated by \"/\"\n# f:5: \"..\" is not a registry: "
		  "write a host name, with or without :port\n"
		  "a:1\nb:1\ne:1\n" },
		{ "a:1\nb:1 colour=red\n", "# f:2: unknown key \"colour\": the "
		  "keys are platform, tags, newest, referrers, priority, "
		  "signed, keep, keep-for\na:1\n" },
		{ "REPOSITORY  TAG\nnginx  1.27\n", NULL },
		{ "10.0.0.1 - - [x] \"GET /v2/ HTTP/1.1\" 404 0\n", NULL },
		{ "a: |\n x\n y\n", NULL },
		{ "a:\nb:1\n", NULL },
		{ "a:1\nb:\n", "# f:2: the tag after \":\" is empty\na:1\n" },
		{ "", NULL }, { " \n\t\n", NULL }, { "# only this\n", NULL },
		{ "<html><body>x</body></html>\n", NULL },
	};

	(void)state;
	run(cases, COUNT(cases));
}

/* Go's expressions in ours. */
static void
test_patterns(void **state)
{
	static const struct {
		const char *go;
		bool is_whole;
		const char *want;	/* NULL: it has no such form */
	} regexes[] = {
		{ "v1", true, "v1" }, { "v1", false, ".*v1.*" },
		{ "^v1", false, "v1.*" }, { "v1$", false, ".*v1" },
		{ "^v1$", false, "v1" }, { "^v1$", true, "v1" },
		{ "v1\\$", false, ".*v1\\$.*" },
		{ "[\\d.]+", true, "[0-9.]+" }, { "[^\\d]", true, "[^0-9]" },
		{ "[]a]", true, "[]a]" }, { "[\\.]", true, "[.]" },
		{ "[a\\-z]", true, NULL }, { "[[:alpha:]]", true, NULL },
		{ "a\\-b\\_c", true, "a-b_c" }, { "\\w", true, NULL },
		{ "a\\", true, NULL }, { "\\Aa", true, NULL },
		{ "(a|b)c", true, "(a|b)c" }, { "a|b", true, NULL },
		{ "(?:a|(?:b|c))", true, "(a|(b|c))" },
		{ "(?P<x>a)", true, NULL }, { "(?i)a", true, NULL },
		{ "a^b", true, NULL }, { "a$b", true, NULL },
		{ "(^a)", true, NULL }, { "a+?", true, NULL },
		{ "a)b|c", true, NULL }, { "(a", true, NULL },
		{ "a b", true, NULL }, { "a{2}", true, "a{2}" },
	};
	static const struct {
		const char *range, *want;
	} ranges[] = {
		{ ">= 1.2, < 2", ">=1.2,<2" }, { ">=1.2 <2", ">=1.2,<2" },
		{ "1.x || 3", "1.x||3" }, { "~1.2", "~1.2" },
		{ "  ^1  ", "^1" }, { "1.2 - 1.4", NULL }, { "so", NULL },
		{ "1.2\t<3", NULL }, { ">=1 , <2", ">=1,<2" },
	};
	struct gather *g;
	char *out, *want;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(regexes) + COUNT(ranges); i++) {
		bool is_regex = i < COUNT(regexes);
		const char *tags = is_regex ? regexes[i].want :
		    ranges[i - COUNT(regexes)].want;

		g = gather_new(on_left, NULL);
		if (is_regex)
			patterns_regex(g, 1, "a", regexes[i].go,
			    regexes[i].is_whole, "keep=2");
		else
			patterns_semver(g, 1, "a",
			    ranges[i - COUNT(regexes)].range, "keep=2");
		out = print(g);
		want = tags == NULL ? xstrdup("# :1: a: the ") :
		    xasprintf("a keep=2 tags=%s:%s\n", is_regex ? "regex" :
		    "semver", tags);
		if (tags == NULL ? strncmp(out, want, strlen(want)) != 0 :
		    strcmp(out, want) != 0)
			fail_msg("%zu: %s", i, out);
		free(want);
		free(out);
		gather_free(g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kubernetes),
		cmocka_unit_test(test_compose),
		cmocka_unit_test(test_crictl),
		cmocka_unit_test(test_regsync),
		cmocka_unit_test(test_skopeo),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
