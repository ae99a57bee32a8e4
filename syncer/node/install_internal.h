#ifndef CDR_NODE_INSTALL_INTERNAL_H
#define CDR_NODE_INSTALL_INTERNAL_H

#include <stdbool.h>
#include <sys/stat.h>

#include "node/install.h"
#include "node/record.h"

struct install {
	int root;
	const char *client;
	struct record record;
	install_fn *said;
	install_ask_fn *ask;	/* NULL: nobody is asked */
	void *cookie;
	bool is_refused;	/* by the client, and all is as it was */
};

/* One file as it is found. */
struct found {
	char *now;		/* NULL: absent */
	struct stat st;
	char *base;		/* without us; NULL: absent */
	bool edited;		/* in the record, and changed since */
	bool is_fresh;		/* in the record, and nothing of ours in it */
	char *next;		/* what it is to hold */
};
void install_found_done(struct found *);

/* install_begin(in, e): take the lock, read the record.  install_finish(in, e):
 * write it, or take it away with the folders that we made. */
int install_begin(struct install *, struct err *);
int install_finish(struct install *, struct err *);

/* install_look_at_ours(in, r, f, e): what the file would be without us, where
 * the record has it: ${f->base}. */
int install_look_at_ours(struct install *, const struct record_file *,
    struct found *, struct err *);

/* install_is_as_written(r, text): the digest of what we wrote is in the record,
 * not the text: it may hold a key. */
bool install_is_as_written(const struct record_file *, const char *);

/*
 * install_undo(in, r, is_gone_for_good, e): a file that somebody has removed
 * comes back with --remove alone: to another --install it is one that has left
 * the node, such as a drop-in whose program is no longer there.  Return 1 when
 * it is undone, 0 when it has to stay (the reason is in ${e}), -1 when
 * something failed.
 */
int install_undo(struct install *, struct record_file *, bool, struct err *);

/*
 * install_undo_unplanned(in, plan, ret_left, e): undo what the client has and
 * ${plan} (NULL: nothing) has not.  From the last to the first: what was made
 * last is in nobody's way.  The record is written after each, so that a kill
 * costs one repetition.  Return how many there were, or -1.
 */
int install_undo_unplanned(struct install *, const struct node_plan *,
    size_t *, struct err *);

/* install_asks(in, file): is its client asked? */
bool install_asks(const struct install *, const struct node_file *);

/*
 * install_place(in, file, f, e): the file gets its new text, once its client
 * has said that it starts with that: of a copy beside it, or, where another
 * file imports it, when it is in place.  Then ${in->is_refused} is set where it
 * does not, and the file is as it was.
 */
int install_place(struct install *, const struct node_file *, struct found *,
    struct err *);

#endif
