/* Which tags are held, of the whole tree. */
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "name.h"
#include "store_internal.h"

struct walk {
	const struct store *st;
	store_held_fn *fn;
	void *cookie;
};

/* The time, where the file has one line as it should be, else "". */
static char *
read_since(const struct store *st, const char *path)
{
	char *text, *at;
	struct err ignored;
	size_t len;

	if (fs_read_file(st->root, path, HELD_BYTES_MAX, &text, &len,
	    &ignored) != 1)
		return NULL;
	at = text + strcspn(text, " \n");
	*at = '\0';
	return text;
}

static int
tell(const struct walk *w, const char *registry, const char *repository,
    const char *tag, struct err *e)
{
	struct held_tag held = { registry, repository, tag, "", NULL };
	char inner[TAG_MAX + 16], path[STORE_PATH_MAX], *since;
	struct digest digest;
	struct err ignored;
	int rc;

	rc = store_held_get(w->st, registry, repository, tag, &digest,
	    &ignored);
	if (rc == 0)
		return 0;
	if (rc == 1)
		held.digest = &digest;
	snprintf(inner, sizeof(inner), "_held/%s", tag);
	since = read_since(w->st, path_repository(registry, repository, inner,
	    path));
	if (since != NULL)
		held.since = since;
	rc = w->fn(w->cookie, &held, e);
	free(since);
	return rc;
}

static int
look_into(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	const struct walk *w = cookie;
	char path[STORE_PATH_MAX], **names;
	size_t i, count;
	int rc;

	rc = fs_list(w->st->root, path_repository(registry, repository,
	    "_held", path), &names, &count, e);
	if (rc != 1)
		return rc;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		if (name_is_tag(names[i]))
			rc = tell(w, registry, repository, names[i], e);
	fs_list_free(names, count);
	return rc;
}

int
store_each_held(const struct store *st, store_held_fn *fn, void *cookie,
    struct err *e)
{
	struct walk w = { st, fn, cookie };

	return store_each_repository(st, look_into, &w, e);
}
