#ifndef CDR_IMAGE_WISHES_H
#define CDR_IMAGE_WISHES_H

#include <stdbool.h>
#include <stddef.h>

#include "image/pattern.h"
#include "image/platform.h"
#include "image/referrer_rule.h"
#include "layout/err.h"

/*
 * The key=value words of an image list: for list.c.  What several lines share
 * is there once, in a pool, which owns all that wishes point at: equal ones
 * have one address.
 */
struct wish_pool {
	void *platforms;	/* tsearch(3), as the others */
	void *tags;
	void *referrers;
	void *keys;
	const char *base;	/* where relative paths begin, with a "/" at its
				 * end; "": the working directory */
};

/* What a line asks for. */
struct wishes {
	const struct platform_set *platforms;
	const struct tag_rule *tags;		/* NULL: none */
	const struct referrer_rule *referrers;
	const char *signed_by;	/* as in struct list_entry */
	unsigned newest;			/* 0: all */
	int priority;
	unsigned keep, keep_for_s;		/* of its history */
	unsigned seen;		/* a bit for each key since it was last 0 */
};

/* The bits of wishes.seen that others than wishes_read look at. */
#define WISH_TAGS	(1u << 1)
#define WISH_NEWEST	(1u << 2)

/* wishes_none(pool): what a line without keys asks for. */
struct wishes wishes_none(struct wish_pool *);
void wish_pool_done(struct wish_pool *);

/*
 * wishes_read(pool, word, ret, e): one key=value, taken apart in place.  Return
 * 0, or -1 with ${e} set (ERR_INPUT) and ${ret} no more of use.
 */
int wishes_read(struct wish_pool *, char *, struct wishes *, struct err *);

/* wishes_key(i): the i-th key that there is, or NULL.  wishes_is_key(name): is
 * it one of them? */
const char *wishes_key(size_t);
bool wishes_is_key(const char *);

#endif
