#ifndef CDR_NODE_UNITS_H
#define CDR_NODE_UNITS_H

#include <stddef.h>

#include "layout/err.h"

/*
 * With which words a node's service is started: those of ExecStart= of its
 * systemd unit, drop-ins and all, with the variables that its environment files
 * set.  Quotes are taken for blanks, so that what a shell in between is given
 * counts as well.
 */
struct unit_word {
	char *text;
	char *path;		/* the file it stands in, from the root on */
	unsigned line;
};

struct unit_words {
	struct unit_word *list;
	size_t count;
	char *unit;		/* the file of the unit; NULL: there is none */
};

/*
 * units_read(root, name, ret): of "docker.service".  Files that cannot be read,
 * such as those behind a symbolic link, are as if they were not there.
 */
void units_read(int, const char *, struct unit_words *);

/* units_read_assigned(root, path, ret): where no unit starts the service, the
 * words of all variables that a file such as etc/default/docker sets. */
void units_read_assigned(int, const char *, struct unit_words *);
void units_done(struct unit_words *);

/*
 * units_flag(words, flag, at): the next word after ${*at} that gives
 * ${flag} ("--registry-mirror") a value; ${*at} is then behind it, and 0 at
 * first.  NULL: no more.  ${ret} is the value, in the list.
 */
const struct unit_word *units_flag(const struct unit_words *, const char *,
    size_t *, const char **);

#endif
