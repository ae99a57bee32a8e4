/* Which images "cdr ls FILTER" shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/filter.h"

/* a: docker.io/library/nginx:1.27, b: docker.io/library/nginx:1.27-alpine,
 * c: ghcr.io/org/nginx-unprivileged:1.27, d: reg.example:5000/app:2,
 * e: docker.io/org/app by its digest, f: docker.io/library/alpine:latest. */
static const struct {
	const char *registry, *repository, *reference, *digest;
} images[] = {
	{ "docker.io", "library/nginx", "1.27", "sha256:aaaaaa11" },
	{ "docker.io", "library/nginx", "1.27-alpine", "sha256:bbbbbb22" },
	{ "ghcr.io", "org/nginx-unprivileged", "1.27", "sha256:cccccc33" },
	{ "reg.example:5000", "app", "2", "sha256:dddddd44" },
	{ "docker.io", "org/app", "sha256:eeeeee55", "sha256:eeeeee55" },
	{ "docker.io", "library/alpine", "latest", "sha512:ffffff66" },
};

static const char *
shown(const char *filter)
{
	static char ret[8];
	size_t i, n = 0;

	for (i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (filter_matches(filter, images[i].registry,
		    images[i].repository, images[i].reference,
		    images[i].digest))
			ret[n++] = (char)('a' + i);
	ret[n] = '\0';
	return ret;
}

static void
test_filters(void **state)
{
	static const char *const table[][2] = {
		{ "nginx", "abc" },
		{ "ngin", "abc" },
		{ "alpine", "bf" },
		{ "1.27", "abc" },
		{ "nginx:1.27", "a" },
		{ "library/nginx:1.27", "a" },
		{ "docker.io/nginx:1.27", "a" },
		{ "docker.io/library/nginx:1.27", "a" },
		{ "index.docker.io/library/nginx:1.27", "a" },
		{ "nginx:1.2", "" },
		{ "ghcr.io", "c" },
		{ "ghcr.io/org", "c" },
		{ "ghcr.io/", "c" },
		{ "org/", "ce" },
		{ "reg.example:5000", "d" },
		{ "reg.example:5000/app", "d" },
		{ "reg.example:5000/app:2", "d" },
		{ "reg.example", "d" },
		{ ":1.27", "ac" },
		{ ":latest", "f" },
		{ ":1.2", "" },
		{ "nginx:*", "ab" },
		{ "nginx:1.27*", "ab" },
		{ "nginx:1.2?", "a" },
		{ "nginx", "abc" },
		{ "nginx*", "ab" },
		{ "*nginx*", "abc" },
		{ "library/*", "abf" },
		{ "docker.io/*", "abef" },
		{ "ghcr.io/*", "c" },
		{ "*:1.27", "ac" },
		{ "*", "abcdef" },
		{ "[an]*:latest", "f" },
		{ "[", "" },
		{ "sha256:aaaa", "a" },
		{ "sha256:a", "a" },
		{ "sha256:", "abcde" },
		{ "sha512:ffffff66", "f" },
		{ "aaaaaa", "a" },
		{ "aaaaa", "" },			/* too short */
		{ "eeeeee55", "e" },
		{ "nginx@sha256:bb", "b" },
		{ "alpine@sha256:bb", "b" },
		{ "busybox@sha256:bb", "" },
		{ "org/app@sha256:eeeeee55", "e" },
		{ "docker.io/org/app@sha256:eeeeee55", "e" },
		{ "nothing", "" },
		{ "NGINX", "" },
		{ "", "abcdef" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(shown(table[i][0]), table[i][1]) != 0)
			fail_msg("\"%s\" shows \"%s\", not \"%s\"",
			    table[i][0], shown(table[i][0]), table[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
