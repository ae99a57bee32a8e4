/* Where a registry may send us (quirks.md#private-addresses): judged by the URL
 * alone, before anything is connected. */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "registry/url.h"
#include "report/outside.h"

enum reach {
	REACH_INTERNET,
	REACH_LOOPBACK,
	REACH_LOCAL,		/* this network, or no place at all */
	REACH_LINK		/* link-local: where clouds keep credentials */
};

/*
 * RFC 6890 and its updates: where a stranger must not send us.  IPv4 stands
 * here as v4-mapped v6, so that one table serves both.
 */
static const struct {
	const char *prefix;
	unsigned bits;
	enum reach reach;
} local_ranges[] = {
	{ "::1", 128, REACH_LOOPBACK },
	{ "::ffff:127.0.0.0", 104, REACH_LOOPBACK },
	{ "::", 128, REACH_LOCAL },			/* unspecified */
	{ "::ffff:0.0.0.0", 104, REACH_LOCAL },
	{ "::ffff:10.0.0.0", 104, REACH_LOCAL },	/* private */
	{ "::ffff:172.16.0.0", 108, REACH_LOCAL },
	{ "::ffff:192.168.0.0", 112, REACH_LOCAL },
	{ "fc00::", 7, REACH_LOCAL },
	{ "fec0::", 10, REACH_LOCAL },
	{ "::ffff:100.64.0.0", 106, REACH_LOCAL },	/* a carrier's NAT */
	{ "::ffff:169.254.0.0", 112, REACH_LINK },
	{ "fe80::", 10, REACH_LINK },
	{ "::ffff:192.0.0.0", 120, REACH_LOCAL },	/* protocols */
	{ "::ffff:198.18.0.0", 111, REACH_LOCAL },	/* benchmarks */
	{ "::ffff:224.0.0.0", 99, REACH_LOCAL },	/* multicast and up */
	{ "ff00::", 8, REACH_LOCAL },
	{ "64:ff9b:1::", 48, REACH_LOCAL },		/* local NAT64 */
};

/* Where v6 prefixes carry an IPv4 address that a gateway will connect to. */
static const struct {
	const char *prefix;
	unsigned bits;
	size_t offset;
} carriers[] = {
	{ "64:ff9b::", 96, 12 },	/* NAT64, RFC 6052 */
	{ "::ffff:0:0:0", 96, 12 },	/* SIIT, RFC 2765 */
	{ "2002::", 16, 2 },		/* 6to4, RFC 3056 */
	{ "::", 96, 12 },		/* v4-compatible, RFC 4291 */
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Do the first ${bits} bits of two addresses agree? */
static bool
in_range(const uint8_t a[16], const char *prefix, unsigned bits)
{
	uint8_t p[16], mask = (uint8_t)(0xff00u >> bits % 8);
	unsigned whole = bits / 8;

	assert(bits <= 128);
	if (inet_pton(AF_INET6, prefix, p) != 1)
		return false;
	return memcmp(a, p, whole) == 0 &&
	    (bits % 8 == 0 || ((a[whole] ^ p[whole]) & mask) == 0);
}

static enum reach
address_reach(const uint8_t a[16])
{
	size_t i;

	for (i = 0; i < COUNT(local_ranges); i++)
		if (in_range(a, local_ranges[i].prefix, local_ranges[i].bits))
			return local_ranges[i].reach;
	return REACH_INTERNET;
}

/* RFC 4291 section 2.5.5.2.  ${v4} may lie inside ${a}. */
static void
map_v4(uint8_t a[16], const void *v4)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t low[4];

	memcpy(low, v4, 4);
	memcpy(a, mapped, 12);
	memcpy(a + 12, low, 4);
}

/* The address that a normalised host is, as v6; false for a name. */
static bool
host_address(const char *host, uint8_t ret[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t len = strlen(host);
	struct in_addr v4;

	if (host[0] == '[') {
		if (len < 3 || len - 2 >= sizeof(text))
			return false;
		memcpy(text, host + 1, len - 2);
		text[len - 2] = '\0';
		return inet_pton(AF_INET6, text, ret) == 1;
	}
	if (inet_pton(AF_INET, host, &v4) != 1)
		return false;
	map_v4(ret, &v4);
	return true;
}

/* libcurl itself takes localhost, and all below it, for loopback. */
static bool
is_localhost(const char *host)
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len < 9 || strncmp(host + len - 9, "localhost", 9) != 0)
		return false;
	return len == 9 || host[len - 10] == '.';
}

/*
 * A name is taken for one of the Internet: what it resolves to is not known
 * here, and may be another thing by the time libcurl asks.
 */
static enum reach
host_reach(const char *host)
{
	uint8_t a[16];
	enum reach reach;
	size_t i;

	if (is_localhost(host))
		return REACH_LOOPBACK;
	if (!host_address(host, a))
		return REACH_INTERNET;
	reach = address_reach(a);
	for (i = 0; i < COUNT(carriers) && reach == REACH_INTERNET; i++)
		if (in_range(a, carriers[i].prefix, carriers[i].bits)) {
			map_v4(a, a + carriers[i].offset);
			reach = address_reach(a);
			return reach == REACH_LOOPBACK ? REACH_LOCAL : reach;
		}
	return reach;
}

/* Narrower than host_reach: here it decides what may go unencrypted, and a
 * name below localhost is for an older libcurl a matter of DNS. */
bool
url_is_loopback(const struct url *u)
{
	uint8_t a[16];

	if (strcmp(u->host, "localhost") == 0)
		return true;
	return host_address(u->host, a) && address_reach(a) == REACH_LOOPBACK;
}

/* The same host may always: it is who we talk to already. */
/* The name of a host that an outsider wrote. */
static const char *
shown(const struct url *u, char buf[OUTSIDE_WORDS_MAX])
{
	return outside_quote(buf, OUTSIDE_WORDS_MAX, u->host,
	    strlen(u->host));
}

int
url_may_follow(const struct url *from, const struct url *to, struct err *e)
{
	char a[OUTSIDE_WORDS_MAX], b[OUTSIDE_WORDS_MAX];

	if (from->https && !to->https)
		return err_set(e, ERR_NET,
		    "%s sends us from https to plain http at %s: refused",
		    shown(from, a), shown(to, b));
	if (strcmp(from->host, to->host) == 0)
		return 0;
	if (host_reach(to->host) == REACH_INTERNET)
		return 0;
	/* A local registry may have its blobs elsewhere on the site, but not
	 * where a cloud hands out the machine's own credentials. */
	if (host_reach(from->host) != REACH_INTERNET &&
	    host_reach(to->host) != REACH_LINK)
		return 0;
	return err_set(e, ERR_NET, "%s sends us to %s, which is on this "
	    "machine or its network: refused", shown(from, a),
	    shown(to, b));
}
