#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/select.h"
#include "layout/mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define CHILDREN_MAX	20

/*
 * A child is written as "linux/amd64"; "-" has no platform; "+N" is the
 * attestation of child N, "+?" one that does not say; "unknown/unknown" is what
 * it says.  "@N linux/amd64" belongs to child N, and has a platform; "1 "
 * before one makes it a schema 1 manifest.  Its digest begins with its index
 * plus one: zero is nobody's.
 */
static void
make_child(const char *text, size_t index, struct descriptor *d)
{
	static char oci[] = MEDIA_OCI_MANIFEST, old[] = MEDIA_DOCKER_SCHEMA1;
	struct err e;
	char *end;

	memset(d, 0, sizeof(*d));
	d->media_type = oci;
	if (strncmp(text, "1 ", 2) == 0) {
		d->media_type = old;
		text += 2;
	}
	if (text[0] == '@') {
		d->has_attested = true;
		d->attested.bytes[0] = (uint8_t)(1 + strtoul(text + 1, &end,
		    10));
		text = end + 1;
	}
	d->digest.bytes[0] = (uint8_t)(index + 1);
	d->is_attestation = text[0] == '+';
	d->has_platform = text[0] != '-';
	if (d->is_attestation && text[1] != '?') {
		d->has_attested = true;
		d->attested.bytes[0] = (uint8_t)(1 + strtoul(text + 1,
		    NULL, 10));
	}
	if (text[0] == '+')
		text = "unknown/unknown";
	if (d->has_platform)
		assert_int_equal(platform_parse(text, &d->platform, &e), 0);
}

/* One letter a child: "R"equired, "i"f served, "u"nusable, "." not. */
static void
verdicts(const struct manifest *m, const enum keep *keep, char *ret)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		ret[i] = keep[i] == KEEP_NOT ? '.' :
		    keep[i] == KEEP_REQUIRED ? 'R' :
		    keep[i] == KEEP_UNUSABLE ? 'u' : 'i';
	ret[m->count] = '\0';
}

/* The index of a large official image, in the order that its registry has it,
 * with the attestations in between. */
#define OFFICIAL \
	"linux/amd64", "+0", "linux/arm/v7", "+2", "linux/arm64/v8", "+4", \
	"linux/386", "+6", "linux/mips64le", "+8", "linux/ppc64le", "+10", \
	"linux/s390x", "+12", "windows(10.0.26100.4061)/amd64", \
	"windows(10.0.20348.3692)/amd64", "windows(10.0.17763.7314)/amd64"

/* A base image of Windows: builds, and patches of one build. */
#define WINDOWS \
	"windows(10.0.17763.6893)/amd64", "windows(10.0.20348.3207)/amd64", \
	"windows(10.0.25398.1425)/amd64", "windows(10.0.26100.3194)/amd64", \
	"windows(10.0.14393.7785)/amd64", "windows(10.0.17763.6775)/amd64", \
	"windows(10.0.25398.1425)/arm64", "windows(10.0.26100.3194)/arm64/v8"

