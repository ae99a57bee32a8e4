#ifndef CDR_DOCTOR_PATIENT_H
#define CDR_DOCTOR_PATIENT_H

#include <stdbool.h>

#include "doctor/ask.h"
#include "doctor/finding.h"
#include "image/manifest.h"
#include "image/ref.h"
#include "node/uses.h"

/*
 * A mirror that is looked at, and what is known of it so far.  The checks are
 * in files by what they ask, in the order in which they run; each adds its
 * findings, and returns false where no later one makes sense.
 */
enum shape {
	SHAPE_BARE,		/* /v2/library/x/...		 dockerd */
	SHAPE_NS,		/* /v2/library/x/...?ns=	 containerd */
	SHAPE_BEHIND,		/* /v2/docker.io/library/x/...	 podman */
	SHAPE_BEFORE,		/* /docker.io/v2/library/x/...	 dockerd */
	SHAPE_SHORT,		/* /v2/x/...			 Mesos */
	SHAPE_COUNT
};

struct patient {
	struct ask ask;
	struct findings *findings;
	const struct url *mirror;
	const struct ask_how *how;
	const struct node_uses *uses;
	struct image_ref image;
	bool has_image;
	/* From content_check on. */
	enum shape shape;		/* one that is answered */
	struct digest digest;		/* of the image's manifest */
	struct manifest manifest;
	bool has_manifest;
};

/* reach_check: name, connection, TLS, /v2/. */
bool reach_check(struct patient *);

/* image_check: an image to ask for, the first of the catalog where none was
 * given. */
bool image_check(struct patient *);

/* content_check: the manifest, its headers and bytes. */
bool content_check(struct patient *);

/* blob_check: a blob, a range of it, and what must not be there. */
bool blob_check(struct patient *);

/* blob_find_child(p, ret): of an index the first manifest that is there: it may
 * be sparse.  manifest_done releases it. */
bool blob_find_child(struct patient *, struct manifest *);

/* shapes_check: every way in which a client may ask
 * (quirks.md#shapes-of-a-request). */
bool shapes_check(struct patient *);

/* shapes_path(ref, shape, kind, what): "/v2/.../${kind}/${what}"; NULL where
 * the shape is none for this image; free(3) it. */
char *shapes_path(const struct image_ref *, enum shape, const char *,
    const char *);

/* reach_refused(p, check, path, a): an answer that no client can do anything
 * with: none, a 401, 403, redirect or 5xx (quirks.md#errors-of-a-mirror).
 * Adds the finding. */
bool reach_refused(struct patient *, const char *, const char *,
    const struct answer *);

/* node_check(f, uses, mirror, how): what the node's clients are told. */
void node_check(struct findings *, const struct node_uses *,
    const struct url *, const struct ask_how *);

/* node_image_check(p): does containerd go to the mirror for the registry of the
 * image?  True: nothing of it stops the rest. */
bool node_image_check(struct patient *);

/* entry_check(p): the same of podman, CRI-O, k3s and RKE2, by the entry that
 * counts for the image; and of dockerd. */
void entry_check(struct patient *);

#endif
