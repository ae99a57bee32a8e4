#ifndef CDR_MIRROR_ACTIVE_H
#define CDR_MIRROR_ACTIVE_H

#include "image/list.h"
#include "report/names.h"

/* Which images are in progress, in the order in which they began: for people
 * who look on.  It starts as zeros; the entries have to live as long. */
struct active {
	const struct list_entry **entries;
	size_t count, room;
};

void active_add(struct active *, const struct list_entry *);
void active_remove(struct active *, const struct list_entry *);
void active_done(struct active *);

/* active_names(a, n): the text of ${n}, or NULL: there are none. */
const char *active_names(const struct active *, struct names *n);

#endif
