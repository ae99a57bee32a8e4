#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "registry/proxy.h"
#include "registry/url.h"
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

/* The first that is set counts, the lower-case name before the other. */
unsigned
proxy_port(bool https)
{
	static const size_t plain[] = { 0, 3, 4 }, secure[] = { 1, 2, 3, 4 };
	const size_t *order = https ? secure : plain;
	size_t i, count = https ? 4 : 3;
	char *password = NULL;
	const char *value;
	unsigned port = 0;
	struct err ignored;

	for (i = 0; i < count && port == 0; i++) {
		value = getenv(names[order[i]]);
		if (value == NULL || value[0] == '\0' ||
		    url_proxy(value, &password, &port, &ignored) == -1)
			continue;
		if (password != NULL)
			explicit_bzero(password, strlen(password));
		free(password);
	}
	return port;
}
