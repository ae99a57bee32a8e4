/*
 * The index.json of an OCI image layout, and its oci-layout.  Every entry that
 * has a name is found by it, or there are two of that name; and none has a name
 * that could climb.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/layout_index.h"
#include "layout/mem.h"
#include "layout/name.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_entry(const struct layout_index *x, const struct layout_entry *n)
{
	const struct layout_entry *found = NULL;
	struct err e = { .code = ERR_NONE };
	int rc;

	must(name_is_media_type(n->media_type));
	must(n->bare_tag == NULL || n->ref.registry == NULL);
	if (n->ref.registry != NULL) {
		must(name_is_registry(n->ref.registry) &&
		    name_is_repository(n->ref.repository));
		if (n->ref.tag == NULL)
			return;
		must(name_is_tag(n->ref.tag));
		rc = layout_index_find(x, n->ref.registry, n->ref.repository,
		    n->ref.tag, false, &found, &e);
	} else if (n->bare_tag != NULL) {
		must(name_is_tag(n->bare_tag));
		rc = layout_index_find(x, "reg.example", "none-has-this",
		    n->bare_tag, true, &found, &e);
	} else {
		return;
	}
	must(rc == -1 ? e.code == ERR_DATA : rc == 1 &&
	    digest_equal(&found->digest, &n->digest));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	struct layout_index x;
	struct err e = { .code = ERR_NONE };
	size_t i;

	(void)layout_version(text, strlen(text), &e);
	if (layout_index_parse(text, strlen(text), &x, &e) == -1) {
		must(e.code == ERR_DATA || e.code == ERR_LIMIT);
	} else {
		/* Looking for each among all others is quadratic. */
		for (i = 0; i < x.count && i < 64; i++)
			check_entry(&x, &x.entries[i]);
		layout_index_done(&x);
	}
	free(text);
	return 0;
}
