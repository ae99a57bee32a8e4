#ifndef CDR_TESTS_GC_TREE_H
#define CDR_TESTS_GC_TREE_H

/*
 * Trees for the tests of gc.  Manifests are lines, "config DIGEST", "blob
 * DIGEST" or "entry DIGEST", since the library knows no JSON.  Included after
 * <cmocka.h>.
 */
#include <stdarg.h>
#include <time.h>

#include "layout/gc.h"
#include "tests/unit/scratch.h"

#define IMAGE	"application/vnd.oci.image.manifest.v1+json"
#define INDEX	"application/vnd.oci.image.index.v1+json"
#define OPAQUE	"application/vnd.example.else"
#define REPO	"repos/docker.io/library/x/"
#define DAY	(24 * 3600)
/* 2026-11-20, and so are the histories. */
#define NOW	1795132800

struct tree {
	struct scratch *dir;
	struct store *st;
	struct gc_rules rules;
	struct gc_options options;
	struct gc_totals totals;
	struct err e;
	/* What judge says: of "r" the first whose name is a prefix. */
	struct {
		const char *prefix;
		struct gc_verdict verdict;
	} verdicts[8];
	struct digest used, pin;
	bool stop;
	char told[8192];
};

static inline int
tree_children(void *cookie, const struct manifest_id *id, const char *buf,
    size_t len, child_fn *fn, void *fn_cookie, struct err *e)
{
	char kind[16], text[DIGEST_TEXT_MAX];
	struct child child;
	const char *at;
	int used;

	(void)cookie;
	if (strcmp(id->media_type, OPAQUE) == 0)
		return 0;
	if (len == 0)
		return err_set(e, ERR_DATA, "empty");
	for (at = buf; *at != '\0'; at += used) {
		if (sscanf(at, "%15s %135s %n", kind, text, &used) != 2)
			return err_set(e, ERR_DATA, "no line: %s", at);
		memset(&child, 0, sizeof(child));
		child.is_entry = strcmp(kind, "entry") == 0;
		child.is_config = strcmp(kind, "config") == 0;
		if (strcmp(kind, "note") == 0)
			continue;
		if (digest_parse(text, &child.digest, e) == -1)
			return -1;
		if (fn(fn_cookie, &child, e) == -1)
			return -1;
	}
	return 1;
}

static inline int
tree_judge(void *cookie, const struct gc_reference *r, struct gc_verdict *ret,
    struct err *e)
{
	struct tree *t = cookie;
	size_t i;

	(void)e;
	*ret = (struct gc_verdict){ .kind = GC_KEEP, .keep = 1 };
	for (i = 0; t->verdicts[i].prefix != NULL; i++)
		if (strncmp(r->reference, t->verdicts[i].prefix,
		    strlen(t->verdicts[i].prefix)) == 0) {
			*ret = t->verdicts[i].verdict;
			break;
		}
	return 0;
}

static inline bool
tree_in_use(void *cookie, const struct digest *d)
{
	return digest_equal(&((struct tree *)cookie)->used, d);
}

static inline bool
tree_pinned(void *cookie, const char *registry, const char *repository,
    const struct digest *d)
{
	return strcmp(registry, "docker.io") == 0 &&
	    strcmp(repository, "library/x") == 0 &&
	    digest_equal(&((struct tree *)cookie)->pin, d);
}

static inline int
tree_filter(void *cookie, const char *list,
    bool (*keep)(void *, const struct digest *), void *keep_cookie,
    char **ret, struct err *e)
{
	char *fresh = calloc(1, strlen(list) + 160), text[DIGEST_TEXT_MAX];
	size_t dropped = 0;
	struct digest d;
	int used;

	(void)cookie;
	for (; sscanf(list, "entry %135s %n", text, &used) == 1;
	    list += used) {
		assert_int_equal(digest_parse(text, &d, e), 0);
		if (keep(keep_cookie, &d))
			snprintf(fresh + strlen(fresh), 160, "entry %s\n",
			    text);
		else
			dropped++;
	}
	*ret = dropped > 0 && fresh[0] != '\0' ? fresh : NULL;
	if (*ret != NULL)
		return 1;
	used = dropped > 0 ? 2 : 0;
	free(fresh);
	return used;
}

static inline void
tree_tell(void *cookie, const struct gc_event *event)
{
	static const char *const kinds[] = {
		"image", "manifest", "blob", "partial", "quarantine", "other"
	};
	static const char *const whys[] = {
		"term", "room", "subject", "asked", "unreached"
	};
	struct tree *t = cookie;
	size_t len = strlen(t->told);

	snprintf(t->told + len, sizeof(t->told) - len, "%s %s %s\n",
	    kinds[event->kind], whys[event->why], event->name);
}

static inline bool
tree_is_stopped(void *cookie)
{
	return ((struct tree *)cookie)->stop;
}

