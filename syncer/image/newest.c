/* newest=: versions before all other tags, since their order is certain; and
 * among the others the age of the image, which costs requests to learn. */
#include <stdlib.h>
#include <string.h>

#include "image/newest.h"
#include "image/version.h"

static bool
is_version(const char *name)
{
	struct version v;

	return version_parse(name, &v) == 1;
}

/*
 * While there are as many versions as are wanted no other tag gets a place, and
 * where all others get one their order does not matter.
 */
size_t
newest_undated(const struct newest_tag *tags, size_t count, size_t n,
    bool *ret)
{
	size_t i, versions = 0, undated = 0;
	bool is_open;

	for (i = 0; i < count; i++)
		versions += is_version(tags[i].name);
	is_open = versions < n && count > n;
	for (i = 0; i < count; i++) {
		ret[i] = is_open && tags[i].created_s < 0 &&
		    !is_version(tags[i].name);
		undated += ret[i];
	}
	return undated;
}

/* The better one first. */
static int
compare_tags(const void *a, const void *b)
{
	const struct newest_tag *x = a, *y = b;
	struct version v, w;
	int x_is = version_parse(x->name, &v);
	int y_is = version_parse(y->name, &w);
	int order = 0;

	if (x_is != y_is)
		return y_is - x_is;
	if (x_is == 1)
		order = version_compare(&w, &v);
	else if (x->created_s != y->created_s)
		order = x->created_s > y->created_s ? -1 : 1;
	return order != 0 ? order : strcmp(x->name, y->name);
}

/* The order is total, down to the name, so that two runs choose the same. */
size_t
newest_choose(struct newest_tag *tags, size_t count, size_t n)
{
	if (count > 1)
		qsort(tags, count, sizeof(tags[0]), compare_tags);
	return n < count ? n : count;
}
