#ifndef CDR_MIRROR_NAME_TABLE_H
#define CDR_MIRROR_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * What is known of references, by their full names, of which there may be a
 * hundred thousand: a name is kept as the first bytes of its SHA-256, so that
 * each costs 32 bytes, however long it is.  All zero is empty.
 */
struct named {
	uint64_t key[2];
	int64_t number;			/* the user's, as the others */
	union {
		struct {
			unsigned keep, keep_for_s;
		};
		int64_t when;
	};
};

struct name_table {
	struct named *slots;
	size_t room, count;
};

/* name_table_add(t, name): what is known of it; all zero where that is new.
 * Until the next such call. */
struct named *name_table_add(struct name_table *, const char *);

/* name_table_find(t, name): NULL where it is not there. */
struct named *name_table_find(const struct name_table *, const char *);

void name_table_done(struct name_table *);

#endif
