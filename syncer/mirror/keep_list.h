#ifndef CDR_MIRROR_KEEP_LIST_H
#define CDR_MIRROR_KEEP_LIST_H

#include "image/list.h"
#include "layout/store.h"
#include "mirror/keep_book.h"

/*
 * Which images of the tree a list names.  A pattern names each tag that it
 * matches; with newest= those of them that the last run that looked it up has
 * listed, and at least as many as that says, if there are, so that a tag that
 * somebody has mirrored by itself since takes no other one's place.  One that
 * was never listed is named as well.
 */
struct keep_list;

/* keep_list_new(list, store, book): all three are borrowed. */
struct keep_list *keep_list_new(const struct image_list *,
    const struct store *, const struct keep_book *);
void keep_list_free(struct keep_list *);

/*
 * keep_list_find(l, registry, repository, reference, ret, e): fast while the
 * repository is the one of the call before.  Return 1 and the entry; 0; or -1
 * with ${e} set.
 */
int keep_list_find(struct keep_list *, const char *, const char *,
    const char *, const struct list_entry **, struct err *);

/* keep_list_image(registry, repository, reference): the full reference; free(3)
 * it. */
char *keep_list_image(const char *, const char *, const char *);

#endif
