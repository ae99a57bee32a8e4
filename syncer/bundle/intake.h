#ifndef CDR_BUNDLE_INTAKE_H
#define CDR_BUNDLE_INTAKE_H

#include "bundle/flow.h"
#include "bundle/ledger.h"
#include "bundle/needs.h"
#include "bundle/stick.h"
#include "layout/digest_set.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "report/report.h"

/*
 * One bundle on its way into the tree.  Its state lies in _state/import/ID:
 * "statement", and "table-N" of each part that was begun; so gc knows what it
 * waits for, and a later run which parts are missing.
 */
struct intake_rules {
	struct store *store;		/* a writer's */
	struct flow *flow;
	int stop_fd;			/* -1: none */
	bool allow_older;
	uint64_t max_jump;
};

enum intake_end {
	INTAKE_WHOLE,			/* all of it is here */
	INTAKE_WAITS,			/* for parts */
	INTAKE_FAILED,			/* some images cannot be published, or
					 * parts could not be used */
	INTAKE_SEEN,			/* it was whole before */
	INTAKE_OLDER,			/* a later one has moved tags */
	INTAKE_TOO_FAR,
	INTAKE_STOPPED,
	INTAKE_STORE_FAILED		/* ${err} */
};

struct intake {
	const struct intake_rules *rules;
	const struct stick_bundle *b;
	struct ledger_bundle who;
	enum ledger_verdict verdict;
	bool is_refused;		/* TOO_FAR, or there is no room */
	bool has_failed;		/* the run is to end: ${err} */
	bool moves;			/* tags */
	bool has_begun;			/* to move them */
	struct needs *needs;		/* if it moves them */
	struct digest_set stays;	/* names of images, hashed, that a later
					 * bundle has moved, which was
					 * forgotten */
	size_t bad_parts;		/* that were told of */
	bool is_again;			/* an object that was begun earlier was
					 * wrong: its parts are to be read once
					 * more */
	bool was_again;			/* and have been */
	struct report_totals totals;
	uint64_t all_bytes, read_bytes;	/* of what is not here; and so far */
	int64_t started_ms, started;
	struct err err;			/* why the tree cannot be used, or there
					 * is no room; ERR_CANCELLED */
	/* Told by intake_end: */
	size_t missing_parts, missing_images;
	char **part_names;
	size_t part_name_count;
};

/*
 * intake_begin(in, rules, b): seq, then room: nothing is touched before.  False
 * where nothing will come of it; the end says why.
 */
bool intake_begin(struct intake *, const struct intake_rules *,
    const struct stick_bundle *);

/*
 * intake_part(in, part, head, name): take what is not here from this part, of
 * which the head has been read.  intake_path(in, path): the same of a file.
 * False: the run is to end.
 */
bool intake_part(struct intake *, struct part *, const struct stick_head *,
    const char *);
bool intake_path(struct intake *, const char *);

/*
 * For who has several under way, one at a time: intake_settle(in): what came of
 * it is in the tree.  intake_resume(in): before it goes on behind another one,
 * which may have overtaken it: then no more of its tags move.  False: as
 * above.
 */
bool intake_settle(struct intake *);
bool intake_resume(struct intake *);

/* intake_is_again(in): all that came is settled, and an object has turned out
 * wrong that an earlier run had begun: true once, and the parts are to be read
 * again. */
bool intake_is_again(struct intake *);

/* intake_end(in): settle, tell what is missing, and for whom.  intake_done
 * releases. */
enum intake_end intake_end(struct intake *);
void intake_done(struct intake *);

/* intake_name(image, buf): its full reference.  Return ${buf}. */
char *intake_name(const struct statement_image *, char buf[FULL_NAME_MAX]);

/* intake_forget(store, id, ret, e): what was not finished is dropped.  1, and
 * which one it was; 0 if there is none of that id; -1. */
int intake_forget(struct store *, const char *, struct ledger_bundle *,
    struct err *);

#endif
