/* One manifest: its bytes, its type, and whether all that it needs is here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "verify_internal.h"

/* --- which have been looked at ----------------------------------------- */

#define SEEN_ROOM_FIRST	1024u

static void
seen_key(const struct manifest_id *id, uint64_t key[2])
{
	const char *s;

	memcpy(key, id->digest.bytes, 2 * sizeof(uint64_t));
	/* FNV-1a: types are few, and none is a secret. */
	for (s = id->media_type; *s != '\0'; s++)
		key[1] = (key[1] ^ (uint8_t)*s) * 0x100000001b3u;
	/* Nothing at all is a free slot. */
	if (key[0] == 0 && key[1] == 0)
		key[1] = 1;
}

static uint64_t *
seen_slot(const struct verify_seen *s, const uint64_t key[2])
{
	size_t i = (size_t)key[0] & (s->room - 1);

	while ((s->slots[i][0] != key[0] || s->slots[i][1] != key[1]) &&
	    (s->slots[i][0] != 0 || s->slots[i][1] != 0))
		i = (i + 1) & (s->room - 1);
	return s->slots[i];
}

static void
seen_grow(struct verify_seen *s)
{
	struct verify_seen old = *s;
	uint64_t *slot;
	size_t i;

	s->room = old.room == 0 ? SEEN_ROOM_FIRST : 2 * old.room;
	s->slots = xcalloc(s->room, sizeof(*s->slots));
	for (i = 0; i < old.room; i++) {
		if (old.slots[i][0] == 0 && old.slots[i][1] == 0)
			continue;
		slot = seen_slot(s, old.slots[i]);
		slot[0] = old.slots[i][0];
		slot[1] = old.slots[i][1];
	}
	free(old.slots);
}

bool
verify_seen_add(struct verify_seen *s, const struct manifest_id *id)
{
	uint64_t key[2], *slot;

	if (s->count >= s->room / 4 * 3)
		seen_grow(s);
	seen_key(id, key);
	slot = seen_slot(s, key);
	if (slot[0] == key[0] && slot[1] == key[1])
		return false;
	slot[0] = key[0];
	slot[1] = key[1];
	s->count++;
	return true;
}

/* --- what it needs ----------------------------------------------------- */

struct look {
	struct verify *v;
	const struct verify_place *place;
	const struct manifest_id *id;
	child_fn *fn;			/* is told, too; or NULL */
	void *cookie;
};

/* Whoever removes it removes the link first: with the link it is needed. */
static bool
is_linked(const struct look *l)
{
	struct manifest_id now;
	struct err ignored;

	return store_reference_get(l->v->st, l->place->registry,
	    l->place->repository, l->place->reference, &now, &ignored) == 1 &&
	    digest_equal(&now.digest, &l->id->digest);
}

static void
tell_missing(const struct look *l, const char *path,
    const struct digest *digest, const char *type, uint64_t size)
{
	char what[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 64];
	struct verify_finding f = { .kind = VERIFY_MISSING, .path = path,
	    .digest = digest, .media_type = type, .size = size,
	    .what = what };

	if (digest_set_has(&l->v->told, digest) || !is_linked(l))
		return;
	digest_set_add(&l->v->told, digest, NULL);
	snprintf(what, sizeof(what), "%s of %s/%s needs it, and it is not here",
	    type != NULL ? "a link" : "a manifest", l->place->registry,
	    l->place->repository);
	verify_tell_all(l->v, &f);
}

/* Of another size than told: is it another file than its name says, or does the
 * manifest say what is not so? */
static int
wrong_size(const struct look *l, const char *path, const struct child *c)
{
	int rc = verify_file(l->v, path, &c->digest, NULL);

	if (rc == 1)
		verify_tell(l->v, VERIFY_SIZE, path, &c->digest, NULL,
		    "a manifest says that it has another size");
	return l->v->is_over ? -1 : 0;
}

