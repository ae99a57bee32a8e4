/* status/: what a run tells of itself, for people and for monitoring. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fsutil.h"
#include "limits.h"
#include "store_internal.h"

static char *
path_status(const char *name, char buf[STORE_PATH_MAX])
{
	snprintf(buf, STORE_PATH_MAX, "status/%s", name);
	return buf;
}

int
store_open_status(const struct store *st, const char *name, FILE **ret,
    struct err *e)
{
	char path[STORE_PATH_MAX];
	FILE *stream;
	int fd, rc;

	rc = fs_open_file(st->root, path_status(name, path), O_RDONLY, &fd, e);
	if (rc != 1)
		return rc;
	stream = fdopen(fd, "r");
	if (stream == NULL) {
		close(fd);
		return err_sys(e, "%s: cannot open", path);
	}
	(void)setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER);
	*ret = stream;
	return 1;
}

/* A full disk shows itself when the stream is closed: print need not look. */
int
store_write_status(struct store *st, const char *name, store_print_fn *print,
    void *cookie, struct err *e)
{
	char path[STORE_PATH_MAX];
	struct store_file f;
	bool fits;

	assert(store_may_change(st));
	if (store_file_open(st, path_status(name, path), &f, e) == -1)
		return -1;
	print(f.stream, cookie);
	fits = ftello(f.stream) <= (off_t)STATUS_BYTES_MAX;
	if (store_file_close(&f, fits, e) == -1)
		return -1;
	if (!fits)
		return err_set(e, ERR_LIMIT, "%s: more than %u bytes", path,
		    STATUS_BYTES_MAX);
	return 0;
}

int
store_sync_status(struct store *st, struct err *e)
{
	return store_sync_dirs(st, e);
}

int
store_scratch(struct store *st, FILE **ret, struct err *e)
{
	char tmp[STORE_TMP_MAX];
	FILE *stream = NULL;
	int fd;

	assert(store_may_change(st));
	fd = store_tmp_create(st, tmp);
	if (fd != -1) {
		unlinkat(st->root, tmp, 0);
		stream = fdopen(fd, "w+");
	}
	if (stream == NULL) {
		err_sys(e, "%s: cannot create", tmp);
		if (fd != -1)
			close(fd);
		return -1;
	}
	(void)setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER);
	*ret = stream;
	return 0;
}

int
store_space(const struct store *st, struct store_space *ret, struct err *e)
{
	struct statvfs fs;

	if (fstatvfs(st->root, &fs) == -1)
		return err_sys(e,
		    "%s: cannot read how much space the file system has",
		    st->path);
	ret->bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	ret->bytes_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	ret->files = fs.f_files;
	ret->files_free = fs.f_favail;
	return 0;
}
