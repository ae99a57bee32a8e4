#ifndef CDR_NODE_PLAN_H
#define CDR_NODE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "layout/err.h"

/* What is to be written on a node.  Nothing here touches a file. */

enum node_kind {
	NODE_WHOLE,		/* the file is ours alone */
	NODE_DAEMON_JSON,	/* text: a URL, put into dockerd's
				 * registry-mirrors */
	NODE_CONTAINERD_TOML,	/* text: lines, put at the end */
	NODE_REGISTRIES_YAML	/* text: YAML, put into that of k3s or RKE2 */
};

struct node_file {
	enum node_kind kind;
	char *path;		/* from the root on, without a "/" in front */
	char *text;
	mode_t mode;		/* of a file that was not there */
	char *copy_of;		/* a path: text is that file's, and not for a
				 * terminal; NULL */
	char *read_by;		/* the client's file that imports this one;
				 * NULL: it is the client's own */
};

struct node_plan {
	struct node_file *files;
	size_t count;
	char *printed;		/* for a client whose files we do not write */
	char **notes;		/* sentences for the person */
	size_t note_count;
};

/* node_plan_file(p, kind, path, text): takes both strings; mode 0644. */
struct node_file *node_plan_file(struct node_plan *, enum node_kind, char *,
    char *);
/* node_plan_drop(p, i): a file less. */
void node_plan_drop(struct node_plan *, size_t);
void node_plan_note(struct node_plan *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void node_plan_done(struct node_plan *);

/* The first line of a whole file, which says that it is ours. */
#define NODE_MARK	"# Written by \"cdr node-config\"; "
#define NODE_MARK_LINE	NODE_MARK "\"--remove\" takes it away.\n"

/* The name of a kind, for the record, and back: -1 for none. */
const char *node_kind_name(enum node_kind);
int node_kind_parse(const char *, enum node_kind *);

/*
 * node_merge(kind, path, base, text, ret, e): what the file is to hold, ${base}
 * (NULL: it is not there) being what it holds without us; free(3) ${ret}.
 * Return 0, or -1 with ${e} set (ERR_INPUT) where ${base} cannot be added to:
 * the message begins with ${path} and says what to do.
 */
int node_merge(enum node_kind, const char *, const char *, const char *,
    char **, struct err *);

/*
 * node_unmerge(kind, path, now, text, ret, e): take ${text} out of what the
 * file holds, which others have changed since.  NODE_WHOLE cannot.
 */
int node_unmerge(enum node_kind, const char *, const char *, const char *,
    char **, struct err *);

#endif
