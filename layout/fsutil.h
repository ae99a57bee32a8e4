#ifndef CDR_FSUTIL_H
#define CDR_FSUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* fs_write(fd, buf, len, offset): all of it, or -1 with errno set. */
int fs_write(int, const void *, size_t, off_t);

/* fs_read_all(fd, max, ret_buf, ret_len, e): a whole file of at most ${max}
 * bytes, with a NUL behind; free(3) it. */
int fs_read_all(int, size_t, char **, size_t *, struct err *);

/* fs_read_file(dirfd, path, max, ret_buf, ret_len, e): the same by name.
 * Return 1; 0 if there is no such file; -1 with ${e} set. */
int fs_read_file(int, const char *, size_t, char **, size_t *, struct err *);

/* fs_start_writeback(fd, offset, len): have the kernel begin to write, and do
 * not wait: a hint, so that a later fsync has little left to do. */
void fs_start_writeback(int, off_t, off_t);

/* fs_sync_dir(dirfd, path, e): make the names in a directory durable. */
int fs_sync_dir(int, const char *, struct err *);

/* fs_sync_all(dirfd, e): make durable all of the file system it is on. */
int fs_sync_all(int, struct err *);

/* fs_can_sync_all(dirfd): is it one whose syncfs(2) leaves nothing out?  Not so
 * with FUSE, where the server is not told, and with what we do not know. */
bool fs_can_sync_all(int);

/*
 * fs_list(dirfd, path, ret_names, ret_count, e): the names in a directory but
 * for "." and "..", sorted by their bytes.  Return 1; 0 if there is no such
 * directory; -1 with ${e} set.  fs_list_free releases.
 */
int fs_list(int, const char *, char ***, size_t *, struct err *);
void fs_list_free(char **, size_t);

/* fs_readlink(dirfd, path, buf, len, e): 1; 0 where nothing or no link is
 * there; -1 with ${e} set. */
int fs_readlink(int, const char *, char *, size_t, struct err *);

#endif
