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

#include "layout/mem.h"
#include "scratch.h"
#include "watch/listfile.h"

static void
hear(void *cookie, const char *where, const char *what)
{
	(void)where;
	(void)what;
	(*(size_t *)cookie)++;
}

static void
put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* How many images it has; -1: it cannot be read. */
static int
images(const struct listfile *l)
{
	size_t complaints = 0;
	struct image_list *list = list_new(hear, &complaints);
	struct err e;
	int ret = -1;

	if (listfile_read(l, list, &e) == 0) {
		assert_int_equal(list_end(list), 0);
		ret = (int)list_count(list);
	} else {
		assert_int_equal(e.code, ERR_INPUT);
	}
	list_free(list);
	return ret;
}

/* Quiet for two seconds, and other text than before: then, once. */
static void
test_changes(void **state)
{
	const struct scratch *s = *state;
	char *path = xasprintf("%s/list", s->path);
	char *other = xasprintf("%s/new", s->path);
	const char *paths[] = { path };
	struct notice *notice = notice_new();
	struct listfile *l;

	put(path, "a:1\n");
	l = listfile_new(paths, 1, notice, 1000);
	assert_int_equal(images(l), 1);
	assert_false(listfile_changed(l, 2000));
	assert_int_equal(listfile_until(l), 12000);
	put(path, "a:1\na:2\n");
	assert_false(listfile_changed(l, 3000));
	assert_int_equal(listfile_until(l), 5000);
	put(other, "a:1\na:2\na:3\n");
	assert_int_equal(rename(other, path), 0);
	assert_false(listfile_changed(l, 4900));
	assert_false(listfile_changed(l, 6899));
	assert_true(listfile_changed(l, 6900));
	assert_false(listfile_changed(l, 6901));
	assert_int_equal(images(l), 3);

	/* The same text in another file. */
	put(other, "a:1\na:2\na:3\n");
	assert_int_equal(rename(other, path), 0);
	assert_false(listfile_changed(l, 10000));
	assert_false(listfile_changed(l, 20000));

	/* Gone, no file, and there again. */
	assert_int_equal(unlink(path), 0);
	assert_false(listfile_changed(l, 30000));
	assert_true(listfile_changed(l, 32000));
	assert_int_equal(images(l), -1);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(listfile_changed(l, 40000));
	assert_false(listfile_changed(l, 42000));
	assert_int_equal(images(l), -1);
	put(other, "a:1\na:2\na:3\n");
	assert_int_equal(rename(other, path), 0);
	assert_false(listfile_changed(l, 50000));
	assert_true(listfile_changed(l, 52000));
	put(path, "");
	assert_false(listfile_changed(l, 60000));
	assert_true(listfile_changed(l, 62000));
	assert_int_equal(images(l), 0);
	listfile_free(l);
	notice_free(notice);
	free(path);
	free(other);
}

/* Two files, one by way of a link: which of them it is makes no difference. */
static void
test_links(void **state)
{
	const struct scratch *s = *state;
	char *link = xasprintf("%s/link", s->path);
	char *one = xasprintf("%s/one", s->path);
	char *two = xasprintf("%s/two", s->path);
	const char *paths[] = { link, one };
	struct notice *notice = notice_new();
	struct listfile *l;

	put(one, "a:1\n");
	put(two, "b:1\nb:2\n");
	assert_int_equal(symlink("two", link), 0);
	l = listfile_new(paths, 2, notice, 0);
	assert_int_equal(images(l), 3);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("one", link), 0);
	assert_false(listfile_changed(l, 1000));
	assert_true(listfile_changed(l, 3000));
	assert_int_equal(images(l), 1);
	listfile_free(l);
	notice_free(notice);
	listfile_free(NULL);
	free(link);
	free(one);
	free(two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, scratch_setup,
		    scratch_teardown),
		cmocka_unit_test_setup_teardown(test_links, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
