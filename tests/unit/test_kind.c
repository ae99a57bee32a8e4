/* What people call an artifact: as the page does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image/kind.h"

static void
test_names(void **state)
{
	static const struct {
		const char *type, *name;
	} table[] = {
		{ NULL, "image" },
		{ "", "artifact" },
		{ "application/vnd.cncf.helm.config.v1+json", "chart" },
		{ "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
		  "chart" },
		{ "application/vnd.dev.cosign.artifact.sig.v1+json",
		  "artifact" },
		{ "application/vnd.dev.cosign.simplesigning.v1+json",
		  "signature" },
		{ "application/vnd.cncf.notary.signature", "signature" },
		{ "application/vnd.dev.sigstore.bundle.v0.3+json",
		  "signature" },
		{ "application/vnd.in-toto+json", "attestation" },
		{ "application/spdx+json", "sbom" },
		{ "application/vnd.cyclonedx+json", "sbom" },
		{ "application/vnd.docker.ai.model.config.v0.1+json",
		  "model" },
		{ "application/vnd.wasm.config.v0+json", "wasm" },
		{ "application/vnd.cncf.flux.config.v1+json", "flux" },
		{ "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego",
		  "policy" },
		{ "application/vnd.oci.empty.v1+json", "artifact" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(kind_name(table[i].type), table[i].name);
}

#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef" \
		"0123456789abcdef"

static void
test_tags(void **state)
{
	(void)state;
	assert_string_equal(kind_of_tag("sha256-" HEX ".sig"), "signature");
	assert_string_equal(kind_of_tag("sha256-" HEX ".att"), "attestation");
	assert_string_equal(kind_of_tag("sha256-" HEX ".sbom"), "sbom");
	assert_null(kind_of_tag("sha256-" HEX));
	assert_null(kind_of_tag("sha256-" HEX "0.sig"));
	assert_null(kind_of_tag("sha256-0123.sig"));
	assert_null(kind_of_tag("sha256-" HEX ".sigs"));
	assert_null(kind_of_tag("sha256:" HEX));
	assert_null(kind_of_tag(".sig"));
	assert_null(kind_of_tag(""));
}

static void
test_words(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; kind_at(i) != NULL; i++)
		assert_true(kind_is(kind_at(i)));
	assert_int_equal(i, 11);
	assert_false(kind_is(""));
	assert_false(kind_is("images"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
