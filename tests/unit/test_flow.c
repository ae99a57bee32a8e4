#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bundle/flow.h"
#include "bundle/tarfile.h"
#include "tests/unit/scratch.h"

#define OBJECTS	800u

static struct table_row rows[OBJECTS];
static bool is_wanted[OBJECTS];

/* A part of many small blobs, behind its table. */
static int
make_part(const struct scratch *s)
{
	char name[BUNDLE_MEMBER_MAX], text[16];
	struct tarfile *t;
	struct err e;
	size_t i, len;
	int fd = openat(s->dir, "part", O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(tarfile_new(fd, &t, &e), 0);
	for (i = 0; i < OBJECTS; i++) {
		len = (size_t)snprintf(text, sizeof(text), "blob %zu", i);
		digest_of(DIGEST_SHA256, text, len, &rows[i].digest);
		rows[i].size = rows[i].length = len;
		is_wanted[i] = true;
		bundle_member_name(&rows[i].digest, false, 0, name);
		assert_int_equal(tarfile_member(t, name, len, &e), 0);
		assert_int_equal(tarfile_put(t, text, len, &e), 0);
	}
	assert_int_equal(tarfile_end(t, &e), 0);
	tarfile_free(t);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static size_t
count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Whoever commits may wait for a slow disk: what comes meanwhile is as much as
 * a process may have open, and no more. */
static void
test_bounded(void **state)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	const struct scratch *s = *state;
	struct table t = { .rows = rows, .count = OBJECTS };
	struct flow_arrival *list, *next;
	struct err e, *result;
	struct store *store;
	struct part *part;
	struct flow *f;
	size_t before, now, last, came = 0;
	enum flow_state end = FLOW_READS;
	int fd;

	assert_int_equal(store_open(s->path, STORE_WRITE, &store, &e), 0);
	fd = make_part(s);
	assert_int_equal(part_open(fd, "part", &part, &e), 0);
	f = flow_new(store);
	before = now = count_open();
	flow_begin(f, part, 0, &t, is_wanted);
	do {
		last = now;
		nanosleep(&moment, NULL);
		now = count_open();
	} while (now != last || now == before);
	assert_in_range(now - before, 1, FLOW_OBJECTS);
	while (end != FLOW_SETTLED) {
		end = flow_wait(f, 200, &list);
		for (; list != NULL; list = next) {
			next = list->next;
			assert_int_equal(list->err.code, ERR_NONE);
			result = &list->err;
			store_commit(store, &list->staged, 1, &result);
			assert_int_equal(list->err.code, ERR_NONE);
			came++;
			free(list);
		}
	}
	assert_null(flow_part_error(f));
	assert_int_equal(came, OBJECTS);
	flow_free(f);
	part_close(part);
	close(fd);
	store_close(store);
}

/* Also one that nobody takes anything from ends. */
static void
test_stopped(void **state)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	const struct scratch *s = *state;
	struct table t = { .rows = rows, .count = OBJECTS };
	struct flow_arrival *list, *next;
	struct store *store;
	struct part *part;
	struct flow *f;
	struct err e;
	enum flow_state end = FLOW_READS;
	int fd;

	assert_int_equal(store_open(s->path, STORE_WRITE, &store, &e), 0);
	fd = make_part(s);
	assert_int_equal(part_open(fd, "part", &part, &e), 0);
	f = flow_new(store);
	flow_begin(f, part, 0, &t, is_wanted);
	nanosleep(&moment, NULL);
	flow_stop(f);
	while (end != FLOW_SETTLED) {
		end = flow_wait(f, 200, &list);
		for (; list != NULL; list = next) {
			next = list->next;
			staged_free(list->staged);
			free(list);
		}
	}
	flow_free(f);
	part_close(part);
	close(fd);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bounded, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_stopped, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
