#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "registry/challenge.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NONE		CHALLENGE_NONE
#define BASIC		CHALLENGE_BASIC
#define BEARER		CHALLENGE_BEARER

struct one {
	const char *header;
	enum challenge_scheme scheme;
	const char *realm, *service, *scope, *error;
};

#define T		"https://t.example/token"
#define PULL		"repository:a/b:pull"
#define PULL_PUSH	"repository:a/b:pull,push"

/* What registries send: quirks.md#challenge-headers. */
static const struct one real[] = {
	{ "Bearer realm=\"https://auth.docker.io/token\","
	    "service=\"registry.docker.io\","
	    "scope=\"repository:library/nginx:pull\"",
	    BEARER, "https://auth.docker.io/token", "registry.docker.io",
	    "repository:library/nginx:pull", NULL },
	{ "Bearer realm=\"https://gcr.io/v2/token\",service=gcr.io",
	    BEARER, "https://gcr.io/v2/token", "gcr.io", NULL, NULL },
	{ "Bearer realm=\"https://nvcr.io/proxy_auth"
	    "?scope=repository:nvidia/tensorflow:pull,push\"",
	    BEARER, "https://nvcr.io/proxy_auth"
	    "?scope=repository:nvidia/tensorflow:pull,push", NULL, NULL, NULL },
	{ "Bearer realm=\"https://public.ecr.aws/token/\","
	    "service=\"public.ecr.aws\",scope=\"aws\"",
	    BEARER, "https://public.ecr.aws/token/", "public.ecr.aws", "aws",
	    NULL },
	{ "Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\","
	    "service=\"ecr.amazonaws.com\"",
	    BASIC, "https://1.dkr.ecr.eu-west-1.amazonaws.com/",
	    "ecr.amazonaws.com", NULL, NULL },
	{ "Bearer realm=\"https://r.example/service/token\","
	    "service=\"harbor-registry\"",
	    BEARER, "https://r.example/service/token", "harbor-registry", NULL,
	    NULL },
	{ "Bearer realm=\"" T "\",service=\"r\",scope=\"" PULL "\","
	    "error=\"insufficient_scope\"",
	    BEARER, T, "r", PULL, "insufficient_scope" },
	{ "Bearer realm=\"" T "\",service=\"r\",scope=\"" PULL "\","
	    "error=\"invalid_token\",error_description=\"it, \\\"too\\\", is\"",
	    BEARER, T, "r", PULL, "invalid_token" },
	{ "Basic realm=\"Sonatype Nexus Repository Manager\"",
	    BASIC, "Sonatype Nexus Repository Manager", NULL, NULL, NULL },
	{ "BASIC realm=\"Registry\"", BASIC, "Registry", NULL, NULL, NULL },
};

