#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "layout/fsutil.h"
#include "tests/unit/gc_tree.h"

/*
 * Somebody else can write to the volume.  Whatever lies in a place of the tree,
 * gc waits for nothing, removes and changes nothing outside of it, and takes
 * nothing of an image that stays.
 */
#define HEX	"ba7816bf8f01cfea414140de5dae2223" \
		"b00361a396177a9cb410ff61f20015ad"

static const char *const kinds[] = {
	"pipe", "link", "dangling", "folder link", "folder", "full folder",
	"hard link", "huge",
};

/* "%1": a digest of an image that stays, "%2": of one that goes; of its
 * manifest, or with "l" behind it of its layer. */
static const char *const places[] = {
	"blobs/sha256/%1l", "blobs/sha256/%2l", "blobs/sha256/%2",
	"blobs/sha256/" HEX, "blobs/sha256/strange", "blobs/sha512/" HEX,
	"blobs/sha256", "blobs/sha512", "blobs",
	"manifests/" IMAGE "/sha256/%1", "manifests/" IMAGE "/sha256/%2",
	"manifests/" IMAGE "/sha256/" HEX, "manifests/" IMAGE "/sha256/x",
	"manifests/" IMAGE "/sha256", "manifests/" IMAGE,
	"manifests/application", "manifests/application/x", "manifests",
	REPO "_manifests/1", REPO "_manifests/2", REPO "_manifests/3",
	REPO "_manifests/sha256:%1", REPO "_manifests/sha256:%2",
	REPO "_manifests/sha256:" HEX, REPO "_manifests/-", REPO "_manifests",
	REPO "_history/1", REPO "_history/2", REPO "_history/3",
	REPO "_history/sha256:" HEX, REPO "_history",
	REPO "_held/1", REPO "_held/2", REPO "_held/3", REPO "_held",
	REPO "_tags/list", REPO "_tags", REPO "_default",
	REPO "_default/sha256:%2", REPO "_default/sha256:" HEX,
	REPO "_referrers", REPO "_referrers/sha256:%1",
	REPO "_referrers/sha256:%2", REPO "_referrers/sha256:" HEX,
	REPO "below", "repos/docker.io/library", "repos/docker.io/other",
	"repos/docker.io", "repos/evil.example", "repos/x", "repos",
	"_state/condemned", "_state/reserve", "_state/dirty",
	"_state/quarantine", "_state/quarantine/" HEX, "_state/partial/"
	"sha256:" HEX, "_state/partial/sha256:" HEX ".ranges",
};

static char *
place_of(const char *place, const char *one, const char *two, char buf[512])
{
	const char *at = strchr(place, '%'), *hex;

	if (at == NULL) {
		snprintf(buf, 512, "%s", place);
		return buf;
	}
	hex = at[1] == '1' ? one : two;
	snprintf(buf, 512, "%.*s%s", (int)(at - place), place,
	    hex + (at[2] == 'l' ? DIGEST_HEX_MAX : 0));
	return buf;
}

static void
hex_of(const struct digest *d, const char *layer, char buf[2][DIGEST_HEX_MAX])
{
	struct digest l;

	digest_hex(d, buf[0]);
	digest_of(DIGEST_SHA256, layer, strlen(layer), &l);
	digest_hex(&l, buf[1]);
}

/* What lies outside, and is to stay as it is. */
static void
make_outside(const struct scratch *s)
{
	char path[300];
	size_t i;
	static const char *const names[] = {
		"victim", "folder/" HEX, "folder/sha256:" HEX, "folder/3",
		"folder/list", "folder/_tags/list", "folder/sha256/" HEX,
	};

	mkdirat(s->dir, "folder", 0755);
	mkdirat(s->dir, "folder/_tags", 0755);
	mkdirat(s->dir, "folder/sha256", 0755);
	mkdirat(s->dir, "folder/empty", 0755);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s", names[i]);
		scratch_put(s, path, "precious");
	}
}

static void
check_outside(const struct scratch *s, const char *what)
{
	char *text = scratch_get(s, "victim");
	struct stat sb;

	if (scratch_count(s, "folder") != 7 ||
	    !scratch_has(s, "folder/_tags/list") ||
	    !scratch_has(s, "folder/sha256/" HEX) || text == NULL ||
	    strcmp(text, "precious") != 0 ||
	    fstatat(s->dir, "victim", &sb, 0) == -1)
		fail_msg("%s: something outside was removed", what);
	free(text);
}

