/*
 * URLs of strangers: up to the first NUL the input is what a registry wrote, as
 * a realm or a Location; behind it a proxy's setting.  What has been read once
 * is read again as the same; a query that is added is there; no follow leads
 * from https to http, nor from the Internet to here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/url.h"

static const struct reach_list nowhere = { NULL, 0 };

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_again(const struct url *u)
{
	struct url again;
	struct err e;

	must(strlen(u->text) <= URL_MAX);
	must(u->port > 0 && u->port <= 65535 && u->host[0] != '\0');
	must(strchr(u->text, '#') == NULL);
	must(url_parse(u->text, &again, &e) == 0);
	must(url_same_origin(u, &again));
	must(strcmp(u->text, again.text) == 0);
	url_done(&again);
}

static void
check_query(const struct url *u)
{
	char *longer = url_with_query(u->text, "name-of-ours", "a b&c=d?#");
	struct url with;
	struct err e;

	must(url_has_query(longer, "name-of-ours"));
	if (strlen(longer) <= URL_MAX) {
		must(url_parse(longer, &with, &e) == 0);
		must(url_has_query(with.text, "name-of-ours"));
		must(url_same_origin(u, &with));
		url_done(&with);
	}
	free(longer);
}

static void
check_follow(const struct url *to)
{
	struct url from;
	uint8_t address[16];
	struct err e;

	must(url_parse("https://reg.example/v2/", &from, &e) == 0);
	if (url_may_follow(&from, to, &nowhere, &e) == 0) {
		must(to->https);
		must(!url_is_loopback(to));
		if (reach_parse(to->host, address))
			must(reach_of(address) == REACH_INTERNET);
	}
	(void)url_may_connect(&from, REACH_INTERNET, to, to->host, &nowhere,
	    &e);
	url_done(&from);
}

static void
check_url(const char *text)
{
	struct url base, u;
	struct err e;

	must(url_parse("https://reg.example:5000/v2/a?b", &base, &e) == 0);
	if (url_parse(text, &u, &e) == 0) {
		check_again(&u);
		check_query(&u);
		check_follow(&u);
		url_done(&u);
	}
	if (url_resolve(&base, text, &u, &e) == 0) {
		check_again(&u);
		check_follow(&u);
		url_done(&u);
	}
	url_done(&base);
}

/* No message shows what may be a password. */
static void
check_proxy(const char *text)
{
	char *secret = xasprintf("http://u:%sS3cr3tS3cr3t@h", text);
	char *password = NULL;
	unsigned port = 0;
	struct err e;

	if (url_proxy(text, &password, &port, &e) == 0)
		must(port > 0 && port <= 65535);
	free(password);
	password = NULL;
	if (url_proxy(secret, &password, &port, &e) == -1)
		must(strstr(e.msg, "S3cr3tS3cr3t") == NULL);
	free(password);
	free(secret);
}

static void
check_place(const char *text)
{
	struct reach_list list = { NULL, 0 };
	struct err e;

	if (reach_list_add(&list, text, &e) == 0)
		must(list.count == 1 && (list.places[0].host != NULL ||
		    list.places[0].bits <= 128));
	reach_list_done(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	size_t first = strlen(text);
	char *rest = first < len ? xstrndup((const char *)data + first + 1,
	    len - first - 1) : xstrdup("");

	check_url(text);
	check_proxy(rest);
	check_place(text);
	free(rest);
	free(text);
	return 0;
}
