/*
 * The links of all repositories.  Others may be at work meanwhile: what looks
 * wrong is looked at once more in a step, in which nobody changes a link,
 * before it is told, and mended if that is wished.
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

/* One repository. */
struct links {
	struct verify *v;
	struct verify_place place;
	char **names;			/* in _manifests, sorted */
	size_t count;
	struct verify_referrals referrals;
};

/* --- one link ---------------------------------------------------------- */

struct link {
	const char *folder, *name;	/* below the repository */
	char path[STORE_PATH_MAX];
	bool is_digest;
	struct digest digest;		/* of its name */
	struct manifest_id to;		/* where it leads */
};

static char *
link_path(const struct verify_place *p, const char *folder, const char *name,
    char buf[STORE_PATH_MAX])
{
	char inner[TAG_MAX + DIGEST_TEXT_MAX + 32];

	snprintf(inner, sizeof(inner), "%s/%s", folder, name);
	return path_repository(p->registry, p->repository, inner, buf);
}

/* What is wrong with it; NULL: nothing, or it has gone. */
static const char *
wrong_with(const struct verify *v, struct link *k)
{
	char target[STORE_PATH_MAX], want[STORE_PATH_MAX];
	bool is_default = strcmp(k->folder, "_default") == 0;
	struct stat sb;
	struct err e;

	if (fs_readlink(v->st->root, k->path, target, sizeof(target), &e) !=
	    1)
		return fstatat(v->st->root, k->path, &sb,
		    AT_SYMLINK_NOFOLLOW) == -1 ? NULL : "it is no link";
	if (path_link_parse(target, &k->to) == 0)
		return "it leads to no manifest";
	if (strcmp(path_link(k->path, &k->to, want), target) != 0)
		return "it leads out of the tree";
	if (k->is_digest && !is_default &&
	    !digest_equal(&k->to.digest, &k->digest))
		return "it leads to another manifest than its name says";
	return NULL;
}

/* Where it ought to lead: a digest says it by itself, if that is here; and so
 * does a link that counts its way up wrong. */
static bool
right_place(const struct verify *v, struct link *k)
{
	char target[STORE_PATH_MAX];
	struct err e;

	if (strcmp(k->folder, "_manifests") == 0 && k->is_digest)
		return store_manifest_find(v->st, &k->digest, &k->to, &e) == 1;
	return fs_readlink(v->st->root, k->path, target, sizeof(target),
	    &e) == 1 && path_link_parse(target, &k->to) == 1;
}

