/*
 * The index.json of an OCI image layout, and its oci-layout.  Every entry that
 * has a name is found by it, or there are two of that name; and none has a name
 * that could climb.
 */
#include <jansson.h>
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
	must((n->registry == NULL) == (n->repository == NULL));
	if (n->registry != NULL)
		must(name_is_registry(n->registry) &&
		    name_is_repository(n->repository));
	if (n->tag == NULL)
		return;
	must(name_is_tag(n->tag));
	if (n->registry != NULL)
		rc = layout_index_find(x, n->registry, n->repository, n->tag,
		    false, &found, &e);
	else
		rc = layout_index_find(x, "reg.example", "none-has-this",
		    n->tag, true, &found, &e);
	must(rc == -1 ? e.code == ERR_DATA : rc == 1 &&
	    digest_equal(&found->digest, &n->digest));
}

/* What is taken apart on its way is read as it would be whole. */
static void
compare_with_jansson(const char *text)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	struct layout_index x;
	struct err e = { .code = ERR_NONE };
	int rc = layout_index_parse(text, strlen(text), &x, &e);

	if (root == NULL)
		must(rc == -1);
	if (rc == 0) {
		must(json_is_array(json_object_get(root, "manifests")));
		must(x.count <= json_array_size(json_object_get(root,
		    "manifests")));
		layout_index_done(&x);
	}
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	struct layout_index x;
	struct err e = { .code = ERR_NONE };
	size_t i;

	compare_with_jansson(text);
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
