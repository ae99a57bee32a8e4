#ifndef CDR_IMAGE_VERSION_H
#define CDR_IMAGE_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Semantic versions (SemVer 2.0.0) as the tags of images have them.  More is
 * taken than the specification allows, because real tags need it:
 *
 *	v1.27.3		a leading v
 *	1.27, 16	what is not written is 0
 *	22.04		leading zeros
 *	1.27.3-alpine	"-": a pre-release by the letter of SemVer, although
 *			images mean a variant: so it is below 1.27.3
 *	1.22rc1		a pre-release without its hyphen
 *	21.0.2_13-jdk	"_": build metadata; "+" is no character of a tag
 *
 * No version are: four and more numbers, numbers of more than nine digits, one
 * number alone above 99999 (a date, or a hash without letters: as a version it
 * would be newer than all others), and hashes that begin with a digit.
 */
struct version {
	unsigned number[3];	/* major, minor, patch */
	unsigned parts;		/* how many of them are written */
	const char *suffix;	/* the pre-release, in the text; not ended */
	size_t suffix_len;	/* 0: none */
	bool is_plain;		/* neither pre-release nor build metadata */
};

/* version_parse(text, ret): ${ret} points into ${text}.  Return 1, or 0 if that
 * is no version. */
int version_parse(const char *, struct version *);

/* version_compare(a, b): SemVer section 11: the order of precedence, in which
 * build metadata has no say; -1, 0 or 1. */
int version_compare(const struct version *, const struct version *);

/*
 * What version_range.c reads in the same way.  version_take_number: move
 * ${*at} behind at most nine digits; version_is_suffix(s, len): is that a
 * pre-release, identifiers with dots between?
 */
bool version_take_number(const char **, unsigned *);
bool version_is_suffix(const char *, size_t);

#endif
