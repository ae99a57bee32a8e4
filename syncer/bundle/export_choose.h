#ifndef CDR_EXPORT_CHOOSE_H
#define CDR_EXPORT_CHOOSE_H

#include "image/list.h"
#include "layout/digest_set.h"
#include "layout/store.h"

/* The images that a list names, in the order in which they are to arrive. */
struct export_wish {
	char *registry, *repository, *reference;
	const struct list_entry *entry;
};

struct export_wishes {
	struct export_wish *items;
	size_t count, room;
	struct digest_set seen;		/* full names, hashed */
};

/* export_wish_add(w, registry, repository, reference, entry): false if it is
 * there already. */
bool export_wish_add(struct export_wishes *, const char *, const char *,
    const char *, const struct list_entry *);

/* export_wish_claim(w, registry, repository, reference): it is taken along with
 * another one; false if it is there already. */
bool export_wish_claim(struct export_wishes *, const char *, const char *,
    const char *);

/*
 * export_choose(list, store, ret, unmet, cookie, e): those with the highest
 * priority first, then as they stand in the list; of a pattern what it has
 * found and is here, by keep_list.h.  ${unmet} is told of each pattern that
 * names nothing that is here.  Return 0 or -1; export_wishes_done releases.
 */
typedef void export_unmet_fn(void *cookie, const struct list_entry *);
int export_choose(const struct image_list *, const struct store *,
    struct export_wishes *, export_unmet_fn *, void *cookie, struct err *);
void export_wishes_done(struct export_wishes *);

#endif
