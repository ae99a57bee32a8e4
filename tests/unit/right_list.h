#ifndef CDR_TESTS_RIGHT_LIST_H
#define CDR_TESTS_RIGHT_LIST_H

/* An image list of a test, without mistakes.  Included after <cmocka.h>. */
#include <string.h>

#include "image/list.h"

static void
list_is_wrong(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	fail_msg("%s %s", where, what);
}

static struct image_list *
list_of(const char *text)
{
	struct image_list *list = list_new(list_is_wrong, NULL);

	list_read(list, "list", text, strlen(text));
	assert_int_equal(list_end(list), 0);
	return list;
}

#endif
