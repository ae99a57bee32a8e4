#ifndef CDR_DOCTOR_REGISTRY_CHECK_H
#define CDR_DOCTOR_REGISTRY_CHECK_H

#include "doctor/finding.h"
#include "image/ref.h"
#include "registry/keyring.h"
#include "registry/registries.h"

/* Can `cdr sync` get an image from its registry, as that is set up here? */
struct registry_visit {
	struct findings *findings;
	const struct registries *registries;
	struct keyring *keyring;
	const struct image_ref *image;
	const char *mark;
	int stop_fd;		/* readable: give up; -1: none */
};

/*
 * registry_check(v): each endpoint in its order: connection, TLS, /v2/, login,
 * and the image's manifest, by HEAD, which counts as no pull.
 */
void registry_check(const struct registry_visit *);

#endif
