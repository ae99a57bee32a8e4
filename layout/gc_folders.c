/* Folders below repos/ that have nothing in them: no repository, and none of
 * which it would be a part. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fsutil.h"
#include "gc_internal.h"

/* Deeper than that no name of a repository goes. */
#define DEPTH_MAX	130u

/* Names with "_" in front are those of a repository that is there. */
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
	left = count;
	for (i = 0; i < count; i++) {
		len = snprintf(child, sizeof(child), "%s/%s", path, names[i]);
		if (names[i][0] == '_' || len < 0 ||
		    (size_t)len >= sizeof(child) ||
		    !is_bare(gc, child, depth - 1))
			continue;
		store_touch_dir(gc->st, path);
		if (unlinkat(gc->st->root, child, AT_REMOVEDIR) == 0)
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
