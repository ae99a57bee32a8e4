#ifndef CDR_IMAGE_FILTER_H
#define CDR_IMAGE_FILTER_H

#include <stdbool.h>

/*
 * filter_matches(filter, registry, repository, reference, digest): does an
 * image fit what somebody has typed to find it?  ${reference} is its tag, or a
 * digest; ${digest} what that leads to.
 *   nginx, ghcr.io     any part of the full name
 *   nginx:1.27         that image, as a list would name it
 *   :1.27              that tag, of whatever image
 *   sha256:ab12, 3f9c12  the beginning of the digest; 6 digits at least
 *   nginx@sha256:ab12  that, and the name
 *   nginx:1.*, *alpine*        with *, ? and [...], which stand for "/" too:
 *                      the full name, without docker.io/library/ or the tag
 */
bool filter_matches(const char *, const char *, const char *, const char *,
    const char *);

#endif
