#ifndef CDR_BUNDLE_LEDGER_H
#define CDR_BUNDLE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/bundle_name.h"
#include "layout/err.h"
#include "layout/store.h"

/*
 * Which bundles have come here: _state/bundles.  By it a tag never goes back to
 * what an older bundle says.  A stream is what one site sends to one other, or
 * to all; within it seq only grows.
 *
 *	cdr-bundles 1
 *	last FROM TO SEQ ID CREATED
 *			of each stream the bundle of the highest seq of which
 *			images were published, whether all of it was here or not
 *	done FROM TO SEQ ID CREATED TIME
 *			each that was finished, and when; the oldest first, and
 *			no more than LEDGER_DONE_MAX
 *	end
 */
#define LEDGER_DONE_MAX		4096u
#define LEDGER_STREAMS_MAX	1024u
/* Beyond the last one of its stream, unless somebody says so. */
#define LEDGER_JUMP		1000u

struct ledger_bundle {
	char from[BUNDLE_SITE_MAX + 1], to[BUNDLE_SITE_MAX + 1];
	uint64_t seq;
	char id[BUNDLE_ID_MAX + 1];
	int64_t created;
	int64_t done;			/* when it was finished; 0: not yet */
};

struct ledger {
	struct ledger_bundle *last;
	size_t last_count;
	struct ledger_bundle *done;
	size_t done_count;
};

/*
 * ledger_read(store, ret, e): empty where there is none.  One that cannot be
 * read is an error: without it an old bundle would count as new.
 * ledger_write(store, l, e): by rename and durably.  Both return 0 or -1.
 * ledger_free releases.
 */
int ledger_read(const struct store *, struct ledger *, struct err *);
int ledger_write(struct store *, const struct ledger *, struct err *);
void ledger_free(struct ledger *);

/* ledger_parse(text, len, ret, e): there is a NUL behind the text.  0 or -1
 * (ERR_DATA). */
int ledger_parse(const char *, size_t, struct ledger *, struct err *);

/* ledger_last(l, from, to): the last one of a stream, or NULL. */
const struct ledger_bundle *ledger_last(const struct ledger *, const char *,
    const char *);

/*
 * ledger_judge(l, b, max_jump, ret): may a bundle move tags?  ${ret} is told
 * which one it was compared with, or NULL.
 */
enum ledger_verdict {
	LEDGER_NEW,			/* yes; also where it goes on */
	LEDGER_SEEN,			/* it was finished already */
	LEDGER_OLDER,			/* a later one has moved them */
	LEDGER_TOO_FAR			/* seq is too far ahead */
};
enum ledger_verdict ledger_judge(const struct ledger *,
    const struct ledger_bundle *, uint64_t, const struct ledger_bundle **);

/*
 * ledger_begin(l, b): its tags are about to move; false where nothing changes:
 * the last one of a stream is never lowered.  ledger_finish(l, b, now): all of
 * it is here.  ledger_forget(l, id): what was not finished has not been; false
 * where it was none of these.
 */
bool ledger_begin(struct ledger *, const struct ledger_bundle *);
void ledger_finish(struct ledger *, const struct ledger_bundle *, int64_t);
bool ledger_forget(struct ledger *, const char *);

#endif
