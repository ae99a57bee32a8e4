#ifndef CDR_IMAGE_LAYOUT_SCAN_H
#define CDR_IMAGE_LAYOUT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/* One element of the array "manifests", as JSON text.  0 or -1. */
typedef int layout_element(void *cookie, const char *, size_t, struct err *);

/* Text that grows up to a bound. */
struct layout_text {
	char *bytes;
	size_t len, room, max;
};

/*
 * An index.json taken apart as its bytes come in: each element of "manifests"
 * is handed on by itself, and what is left is the same JSON with that array
 * empty.  An index of a hundred thousand images is never in memory as a whole.
 * Whether the pieces are JSON is for who reads them.
 */
struct layout_scan {
	layout_element *call;
	void *cookie;
	struct layout_text element, rest;
	unsigned depth;
	bool in_string, in_escape;
	bool in_list;			/* in the array, at any depth */
	bool has_comma;			/* an element has to follow */
	bool is_key;			/* the last string is "manifests" */
	bool is_list;			/* and a colon was behind it */
	size_t string;			/* where in the rest it began */
};

void layout_scan_init(struct layout_scan *, layout_element *, void *cookie);
void layout_scan_done(struct layout_scan *);

/* layout_scan_feed(s, buf, len, e): the next bytes.  Return 0, or -1 with
 * ${e} set (ERR_DATA, ERR_LIMIT, or the element's). */
int layout_scan_feed(struct layout_scan *, const char *, size_t,
    struct err *);

#endif