static const struct one forms[] = {
	/* any case */
	{ "bearer REALM=\"" T "\",Service=r", BEARER, T, "r", NULL, NULL },
	{ "BEARER rEaLm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	/* white space wherever there may be some */
	{ "  Bearer\t realm = \"" T "\" ,\tservice\t=\tr  ",
	    BEARER, T, "r", NULL, NULL },
	{ "Bearer,realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	{ ",,Bearer realm=\"" T "\",,,service=r,", BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=\"" T "\" service=\"r\"", BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=\"" T "\"service=r", BEARER, T, "r", NULL, NULL },
	/* commas and escapes inside quotes */
	{ "Bearer scope=\"" PULL_PUSH "\",realm=\"" T "\"",
	    BEARER, T, NULL, PULL_PUSH, NULL },
	{ "Bearer realm=\"a\\\"b\\\\c\\d\"",
	    BEARER, "a\"b\\cd", NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\",service=\"a, Basic realm=\\\"x\\\"\"",
	    BEARER, T, "a, Basic realm=\"x\"", NULL, NULL },
	{ "Bearer realm=\"" T "\",service=\"tab\there\"",
	    BEARER, T, "tab\there", NULL, NULL },
	/* unquoted, and more than a token */
	{ "Bearer realm=" T ",service=r,scope=" PULL,
	    BEARER, T, "r", PULL, NULL },
	{ "Bearer realm=" T "?a=b&c=d==,service=r",
	    BEARER, T "?a=b&c=d==", "r", NULL, NULL },
	{ "Bearer realm=" T ",scope=" PULL_PUSH ",service=r",
	    BEARER, T, "r", PULL, NULL },
	{ "Bearer service=r,realm=" T, BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=" T ",service=a\\b", BEARER, T, "a\\b", NULL, NULL },
	/* relative realm: for the caller to resolve */
	{ "Bearer realm=\"/v2/token\"", BEARER, "/v2/token", NULL, NULL, NULL },
	/* empty is absent */
	{ "Bearer realm=\"" T "\",service=\"\",scope=\"\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\",service=,scope=" PULL,
	    BEARER, T, NULL, PULL, NULL },
	/* the first of two counts */
	{ "Bearer realm=\"" T "\",realm=\"https://evil.example/\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "Bearer realm=\"\",realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	/* names that only begin like ours */
	{ "Bearer realm=\"" T "\",realms=x,servic=y,scope2=z,errors=w",
	    BEARER, T, NULL, NULL, NULL },
	/* bytes above ASCII are a value's own business */
	{ "Bearer realm=\"" T "\",service=\"\xc3\xa9\"",
	    BEARER, T, "\xc3\xa9", NULL, NULL },
};

/* Several in one header. */
static const struct one several[] = {
	{ "Basic realm=\"x\", Bearer realm=\"" T "\",service=r",
	    BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=\"" T "\",service=r, Basic realm=\"x\",service=s",
	    BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=\"" T "\", Bearer realm=\"https://b.example/\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "Bearer, Bearer realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	{ "Bearer scope=\"x\", Bearer realm=\"" T "\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\" Basic realm=\"x\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "Basic realm=\"x\", Basic realm=\"y\"", BASIC, "x", NULL, NULL,
	    NULL },
	{ "Basic", BASIC, NULL, NULL, NULL, NULL },
	{ "Basic, Bearer realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	{ "Bearer error=\"invalid_token\", Basic realm=\"x\"",
	    BASIC, "x", NULL, NULL, NULL },
	{ "Negotiate, Basic realm=\"x\"", BASIC, "x", NULL, NULL, NULL },
	{ "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa==, Bearer realm=\"" T "\"",
	    BEARER, T, NULL, NULL, NULL },
	{ "NTLM TlRMTVNTUAACAAAA, Basic realm=x", BASIC, "x", NULL, NULL,
	    NULL },
	{ "Negotiate QUJD/basic", NONE, NULL, NULL, NULL, NULL },
	{ "Negotiate QUJD/bearer, realm=x", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm==", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer abc==, Basic realm=x", BASIC, "x", NULL, NULL, NULL },
	{ "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", "
	    "Basic realm=\"simple\"", BASIC, "simple", NULL, NULL, NULL },
	{ "Digest realm=\"d\",nonce=\"n\",qop=\"auth,auth-int\", "
	    "Bearer realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	/* a foreign scheme's parameters are not ours */
	{ "Bearer service=r, Newauth realm=\"https://evil.example/\"",
	    NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\", Newauth service=\"evil\",scope=\"x\"",
	    BEARER, T, NULL, NULL, NULL },
};

/* What makes no sense. */
static const struct one hostile[] = {
	{ "", NONE, NULL, NULL, NULL, NULL },
	{ " ", NONE, NULL, NULL, NULL, NULL },
	{ ",,,", NONE, NULL, NULL, NULL, NULL },
	{ "\"", NONE, NULL, NULL, NULL, NULL },
	{ "\"\"\"", NONE, NULL, NULL, NULL, NULL },
	{ "=", NONE, NULL, NULL, NULL, NULL },
	{ "====", NONE, NULL, NULL, NULL, NULL },
	{ "realm=\"" T "\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer ", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"" T, NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\\\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\\", NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"https://t.example/\r\nX: y\"",
	    NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=\"https://t.example/\x01\"",
	    NONE, NULL, NULL, NULL, NULL },
	{ "Bearer realm=https://t.example/\x7f", NONE, NULL, NULL, NULL, NULL },
	{ "Bearerrealm=\"" T "\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bearers realm=\"" T "\"", NONE, NULL, NULL, NULL, NULL },
	{ "Bear realm=\"" T "\"", NONE, NULL, NULL, NULL, NULL },
	{ "\xff\xfe Bearer realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	{ "\"Bearer\" realm=\"" T "\"", NONE, NULL, NULL, NULL, NULL },
	{ "\"Basic x\" Bearer realm=\"" T "\"", BEARER, T, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\",service=\"open",
	    BEARER, T, NULL, NULL, NULL },
	{ "Bearer realm=\"" T "\",@@@;;;{}[]service=r",
	    BEARER, T, "r", NULL, NULL },
	{ "Bearer realm=\"" T "\",=x,==,service=r", BEARER, T, "r", NULL,
	    NULL },
};

static void
check_string(const char *header, const char *got, const char *want)
{
	if (got == NULL || want == NULL) {
		if (got != want)
			fail_msg("[%s]: \"%s\", not \"%s\"", header,
			    got != NULL ? got : "(none)",
			    want != NULL ? want : "(none)");
		return;
	}
	if (strcmp(got, want) != 0)
		fail_msg("[%s]: \"%s\", not \"%s\"", header, got, want);
}

static void
check(const struct one *t, size_t count)
{
	struct challenge c;
	size_t i;

	for (i = 0; i < count; i++) {
		challenge_parse(&t[i].header, 1, &c);
		if (c.scheme != t[i].scheme)
			fail_msg("[%s]: scheme %d", t[i].header, c.scheme);
		check_string(t[i].header, c.realm, t[i].realm);
		check_string(t[i].header, c.service, t[i].service);
		check_string(t[i].header, c.scope, t[i].scope);
		check_string(t[i].header, c.error, t[i].error);
		challenge_done(&c);
		assert_null(c.realm);
		assert_int_equal(c.scheme, CHALLENGE_NONE);
	}
}

static void
test_real(void **state)
{
	(void)state;
	check(real, COUNT(real));
}

static void
test_forms(void **state)
{
	(void)state;
	check(forms, COUNT(forms));
}

static void
test_several(void **state)
{
	(void)state;
	check(several, COUNT(several));
}

static void
test_hostile(void **state)
{
	(void)state;
	check(hostile, COUNT(hostile));
}

static void
test_headers(void **state)
{
	const char *const a[] = { "Basic realm=\"x\"",
	    "Bearer realm=\"" T "\"", "Bearer realm=\"https://b.example/\"" };
	const char *const open[] = { "Basic realm=\"x",
	    "service=\"s\"", "Bearer service=r", "realm=\"" T "\"" };
	struct challenge c;

	(void)state;
	challenge_parse(a, COUNT(a), &c);
	assert_int_equal(c.scheme, CHALLENGE_BEARER);
	assert_string_equal(c.realm, T);
	challenge_done(&c);
	challenge_parse(a, 1, &c);
	assert_int_equal(c.scheme, CHALLENGE_BASIC);
	challenge_done(&c);
	/* Nothing runs over from one header into the next. */
	challenge_parse(open, COUNT(open), &c);
	assert_int_equal(c.scheme, CHALLENGE_BASIC);
	assert_null(c.realm);
	assert_null(c.service);
	challenge_done(&c);
	challenge_parse(NULL, 0, &c);
	assert_int_equal(c.scheme, CHALLENGE_NONE);
	challenge_done(&c);
}

/* A quarter of a MiB of anything takes linear time: it ends here at once. */
static void
test_long(void **state)
{
	static const char *const units[] = {
		" ", ",", "\"", "=", "\\", "a", "/", "a ", "a=", "a=\"\",",
		"a=\"", "\"\\\"", "Bearer ", "Basic,", "a/", "@", "x y=z ",
		"x =", "x  ", "realm=\"x\" ",
	};
	const size_t len = 256u << 10;
	char *text = xmalloc(len + 1);
	const char *header = text;
	struct challenge c;
	size_t i, at;

	(void)state;
	for (i = 0; i < COUNT(units); i++) {
		for (at = 0; at < len; at++)
			text[at] = units[i][at % strlen(units[i])];
		text[len] = '\0';
		challenge_parse(&header, 1, &c);
		challenge_done(&c);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
