/* A manifest, its headers and its bytes (quirks.md#headers-of-a-manifest). */
#include <stdlib.h>
#include <string.h>

#include "doctor/patient.h"
#include "image/media.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* What containerd 2 sends. */
#define ENCODINGS	"zstd;q=1.0, gzip;q=0.8, deflate;q=0.5"

/* The tag where there is one; else the digest. */
static const char *
reference_of(const struct patient *p, char buf[DIGEST_TEXT_MAX])
{
	return p->image.tag != NULL ? p->image.tag :
	    digest_text(&p->image.digest, buf);
}

/*
 * A shape that is answered, to go on with; the others are looked at later.  Not
 * by Mesos' shape, which leaves out library/: it is looked at with the others.
 */
static char *
find_shape(struct patient *p, struct answer *ret)
{
	struct question q = { .head = true, .accept = MEDIA_ACCEPT };
	char text[DIGEST_TEXT_MAX];
	char *path = NULL, *first = NULL;
	int shape;

	for (shape = 0; shape < SHAPE_SHORT; shape++) {
		path = shapes_path(&p->image, (enum shape)shape, "manifests",
		    reference_of(p, text));
		if (path == NULL)
			continue;
		q.path = path;
		ask(&p->ask, &q, ret);
		p->shape = (enum shape)shape;
		if (ret->status == 200 || p->ask.stopped)
			break;
		if (reach_refused(p, "manifest", path, ret))
			break;
		answer_done(ret);
		if (first == NULL)
			first = xstrdup(path);
		free(path);
		path = NULL;
	}
	if (path == NULL)
		finding_add(p->findings, FINDING_FAIL, "manifest", "%s: the "
		    "mirror does not have it: check that the image is in the "
		    "list, and that \"cdr sync\" has run. \"cdr ls\" shows "
		    "what is there", first);
	free(first);
	if (path != NULL && ret->status != 200) {
		answer_done(ret);
		free(path);
		path = NULL;
	}
	return path;
}

/* crane, oras and Helm fail without these two; dockerd needs the length
 * (quirks.md#headers-of-a-manifest). */
static void
check_head(struct patient *p, const char *path, const struct answer *a)
{
	struct digest d;
	struct err e;

	if (a->digest[0] == '\0')
		finding_add(p->findings, FINDING_FAIL, "headers", "HEAD %s: no "
		    "Docker-Content-Digest: containerd, crane and Helm need "
		    "it. CDR's nginx files send it, so look for a proxy in "
		    "between", path);
	else if (digest_parse(a->digest, &d, &e) == -1)
		finding_add(p->findings, FINDING_FAIL, "headers",
		    "HEAD %s: Docker-Content-Digest \"%s\" is not a digest",
		    path, a->digest);
	else if (a->length[0] == '\0')
		finding_add(p->findings, FINDING_FAIL, "headers", "HEAD %s: no "
		    "Content-Length: dockerd and crane need it. Look for a "
		    "proxy in between that compresses or buffers", path);
	else
		finding_add(p->findings, FINDING_OK, "headers",
		    "Docker-Content-Digest and Content-Length are there");
}

/* Parameters are a warning: Mesos alone compares letter by letter. */
static void
check_type(struct patient *p, const char *path, const struct answer *a)
{
	char type[MEDIA_TYPE_MAX + 1] = "";

	if (media_trim(a->type, type, sizeof(type)) &&
	    strcmp(type, p->manifest.media_type) == 0 &&
	    strchr(a->type, ';') == NULL) {
		finding_add(p->findings, FINDING_OK, "type", "%s: %s", path,
		    type);
		return;
	}
	finding_add(p->findings, strcmp(type, p->manifest.media_type) == 0 ?
	    FINDING_WARN : FINDING_FAIL, "type", "%s: Content-Type is \"%s\", "
	    "not %s: clients rely on it. CDR's nginx files send the right one, "
	    "so look for a proxy in between", path, a->type,
	    p->manifest.media_type);
}

/* Return whether the bytes are of use.  What the person named by digest is what
 * counts; else what the mirror itself says the digest is. */
