#ifndef CDR_FSUTIL_H
#define CDR_FSUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "err.h"

/* fs_write(fd, buf, len, offset): all of it, or -1 with errno set. */
int fs_write(int, const void *, size_t, off_t);

/*
 * What lies in a folder that somebody else may write is opened by these.
 * fs_open(dirfd, path, flags, mode): open(2), close-on-exec, of what is beneath
 * ${dirfd}, by way of no symbolic link, and never waiting.  -1 with errno set;
 * ELOOP: a link.  fs_open_stepwise does the same without openat2(2), for
 * kernels before 5.6.  fs_open_linked lets links be followed, as long as they
 * stay beneath ${dirfd}; it has no other way than openat2(2) (ENOSYS).
 */
int fs_open(int, const char *, int, mode_t);
int fs_open_stepwise(int, const char *, int, mode_t);
int fs_open_linked(int, const char *, int);

/*
 * fs_open_file(dirfd, path, flags, ret_fd, e): the same, of a regular file and
 * nothing else; with O_CREAT its mode is 0600.  Return 1; 0 if there is none;
 * -1 with ${e} set, ERR_DATA where something else is in its place.
 * fs_open_stat(dirfd, path, flags, ret_fd, ret_stat, e) has looked at it, too.
 */
int fs_open_file(int, const char *, int, int *, struct err *);
int fs_open_stat(int, const char *, int, int *, struct stat *, struct err *);

/* fs_read_all(fd, max, ret_buf, ret_len, e): a whole file of at most ${max}
 * bytes, with a NUL behind; free(3) it. */
int fs_read_all(int, size_t, char **, size_t *, struct err *);

/* fs_read_file(dirfd, path, max, ret_buf, ret_len, e): by fs_open_file.
 * Return 1; 0 if there is no such file; -1 with ${e} set. */
int fs_read_file(int, const char *, size_t, char **, size_t *, struct err *);

/* fs_read_named(path, max, ret_buf, ret_len, e): the same of a file that a
 * person has named: links are followed, and a pipe is waited for. */
int fs_read_named(const char *, size_t, char **, size_t *, struct err *);

/* fs_remove(dirfd, path): whatever is there, a folder with all that is in it;
 * links are not followed.  0, or -1 with errno set. */
int fs_remove(int, const char *);

/* fs_start_writeback(fd, offset, len): have the kernel begin to write, and do
 * not wait: a hint, so that a later fsync has little left to do. */
void fs_start_writeback(int, off_t, off_t);

/* fs_sync_dir(dirfd, path, e): make the names in a directory durable. */
int fs_sync_dir(int, const char *, struct err *);

/* fs_sync_all(dirfd, e): make durable all of the file system it is on. */
int fs_sync_all(int, struct err *);

/* fs_sync_tree(dirfd, path, e): each folder and file below, and ${path}
 * itself, one after the other. */
int fs_sync_tree(int, const char *, struct err *);

/* fs_can_sync_all(dirfd): is it one whose syncfs(2) leaves nothing out?  Not so
 * with FUSE, where the server is not told, and with what we do not know. */
bool fs_can_sync_all(int);

/*
 * fs_list(dirfd, path, ret_names, ret_count, e): the names in a directory but
 * for "." and "..", sorted by their bytes.  Return 1; 0 if there is no such
 * directory (a link to one is none); -1 with ${e} set.  fs_list_free releases.
 */
int fs_list(int, const char *, char ***, size_t *, struct err *);
void fs_list_free(char **, size_t);

/*
 * fs_each(dirfd, path, fn, cookie, e): the same names as they come, however
 * many; ${fn} has the folder itself, in which it may remove what it is told of,
 * and what readdir(3) says of the type (DT_UNKNOWN: nothing).  It stops when
 * ${fn} returns other than 0.  Return 1; 0 if there is no such directory; -1
 * with ${e} set; or what ${fn} returned.
 */
typedef int fs_each_fn(void *cookie, int fd, const char *name, unsigned type,
    struct err *);
int fs_each(int, const char *, fs_each_fn *, void *, struct err *);

/* fs_readlink(dirfd, path, buf, len, e): 1; 0 where nothing or no link is
 * there; -1 with ${e} set. */
int fs_readlink(int, const char *, char *, size_t, struct err *);

#endif
