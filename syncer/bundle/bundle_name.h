#ifndef CDR_BUNDLE_NAME_H
#define CDR_BUNDLE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest.h"

/*
 * What things are called on a stick.  All of it is for FAT, too, where case
 * does not count.
 */
#define BUNDLE_ID_MAX	32u		/* hexadecimal digits */
#define BUNDLE_SITE_MAX	63u
#define BUNDLE_FILE_MAX	200u

/* Beside the parts: the statement, and a signature of it that was made
 * elsewhere. */
#define BUNDLE_SUFFIX		".cdr"
#define BUNDLE_SIGNATURE_SUFFIX	".cdr.sig"

/* The first members of each part, in this order; the second one is absent where
 * nobody has signed. */
#define BUNDLE_STATEMENT	"statement"
#define BUNDLE_SIGNATURE	"signature"
#define BUNDLE_TABLE		"table"

/* bundle_is_site(name): 1 to BUNDLE_SITE_MAX letters, digits, "-", "_", ".";
 * the first is a letter or a digit. */
bool bundle_is_site(const char *);

/* bundle_is_file(name): the same, of up to BUNDLE_FILE_MAX. */
bool bundle_is_file(const char *);

/* bundle_is_id(text): BUNDLE_ID_MAX digits of 0-9a-f. */
bool bundle_is_id(const char *);

/* bundle_stem(from, to, seq, buf): FROM-TO-SEQ, "all" for "*".  Return ${buf}.
 * bundle_part_name(stem, number, buf): STEM.cdr.NNN, from 1 on. */
char *bundle_stem(const char *, const char *, uint64_t,
    char buf[BUNDLE_FILE_MAX + 1]);
char *bundle_part_name(const char *, unsigned, char buf[BUNDLE_FILE_MAX + 1]);

/*
 * bundle_member_name(digest, is_piece, offset, buf): blobs/ALG/HEX, and +OFFSET
 * behind it where it is not all of the object; the 128 digits of sha512 have a
 * "/" in their middle, or they would not fit ustar.  Return ${buf}.
 * bundle_member_parse(name, ret, is_piece, offset): 1, or 0 where it is none,
 * byte by byte.
 */
#define BUNDLE_MEMBER_MAX	192u
char *bundle_member_name(const struct digest *, bool, uint64_t,
    char buf[BUNDLE_MEMBER_MAX]);
int bundle_member_parse(const char *, struct digest *, bool *, uint64_t *);

#endif
