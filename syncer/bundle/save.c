/* Which images, and under which names. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/save_internal.h"
#include "bundle/tarfile.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "mirror/tags_here.h"

/* --- parts -------------------------------------------------------------- */

static void
item_done(struct save_item *item)
{
	while (item->name_count > 0)
		free(item->names[--item->name_count]);
	free(item->names);
	free(item->layers);
	memset(item, 0, sizeof(*item));
}

static void
objects_done(struct save_objects *o)
{
	free(o->all);
	digest_set_done(&o->seen);
}

static void
draft_done(struct save_draft *d)
{
	objects_done(&d->objects);
	item_done(&d->item);
	while (d->warning_count > 0)
		free(d->warnings[--d->warning_count]);
	free(d->warnings);
}

void
save_warning(struct save_draft *d, char *text)
{
	d->warnings = xreallocarray(d->warnings, d->warning_count + 1,
	    sizeof(*d->warnings));
	d->warnings[d->warning_count++] = text;
}

int
save_object_add(struct save_objects *to, const struct save_object *o,
    struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	if (o->id.digest.alg != DIGEST_SHA256)
		return err_set(e, ERR_INPUT, "%s: containerd and docker load "
		    "nothing whose digest is not of sha256",
		    digest_text(&o->id.digest, text));
	if (o->size > TARFILE_MEMBER_MAX)
		return err_set(e, ERR_LIMIT, "%s has %llu bytes, and a tar "
		    "file that all loaders read has room for %llu",
		    digest_text(&o->id.digest, text),
		    (unsigned long long)o->size,
		    (unsigned long long)TARFILE_MEMBER_MAX);
	if (!digest_set_add(&to->seen, &o->id.digest, NULL))
		return 0;
	to->all = xreallocarray(to->all, to->count + 1, sizeof(*to->all));
	to->all[to->count++] = *o;
	return 0;
}

char *
save_member_name(const struct digest *d, char buf[SAVE_NAME_MAX])
{
	char hex[DIGEST_HEX_MAX];

	assert(d->alg == DIGEST_SHA256);
	snprintf(buf, SAVE_NAME_MAX, "blobs/sha256/%s", digest_hex(d, hex));
	return buf;
}

/* --- one image ---------------------------------------------------------- */

static int
find_root(const struct save *s, const struct image_ref *ref,
    struct present *ret, struct err *e)
{
	struct object o = { .kind = OBJECT_MANIFEST, .any_size = true };
	char text[DIGEST_TEXT_MAX];
	const char *reference = ref->has_digest ?
	    digest_text(&ref->digest, text) : ref->tag;
	struct manifest_id id;
	char *others;
	int rc = store_reference_get(s->store, ref->registry, ref->repository,
	    reference, &id, e);

	if (rc == 0) {
		others = tags_here(s->store, ref->registry, ref->repository);
		err_set(e, ERR_NOT_FOUND, "it is not here%s", others);
		free(others);
		return -1;
	}
	if (rc == -1)
		return -1;
	if (media_kind(id.media_type) == MEDIA_OTHER)
		return err_set(e, ERR_INPUT, "it is no image, but of type %s",
		    id.media_type);
	o.id = id.digest;
	rc = present_find(s->store, &o, ret, e);
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "its manifest is not here");
	return rc == 1 ? 0 : -1;
}

/* A tag that leads straight to an image. */
static int
draft_image(struct save_draft *d, const struct present *p,
    const struct platform_set *set, struct err *e)
{
	char want[PLATFORM_TEXT_MAX], have[PLATFORM_TEXT_MAX];
	struct save_entry *entry = &d->entry;
	int rc;

	if (!save_is_image(&p->manifest))
		return err_set(e, ERR_INPUT, "it is no image, but an artifact "
		    "of type %s, which no loader takes",
		    p->manifest.artifact_type != NULL ?
		    p->manifest.artifact_type : p->manifest.count > 0 ?
		    p->manifest.children[0].media_type : "(none)");
	if (save_blobs_here(d->store, &p->manifest, e) == -1)
		return -1;
	rc = save_platform(d->store, &p->manifest, &entry->platform, e);
	if (rc == -1)
		return -1;
	entry->has_platform = rc == 1;
	if (set != NULL && !set->all && rc == 1 &&
	    platform_rank(&set->items[0], &entry->platform) == 0)
		return err_set(e, ERR_NOT_FOUND, "it has nothing for %s; it "
		    "is for %s alone", platform_text(&set->items[0], want),
		    platform_text(&entry->platform, have));
	entry->id = p->id;
	entry->size = p->len;
	if (save_take(d, p, e) == -1)
		return -1;
	save_item_of(d, p);
	return 0;
}

static int
draft_index(struct save_draft *d, const struct present *p,
    const struct save_wish *wish, struct err *e)
{
	static const struct platform_set all = { .all = true };
	const struct platform_set *set = wish->platforms;

	if (wish->is_sparse)
		return save_pick_tree(d, p, set == NULL ? &all : set, true, e);
	if (set != NULL && set->all)
		return save_pick_tree(d, p, set, false, e);
	return save_pick_one(d, p, set == NULL ? NULL : &set->items[0], e);
}

static int
draft(struct save_draft *d, const struct present *p,
    const struct save_wish *wish, struct err *e)
{
	const struct platform_set *set = wish->platforms;

	if (set != NULL && set->count > 1 && !wish->is_sparse)
		return err_set(e, ERR_INPUT, "of several platforms, loaders "
		    "take one, or all that its index lists: choose one, or "
		    "platform=all, or --index for an index with these alone");
	if (p->manifest.kind == MEDIA_INDEX)
		return draft_index(d, p, wish, e);
	return draft_image(d, p, set, e);
}

