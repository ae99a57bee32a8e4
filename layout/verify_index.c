/* index.json and catalog.json, beside the links: see verify_lists.c.  The first
 * one is large, so it is read side by side with the tree. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest_set.h"
#include "fsutil.h"
#include "mem.h"
#include "name.h"
#include "verify_internal.h"

/* --- byte by byte ------------------------------------------------------ */

struct beside {
	struct verify *v;
	FILE *in;
	const char *comma;
	bool differs;
};

static void
expect(struct beside *b, const char *text)
{
	char have[STORE_INDEX_LINE_MAX];
	size_t len = strlen(text);

	if (b->differs)
		return;
	if (len > sizeof(have) || fread(have, 1, len, b->in) != len ||
	    memcmp(have, text, len) != 0)
		b->differs = true;
}

static bool
manifest_size(const struct verify *v, const struct manifest_id *id,
    uint64_t *ret)
{
	char path[STORE_PATH_MAX];
	struct stat sb;

	if (fstatat(v->st->root, path_manifest(id, path), &sb,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(sb.st_mode))
		return false;
	*ret = (uint64_t)sb.st_size;
	return true;
}

static int
beside_reference(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct beside *b = cookie;
	char line[STORE_INDEX_LINE_MAX];
	uint64_t size;

	(void)e;
	if (!manifest_size(b->v, id, &size))
		return 0;
	expect(b, b->comma);
	expect(b, store_index_line(registry, repository, reference, id, size,
	    line));
	b->comma = ",\n";
	return b->differs ? -1 : 0;
}

/* Where a link led nowhere, the end has a line of its own. */
static bool
is_end(FILE *in)
{
	char end[8];
	size_t len = fread(end, 1, sizeof(end), in);

	return (len == 3 && memcmp(end, "]}\n", 3) == 0) ||
	    (len == 4 && memcmp(end, "\n]}\n", 4) == 0);
}

static bool
is_as_written(struct verify *v)
{
	struct beside b = { .v = v, .comma = "\n" };
	struct err e;
	int fd;

	if (fs_open_file(v->st->root, "index.json", O_RDONLY, &fd, &e) != 1)
		return false;
	b.in = fdopen(fd, "r");
	if (b.in == NULL) {
		close(fd);
		return false;
	}
	expect(&b, INDEX_HEAD);
	(void)store_each_reference(v->st, beside_reference, &b, &e);
	if (!b.differs)
		b.differs = !is_end(b.in);
	fclose(b.in);
	return !b.differs;
}

/* --- by what it says --------------------------------------------------- */

/* Both as digests of names: those of the tree, and those that the list lacks or
 * has besides. */
struct compare {
	struct verify *v;
	struct digest_set want;
	size_t found;
	bool has_strange;
};

static void
entry_key(const char *name, const struct digest *d, struct digest *ret)
{
	char *text, hex[DIGEST_TEXT_MAX] = "";

	if (d != NULL)
		digest_text(d, hex);
	text = xasprintf("%s %s", name, hex);
	digest_of(DIGEST_SHA256, text, strlen(text), ret);
	free(text);
}

static int
want_reference(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct compare *c = cookie;
	struct digest key;
	uint64_t size;
	char *name;

	(void)e;
	if (!manifest_size(c->v, id, &size))
		return 0;
	name = xasprintf("%s/%s%c%s %s", registry, repository,
	    strchr(reference, ':') == NULL ? ':' : '@', reference,
	    id->media_type);
	entry_key(name, &id->digest, &key);
	digest_set_add(&c->want, &key, NULL);
	free(name);
	return 0;
}

static int
want_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct compare *c = cookie;
	struct digest key;
	char *name = xasprintf("%s/%s", registry, repository);

	(void)e;
	entry_key(name, NULL, &key);
	digest_set_add(&c->want, &key, NULL);
	free(name);
	return 0;
}

/* "registry/repository:tag type", of a link that leads there, though it has no
 * history: what the list says is so. */
static bool
is_linked(const struct verify *v, const char *entry, const struct digest *d)
{
	char *name = xstrndup(entry, strcspn(entry, " "));
	char *repository = strchr(name, '/'), *reference = NULL;
	struct manifest_id id;
	struct digest other;
	bool is_so = false;
	struct err e;

	if (repository != NULL) {
		*repository++ = '\0';
		reference = strchr(repository, '@');
		if (reference == NULL)
			reference = strrchr(repository, ':');
	}
	if (reference != NULL) {
		*reference++ = '\0';
		is_so = name_is_registry(name) &&
		    name_is_repository(repository) &&
		    (name_is_tag(reference) ||
		    digest_parse(reference, &other, &e) == 0) &&
		    store_reference_get(v->st, name, repository, reference,
		    &id, &e) == 1 && digest_equal(&id.digest, d) &&
		    strcmp(id.media_type, entry + strcspn(entry, " ") +
		    (strchr(entry, ' ') != NULL)) == 0;
	}
	free(name);
	return is_so;
}

static void
have_entry(void *cookie, const char *name, const struct digest *d)
{
	struct compare *c = cookie;
	struct digest key;

	entry_key(name, d, &key);
	if (digest_set_has(&c->want, &key))
		c->found++;
	else if (d == NULL || !is_linked(c->v, name, d))
		c->has_strange = true;
}

static const char *
compare_list(struct verify *v, enum verify_list kind, const char *path)
{
	struct compare c = { .v = v };
	const char *wrong = NULL;
	char *text = NULL;
	struct err e;
	size_t len;
	int rc;

	if (kind == VERIFY_INDEX)
		rc = store_each_reference(v->st, want_reference, &c, &e);
	else
		rc = store_each_repository(v->st, want_repository, &c, &e);
	if (rc == 0) {
		rc = fs_read_file(v->st->root, path, LAYOUT_INDEX_BYTES_MAX,
		    &text, &len, &e);
		if (rc != 1)
			wrong = rc == 0 ? "it is not here" :
			    "it cannot be read";
		else if (v->rules->list(v->rules->cookie, kind, text, len,
		    have_entry, &c) == -1)
			wrong = "it is no such list";
		else if (c.has_strange || c.found != c.want.count)
			wrong = "it says something else than the links";
	}
	digest_set_done(&c.want);
	free(text);
	return wrong;
}

static bool
may_be_behind(const struct verify *v)
{
	struct stat sb;

	return fstatat(v->st->root, STORE_DIRTY_FILE, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

struct second_look {
	struct verify *v;
	enum verify_list kind;
	const char *path;
	const char *wrong;
};

static void
look_again(void *cookie)
{
	struct second_look *l = cookie;

	if (!may_be_behind(l->v))
		l->wrong = compare_list(l->v, l->kind, l->path);
}

/* A writer does these anew, so they are told and not mended here. */
static int
check_list(struct verify *v, enum verify_list kind, const char *path)
{
	struct second_look l = { v, kind, path, NULL };

	/* Nobody has to wait while what is right is looked at. */
	if (compare_list(v, kind, path) == NULL)
		return 0;
	if (verify_step(v, look_again, &l) == -1)
		return -1;
	if (l.wrong != NULL)
		verify_tell(v, VERIFY_LIST, path, NULL, NULL, l.wrong);
	return 0;
}

int
verify_index(struct verify *v)
{
	if (may_be_behind(v))
		return 0;
	if (!is_as_written(v) &&
	    check_list(v, VERIFY_INDEX, "index.json") == -1)
		return -1;
	return check_list(v, VERIFY_CATALOG, "catalog.json");
}
