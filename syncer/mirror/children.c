#include "image/manifest.h"
#include "mirror/children.h"

/* A body that says nothing of its type is what it is stored as, and one that
 * says another known one is not what it is stored as. */
int
children_each(void *cookie, const struct manifest_id *id, const char *buf,
    size_t len, child_fn *fn, void *fn_cookie, struct err *e)
{
	const struct descriptor *d;
	struct manifest m;
	struct child child;
	size_t i;
	int rc = 0;

	(void)cookie;
	if (media_kind(id->media_type) == MEDIA_OTHER)
		return 0;
	if (manifest_parse(buf, len, id->media_type, &m, e) == -1)
		return -1;
	for (i = 0; i < m.count && rc == 0; i++) {
		d = &m.children[i];
		child = (struct child){
			.digest = d->digest,
			.size = d->size,
			.is_entry = d->role == DESCRIPTOR_MANIFEST,
			.is_config = d->role == DESCRIPTOR_CONFIG,
			.has_urls = d->has_urls,
		};
		rc = fn(fn_cookie, &child, e);
	}
	manifest_done(&m);
	return rc == -1 ? -1 : 1;
}
