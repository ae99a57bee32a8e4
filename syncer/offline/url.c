/*
 * In the place of registry/url.c, which reads URLs as libcurl does, since
 * libcurl goes there.  Nobody goes anywhere here: the mirror's address is put
 * into a node's files, and compared with what stands in them.  So only what has
 * one meaning for everybody is taken: a scheme, a name or an address, a port, a
 * path.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/url.h"

#define PORT_MAX	65535u

/* The part behind the scheme; NULL for another one. */
static const char *
behind_scheme(const char *text, bool *ret_https)
{
	if (ascii_starts(text, "http://", 7)) {
		*ret_https = false;
		return text + 7;
	}
	*ret_https = true;
	return ascii_starts(text, "https://", 8) ? text + 8 : NULL;
}

/* 0 where it is none. */
static unsigned
port_of(const char *digits, size_t len)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!ascii_is_digit(digits[i]) || port > PORT_MAX)
			return 0;
		port = port * 10 + (unsigned)(digits[i] - '0');
	}
	return port <= PORT_MAX ? port : 0;
}

/* The usual spelling of a v6 address in brackets; NULL where it is none. */
static char *
normal_v6(const char *text, size_t len)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (len >= sizeof(buf))
		return NULL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET6, buf, &v6) != 1)
		return NULL;
	inet_ntop(AF_INET6, &v6, buf, sizeof(buf));
	return xasprintf("[%s]", buf);
}

/* A name, or an address of four numbers: inet_aton(3) takes many more
 * spellings, which are not taken here. */
static char *
normal_name(const char *text, size_t len)
{
	char *name;
	struct in_addr any, v4;
	size_t i;

	for (i = 0; i < len; i++)
		if (!ascii_is_alnum(text[i]) && text[i] != '-' &&
		    text[i] != '.' && text[i] != '_')
			return NULL;
	name = xstrndup(text, len);
	for (i = 0; i < len; i++)
		name[i] = ascii_lower(name[i]);
	if (len == 0 || name[len - 1] == '.' || (inet_aton(name, &any) == 1 &&
	    inet_pton(AF_INET, name, &v4) != 1)) {
		free(name);
		return NULL;
	}
	return name;
}

/* Return what is wrong with it, or NULL. */
static const char *
read_host(const char *text, size_t len, struct url *ret)
{
	size_t host = len;

	if (len > 0 && text[0] == '[') {
		for (host = 1; host < len && text[host] != ']'; host++)
			;
		if (host == len)
			return "the address has no \"]\"";
		ret->host = normal_v6(text + 1, host - 1);
		host++;
	} else {
		for (host = 0; host < len && text[host] != ':'; host++)
			;
		ret->host = normal_name(text, host);
	}
	if (ret->host == NULL)
		return "no such host";
	ret->port = ret->https ? 443 : 80;
	if (host == len)
		return NULL;
	ret->port = text[host] == ':' ?
	    port_of(text + host + 1, len - host - 1) : 0;
	return ret->port == 0 ? "no such port" : NULL;
}

/* As registry/url.c writes it: no port that the scheme has anyway, a path. */
static char *
whole_text(const struct url *u, const char *path)
{
	char port[16] = "";

	if (u->port != (u->https ? 443u : 80u))
		snprintf(port, sizeof(port), ":%u", u->port);
	return xasprintf("http%s://%s%s%s", u->https ? "s" : "", u->host, port,
	    path[0] == '\0' ? "/" : path);
}

static const char *
read_url(const char *text, struct url *ret)
{
	const char *rest, *why;
	size_t i, len;

	if (strlen(text) > URL_MAX)
		return "it is too long";
	rest = behind_scheme(text, &ret->https);
	if (rest == NULL)
		return "it begins with neither http:// nor https://";
	len = strcspn(rest, "/?#");
	for (i = 0; rest[i] != '\0'; i++)
		if (rest[i] <= ' ' || rest[i] > '~' || rest[i] == '\\')
			return "a character that belongs into no URL";
	if (memchr(rest, '@', len) != NULL)
		return "it has a user name";
	if (rest[len] == '?' || strchr(rest, '#') != NULL)
		return "it goes on behind the host";
	why = read_host(rest, len, ret);
	if (why == NULL)
		ret->text = whole_text(ret, rest + len);
	return why;
}

/* What is refused is not shown: it may have a password in it. */
int
url_parse(const char *text, struct url *ret, struct err *e)
{
	struct url u = { 0 };
	const char *why = read_url(text, &u);

	if (why != NULL) {
		url_done(&u);
		return err_set(e, ERR_NET, "cannot use this URL: %s", why);
	}
	*ret = u;
	return 0;
}
