/*
 * A layout on a disk is as much a stranger's as a registry is: it may come on a
 * stick.  All that is opened is opened beneath its folder (RESOLVE_BENEATH), so
 * that no link in it leads to this machine's own files.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/layout_index.h"
#include "image/manifest.h"
#include "image/referrer.h"
#include "layout/fsutil.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "layout/path.h"
#include "registry/ocidir.h"

#define SMALL_BYTES_MAX	4096u
#define INDEX_STEP	(16u << 10)
/* Of images without a name so many are told. */
#define NAMELESS_SHOWN	3u

struct ocidir {
	int fd;
	char *path;
	bool is_tree;			/* of cdr-layout(5) */
	struct layout_index index;	/* if it is none */
	char *registry, *repository;	/* whose the bare tags are, or NULL */
	pthread_mutex_t lock;		/* for: */
	json_t *referrers;		/* subject: index; NULL: not read yet */
};

/* --- files ------------------------------------------------------------- */

static int
cannot_open(const struct ocidir *d, const char *path, struct err *e)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return err_set(e, ERR_NOT_FOUND, "%s/%s: is not there", d->path,
		    path);
	case EXDEV:
	case ELOOP:
		return err_set(e, ERR_SYS, "%s/%s: a symbolic link leads out "
		    "of the layout", d->path, path);
	case ENOSYS:
		return err_set(e, ERR_SYS, "%s/%s: this kernel has no "
		    "openat2(2), which came with Linux 5.6", d->path, path);
	default:
		err_sys(e, "%s/%s: cannot open", d->path, path);
		e->code = ERR_SYS;
		return -1;
	}
}

/* Return a descriptor of a regular file, and its size, or -1. */
static int
open_file(const struct ocidir *d, const char *path, uint64_t *size,
    struct err *e)
{
	struct stat sb;
	/* What is no file must not make us wait. */
	int fd = fs_open_linked(d->fd, path, O_RDONLY);

	if (fd == -1)
		return cannot_open(d, path, e);
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		close(fd);
		return err_set(e, ERR_SYS, "%s/%s: not a regular file", d->path,
		    path);
	}
	*size = (uint64_t)sb.st_size;
	return fd;
}

static int
read_file(const struct ocidir *d, const char *path, size_t max, char **buf,
    size_t *len, struct err *e)
{
	uint64_t size;
	int rc, fd = open_file(d, path, &size, e);

	if (fd == -1)
		return -1;
	rc = fs_read_all(fd, max, buf, len, e);
	close(fd);
	if (rc == -1)
		return err_wrap(e, "%s/%s", d->path, path);
	return 0;
}

/* --- opening ----------------------------------------------------------- */

/* image-spec image-layout.md: the file that makes a folder a layout. */
static int
check_version(const struct ocidir *d, struct err *e)
{
	char *buf;
	size_t len;
	int rc;

	if (read_file(d, "oci-layout", SMALL_BYTES_MAX, &buf, &len, e) == -1)
		return e->code == ERR_NOT_FOUND ? err_set(e, ERR_INPUT,
		    "%s: not an OCI image layout: it has no file oci-layout",
		    d->path) : -1;
	rc = layout_version(buf, len, e);
	free(buf);
	return rc == -1 ? err_wrap(e, "%s/oci-layout", d->path) : 0;
}

/* A tree says what it is, and has its names as links. */
static int
check_tree(struct ocidir *d, struct err *e)
{
	char *buf;
	size_t len;

	if (read_file(d, "cdr-layout", SMALL_BYTES_MAX, &buf, &len, e) == -1)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	d->is_tree = strcmp(buf, "1\n") == 0 || strcmp(buf, "2\n") == 0;
	free(buf);
	return d->is_tree ? 0 : err_set(e, ERR_INPUT,
	    "%s/cdr-layout: a tree of another version: cdr reads versions 1 "
	    "and 2", d->path);
}

/* A piece at a time: it may be large. */
static int
feed_index(int fd, struct layout_reader *r,
    struct err *e)
{
	char buf[INDEX_STEP];
	uint64_t bytes = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "cannot read");
		bytes += (uint64_t)n;
		if (bytes > LAYOUT_INDEX_BYTES_MAX)
			return err_set(e, ERR_LIMIT, "larger than %u bytes",
			    LAYOUT_INDEX_BYTES_MAX);
		if (layout_index_feed(r, buf, (size_t)n, e) == -1)
			return -1;
	}
	return 0;
}

/* Of a tree index.json is not read: it is made for others, and large. */
static int
read_index(struct ocidir *d, struct err *e)
{
	struct layout_reader *r;
	uint64_t size;
	int fd, rc;

	if (d->is_tree)
		return 0;
	fd = open_file(d, "index.json", &size, e);
	if (fd == -1)
		return -1;
	r = layout_index_new();
	rc = feed_index(fd, r, e);
	if (rc == 0)
		rc = layout_index_end(r, &d->index, e);
	layout_index_free(r);
	close(fd);
	return rc == -1 ? err_wrap(e, "%s/index.json", d->path) : 0;
}

