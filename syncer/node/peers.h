#ifndef CDR_NODE_PEERS_H
#define CDR_NODE_PEERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"
#include "node/plan.h"
#include "node/wish.h"

/*
 * Peers: an nginx on each node, which share out among them what all of them
 * want of the mirror.  The members of the ring, and what a peer's nginx is
 * told of them (for_peers.c; nginx/cdr-peer.conf tells the rest).
 *
 * Every peer has to find the same owner for the same slice.  So an address has
 * one spelling here, and one line: a name that stands for several addresses
 * would be one place of the ring.
 */

#define PEER_PORT		5002u
#define PEER_TEXT_MAX		(INET6_ADDRSTRLEN + 8)

struct peer {
	char text[PEER_TEXT_MAX];	/* "10.0.0.1:5002", "[fd00::1]:5002" */
	char address[INET6_ADDRSTRLEN];	/* without the port */
	uint16_t port;
};

/* Without doubles, sorted by their text. */
struct peers {
	struct peer *list;
	size_t count;
};

/* peers_add(p, address, port, e): an address of IPv4 or IPv6.  Return 0, or -1
 * with ${e} set: ERR_LIMIT above PEERS_MAX. */
int peers_add(struct peers *, const char *, uint16_t, struct err *);
void peers_done(struct peers *);
bool peers_same(const struct peers *, const struct peers *);

/* peers_find(p, address, port): the first with that address and, unless it is
 * 0, port; or NULL. */
const struct peer *peers_find(const struct peers *, const char *, uint16_t);

/* peer_place(text, port, ret_host, ret_port, e): HOST[:PORT], [V6][:PORT] or
 * V6; ${port} where none is written.  free(3) ${ret_host}: brackets are gone,
 * and an address has its usual spelling.  Return 0, or -1 with ${e} set. */
int peer_place(const char *, uint16_t, char **, uint16_t *, struct err *);

/* peer_is_address(host): IPv4 or IPv6, and no name. */
bool peer_is_address(const char *);

/* peers_names_fn(p, host, port, e): add all addresses of a name. */
typedef int peers_names_fn(struct peers *, const char *, uint16_t,
    struct err *);

/*
 * peers_read(p, path, text, names, e): a file: HOST[:PORT] a line, of which a
 * name is looked up by ${names}; what is behind a # is for people.  Return 0,
 * or -1 with ${e} set: ERR_INPUT for a line that is none, or that no other node
 * can mean as this one does, with its number; what ${names} says for a name.
 * ${p} is then what it was.
 */
int peers_read(struct peers *, const char *, const char *, peers_names_fn *,
    struct err *);

/*
 * peers_gather(p, nodes, names, e): of the words of --nodes: "DNS:NAME[:PORT]",
 * or the name of a file, as peers_read.  Return 0, or -1 with ${e} set; then,
 * and for a file without a peer, ${p} has none.
 */
int peers_gather(struct peers *, const char *, peers_names_fn *, struct err *);

/* peers_resolve: a peers_names_fn that asks the system's resolver.  ERR_NET
 * where there is no answer. */
peers_names_fn peers_resolve;

/* peers_is_here(address): does this machine have it? */
bool peers_is_here(const char *);

/* What a peer's nginx shall do. */
struct peers_wish {
	struct node_wish mirror;	/* where, and how to speak to it */
	struct peers ring;
	struct peers origin;		/* the mirror's addresses */
	char *listen, *listen_peers;	/* for clients; for peers */
	char *self;			/* this node's address */
	uint16_t self_port;
	char *cache, *run;		/* folders, absolute */
	uint64_t min_free, max_size;	/* bytes; 0: no such bound */
	uint64_t uplink;		/* bytes a second */
	char *mirror_name;		/* on the mirror's certificate */
	/* With these peers know each other by certificates. */
	char *peer_ca, *peer_cert, *peer_key, *peer_name;
	const char *bad;		/* what is in bad.conf; NULL: nothing */
};

/* The files, below the root. */
/* Where the system keeps the authorities that it trusts (Debian). */
#define PEER_SYSTEM_CA	"/etc/ssl/certs/ca-certificates.crt"

#define PEER_DIR	"etc/cdr/peer"
#define PEER_BAD	PEER_DIR "/bad.conf"

/* peers_plan(w, p, e): all files of a peer's nginx. */
int peers_plan(const struct peers_wish *, struct node_plan *, struct err *);

/* peers_slice(uplink), peers_patience(uplink): bytes of a slice, and for how
 * many seconds an owner may be silent, where so many bytes a second come from
 * the mirror. */
uint64_t peers_slice(uint64_t);
unsigned peers_patience(uint64_t);

void peers_wish_done(struct peers_wish *);

#endif
