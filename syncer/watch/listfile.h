#ifndef CDR_WATCH_LISTFILE_H
#define CDR_WATCH_LISTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/list.h"
#include "layout/err.h"
#include "watch/notice.h"

/*
 * The list files, while people, editors and Kubernetes change them: in place,
 * by rename, by a link that leads to another folder.  Times are milliseconds of
 * the monotonic clock.
 */
#define LISTFILE_SETTLE_MS	2000
#define LISTFILE_LOOK_MS	10000
struct listfile;

/* listfile_new(paths, count, notice, now): all are borrowed.  What they say now
 * is known. */
struct listfile *listfile_new(const char *const *, size_t, struct notice *,
    int64_t);
void listfile_free(struct listfile *);

/* listfile_changed(l, now): do they say other things than when it last returned
 * true, and have they for LISTFILE_SETTLE_MS?  listfile_until(l): when to ask
 * at the latest; after a notice at once. */
bool listfile_changed(struct listfile *, int64_t);
int64_t listfile_until(const struct listfile *);

/*
 * listfile_read(l, list, e): add their lines to ${list}.  Return 0, or -1 with
 * ${e} set where one cannot be read.
 */
int listfile_read(const struct listfile *, struct image_list *, struct err *);

#endif