static void
test_select(void **state)
{
	static const struct {
		const char *wanted;
		const char *children[CHILDREN_MAX];
		const char *keep;
		const char *missing;	/* "1" for each that is missing */
		size_t images;
	} cases[] = {
		{ "all", { "linux/amd64", "+0", "-", "unknown/unknown",
		  "linux/arm64", "+9" }, "RiRRRi", "", 2 },
		{ "all", { NULL }, "", "", 0 },
		{ "linux/amd64", { NULL }, "", "1", 0 },
		{ "linux/amd64", { "linux/amd64", "linux/arm64" }, "R.", "0",
		  1 },
		{ "linux/amd64,linux/arm64", { "linux/amd64", "linux/arm64",
		  "linux/s390x" }, "RR.", "00", 2 },
		{ "linux/amd64,linux/s390x", { "linux/amd64", "linux/arm64" },
		  "R.", "01", 1 },
		{ "linux/riscv64", { "linux/amd64", "-" }, ".i", "1", 0 },
		/* All that fit equally: gzip and zstd, nydus, os.features;
		 * with what belongs to each. */
		{ "linux/amd64", { "linux/arm64", "linux/amd64",
		  "linux/amd64" }, ".RR", "0", 2 },
		{ "linux/amd64", { "linux/amd64", "linux/amd64/v1",
		  "linux/x86_64", "linux/arm64", "linux/arm64", "+0", "+1",
		  "+2", "+3", "+4" }, "RRR..iii..", "0", 3 },
		{ "linux/arm64", { "linux/arm64", "linux/arm64/v8",
		  "linux/arm/v7", "linux/arm/v7" }, "RR..", "0", 2 },
		{ "linux/arm64", { "linux/arm/v7", "linux/arm/v6",
		  "linux/arm/v7" }, "R.R", "0", 2 },
		{ "linux/amd64/v3", { "linux/amd64", "linux/amd64/v2",
		  "linux/amd64", "linux/amd64/v2" }, ".R.R", "0", 2 },
		{ "linux/amd64,linux/386", { "linux/386", "linux/amd64",
		  "linux/386", "linux/amd64" }, "RRRR", "00", 4 },
		/* SOCI's indexes: with the platform of their image, with a
		 * lower one, with none. */
		{ "linux/amd64", { "linux/amd64", "linux/arm64",
		  "@0 linux/amd64", "@1 linux/arm64" }, "R.R.", "0", 2 },
		{ "linux/amd64/v2", { "linux/amd64/v2", "@0 linux/amd64",
		  "@2 linux/amd64" }, "Ri.", "0", 1 },
		{ "linux/amd64", { "linux/amd64", "linux/arm64", "@0 -",
		  "@1 -" }, "R.i.", "0", 1 },
		/* Schema 1 serves nobody. */
		{ "all", { "linux/amd64", "1 linux/arm64", "1 -" }, "Ruu", "",
		  1 },
		{ "linux/arm64,linux/amd64", { "linux/amd64",
		  "1 linux/arm64", "1 -" }, "Ruu", "01", 1 },
		{ "linux/amd64", { "1 linux/amd64", "linux/amd64" }, "uR",
		  "0", 1 },
		{ "linux/amd64", { "1 linux/386", "linux/amd64", "1 -" },
		  ".Ru", "0", 1 },
		{ "linux/amd64", { "1 linux/386", "1 linux/arm64" }, "u.",
		  "1", 0 },
		/* Best rank first, whatever the order. */
		{ "linux/amd64", { "linux/386", "linux/amd64" }, ".R", "0", 1 },
		{ "linux/amd64", { "linux/386", "linux/arm64" }, "R.", "0", 1 },
		{ "linux/amd64/v3", { "linux/amd64", "linux/amd64/v2",
		  "linux/amd64/v4", "linux/386" }, ".R..", "0", 1 },
		{ "linux/arm/v7", { "linux/arm/v5", "linux/arm/v6",
		  "linux/arm64" }, ".R.", "0", 1 },
		{ "linux/arm64", { "linux/arm64/v8", "linux/arm/v7" }, "R.",
		  "0", 1 },
		/* One child may serve two. */
		{ "linux/amd64,linux/amd64/v2", { "linux/amd64" }, "R", "00",
		  1 },
		/* Attestations follow what is kept. */
		{ "linux/arm64", { "linux/amd64", "linux/arm64", "+0", "+1",
		  "+1", "+9" }, ".R.ii.", "0", 1 },
		{ "linux/arm64", { "+1", "linux/arm64" }, "iR", "0", 1 },
		{ "linux/amd64", { "linux/amd64", "+?" }, "Ri", "0", 1 },
		/* What no filter speaks of. */
		{ "linux/amd64", { "-", "linux/amd64", "unknown/unknown" },
		  "iRi", "0", 1 },
		{ "unknown/unknown", { "unknown/unknown", "+0" }, "i.", "1",
		  0 },
		/* Each build of Windows, unless the filter names one. */
		{ "windows/amd64", { "windows(10.0.17763.1)/amd64",
		  "windows(10.0.20348.1)/amd64", "linux/amd64",
		  "windows(10.0.17763.1)/amd64" }, "RR.R", "0", 3 },
		{ "windows(10.0.17763)/amd64", { "windows(10.0.17763.1)/amd64",
		  "windows(10.0.17763.2)/amd64", "linux/amd64",
		  "windows(10.0.17763.1)/amd64" }, "R..R", "0", 2 },
		{ "windows(10.0.20348)/amd64", { "windows(10.0.17763.1)/amd64",
		  "windows(10.0.20348.2)/amd64", "windows(10.0.20348.1)/amd64",
		  "linux/amd64" }, ".R..", "0", 1 },
		{ "windows(10.0.26100)/amd64", { "windows(10.0.17763.1)/amd64"
		  }, ".", "1", 0 },
		{ "windows(10.0.17763)/amd64,windows(10.0.20348)/amd64",
		  { "windows(10.0.17763.1)/amd64",
		  "windows(10.0.20348.2)/amd64", "windows(10.0.26100)/amd64" },
		  "RR.", "00", 2 },
		/* Indexes as registries have them. */
		{ "linux/amd64", { OFFICIAL }, "Ri...............", "0", 1 },
		{ "linux/amd64,linux/arm64", { OFFICIAL },
		  "Ri..Ri...........", "00", 2 },
		{ "linux/arm/v7,linux/arm/v8", { OFFICIAL },
		  "..Ri.............", "00", 1 },
		{ "linux/arm/v6", { OFFICIAL }, ".................", "1", 0 },
		{ "linux/amd64/v3,linux/riscv64", { OFFICIAL },
		  "Ri...............", "01", 1 },
		{ "windows/amd64:10.0.17763", { OFFICIAL },
		  "................R", "0", 1 },
		{ "windows/amd64:10.0.20348.3692,linux/s390x", { OFFICIAL },
		  "............Ri.R.", "00", 2 },
		{ "windows/amd64", { OFFICIAL }, "..............RRR", "0", 3 },
		{ "windows/amd64:10.0.1776", { OFFICIAL },
		  ".................", "1", 0 },
		{ "windows/amd64:10.0.17763.7", { OFFICIAL },
		  ".................", "1", 0 },
		{ "windows/arm64:10.0.26100", { OFFICIAL },
		  ".................", "1", 0 },
		{ "windows/amd64:10.0.17763", { WINDOWS }, "R.......", "0",
		  1 },
		{ "windows/amd64:10.0.17763.6775", { WINDOWS }, ".....R..",
		  "0", 1 },
		{ "windows/amd64:10.0.26100,windows/arm64:10.0.26100",
		  { WINDOWS }, "...R...R", "00", 2 },
		{ "windows/amd64", { WINDOWS }, "RRRRRR..", "0", 6 },
	};
	struct descriptor children[CHILDREN_MAX];
	struct manifest m = { .kind = MEDIA_INDEX, .children = children };
	struct platform_set set;
	struct err e;
	enum keep keep[CHILDREN_MAX];
	bool missing[CHILDREN_MAX];
	char got[CHILDREN_MAX + 1];
	size_t i, j, images;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		for (m.count = 0; m.count < CHILDREN_MAX &&
		    cases[i].children[m.count] != NULL; m.count++)
			make_child(cases[i].children[m.count], m.count,
			    &children[m.count]);
		assert_int_equal(platform_set_parse(cases[i].wanted, &set, &e),
		    0);
		images = select_children(&m, &set, keep, missing);
		verdicts(&m, keep, got);
		if (strcmp(got, cases[i].keep) != 0 ||
		    images != cases[i].images)
			fail_msg("case %zu, %s: %s, %zu", i, cases[i].wanted,
			    got, images);
		for (j = 0; j < set.count; j++)
			if (missing[j] != (cases[i].missing[j] == '1'))
				fail_msg("case %zu: missing %zu", i, j);
		platform_set_done(&set);
	}
}