/* 1 and its size, or 0; 2 for what is no file. */
static int
blob_size(struct verify *v, const struct digest *d, uint64_t *ret)
{
	char hex[DIGEST_HEX_MAX];
	struct stat sb;
	int dir = verify_blobs(v, d->alg);

	if (dir == -1 || fstatat(dir, digest_hex(d, hex), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	*ret = (uint64_t)sb.st_size;
	return S_ISREG(sb.st_mode) ? 1 : 2;
}

static int
check_child(void *cookie, const struct child *c, struct err *e)
{
	const struct look *l = cookie;
	char path[STORE_PATH_MAX];
	uint64_t size = 0;
	int there;

	if (l->fn != NULL && l->fn(l->cookie, c, e) == -1)
		return -1;
	if (c->is_entry)
		return 0;
	there = blob_size(l->v, &c->digest, &size);
	if (there == 1 && size == c->size)
		return 0;
	path_blob(&c->digest, path);
	if (there == 1)
		return wrong_size(l, path, c);
	if (!c->has_urls)
		tell_missing(l, path, &c->digest, NULL, c->size);
	return 0;
}

/* A link that is to be made, in a step. */
struct blob_link {
	const struct look *l;
	const char *path;
	bool is_made;
};

static void
make_blob_link(void *cookie)
{
	struct blob_link *b = cookie;
	struct err e;

	b->is_made = store_set_link(b->l->v->st, b->path, b->l->id, &e) == 0;
}

/* The tree is a layout for others as well. */
static void
check_blob_link(const struct look *l)
{
	struct verify *v = l->v;
	struct verify_finding f = { .kind = VERIFY_LINK,
	    .what = "it is not here, and its manifest is" };
	char path[STORE_PATH_MAX];
	struct blob_link b = { l, path, false };
	uint64_t size;

	if (blob_size(v, &l->id->digest, &size) != 0 || !is_linked(l))
		return;
	f.path = path_blob(&l->id->digest, path);
	if (v->options->mend)
		f.is_mended = verify_step(v, make_blob_link, &b) == 0 &&
		    b.is_made;
	verify_tell_all(v, &f);
}

/* --- the manifest ------------------------------------------------------ */

/* Return 1 and its bytes, or 0; only what has that digest is looked into. */
static int
read_right(struct verify *v, const char *path, const struct manifest_id *id,
    char **ret, size_t *ret_len, bool *ret_gone)
{
	struct digest found;
	struct err why;
	unsigned tries;
	int rc;

	*ret_gone = false;
	for (tries = 0; tries < 2 && !v->is_over; tries++) {
		rc = fs_read_file(v->st->root, path, MANIFEST_BYTES_MAX, ret,
		    ret_len, &why);
		*ret_gone = rc == 0;
		if (rc == 0)
			return 0;
		if (rc == 1) {
			v->totals->bytes += *ret_len;
			digest_of(id->digest.alg, *ret, *ret_len, &found);
			if (digest_equal(&found, &id->digest))
				return 1;
			free(*ret);
		}
		/* Tells what is wrong, and may find it right after all. */
		if (verify_file(v, path, &id->digest, id->media_type) != 1)
			return 0;
		if (rc == -1 && why.code == ERR_LIMIT) {
			verify_tell(v, VERIFY_TYPE, path, &id->digest,
			    id->media_type, "it is too large for a manifest");
			return 0;
		}
	}
	return 0;
}

static int
look_inside(const struct look *l, const char *path, const char *buf,
    size_t len, struct verify_look *ret)
{
	struct verify *v = l->v;
	struct look copy = *l;
	char what[ERR_MSG_MAX + MEDIA_TYPE_MAX + 32];
	struct err e;
	int rc;

	e.code = ERR_NONE;
	rc = v->rules->look(v->rules->cookie, l->id, buf, len, check_child,
	    &copy, ret, &e);
	if (v->is_over)
		return 0;
	if (rc == -1) {
		snprintf(what, sizeof(what), "it is no %s: %s",
		    l->id->media_type, e.msg);
		verify_tell(v, VERIFY_TYPE, path, &l->id->digest,
		    l->id->media_type, what);
		return 0;
	}
	if (ret->media_type[0] != '\0' &&
	    strcmp(ret->media_type, l->id->media_type) != 0) {
		snprintf(what, sizeof(what), "it says that it is %s",
		    ret->media_type);
		verify_tell(v, VERIFY_TYPE, path, &l->id->digest,
		    l->id->media_type, what);
	}
	return 1;
}

int
verify_manifest(struct verify *v, const struct verify_place *place,
    const struct manifest_id *id, struct verify_look *ret, child_fn *fn,
    void *cookie)
{
	struct look l = { v, place, id, fn, cookie };
	char path[STORE_PATH_MAX], *buf;
	bool is_gone;
	size_t len;
	int rc;

	if (!verify_seen_add(&v->seen, id))
		return 2;
	memset(ret, 0, sizeof(*ret));
	path_manifest(id, path);
	if (read_right(v, path, id, &buf, &len, &is_gone) == 0) {
		if (is_gone)
			tell_missing(&l, path, &id->digest, id->media_type, 0);
		return 0;
	}
	v->totals->manifests++;
	check_blob_link(&l);
	rc = look_inside(&l, path, buf, len, ret);
	free(buf);
	return rc;
}
