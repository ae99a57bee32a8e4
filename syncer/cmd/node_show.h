#ifndef CDR_CMD_NODE_SHOW_H
#define CDR_CMD_NODE_SHOW_H

#include "layout/err.h"
#include "node/client.h"

/* What "cdr node-config" prints of a plan, before or instead of writing it. */
struct node_show {
	const struct node_client *client;
	const struct node_wish *wish;
	const struct node_plan *plan;
	int root;		/* the node's */
};

/* node_show_text(s, e), node_show_json(s, e): all of it, for people or as one
 * object.  Return 0, or -1 with ${e} set where a file of the node cannot be
 * added to: of JSON nothing has been printed then. */
int node_show_text(const struct node_show *, struct err *);
int node_show_json(const struct node_show *, struct err *);

/* node_show_notes(s): what to mind, a line each, behind "# Note: ". */
void node_show_notes(const struct node_show *);

/* For node_show.c and node_json.c: what is to be shown of one file. */
enum node_shown {
	NODE_SHOWN_COPY,	/* that is a copy of another one: no text */
	NODE_SHOWN_SAME,	/* that needs no change: no text */
	NODE_SHOWN_WHOLE,	/* the text is all that it will hold */
	NODE_SHOWN_ADDED,	/* the text is what is new in it */
	NODE_SHOWN_ANEW		/* the text is how it would be if it were
				 * written anew, without what is secret; the
				 * file cannot be added to: ${e} is set */
};

/* node_show_file(s, file, ret, e): return -1 with ${e} set where it cannot be
 * told, or the above; free(3) the text. */
int node_show_file(const struct node_show *, const struct node_file *, char **,
    struct err *);

/* node_show_each_note(s, fn, cookie): each note, printable, without an end. */
void node_show_each_note(const struct node_show *,
    void (*)(void *, const char *), void *);

#endif
