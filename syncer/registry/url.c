/*
 * URLs of strangers.  Two programs that read one URL in two ways are how
 * credentials get lost: there is one reader, libcurl's, and what it has read is
 * what is judged, compared and used from then on.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"
#include "registry/url.h"
#include "report/outside.h"

/* How much of a URL a message shows. */
#define SHOWN_MAX	200

/*
 * A URL comes from a stranger and goes into a log: neither the query nor the
 * part in front of an "@".  A password may have a "?" or "#" in it.
 */
static const char *
url_show(const char *text, char buf[SHOWN_MAX + 1])
{
	size_t len = strcspn(text, "?#");

	if (strchr(text, '@') != NULL)
		return "(not shown: it has a user name)";
	return outside_quote(buf, SHOWN_MAX + 1, text, len);
}

/* The part as a string of our own, or NULL where the URL has none. */
static char *
part(CURLU *h, CURLUPart what, unsigned flags)
{
	char *theirs = NULL, *ours;

	if (curl_url_get(h, what, &theirs, flags) != CURLUE_OK)
		return NULL;
	ours = xstrdup(theirs);
	curl_free(theirs);
	return ours;
}

static bool
part_is_set(CURLU *h, CURLUPart what)
{
	char *theirs = part(h, what, 0);
	bool is_set = theirs != NULL;

	free(theirs);
	return is_set;
}

/* libcurl has checked that these are digits, and how many. */
static unsigned
port_number(const char *digits)
{
	unsigned port = 0;

	while (ascii_is_digit(*digits) && port <= 65535)
		port = port * 10 + (unsigned)(*digits++ - '0');
	return port;
}

/*
 * ${s} in the usual spelling of its address family, or NULL for a name.  Two
 * spellings of one address would be two origins to us.
 */
static char *
address_normal(const char *s)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = strlen(s);
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_aton(s, &v4) == 1) {
		inet_ntop(AF_INET, &v4, text, sizeof(text));
		return xstrdup(text);
	}
	if (s[0] != '[' || len < 3 || len - 2 >= sizeof(text))
		return NULL;
	memcpy(text, s + 1, len - 2);
	text[len - 2] = '\0';
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return NULL;
	inet_ntop(AF_INET6, &v6, text, sizeof(text));
	return xasprintf("[%s]", text);
}

/*
 * One spelling for each host.  Not every libcurl rewrites every form of an
 * address, and the resolver takes all that inet_aton(3) takes; "127.1." too
 * once something on the way drops the dot.
 */
static char *
host_normal(const char *host)
{
	char *name = xstrdup(host), *bare, *address;
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		name[i] = ascii_lower(name[i]);
	bare = xstrndup(name, len > 1 && name[len - 1] == '.' ? len - 1 : len);
	address = address_normal(bare);
	free(bare);
	if (address == NULL)
		return name;
	free(name);
	return address;
}

/* libcurl turns an international name into ASCII only when it connects; then
 * full-width digits become an address that nobody has judged. */