/* The largest index there is, each two children a build of their own. */
static void
test_many(void **state)
{
	char oci[] = MEDIA_OCI_MANIFEST;
	struct manifest m = { .kind = MEDIA_INDEX, .count = 4096 };
	enum keep *keep = xcalloc(m.count, sizeof(keep[0]));
	struct platform_set set;
	struct err e;
	bool missing[1];
	size_t i;

	(void)state;
	m.children = xcalloc(m.count, sizeof(m.children[0]));
	for (i = 0; i < m.count; i++) {
		m.children[i].media_type = oci;
		m.children[i].has_platform = true;
		snprintf(m.children[i].platform.os, 32, "windows");
		snprintf(m.children[i].platform.architecture, 32, "amd64");
		snprintf(m.children[i].platform.os_version, 64, "10.%zu",
		    i / 2 * 2654435761u % 4096);
	}
	assert_int_equal(platform_set_parse("windows/amd64", &set, &e), 0);
	assert_int_equal(select_children(&m, &set, keep, missing), 4096);
	assert_false(missing[0]);
	for (i = 0; i < m.count; i++)
		assert_int_equal(keep[i], KEEP_REQUIRED);
	platform_set_done(&set);
	free(m.children);
	free(keep);
}

/* "D" before a platform: a Docker image manifest, "Z": one that is special;
 * else an OCI one. */
static void
test_default(void **state)
{
	static const struct {
		const char *children[CHILDREN_MAX];
		int want;		/* -1: none */
	} cases[] = {
		{ { NULL }, -1 },
		{ { "Dlinux/amd64" }, 0 },
		{ { "Dlinux/arm64", "Dlinux/amd64", "Dlinux/amd64" }, 1 },
		{ { "linux/amd64", "Dlinux/amd64" }, 1 },
		{ { "linux/amd64", "linux/arm64" }, -1 },
		{ { "Dwindows/amd64", "Dlinux/386", "Dlinux/arm64" }, -1 },
		/* It may use what the node does not have. */
		{ { "Dlinux/amd64/v3", "Dlinux/amd64/v1" }, 1 },
		/* What all can use goes before what some can. */
		{ { "Zlinux/amd64", "Dlinux/arm64", "Dlinux/amd64" }, 2 },
		{ { "Zlinux/amd64", "Zlinux/amd64", "linux/amd64" }, 0 },
		{ { "D-" }, -1 },
		{ { "D+0", "Dunknown/unknown" }, -1 },
	};
	char docker[] = MEDIA_DOCKER_MANIFEST, oci[] = MEDIA_OCI_MANIFEST;
	struct descriptor children[CHILDREN_MAX];
	struct manifest m = { .kind = MEDIA_INDEX, .children = children };
	const struct descriptor *d;
	const char *text;
	bool is_docker;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		for (m.count = 0; m.count < CHILDREN_MAX &&
		    cases[i].children[m.count] != NULL; m.count++) {
			text = cases[i].children[m.count];
			is_docker = text[0] == 'D' || text[0] == 'Z';
			make_child(text + is_docker, m.count,
			    &children[m.count]);
			children[m.count].is_special = text[0] == 'Z';
			children[m.count].media_type = is_docker ? docker :
			    oci;
		}
		d = select_default(&m);
		if ((d == NULL ? -1 : (int)(d - children)) != cases[i].want)
			fail_msg("case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
