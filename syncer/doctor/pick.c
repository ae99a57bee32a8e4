/* Which image to ask for. */
#include <stdlib.h>
#include <string.h>

#include "doctor/catalog.h"
#include "doctor/patient.h"
#include "layout/mem.h"

static bool
first_of(struct patient *p, const char *path, const char *key, char **ret)
{
	struct question q = { .path = path };
	struct answer a;
	struct err e;
	int rc = -1;

	ask(&p->ask, &q, &a);
	if (reach_refused(p, "image", path, &a))
		rc = -2;
	else if (a.status == 200)
		rc = catalog_first(a.body, a.len, key, ret, &e);
	if (rc == -1)
		finding_add(p->findings, FINDING_FAIL, "image", "%s: %ld, and "
		    "no list: name an image that the mirror has, as the last "
		    "argument", path, a.status);
	else if (rc == 0)
		finding_add(p->findings, FINDING_FAIL, "image", "%s is empty: "
		    "has \"cdr sync\" put anything there yet?", path);
	answer_done(&a);
	return rc == 1;
}

bool
image_check(struct patient *p)
{
	char *name = NULL, *tag = NULL, *path = NULL, *text = NULL;
	struct err e;

	if (p->has_image)
		return true;
	if (!first_of(p, "/v2/_catalog", "repositories", &name))
		goto out;
	text = xasprintf("%s:x", name);
	/* What a stranger's catalog says is not asked for unseen. */
	if (image_ref_parse(text, &p->image, &e) == -1) {
		finding_add(p->findings, FINDING_FAIL, "image", "the catalog "
		    "has \"%.100s\", which is no name: name an image as the "
		    "last argument", name);
		goto out;
	}
	image_ref_done(&p->image);
	path = xasprintf("/v2/%s/tags/list", name);
	if (!first_of(p, path, "tags", &tag))
		goto out;
	free(text);
	text = xasprintf("%s:%s", name, tag);
	if (image_ref_parse(text, &p->image, &e) == -1)
		finding_add(p->findings, FINDING_FAIL, "image", "%s has "
		    "\"%.100s\", which is no tag: name an image as the last "
		    "argument", path, tag);
	else
		p->has_image = true;
out:
	free(name);
	free(tag);
	free(path);
	free(text);
	return p->has_image;
}
