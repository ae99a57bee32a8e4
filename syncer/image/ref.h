#ifndef CDR_IMAGE_REF_H
#define CDR_IMAGE_REF_H

#include <stdbool.h>

#include "layout/digest.h"
#include "layout/err.h"

/*
 * An image reference as people type it, made complete: "nginx" is
 * docker.io/library/nginx:latest.  Strings are owned by the structure.
 */
struct image_ref {
	char *registry;		/* "docker.io", "reg.example:5000" */
	char *repository;	/* "library/nginx" */
	char *tag;		/* NULL: a digest and no tag; or the tags that
				 * a list's pattern will find */
	bool has_digest;
	struct digest digest;	/* valid where has_digest */
};

/*
 * image_ref_parse(text, ret, e): [registry/]repository[:tag][@digest].  The
 * first component is the registry if it has a "." or ":" in it, or is
 * "localhost"; else docker.io is meant, and one component alone is below
 * library/.  index.docker.io and registry-1.docker.io are docker.io.  Without
 * tag and digest the tag is "latest".  Return 0, or -1 with ${e} set
 * (ERR_INPUT) and ${ret} untouched.  image_ref_done releases what a success
 * made.
 */
int image_ref_parse(const char *, struct image_ref *, struct err *);
void image_ref_done(struct image_ref *);

/* image_ref_is_bare(text): is neither a tag nor a digest written there? */
bool image_ref_is_bare(const char *);

/* image_ref_text(ref): "registry/repository:tag@digest"; free(3) it. */
char *image_ref_text(const struct image_ref *);

/* image_ref_short(name): the same without what nobody has to type, such as
 * "nginx:1.27"; a part of ${name}. */
const char *image_ref_short(const char *);

/*
 * image_ref_behind(registry): as it stands behind the name of a mirror, in
 * m.example/reg.example_5000/app: a component of a name can have no colon
 * (distribution-spec, "Pulling manifests").  free(3) it.
 */
char *image_ref_behind(const char *);

/* image_ref_compare(a, b): order by registry, repository, tag, digest. */
int image_ref_compare(const struct image_ref *, const struct image_ref *);

#endif
