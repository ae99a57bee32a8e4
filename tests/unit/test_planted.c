#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "layout/fsutil.h"
#include "layout/path.h"
#include "layout/store.h"
#include "tests/unit/scratch.h"

/*
 * Whatever somebody puts in the place of a file of the tree: nothing waits for
 * it, nothing that it leads to is changed, and it harms at most its own image;
 * or the tree is refused by its name.
 */

#define TYPE	"application/vnd.oci.image.manifest.v1+json"
#define REPO	"repos/docker.io/x/"
#define HEX	"ba7816bf8f01cfea414140de5dae2223" \
		"b00361a396177a9cb410ff61f20015ad"	/* of "abc" */
#define PRECIOUS "4711 precious\n"

enum harm {
	NONE,			/* all goes on */
	IMAGE,			/* this image may fail */
	TREE			/* the tree is refused */
};

static const struct {
	const char *path;
	enum harm harm;
} places[] = {
	{ "cdr-layout", TREE },
	{ "_state/lock", TREE },
	{ "_state/publish", TREE },
	{ "_state/keep.lock", TREE },
	{ "_state/unclean", NONE },
	{ "_state/clean", NONE },
	{ "_state/dirty", NONE },
	{ "_state/quota.json", NONE },
	{ "_state/created", NONE },
	{ "_state/notify", NONE },
	{ "_state/tmp/0", NONE },
	{ "_state/tmp/1", NONE },
	{ "_state/partial/sha256:" HEX, NONE },
	{ "_state/partial/sha256:" HEX ".ranges", NONE },
	{ "_state/partial/strange", NONE },
	{ REPO "_history/1", IMAGE },
	{ REPO "_held/1", IMAGE },
	{ REPO "_tags/list", IMAGE },
	{ REPO "_referrers/sha256:" HEX, IMAGE },
	{ REPO "_manifests/1", IMAGE },
};

static const char *const kinds[] = {
	"a pipe", "a link", "a dangling link", "a link to a folder",
	"a folder", "a full folder", "a socket", "a device", "a huge file",
};

struct fixture {
	struct scratch *dir;
	struct scratch tree;
	struct store *st;
	struct manifest_id one, two;
	struct err e;
};

/* Return false where this process may not make such a thing. */
static bool
plant(struct fixture *f, const char *kind, const char *path)
{
	int at = f->tree.dir, fd;
	char inner[300], target[100];
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	if (strchr(path, '/') != NULL) {
		snprintf(inner, sizeof(inner), "%.*s",
		    (int)(strrchr(path, '/') - path), path);
		(void)mkdirat(at, inner, 0755);
	}
	snprintf(target, sizeof(target), "%s/%s", f->dir->path,
	    strcmp(kind, "a link") == 0 ? "victim" :
	    strcmp(kind, "a dangling link") == 0 ? "none" : "folder");
	assert_int_equal(fs_remove(at, path), 0);
	if (strcmp(kind, "a pipe") == 0)
		return mkfifoat(at, path, 0600) == 0;
	if (strstr(kind, "link") != NULL)
		return symlinkat(target, at, path) == 0;
	if (strcmp(kind, "a device") == 0)
		return mknodat(at, path, S_IFCHR | 0600, makedev(1, 5)) == 0;
	if (strcmp(kind, "a socket") == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		snprintf(where.sun_path, sizeof(where.sun_path), "socket");
		if (bind(fd, (struct sockaddr *)&where, sizeof(where)) == -1)
			return false;
		close(fd);
		return renameat(AT_FDCWD, "socket", at, path) == 0;
	}
	if (strcmp(kind, "a huge file") == 0) {
		fd = openat(at, path, O_WRONLY | O_CREAT, 0600);
		assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
		close(fd);
		return true;
	}
	assert_int_equal(mkdirat(at, path, 0700), 0);
	if (strcmp(kind, "a full folder") == 0) {
		snprintf(inner, sizeof(inner), "%s/deep", path);
		assert_int_equal(mkdirat(at, inner, 0700), 0);
		snprintf(inner, sizeof(inner), "%s/deep/link", path);
		assert_int_equal(symlinkat(target, at, inner), 0);
		snprintf(inner, sizeof(inner), "%s/file", path);
		scratch_put(&f->tree, inner, "x");
	}
	return true;
}

