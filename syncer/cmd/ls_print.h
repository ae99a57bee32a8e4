#ifndef CDR_CMD_LS_PRINT_H
#define CDR_CMD_LS_PRINT_H

#include <stdbool.h>

#include "layout/digest.h"
#include "layout/limits.h"
#include "layout/store.h"
#include "mirror/walk.h"

/* One image of cdr ls, and how it is printed. */
enum ls_form {
	LS_TEXT,
	LS_WIDE,
	LS_NAMES,
	LS_JSON
};

struct ls_row {
	const char *image;
	char digest[DIGEST_TEXT_MAX];
	const char *media_type;
	char published[STORE_TIME_MAX];
	bool is_held, is_pinned;
	const char *kind;		/* kind_name */
	struct walk walk;
	size_t referrers;
	bool is_signed;
	/* What the status says, as of the last run: */
	bool has_own;
	uint64_t own;			/* bytes of no other image */
	char verified[VERIFIED_NAME_MAX + 1];	/* by this key; "" */
	bool is_unlisted;
	char last_listed[STORE_TIME_MAX];	/* "": not known */
};

struct ls_print {
	enum ls_form form;
	int width;			/* of the longest name */
	bool is_narrow;			/* the window: digests are 12 digits
					 * long, and times are days */
	size_t count;			/* printed so far */
};

/* ls_print(p, row): with a head before the first.  ls_print_end(p): behind the
 * last. */
void ls_print(struct ls_print *, const struct ls_row *);
void ls_print_end(const struct ls_print *);

#endif
