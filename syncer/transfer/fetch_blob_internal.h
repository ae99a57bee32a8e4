#ifndef CDR_TRANSFER_FETCH_BLOB_INTERNAL_H
#define CDR_TRANSFER_FETCH_BLOB_INTERNAL_H

#include "transfer/fetch_blob.h"
#include "transfer/link/pace.h"
#include "transfer/sink.h"

/* For fetch_blob.c and fetch_blob_piece.c alone. */

/* What the workers are doing to a blob while it is settling. */
enum blob_step {
	BLOB_PREPARE,			/* look at what an earlier process
					 * left */
	BLOB_FLUSH,
	BLOB_RESTART,
	BLOB_FINISH
};

struct piece;

struct blob {
	struct fetch fetch;
	struct fetch_order order;
	struct sink *sink;		/* NULL: not begun */
	struct piece *pieces;
	unsigned piece_count;
	bool single;			/* not to be divided */
	bool is_whole;			/* to be asked for without Range... */
	bool was_refused;		/* ... since that was refused, */
	bool is_sure;			/* in words that do not pass */
	bool is_spoilt;			/* wrong bytes for the last time */
	bool is_called_off;		/* it is not wanted any more */
	bool is_slow;			/* and that has been told */
	uint64_t brought;		/* bytes, in this attempt */
	struct pace pace;
	enum blob_step settling;
};

/* The request for a range of it. */
struct piece {
	struct fetch fetch;
	struct blob *blob;
	struct piece *next;
	bool was_last;			/* asked once more as the only one */
	struct stream stream;
	int64_t opened_ms, began_ms;	/* when it was asked for; when the
					 * answer began */
	uint64_t portion;		/* to ask for next; 0: nothing known */
	bool is_heard;			/* something has come since */
};

/* fetch_blob_size(b): as its descriptor says. */
uint64_t fetch_blob_size(const struct blob *);

/* fetch_blob_may_divide(b): several requests may bring it. */
bool fetch_blob_may_divide(const struct blob *);

/* fetch_blob_pieces_ended(b): it has no more of them. */
void fetch_blob_pieces_ended(struct blob *);

/* fetch_blob_piece(b): one more, which is urged. */
void fetch_blob_piece(struct blob *);

/* fetch_blob_withdraw(b): all of its pieces; it has some. */
void fetch_blob_withdraw(struct blob *);

/* fetch_blob_is_asking(b): some piece waits for the registry, and not for our
 * buffers, our limit or our turn, nor for its first byte: that is judged by
 * itself.  fetch_blob_is_silent(b, ms, now_ms): all of those that are under way
 * wait for it, for so long already. */
bool fetch_blob_is_asking(const struct blob *);
bool fetch_blob_is_silent(const struct blob *, int64_t, int64_t);

#endif
