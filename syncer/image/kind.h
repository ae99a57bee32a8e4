#ifndef CDR_IMAGE_KIND_H
#define CDR_IMAGE_KIND_H

#include <stdbool.h>
#include <stddef.h>

/*
 * kind_name(type): what people call an artifact of such a type (walk.h has it):
 * "chart", "sbom", "artifact"; "image" where that is NULL.
 * kind_of_tag(tag): "signature", or the like, of a tag that cosign makes, whose
 * manifest is that of an image (quirks.md#tags-of-cosign); or NULL.
 * kind_at(i): these words, or NULL behind the last.  kind_is(word): is it one?
 */
const char *kind_name(const char *);
const char *kind_of_tag(const char *);
const char *kind_at(size_t);
bool kind_is(const char *);

#endif
