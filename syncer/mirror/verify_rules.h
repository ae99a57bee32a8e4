#ifndef CDR_MIRROR_VERIFY_RULES_H
#define CDR_MIRROR_VERIFY_RULES_H

#include "layout/verify.h"

/* verify_rules_json(ret): what layout/verify.h asks for that has to do with
 * JSON; the rest is left as it is.  None of it needs a cookie. */
void verify_rules_json(struct verify_rules *);

#endif
