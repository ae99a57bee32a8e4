/* no_proxy, as somebody's script has put it together. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "registry/no_proxy.h"

static const char *const hosts[] = {
	"h.example", "reg.corp.example", "corp.example", "localhost",
	"10.1.2.3", "127.0.0.1", "[fd00::1]", "[::1]", "h.",
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Where a list has a host, it has it in a longer list too. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	char *longer = xasprintf("x.invalid,%s,10.9.9.0/30", text);
	char *all = xasprintf("%s,*", text);
	size_t i;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		must(no_proxy_has(text, hosts[i], 443) ==
		    no_proxy_has(longer, hosts[i], 443));
		must(no_proxy_has(all, hosts[i], 5000));
	}
	free(text);
	free(longer);
	free(all);
	return 0;
}
