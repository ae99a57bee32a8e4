/* Tags that are held: whoever has set one back does not want the next run to
 * set it forth again. */
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "store_internal.h"

/* One that cannot be read is an error, and no tag moves: a hold that is taken
 * for none would be undone without a word. */
int
store_held_get(const struct store *st, const char *registry,
    const char *repository, const char *tag, struct digest *ret,
    struct err *e)
{
	char path[STORE_PATH_MAX], inner[TAG_MAX + 16], *text, *at;
	size_t len;
	int rc;

	snprintf(inner, sizeof(inner), "_held/%s", tag);
	path_repository(registry, repository, inner, path);
	rc = fs_read_file(st->root, path, HELD_BYTES_MAX, &text, &len, e);
	if (rc != 1)
		return rc;
	text[strcspn(text, "\n")] = '\0';
	at = strchr(text, ' ');
	if (at == NULL || digest_parse(at + 1, ret, e) == -1)
		rc = err_set(e, ERR_DATA, "%s: it does not say at which digest "
		    "the tag is held", path);
	free(text);
	return rc;
}
