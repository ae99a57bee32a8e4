/* Where a registry may send us (quirks.md#private-addresses): judged by the URL
 * before anything is connected, and by the address once it is. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "registry/reach.h"
#include "registry/url.h"
#include "report/outside.h"

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

/* A name is taken for one of the Internet: what it resolves to is judged when
 * there is a connection. */
static enum reach
host_reach(const char *host)
{
	uint8_t a[16];

	if (is_localhost(host))
		return REACH_LOOPBACK;
	return reach_parse(host, a) ? reach_of(a) : REACH_INTERNET;
}

/* Narrower than host_reach: here it decides what may go unencrypted, and a
 * name below localhost is for an older libcurl a matter of DNS. */
bool
url_is_loopback(const struct url *u)
{
	uint8_t a[16];

	if (strcmp(u->host, "localhost") == 0)
		return true;
	return reach_parse(u->host, a) && reach_of(a) == REACH_LOOPBACK;
}

/* The name of a host that an outsider wrote. */
static const char *
shown(const struct url *u, char buf[OUTSIDE_WORDS_MAX])
{
	return outside_quote(buf, OUTSIDE_WORDS_MAX, u->host,
	    strlen(u->host));
}

/* What a local registry may do that others may not: it may have its blobs
 * elsewhere on the site, but not where a cloud hands out the machine's own
 * credentials. */
static bool
may_reach(enum reach from, enum reach to)
{
	return to == REACH_INTERNET ||
	    (from != REACH_INTERNET && to != REACH_LINK);
}

static bool
is_allowed(const struct reach_list *allowed, const struct url *to)
{
	uint8_t a[16];

	return reach_list_has_host(allowed, to->host) ||
	    (reach_parse(to->host, a) && reach_list_has_address(allowed, a));
}

/* The same host may always: it is who we talk to already. */
int
url_may_follow(const struct url *from, const struct url *to,
    const struct reach_list *allowed, struct err *e)
{
	char a[OUTSIDE_WORDS_MAX], b[OUTSIDE_WORDS_MAX];

	if (from->https && !to->https)
		return err_set(e, ERR_NET,
		    "%s sends us from https to plain http at %s: refused",
		    shown(from, a), shown(to, b));
	if (strcmp(from->host, to->host) == 0 || is_allowed(allowed, to) ||
	    may_reach(host_reach(from->host), host_reach(to->host)))
		return 0;
	return err_set(e, ERR_NET, "%s sends us to %s, which is on this "
	    "machine or its network: refused (the setting \"private\" of the "
	    "registry allows it)", shown(from, a), shown(to, b));
}

int
url_may_connect(const struct url *home, enum reach home_reach,
    const struct url *to, const char *peer, const struct reach_list *allowed,
    struct err *e)
{
	char buf[OUTSIDE_WORDS_MAX], text[64];
	uint8_t a[16];
	enum reach reach;

	/* fe80::1%eth0 */
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(peer, "%"), peer);
	if (!reach_parse(text, a))
		return err_set(e, ERR_NET, "%s has an address that cannot be "
		    "judged: refused", shown(to, buf));
	reach = reach_of(a);
	if (is_allowed(allowed, to) || reach_list_has_address(allowed, a))
		return 0;
	/* Its owner says where a registry is; but no name in DNS leads to what
	 * only this link has. */
	if (strcmp(home->host, to->host) == 0 &&
	    (reach != REACH_LINK || host_reach(to->host) == REACH_LINK))
		return 0;
	if (host_reach(home->host) != REACH_INTERNET)
		home_reach = host_reach(home->host);
	if (may_reach(home_reach, reach))
		return 0;
	return err_set(e, ERR_NET, "%s is at %s, which is on this machine or "
	    "its network: refused (the setting \"private\" of the registry "
	    "allows it)", shown(to, buf), text);
}
