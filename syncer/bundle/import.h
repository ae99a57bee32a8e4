#ifndef CDR_BUNDLE_IMPORT_H
#define CDR_BUNDLE_IMPORT_H

#include "bundle/intake.h"

/*
 * All bundles that somebody has brought: in files and folders, or as parts one
 * after another in a pipe.
 */
struct import {
	const struct bundle_keys *keys;	/* NULL: anybody may send */
	const char *site;
	int stop_fd;			/* -1: none */
	struct stick stick;
	/* Of a pipe: the part that is to be read next, and its head. */
	struct part *part;
	struct stick_head head;
	struct stick_bundle *bundle;
	char part_name[48];
	size_t part_number;
};

/*
 * import_look(im, path): a file or a folder.  import_look_pipe(im): the first
 * part of standard input, as far as its head.  import_judge(im): which of the
 * bundles may be imported; tells why the others may not, and returns how many
 * there are.  Nothing of a tree is looked at.  import_done releases.
 */
void import_look(struct import *, const char *);
void import_look_pipe(struct import *);
size_t import_judge(struct import *);
void import_done(struct import *);

/* import_refused(im): how many bundles and files were. */
size_t import_refused(const struct import *);

/*
 * import_run(im, rules, ended, cookie): one bundle after another, in the order
 * of their numbers; ${ended} is told of each.  It ends early where the tree
 * cannot be used, or ${stop_fd} became readable.
 */
typedef void import_ended(void *cookie, const struct intake *,
    enum intake_end);
void import_run(struct import *, struct intake_rules *, import_ended *,
    void *);

#endif
