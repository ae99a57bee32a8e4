#ifndef CDR_NODE_TOML_H
#define CDR_NODE_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/err.h"

/*
 * TOML as a tree that knows where everything stands.  What is no TOML 1.0 is
 * an error, but for two habits that some clients allow: line ends and a last
 * comma in an inline table.
 */
enum toml_kind {
	TOML_TABLE,
	TOML_ARRAY,
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOLEAN,
	TOML_DATE
};

/* How a table, or an array, came to be. */
enum toml_form {
	TOML_IMPLIED,		/* by a header of a table in it */
	TOML_HEADER,		/* [table]; [[array]] */
	TOML_DOTTED,		/* by a key with a dot behind it */
	TOML_INLINE		/* { }; [ ] */
};

struct toml {
	enum toml_kind kind;
	enum toml_form form;
	char *key;		/* "" in an array, and of the root */
	char *text;		/* of a string what it says, else what is
				 * written; "" of tables and arrays */
	unsigned line;		/* from 1 on */
	/* The bytes of the value, quotes included; of a header its line,
	 * without the line's end. */
	size_t from, to;
	/* Where its key is written, and with it those before it: from the
	 * first byte of "a.b" to behind "b".  Of a header 0. */
	size_t key_from, key_to;
	struct toml *child, *last, *next;
};

/* toml_read(path, text, ret, e): toml_free it.  Return 0, or -1 with ${e} set
 * (ERR_INPUT): "/${path}: line N: ...". */
int toml_read(const char *, const char *, struct toml **, struct err *);
void toml_free(struct toml *);

/* toml_get(table, key): NULL where there is none, and where ${table} is none;
 * of an array of tables its last one is meant. */
const struct toml *toml_get(const struct toml *, const char *);

/* toml_string(value): what a string says, or NULL. */
const char *toml_string(const struct toml *);

/* toml_line(text, at): the number of the line that this byte is in. */
unsigned toml_line(const char *, size_t);

#endif
