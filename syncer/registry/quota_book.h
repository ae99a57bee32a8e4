#ifndef CDR_REGISTRY_QUOTA_BOOK_H
#define CDR_REGISTRY_QUOTA_BOOK_H

#include <stddef.h>

#include "layout/err.h"
#include "registry/quota.h"

/*
 * The quota of each registry, and of each account there: what a run leaves to
 * the next one, as JSON.
 */
#define QUOTA_ENTRIES_MAX	256u
#define QUOTA_BOOK_BYTES_MAX	(256u << 10)

struct quota_entry {
	struct quota_entry *next;
	char *registry;
	char *account;			/* "": none */
	struct quota quota;
	struct err err;			/* what it said when it refused; code
					 * ERR_NONE in a later process */
};

struct quota_book {
	struct quota_entry *entries;
	size_t count;
};

/* quota_book_of(book, registry, account): the entry for them, new if need be;
 * accounts beyond QUOTA_ENTRIES_MAX share one. */
struct quota_entry *quota_book_of(struct quota_book *, const char *,
    const char *);

/*
 * quota_book_read(book, buf, len, now, e): add what quota_book_write wrote.
 * What is over, or from the future, is left out, and so is an entry that makes
 * no sense.  Return 0, or -1 with ${e} set (ERR_DATA) where the whole is none.
 */
int quota_book_read(struct quota_book *, const char *, size_t, int64_t,
    struct err *);

/* quota_book_write(book, now, ret_len): free(3) it. */
char *quota_book_write(const struct quota_book *, int64_t, size_t *);

void quota_book_done(struct quota_book *);

#endif