static bool
plant(const struct scratch *outside, int at, const char *kind,
    const char *path)
{
	char target[200], parent[520];
	int fd;

	snprintf(parent, sizeof(parent), "%.510s", path);
	if (strrchr(parent, '/') != NULL) {
		*strrchr(parent, '/') = '\0';
		(void)mkdirat(at, parent, 0755);
	}
	if (fs_remove(at, path) == -1 && errno != ENOENT)
		return false;
	snprintf(target, sizeof(target), "%s/%s", outside->path,
	    strcmp(kind, "folder link") == 0 ? "folder" :
	    strcmp(kind, "dangling") == 0 ? "none" : "victim");
	if (strcmp(kind, "pipe") == 0)
		return mkfifoat(at, path, 0600) == 0;
	if (strcmp(kind, "hard link") == 0)
		return linkat(AT_FDCWD, target, at, path, 0) == 0;
	if (strcmp(kind, "link") == 0 || strcmp(kind, "dangling") == 0 ||
	    strcmp(kind, "folder link") == 0)
		return symlinkat(target, at, path) == 0;
	if (strcmp(kind, "huge") == 0) {
		fd = openat(at, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || ftruncate(fd, (off_t)1 << 40) == -1)
			return false;
		close(fd);
		return true;
	}
	if (mkdirat(at, path, 0755) == -1)
		return false;
	if (strcmp(kind, "folder") == 0)
		return true;
	snprintf(parent, sizeof(parent), "%.510s/file", path);
	fd = openat(at, parent, O_WRONLY | O_CREAT, 0600);
	close(fd);
	return fd != -1;
}

/* Only what was planted in a place of its own may be missing. */
static void
check_image(const struct tree *t, const struct manifest_id *id,
    const char *path, const char *what)
{
	char paths[5][STORE_PATH_MAX], text[DIGEST_TEXT_MAX];
	struct digest d;
	size_t i;

	path_manifest(id, paths[0]);
	digest_of(DIGEST_SHA256, "one layer", 9, &d);
	path_blob(&d, paths[1]);
	digest_of(DIGEST_SHA256, "one config", 10, &d);
	path_blob(&d, paths[2]);
	snprintf(paths[3], STORE_PATH_MAX, REPO "_manifests/1");
	snprintf(paths[4], STORE_PATH_MAX, REPO "_manifests/%s",
	    digest_text(&id->digest, text));
	for (i = 0; i < 5; i++)
		if (strncmp(paths[i], path, strlen(path)) != 0 &&
		    !scratch_has(t->dir, paths[i]))
			fail_msg("%s: %s has gone", what, paths[i]);
}

/* Where the links of a repository, or its folders, are somebody's, its images
 * are none any more. */
static bool
hides(const char *path)
{
	return strncmp(REPO "_manifests/1", path, strlen(path)) == 0 ||
	    strncmp(path, REPO "_manifests/sha256:", 22 + 18) == 0 ||
	    strncmp(path, "manifests", 9) == 0;
}

static void
try_one(const char *place, const char *kind)
{
	char one[2][DIGEST_HEX_MAX], two[2][DIGEST_HEX_MAX], path[512];
	char what[600];
	void *inner = NULL, *state = NULL;
	struct manifest_id a, b;
	struct scratch *outside;
	struct tree *t;

	assert_int_equal(scratch_setup(&state), 0);
	outside = state;
	make_outside(outside);
	assert_int_equal(tree_setup(&inner), 0);
	t = inner;
	a = tree_tag(t, "1", "one");
	b = tree_tag(t, "2", "two");
	hex_of(&a.digest, "one layer", one);
	hex_of(&b.digest, "two layer", two);
	t->verdicts[0].prefix = "2";
	t->verdicts[0].verdict.kind = GC_GO;
	t->options.grace_s = 0;
	place_of(place, one[0], two[0], path);
	snprintf(what, sizeof(what), "a %s at %s", kind, path);
	if (plant(outside, t->dir->dir, kind, path)) {
		(void)tree_gc(t, DAY);
		check_outside(outside, what);
		if (!hides(path))
			check_image(t, &a, path, what);
		(void)tree_gc(t, DAY);
		check_outside(outside, what);
	}
	tree_teardown(&inner);
	scratch_teardown(&state);
}

static void
test_planted(void **state)
{
	size_t i, j;

	(void)state;
	scratch_in_memory();
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
			/* A pipe that was opened would wait for ever. */
			alarm(30);
			try_one(places[i], kinds[j]);
			alarm(0);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
