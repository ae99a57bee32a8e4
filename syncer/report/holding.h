#ifndef CDR_REPORT_HOLDING_H
#define CDR_REPORT_HOLDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "layout/digest.h"
#include "layout/store.h"
#include "report/marks.h"

/*
 * One reference of the tree, as images.json and blobs.json have it.  Each is a
 * line of its own in these, so that they are written and read one by one.
 */
struct holding_blob {
	uint64_t key;			/* holding_key */
	uint64_t size;
};

/* Beyond that JSON does not carry a number everywhere. */
#define HOLDING_OWN_MAX	((uint64_t)1 << 53)

struct holding {
	char *image;			/* the full reference */
	struct digest digest;
	char published[STORE_TIME_MAX];	/* "": not known */
	json_t *platforms;		/* array of strings */
	char *kind;			/* of what is no image that runs, up to
					 * HOLDING_KIND_MAX; else NULL */
	uint64_t size;			/* in bytes, of all it reaches */
	size_t referrers;
	bool is_signed;
	bool is_broken;			/* it could not be read */
	char links[STORE_STAMP_MAX];	/* store_links_stamp, where not all of
					 * it is here; else "" */
	struct holding_blob *blobs;
	size_t blob_count;
};

/* What images.json and blobs.json are, for who reads or writes them. */
struct book_kind;
extern const struct book_kind holding_images_book, holding_blobs_book;

/* What is said of all of them. */
struct holding_totals {
	uint64_t images, repositories;
	uint64_t blobs, bytes;		/* each blob once; manifests not */
};

/* holding_set_kind(h, type): as much of a stranger's word as is kept. */
void holding_set_kind(struct holding *, const char *);

/* holding_done(h): zeroes it. */
void holding_done(struct holding *);

/* holding_key(d): the first 16 hexadecimal digits, as a number. */
uint64_t holding_key(const struct digest *);

/* holding_add_blob(h, key, size): those beyond HOLDING_BLOBS_MAX are left
 * out. */
void holding_add_blob(struct holding *, uint64_t, uint64_t);

/*
 * holding_blobs_text(h): its line in blobs.json.  holding_image_text(line,
 * own, marks): the line in images.json for that line; ${own} bytes are of no
 * other image; ${marks} is what marks_text has said.  Both are free(3)d.
 */
char *holding_blobs_text(const struct holding *);
char *holding_image_text(const char *, uint64_t, const char *);

/* holding_each_blob(line, fn, cookie): the blobs of a line of blobs.json. */
typedef void holding_blob_fn(void *cookie, uint64_t key, uint64_t size);
void holding_each_blob(const char *, holding_blob_fn *, void *);

/* holding_line_is_broken(line): as is_broken. */
bool holding_line_is_broken(const char *);

/* holding_read(line, ret): what holding_blobs_text made.  Return false, and
 * leave ${ret} alone, where it makes no sense. */
bool holding_read(const char *, struct holding *);

/*
 * The first line of either file, up to where the lines begin.
 * holding_head_is_ours: can it be read, and do the lines tell all that this
 * program wants of them?  holding_head_read: false where it is not so.
 */
struct holding_head {
	char index[STORE_STAMP_MAX];	/* store_index_stamp of what the lines
					 * were made of */
	char marks[MARKS_STAMP_MAX];	/* of images.json; "" */
	int64_t now;			/* seconds since 1970 */
	const char *earlier;		/* of book_print; NULL */
	const struct holding_totals *totals;	/* NULL: without them */
};
void holding_head_print(FILE *, const struct holding_head *);
bool holding_head_is_ours(const json_t *);
bool holding_head_read(const json_t *, struct holding_head *,
    struct holding_totals *);

/* holding_totals_read(store, ret): what images.json says of all of them, as of
 * the last run; zeros where it says nothing. */
void holding_totals_read(const struct store *, struct holding_totals *);

#endif
