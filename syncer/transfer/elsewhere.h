#ifndef CDR_TRANSFER_ELSEWHERE_H
#define CDR_TRANSFER_ELSEWHERE_H

#include "transfer/traffic.h"

/* Places that images of one run may name. */
#define ELSEWHERE_MAX	64u

/*
 * elsewhere_source(t, home, config, url, e): where a layer may be that ${home}
 * has not got, as its manifest says (quirks.md#foreign-layers).  ${config} is
 * that of ${home}, and taken.  It is asked without credentials and client
 * certificates, and is judged as a place that ${home} leads to.  NULL with ${e}
 * set: a URL that cannot be used, a place where ${home} must not lead to
 * (ERR_NET), too many places (ERR_LIMIT).
 */
struct source *elsewhere_source(struct traffic *, const struct source *,
    struct registry_config *, const char *, struct err *);

#endif