static void
make_manifest(struct fixture *f, const char *text, struct manifest_id *id)
{
	struct staged *staged = NULL;
	struct err *result = &f->e;

	snprintf(id->media_type, sizeof(id->media_type), "%s", TYPE);
	digest_of(DIGEST_SHA256, text, strlen(text), &id->digest);
	if (store_stage_manifest(f->st, id, text, strlen(text), &staged,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	store_commit(f->st, &staged, 1, &result);
	assert_int_equal(f->e.code, ERR_NONE);
}

static int
merge(const char *old, const char *const *descriptors, size_t count,
    char **ret, struct err *e)
{
	(void)old;
	(void)descriptors;
	(void)count;
	(void)e;
	*ret = strdup("{}");
	return 1;
}

static int
publish(struct fixture *f, const char *repository,
    const struct manifest_id *root)
{
	char text[] = "{}";
	struct referral referral = { .descriptor = text };
	struct publication p = {
		.registry = "docker.io",
		.repository = repository,
		.tag = "1",
		.root = *root,
		.manifests = root,
		.count = 1,
		.referrals = &referral,
		.referral_count = 1,
		.merge = merge,
	};

	digest_of(DIGEST_SHA256, "abc", 3, &referral.subject);
	f->e.code = ERR_NONE;
	return store_publish(f->st, &p, 1, &f->e);
}

/* A tree with one image; and beside it what is precious. */
static void
begin(struct fixture *f)
{
	scratch_put(f->dir, "victim", PRECIOUS);
	assert_int_equal(mkdirat(f->dir->dir, "folder", 0755), 0);
	scratch_put(f->dir, "folder/victim", PRECIOUS);
	if (store_open(f->tree.path, STORE_WRITE, &f->st, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	make_manifest(f, "{\"n\":1}", &f->one);
	make_manifest(f, "{\"n\":2}", &f->two);
	assert_int_equal(publish(f, "x", &f->one), 0);
	assert_int_equal(store_finish(f->st, &f->e), 0);
	store_close(f->st);
	f->st = NULL;
	f->tree.dir = open(f->tree.path, O_RDONLY | O_DIRECTORY);
}

static void
end(struct fixture *f)
{
	char *text = scratch_get(f->dir, "victim");

	assert_string_equal(text, PRECIOUS);
	free(text);
	text = scratch_get(f->dir, "folder/victim");
	assert_non_null(text);
	assert_string_equal(text, PRECIOUS);
	free(text);
	assert_int_equal(scratch_mode(f->dir, "victim"), 0644);
	assert_false(scratch_has(f->dir, "none"));
	assert_int_equal(scratch_count(f->dir, "folder"), 1);
	close(f->tree.dir);
	scratch_remove(AT_FDCWD, "tree");
	scratch_remove(AT_FDCWD, "victim");
	scratch_remove(AT_FDCWD, "folder");
}

static void
write_blob(struct fixture *f)
{
	struct err *result = &f->e;
	struct blob_writer *w;
	struct staged *staged = NULL;
	struct digest id;

	f->e.code = ERR_NONE;
	digest_of(DIGEST_SHA256, "abc", 3, &id);
	if (blob_writer_open(f->st, &id, 3, &w, &f->e) == -1 ||
	    blob_writer_resume(w, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	if (blob_writer_put(w, 2, "c", 1, &f->e) == -1 ||
	    blob_writer_put(w, 0, "ab", 2, &f->e) == -1 ||
	    blob_writer_finish(w, &staged, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	store_commit(f->st, &staged, 1, &result);
	if (f->e.code != ERR_NONE)
		fail_msg("%s", f->e.msg);
	assert_true(scratch_has(&f->tree, "blobs/sha256/" HEX));
}

static int
count_one(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct fixture *f = cookie;
	char when[STORE_TIME_MAX];

	(void)id;
	return store_published_at(f->st, registry, repository, reference, when,
	    e) == -1 ? -1 : 0;
}

/* What a run does, and what it reads from the one before. */
static void
run(struct fixture *f, const char *path, enum harm harm)
{
	char *text = NULL;
	size_t len;

	if (publish(f, "x", &f->two) == -1 &&
	    (harm != IMAGE || strstr(f->e.msg, path) == NULL))
		fail_msg("it says: %s", f->e.msg);
	if (publish(f, "y", &f->one) == -1)
		fail_msg("another image: %s", f->e.msg);
	write_blob(f);
	if (store_write_state(f->st, "quota.json", "{}", 2, &f->e) == -1 ||
	    store_write_state(f->st, "created", "", 0, &f->e) == -1 ||
	    store_write_state(f->st, "notify", "", 0, &f->e) == -1 ||
	    store_append_state(f->st, "notify", "x", 1, &f->e) == -1 ||
	    store_read_state(f->st, "quota.json", 10, &text, &len,
	    &f->e) != 1)
		fail_msg("%s", f->e.msg);
	free(text);
	if (harm == NONE && (store_finish(f->st, &f->e) == -1 ||
	    store_each_reference(f->st, count_one, f, &f->e) == -1))
		fail_msg("%s", f->e.msg);
	(void)store_finish(f->st, &f->e);
}

static void
try_one(struct fixture *f, const char *path, const char *kind, enum harm harm)
{
	int rc;

	rc = store_open(f->tree.path, STORE_WRITE, &f->st, &f->e);
	if (harm == TREE) {
		if (rc == 0 && strcmp(kind, "a huge file") == 0 &&
		    strcmp(path, "cdr-layout") != 0)
			return;		/* it is a lock all the same */
		assert_int_equal(rc, -1);
		assert_int_equal(f->e.code, ERR_STORE);
		if (strstr(f->e.msg, path) == NULL)
			fail_msg("%s at %s: %s", kind, path, f->e.msg);
		return;
	}
	if (rc == -1)
		fail_msg("%s at %s: %s", kind, path, f->e.msg);
	run(f, path, harm);
	store_close(f->st);
	f->st = NULL;
	/* And the next one, with nothing planted since. */
	if (store_open(f->tree.path, STORE_WRITE, &f->st, &f->e) == -1)
		fail_msg("%s at %s, once more: %s", kind, path, f->e.msg);
	/* A file may be a part of a blob, and goes when it is old. */
	if (strcmp(kind, "a huge file") != 0)
		assert_false(scratch_has(&f->tree, "_state/partial/strange"));
	assert_int_equal(scratch_count(&f->tree, "_state/tmp"), 0);
}

static void
test_places(void **state)
{
	struct fixture f = { .dir = *state };
	char cwd[1024];
	size_t i, k;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(f.dir->path), 0);
	snprintf(f.tree.path, sizeof(f.tree.path), "tree");
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			print_message("# %s at %s\n", kinds[k],
			    places[i].path);
			/* The signal ends the program, and shows where. */
			alarm(30);
			begin(&f);
			if (plant(&f, kinds[k], places[i].path))
				try_one(&f, places[i].path, kinds[k],
				    places[i].harm);
			store_close(f.st);
			f.st = NULL;
			end(&f);
		}
	alarm(0);
	assert_int_equal(chdir(cwd), 0);
}

/* A folder of ours that is a link: nothing is swept where it leads. */
static void
test_folders(void **state)
{
	static const char *const folders[] = {
		"_state", "_state/tmp", "_state/partial",
	};
	struct fixture f = { .dir = *state };
	char cwd[1024], away[100], target[100];
	size_t i;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(f.dir->path), 0);
	snprintf(f.tree.path, sizeof(f.tree.path), "tree");
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		begin(&f);
		snprintf(away, sizeof(away), "away%zu", i);
		assert_int_equal(renameat(f.tree.dir, folders[i], f.tree.dir,
		    away), 0);
		snprintf(target, sizeof(target), "%s/folder", f.dir->path);
		assert_int_equal(symlinkat(target, f.tree.dir, folders[i]),
		    0);
		assert_int_equal(store_open("tree", STORE_WRITE, &f.st, &f.e),
		    -1);
		assert_non_null(strstr(f.e.msg, folders[i]));
		end(&f);
	}
	assert_int_equal(chdir(cwd), 0);
}

/* Whatever lies in the place of a manifest is none: neither a list nor a search
 * says that it is here. */
static void
test_manifest(void **state)
{
	struct fixture f = { .dir = *state };
	char cwd[1024], path[STORE_PATH_MAX], hex[DIGEST_TEXT_MAX], *text;
	struct manifest_id found;
	size_t k;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(f.dir->path), 0);
	snprintf(f.tree.path, sizeof(f.tree.path), "tree");
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		alarm(30);
		begin(&f);
		digest_text(&f.one.digest, hex);
		snprintf(path, sizeof(path), "manifests/%s/sha256/%s", TYPE,
		    hex + strlen("sha256:"));
		assert_true(scratch_has(&f.tree, path));
		if (plant(&f, kinds[k], path) &&
		    strcmp(kinds[k], "a huge file") != 0) {
			assert_int_equal(store_open(f.tree.path, STORE_WRITE,
			    &f.st, &f.e), 0);
			/* A blob with the same bytes: looked for by type. */
			path_blob(&f.one.digest, path);
			assert_int_equal(fs_remove(f.tree.dir, path), 0);
			scratch_put(&f.tree, path, "{\"n\":1}");
			assert_int_equal(store_manifest_find(f.st,
			    &f.one.digest, &found, &f.e), 0);
			assert_int_equal(store_manifest_find(f.st,
			    &f.two.digest, &found, &f.e), 1);
			assert_int_equal(publish(&f, "y", &f.two), 0);
			assert_int_equal(store_finish(f.st, &f.e), 0);
			text = scratch_get(&f.tree, "index.json");
			assert_non_null(text);
			assert_null(strstr(text, hex));
			assert_non_null(strstr(text, "docker.io/y:1"));
			free(text);
		}
		store_close(f.st);
		f.st = NULL;
		end(&f);
	}
	alarm(0);
	assert_int_equal(chdir(cwd), 0);
}

/* A repository that is a link out of the tree: nothing is written there, and
 * the other images do not mind. */
static void
test_repository(void **state)
{
	struct fixture f = { .dir = *state };
	char cwd[1024], target[100];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(f.dir->path), 0);
	snprintf(f.tree.path, sizeof(f.tree.path), "tree");
	begin(&f);
	snprintf(target, sizeof(target), "%s/folder", f.dir->path);
	assert_int_equal(symlinkat(target, f.tree.dir, "repos/docker.io/z"),
	    0);
	assert_int_equal(store_open("tree", STORE_WRITE, &f.st, &f.e), 0);
	assert_int_equal(publish(&f, "z", &f.one), -1);
	assert_non_null(strstr(f.e.msg, "repos/docker.io/z"));
	assert_int_equal(publish(&f, "y", &f.one), 0);
	assert_int_equal(store_finish(f.st, &f.e), 0);
	store_close(f.st);
	end(&f);
	assert_int_equal(chdir(cwd), 0);
}

/* --- the openings themselves --- */

typedef int open_fn(int, const char *, int, mode_t);

static void
expect_open(const struct scratch *s, const char *path, int flags, int want)
{
	static open_fn *const ways[] = { fs_open, fs_open_stepwise };
	size_t i;
	int fd;

	for (i = 0; i < 2; i++) {
		errno = 0;
		fd = ways[i](s->dir, path, flags, 0600);
		if ((fd == -1 ? errno : 0) != want)
			fail_msg("%s, way %zu: %d", path, i, errno);
		if (fd != -1) {
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
		}
	}
}

static void
test_open(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(mkdirat(s->dir, "d", 0755), 0);
	assert_int_equal(mkdirat(s->dir, "d/e", 0755), 0);
	scratch_put(s, "d/e/f", "x");
	assert_int_equal(symlinkat("d", s->dir, "ld"), 0);
	assert_int_equal(symlinkat("d/e/f", s->dir, "lf"), 0);
	assert_int_equal(mkfifoat(s->dir, "pipe", 0600), 0);
	expect_open(s, "d/e/f", O_RDONLY, 0);
	expect_open(s, ".", O_RDONLY | O_DIRECTORY, 0);
	expect_open(s, "d/e", O_RDONLY | O_DIRECTORY, 0);
	expect_open(s, "d/e/g", O_RDONLY, ENOENT);
	expect_open(s, "d/x/g", O_RDONLY, ENOENT);
	expect_open(s, "d/e/new", O_RDWR | O_CREAT, 0);
	expect_open(s, "d/e/new", O_RDWR | O_CREAT | O_EXCL, EEXIST);
	expect_open(s, "d/e/f/g", O_RDONLY, ENOTDIR);
	expect_open(s, "lf", O_RDONLY, ELOOP);
	expect_open(s, "lf", O_RDWR | O_CREAT, ELOOP);
	expect_open(s, "pipe", O_RDONLY, 0);
	expect_open(s, "pipe", O_WRONLY, ENXIO);
	expect_open(s, "d/../../etc/passwd", O_RDONLY, EXDEV);
	expect_open(s, "/etc/passwd", O_RDONLY, EXDEV);
	assert_int_equal(fs_open(s->dir, "ld/e/f", O_RDONLY, 0), -1);
	assert_int_equal(fs_open_stepwise(s->dir, "ld/e/f", O_RDONLY, 0), -1);
}

/* Links within, and none that leads out. */
static void
test_open_linked(void **state)
{
	struct scratch *s = *state;
	int fd;

	assert_int_equal(mkdirat(s->dir, "d", 0755), 0);
	scratch_put(s, "d/f", "x");
	assert_int_equal(symlinkat("../d/f", s->dir, "d/in"), 0);
	assert_int_equal(symlinkat("/etc/passwd", s->dir, "out"), 0);
	assert_int_equal(symlinkat("../../etc/passwd", s->dir, "up"), 0);
	fd = fs_open_linked(s->dir, "d/in", O_RDONLY);
	if (fd == -1 && errno == ENOSYS)
		skip();
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(fs_open_linked(s->dir, "out", O_RDONLY), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fs_open_linked(s->dir, "up", O_RDONLY), -1);
	assert_int_equal(errno, EXDEV);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, \
			    scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_places),
		TEST(test_folders),
		TEST(test_manifest),
		TEST(test_repository),
		TEST(test_open),
		TEST(test_open_linked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
