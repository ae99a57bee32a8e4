#ifndef CDR_BUNDLE_TARFILE_H
#define CDR_BUNDLE_TARFILE_H

#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"

/*
 * A tar file that is written: ustar, regular files of mode 0644, of nobody and
 * of 1970, so that the same content makes the same bytes.
 */
struct tarfile;

/* tarfile_new(fd, ret, e): writes there; the descriptor stays the caller's.
 * tarfile_free accepts NULL, and ends nothing. */
int tarfile_new(int, struct tarfile **, struct err *);
void tarfile_free(struct tarfile *);

/* tarfile_member(t, name, size, e): the next one begins; the one before has all
 * its bytes.  tarfile_put(t, buf, len, e): bytes of it.  tarfile_end(t, e):
 * there are no more; what was written is with the kernel. */
int tarfile_member(struct tarfile *, const char *, uint64_t, struct err *);
int tarfile_put(struct tarfile *, const void *, size_t, struct err *);
int tarfile_end(struct tarfile *, struct err *);

/* tarfile_room(size): what a member of so many bytes takes.  TARFILE_END: and
 * the end. */
uint64_t tarfile_room(uint64_t);
#define TARFILE_END	1024u

/* A member is never larger: what is, is cut (bundles) or refused (images). */
#define TARFILE_MEMBER_MAX	(((uint64_t)8 << 30) - 1)

#endif