/* --- its names ---------------------------------------------------------- */

static int
check_name(const struct save *s, const char *name, const struct save_draft *d,
    struct err *e)
{
	const struct save_entry *had;
	char a[PLATFORM_TEXT_MAX] = "an index", b[PLATFORM_TEXT_MAX] =
	    "an index";
	size_t i;

	for (i = 0; i < s->entry_count; i++) {
		had = &s->entries[i];
		if (strcmp(had->name, name) != 0 ||
		    digest_equal(&had->id.digest, &d->entry.id.digest))
			continue;
		if (had->has_platform)
			platform_text(&had->platform, a);
		if (d->entry.has_platform)
			platform_text(&d->entry.platform, b);
		return err_set(e, ERR_INPUT, "one file cannot have two images "
		    "of that name (%s, %s): loaders would keep the last one",
		    a, b);
	}
	return 0;
}

static struct save_item *
item_for(struct save *s, const struct digest *manifest)
{
	size_t i;

	for (i = 0; i < s->item_count; i++)
		if (digest_equal(&s->items[i].manifest, manifest))
			return &s->items[i];
	return NULL;
}

static void
add_name(struct save *s, const char *name, const char *tag,
    const struct save_draft *d)
{
	struct save_item *item = item_for(s, &d->item.manifest);
	struct save_entry *entry;
	size_t i;

	for (i = 0; i < s->entry_count; i++)
		if (strcmp(s->entries[i].name, name) == 0)
			return;
	s->entries = xreallocarray(s->entries, s->entry_count + 1,
	    sizeof(*s->entries));
	entry = &s->entries[s->entry_count++];
	*entry = d->entry;
	entry->name = xstrdup(name);
	entry->tag = tag == NULL ? NULL : xstrdup(tag);
	if (tag == NULL)
		return;
	item->names = xreallocarray(item->names, item->name_count + 1,
	    sizeof(*item->names));
	item->names[item->name_count++] = xstrdup(name);
}

/* What has been found good becomes a part of the file. */
static int
settle(struct save *s, const struct image_ref *ref, struct save_draft *d,
    struct err *e)
{
	char tagged[FULL_NAME_MAX] = "", pinned[FULL_NAME_MAX] = "";
	char text[DIGEST_TEXT_MAX];
	size_t i;

	if (ref->tag != NULL)
		full_name(ref->registry, ref->repository, ref->tag, tagged);
	if (ref->has_digest)
		full_name(ref->registry, ref->repository,
		    digest_text(&ref->digest, text), pinned);
	if (check_name(s, tagged, d, e) == -1 ||
	    check_name(s, pinned, d, e) == -1)
		return -1;
	for (i = 0; i < d->objects.count; i++)
		if (save_object_add(&s->objects, &d->objects.all[i], e) == -1)
			return -1;
	if (item_for(s, &d->item.manifest) == NULL) {
		s->items = xreallocarray(s->items, s->item_count + 1,
		    sizeof(*s->items));
		s->items[s->item_count++] = d->item;
		d->item.layers = NULL;
	}
	if (ref->tag != NULL)
		add_name(s, tagged, ref->tag, d);
	if (ref->has_digest)
		add_name(s, pinned, NULL, d);
	return 0;
}

/* --- all of them -------------------------------------------------------- */

struct save *
save_new(const struct store *store)
{
	struct save *s = xcalloc(1, sizeof(*s));

	s->store = store;
	return s;
}

void
save_free(struct save *s)
{
	if (s == NULL)
		return;
	objects_done(&s->objects);
	while (s->entry_count > 0) {
		free(s->entries[--s->entry_count].name);
		free(s->entries[s->entry_count].tag);
	}
	free(s->entries);
	while (s->item_count > 0)
		item_done(&s->items[--s->item_count]);
	free(s->items);
	free(s);
}

static void
tell(const struct save_draft *d, const struct image_ref *ref, save_warn *warn,
    void *cookie)
{
	char *name = image_ref_text(ref), *text;
	size_t i;

	for (i = 0; i < d->warning_count; i++) {
		text = xasprintf("%s: %s", name, d->warnings[i]);
		warn(cookie, text);
		free(text);
	}
	free(name);
}

int
save_add(struct save *s, const struct save_wish *wish, save_warn *warn,
    void *cookie, struct err *e)
{
	struct save_draft d = { .store = s->store };
	struct present p;
	int rc;

	if (find_root(s, wish->ref, &p, e) == -1)
		return -1;
	rc = draft(&d, &p, wish, e);
	if (rc == 0)
		rc = settle(s, wish->ref, &d, e);
	if (rc == 0)
		tell(&d, wish->ref, warn, cookie);
	present_done(&p);
	draft_done(&d);
	return rc;
}

uint64_t
save_bytes(const struct save *s)
{
	uint64_t sum = TARFILE_END + tarfile_room(strlen(SAVE_LAYOUT_TEXT));
	size_t i, len;

	free(save_index_text(s, &len));
	sum += tarfile_room(len);
	free(save_manifest_text(s, &len));
	sum += tarfile_room(len);
	for (i = 0; i < s->objects.count; i++)
		sum += tarfile_room(s->objects.all[i].size);
	return sum;
}

size_t
save_count(const struct save *s)
{
	return s->item_count;
}
