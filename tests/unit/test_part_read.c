#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/part_read.h"
#include "tests/unit/scratch.h"

#define HEX64	"00000000000000000000000000000000" \
		"000000000000000000000000000000ff"
#define BLOB	"blobs/sha256/" HEX64
#define BLOCK	512

/* A tar file that is made by hand. */
static unsigned char tar[64 * BLOCK];
static size_t tar_len;

static void
sum(unsigned char *h)
{
	unsigned total = 0, i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		total += h[i];
	snprintf((char *)h + 148, 8, "%06o", total);
}

static unsigned char *
header(const char *name, char type, const char *size)
{
	unsigned char *h = tar + tar_len;

	memset(h, 0, BLOCK);
	snprintf((char *)h, 101, "%s", name);
	memcpy(h + 100, "0000644", 8);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	memcpy(h + 124, size, 11);
	memcpy(h + 136, "00000000000", 12);
	h[156] = (unsigned char)type;
	memcpy(h + 257, "ustar\00000", 8);
	sum(h);
	tar_len += BLOCK;
	return h;
}

static void
bytes(const char *data)
{
	memset(tar + tar_len, 0, BLOCK);
	memcpy(tar + tar_len, data, strlen(data));
	tar_len += BLOCK;
}

static void
member(const char *name, const char *data)
{
	char size[12];

	snprintf(size, sizeof(size), "%011o", (unsigned)strlen(data));
	header(name, '0', size);
	if (data[0] != '\0')
		bytes(data);
}

static void
end(void)
{
	memset(tar + tar_len, 0, 2 * BLOCK);
	tar_len += 2 * BLOCK;
}

static int
file_of(const struct scratch *s)
{
	int fd = openat(s->dir, "part", O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, tar, tar_len), (ssize_t)tar_len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* All of it, but for what is skipped: how many members, or -1. */
static int
read_part(int fd, bool take, struct err *e)
{
	struct part_member m;
	struct part *p;
	const void *data;
	size_t len;
	int rc, count = 0;

	assert_int_equal(part_open(fd, "the part", &p, e), 0);
	while ((rc = part_next(p, &m, e)) == 1) {
		count++;
		while (take && (rc = part_data(p, &data, &len, e)) == 1)
			;
		if (rc == -1)
			break;
	}
	part_close(p);
	return rc == -1 ? -1 : count;
}

static int
read_all(const struct scratch *s, bool take, struct err *e)
{
	int fd = file_of(s), rc = read_part(fd, take, e);

	close(fd);
	return rc;
}

static void
good(void)
{
	tar_len = 0;
	member("statement", "what it is\n");
	member("signature", "whose it is\n");
	member("table", "what is in it\n");
	member(BLOB, "bytes");
	member(BLOB "+5", "");
	end();
}

static void
test_good(void **state)
{
	struct part_member m;
	struct part *p;
	struct err e;
	char *text;
	size_t len;
	int fd;

	good();
	fd = file_of(*state);
	assert_int_equal(part_open(fd, "the part", &p, &e), 0);
	assert_int_equal(part_next(p, &m, &e), 1);
	assert_string_equal(m.name, "statement");
	assert_int_equal(m.size, 11);
	assert_int_equal(part_text(p, 10, &text, &len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(part_text(p, 11, &text, &len, &e), 0);
	assert_string_equal(text, "what it is\n");
	assert_int_equal(len, 11);
	free(text);
	assert_int_equal(part_next(p, &m, &e), 1);
	assert_int_equal(part_next(p, &m, &e), 1);
	assert_int_equal(part_next(p, &m, &e), 1);
	assert_string_equal(m.name, BLOB);
	assert_int_equal(part_text(p, 99, &text, &len, &e), 0);
	assert_string_equal(text, "bytes");
	free(text);
	assert_int_equal(part_next(p, &m, &e), 1);
	assert_int_equal(part_text(p, 99, &text, &len, &e), 0);
	assert_int_equal(len, 0);
	free(text);
	assert_int_equal(part_next(p, &m, &e), 0);
	assert_false(part_is_empty(p));
	part_close(p);
	close(fd);
	assert_int_equal(read_all(*state, true, &e), 5);
	assert_int_equal(read_all(*state, false, &e), 5);
}

/* As cat gives them: the next one begins where this one ends. */
static void
test_pipe(void **state)
{
	struct part *p;
	struct part_member m;
	struct err e;
	int fds[2];

	(void)state;
	good();
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], tar, tar_len), (ssize_t)tar_len);
	assert_int_equal(write(fds[1], tar, tar_len), (ssize_t)tar_len);
	close(fds[1]);
	assert_int_equal(read_part(fds[0], true, &e), 5);
	assert_int_equal(read_part(fds[0], false, &e), 5);
	assert_int_equal(part_open(fds[0], "the part", &p, &e), 0);
	assert_int_equal(part_next(p, &m, &e), 0);
	assert_true(part_is_empty(p));
	part_close(p);
	close(fds[0]);
}

/* Wherever it is cut, it is not whole; only one of its last two blocks may be
 * missing. */
static void
test_cut(void **state)
{
	struct err e;
	size_t whole, len;

	good();
	whole = tar_len;
	for (len = 1; len < whole - BLOCK;
	    len += len % BLOCK == 0 ? 100 : 206) {
		tar_len = len;
		if (read_all(*state, true, &e) != -1)
			fail_msg("%zu bytes are whole", len);
		assert_int_equal(e.code, ERR_DATA);
		if (read_all(*state, false, &e) != -1)
			fail_msg("%zu bytes are whole, skipped", len);
	}
	tar_len = whole - BLOCK;
	assert_int_equal(read_all(*state, true, &e), 5);
}