static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* Why a URL that libcurl can parse is none for us, or NULL. */
static const char *
refusal(CURLU *h, const char *scheme, const char *host, unsigned port)
{
	char *zone = part(h, CURLUPART_ZONEID, 0);
	/* [fe80::1%eth0]: the host part is without it, so that addresses on
	 * two networks would look like one origin. */
	bool has_zone = zone != NULL;

	free(zone);
	if (scheme == NULL ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return "neither http nor https";
	if (host == NULL || host[0] == '\0')
		return "no host";
	if (!is_ascii(host))
		return "the host is not in ASCII";
	if (has_zone)
		return "a network zone in the address";
	if (port == 0 || port > 65535)
		return "port out of range";
	return NULL;
}

/* Read the parts back out of what libcurl has parsed. */
static const char *
url_take(CURLU *h, struct url *ret)
{
	char *scheme = part(h, CURLUPART_SCHEME, 0);
	char *host = part(h, CURLUPART_HOST, 0);
	char *port = part(h, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	unsigned number = port != NULL ? port_number(port) : 0;
	const char *why = refusal(h, scheme, host, number);
	struct url u = { .port = number };

	if (why != NULL)
		goto out;
	u.https = strcmp(scheme, "https") == 0;
	u.host = host_normal(host);
	/* The text has to name what we have judged, not what was written; and
	 * a fragment would end up in front of a query added later. */
	curl_url_set(h, CURLUPART_FRAGMENT, NULL, 0);
	if (curl_url_set(h, CURLUPART_HOST, u.host, 0) == CURLUE_OK)
		u.text = part(h, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
	if (u.text == NULL || strlen(u.text) > URL_MAX) {
		why = u.text == NULL ? "bad host" : "too long";
		url_done(&u);
		goto out;
	}
	*ret = u;
out:
	free(scheme);
	free(host);
	free(port);
	return why;
}

/* "http:/x" and "http:///x", which libcurl takes for http://x. */
static bool
lacks_host(const char *s)
{
	if (ascii_starts(s, "https:", 6))
		s += 6;
	else if (ascii_starts(s, "http:", 5))
		s += 5;
	else
		return strncmp(s, "///", 3) == 0;
	return strncmp(s, "//", 2) != 0 || s[2] == '/';
}

/*
 * libcurl reads an empty reference as the folder of the base, which is what no
 * specification says (RFC 3986 section 4.4): it is caught before.  Escaping is
 * for the spaces that storage services leave in a Location.
 */
static int
url_build(const struct url *base, const char *text, struct url *ret,
    struct err *e)
{
	CURLU *h = NULL;
	CURLUcode code = CURLUE_OK;
	const char *why = NULL;
	char shown[SHOWN_MAX + 1];

	if (strlen(text) > URL_MAX)
		why = "too long";
	else if (text[0] == '\0' || text[0] == '#')
		why = "empty";
	else if (lacks_host(text))
		why = "no host";
	if (why != NULL)
		goto out;
	h = curl_url();
	if (h == NULL)
		code = CURLUE_OUT_OF_MEMORY;
	if (code == CURLUE_OK && base != NULL)
		code = curl_url_set(h, CURLUPART_URL, base->text, 0);
	if (code == CURLUE_OK)
		code = curl_url_set(h, CURLUPART_URL, text,
		    CURLU_DISALLOW_USER | CURLU_URLENCODE);
	why = code != CURLUE_OK ? curl_url_strerror(code) : url_take(h, ret);
out:
	curl_url_cleanup(h);
	if (why != NULL)
		return err_set(e, ERR_NET, "cannot use URL \"%s\": %s",
		    url_show(text, shown), why);
	return 0;
}

int
url_parse(const char *text, struct url *ret, struct err *e)
{
	return url_build(NULL, text, ret, e);
}

int
url_resolve(const struct url *base, const char *text, struct url *ret,
    struct err *e)
{
	return url_build(base, text, ret, e);
}

/* What is wrong with a proxy's URL, or NULL.  A "#", "/" or "?" of a password
 * that is not encoded ends up in a part that has no meaning here. */
static const char *
proxy_fault(CURLU *h)
{
	static const char *const schemes[] = {
		"http", "https", "socks4", "socks4a", "socks5", "socks5h",
	};
	char *scheme = part(h, CURLUPART_SCHEME, 0);
	char *path = part(h, CURLUPART_PATH, 0);
	char *query = part(h, CURLUPART_QUERY, 0);
	char *fragment = part(h, CURLUPART_FRAGMENT, 0);
	char *host = part(h, CURLUPART_HOST, 0);
	char *port = part(h, CURLUPART_PORT, 0);
	const char *why = "the scheme is none that a proxy has";
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (scheme != NULL && strcmp(scheme, schemes[i]) == 0)
			why = NULL;
	if (query != NULL || fragment != NULL ||
	    (path != NULL && strcmp(path, "/") != 0))
		why = "it goes on behind the host";
	else if (host == NULL || host[0] == '\0')
		why = "it has no host";
	else if (port != NULL && (port_number(port) == 0 ||
	    port_number(port) > 65535))
		why = "the port is out of range";
	free(scheme);
	free(path);
	free(query);
	free(fragment);
	free(host);
	free(port);
	return why;
}

/* CURLOPT_PROXY(3) has the defaults. */
static unsigned
proxy_port(CURLU *h)
{
	char *scheme = part(h, CURLUPART_SCHEME, 0);
	char *port = part(h, CURLUPART_PORT, 0);
	unsigned number = 1080;

	if (port != NULL)
		number = port_number(port);
	else if (strcmp(scheme, "https") == 0)
		number = 443;
	free(scheme);
	free(port);
	return number;
}

/* As libcurl reads it: without a scheme it is http. */
int
url_proxy(const char *text, char **ret_password, unsigned *ret_port,
    struct err *e)
{
	CURLU *h = curl_url();
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	char *user = NULL, *password = NULL;
	unsigned port = 0;
	const char *why;

	if (h != NULL)
		code = curl_url_set(h, CURLUPART_URL, text,
		    CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
	why = code != CURLUE_OK ? curl_url_strerror(code) : proxy_fault(h);
	if (why == NULL) {
		port = proxy_port(h);
		user = part(h, CURLUPART_USER, CURLU_URLDECODE);
		password = part(h, CURLUPART_PASSWORD, CURLU_URLDECODE);
		if ((user == NULL && part_is_set(h, CURLUPART_USER)) ||
		    (password == NULL && part_is_set(h, CURLUPART_PASSWORD)))
			why = "a character that is no text is encoded in it";
	}
	free(user);
	curl_url_cleanup(h);
	if (why != NULL) {
		free(password);
		return err_set(e, ERR_INPUT, "cannot be used as a proxy: %s; "
		    "in a user name and a password write %%23 for #, %%2F for "
		    "/, %%3F for ?, %%40 for @, %%3A for : and %%25 for %%",
		    why);
	}
	*ret_password = password;
	*ret_port = port;
	return 0;
}

/* RFC 3986 section 2.3. */
static bool
is_unreserved(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL);
}

static char *
escape_to(char *to, const char *from)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *from != '\0'; from++) {
		if (is_unreserved(*from)) {
			*to++ = *from;
			continue;
		}
		*to++ = '%';
		*to++ = digits[(unsigned char)*from >> 4];
		*to++ = digits[(unsigned char)*from & 15];
	}
	return to;
}

/* What of a URL stands before a fragment (RFC 3986 section 3). */
static size_t
before_fragment(const char *url)
{
	return strcspn(url, "#");
}

/*
 * The value is escaped whole: a scope has colons and slashes in it.  The first
 * "?" begins the query, and others are part of it (RFC 3986 section 3.4).  A
 * fragment is never sent, and goes.
 */
char *
url_with_query(const char *url, const char *name, const char *value)
{
	size_t len = before_fragment(url);
	size_t query = strcspn(url, "?#");
	char *ret = xmalloc(len + 3 * strlen(name) + 3 * strlen(value) + 3);
	char *to = ret + len;

	assert(query <= len);
	memcpy(ret, url, len);
	if (query == len)
		*to++ = '?';
	else if (len > query + 1 && url[len - 1] != '&')
		*to++ = '&';
	to = escape_to(to, name);
	*to++ = '=';
	to = escape_to(to, value);
	*to = '\0';
	return ret;
}

/* By whole names: "microscope" is no "scope". */
bool
url_has_query(const char *url, const char *name)
{
	const char *end = url + before_fragment(url);
	const char *s = url + strcspn(url, "?#");
	size_t len = strlen(name);

	for (; s < end; s += strcspn(s, "&#")) {
		s++;
		if (strncmp(s, name, len) == 0 &&
		    strchr("=&#", s[len]) != NULL)
			return true;
	}
	return false;
}
