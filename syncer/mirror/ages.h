#ifndef CDR_MIRROR_AGES_H
#define CDR_MIRROR_AGES_H

#include <stdbool.h>
#include <stddef.h>

#include "image/list.h"
#include "image/newest.h"
#include "transfer/dispatch.h"

/*
 * When the images of tags that are no versions were created: a HEAD a tag, and
 * what only the image itself tells from the store, from what an earlier run has
 * found out (_state/created), or else from the registry: manifests, which may
 * count as pulls, and configurations.  These stay in the store, unpublished: of
 * the tags that are chosen nothing is fetched twice.
 */
struct ages;

/* ages_new(store): ${store} is borrowed.  ages_free(a): write down what is new.
 * Accepts NULL. */
struct ages *ages_new(struct store *);
void ages_free(struct ages *);

/* ${e} is NULL if each of them has been looked at. */
typedef void ages_end(void *cookie, const struct err *e);

/* What is to be dated, and where the answers go.  Borrowed until the end. */
struct ages_wanted {
	const struct list_entry *entry;
	int priority;			/* of the requests */
	struct source *source;
	struct newest_tag *tags;	/* created_s is set; -1 stays where
					 * nothing says it */
	const bool *wanted;		/* which of them, at least one */
	bool *gone;			/* there is no such tag any more */
	size_t count;
};

/*
 * ages_find(a, d, wanted, end, cookie): ${end} is called once, from
 * dispatch_step.  It ends at the first tag that could not be asked for; what
 * is known by then is not lost for the next run.
 */
void ages_find(struct ages *, struct dispatch *, const struct ages_wanted *,
    ages_end *, void *);

#endif
