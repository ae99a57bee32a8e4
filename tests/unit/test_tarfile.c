#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "bundle/bundle_name.h"
#include "bundle/tarfile.h"
#include "layout/digest.h"
#include "scratch.h"

#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int
create(const struct scratch *s, const char *name)
{
	int fd = openat(s->dir, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	return fd;
}

static struct tarfile *
begin(int fd)
{
	struct tarfile *t;
	struct err e;

	if (tarfile_new(fd, &t, &e) == -1)
		fail_msg("%s", e.msg);
	return t;
}

/* Bytes come in as many pieces as they like. */
static void
put(struct tarfile *t, const char *name, const char *text, size_t piece)
{
	size_t left = strlen(text), n;
	struct err e;

	if (tarfile_member(t, name, left, &e) == -1)
		fail_msg("%s", e.msg);
	for (; left > 0; left -= n, text += n) {
		n = left < piece ? left : piece;
		if (tarfile_put(t, text, n, &e) == -1)
			fail_msg("%s", e.msg);
	}
}

static void
end(struct tarfile *t)
{
	struct err e;

	if (tarfile_end(t, &e) == -1)
		fail_msg("%s", e.msg);
	tarfile_free(t);
}

static off_t
length(int fd)
{
	struct stat sb;

	assert_int_equal(fstat(fd, &sb), 0);
	return sb.st_size;
}

static void
read_at(int fd, off_t offset, char *buf, size_t len)
{
	assert_int_equal(pread(fd, buf, len, offset), (ssize_t)len);
}

/* The header's fields, as POSIX has them (pax, "ustar Interchange Format"). */
static void
test_header(void **state)
{
	int fd = create(*state, "a.tar");
	struct tarfile *t = begin(fd);
	char h[512];

	put(t, "statement", "hello\n", 6);
	end(t);
	assert_int_equal(length(fd), (off_t)(tarfile_room(6) + TARFILE_END));
	read_at(fd, 0, h, sizeof(h));
	assert_string_equal(h, "statement");
	assert_int_equal(strtol(h + 100, NULL, 8), 0644);
	assert_int_equal(strtol(h + 108, NULL, 8), 0);
	assert_int_equal(strtol(h + 116, NULL, 8), 0);
	assert_int_equal(strtol(h + 124, NULL, 8), 6);
	assert_int_equal(strtol(h + 136, NULL, 8), 0);
	assert_int_equal(h[156], '0');
	assert_memory_equal(h + 257, "ustar\00000", 8);
	assert_string_equal(h + 265, "");
	assert_string_equal(h + 297, "");
	close(fd);
}

/* However the bytes came, and whenever: the file is the same. */
static void
test_same_bytes(void **state)
{
	static char big[200000];
	struct digest first = { .alg = DIGEST_SHA256 }, again = first;
	const size_t pieces[] = { 1000, 65536, sizeof(big) };
	char *whole;
	size_t i, len;
	int fd;

	memset(big, 'x', sizeof(big) - 1);
	len = 3 * 512 + 512 + tarfile_room(sizeof(big) - 1) + TARFILE_END;
	whole = malloc(len);
	for (i = 0; i < 3; i++) {
		struct tarfile *t;

		fd = create(*state, "a.tar");
		t = begin(fd);
		put(t, "a", "1", 1);
		put(t, "none", "", 1);
		put(t, "blobs/sha256/" HEX64, big, pieces[i]);
		put(t, "b", "", 1);
		end(t);
		assert_int_equal(length(fd), (off_t)len);
		read_at(fd, 0, whole, len);
		digest_of(DIGEST_SHA256, whole, len, &again);
		if (i == 0)
			first = again;
		assert_true(digest_equal(&first, &again));
		close(fd);
	}
	free(whole);
}

static void
test_room(void **state)
{
	(void)state;
	assert_int_equal(tarfile_room(0), 512);
	assert_int_equal(tarfile_room(1), 1024);
	assert_int_equal(tarfile_room(512), 1024);
	assert_int_equal(tarfile_room(513), 1536);
	assert_true(tarfile_room(TARFILE_MEMBER_MAX) == ((uint64_t)8 << 30) +
	    512);
}

/* The longest names that a bundle has fit, by way of the prefix; what ustar has
 * no room for is refused, and nothing is cut or written in another format. */
static void
test_names(void **state)
{
	int fd = create(*state, "a.tar");
	struct tarfile *t = begin(fd);
	char h[512];
	struct err e;

	put(t, "blobs/sha256/" HEX64 "+18446744073709551615", "x", 1);
	put(t, "blobs/sha512/" HEX64 "/" HEX64 "+18446744073709551615", "x", 1);
	assert_int_equal(tarfile_member(t, "blobs/sha512/" HEX64 HEX64, 1, &e),
	    -1);
	assert_int_equal(e.code, ERR_SYS);
	tarfile_free(t);
	fd = create(*state, "a.tar");
	t = begin(fd);
	put(t, "blobs/sha512/" HEX64 "/" HEX64 "+18446744073709551615", "x", 1);
	end(t);
	read_at(fd, 0, h, sizeof(h));
	assert_memory_equal(h, HEX64 "+18446744073709551615", 86);
	assert_string_equal(h + 345, "blobs/sha512/" HEX64);
	close(fd);
}

/* ustar's size has eleven octal digits. */
static void
test_too_large(void **state)
{
	int fd = create(*state, "a.tar");
	struct tarfile *t = begin(fd);
	struct err e;

	assert_int_equal(tarfile_member(t, "layer", TARFILE_MEMBER_MAX + 1, &e),
	    -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "layer: 8589934592 bytes"));
	assert_int_equal(tarfile_member(t, "layer", TARFILE_MEMBER_MAX, &e), 0);
	tarfile_free(t);
	close(fd);
}

/* What is given up in the middle does not look as if it were whole. */
static void
test_no_end(void **state)
{
	int fd = create(*state, "a.tar");
	struct tarfile *t = begin(fd);
	struct err e;

	put(t, "a", "1", 1);
	assert_int_equal(tarfile_member(t, "b", 3, &e), 0);
	assert_int_equal(tarfile_put(t, "2", 1, &e), 0);
	tarfile_free(t);
	assert_true(length(fd) <
	    (off_t)(2 * tarfile_room(1) + TARFILE_END));
	close(fd);
	tarfile_free(NULL);
}

/* A full device, and a pipe that nobody reads, are told as what they are. */
static void
test_cannot_write(void **state)
{
	static char big[1u << 20];
	int fd = open("/dev/full", O_WRONLY), ends[2];
	struct tarfile *t = begin(fd);
	struct err e;

	(void)state;
	assert_int_equal(tarfile_member(t, "a", sizeof(big), &e), 0);
	assert_int_equal(tarfile_put(t, big, sizeof(big), &e), -1);
	assert_int_equal(e.code, ERR_STORE);
	assert_non_null(strstr(e.msg, strerror(ENOSPC)));
	tarfile_free(t);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	t = begin(fd);
	put(t, "a", "1", 1);
	assert_int_equal(tarfile_end(t, &e), -1);
	assert_int_equal(e.code, ERR_STORE);
	tarfile_free(t);
	close(fd);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	t = begin(ends[1]);
	assert_int_equal(tarfile_member(t, "a", sizeof(big), &e), 0);
	assert_int_equal(tarfile_put(t, big, sizeof(big), &e), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_non_null(strstr(e.msg, strerror(EPIPE)));
	tarfile_free(t);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_header, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_same_bytes, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_room),
		cmocka_unit_test_setup_teardown(test_names, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_too_large, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_no_end, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test(test_cannot_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
