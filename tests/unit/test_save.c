#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bundle/save.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "scratch.h"

#define OCI_MANIFEST	"application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG	"application/vnd.oci.image.config.v1+json"
#define OCI_LAYER	"application/vnd.oci.image.layer.v1.tar"

struct fixture {
	struct scratch *dir;
	struct store *st;
	struct err e;
	unsigned warnings;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[128];
	void *dir;

	if (scratch_setup(&dir) == -1)
		return -1;
	f->dir = dir;
	*state = f;
	snprintf(path, sizeof(path), "%s/root", f->dir->path);
	return store_open(path, STORE_WRITE, &f->st, &f->e);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *dir = f->dir;

	store_close(f->st);
	free(f);
	return scratch_teardown(&dir);
}

static void
commit(struct fixture *f, struct staged *staged)
{
	struct err *result = &f->e;

	f->e.code = ERR_NONE;
	store_commit(f->st, &staged, 1, &result);
	if (f->e.code != ERR_NONE)
		fail_msg("%s", f->e.msg);
}

static void
put_blob(struct fixture *f, const char *text, char digest[DIGEST_TEXT_MAX])
{
	struct blob_writer *w;
	struct staged *staged = NULL;
	struct digest d;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	digest_text(&d, digest);
	if (blob_writer_open(f->st, &d, strlen(text), &w, &f->e) == -1 ||
	    blob_writer_resume(w, &f->e) == -1 ||
	    blob_writer_add(w, text, strlen(text), &f->e) == -1 ||
	    blob_writer_finish(w, &staged, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	commit(f, staged);
}

/* An image of one empty layer for linux/ARCH; with a layer that is not there
 * where ${is_whole} is false. */
static struct manifest_id
put_image(struct fixture *f, const char *tag, const char *arch, bool is_whole)
{
	char config_digest[DIGEST_TEXT_MAX], layer[DIGEST_TEXT_MAX];
	struct manifest_id id = { .media_type = OCI_MANIFEST };
	struct publication p = { .registry = "docker.io",
	    .repository = "library/app", .tag = tag, .count = 1 };
	struct staged *staged;
	char *text, *config = xasprintf("{\"architecture\":\"%s\","
	    "\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"\"]}}", arch);

	put_blob(f, config, config_digest);
	put_blob(f, "", layer);
	if (!is_whole)
		layer[10] = layer[10] == '0' ? '1' : '0';
	text = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu},"
	    "\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"%s\","
	    "\"size\":0}]}", OCI_MANIFEST, OCI_CONFIG, config_digest,
	    strlen(config), OCI_LAYER, layer);
	digest_of(DIGEST_SHA256, text, strlen(text), &id.digest);
	if (store_stage_manifest(f->st, &id, text, strlen(text), &staged,
	    &f->e) == -1)
		fail_msg("%s", f->e.msg);
	commit(f, staged);
	p.root = id;
	p.manifests = &id;
	if (store_publish(f->st, &p, 1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	free(text);
	free(config);
	return id;
}

static void
count_warning(void *cookie, const char *what)
{
	struct fixture *f = cookie;

	assert_true(what[0] != '\0');
	f->warnings++;
}

static int
add(struct fixture *f, struct save *s, const char *name)
{
	struct save_wish wish = { .platforms = NULL };
	struct image_ref ref;
	int rc;

	assert_int_equal(image_ref_parse(name, &ref, &f->e), 0);
	wish.ref = &ref;
	rc = save_add(s, &wish, count_warning, f, &f->e);
	image_ref_done(&ref);
	return rc;
}

static struct digest
write_file(struct fixture *f, const struct save *s)
{
	struct digest d;
	struct stat sb;
	char *text;
	int fd = openat(f->dir->dir, "x.tar", O_RDWR | O_CREAT | O_TRUNC,
	    0600);

	assert_int_not_equal(fd, -1);
	if (save_write(s, fd, -1, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	assert_int_equal(fstat(fd, &sb), 0);
	assert_int_equal(sb.st_size, save_bytes(s));
	text = malloc((size_t)sb.st_size);
	assert_int_equal(pread(fd, text, (size_t)sb.st_size, 0), sb.st_size);
	digest_of(DIGEST_SHA256, text, (size_t)sb.st_size, &d);
	free(text);
	close(fd);
	return d;
}

/* What cannot be saved leaves no trace, and what is there already neither. */
static void
test_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct save *s = save_new(f->st);
	struct digest before, after;
	uint64_t bytes;

	put_image(f, "good", "amd64", true);
	put_image(f, "bad", "arm64", false);
	assert_int_equal(add(f, s, "app:good"), 0);
	bytes = save_bytes(s);
	before = write_file(f, s);
	assert_int_equal(add(f, s, "app:bad"), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(add(f, s, "app:none"), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_int_equal(add(f, s, "app:good"), 0);
	assert_int_equal(save_bytes(s), bytes);
	after = write_file(f, s);
	assert_true(digest_equal(&before, &after));
	assert_int_equal(f->warnings, 0);
	save_free(s);
}

/* A tag that moves between two of them: no name is there twice. */
static void
test_moved(void **state)
{
	struct fixture *f = *state;
	struct save *s = save_new(f->st);

	put_image(f, "1", "amd64", true);
	assert_int_equal(add(f, s, "app:1"), 0);
	put_image(f, "1", "arm64", true);
	assert_int_equal(add(f, s, "app:1"), -1);
	assert_int_equal(f->e.code, ERR_INPUT);
	assert_non_null(strstr(f->e.msg, "(linux/amd64, linux/arm64)"));
	save_free(s);
}

/* What goes while it is written is not left out in silence. */
static void
test_gone(void **state)
{
	struct fixture *f = *state;
	struct save *s = save_new(f->st);
	struct manifest_id id = put_image(f, "1", "amd64", true);
	char path[STORE_PATH_MAX + 8], inner[STORE_PATH_MAX];
	int fd = openat(f->dir->dir, "x.tar", O_RDWR | O_CREAT, 0600);

	assert_int_equal(add(f, s, "app:1"), 0);
	snprintf(path, sizeof(path), "root/%s", path_manifest(&id, inner));
	assert_int_equal(unlinkat(f->dir->dir, path, 0), 0);
	assert_int_equal(save_write(s, fd, -1, &f->e), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(f->e.msg, "is no longer here"));
	close(fd);
	save_free(s);
	save_free(NULL);
}

/* A descriptor that has become readable ends it. */
static void
test_stopped(void **state)
{
	struct fixture *f = *state;
	struct save *s = save_new(f->st);
	int fd = openat(f->dir->dir, "x.tar", O_RDWR | O_CREAT, 0600), ends[2];

	put_image(f, "1", "amd64", true);
	assert_int_equal(add(f, s, "app:1"), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(save_write(s, fd, ends[0], &f->e), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(save_write(s, fd, ends[0], &f->e), -1);
	assert_int_equal(f->e.code, ERR_CANCELLED);
	close(ends[0]);
	close(ends[1]);
	close(fd);
	save_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_as_it_was, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
