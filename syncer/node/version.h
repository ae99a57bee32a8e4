#ifndef CDR_NODE_VERSION_H
#define CDR_NODE_VERSION_H

#include <stdbool.h>

/* The version of a program on a node, as far as it decides what to write. */
struct node_version {
	unsigned major, minor, patch;
};

/*
 * node_version_find(text, ret): the first word of ${text}, which is what
 * "PROGRAM --version" prints or what a person writes, that begins like
 * "1.6.20~ds1", "v1.32.3+k3s1," or "28.5": two or three numbers with dots
 * between them, an optional "v" in front.  Return 1, or 0 and ${ret} untouched.
 */
int node_version_find(const char *, struct node_version *);

/* node_version_since(v, major, minor, patch): is it that one or a later one? */
bool node_version_since(const struct node_version *, unsigned, unsigned,
    unsigned);

#define NODE_VERSION_TEXT_MAX	48
char *node_version_text(const struct node_version *,
    char [NODE_VERSION_TEXT_MAX]);

#endif
