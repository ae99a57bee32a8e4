#ifndef CDR_MIRROR_ROOM_H
#define CDR_MIRROR_ROOM_H

#include "layout/err.h"
#include "transfer/dispatch.h"
#include "mirror/walk.h"

/*
 * room_check(store, d, walk, e): does the file system have room for the blobs
 * that an image lacks, beside all that is on its way already?  What cannot fit
 * is not begun, so that it does not fill the disk for the others.  Return 0, or
 * -1 with ${e} set (ERR_ROOM).
 */
int room_check(const struct store *, const struct dispatch *,
    const struct walk *, struct err *);

/* room_needed(d, w): what the image adds to what is on its way already. */
uint64_t room_needed(const struct dispatch *, const struct walk *);

#endif
