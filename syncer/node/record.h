#ifndef CDR_NODE_RECORD_H
#define CDR_NODE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "layout/digest.h"
#include "layout/err.h"
#include "node/plan.h"

/*
 * What was written on a node, so that it can be taken back exactly:
 * /etc/cdr/node-config.json.  It is gone when nothing of ours is left.
 */
#define RECORD_PATH	"etc/cdr/node-config.json"

#define RECORD_SAVED	".before-cdr"	/* the second name of what was there */

struct record_file {
	char *client;		/* its record name */
	enum node_kind kind;
	char *path;
	char *text;		/* of a merge: what was put in; else "" */
	struct digest written;	/* of the whole file, as we left it */
	char *saved;		/* where what was there before is; NULL: it was
				 * not there */
	bool edited;		/* somebody's changes are in it: it is to be
				 * unmerged, not put back */
	bool pending;		/* it is in place, or nearly so, and its client
				 * has not said yet that it starts with it */
};

struct record {
	struct record_file *files;
	size_t count;
	char **dirs;		/* that we make, outer ones first */
	size_t dir_count;
};

/*
 * record_takes(kind, path): may cdr write there, and so delete?  Whoever can
 * write the record must not have root delete more than root wrote: below /etc
 * anything; elsewhere a file that a client is told to read, with what is in it
 * already, and not among the system's own.
 */
bool record_takes(enum node_kind, const char *);

/* record_read(root, ret, e): an empty one where there is none. */
int record_read(int, struct record *, struct err *);

/* record_write(root, r, e): durably; its folder has to be there. */
int record_write(int, const struct record *, struct err *);

/* record_find(r, client, path): NULL for none; of any client where ${client} is
 * NULL. */
struct record_file *record_find(const struct record *, const char *,
    const char *);

/* record_add(r): a new one, zeroed.  record_drop(r, f): takes it out. */
struct record_file *record_add(struct record *);
void record_drop(struct record *, struct record_file *);

/* record_file_done(f): frees what is in it. */
void record_file_done(struct record_file *);

/* record_add_dir(r, path): once, however often. */
void record_add_dir(struct record *, const char *);
void record_done(struct record *);

#endif
