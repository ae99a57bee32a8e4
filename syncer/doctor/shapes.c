/* The many ways in which one image is asked for
 * (quirks.md#shapes-of-a-request). */
#include <stdlib.h>
#include <string.h>

#include "doctor/patient.h"
#include "image/media.h"
#include "layout/mem.h"

/* No registry has this name (RFC 2606). */
#define NOBODY	"cdr-doctor.invalid"

static const struct {
	const char *who;
	enum finding_level level;	/* where it is not answered */
} shapes[SHAPE_COUNT] = {
	[SHAPE_BARE] = { "dockerd", FINDING_FAIL },
	[SHAPE_NS] = { "containerd, k3s", FINDING_FAIL },
	[SHAPE_BEHIND] = { "podman, CRI-O", FINDING_FAIL },
	[SHAPE_BEFORE] = { "dockerd with a path", FINDING_FAIL },
	[SHAPE_SHORT] = { "Mesos", FINDING_WARN },
};

char *
shapes_path(const struct image_ref *ref, enum shape shape, const char *kind,
    const char *what)
{
	bool is_hub = strcmp(ref->registry, "docker.io") == 0;
	const char *name = ref->repository;
	char *behind, *path;

	switch (shape) {
	case SHAPE_BARE:
		return !is_hub ? NULL :
		    xasprintf("/v2/%s/%s/%s", name, kind, what);
	case SHAPE_NS:
		return xasprintf("/v2/%s/%s/%s?ns=%s", name, kind, what,
		    ref->registry);
	case SHAPE_BEHIND:
		behind = image_ref_behind(ref->registry);
		path = xasprintf("/v2/%s/%s/%s/%s", behind, name, kind, what);
		free(behind);
		return path;
	case SHAPE_BEFORE:
		return xasprintf("/%s/v2/%s/%s/%s", ref->registry, name, kind,
		    what);
	case SHAPE_SHORT:
		return !is_hub || strncmp(name, "library/", 8) != 0 ? NULL :
		    xasprintf("/v2/%s/%s/%s", name + 8, kind, what);
	case SHAPE_COUNT:
		break;
	}
	return NULL;
}

/* HEAD: the bytes have been looked at. */
static void
head(struct patient *p, const char *path, struct answer *ret)
{
	struct question q = {
		.path = path, .head = true, .accept = MEDIA_ACCEPT
	};

	ask(&p->ask, &q, ret);
}

/* Return whether the shape is fine, or no shape of this image's.  By digest: a
 * tag may move while it is looked at. */
static bool
check_shape(struct patient *p, enum shape shape)
{
	char want[DIGEST_TEXT_MAX];
	char *path = shapes_path(&p->image, shape, "manifests",
	    digest_text(&p->digest, want));
	struct answer a;
	bool is_fine = true;

	if (path == NULL)
		return true;
	head(p, path, &a);
	if (reach_refused(p, "shapes", path, &a)) {
		is_fine = false;
	} else if (a.status != 200) {
		is_fine = false;
		finding_add(p->findings, shapes[shape].level, "shapes", "%s: "
		    "%ld, but this is how %s asks. CDR's nginx files answer "
		    "it, so look for a proxy in between that changes paths",
		    path, a.status, shapes[shape].who);
	}
	answer_done(&a);
	free(path);
	return is_fine;
}

/* Two registries may have repositories of one name: who ignores ?ns= gives the
 * one's images out as the other's (quirks.md#the-parameter-ns). */
static bool
check_ns(struct patient *p)
{
	const char *reference = p->image.tag != NULL ? p->image.tag : NULL;
	char text[DIGEST_TEXT_MAX];
	struct answer a;
	char *path;
	bool is_mixed;

	if (reference == NULL)
		reference = digest_text(&p->digest, text);
	path = xasprintf("/v2/%s/manifests/%s?ns=" NOBODY, p->image.repository,
	    reference);
	head(p, path, &a);
	is_mixed = a.transport == TRANSPORT_OK && a.status == 200;
	if (is_mixed)
		finding_add(p->findings, FINDING_FAIL, "ns", "%s: 200, so ?ns= "
		    "is ignored, and a node would get an image of another "
		    "registry: serve the tree with CDR's nginx files, or make "
		    "the proxy in between pass the query on", path);
	answer_done(&a);
	free(path);
	return !is_mixed;
}

/* All shapes are tried, also when one is not answered: a node may have
 * several clients. */
bool
shapes_check(struct patient *p)
{
	bool all = true;
	int shape;

	for (shape = 0; shape < SHAPE_COUNT && !p->ask.stopped; shape++)
		all = check_shape(p, (enum shape)shape) && all;
	all = check_ns(p) && all;
	if (all)
		finding_add(p->findings, FINDING_OK, "shapes", "all the ways "
		    "in which clients ask are answered, also with ?ns=");
	return true;
}
