#ifndef CDR_IMAGE_PATTERN_H
#define CDR_IMAGE_PATTERN_H

#include <stdbool.h>

#include "layout/err.h"

/*
 * Which tags of a repository are wanted (cdr(1), "tags="):
 *
 *	glob:v1.*	"*", "?", "[a-z]", "[!a-z]", as a shell has them
 *	regex:v1\.[0-9]+	a POSIX extended regular expression
 *	semver:>=1.4,<2	a range of versions: version_range.h
 *
 * All are about the whole tag, and case counts.
 */
enum tag_rule_kind {
	TAG_GLOB,
	TAG_REGEX,
	TAG_SEMVER
};

/* A rule is its text, since a list may have many; matchers do the work. */
struct tag_rule {
	enum tag_rule_kind kind;
	const char *pattern;	/* in text, behind the colon */
	char text[];
};

/*
 * tag_rule_parse(text, ret, e): Return 0, or -1 with ${e} set (ERR_INPUT).  Of
 * a regular expression these are refused: back-references and other "\" before
 * a letter or digit, a repeat of a repeat (a**), more than REGEX_REPEATS_MAX
 * repeats inside each other, and what has more than REGEX_NODES_MAX nodes once
 * its repeats are written out.  Free with free(3).
 */
int tag_rule_parse(const char *, struct tag_rule **, struct err *);

/* tag_rule_compare(a, b): by text. */
int tag_rule_compare(const struct tag_rule *, const struct tag_rule *);

/*
 * A matcher borrows its rule.  Its memory stays below some 12 MiB, whatever the
 * expression and the tags.
 */
struct tag_matcher;

struct tag_matcher *tag_matcher_new(const struct tag_rule *);
void tag_matcher_free(struct tag_matcher *);

/* tag_matcher_wants(m, tag): ${tag} meets name_is_tag.  What tag_is_signature
 * says yes to is never wanted. */
bool tag_matcher_wants(struct tag_matcher *, const char *);

/*
 * tag_is_signature(tag): a tag for what belongs to another manifest:
 * <algorithm>-<64 hexadecimal digits>, alone (the referrers tag schema of the
 * OCI distribution-spec) or with .sig, .att or .sbom behind it
 * (quirks.md#tags-of-cosign).
 */
bool tag_is_signature(const char *);

#endif
