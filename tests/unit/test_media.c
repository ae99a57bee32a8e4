#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "image/media.h"
#include "layout/limits.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_kind(void **state)
{
	static const struct {
		const char *type;
		enum media_kind kind;
	} cases[] = {
		{ MEDIA_OCI_INDEX, MEDIA_INDEX },
		{ MEDIA_DOCKER_LIST, MEDIA_INDEX },
		{ MEDIA_OCI_MANIFEST, MEDIA_IMAGE },
		{ MEDIA_DOCKER_MANIFEST, MEDIA_IMAGE },
		{ MEDIA_OCI_ARTIFACT, MEDIA_ARTIFACT },
		{ MEDIA_DOCKER_SCHEMA1, MEDIA_SCHEMA1 },
		{ MEDIA_DOCKER_SCHEMA1_SIGNED, MEDIA_SCHEMA1 },
		{ MEDIA_OCI_CONFIG, MEDIA_OTHER },
		{ MEDIA_OCI_EMPTY, MEDIA_OTHER },
		{ MEDIA_OCI_INDEX "; charset=utf-8", MEDIA_OTHER },
		{ "application/json", MEDIA_OTHER },
		{ "text/plain", MEDIA_OTHER },
		{ "application/vnd.oci.image.index.v1+jso", MEDIA_OTHER },
		{ "", MEDIA_OTHER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (media_kind(cases[i].type) != cases[i].kind)
			fail_msg("%s", cases[i].type);
}

static void
test_foreign_and_config(void **state)
{
	static const struct {
		const char *type;
		bool foreign, config;
	} cases[] = {
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		  true, false },
		{ "application/vnd.docker.image.rootfs.foreign.diff.tar",
		  true, false },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar",
		  true, false },
		{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		  true, false },
		{ "application/vnd.oci.image.layer.v1.tar+gzip", false, false },
		{ "application/vnd.docker.image.rootfs.diff.tar.gzip",
		  false, false },
		{ "application/vnd.oci.image.layer.nondistributable",
		  false, false },
		{ MEDIA_OCI_CONFIG, false, true },
		{ MEDIA_DOCKER_CONFIG, false, true },
		{ MEDIA_OCI_EMPTY, false, false },
		{ "application/vnd.cncf.helm.config.v1+json", false, false },
		{ "", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (media_is_foreign(cases[i].type) != cases[i].foreign ||
		    media_is_image_config(cases[i].type) != cases[i].config)
			fail_msg("%s", cases[i].type);
}

static void
test_trim(void **state)
{
	static const struct {
		const char *header;
		const char *want;	/* NULL: refused */
	} cases[] = {
		{ "application/json", "application/json" },
		{ "application/json; charset=utf-8", "application/json" },
		{ "application/json ;charset=\"a;b\"", "application/json" },
		{ " \tApplication/JSON\t ", "application/json" },
		{ "application/json\r\n", "application/json" },
		{ "application/json;", "application/json" },
		{ MEDIA_OCI_INDEX, MEDIA_OCI_INDEX },
		{ "", NULL },
		{ ";", NULL },
		{ "; charset=utf-8", NULL },
		{ "json", NULL },
		{ "a/b/c", NULL },
		{ "/json", NULL },
		{ "text/", NULL },
		{ "text/pl ain", NULL },
		{ "application/json, text/plain", NULL },
		{ "application/../../etc", NULL },
		{ "application/.hidden", NULL },
		{ "text/\xc3\xa4", NULL },
		{ "text/plain\x01", NULL },
	};
	char buf[MEDIA_TYPE_MAX + 1];
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = media_trim(cases[i].header, buf, sizeof(buf));
		if (rc != (cases[i].want != NULL) ||
		    (rc == 1 && strcmp(buf, cases[i].want) != 0))
			fail_msg("\"%s\"", cases[i].header);
	}
}

static void
test_trim_room(void **state)
{
	char long_type[400], buf[400];

	(void)state;
	/* "text/plain" is ten characters. */
	assert_int_equal(media_trim("text/plain", buf, 10), 0);
	assert_int_equal(media_trim("text/plain", buf, 11), 1);
	assert_int_equal(media_trim("text/plain; a=b", buf, 11), 1);
	memset(long_type, 'a', sizeof(long_type));
	long_type[5] = '/';
	long_type[sizeof(long_type) - 1] = '\0';
	assert_int_equal(media_trim(long_type, buf, sizeof(buf)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_foreign_and_config),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_trim_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
