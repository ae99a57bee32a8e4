#ifndef CDR_EXPORT_SEQ_H
#define CDR_EXPORT_SEQ_H

#include "layout/store.h"

/*
 * Which number the next bundle of a sender to a site has: _state/bundles-sent.
 *
 *	cdr-bundles-sent 1
 *	sent FROM TO SEQ	the last one
 *	end
 *
 * export_seq_next(store, from, to, seen, ret, e): one more than the last that
 * was sent, and than the last that the site has seen.  Who says so without a
 * signature is believed as far as a site believes a sender (LEDGER_JUMP): else
 * any stick could use the numbers up.
 * export_seq_take(store, from, to, seen, ret, e): and it is given away, for
 * good: what is sent later has another one.  Makes a step.  Both return 0, or
 * -1 with ${e} set: ERR_SIGNATURE where a signature is asked for.
 */
struct export_seen {
	uint64_t seq;			/* 0: none */
	bool is_signed;			/* somebody known says so */
};

int export_seq_next(const struct store *, const char *, const char *,
    const struct export_seen *, uint64_t *, struct err *);
int export_seq_take(struct store *, const char *, const char *,
    const struct export_seen *, uint64_t *, struct err *);

#endif
