#ifndef CDR_BUNDLE_STATEMENT_H
#define CDR_BUNDLE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bundle/bundle_name.h"
#include "layout/path.h"
#include "layout/store.h"

/*
 * What a bundle is: the text that is signed, one record a line, in this order.
 *
 *	cdr-bundle 1
 *	id HEX			32 hexadecimal digits, random
 *	from NAME		the site that has made it
 *	to NAME			the site that it is for; "*": any
 *	seq N			of (from, to); greater each time
 *	created TIME		RFC 3339, Z
 *	expires TIME		may be absent; past it there is a warning
 *	list NAME		may be absent: the images are all that this
 *				list has, and not some
 *	image REF DIGEST SIZE TYPE PLATFORMS
 *	held			may be absent: the tag of the image above is
 *				held there, whatever upstream has
 *	manifest DIGEST SIZE TYPE
 *				any number, each belongs to the image above:
 *				all that is to be linked with it besides
 *	part NAME BYTES OBJECTS SIZE DIGEST
 *				a file; what its objects have together,
 *				how many, and size and digest of its table
 *	end
 *
 * REF is a full reference, or one by digest.  PLATFORMS are for people, with
 * commas between; "-": none.  A line ends with one LF, words have one blank
 * between them, and nothing comes behind the last line.
 */
struct statement_manifest {
	struct digest digest;
	uint64_t size;
	char *media_type;
};

struct statement_image {
	char *registry, *repository;
	char *tag;			/* NULL: by digest alone */
	struct statement_manifest root;
	char *platforms;		/* "": none */
	bool is_held;
	struct statement_manifest *manifests;
	size_t count;
};

struct statement_part {
	char name[BUNDLE_FILE_MAX + 1];
	uint64_t bytes;
	uint64_t objects;
	uint64_t table_size;
	struct digest table;
};

struct statement {
	char id[BUNDLE_ID_MAX + 1];
	char from[BUNDLE_SITE_MAX + 1], to[BUNDLE_SITE_MAX + 1];
	uint64_t seq;
	int64_t created;		/* seconds since 1970 */
	int64_t expires;		/* 0: never */
	char list[BUNDLE_SITE_MAX + 1];	/* "": none */
	struct statement_image *images;
	size_t image_count;
	struct statement_part *parts;
	size_t part_count;
};

/*
 * statement_parse(buf, len, ret, e): nothing is let through that is not said
 * above: a name that climbs, a number over its cap, a reference, a manifest of
 * one image or a part twice, a type that name_is_manifest_type refuses, no end.
 * Return 0, or -1 with ${e} set (ERR_DATA, ERR_LIMIT), which names the line.
 * statement_done releases what statement_parse or its user has allocated.
 */
int statement_parse(const char *, size_t, struct statement *, struct err *);
void statement_done(struct statement *);

/* statement_is_platforms(text): may it stand in ${platforms}?  Printable ASCII
 * without a blank, of at most BUNDLE_PLATFORMS_MAX, is. */
bool statement_is_platforms(const char *);

/* statement_print(s, out): the same as text; what statement_parse would refuse
 * must not be in it. */
void statement_print(const struct statement *, FILE *);

/* statement_bytes_max(s, parts): at most so many bytes would it print, if it
 * had so many parts. */
uint64_t statement_bytes_max(const struct statement *, size_t);

#endif
