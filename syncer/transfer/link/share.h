#ifndef CDR_LINK_SHARE_H
#define CDR_LINK_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many requests at once.  One that has a connection of its own counts as a
 * connection.  Small ones share an HTTP/2 connection where the server knows
 * that: then it is round trips that they would wait for, and many may be on
 * their way together, as long as that is a crowd and no siege.  Pure: times are
 * milliseconds of clock_ms().
 */

/* Of all registries together. */
struct share_totals {
	unsigned running;		/* requests in flight */
	unsigned streams;		/* those that share a connection */
};

enum share_kind {
	SHARE_TOKEN,			/* has a connection of its own */
	SHARE_ANSWER,			/* small, whatever it is */
	SHARE_LIST,			/* of any length */
	SHARE_BLOB			/* its size decides */
};

/* One request, as far as connections go. */
struct share_request {
	enum share_kind kind;
	uint64_t bytes;			/* SHARE_BLOB */
	bool is_stream;			/* in flight, it shares a connection */
};

/* What is known of one registry. */
struct share {
	struct share_totals *totals;	/* borrowed */
	unsigned max_connections;
	unsigned wide;			/* blobs may have so many, by what they
					 * bring */
	bool is_limited;		/* bytes may come at some rate only */
	unsigned running;		/* requests in flight */
	unsigned pieces;		/* connections that blobs have */
	bool answers;			/* small answers come by HTTP/2 */
	bool blobs;			/* and small blobs, wherever they are */
	unsigned answer_streams, blob_streams;	/* in flight */
	unsigned apart;			/* how often lately one had a connection
					 * of its own all the same */
	bool refused;			/* too often */
	int64_t credit;			/* thousandths of requests */
	int64_t credit_ms;		/* when that was so; 0: never */
};

/* share_first(max_connections): how many of these blobs may have unasked: one
 * is kept for what is small. */
unsigned share_first(unsigned);

/* share_init(s, totals, max_connections, is_limited): nothing is known. */
void share_init(struct share *, struct share_totals *, unsigned, bool);

/* share_may(s, r): it is small enough to share a connection, whatever the
 * server knows.  share_expects_stream(s, r): it will. */
bool share_may(const struct share *, const struct share_request *);
bool share_expects_stream(const struct share *, const struct share_request *);

/* share_has_room(s, r, now_ms): can it begin now, as far as connections go? */
bool share_has_room(struct share *, const struct share_request *, int64_t);

/* share_has_room_for_piece(s): one more connection for a large blob. */
bool share_has_room_for_piece(const struct share *);

/* share_widen(s, most): blobs may have so many, which may be more than all
 * others together. */
void share_widen(struct share *, unsigned);

/* share_enter, share_leave: the request begins, is no more. */
void share_enter(struct share *, struct share_request *);
void share_leave(struct share *, struct share_request *);

/* How its answer came. */
struct share_answer {
	long status;			/* 0: there is none */
	bool shared;			/* over HTTP/2 */
	bool connected;			/* over a connection made for it */
	bool elsewhere;			/* from another origin */
};

/* share_seen(s, r, answer): learn from that. */
void share_seen(struct share *, const struct share_request *,
    const struct share_answer *);

#endif
