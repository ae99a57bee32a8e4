#ifndef CDR_IMAGE_LIST_H
#define CDR_IMAGE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "image/pattern.h"
#include "image/platform.h"
#include "image/ref.h"
#include "image/referrer_rule.h"
#include "layout/err.h"

/* One image that somebody asked for, or those that a pattern will find.  All
 * pointers are owned by the list; equal rules have one address. */
struct list_entry {
	struct image_ref ref;	/* with tags: neither a tag nor a digest */
	const struct platform_set *platforms;
	const struct tag_rule *tags;		/* NULL: none */
	const struct referrer_rule *referrers;
	const char *signed_by;	/* the file of a public key; "": no key by this
				 * list; NULL: it does not say */
	const char *file;	/* NULL: the command line */
	unsigned line;		/* 0: from the command line */
	struct list_pin *pin;	/* NULL, or: other lines about the same
				 * tag have a digest, or another one */
	unsigned newest;	/* of what tags matches; 0: all */
	int priority;		/* higher first; 0 is usual */
	unsigned keep;		/* so many digests of its history stay, and */
	unsigned keep_for_s;	/* those that are younger; for gc */
	bool is_found;		/* what a pattern has found: no line itself */
};

/*
 * The image list (cdr(1), "IMAGE LIST").  Entries stand in the order in which
 * they were read; after list_end equal ones are there once.
 */
struct image_list;

/*
 * What is wrong, one call a complaint, in order; at most LIST_COMPLAINTS_MAX,
 * then, from list_end, one that says how many more there are.  ${where} is
 * "file:line", "file", "command line" or "image list" (that last one).
 */
typedef void list_complain(void *cookie, const char *where, const char *what);

struct image_list *list_new(list_complain *, void *cookie);
void list_free(struct image_list *);

/*
 * list_read(list, name, buf, len): add the lines of a file whose text is
 * ${buf}; ${name} is for messages.  All of the text is read whatever is wrong,
 * but for one that is no list at all.  Return whether it has any image, good or
 * not.
 * "default" lines hold to the end of the file; tags= and newest= of such a line
 * are for those whose REF has neither a tag nor a digest.  A relative path in
 * it begins in the folder of ${name}.
 */
bool list_read(struct image_list *, const char *name, const char *buf,
    size_t len);

/* list_add(list, text): one REF from the command line, all platforms unless
 * the text goes on with key=value words as in a list line. */
void list_add(struct image_list *, const char *text);

/*
 * list_end(list): find duplicates, and lines that disagree about one image:
 * same registry, repository and tag (or digest, where there is no tag; or tags=
 * where there is neither), but other keys.  Lines that have another digest for
 * one tag, or none, are one entry: list_agree judges that.  What list_at has
 * returned before is void.
 * Return 0 if nothing has been complained of since list_new, else -1.
 */
int list_end(struct image_list *);

/*
 * list_agree(entry, digest, e): do all lines about its tag agree?  ${digest} is
 * where the tag points to upstream, NULL while that is not known.  Return 0, or
 * -1 with ${e} set (ERR_INPUT), which names the lines.
 */
int list_agree(const struct list_entry *, const struct digest *,
    struct err *);

/*
 * list_difference(a, b): the key of which two patterns of one repository have
 * another value, or NULL: what they find is wanted in the same way.  How many
 * they take (newest=) and in which order (priority=) aside.
 */
const char *list_difference(const struct list_entry *,
    const struct list_entry *);

/* list_dispute(a, b, e): both have found an image, and they differ: say so with
 * both their lines (ERR_INPUT).  Return -1. */
int list_dispute(const struct list_entry *, const struct list_entry *,
    struct err *);

size_t list_count(const struct image_list *);
const struct list_entry *list_at(const struct image_list *, size_t);

#endif