/* A file that is no bundle's. */
static void
test_rubbish(void **state)
{
	struct err e;

	tar_len = 4 * BLOCK;
	memset(tar, 'x', tar_len);
	assert_int_equal(read_all(*state, true, &e), -1);
	assert_string_equal(e.msg, "the part: it is no tar file from here on");
	good();
	memset(tar + tar_len - BLOCK, 'x', BLOCK);
	assert_int_equal(read_all(*state, true, &e), -1);
	assert_non_null(strstr(e.msg, "its end is no end"));
	good();
	tar[3] ^= 1;
	assert_int_equal(read_all(*state, true, &e), -1);
	tar_len = 0;
	end();
	assert_int_equal(read_all(*state, true, &e), 0);
}

static void
expect_refused(const struct scratch *s, const char *why)
{
	struct err e;

	end();
	if (read_all(s, true, &e) != -1)
		fail_msg("taken: %s", why);
	if (strstr(e.msg, why) == NULL)
		fail_msg("\"%s\" does not say: %s", e.msg, why);
	assert_int_equal(strncmp(e.msg, "the part: ", 10), 0);
}

static void
begin(void)
{
	tar_len = 0;
	member("statement", "what it is\n");
}

static void
test_names(void **state)
{
	static const char *const odd[] = {
		"../" BLOB, "/" BLOB, "./" BLOB, "blobs/../" BLOB, "blobs",
		"blobs/sha256", BLOB "+", BLOB "+-1", BLOB "+01",
		BLOB "+1+1", BLOB "0", "blobs/sha1/" HEX64, "Statement",
		"../statement", "blobs//sha256/" HEX64, " ",
		"blobs/sha256/" HEX64 "\n", "blobs\\sha256\\" HEX64,
	};
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		begin();
		member(odd[i], "x");
		expect_refused(*state, "a bundle has nothing of this name");
	}
	begin();
	member(BLOB "/", "");
	expect_refused(*state, "it is no regular file");
	begin();
	member("", "x");
	expect_refused(*state, "a bundle has nothing of this name");
	/* By way of the field that is set before it. */
	begin();
	memcpy(header(BLOB, '0', "00000000000") + 345, "..", 3);
	sum(tar + tar_len - BLOCK);
	expect_refused(*state, "a bundle has nothing of this name");
}

static void
test_twice(void **state)
{
	begin();
	member(BLOB, "x");
	member(BLOB "+1", "x");
	member(BLOB, "x");
	expect_refused(*state, BLOB ": it stands there twice");
	begin();
	member("statement", "another");
	expect_refused(*state, "statement: it stands there twice, or not");
	begin();
	member("table", "x");
	member("signature", "x");
	expect_refused(*state, "signature: it stands there twice, or not");
	begin();
	member(BLOB, "x");
	member("table", "x");
	expect_refused(*state, "table: it stands there twice, or not");
}

/* Each of the types that are no regular file, and each kind of record that
 * comes before another header. */
static void
test_types(void **state)
{
	static const char *const links[] = { "1", "2", "3", "4", "5", "6" };
	static const char *const records[] = { "x", "g", "X", "L", "K" };
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		begin();
		memcpy(header(BLOB, links[i][0], "00000000000") + 157,
		    "/etc/passwd", 11);
		sum(tar + tar_len - BLOCK);
		expect_refused(*state, "");
	}
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		begin();
		header("record", records[i][0], "00000000030");
		bytes("23 path=../../etc/shadow\n");
		member(BLOB, "x");
		expect_refused(*state, "a record that a bundle has not got");
		tar_len = 0;
		header("record", records[i][0], "00000000030");
		bytes("23 path=../../etc/shadow\n");
		member("statement", "x");
		expect_refused(*state, "a record that a bundle has not got");
	}
	begin();
	memcpy(header(BLOB, '0', "00000000000") + 257, "ustar  ", 8);
	sum(tar + tar_len - BLOCK);
	expect_refused(*state, "its header is not that of ustar");
	begin();
	memset(header(BLOB, '0', "00000000000") + 257, 0, 8);
	sum(tar + tar_len - BLOCK);
	expect_refused(*state, "its header is not that of ustar");
	begin();
	memcpy(header(BLOB, 'S', "00000000000") + 257, "ustar  ", 8);
	sum(tar + tar_len - BLOCK);
	expect_refused(*state, "");
}

static void
size_field(const char *field)
{
	memcpy(header(BLOB, '0', "00000000000") + 124, field, 12);
	sum(tar + tar_len - BLOCK);
}

static void
test_sizes(void **state)
{
	begin();
	header(BLOB, '0', "77777777777");	/* 8 GiB - 1: there are not */
	expect_refused(*state, BLOB ": it is cut in the middle of this");
	begin();
	size_field("\200\0\0\0\0\0\0\2\0\0\0\0");	/* 8 GiB */
	expect_refused(*state, BLOB ": it has a size that cannot be");
	begin();
	size_field("\200\0\0\0\177\377\377\377\377\377\377\377");
	expect_refused(*state, "");
	begin();
	size_field("\377\377\377\377\377\377\377\377\377\377\377\377");
	expect_refused(*state, "");
	/* One that is too small leaves bytes where a header has to be. */
	begin();
	header(BLOB, '0', "00000000001");
	bytes("x");
	bytes("more");
	expect_refused(*state, BLOB ": it is no tar file from here on");
}

/* What cannot be read is no fault of the file's. */
static void
test_unreadable(void **state)
{
	struct scratch *s = *state;
	struct err e;

	assert_int_equal(read_part(s->dir, true, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_string_equal(e.msg, "the part: Is a directory");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, scratch_setup, \
		    scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good), TEST(test_pipe), TEST(test_cut),
		TEST(test_rubbish), TEST(test_names), TEST(test_twice),
		TEST(test_types), TEST(test_sizes), TEST(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