static bool
check_bytes(struct patient *p, const char *path, const struct answer *a)
{
	char want[DIGEST_TEXT_MAX], got[DIGEST_TEXT_MAX];
	struct digest said;
	struct err e;

	digest_of(DIGEST_SHA256, a->body, a->len, &p->digest);
	if (p->image.has_digest)
		said = p->image.digest;
	else if (digest_parse(a->digest, &said, &e) == -1)
		said = p->digest;
	if (said.alg != p->digest.alg)
		digest_of(said.alg, a->body, a->len, &p->digest);
	if (!digest_equal(&said, &p->digest)) {
		finding_add(p->findings, FINDING_FAIL, "digest", "%s: the "
		    "bytes have digest %s, not %s: a proxy in between changes "
		    "them, or the tree is damaged", path,
		    digest_text(&p->digest, got), digest_text(&said, want));
		return false;
	}
	if (manifest_parse(a->body, a->len, NULL, &p->manifest, &e) == -1) {
		finding_add(p->findings, FINDING_FAIL, "manifest", "%s: %s",
		    path, e.msg);
		return false;
	}
	p->has_manifest = true;
	return true;
}

/*
 * Compressed answers lose their length, and break ranges and sizes
 * (quirks.md#nothing-compressed).  It is asked once as by a client that takes
 * compressed bodies, and once as by one that does not: there are proxies that
 * compress for either.
 */
static bool
check_encoding(struct patient *p, const char *path, const char *encoding)
{
	struct question q = {
		.path = path, .accept = MEDIA_ACCEPT, .encoding = encoding
	};
	struct answer a;
	bool is_plain;

	ask(&p->ask, &q, &a);
	is_plain = a.encoding[0] == '\0' ||
	    strcmp(a.encoding, "identity") == 0;
	if (!is_plain)
		finding_add(p->findings, FINDING_FAIL, "encoding", "%s: the "
		    "answer is compressed (Content-Encoding: %s): turn "
		    "compression off below /v2/, also in a proxy in between "
		    "(nginx: gzip off)", path, a.encoding);
	answer_done(&a);
	return is_plain;
}

/* GET must say what HEAD has said. */
static bool
get(struct patient *p, const char *path)
{
	struct question q = { .path = path, .accept = MEDIA_ACCEPT };
	struct answer a;
	bool is_good;

	ask(&p->ask, &q, &a);
	is_good = !reach_refused(p, "manifest", path, &a);
	if (is_good && a.status != 200) {
		finding_add(p->findings, FINDING_FAIL, "manifest",
		    "GET %s: %ld, but HEAD found it", path, a.status);
		is_good = false;
	}
	is_good = is_good && check_bytes(p, path, &a);
	if (is_good)
		check_type(p, path, &a);
	answer_done(&a);
	return is_good;
}

/*
 * What had a tag, by its digest, as clients do it in the next step.  The type
 * has to be the same by both ways: clients compare it with what the index says.
 */
static bool
get_by_digest(struct patient *p)
{
	char text[DIGEST_TEXT_MAX], *path;
	bool is_good;

	if (p->image.tag == NULL)
		return true;
	path = shapes_path(&p->image, p->shape, "manifests",
	    digest_text(&p->digest, text));
	manifest_done(&p->manifest);
	p->has_manifest = false;
	is_good = get(p, path);
	free(path);
	return is_good;
}

/* From the headers to the bytes: what is wrong in the headers explains most of
 * what is wrong behind them. */
bool
content_check(struct patient *p)
{
	char text[DIGEST_TEXT_MAX];
	struct answer a;
	char *path = find_shape(p, &a), *name;
	bool is_good;

	if (path == NULL)
		return false;
	check_head(p, path, &a);
	answer_done(&a);
	is_good = check_encoding(p, path, ENCODINGS) &&
	    check_encoding(p, path, NULL) && get(p, path) &&
	    get_by_digest(p);
	free(path);
	if (!is_good)
		return false;
	name = image_ref_text(&p->image);
	finding_add(p->findings, FINDING_OK, "manifest", "%s is %s", name,
	    digest_text(&p->digest, text));
	free(name);
	return true;
}
