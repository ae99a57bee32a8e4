/* Folders below repos/ that have nothing in them: no repository, and none of
 * which it would be a part. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fsutil.h"
#include "gc_internal.h"

/* Deeper than that no name of a repository goes. */
#define DEPTH_MAX	130u

static bool
drop(struct gc *gc, const char *path, const char *name, int flags)
{
	char child[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	int len = snprintf(child, sizeof(child), "%s/%s", path, name);

	if (len < 0 || (size_t)len >= sizeof(child))
		return false;
	store_touch_dir(gc->st, path_parent(child, folder));
	return unlinkat(gc->st->root, child, flags) == 0;
}

/* What a repository had beside its links. */
static size_t
drop_inner(struct gc *gc, const char *path, char **names, size_t count)
{
	size_t i, gone = 0;

	for (i = 0; i < count; i++)
		if (strcmp(names[i], "_manifests") == 0)
			return 0;
	for (i = 0; i < count; i++) {
		if (names[i][0] != '_')
			continue;
		if (strcmp(names[i], "_tags") == 0)
			(void)drop(gc, path, "_tags/list", 0);
		gone += drop(gc, path, names[i], AT_REMOVEDIR);
	}
	return gone;
}

static bool
is_bare(struct gc *gc, const char *path, unsigned depth)
{
	char child[STORE_PATH_MAX];
	struct err ignored;
	char **names;
	size_t i, count, left;
	int len;

	if (depth == 0 || fs_list(gc->st->root, path, &names, &count,
	    &ignored) != 1)
		return false;
	left = count - drop_inner(gc, path, names, count);
	for (i = 0; i < count; i++) {
		len = snprintf(child, sizeof(child), "%s/%s", path, names[i]);
		if (names[i][0] != '_' && len > 0 &&
		    (size_t)len < sizeof(child) &&
		    is_bare(gc, child, depth - 1) &&
		    drop(gc, path, names[i], AT_REMOVEDIR))
			left--;
	}
	fs_list_free(names, count);
	return left == 0;
}

/* What is empty hurts nobody: nothing is said of it. */
void
gc_sweep_folders(struct gc *gc)
{
	(void)is_bare(gc, "repos", DEPTH_MAX);
}
