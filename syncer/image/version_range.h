#ifndef CDR_IMAGE_VERSION_RANGE_H
#define CDR_IMAGE_VERSION_RANGE_H

#include <stdbool.h>

#include "layout/err.h"

/*
 * A range of versions, as npm, Cargo and Flux have them:
 *
 *	1.2.3 =1.2.3	this version
 *	1.2 1.2.x 1.2.*	all of 1.2; "*" is any version
 *	!=1.2		none of 1.2
 *	>1.2 >=1.2 <1.2 <=1.2
 *			"1.2" is all of 1.2 here, too: >1.2 begins at 1.3.0
 *	~1.2.3 ~1.2 ~1	up to the next minor version; ~1 up to the next major
 *	^1.2 ^0.2 ^0.0.3
 *			up to where the first number changes that is not 0
 *	>=1.4,<2 || 3	commas or spaces: and; "||": or
 *
 * A tag with a suffix ("-alpine", "-rc.1", "_13") is in the range only if a
 * term of the same alternative has one: ">=1.4" is without all variants and
 * pre-releases, ">=1.4-0" with all of them.  An upper bound without a suffix
 * keeps out those of the bound itself: 2.0.0-rc.1 is not below 2.
 */
struct version_range;

/* version_range_parse(text, ret, e): return 0, or -1 with ${e} set
 * (ERR_INPUT). */
int version_range_parse(const char *, struct version_range **, struct err *);
void version_range_free(struct version_range *);

/* version_range_matches(range, tag): what is no version is in no range. */
bool version_range_matches(const struct version_range *, const char *);

#endif
