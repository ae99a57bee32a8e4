#ifndef CDR_IMAGE_REFERRER_RULE_H
#define CDR_IMAGE_REFERRER_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* Which referrers of an image come with it (cdr(1), "referrers="). */
enum referrer_want {
	REFERRERS_NO,
	REFERRERS_YES,		/* all of them */
	REFERRERS_TYPES		/* those of some artifact types */
};

struct referrer_rule {
	enum referrer_want want;
	char **types;		/* lower case, sorted, each once */
	size_t count;
};

/*
 * referrer_rule_parse(text, ret, e): "no", "yes", or "types=" and artifact
 * types with commas between.  Return 0, or -1 with ${e} set (ERR_INPUT).  _done
 * releases.
 */
int referrer_rule_parse(const char *, struct referrer_rule *, struct err *);
void referrer_rule_done(struct referrer_rule *);

/* An order, 0 for equal ones. */
int referrer_rule_compare(const struct referrer_rule *,
    const struct referrer_rule *);

/* referrer_rule_wants(rule, type): is a referrer of the artifact type ${type}
 * ("": it has none) wanted?  Case does not count (RFC 6838). */
bool referrer_rule_wants(const struct referrer_rule *, const char *);

#endif
