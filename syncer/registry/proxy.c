#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "registry/no_proxy.h"
#include "registry/proxy.h"
#include "report/outside.h"

/* HTTP_PROXY is not among them: a web server sets it from a header. */
static const char *const names[] = {
	"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
};

int
proxy_check(struct err *e)
{
	char *password;
	unsigned port;
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value == NULL || value[0] == '\0')
			continue;
		if (url_proxy(value, &password, &port, e) == -1)
			return err_wrap(e, "the environment's %s", names[i]);
		outside_secret(password);
		if (password != NULL)
			explicit_bzero(password, strlen(password));
		free(password);
	}
	return 0;
}

/* The first that is set and can be used, of ${count} in that order. */
static struct proxy
first_of(const size_t *order, size_t count)
{
	struct proxy proxy = { .port = 0 };
	char *password = NULL;
	struct err ignored;
	size_t i;

	for (i = 0; i < count && proxy.port == 0; i++) {
		proxy.variable = names[order[i]];
		proxy.url = getenv(proxy.variable);
		if (proxy.url == NULL || proxy.url[0] == '\0' ||
		    url_proxy(proxy.url, &password, &proxy.port,
		    &ignored) == -1)
			continue;
		if (password != NULL)
			explicit_bzero(password, strlen(password));
		free(password);
	}
	return proxy;
}

/* The lower-case name before the other. */
static struct proxy
proxy_of_scheme(bool https)
{
	static const size_t plain[] = { 0, 3, 4 }, secure[] = { 1, 2, 3, 4 };

	return https ? first_of(secure, 4) : first_of(plain, 3);
}

struct proxy
proxy_for(const struct url *u)
{
	const struct proxy none = { .port = 0 };
	struct proxy proxy = proxy_of_scheme(u->https);
	const char *except = getenv("no_proxy");

	if (except == NULL || except[0] == '\0')
		except = getenv("NO_PROXY");
	if (proxy.port == 0 || (except != NULL &&
	    no_proxy_has(except, u->host, u->port)))
		return none;
	return proxy;
}

bool
proxy_is_set(void)
{
	return proxy_of_scheme(false).port != 0 ||
	    proxy_of_scheme(true).port != 0;
}
