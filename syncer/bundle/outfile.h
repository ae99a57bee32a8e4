#ifndef CDR_BUNDLE_OUTFILE_H
#define CDR_BUNDLE_OUTFILE_H

#include <stdint.h>

#include "layout/err.h"

/*
 * A file that somebody has named and that is written as a whole: it has its
 * name when it is whole and on stable storage, and what was there before stays
 * until then.  Nothing of it is left where the process dies, but on file
 * systems that have no nameless files (O_TMPFILE): there it has a name that
 * begins with a ".".
 */
struct outfile;

/*
 * outfile_open(path, bytes, ret, e): it will have so many.  Return 0, or -1
 * with ${e} set: ERR_INPUT where something else than a file is there, ERR_ROOM
 * where the file system has not so much left.
 */
int outfile_open(const char *, uint64_t, struct outfile **, struct err *);

/* outfile_fd(o): for write(2). */
int outfile_fd(const struct outfile *);

/* outfile_finish(o, e): 0 or -1; outfile_drop(o): forget it.  ${o} is gone in
 * any case.  outfile_drop accepts NULL. */
int outfile_finish(struct outfile *, struct err *);
void outfile_drop(struct outfile *);

#endif
