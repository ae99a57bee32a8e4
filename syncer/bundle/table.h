#ifndef CDR_BUNDLE_TABLE_H
#define CDR_BUNDLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bundle/bundle_name.h"
#include "layout/err.h"

/*
 * What one part has, in the order in which it has it.  The statement says the
 * digest of this text, so it is signed as well.
 *
 *	cdr-table 1
 *	bundle HEX		the id of the statement
 *	part NAME
 *	blob DIGEST SIZE OFFSET LENGTH
 *	manifest DIGEST SIZE TYPE
 *				always whole
 *	end
 *
 * SIZE is that of the object; the member has LENGTH bytes of it, from OFFSET
 * on.
 */
struct table_row {
	struct digest digest;
	uint64_t size, offset, length;
	char *media_type;		/* NULL: a blob */
};

struct table {
	char id[BUNDLE_ID_MAX + 1];
	char part[BUNDLE_FILE_MAX + 1];
	struct table_row *rows;
	size_t count;
};

/* table_parse(buf, len, ret, e): strictly, as statement_parse.  table_done
 * releases; table_print is the way back. */
int table_parse(const char *, size_t, struct table *, struct err *);
void table_done(struct table *);
void table_print(const struct table *, FILE *);

/* table_row_is_piece(row): the member has a part of the object. */
bool table_row_is_piece(const struct table_row *);

#endif
