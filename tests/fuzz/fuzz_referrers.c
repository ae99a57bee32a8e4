/*
 * A list of referrers, as a registry's API or its tag answers it: up to the
 * first NUL the list, behind it a descriptor to be merged.  What is merged is
 * counted, and merged once more it stays as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/media.h"
#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define ID	"sha256:" \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_merge(const char *list, const char *descriptor)
{
	char *merged = NULL, *again = NULL;
	struct err e = { .code = ERR_NONE };
	bool is_signed;
	int rc = referrer_merge(list, &descriptor, 1, &merged, &e);

	must(rc != -1 || e.code != ERR_NONE);
	if (rc != 1)
		return;
	must(strlen(merged) <= REFERRERS_BYTES_MAX);
	must(referrer_count(merged, strlen(merged), &is_signed) > 0);
	must(referrer_merge(merged, &descriptor, 1, &again, &e) == 0);
	free(merged);
}

static void
check_describe(const char *text, size_t len)
{
	struct manifest_id id = { .digest.alg = DIGEST_SHA256,
	    .media_type = "application/vnd.oci.image.manifest.v1+json" };
	const char *one;
	char *described, *merged;
	struct err e;

	must(digest_parse(ID, &id.digest, &e) == 0);
	if (referrer_describe(text, len, &id, &described, &e) == -1)
		return;
	one = described;
	if (referrer_merge(NULL, &one, 1, &merged, &e) == 1)
		free(merged);
	free(described);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	size_t first = strlen(text);
	char *rest = first < len ? xstrndup((const char *)data + first + 1,
	    len - first - 1) : xstrdup("{}");
	struct manifest m;
	struct err e;
	bool is_signed;

	(void)referrer_count(text, first, &is_signed);
	if (manifest_parse(text, first, MEDIA_OCI_INDEX, &m, &e) == 0)
		manifest_done(&m);
	check_merge(text, rest);
	check_merge(NULL, rest);
	check_describe(text, first);
	free(rest);
	free(text);
	return 0;
}
