/*
 * What stat(2) says tells whether to look again, and a digest whether there is
 * anything new: an editor that saves the same text starts no run.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "layout/digest.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "watch/listfile.h"

/* Which file is there; all zero: none. */
struct mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec written, changed;
};

struct listfile {
	const char *const *paths;
	size_t count;
	struct notice *notice;
	struct mark *marks;
	struct digest said;		/* when it was last told */
	int64_t changed;		/* -1: it is quiet */
	int64_t looked;
};

static void
mark_of(const char *path, struct mark *ret)
{
	struct stat sb;

	/* What is compared has no holes in it. */
	memset(ret, 0, sizeof(*ret));
	if (stat(path, &sb) == -1)
		return;
	ret->dev = sb.st_dev;
	ret->ino = sb.st_ino;
	ret->size = sb.st_size;
	ret->written.tv_sec = sb.st_mtim.tv_sec;
	ret->written.tv_nsec = sb.st_mtim.tv_nsec;
	ret->changed.tv_sec = sb.st_ctim.tv_sec;
	ret->changed.tv_nsec = sb.st_ctim.tv_nsec;
}

/* The name may be a link: where it stands, and where it leads. */
static void
watch_folders(const struct listfile *l, const char *path)
{
	char *real = realpath(path, NULL), *folder = xstrdup(path), *slash;

	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder] = '\0';
	notice_folder(l->notice, slash == NULL ? "." : folder);
	slash = real == NULL ? NULL : strrchr(real, '/');
	if (slash != NULL) {
		slash[slash == real] = '\0';
		notice_folder(l->notice, real);
	}
	free(real);
	free(folder);
}

/* Return whether any of them is another one than before. */
static bool
look(struct listfile *l)
{
	struct mark mark;
	bool is_other = false;
	size_t i;

	for (i = 0; i < l->count; i++) {
		watch_folders(l, l->paths[i]);
		mark_of(l->paths[i], &mark);
		is_other |= memcmp(&mark, &l->marks[i], sizeof(mark)) != 0;
		l->marks[i] = mark;
	}
	return is_other;
}

/* A pipe would be waited for, and can be read once. */
static int
read_one(const char *path, char **ret, size_t *len, struct err *e)
{
	struct stat sb;
	int rc;

	if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file, which a "
		    "list has to be to be watched", path);
	rc = fs_read_named(path, LIST_BYTES_MAX, ret, len, e);
	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	return rc == -1 ? -1 : 0;
}

/* One that cannot be read says that. */
static struct digest
digest_all(const struct listfile *l)
{
	struct digest each, all;
	char *text = xstrdup(""), *longer, *buf, hex[DIGEST_HEX_MAX];
	struct err e;
	size_t i, len;

	for (i = 0; i < l->count; i++) {
		if (read_one(l->paths[i], &buf, &len, &e) == -1) {
			buf = xstrdup("");
			len = 0;
			longer = xasprintf("%s- ", text);
		} else {
			digest_of(DIGEST_SHA256, buf, len, &each);
			longer = xasprintf("%s%s ", text, digest_hex(&each,
			    hex));
		}
		free(buf);
		free(text);
		text = longer;
	}
	digest_of(DIGEST_SHA256, text, strlen(text), &all);
	free(text);
	return all;
}

struct listfile *
listfile_new(const char *const *paths, size_t count, struct notice *notice,
    int64_t now)
{
	struct listfile *l = xcalloc(1, sizeof(*l));

	l->paths = paths;
	l->count = count;
	l->notice = notice;
	l->marks = xcalloc(count + 1, sizeof(*l->marks));
	l->changed = -1;
	l->looked = now;
	(void)look(l);
	l->said = digest_all(l);
	return l;
}

void
listfile_free(struct listfile *l)
{
	if (l == NULL)
		return;
	free(l->marks);
	free(l);
}

bool
listfile_changed(struct listfile *l, int64_t now)
{
	struct digest says;

	l->looked = now;
	if (look(l))
		l->changed = now;
	if (l->changed == -1 || now < l->changed + LISTFILE_SETTLE_MS)
		return false;
	l->changed = -1;
	says = digest_all(l);
	if (digest_equal(&says, &l->said))
		return false;
	l->said = says;
	return true;
}

int64_t
listfile_until(const struct listfile *l)
{
	if (l->count == 0)
		return INT64_MAX;
	return l->changed == -1 ? l->looked + LISTFILE_LOOK_MS :
	    l->changed + LISTFILE_SETTLE_MS;
}

int
listfile_read(const struct listfile *l, struct image_list *list,
    struct err *e)
{
	size_t i, len;
	char *buf;

	for (i = 0; i < l->count; i++) {
		if (read_one(l->paths[i], &buf, &len, e) == -1)
			return -1;
		(void)list_read(list, l->paths[i], buf, len);
		free(buf);
	}
	return 0;
}
