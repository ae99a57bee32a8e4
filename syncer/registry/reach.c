/* Addresses, by what a stranger has no business to send us to. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/reach.h"

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
same_bits(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
	uint8_t mask = (uint8_t)(0xff00u >> bits % 8);
	unsigned whole = bits / 8;

	assert(bits <= 128);
	return memcmp(a, b, whole) == 0 &&
	    (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool
in_range(const uint8_t a[16], const char *prefix, unsigned bits)
{
	uint8_t p[16];

	return inet_pton(AF_INET6, prefix, p) == 1 && same_bits(a, p, bits);
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

bool
reach_parse(const char *host, uint8_t ret[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t len = strlen(host);
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		map_v4(ret, &v4);
		return true;
	}
	if (host[0] != '[')
		return inet_pton(AF_INET6, host, ret) == 1;
	if (len < 3 || len - 2 >= sizeof(text))
		return false;
	memcpy(text, host + 1, len - 2);
	text[len - 2] = '\0';
	return inet_pton(AF_INET6, text, ret) == 1;
}

enum reach
reach_of(const uint8_t address[16])
{
	enum reach reach = address_reach(address);
	uint8_t inner[16];
	size_t i;

	for (i = 0; i < COUNT(carriers) && reach == REACH_INTERNET; i++)
		if (in_range(address, carriers[i].prefix, carriers[i].bits)) {
			map_v4(inner, address + carriers[i].offset);
			reach = address_reach(inner);
			return reach == REACH_LOOPBACK ? REACH_LOCAL : reach;
		}
	return reach;
}

/* --- what is allowed --------------------------------------------------- */

/* Up to three digits; -1 for all else. */
static int
bits_parse(const char *s)
{
	int n = 0;

	if (s[0] == '\0' || strlen(s) > 3)
		return -1;
	for (; *s != '\0'; s++) {
		if (!ascii_is_digit(*s))
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n;
}

/* RFC 1123 section 2.1, in lower case; all digits and dots is no name. */
static bool
is_name(const char *s)
{
	bool has_letter = false;
	size_t i;

	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] >= 'a' && s[i] <= 'z')
			has_letter = true;
		else if (!ascii_is_digit(s[i]) &&
		    (i == 0 || strchr("-.", s[i]) == NULL))
			return false;
	}
	return has_letter && i <= 253 && s[i - 1] != '.';
}

static int
network_parse(const char *text, struct reach_place *ret)
{
	const char *slash = strchr(text, '/');
	char *address = xstrndup(text, slash == NULL ? strlen(text) :
	    (size_t)(slash - text));
	bool is_address = reach_parse(address, ret->address);
	int max = strchr(address, ':') == NULL ? 32 : 128;
	int bits = slash == NULL ? max : bits_parse(slash + 1);

	free(address);
	if (!is_address || bits < 0 || bits > max)
		return -1;
	ret->bits = (unsigned)(bits + (max == 32 ? 96 : 0));
	return 0;
}

int
reach_list_add(struct reach_list *list, const char *text, struct err *e)
{
	struct reach_place place = { .host = NULL };

	if (network_parse(text, &place) == -1) {
		if (!is_name(text))
			return err_set(e, ERR_INPUT, "\"%.80s\" is neither a "
			    "host's name in lower case nor a network such as "
			    "10.0.0.0/8", text);
		place.host = xstrdup(text);
	}
	list->places = xreallocarray(list->places, list->count + 1,
	    sizeof(*list->places));
	list->places[list->count++] = place;
	return 0;
}

void
reach_list_copy(struct reach_list *to, const struct reach_list *from)
{
	size_t i;

	to->count = from->count;
	to->places = xcalloc(from->count + 1, sizeof(*to->places));
	for (i = 0; i < from->count; i++) {
		to->places[i] = from->places[i];
		if (from->places[i].host != NULL)
			to->places[i].host = xstrdup(from->places[i].host);
	}
}

void
reach_list_done(struct reach_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->places[i].host);
	free(list->places);
	*list = (struct reach_list){ NULL, 0 };
}

bool
reach_list_has_host(const struct reach_list *list, const char *host)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->places[i].host != NULL &&
		    strcmp(list->places[i].host, host) == 0)
			return true;
	return false;
}

bool
reach_list_has_address(const struct reach_list *list,
    const uint8_t address[16])
{
	const struct reach_place *p;
	size_t i;

	for (i = 0; i < list->count; i++) {
		p = &list->places[i];
		if (p->host == NULL && same_bits(address, p->address, p->bits))
			return true;
	}
	return false;
}
