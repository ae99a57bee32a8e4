/* A line of an access log, what a client prints as its version, a catalog. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/access_log.h"
#include "doctor/catalog.h"
#include "layout/mem.h"
#include "node/version.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

#define IS_TEXT(field)	(strnlen(field, sizeof(field)) < sizeof(field))

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *first;
	char again[NODE_VERSION_TEXT_MAX];
	struct node_version v, w;
	struct log_entry entry;
	struct err e;

	if (access_log_parse((const char *)data, size, &entry))
		must(IS_TEXT(entry.client) && IS_TEXT(entry.agent) &&
		    IS_TEXT(entry.method) && IS_TEXT(entry.target) &&
		    IS_TEXT(entry.repository) && IS_TEXT(entry.kind));
	if (node_version_find(text, &v)) {
		node_version_text(&v, again);
		must(node_version_find(again, &w));
		must(v.major == w.major && v.minor == w.minor &&
		    v.patch == w.patch);
	}
	if (catalog_get(text, strlen(text), "tags", 0, &first, &e) == 1)
		free(first);
	free(text);
	return 0;
}
