#ifndef CDR_BUNDLE_SITE_H
#define CDR_BUNDLE_SITE_H

#include "bundle/bundle_name.h"
#include "layout/err.h"

/*
 * site_name(wanted, buf, e): who we are, for bundles: ${wanted} (--site), if it
 * is not NULL; else $CDR_SITE; else the host's name, in which each letter that
 * does not fit is "-".  Return 0 with the name in ${buf}, or -1 with ${e} set
 * (ERR_INPUT): the first two have to fit as they are.
 */
int site_name(const char *, char buf[BUNDLE_SITE_MAX + 1], struct err *);

/* site_fit(text, buf): ${text} made a name: what does not fit is "-", and cut.
 * Return ${buf}; "" where nothing is left. */
char *site_fit(const char *, char buf[BUNDLE_SITE_MAX + 1]);

#endif
