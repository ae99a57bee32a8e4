#ifndef CDR_REPORT_MARKS_H
#define CDR_REPORT_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"

/*
 * What images.json says of an image that is not in the image itself: who has
 * verified it, whether its tag is held, and when a list had it last.  It is
 * known to status.json and the holds, and changes when index.json does not.  32
 * bytes for each of very many; an image without any costs nothing.
 */
struct marks;

struct marks *marks_new(void);
void marks_free(struct marks *);

/*
 * marks_verified(m, image, digest, key): the key of that name has checked that
 * digest: it counts only as long as the image has that one.  The texts have the
 * given lengths.  marks_held(m, image, since), marks_unlisted(m, image,
 * last_listed): seconds since 1970; 0: not known.
 */
void marks_verified(struct marks *, const char *, const char *, size_t,
    const char *, size_t);
void marks_held(struct marks *, const char *, int64_t);
void marks_unlisted(struct marks *, const char *, int64_t);

/* marks_stamp(m, buf): a word that is another one where other marks have been
 * given, in whatever order.  Return ${buf}. */
#define MARKS_STAMP_MAX		17u
char *marks_stamp(const struct marks *, char [MARKS_STAMP_MAX]);

/* marks_text(m, image, digest, len): members, each with a comma before it; ""
 * if there are none.  An image that no list has is verified by no key of a
 * list.  free(3) it. */
char *marks_text(struct marks *, const char *, const char *, size_t);

/* marks_fn(cookie, marks, e): all of them are known.  Return 0 or -1. */
typedef int marks_fn(void *, struct marks *, struct err *);

#endif
