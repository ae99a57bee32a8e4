#ifndef CDR_IMAGE_CREATED_BOOK_H
#define CDR_IMAGE_CREATED_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/digest.h"
#include "layout/digest_set.h"
#include "layout/err.h"

/*
 * Creation times by the digest that a tag points to, which one run leaves to
 * the next (cdr-layout(5), _state/created): what was used last stands last,
 * and of more than CREATED_ENTRIES_MAX the first are forgotten.  All zero is an
 * empty one.
 */
#define CREATED_ENTRIES_MAX	16384u
#define CREATED_BYTES_MAX	(4u << 20)

struct created_entry;
struct created_book {
	struct created_entry *newest, *oldest;	/* by their use */
	struct digest_set entries;
	size_t count;
	bool is_changed;		/* not just in its order */
};

/*
 * created_book_read(book, buf, len, e): add what created_book_write wrote to an
 * empty ${book}.  Lines that make no sense are left out.  Return 0, or -1 with
 * ${e} set (ERR_DATA) where it is of another kind or version.
 */
int created_book_read(struct created_book *, const char *, size_t,
    struct err *);

/* created_book_get(book, id, ret): 1 with the time in seconds since 1970, or
 * CREATED_UNKNOWN where that is all that the image tells; 0: never seen. */
int created_book_get(struct created_book *, const struct digest *, int64_t *);
void created_book_put(struct created_book *, const struct digest *, int64_t);

/* created_book_write(book, ret_len): free(3) it. */
char *created_book_write(const struct created_book *, size_t *);
void created_book_done(struct created_book *);

#endif
