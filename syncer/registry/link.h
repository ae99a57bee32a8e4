#ifndef CDR_REGISTRY_LINK_H
#define CDR_REGISTRY_LINK_H

/*
 * link_next(header, ret): the target of a Link header (RFC 8288 section 3)
 * whose relation is "next"; it may be relative.  Return 1 and the target in
 * ${ret}, free(3) it; 0 if there is none; -1 if there is "next" in a header
 * that makes no sense.
 */
int link_next(const char *, char **);

#endif
