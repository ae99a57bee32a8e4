#ifndef CDR_BUNDLE_EXPORT_H
#define CDR_BUNDLE_EXPORT_H

#include "bundle/export_pack.h"
#include "bundle/inventory.h"
#include "image/list.h"
#include "layout/store.h"

/* What of a tree goes to a site, in which parts. */
struct export_order {
	struct store *store;
	const struct image_list *list;
	const char *from, *to;		/* sites */
	const char *name;		/* of the list, if all of it goes; "" */
	const struct inventory *inventory;	/* NULL: a full bundle */
	bool is_inventory_signed;	/* by a key that is known */
	int64_t now;
	unsigned expires_s;		/* 0: never */
	uint64_t split;			/* 0: one part */
	const char *key;		/* to sign with; NULL */
	bool is_plan;			/* nothing is written: neither is the
					 * number taken */
};

/* Of an image of the statement, at the same place. */
struct export_row {
	uint64_t bytes;			/* that go along for it */
	bool is_held;
	bool is_known;			/* its root is linked there */
};

/* One that does not go, and why. */
struct export_left {
	char *image, *why;
};

struct export {
	const struct export_order *order;
	struct statement statement;	/* with its parts */
	struct export_row *rows;
	struct export_set set;
	struct export_parts parts;
	struct export_left *left;
	size_t left_count;
	char *text, *signature;		/* NULL: not signed, or a plan */
	size_t text_len, signature_len;
	struct digest_set bad;		/* see export_write.h; from one try to
					 * the next */
	size_t lame;			/* what refers to an image, and does not
					 * go along */
};

/*
 * export_make(x, order, e): choose, look, pack; what cannot go is told, and is
 * left out.  Return 0; 1 where nothing is left to go; -1 with ${e} set.  It may
 * be called again, with the same order, when something has been found bad.
 */
int export_make(struct export *, const struct export_order *, struct err *);
void export_done(struct export *);

/* export_run(x, dir, stop_fd, e): write it; what is found bad on the way is
 * told, and then all begins anew without it.  Return 0, 1 where nothing is left
 * to go, -1. */
int export_run(struct export *, int, int, struct err *);

/* export_part_bytes(x, i): of the file of that part. */
uint64_t export_part_bytes(const struct export *, size_t);

#endif
