#ifndef CDR_NODE_UNDER_H
#define CDR_NODE_UNDER_H

#include <stddef.h>
#include <sys/stat.h>

#include "layout/err.h"

/*
 * Files below a folder that stands for "/": a node's root, mounted somewhere,
 * or "/" itself.  Paths have no "/" in front.  No symbolic link is followed,
 * for it would lead out of there, or to a file that belongs to somebody else.
 */

/* under_open(prefix, ret, e): a descriptor; close(2) it. */
int under_open(const char *, int *, struct err *);

/*
 * under_read(root, path, ret, st, e): a whole file of at most
 * NODE_FILE_BYTES_MAX, without a NUL in it.  Return 1, free(3) ${ret}, and
 * ${st} (may be NULL) is the file's; 0 where it is absent; -1 with ${e} set.
 */
int under_read(int, const char *, char **, struct stat *, struct err *);

/* under_missing_dirs(root, path, fn, cookie, e): the folders above ${path} that
 * are not there, the outer one first. */
int under_missing_dirs(int, const char *, void (*)(void *, const char *),
    void *, struct err *);

/* under_make_dirs(root, path, e): make them, 0755. */
int under_make_dirs(int, const char *, struct err *);

/*
 * under_write(root, path, text, like, mode, e): put a file in place, durably,
 * by rename.  Owner and mode are those of ${like}; where it is NULL, ours and
 * ${mode}.
 */
int under_write(int, const char *, const char *, const struct stat *, mode_t,
    struct err *);

/* under_link(root, from, to, e): a second name for a file. */
int under_link(int, const char *, const char *, struct err *);

/* under_rename(root, from, to, e): ${to} is replaced.  Durable. */
int under_rename(int, const char *, const char *, struct err *);

/* under_remove(root, path, e): a file; one that is absent is fine. */
int under_remove(int, const char *, struct err *);

/* under_remove_rest(root, path): what a killed under_write has left. */
void under_remove_rest(int, const char *);

/* under_remove_dir(root, path): an empty folder.  Return 0 when it is gone. */
int under_remove_dir(int, const char *);

/* under_list(root, path, ret, count, e): as fs_list (layout/fsutil.h). */
int under_list(int, const char *, char ***, size_t *, struct err *);

#endif
