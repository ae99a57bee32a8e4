/* Where sources lie. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "source/oci_layout.h"
#include "source/recognise.h"
#include "source/source.h"

static int
read_file(struct gather *g, const char *path, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	char *buf;
	size_t len;
	int rc;

	gather_file(g, name, false);
	if (is_stdin) {
		rc = fs_read_all(STDIN_FILENO, SOURCE_BYTES_MAX, &buf, &len, e);
		if (rc == -1)
			return err_wrap(e, "%s", name);
	} else {
		rc = fs_read_named(path, SOURCE_BYTES_MAX, &buf, &len, e);
		if (rc == 0)
			return err_set(e, ERR_INPUT, "%s: no such file", path);
		if (rc == -1)
			return -1;
	}
	rc = recognise(g, buf, len, e);
	free(buf);
	return rc == -1 ? err_wrap(e, "%s", name) : 0;
}

static bool
is_readable(const char *path)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	size_t len = strlen(path), i, n;
	struct stat st;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		n = strlen(endings[i]);
		if (len > n && strcmp(path + len - n, endings[i]) == 0)
			return stat(path, &st) == 0 && S_ISREG(st.st_mode);
	}
	return false;
}

/* The sentence begins with the name, which the comment has before it. */
static void
leave(struct gather *g, const char *path, const char *why)
{
	size_t len = strlen(path);

	if (strncmp(why, path, len) == 0 && strncmp(why + len, ": ", 2) == 0)
		why += len + 2;
	gather_file(g, path, false);
	gather_left(g, 0, "%s", why);
}

static int
read_folder(struct gather *g, const char *folder, struct err *e)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	size_t count, i, good = 0;
	char **names, *path;
	struct err why;

	if (dir != -1) {
		rc = fs_list(dir, ".", &names, &count, e);
		close(dir);
	}
	if (rc != 1)
		return err_set(e, ERR_INPUT, "%s: cannot be read", folder);
	for (i = 0; i < count; i++) {
		path = xasprintf("%s/%s", folder, names[i]);
		if (is_readable(path)) {
			if (read_file(g, path, &why) == 0)
				good++;
			else
				leave(g, path, why.msg);
		}
		free(path);
	}
	fs_list_free(names, count);
	if (good > 0)
		return 0;
	return err_set(e, ERR_INPUT, "%s: no file *.yaml, *.yml or *.json in "
	    "it has images", folder);
}

int
source_read(struct gather *g, const char *path, struct err *e)
{
	struct stat st;
	int rc;

	if (strcmp(path, "-") == 0 || stat(path, &st) == -1 ||
	    !S_ISDIR(st.st_mode))
		return read_file(g, path, e);
	gather_file(g, path, false);
	rc = oci_layout_read(g, path, e);
	if (rc == 0)
		return read_folder(g, path, e);
	return rc == 1 ? 0 : -1;
}
