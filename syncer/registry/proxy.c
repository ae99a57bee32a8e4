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
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value == NULL || value[0] == '\0')
			continue;
		if (url_proxy(value, &password, e) == -1)
			return err_wrap(e, "the environment's %s", names[i]);
		outside_secret(password);
		if (password != NULL)
			explicit_bzero(password, strlen(password));
		free(password);
	}
	return 0;
}
