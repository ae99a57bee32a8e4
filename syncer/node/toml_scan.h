#ifndef CDR_NODE_TOML_SCAN_H
#define CDR_NODE_TOML_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Looking for a few values in TOML that a person wrote: tables, arrays of
 * tables, dotted and quoted keys, basic and literal strings, arrays over many
 * lines.  It judges nothing: what is no TOML gives some events or none.
 */

#define TOML_PARTS_MAX	12u
#define TOML_PART_MAX	300u

struct toml_path {
	char part[TOML_PARTS_MAX][TOML_PART_MAX];
	size_t count;
};

struct toml_event {
	/* Of the table, and of the key where it is a value's. */
	const struct toml_path *path;
	bool is_table;
	/* A value, or each one of an array: a string without its quotes, or a
	 * bare word; "" for a table. */
	const char *value;
	/* The bytes of the text that it stands in, quotes included; of a
	 * table the whole line, without its end. */
	size_t from, to;
};

/* toml_scan(text, fn, cookie): in the order of the text.  What has more or
 * longer parts than the above, or a longer value, is left out. */
typedef void toml_fn(void *cookie, const struct toml_event *);
void toml_scan(const char *, toml_fn *, void *);

/* toml_path_is(path, count, names): the path is these names; NULL fits any. */
bool toml_path_is(const struct toml_path *, size_t, const char *const *);

#endif