static bool
is_there(const struct verify *v, const struct link *k)
{
	struct stat sb;

	return fstatat(v->st->root, k->path, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What looks wrong, once more in a step. */
struct link_again {
	struct verify *v;
	struct link *k;
	struct verify_finding f;
	bool is_right;
};

static void
look_again(void *cookie)
{
	struct link_again *a = cookie;
	struct verify *v = a->v;
	struct link *k = a->k;
	struct err e;

	a->f.what = wrong_with(v, k);
	if (a->f.what != NULL && v->options->mend && right_place(v, k))
		a->f.is_mended = store_set_link(v->st, k->path, &k->to,
		    &e) == 0;
	a->is_right = a->f.what == NULL ? is_there(v, k) : a->f.is_mended;
}

/* Return 1 if it leads where it should. */
static int
check_link(struct verify *v, struct link *k)
{
	struct link_again a = { .v = v, .k = k,
	    .f = { .kind = VERIFY_LINK, .path = k->path } };

	v->totals->links++;
	if (wrong_with(v, k) == NULL)
		return is_there(v, k);
	if (verify_step(v, look_again, &a) == -1)
		return 0;
	if (a.f.what != NULL)
		verify_tell_all(v, &a.f);
	return a.is_right;
}

/* --- _manifests -------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
	const char *const *x = a;
	char *const *y = b;

	return strcmp(*x, *y);
}

static bool
has_name(const struct links *l, const char *name)
{
	return l->count > 0 && bsearch(&name, l->names, l->count,
	    sizeof(*l->names), compare_names) != NULL;
}

/* A tag whose manifest has no link of its own, in a step. */
struct own_link {
	const struct links *l;
	const struct link *tag;
	char text[DIGEST_TEXT_MAX], path[STORE_PATH_MAX];
	bool is_wrong, is_mended;
};

static void
look_for_own_link(void *cookie)
{
	struct own_link *o = cookie;
	const struct verify_place *p = &o->l->place;
	struct verify *v = o->l->v;
	struct manifest_id now;
	struct err e;

	/* As the tag is now. */
	o->is_wrong = store_reference_get(v->st, p->registry, p->repository,
	    o->tag->name, &now, &e) == 1 &&
	    digest_equal(&now.digest, &o->tag->to.digest) &&
	    store_reference_get(v->st, p->registry, p->repository, o->text,
	    &now, &e) == 0;
	if (o->is_wrong && v->options->mend)
		o->is_mended = store_set_link(v->st, o->path, &o->tag->to,
		    &e) == 0;
}

/* Nothing but its own link says that a manifest belongs to the repository. */
static void
check_own_link(struct links *l, const struct link *tag)
{
	struct own_link o = { .l = l, .tag = tag };
	struct verify_finding f = { .kind = VERIFY_LINK, .path = o.path,
	    .what = "it is not here, and a tag leads to its manifest" };

	digest_text(&tag->to.digest, o.text);
	link_path(&l->place, "_manifests", o.text, o.path);
	if (has_name(l, o.text) ||
	    verify_step(l->v, look_for_own_link, &o) == -1 || !o.is_wrong)
		return;
	f.is_mended = o.is_mended;
	verify_tell_all(l->v, &f);
}

static void
check_manifest(struct links *l, const char *name,
    const struct manifest_id *id)
{
	struct verify_place place = l->place;
	struct verify_look look;
	struct digest *subject;
	int rc;

	place.reference = name;
	rc = verify_manifest(l->v, &place, id, &look, NULL, NULL);
	if (rc == 1 && look.has_subject) {
		subject = xmalloc(sizeof(*subject));
		*subject = look.subject;
		if (!digest_set_add(&l->v->subjects, &id->digest, subject))
			free(subject);
	}
	/* One that has been looked at in another repository is not read
	 * twice. */
	subject = rc == 0 ? NULL : digest_set_get(&l->v->subjects,
	    &id->digest);
	if (subject != NULL && strchr(name, ':') != NULL)
		verify_referrals_add(&l->referrals, id, subject);
}

static int
check_name(struct links *l, const char *name)
{
	struct link k = { .folder = "_manifests", .name = name };
	struct err e;

	link_path(&l->place, k.folder, name, k.path);
	k.is_digest = strchr(name, ':') != NULL;
	if (k.is_digest ? digest_parse(name, &k.digest, &e) == -1 :
	    !name_is_tag(name)) {
		verify_tell(l->v, VERIFY_FOREIGN, k.path, NULL, NULL,
		    "no tag or digest has that name");
	} else if (check_link(l->v, &k) == 1) {
		if (!k.is_digest)
			check_own_link(l, &k);
		check_manifest(l, name, &k.to);
	}
	return verify_is_over(l->v) ? -1 : 0;
}

/* --- the other folders ------------------------------------------------- */

static int
check_default(struct links *l, const char *name)
{
	struct link k = { .folder = "_default", .name = name,
	    .is_digest = true };
	char text[DIGEST_TEXT_MAX];
	struct manifest_id id;
	struct err e;

	link_path(&l->place, k.folder, name, k.path);
	if (digest_parse(name, &k.digest, &e) == -1) {
		verify_tell(l->v, VERIFY_FOREIGN, k.path, NULL, NULL,
		    "no digest has that name");
		return 0;
	}
	if (check_link(l->v, &k) == 1 &&
	    !has_name(l, digest_text(&k.to.digest, text)) &&
	    store_reference_get(l->v->st, l->place.registry,
	    l->place.repository, text, &id, &e) == 0 &&
	    store_default_get(l->v->st, l->place.registry,
	    l->place.repository, &k.digest, &id, &e) == 1)
		verify_tell(l->v, VERIFY_LINK, k.path, NULL, NULL,
		    "it leads to a manifest that the repository has not got");
	return verify_is_over(l->v) ? -1 : 0;
}

static int
check_held(struct links *l, const char *name)
{
	char path[STORE_PATH_MAX];
	struct digest at;
	struct err e;

	link_path(&l->place, "_held", name, path);
	if (!name_is_tag(name))
		verify_tell(l->v, VERIFY_FOREIGN, path, NULL, NULL,
		    "no tag has that name");
	else if (store_held_get(l->v->st, l->place.registry,
	    l->place.repository, name, &at, &e) == -1)
		verify_tell(l->v, VERIFY_LIST, path, NULL, NULL, e.msg);
	return 0;
}

static int
check_history(struct links *l, const char *name)
{
	char path[STORE_PATH_MAX];
	struct digest d;
	struct stat sb;
	struct err e;

	link_path(&l->place, "_history", name, path);
	if (!name_is_tag(name) && digest_parse(name, &d, &e) == -1)
		verify_tell(l->v, VERIFY_FOREIGN, path, NULL, NULL,
		    "no tag or digest has that name");
	else if (fstatat(l->v->st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(sb.st_mode))
		verify_tell(l->v, VERIFY_FOREIGN, path, NULL, NULL,
		    "it is no file");
	return 0;
}

static int
check_list(struct links *l, const char *name)
{
	char path[STORE_PATH_MAX];

	if (strcmp(name, "list") != 0)
		verify_tell(l->v, VERIFY_FOREIGN, link_path(&l->place, "_tags",
		    name, path), NULL, NULL, "nothing here has that name");
	return 0;
}

static int
check_referrers(struct links *l, const char *name)
{
	char path[STORE_PATH_MAX];
	struct digest d;
	struct err e;

	if (digest_parse(name, &d, &e) == -1)
		verify_tell(l->v, VERIFY_FOREIGN, link_path(&l->place,
		    "_referrers", name, path), NULL, NULL,
		    "no digest has that name");
	return 0;
}

static const struct {
	const char *name;
	int (*check)(struct links *, const char *);
} folders[] = {
	{ "_manifests", check_name },	/* the first */
	{ "_default", check_default },
	{ "_held", check_held },
	{ "_history", check_history },
	{ "_tags", check_list },
	{ "_referrers", check_referrers },
};
#define FOLDERS	(sizeof(folders) / sizeof(folders[0]))

static int
check_folder(struct links *l, size_t which)
{
	char path[STORE_PATH_MAX], **names;
	size_t i, count;
	int rc;

	path_repository(l->place.registry, l->place.repository,
	    folders[which].name, path);
	rc = fs_list(l->v->st->root, path, &names, &count, l->v->err);
	if (rc == -1)
		return verify_fail(l->v);
	if (rc == 0)
		return 0;
	if (which == 0) {
		l->names = names;
		l->count = count;
	}
	for (i = 0; i < count && rc != -1; i++)
		rc = folders[which].check(l, names[i]);
	if (which != 0)
		fs_list_free(names, count);
	return rc == -1 ? -1 : 0;
}

static int
check_repository(struct verify *v, const char *registry,
    const char *repository)
{
	struct links l = { .v = v, .place = { registry, repository, NULL } };
	int rc = 0;
	size_t i;

	v->totals->repositories++;
	verify_at(v, registry, repository);
	for (i = 0; i < FOLDERS && rc == 0; i++)
		rc = check_folder(&l, i);
	if (rc == 0)
		rc = verify_tags(v, &l.place, l.names, l.count);
	if (rc == 0)
		rc = verify_referrers(v, &l.place, &l.referrals);
	fs_list_free(l.names, l.count);
	free(l.referrals.all);
	return rc;
}

/* --- all repositories -------------------------------------------------- */

static int walk(struct verify *, const char *, const char *);

static bool
is_folder(const struct verify *v, const char *path)
{
	struct stat sb;

	return fstatat(v->st->root, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(sb.st_mode);
}

/* Part of a repository's name, or a folder of one. */
static int
step_down(struct verify *v, const char *registry, const char *repository,
    const char *name)
{
	char child[REPOSITORY_NAME_MAX + 1] = "", path[STORE_PATH_MAX];
	size_t i;
	int len;

	snprintf(path, sizeof(path), "repos/%s%s%s/%.255s", registry,
	    repository[0] == '\0' ? "" : "/", repository, name);
	if (name[0] == '_' && repository[0] != '\0') {
		for (i = 0; i < FOLDERS; i++)
			if (strcmp(name, folders[i].name) == 0 &&
			    is_folder(v, path))
				return 0;
	} else if (name[0] != '_') {
		len = snprintf(child, sizeof(child), "%s%s%s", repository,
		    repository[0] == '\0' ? "" : "/", name);
		if (len > 0 && (size_t)len < sizeof(child) &&
		    name_is_repository(child) && is_folder(v, path))
			return walk(v, registry, child);
	}
	verify_tell(v, VERIFY_FOREIGN, path, NULL, NULL,
	    "no repository has that name");
	return 0;
}

static int
walk(struct verify *v, const char *registry, const char *repository)
{
	char path[STORE_PATH_MAX], **names;
	size_t i, count;
	int rc;

	snprintf(path, sizeof(path), "repos/%s%s%s", registry,
	    repository[0] == '\0' ? "" : "/", repository);
	rc = fs_list(v->st->root, path, &names, &count, v->err);
	if (rc != 1)
		return rc == -1 ? verify_fail(v) : 0;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++)
		if (repository[0] != '\0' &&
		    strcmp(names[i], "_manifests") == 0)
			rc = check_repository(v, registry, repository);
	for (i = 0; i < count && rc == 0; i++)
		rc = step_down(v, registry, repository, names[i]);
	fs_list_free(names, count);
	return rc;
}

int
verify_links(struct verify *v)
{
	char path[STORE_PATH_MAX], **names;
	size_t i, count;
	int rc;

	rc = fs_list(v->st->root, "repos", &names, &count, v->err);
	if (rc != 1)
		return rc == -1 ? verify_fail(v) : 0;
	rc = 0;
	for (i = 0; i < count && rc == 0; i++) {
		snprintf(path, sizeof(path), "repos/%.255s", names[i]);
		if (name_is_registry(names[i]) && is_folder(v, path))
			rc = walk(v, names[i], "");
		else
			verify_tell(v, VERIFY_FOREIGN, path, NULL, NULL,
			    "no registry has that name");
	}
	fs_list_free(names, count);
	return rc;
}
