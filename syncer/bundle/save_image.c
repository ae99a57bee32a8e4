/* One image: is all of it here, and who will not load it? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/save_internal.h"
#include "image/readjson.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* What loaders tell compressions by, and where it stands. */
static const struct {
	size_t offset, len;
	const char *bytes;
	bool is_zstd;
} marks[] = {
	{ 0, 2, "\x1f\x8b", false },			/* gzip */
	{ 0, 4, "\x28\xb5\x2f\xfd", true },
	{ 1, 3, "\x2a\x4d\x18", true },			/* a frame to skip */
	{ 0, 3, "BZh", false },
	{ 0, 6, "\xfd" "7zXZ\0", false },
};

#define HEAD_BYTES	512u		/* a tar file's header */
#define SUM_OFFSET	148u
#define SUM_BYTES	8u

/* What of the layers somebody will not take. */
struct doubts {
	const struct descriptor *zstd, *unknown;	/* the first of them */
	size_t zstds, unknowns;
};

bool
save_is_image(const struct manifest *m)
{
	return m->kind == MEDIA_IMAGE && m->count > 0 &&
	    m->children[0].role == DESCRIPTOR_CONFIG &&
	    media_is_image_config(m->children[0].media_type);
}

int
save_platform(const struct store *store, const struct manifest *m,
    struct platform *ret, struct err *e)
{
	size_t len;
	char *buf;
	int rc;

	if (!save_is_image(m))
		return 0;
	rc = store_blob_read(store, &m->children[0].digest, CONFIG_BLOB_MAX,
	    &buf, &len, e);
	if (rc != 1)
		return rc;
	rc = manifest_config_platform(buf, len, ret, e);
	free(buf);
	return rc;
}

static int
blob_here(const struct store *store, const struct descriptor *d,
    struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	uint64_t size;
	int rc = store_blob_size(store, &d->digest, &size, e);

	digest_text(&d->digest, text);
	if (rc == 0 && (d->has_urls || media_is_foreign(d->media_type)))
		return err_set(e, ERR_NOT_FOUND, "%s is a foreign layer that "
		    "is not here, and no loader fetches it", text);
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "blob %s is not here", text);
	if (rc == 1 && size != d->size)
		return err_set(e, ERR_DATA, "blob %s has %llu bytes, and its "
		    "manifest says %llu", text, (unsigned long long)size,
		    (unsigned long long)d->size);
	return rc == 1 ? 0 : -1;
}

int
save_blobs_here(const struct store *store, const struct manifest *m,
    struct err *e)
{
	size_t i;

	if (m->skipped > 0)
		return err_set(e, ERR_DATA, "a part of it has a digest of the "
		    "algorithm %s, which is not kept here",
		    m->skipped_algorithm);
	for (i = 0; i < m->count; i++)
		if (blob_here(store, &m->children[i], e) == -1)
			return -1;
	return 0;
}

/* --- who will not load it ----------------------------------------------- */

/* By its sum, which all of its formats have; or the end of an empty one. */
static bool
is_tar(const char *head)
{
	unsigned long sum = SUM_BYTES * ' ', all = 0;
	size_t i;

	for (i = 0; i < HEAD_BYTES; i++) {
		all += (unsigned char)head[i];
		if (i < SUM_OFFSET || i >= SUM_OFFSET + SUM_BYTES)
			sum += (unsigned char)head[i];
	}
	return all == 0 || strtoul(head + SUM_OFFSET, NULL, 8) == sum;
}

static int
look_at_layer(const struct store *store, const struct descriptor *d,
    struct doubts *ret, struct err *e)
{
	char head[HEAD_BYTES + 1] = "";
	uint64_t size;
	ssize_t n;
	size_t i;
	int fd, rc = store_blob_open(store, &d->digest, &fd, &size, e);

	if (rc == 0)
		return blob_here(store, d, e);
	if (rc == -1)
		return -1;
	n = pread(fd, head, HEAD_BYTES, 0);
	close(fd);
	if (n == -1)
		return err_sys(e, "a layer cannot be read");
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (memcmp(head + marks[i].offset, marks[i].bytes,
		    marks[i].len) != 0)
			continue;
		if (marks[i].is_zstd && ret->zstds++ == 0)
			ret->zstd = d;
		return 0;
	}
	if (!is_tar(head) && ret->unknowns++ == 0)
		ret->unknown = d;
	return 0;
}

