/* Which image to ask for. */
#include <stdlib.h>
#include <string.h>

#include "doctor/catalog.h"
#include "doctor/patient.h"
#include "layout/mem.h"

/* A repository whose images are listed by digest alone has no tag. */
#define REPOSITORIES_MAX	32u

/* As catalog_get, with what is wrong as a finding. */
static int
entry(struct patient *p, const char *path, const struct answer *a,
    const char *key, size_t n, char **ret)
{
	struct err e;
	int rc = -1;

	if (reach_refused(p, "image", path, a))
		return -1;
	if (a->status == 200)
		rc = catalog_get(a->body, a->len, key, n, ret, &e);
	if (rc == -1)
		finding_add(p->findings, FINDING_FAIL, "image", "%s: %ld, but "
		    "no list: name an image that the mirror has, as the last "
		    "argument", path, a->status);
	return rc;
}

/* What a stranger's catalog says is not asked for unseen. */
static bool
is_name(struct patient *p, const char *name)
{
	char *text = xasprintf("%s:x", name);
	struct image_ref ref;
	struct err e;
	bool is_one = image_ref_parse(text, &ref, &e) == 0;

	if (is_one)
		image_ref_done(&ref);
	else
		finding_add(p->findings, FINDING_FAIL, "image", "the catalog "
		    "has \"%.100s\", which is not a name: name an image as the "
		    "last argument", name);
	free(text);
	return is_one;
}

/* The image is there from now on, if ${name} has a tag.  As entry.  Any tag
 * will do: what is looked at is the mirror. */
static int
take_first_tag(struct patient *p, const char *name)
{
	char *path = xasprintf("/v2/%s/tags/list", name), *tag = NULL, *text;
	struct question q = { .path = path };
	struct answer a;
	struct err e;
	int rc;

	ask(&p->ask, &q, &a);
	rc = entry(p, path, &a, "tags", 0, &tag);
	answer_done(&a);
	if (rc == 1) {
		text = xasprintf("%s:%s", name, tag);
		p->has_image = image_ref_parse(text, &p->image, &e) == 0;
		if (!p->has_image)
			finding_add(p->findings, FINDING_FAIL, "image", "%s "
			    "has \"%.100s\", which is not a tag: name an image "
			    "as the last argument", path, tag);
		free(text);
	}
	free(tag);
	free(path);
	return rc;
}

/* An empty mirror and one without tags need different advice. */
static void
none_found(struct patient *p, const char *path, size_t repositories)
{
	if (repositories == 0)
		finding_add(p->findings, FINDING_FAIL, "image",
		    "%s is empty: run \"cdr sync\" first", path);
	else
		finding_add(p->findings, FINDING_FAIL, "image", "none of the "
		    "first %zu repositories of %s has a tag: name an image, "
		    "with its digest, as the last argument", repositories,
		    path);
}

/* The catalog is CDR's own list; other servers may not have one, and then the
 * person has to name an image. */
bool
image_check(struct patient *p)
{
	struct question q = { .path = "/v2/_catalog" };
	struct answer a;
	char *name = NULL;
	size_t n;
	int rc = 0;

	if (p->has_image)
		return true;
	ask(&p->ask, &q, &a);
	for (n = 0; n < REPOSITORIES_MAX && rc == 0; n++) {
		rc = entry(p, q.path, &a, "repositories", n, &name);
		if (rc != 1)
			break;
		rc = is_name(p, name) ? take_first_tag(p, name) : -1;
		free(name);
	}
	if (rc == 0)
		none_found(p, q.path, n);
	answer_done(&a);
	return p->has_image;
}
