#ifndef CDR_IMAGE_NEWEST_H
#define CDR_IMAGE_NEWEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tag that a pattern has matched. */
struct newest_tag {
	char *name;		/* the caller's */
	int64_t created_s;	/* since 1970; -1: not known */
};

/*
 * newest= in two steps, since the creation time of an image costs requests and
 * a version nothing.  The order: versions, the highest first (version_compare,
 * whatever pattern they matched); then all other tags, the one created last
 * first and those of unknown time last; equal ones by name, as strcmp(3) has
 * it.  Names that stand there twice count twice: that is for the caller to
 * prevent.
 */

/*
 * newest_undated(tags, count, n, ret): for each of ${count} tags whether its
 * created_s decides who is among the newest ${n} (ret has room for ${count}).
 * Those who know their time already are not asked for.  Return how many.
 */
size_t newest_undated(const struct newest_tag *, size_t, size_t, bool *);

/* newest_choose(tags, count, n): sort them.  Return how many from the beginning
 * are chosen: ${n}, or ${count} if that is less. */
size_t newest_choose(struct newest_tag *, size_t, size_t);

#endif
