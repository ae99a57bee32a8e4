#ifndef CDR_REGISTRY_REACH_H
#define CDR_REGISTRY_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/err.h"

/* How far an address is from here: quirks.md#private-addresses. */
enum reach {
	REACH_INTERNET,
	REACH_LOOPBACK,
	REACH_LOCAL,		/* this network, or no place at all */
	REACH_LINK		/* link-local: where clouds keep credentials */
};

/* reach_parse(text, ret): an IPv4 or IPv6 address as inet_pton(3) takes it, the
 * latter with or without brackets, as v6.  False for all else. */
bool reach_parse(const char *, uint8_t [16]);

/* reach_of(address): also of an IPv4 address that a v6 one stands for. */
enum reach reach_of(const uint8_t [16]);

/* Places that somebody allows: hosts by their names, and networks. */
struct reach_place {
	char *host;		/* NULL: a network: */
	uint8_t address[16];
	unsigned bits;
};

struct reach_list {
	struct reach_place *places;
	size_t count;
};

/* reach_list_add(list, text, e): a host's name in lower case, an address, or a
 * network such as 10.0.0.0/8 or fd00::/8.  Return 0, or -1 with ${e} set
 * (ERR_INPUT). */
int reach_list_add(struct reach_list *, const char *, struct err *);
void reach_list_copy(struct reach_list *, const struct reach_list *);
void reach_list_done(struct reach_list *);

bool reach_list_has_host(const struct reach_list *, const char *);
bool reach_list_has_address(const struct reach_list *, const uint8_t [16]);

#endif
