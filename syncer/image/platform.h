#ifndef CDR_IMAGE_PLATFORM_H
#define CDR_IMAGE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* OCI image-spec image-index.md, "platform"; "" where a part is absent. */
struct platform {
	char os[32];
	char architecture[32];
	char variant[32];
	char os_version[64];
};

#define PLATFORM_TEXT_MAX	168

/* The platforms that a list line wants. */
struct platform_set {
	bool all;		/* no filter; items is then NULL */
	struct platform *items;	/* sorted by platform_compare */
	size_t count;
};

/*
 * platform_parse(text, ret, e): os/architecture[/variant][:os.version], such as
 * linux/arm/v7 or windows/amd64:10.0.20348, or as containerd writes the latter,
 * windows(10.0.20348)/amd64; normalised.  Return 0, or -1 with ${e} set
 * (ERR_INPUT).
 */
int platform_parse(const char *, struct platform *, struct err *);

/*
 * platform_normalise(p): lower case and the names that containerd/platforms
 * settles on: x86_64 amd64, aarch64 arm64, i386 386, armhf arm/v7, armel
 * arm/v6; arm64/v8 and amd64/v1 lose the variant; bare arm is arm/v7; a
 * digit alone is a variant of arm; macos is darwin (quirks.md#platform-names).
 */
void platform_normalise(struct platform *);

/*
 * platform_text(p, buf): what platform_parse reads, with the (os.version) in
 * containerd's place, and only where there is one.  Return ${buf}.
 */
char *platform_text(const struct platform *, char buf[PLATFORM_TEXT_MAX]);

/* platform_compare(a, b): order of two normalised ones, os_version included;
 * platform_equal tells whether that is 0. */
int platform_compare(const struct platform *, const struct platform *);
bool platform_equal(const struct platform *, const struct platform *);

/*
 * platform_rank(want, have): how well an image for ${have} serves a node that
 * is ${want}: 0 not at all; else higher is better.  Follows the fallback order
 * of containerd/platforms (quirks.md#platform-order): exact first; amd64/vN
 * then lower variants and amd64, then 386; arm/vN then lower variants; arm64/v9
 * and so on then lower ones and arm64, then arm.  An os_version in ${want} must
 * be a prefix, by whole components, of the one in ${have}.
 */
int platform_rank(const struct platform *, const struct platform *);

/*
 * platform_set_parse(text, ret, e): "all", or platforms separated by commas.
 * Items come out sorted, duplicates once.  Return 0, or -1 with ${e} set
 * (ERR_INPUT).  _done releases.
 */
int platform_set_parse(const char *, struct platform_set *, struct err *);
void platform_set_done(struct platform_set *);
int platform_set_compare(const struct platform_set *,
    const struct platform_set *);
bool platform_set_equal(const struct platform_set *,
    const struct platform_set *);

#endif