int
ocidir_open(const char *path, struct ocidir **ret, struct err *e)
{
	struct ocidir *d = xcalloc(1, sizeof(*d));

	d->path = xstrdup(path);
	pthread_mutex_init(&d->lock, NULL);
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((d->fd == -1 && err_sys(e, "%s: cannot open", path) == -1) ||
	    check_version(d, e) == -1 || check_tree(d, e) == -1 ||
	    read_index(d, e) == -1) {
		e->code = ERR_INPUT;
		ocidir_close(d);
		return -1;
	}
	*ret = d;
	return 0;
}

void
ocidir_close(struct ocidir *d)
{
	if (d == NULL)
		return;
	if (d->fd != -1)
		close(d->fd);
	layout_index_done(&d->index);
	json_decref(d->referrers);
	pthread_mutex_destroy(&d->lock);
	free(d->registry);
	free(d->repository);
	free(d->path);
	free(d);
}

void
ocidir_own(struct ocidir *d, const char *registry, const char *repository)
{
	free(d->registry);
	free(d->repository);
	d->registry = xstrdup(registry);
	d->repository = xstrdup(repository);
}

static bool
is_own(const struct ocidir *d, const struct ocidir_question *q)
{
	return d->registry != NULL &&
	    strcmp(d->registry, q->registry) == 0 &&
	    strcmp(d->repository, q->repository) == 0;
}

/* --- tags -------------------------------------------------------------- */

/* Of a tree: the link that a tag is. */
static int
find_link(const struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	char path[STORE_PATH_MAX], target[STORE_PATH_MAX];
	struct manifest_id id;
	int fd, rc;

	path_repository(q->registry, q->repository, "_manifests", path);
	fd = fs_open_linked(d->fd, path, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return cannot_open(d, path, e);
	rc = fs_readlink(fd, q->reference, target, sizeof(target), e);
	close(fd);
	if (rc == 1)
		rc = path_link_parse(target, &id);
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "%s/%s/%s: is not there",
		    d->path, path, q->reference);
	if (rc == -1)
		return err_wrap(e, "%s/%s", d->path, path);
	ret->digest = id.digest;
	snprintf(ret->media_type, sizeof(ret->media_type), "%s",
	    id.media_type);
	return 0;
}

/*
 * crane and buildpacks leave names away: whoever asks for one is told so, and
 * which digests there are.  Return 0 where something has a name.
 */
static int
refuse_nameless(const struct ocidir *d, const struct ocidir_question *q,
    struct err *e)
{
	char list[NAMELESS_SHOWN * (DIGEST_TEXT_MAX + 2) + 8] = "";
	char text[DIGEST_TEXT_MAX];
	size_t i, used = 0;

	for (i = 0; i < d->index.count; i++)
		if (d->index.entries[i].registry != NULL ||
		    d->index.entries[i].tag != NULL)
			return 0;
	if (d->index.count == 0)
		return err_set(e, ERR_NOT_FOUND, "%s/index.json: no image is "
		    "in it", d->path);
	for (i = 0; i < d->index.count && i < NAMELESS_SHOWN; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%s", i == 0 ? "" : ", ",
		    digest_text(&d->index.entries[i].digest, text));
	return err_set(e, ERR_NOT_FOUND, "%s/index.json: no image in it has a "
	    "name (org.opencontainers.image.ref.name), so no tag can be "
	    "found: write %s:TAG@DIGEST in the list; the digests are %s%s",
	    d->path, q->repository, list, i < d->index.count ? ", ..." : "");
}

static int
find_entry(const struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	const struct layout_entry *n;
	int rc;

	rc = layout_index_find(&d->index, q->registry, q->repository,
	    q->reference, is_own(d, q), &n, e);
	if (rc == -1)
		return err_wrap(e, "%s", d->path);
	if (rc == 1) {
		ret->digest = n->digest;
		snprintf(ret->media_type, sizeof(ret->media_type), "%s",
		    n->media_type);
		return 0;
	}
	if (refuse_nameless(d, q, e) == -1)
		return -1;
	if (layout_index_find(&d->index, q->registry,
	    q->repository, q->reference, true, &n, e) == 1)
		return err_set(e, ERR_NOT_FOUND, "%s/index.json: the tag %s "
		    "has no repository there: name one with --from "
		    "oci:DIR:REPOSITORY", d->path, q->reference);
	return err_set(e, ERR_NOT_FOUND, "%s/index.json: no %s/%s:%s in it",
	    d->path, q->registry, q->repository, q->reference);
}

static void
take_body(struct ocidir_answer *ret, json_t *json)
{
	ret->body = json_dumps(json, JSON_COMPACT);
	ret->size = ret->body == NULL ? 0 : strlen(ret->body);
	json_decref(json);
}

static void
add_tags(const struct ocidir *d, const char *registry, const char *repository,
    json_t *tags)
{
	const struct layout_entry *const *all;
	size_t i, count;

	all = layout_index_tags(&d->index, registry, repository, &count);
	for (i = 0; i < count; i++)
		json_array_append_new(tags, json_string(all[i]->tag));
}

