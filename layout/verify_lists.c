/*
 * Lists that are ready to serve, beside the links that they were made of.  Most
 * are, byte by byte, what the tree would write now; where one is not, its JSON
 * decides.  That is looked at in a step, since links and lists change together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "mem.h"
#include "name.h"
#include "verify_internal.h"

/* --- sets of entries --------------------------------------------------- */

/* 8 bytes for each entry, whatever its name. */
struct entries {
	uint64_t *keys;
	size_t count, room;
};

static uint64_t
add_bytes(uint64_t key, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len-- > 0)
		key = (key ^ *p++) * 0x100000001b3u;
	return key;
}

static void
add_entry(void *cookie, const char *name, const struct digest *d)
{
	struct entries *s = cookie;
	uint64_t key = add_bytes(0xcbf29ce484222325u, name, strlen(name));

	if (d != NULL)
		key = add_bytes(key, d->bytes, sizeof(d->bytes));
	if (s->count == s->room) {
		s->room = s->room == 0 ? 64 : 2 * s->room;
		s->keys = xreallocarray(s->keys, s->room, sizeof(*s->keys));
	}
	s->keys[s->count++] = key;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool
are_same(struct entries *a, struct entries *b)
{
	if (a->count != b->count)
		return false;
	if (a->count == 0)
		return true;
	qsort(a->keys, a->count, sizeof(*a->keys), compare_keys);
	qsort(b->keys, b->count, sizeof(*b->keys), compare_keys);
	return memcmp(a->keys, b->keys, a->count * sizeof(*a->keys)) == 0;
}

/* The entries of a list; NULL: all is well, or what is wrong with it. */
static const char *
read_list(struct verify *v, enum verify_list kind, const char *path,
    size_t max, verify_entry_fn *fn, void *cookie)
{
	struct err e;
	size_t len;
	char *text;
	int rc;

	rc = fs_read_file(v->st->root, path, max, &text, &len, &e);
	if (rc == 0)
		return "it is not here";
	if (rc == -1)
		return "it cannot be read";
	rc = v->rules->list(v->rules->cookie, kind, text, len, fn, cookie);
	free(text);
	return rc == -1 ? "it is no such list" : NULL;
}

static const char differs[] = "it says something else than the links";

/* --- _tags/list -------------------------------------------------------- */

static bool
is_as_written(const struct verify *v, const char *path,
    const char *repository, char *const *names, size_t count)
{
	char *want = NULL, *have = NULL;
	const char *comma = "";
	size_t i, want_len = 0, have_len = 0;
	FILE *out = xtext_open(&want, &want_len);
	struct err e;
	bool is_same;

	fprintf(out, "{\"name\":\"%s\",\"tags\":[", repository);
	for (i = 0; i < count; i++)
		if (name_is_tag(names[i])) {
			fprintf(out, "%s\"%s\"", comma, names[i]);
			comma = ",";
		}
	fputs("]}\n", out);
	xtext_close(out);
	is_same = fs_read_file(v->st->root, path, want_len, &have, &have_len,
	    &e) == 1 && have_len == want_len &&
	    memcmp(have, want, want_len) == 0;
	free(have);
	free(want);
	return is_same;
}

/* NULL: nothing is wrong. */
static const char *
wrong_tags(struct verify *v, const struct verify_place *p, const char *path)
{
	struct entries want = { NULL, 0, 0 }, have = { NULL, 0, 0 };
	char folder[STORE_PATH_MAX], **names;
	const char *wrong;
	size_t i, count;
	struct err e;

	path_repository(p->registry, p->repository, "_manifests", folder);
	if (fs_list(v->st->root, folder, &names, &count, &e) != 1)
		return NULL;
	for (i = 0; i < count; i++)
		if (name_is_tag(names[i]))
			add_entry(&want, names[i], NULL);
	fs_list_free(names, count);
	wrong = read_list(v, VERIFY_TAGS, path, STATUS_BYTES_MAX, add_entry,
	    &have);
	if (wrong == NULL && !are_same(&want, &have))
		wrong = differs;
	if (want.count == 0 && have.count == 0)
		wrong = NULL;
	free(want.keys);
	free(have.keys);
	return wrong;
}

/* A writer that died has left the mark, and the next one writes all lists. */
static bool
may_be_behind(const struct verify *v)
{
	struct stat sb;

	return fstatat(v->st->root, STORE_DIRTY_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

struct tags_again {
	struct verify *v;
	const struct verify_place *place;
	struct verify_finding f;
};

static void
look_at_tags_again(void *cookie)
{
	struct tags_again *a = cookie;
	const struct verify_place *p = a->place;
	struct verify *v = a->v;
	struct err e;

	if (!may_be_behind(v))
		a->f.what = wrong_tags(v, p, a->f.path);
	if (a->f.what != NULL && v->options->mend)
		a->f.is_mended = store_write_tags(v->st, p->registry,
		    p->repository, &e) == 0 &&
		    store_settle_files(v->st, &e) == 0;
}

int
verify_tags(struct verify *v, const struct verify_place *p,
    char *const *names, size_t count)
{
	char path[STORE_PATH_MAX];
	struct tags_again a = { v, p, { .kind = VERIFY_LIST, .path = path } };

	path_repository(p->registry, p->repository, "_tags/list", path);
	if (is_as_written(v, path, p->repository, names, count))
		return 0;
	if (verify_step(v, look_at_tags_again, &a) == -1)
		return -1;
	if (a.f.what != NULL)
		verify_tell_all(v, &a.f);
	return 0;
}

/* --- _referrers -------------------------------------------------------- */

void
verify_referrals_add(struct verify_referrals *r, const struct manifest_id *id,
    const struct digest *subject)
{
	if (r->count == r->room) {
		r->room = r->room == 0 ? 16 : 2 * r->room;
		r->all = xreallocarray(r->all, r->room, sizeof(*r->all));
	}
	r->all[r->count].subject = *subject;
	r->all[r->count].digest = id->digest;
	r->all[r->count++].id = *id;
}

static int
compare_referrals(const void *a, const void *b)
{
	const struct verify_referral *x = a, *y = b;
	int rc = digest_compare(&x->subject, &y->subject);

	return rc != 0 ? rc : digest_compare(&x->digest, &y->digest);
}

/* The list of one subject, and the manifests that have to be in it. */
struct referrers {
	struct verify *v;
	const struct verify_place *place;
	char path[STORE_PATH_MAX];
	const struct verify_referral *want;
	size_t count;
	struct digest_set listed;
	bool has_strange;		/* one that is not linked, */
	bool has_unknown;		/* or that is and could not be read */
};

static void
note_listed(void *cookie, const char *name, const struct digest *d)
{
	struct referrers *r = cookie;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	struct err e;
	size_t i;

	(void)name;
	digest_set_add(&r->listed, d, NULL);
	for (i = 0; i < r->count; i++)
		if (digest_equal(&r->want[i].digest, d))
			return;
	if (store_reference_get(r->v->st, r->place->registry,
	    r->place->repository, digest_text(d, text), &id, &e) == 0)
		r->has_strange = true;
	else
		r->has_unknown = true;
}

static const char *
wrong_referrers(struct referrers *r)
{
	const char *wrong;
	size_t i;

	digest_set_done(&r->listed);
	r->has_strange = r->has_unknown = false;
	wrong = read_list(r->v, VERIFY_REFERRERS, r->path,
	    REFERRERS_BYTES_MAX, note_listed, r);
	if (wrong == NULL && r->has_strange)
		wrong = differs;
	for (i = 0; i < r->count && wrong == NULL; i++)
		if (!digest_set_has(&r->listed, &r->want[i].digest))
			wrong = differs;
	return wrong;
}

/* Every manifest that is here describes itself; of one that cannot be read only
 * the list knows. */
static char *
describe(struct verify *v, const struct manifest_id *id)
{
	char *buf, *text = NULL;
	struct digest found;
	struct err e;
	size_t len;

	if (store_manifest_read(v->st, id, &buf, &len, &e) != 1)
		return NULL;
	digest_of(id->digest.alg, buf, len, &found);
	if (!digest_equal(&found, &id->digest) ||
	    v->rules->describe(buf, len, id, &text, &e) == -1)
		text = NULL;
	free(buf);
	return text;
}

static bool
write_referrers(struct referrers *r)
{
	struct verify *v = r->v;
	char **all = xcalloc(r->count + 1, sizeof(*all)), *fresh;
	size_t i, count = 0;
	struct err e;
	bool is_done = false;

	for (i = 0; i < r->count; i++) {
		all[count] = describe(v, &r->want[i].id);
		count += all[count] != NULL;
	}
	if (count == r->count && v->rules->merge(NULL,
	    (const char *const *)all, count, &fresh, &e) == 1) {
		is_done = store_write_file(v->st, r->path, fresh,
		    strlen(fresh), &e) == 0;
		free(fresh);
	}
	for (i = 0; i < count; i++)
		free(all[i]);
	free(all);
	return is_done;
}

/* Nothing is left that would refer to it. */
static bool
drop_list(struct referrers *r)
{
	char parent[STORE_PATH_MAX];

	store_touch_dir(r->v->st, path_parent(r->path, parent));
	return unlinkat(r->v->st->root, r->path, 0) == 0;
}

struct referrers_again {
	struct referrers *r;
	struct verify_finding f;
};

/* The manifests that are gone since are no reason to complain. */
static void
look_at_referrers_again(void *cookie)
{
	struct referrers_again *a = cookie;
	struct referrers *r = a->r;
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	struct err e;
	size_t i, here = 0;

	for (i = 0; i < r->count; i++)
		here += store_reference_get(r->v->st, r->place->registry,
		    r->place->repository, digest_text(&r->want[i].digest,
		    text), &id, &e) == 1;
	if (here == r->count)
		a->f.what = wrong_referrers(r);
	if (a->f.what != NULL && r->v->options->mend && !r->has_unknown)
		a->f.is_mended = r->count > 0 ? write_referrers(r) :
		    drop_list(r);
}

static int
check_again(struct referrers *r)
{
	struct referrers_again a = { r, { .kind = VERIFY_LIST,
	    .path = r->path } };

	if (verify_step(r->v, look_at_referrers_again, &a) == -1)
		return -1;
	if (a.f.what != NULL)
		verify_tell_all(r->v, &a.f);
	return 0;
}

static int
check_list(struct referrers *r)
{
	int rc = wrong_referrers(r) == NULL ? 0 : check_again(r);

	digest_set_done(&r->listed);
	return rc;
}

static int
check_wanted(struct verify *v, const struct verify_place *p,
    const struct verify_referrals *all, struct digest_set *done)
{
	struct referrers r = { .v = v, .place = p };
	size_t i, first = 0;

	for (i = 1; i <= all->count; i++) {
		if (i < all->count && digest_equal(&all->all[i].subject,
		    &all->all[first].subject))
			continue;
		r.want = all->all + first;
		r.count = i - first;
		path_referrers(p->registry, p->repository, &r.want->subject,
		    r.path);
		digest_set_add(done, &r.want->subject, NULL);
		first = i;
		if (check_list(&r) == -1)
			return -1;
	}
	return 0;
}

/* Lists of what nothing here refers to. */
static int
check_others(struct verify *v, const struct verify_place *p,
    const struct digest_set *done)
{
	struct referrers r = { .v = v, .place = p };
	char path[STORE_PATH_MAX], **names;
	struct digest subject;
	size_t i, count;
	int rc;

	path_repository(p->registry, p->repository, "_referrers", path);
	rc = fs_list(v->st->root, path, &names, &count, v->err);
	if (rc != 1)
		return rc == -1 ? verify_fail(v) : 0;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++) {
		struct err e;

		if (digest_parse(names[i], &subject, &e) == -1 ||
		    digest_set_has(done, &subject))
			continue;
		path_referrers(p->registry, p->repository, &subject, r.path);
		rc = check_list(&r);
	}
	fs_list_free(names, count);
	return rc;
}

int
verify_referrers(struct verify *v, const struct verify_place *p,
    struct verify_referrals *all)
{
	struct digest_set done = { 0 };
	int rc;

	if (all->count > 1)
		qsort(all->all, all->count, sizeof(*all->all),
		    compare_referrals);
	rc = check_wanted(v, p, all, &done);
	if (rc == 0)
		rc = check_others(v, p, &done);
	digest_set_done(&done);
	return rc;
}
