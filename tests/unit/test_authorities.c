#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/authorities.h"
#include "tests/unit/scratch.h"

#define CERT(text)	"-----BEGIN CERTIFICATE-----\n" text \
			"\n-----END CERTIFICATE-----\n"

static char *
write_file(const struct scratch *s, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", s->path, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

/* Each file, and how many certificates of it are taken. */
static const struct {
	const char *text;
	size_t count;
} files[] = {
	{ "", 0 }, { "# none\n", 0 }, { CERT("AAAA"), 1 },
	{ "bag\n" CERT("AAAA") "name\n" CERT("BBBB") "end", 2 },
	{ CERT("AAAA\r\nBBB="), 1 }, { CERT(""), 0 }, { CERT("AAA"), 0 },
	{ CERT("Proc-Type: 4,ENCRYPTED\n\nAAAA"), 0 },
	{ CERT("AA!A") CERT("AAAA"), 1 },
	{ "-----BEGIN CERTIFICATE-----\nAAAA\n", 0 },
	{ "-----BEGIN CERTIFICATE-----\nAAAA\n" CERT("BBBB"), 1 },
	{ "-----END CERTIFICATE-----\n" CERT("AAAA"), 1 },
	{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0 },
};

static size_t
count_in(const struct authorities *a)
{
	const char *s = a->pem;
	size_t count = 0;

	for (; s != NULL && (s = strstr(s, "BEGIN CERT")) != NULL; s++)
		count++;
	return count;
}

static void
test_files(void **state)
{
	struct scratch *s = *state;
	struct authorities a;
	struct err e;
	char *path;
	size_t i;

	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = write_file(s, "file.pem", files[i].text);
		if (authorities_read(NULL, path, &a, &e) == -1) {
			assert_int_equal(files[i].count, 0);
			assert_non_null(strstr(e.msg, path));
			assert_int_equal(e.code, ERR_INPUT);
		} else {
			if (count_in(&a) != files[i].count)
				fail_msg("%zu: %zu", i, count_in(&a));
			assert_false(a.is_set || a.has_folders);
			authorities_done(&a);
		}
		free(path);
	}
	assert_int_equal(authorities_read(NULL, "/absent", &a, &e), -1);
	assert_int_equal(authorities_read("/absent", NULL, &a, &e), 0);
	assert_null(a.pem);
}

/* What the environment names, and what that stands in for. */
static void
test_environment(void **state)
{
	struct scratch *s = *state;
	struct authorities a;
	struct err e;
	char *standard, *file, *one, *folder, *both;

	standard = write_file(s, "standard", CERT("SSSS"));
	file = write_file(s, "file", CERT("FFFF"));
	folder = xasprintf("%s/folder", s->path);
	assert_int_equal(mkdir(folder, 0700), 0);
	one = write_file(s, "folder/any", CERT("DDDD"));
	/* Nobody waits for what will not come. */
	assert_int_equal(mkfifoat(s->dir, "folder/fifo", 0600), 0);
	both = xasprintf("%s/absent:%s", s->path, folder);

	setenv("SSL_CERT_FILE", file, 1);
	assert_int_equal(authorities_check(&e), 0);
	assert_int_equal(authorities_read(standard, NULL, &a, &e), 0);
	assert_true(a.is_set && !a.has_folders);
	assert_non_null(strstr(a.pem, "FFFF"));
	assert_non_null(strstr(a.pem, "SSSS"));
	authorities_done(&a);

	setenv("SSL_CERT_DIR", both, 1);
	assert_int_equal(authorities_check(&e), -1);
	assert_non_null(strstr(e.msg, "SSL_CERT_DIR"));
	assert_int_equal(authorities_read(standard, NULL, &a, &e), 0);
	assert_true(a.is_set && a.has_folders);
	assert_non_null(strstr(a.pem, "FFFF"));
	assert_non_null(strstr(a.pem, "DDDD"));
	assert_null(strstr(a.pem, "SSSS"));
	authorities_done(&a);

	setenv("SSL_CERT_FILE", "/absent", 1);
	assert_int_equal(authorities_check(&e), -1);
	assert_non_null(strstr(e.msg, "SSL_CERT_FILE"));
	assert_int_equal(authorities_read(standard, file, &a, &e), 0);
	assert_int_equal(count_in(&a), 3);
	authorities_done(&a);
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	unlink(one);
	free(standard);
	free(file);
	free(one);
	free(folder);
	free(both);
}

/* Its bound. */
static void
test_large(void **state)
{
	struct scratch *s = *state;
	struct authorities a;
	struct err e;
	char *text, *path;
	size_t i, len = strlen(CERT("AAAA"));

	text = xmalloc(AUTHORITIES_BYTES_MAX + len + 1);
	for (i = 0; i + len <= AUTHORITIES_BYTES_MAX; i += len)
		memcpy(text + i, CERT("AAAA"), len);
	text[i] = '\0';
	path = write_file(s, "large", text);
	assert_int_equal(authorities_read(path, path, &a, &e), 0);
	assert_true(a.len <= AUTHORITIES_BYTES_MAX);
	authorities_done(&a);
	free(path);
	memcpy(text + i, CERT("AAAA"), len + 1);
	path = write_file(s, "large", text);
	assert_int_equal(authorities_read(NULL, path, &a, &e), -1);
	free(path);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files,
		    scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_environment,
		    scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_large,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
