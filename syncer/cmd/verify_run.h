#ifndef CDR_CMD_VERIFY_RUN_H
#define CDR_CMD_VERIFY_RUN_H

#include "image/ref.h"
#include "layout/verify.h"
#include "registry/keyring.h"
#include "registry/ocidir.h"
#include "registry/registries.h"
#include "report/report.h"

/* One run of cdr verify: look, mend, tell. */

/* In front of what --from names, where bundles lie. */
#define VERIFY_BUNDLE	"bundle:"

struct verify_wishes {
	const char *root, *registries, *from;
	bool quick, repair, withdraw, go_on, json;
	uint64_t limit_rate;
	unsigned max_time, wait;
	enum report_level level;
};

struct verify_inputs {
	struct registries *registries;
	struct keyring *keyring;
	struct ocidir *layout;
	struct image_ref *refs;
	char (*digests)[DIGEST_TEXT_MAX];
	struct verify_reference *only;
	size_t count;
};

/* verify_all(wishes, inputs): an exit code of cmd.h. */
int verify_all(const struct verify_wishes *, const struct verify_inputs *);

#endif
