/* A source of any format: what comes of it is a list that a sync takes as it
 * is, and the same list again if it is a source itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/list.h"
#include "layout/mem.h"
#include "source/gather.h"
#include "source/recognise.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
on_complaint(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	(void)where;
	(void)what;
	abort();
}

static void
on_left(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	must(strchr(where, '\n') == NULL && strchr(what, '\n') == NULL);
}

/* Return the list that comes of ${text}, or NULL; free(3) it. */
static char *
list_of(const char *text, size_t len, size_t *ret_count)
{
	struct gather *g = gather_new(on_left, NULL);
	char *copy = xmalloc(len + 1), *out = NULL;
	size_t out_len;
	struct err e;
	FILE *to;

	memcpy(copy, text, len);
	copy[len] = '\0';
	gather_file(g, "source", false);
	if (recognise(g, copy, len, &e) == 0) {
		to = xtext_open(&out, &out_len);
		*ret_count = gather_settle(g);
		gather_print(g, to);
		xtext_close(to);
		must(strlen(out) == out_len);
	}
	free(copy);
	gather_free(g);
	return out;
}

/* The lines behind the comments. */
static const char *
lines(const char *text)
{
	while (*text == '#')
		text = strchr(text, '\n') + 1;
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0, again = 0;
	char *out = list_of((const char *)data, size, &count), *second;
	struct image_list *list;

	if (out == NULL)
		return 0;
	list = list_new(on_complaint, NULL);
	list_read(list, "out", out, strlen(out));
	must(list_end(list) == 0);
	must(list_count(list) == count);
	list_free(list);
	second = list_of(out, strlen(out), &again);
	must(count == 0 || (second != NULL && again == count &&
	    strcmp(lines(out), lines(second)) == 0));
	free(second);
	free(out);
	return 0;
}
