#ifndef CDR_MIRROR_ACTIVE_H
#define CDR_MIRROR_ACTIVE_H

#include "image/list.h"

/* Which images are in progress, in the order in which they began: for people
 * who look on.  It starts as zeros; the entries have to live as long. */
struct active {
	const struct list_entry **entries;
	size_t count, room;
};

void active_add(struct active *, const struct list_entry *);
void active_remove(struct active *, const struct list_entry *);
void active_done(struct active *);

/* active_names(a, buf): "nginx:1.27, redis:7 and 3 more".  Return ${buf}, or
 * NULL: there are none. */
#define ACTIVE_NAMES_MAX	200u
const char *active_names(const struct active *, char buf[ACTIVE_NAMES_MAX]);

#endif
