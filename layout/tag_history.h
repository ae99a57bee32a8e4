#ifndef CDR_TAG_HISTORY_H
#define CDR_TAG_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "store.h"

/* Which digests a reference had, the oldest first: the lines of
 * _history/REFERENCE, cdr-layout(5). */
struct tag_history_line {
	char time[STORE_TIME_MAX];
	struct digest digest;
	bool is_rollback;	/* it was set back to it; else published */
	/* Told by tag_history_judge: */
	bool is_left;		/* it was set back from it, and not to it since:
				 * somebody did not want it */
	unsigned back;		/* so many steps back from where it is now; 0:
				 * not a step of these, or not this digest's
				 * own line */
};

struct tag_history {
	struct tag_history_line *lines;
	size_t count;
};

/* The third word of a line. */
#define TAG_HISTORY_ROLLBACK	"rollback"

/* tag_history_parse(text, ret): lines that make no sense are left out.
 * tag_history_done releases. */
void tag_history_parse(const char *, struct tag_history *);
void tag_history_done(struct tag_history *);

/* tag_hold_parse(text, ret): at which digest does _held/TAG hold it?  false: it
 * does not say. */
bool tag_hold_parse(const char *, struct digest *);

/*
 * tag_history_judge(h, current): the reference leads to ${current}.  One step
 * back is the digest that was published last before that, and is not left.
 */
void tag_history_judge(struct tag_history *, const struct digest *);

#endif
