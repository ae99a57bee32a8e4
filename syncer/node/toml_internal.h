#ifndef CDR_NODE_TOML_INTERNAL_H
#define CDR_NODE_TOML_INTERNAL_H

#include "node/toml.h"

/* For toml.c and toml_value.c alone. */
struct toml_in {
	const char *path, *text, *p;
	struct toml *table;	/* that keys go into */
	unsigned nodes, depth;
	struct err *e;
};

/* toml_bad(in, what): -1, with the line of in->p. */
int toml_bad(struct toml_in *, const char *);

/* toml_new(in, parent, key, kind): the last one in ${parent}; takes ${key}.
 * NULL, with the error set, where there are too many. */
struct toml *toml_new(struct toml_in *, struct toml *, char *, enum toml_kind);

/* toml_keys(in, table): "a.b = value" into ${table}, from in->p on. */
int toml_keys(struct toml_in *, struct toml *);

/* toml_word(in, ret): the next part of a key; free(3) it. */
int toml_word(struct toml_in *, char **);

/* toml_blank(in): blanks; toml_space(in): comments and ends of lines, too. */
void toml_blank(struct toml_in *);
int toml_space(struct toml_in *);

/* toml_quoted(in, ret, may_be_long): a string, from its quote on. */
int toml_quoted(struct toml_in *, char **, bool);

/* toml_value(in, parent, key): what stands at in->p becomes ${parent}'s; takes
 * ${key}.  NULL with the error set. */
struct toml *toml_value(struct toml_in *, struct toml *, char *);

#endif