/* The body that a registry would send (OCI distribution-spec, "Listing Tags"):
 * whoever asks reads it by the same code. */
static int
list_tags(const struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	char path[STORE_PATH_MAX];
	json_t *tags;

	if (d->is_tree) {
		path_repository(q->registry, q->repository, "_tags/list",
		    path);
		ret->fd = open_file(d, path, &ret->size, e);
		return ret->fd == -1 ? -1 : 0;
	}
	if (refuse_nameless(d, q, e) == -1)
		return -1;
	tags = json_array();
	add_tags(d, q->registry, q->repository, tags);
	if (is_own(d, q))
		add_tags(d, NULL, NULL, tags);
	take_body(ret, json_pack("{ss so}", "name", q->repository, "tags",
	    tags));
	return 0;
}

/* --- referrers --------------------------------------------------------- */

/* As the registry's own API would list it. */
static void
note_referrer(struct ocidir *d, const struct layout_entry *n, const char *buf,
    size_t len)
{
	struct manifest_id id = { .digest = n->digest };
	char text[DIGEST_TEXT_MAX], *described, *merged;
	const char *old, *one;
	struct manifest m;
	struct err ignored;

	if (manifest_parse(buf, len, n->media_type, &m, &ignored) == -1)
		return;
	snprintf(id.media_type, sizeof(id.media_type), "%s", m.media_type);
	if (m.has_subject &&
	    referrer_describe(buf, len, &id, &described, &ignored) == 0) {
		digest_text(&m.subject.digest, text);
		old = json_string_value(json_object_get(d->referrers, text));
		one = described;
		if (referrer_merge(old, &one, 1, &merged, &ignored) == 1) {
			json_object_set_new(d->referrers, text,
			    json_string(merged));
			free(merged);
		}
		free(described);
	}
	manifest_done(&m);
}

/*
 * A layout lists no referrers: what index.json has says itself which subject it
 * has.  What cannot be read here refers to nothing; whoever wants it is told.
 */
static void
scan_subjects(struct ocidir *d)
{
	char path[STORE_PATH_MAX], *buf;
	const struct layout_entry *n;
	struct digest have;
	struct err ignored;
	size_t i, len;

	d->referrers = json_object();
	for (i = 0; i < d->index.count; i++) {
		n = &d->index.entries[i];
		if (read_file(d, path_blob(&n->digest, path),
		    MANIFEST_BYTES_MAX, &buf, &len, &ignored) == -1)
			continue;
		digest_of(n->digest.alg, buf, len, &have);
		if (digest_equal(&have, &n->digest))
			note_referrer(d, n, buf, len);
		free(buf);
	}
}

/* Read at the first question: most runs ask none. */
static int
find_referrers(struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	char path[STORE_PATH_MAX], inner[DIGEST_TEXT_MAX + 16];
	const char *text;

	if (d->is_tree) {
		snprintf(inner, sizeof(inner), "_referrers/%s", q->reference);
		path_repository(q->registry, q->repository, inner, path);
		ret->fd = open_file(d, path, &ret->size, e);
		return ret->fd == -1 ? -1 : 0;
	}
	pthread_mutex_lock(&d->lock);
	if (d->referrers == NULL)
		scan_subjects(d);
	text = json_string_value(json_object_get(d->referrers, q->reference));
	if (text != NULL) {
		ret->body = xstrdup(text);
		ret->size = strlen(text);
	}
	pthread_mutex_unlock(&d->lock);
	return text != NULL ? 0 : err_set(e, ERR_NOT_FOUND,
	    "%s: nothing in it refers to %s", d->path, q->reference);
}

/* --- all kinds --------------------------------------------------------- */

static int
find_object(const struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	char path[STORE_PATH_MAX];
	int rc;

	if (!name_is_tag(q->reference))
		rc = digest_parse(q->reference, &ret->digest, e);
	else if (d->is_tree)
		rc = find_link(d, q, ret, e);
	else
		rc = find_entry(d, q, ret, e);
	if (rc == -1)
		return -1;
	assert(ret->fd == -1);
	ret->has_digest = true;
	path_blob(&ret->digest, path);
	ret->fd = open_file(d, path, &ret->size, e);
	return ret->fd == -1 ? -1 : 0;
}

int
ocidir_ask(struct ocidir *d, const struct ocidir_question *q,
    struct ocidir_answer *ret, struct err *e)
{
	if (strcmp(q->kind, "tags") == 0)
		return list_tags(d, q, ret, e);
	if (strcmp(q->kind, "referrers") == 0)
		return find_referrers(d, q, ret, e);
	return find_object(d, q, ret, e);
}

void
ocidir_answer_done(struct ocidir_answer *a)
{
	if (a->fd != -1)
		close(a->fd);
	free(a->body);
	memset(a, 0, sizeof(*a));
	a->fd = -1;
}