static inline int
tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (scratch_setup((void **)&t->dir) == -1 || store_open(t->dir->path,
	    STORE_WRITE, &t->st, &t->e) == -1)
		return -1;
	t->rules = (struct gc_rules){ .judge = tree_judge,
	    .children = tree_children, .filter = tree_filter,
	    .tell = tree_tell, .is_stopped = tree_is_stopped, .cookie = t };
	t->options = (struct gc_options){ .now = NOW, .grace_s = DAY,
	    .max_delete = 100 };
	*state = t;
	return 0;
}

static inline int
tree_teardown(void **state)
{
	struct tree *t = *state;
	void *dir = t->dir;

	store_close(t->st);
	free(t);
	return scratch_teardown(&dir);
}

/* A blob of these bytes. */
static inline struct digest
tree_blob(struct tree *t, const char *text)
{
	struct err *result = &t->e;
	struct staged *staged = NULL;
	struct blob_writer *w;
	struct digest d;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	assert_int_equal(blob_writer_open(t->st, &d, strlen(text), &w, &t->e),
	    0);
	assert_int_equal(blob_writer_add(w, text, strlen(text), &t->e), 0);
	assert_int_equal(blob_writer_finish(w, &staged, &t->e), 0);
	store_commit(t->st, &staged, 1, &result);
	assert_int_equal(t->e.code, ERR_NONE);
	return d;
}

static inline struct manifest_id
tree_manifest(struct tree *t, const char *type, const char *text)
{
	struct err *result = &t->e;
	struct staged *staged = NULL;
	struct manifest_id id;

	memset(&id, 0, sizeof(id));
	snprintf(id.media_type, sizeof(id.media_type), "%s", type);
	digest_of(DIGEST_SHA256, text, strlen(text), &id.digest);
	if (store_stage_manifest(t->st, &id, text, strlen(text), &staged,
	    &t->e) == -1)
		fail_msg("%s", t->e.msg);
	store_commit(t->st, &staged, 1, &result);
	assert_int_equal(t->e.code, ERR_NONE);
	return id;
}

/* An image whose configuration and one layer are "NAME config" and "NAME
 * layer". */
static inline struct manifest_id
tree_image(struct tree *t, const char *name)
{
	char text[512], config[DIGEST_TEXT_MAX], layer[DIGEST_TEXT_MAX];
	struct digest d;

	snprintf(text, sizeof(text), "%s config", name);
	d = tree_blob(t, text);
	digest_text(&d, config);
	snprintf(text, sizeof(text), "%s layer", name);
	d = tree_blob(t, text);
	digest_text(&d, layer);
	snprintf(text, sizeof(text), "config %s\nblob %s\n", config, layer);
	return tree_manifest(t, IMAGE, text);
}

/* tree_publish(t, tag, ids, count): the first is the root; ${tag} NULL: by its
 * digest. */
static inline void
tree_publish(struct tree *t, const char *tag, const struct manifest_id *ids,
    size_t count)
{
	struct publication p = {
		.registry = "docker.io",
		.repository = "library/x",
		.tag = tag,
		.root = ids[0],
		.manifests = ids,
		.count = count,
	};

	if (store_publish(t->st, &p, 1, &t->e) == -1)
		fail_msg("%s", t->e.msg);
}

/* An image of that name under that tag. */
static inline struct manifest_id
tree_tag(struct tree *t, const char *tag, const char *name)
{
	struct manifest_id id = tree_image(t, name);

	tree_publish(t, tag, &id, 1);
	return id;
}

static inline bool
tree_has_blob(const struct tree *t, const char *text)
{
	char path[STORE_PATH_MAX];
	struct digest d;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	return scratch_has(t->dir, path_blob(&d, path));
}

/* All of it: manifest, link in blobs/, configuration and layer. */
static inline bool
tree_has(const struct tree *t, const char *name, const struct manifest_id *id)
{
	char path[STORE_PATH_MAX], text[64];
	int have = 0;

	have += scratch_has(t->dir, path_manifest(id, path));
	have += scratch_has(t->dir, path_blob(&id->digest, path));
	snprintf(text, sizeof(text), "%s config", name);
	have += tree_has_blob(t, text);
	snprintf(text, sizeof(text), "%s layer", name);
	have += tree_has_blob(t, text);
	assert_true(have == 0 || have == 4);
	return have == 4;
}

static inline bool
tree_has_link(const struct tree *t, const struct digest *d)
{
	char path[STORE_PATH_MAX], text[DIGEST_TEXT_MAX];

	snprintf(path, sizeof(path), REPO "_manifests/%s",
	    digest_text(d, text));
	return scratch_has(t->dir, path);
}

/* A run, ${later} seconds after the one before; what it told is in t->told. */
static inline enum gc_end
tree_gc(struct tree *t, int64_t later)
{
	t->options.now += later;
	t->told[0] = '\0';
	t->e.msg[0] = '\0';
	return gc_run(t->st, &t->rules, &t->options, &t->totals, &t->e);
}

#endif
