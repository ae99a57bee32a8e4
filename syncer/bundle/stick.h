#ifndef CDR_BUNDLE_STICK_H
#define CDR_BUNDLE_STICK_H

#include "bundle/bundle_key.h"
#include "bundle/part_read.h"
#include "bundle/statement.h"

/*
 * What lies on a stick: which bundles, and which of their parts.  Nothing there
 * is trusted: no link is followed, only regular files are opened, and a bundle
 * is what its statement says if that is signed.
 */

/* The first members of a part. */
struct stick_head {
	char *statement, *signature, *table;	/* signature: NULL if none */
	size_t statement_len, signature_len, table_len;
};

/* stick_head_read(p, ret, e): 1; 0 if nothing is there at all; -1.
 * stick_head_done releases. */
int stick_head_read(struct part *, struct stick_head *, struct err *);
void stick_head_done(struct stick_head *);

struct stick_signature {
	char *bytes;
	size_t len;
};
#define STICK_SIGNATURES_MAX	16u

struct stick_bundle {
	char *text;			/* of the statement, byte by byte: what
					 * is verified is what is used */
	size_t len;
	char *name;			/* where it was found first */
	struct statement s;
	bool is_parsed;			/* stick_judge has done so */
	bool is_judged;
	int64_t not_before;		/* of stick_sort */
	char **paths;			/* of parts, as they were found */
	size_t path_count;
	struct stick_signature signatures[STICK_SIGNATURES_MAX];
	size_t signature_count;
	struct err err;			/* it is refused, and why; or
					 * ERR_NONE */
};

/* All statements are in memory before the first one is judged. */
#define STICK_BUNDLES_MAX	1024u
#define STICK_TEXT_MAX		((size_t)4 * BUNDLE_TEXT_MAX)

struct stick {
	struct stick_bundle **bundles;
	size_t count;
	size_t text_bytes;		/* of their statements */
	size_t bad;			/* files that cannot be used, and were
					 * told of */
};

/*
 * stick_look(st, path): add what there is: a folder, a statement with the parts
 * beside it, or a part.
 * What cannot be used is told as an error, and counted.
 * stick_add(st, head, name): what a part has at its head; the bundle, or NULL
 * where there are too many, which has been told.
 * stick_done releases.
 */
void stick_look(struct stick *, const char *);
struct stick_bundle *stick_add(struct stick *, const struct stick_head *,
    const char *);
void stick_done(struct stick *);

/* stick_sort(st): bundles of one sender in the order of their seq; those that
 * are refused come last. */
void stick_sort(struct stick *);

/* stick_open(path, e): a file there: a descriptor, or -1 with ${e} set. */
int stick_open(const char *, struct err *);

/*
 * stick_judge(b, keys, site): is it signed by the owner of one of the keys
 * (NULL: anybody may send), and for ${site}?  Else its err is set.
 */
void stick_judge(struct stick_bundle *, const struct bundle_keys *,
    const char *);

#endif