static void
warn_of_layer(struct save_draft *draft, const struct descriptor *d,
    size_t count, const char *what)
{
	char text[DIGEST_TEXT_MAX], more[48] = "";

	if (count > 1)
		snprintf(more, sizeof(more), " and %zu more", count - 1);
	save_warning(draft, xasprintf("layer %s%s: %s",
	    digest_text(&d->digest, text), more, what));
}

/* Return 1, or 0 where it does not say. */
static int
count_diffs(const struct store *store, const struct manifest *m, size_t *ret)
{
	const json_t *diffs;
	struct err ignored;
	json_t *config;
	size_t len;
	char *buf;
	int rc = 0;

	if (store_blob_read(store, &m->children[0].digest, CONFIG_BLOB_MAX,
	    &buf, &len, &ignored) != 1)
		return 0;
	if (readjson_load(buf, len, 0, &config, &ignored) == 0) {
		diffs = readjson_member(readjson_member(config, "rootfs"),
		    "diff_ids");
		*ret = json_array_size(diffs);
		rc = 1;
		json_decref(config);
	}
	free(buf);
	return rc;
}

static int
think_of_loaders(struct save_draft *draft, const struct manifest *m,
    struct err *e)
{
	struct doubts doubts = { .zstds = 0 };
	size_t i, diffs;

	for (i = 1; i < m->count; i++)
		if (look_at_layer(draft->store, &m->children[i], &doubts,
		    e) == -1)
			return -1;
	if (doubts.zstds > 0)
		warn_of_layer(draft, doubts.zstd, doubts.zstds, "it is "
		    "compressed with zstd, which docker before 23.0 does not "
		    "load");
	if (doubts.unknowns > 0)
		warn_of_layer(draft, doubts.unknown, doubts.unknowns, "it is "
		    "no tar file, and in no compression that loaders know");
	if (count_diffs(draft->store, m, &diffs) == 0)
		save_warning(draft, xstrdup("its configuration cannot be "
		    "understood, so no loader will"));
	else if (diffs != m->count - 1)
		save_warning(draft, xasprintf("its configuration speaks of "
		    "%zu layers and its manifest of %zu: docker and podman do "
		    "not load that", diffs, m->count - 1));
	return 0;
}

/* --- taking it ---------------------------------------------------------- */

static int
take_blobs(struct save_draft *draft, const struct manifest *m, struct err *e)
{
	const struct descriptor *d;
	struct save_object o = { .id.media_type = "" };
	size_t i;

	for (i = 0; i < m->count; i++) {
		d = &m->children[i];
		o.kind = d->role == DESCRIPTOR_CONFIG ? SAVE_CONFIG :
		    SAVE_LAYER;
		o.id.digest = d->digest;
		o.size = d->size;
		if (save_object_add(&draft->objects, &o, e) == -1)
			return -1;
	}
	return 0;
}

int
save_take(struct save_draft *draft, const struct present *p, struct err *e)
{
	const struct save_object o = { .kind = SAVE_MANIFEST, .id = p->id,
	    .size = p->len };

	if (save_object_add(&draft->objects, &o, e) == -1)
		return -1;
	if (!p->is_parsed || p->manifest.kind == MEDIA_INDEX)
		return 0;
	if (save_is_image(&p->manifest) &&
	    think_of_loaders(draft, &p->manifest, e) == -1)
		return -1;
	return take_blobs(draft, &p->manifest, e);
}

void
save_item_of(struct save_draft *draft, const struct present *p)
{
	const struct manifest *m = &p->manifest;
	struct save_item *item = &draft->item;
	size_t i;

	free(item->layers);
	item->manifest = p->id.digest;
	item->config = m->children[0].digest;
	item->layer_count = m->count - 1;
	item->layers = xcalloc(m->count, sizeof(*item->layers));
	for (i = 1; i < m->count; i++)
		item->layers[i - 1] = m->children[i].digest;
	draft->has_item = true;
}
