/* Blobs, ranges, and what must be absent. */
#include <stdlib.h>
#include <string.h>

#include "doctor/patient.h"
#include "image/media.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define CHILDREN_TRIED	32u

static char *
path_of(const struct patient *p, const char *kind, const struct digest *d)
{
	char text[DIGEST_TEXT_MAX];

	return shapes_path(&p->image, p->shape, kind, digest_text(d, text));
}

/* The smallest one that is worth cutting in two.  Foreign layers are left out:
 * they may not be here (quirks.md#foreign-layers). */
static const struct descriptor *
small_blob(const struct manifest *m)
{
	const struct descriptor *best = NULL;
	size_t i;

	for (i = 0; i < m->count; i++) {
		const struct descriptor *d = &m->children[i];

		if (d->role == DESCRIPTOR_MANIFEST || d->has_urls ||
		    d->size < 2 || d->size > MANIFEST_BYTES_MAX)
			continue;
		if (best == NULL || d->size < best->size)
			best = d;
	}
	return best;
}

bool
blob_find_child(struct patient *p, struct manifest *ret)
{
	struct question q = { .accept = MEDIA_ACCEPT };
	const struct manifest *m = &p->manifest;
	struct answer a;
	struct err e;
	bool found = false;
	char *path;
	size_t i;

	for (i = 0; i < m->count && i < CHILDREN_TRIED && !found; i++) {
		path = path_of(p, "manifests", &m->children[i].digest);
		q.path = path;
		ask(&p->ask, &q, &a);
		found = a.transport == TRANSPORT_OK && a.status == 200 &&
		    manifest_parse(a.body, a.len, NULL, ret, &e) == 0;
		answer_done(&a);
		free(path);
	}
	return found;
}

/* What a client does whose pull broke off (quirks.md#broken-bodies). */
static void
check_part(struct patient *p, const char *path, const char *body, size_t len)
{
	struct question q = { .path = path, .from = len / 2, .to = len };
	char *want = xasprintf("bytes %zu-%zu/%zu", len / 2, len - 1, len);
	struct answer a;

	ask(&p->ask, &q, &a);
	if (reach_refused(p, "range", path, &a))
		;
	else if (a.status != 206)
		finding_add(p->findings, FINDING_FAIL, "range", "%s: the "
		    "answer to a range request is %ld: a pull that breaks off "
		    "cannot resume. nginx answers such requests, so look for a "
		    "proxy in between (nginx: proxy_force_ranges on)", path,
		    a.status);
	else if (a.len != len - len / 2 ||
	    memcmp(a.body, body + len / 2, a.len) != 0 ||
	    strcmp(a.range, want) != 0)
		finding_add(p->findings, FINDING_FAIL, "range", "%s: the "
		    "answer to a range request is another range (\"%s\", not "
		    "\"%s\"): look for a proxy in between", path, a.range,
		    want);
	else
		finding_add(p->findings, FINDING_OK, "range",
		    "a range request of a blob is answered");
	answer_done(&a);
	free(want);
}

/* Only of a blob with the right bytes a part is asked for: else the same fault
 * would be told twice. */
static bool
check_blob(struct patient *p, const struct descriptor *d)
{
	char *path = path_of(p, "blobs", &d->digest);
	struct question q = { .path = path };
	char text[DIGEST_TEXT_MAX];
	struct digest got;
	struct answer a;
	bool is_good = false;

	ask(&p->ask, &q, &a);
	digest_of(d->digest.alg, a.body, a.len, &got);
	if (reach_refused(p, "blob", path, &a))
		;
	else if (a.status != 200)
		finding_add(p->findings, FINDING_FAIL, "blob", "%s: %ld, but "
		    "the manifest lists it: the tree is damaged or incomplete: "
		    "run \"cdr sync\", or copy the tree again", path, a.status);
	else if (!digest_equal(&got, &d->digest))
		finding_add(p->findings, FINDING_FAIL, "digest", "%s: the "
		    "bytes have digest %s: a proxy in between changes them, or "
		    "the tree is damaged", path, digest_text(&got, text));
	else
		is_good = true;
	if (is_good) {
		finding_add(p->findings, FINDING_OK, "blob",
		    "the bytes of a blob have its digest");
		check_part(p, path, a.body, a.len);
	}
	answer_done(&a);
	free(path);
	return is_good;
}

/*
 * A manifest under /blobs/ gets into a node's store with the wrong type, for
 * good (quirks.md#manifests-are-no-blobs).  HEAD is what clients ask; where it
 * is 404, GET is as well.
 */
static void
check_absent(struct patient *p, const char *check, char *path, const char *why)
{
	struct question q = { .path = path, .head = true,
	    .accept = MEDIA_ACCEPT };
	struct answer a;

	ask(&p->ask, &q, &a);
	if (reach_refused(p, check, path, &a))
		;
	else if (a.status != 404)
		finding_add(p->findings, FINDING_FAIL, check,
		    "HEAD %s: %ld, not 404: %s. CDR's nginx files answer 404",
		    path, a.status, why);
	else
		finding_add(p->findings, FINDING_OK, check,
		    "404, as it must be");
	answer_done(&a);
	free(path);
}

/* A blob of the image, one that nobody has, and the image's own manifest where
 * it must not be. */
bool
blob_check(struct patient *p)
{
	struct manifest child = { .count = 0 };
	const struct manifest *m = &p->manifest;
	const struct descriptor *d;

	if (m->kind == MEDIA_INDEX)
		m = blob_find_child(p, &child) ? &child : NULL;
	d = m != NULL ? small_blob(m) : NULL;
	if (m == NULL)
		finding_add(p->findings, FINDING_FAIL, "blob", "the mirror has "
		    "none of the index's manifests: mirror the platforms of "
		    "your nodes (platform= in the list)");
	else if (d == NULL)
		finding_add(p->findings, FINDING_WARN, "blob", "the image has "
		    "no blob small enough to look at: name another IMAGE");
	else
		(void)check_blob(p, d);
	if (m == &child)
		manifest_done(&child);
	check_absent(p, "blob-404", path_of(p, "blobs", &p->digest),
	    "a node that gets a manifest as a blob keeps it with the wrong "
	    "type");
	check_absent(p, "absent", shapes_path(&p->image, p->shape, "manifests",
	    "cdr-doctor-asks-for-what-is-not-there"),
	    "a client asks the registry itself only after a 404");
	return true;
}
