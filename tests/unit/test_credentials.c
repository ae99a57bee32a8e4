#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/credentials.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct credentials *
parsed(const char *json)
{
	struct credentials *c = NULL;
	struct err e;

	if (credentials_parse("config.json", json, strlen(json), &c, &e) == -1)
		fail_msg("%s", e.msg);
	return c;
}

/* "user:password" of what is found, "id:TOKEN", "reg:TOKEN", or "-". */
static char *
found(const struct credentials *c, const char *registry, const char *name)
{
	struct credential got;
	char *text;

	if (credentials_find(c, registry, name, &got) == 0)
		return xstrdup("-");
	if (got.registry_token != NULL)
		text = xasprintf("reg:%s", got.registry_token);
	else if (got.identity_token != NULL)
		text = xasprintf("id:%s", got.identity_token);
	else
		text = xasprintf("%s:%s", got.username, got.password);
	credential_done(&got);
	assert_null(got.password);
	return text;
}

static void
check(const struct credentials *c, const char *registry, const char *name,
    const char *want)
{
	char *got = found(c, registry, name);

	if (strcmp(got, want) != 0)
		fail_msg("%s/%s: %s, not %s", registry, name, got, want);
	free(got);
}

/* One entry, and what it says. */
static const struct {
	const char *entry, *want;
} entries[] = {
	{ "{\"auth\":\"dXNlcjpwYXNz\"}", "user:pass" },
	{ "{\"auth\":\"dXNlcjpwOmE6cw==\"}", "user:p:a:s" },
	{ "{\"auth\":\"dXNlcjpwOmE6cw\"}", "user:p:a:s" },	/* no padding */
	{ "{\"auth\":\"dXNlcjpwOmE6cw=\"}", "user:p:a:s" },	/* half of it */
	{ "{\"auth\":\"dXNlcjpw\\nYXNz\"}", "user:pass" },
	{ "{\"auth\":\"dXNlcjpw\\r\\nYXNz\\r\\n\"}", "user:pass" },
	{ "{\"auth\":\" dXNl cjpw\\tYXNz \"}", "user:pass" },
	{ "{\"auth\":\"dXNlcjpwOmE6cw=\\n=\\n\"}", "user:p:a:s" },
	{ "{\"auth\":\"dXNlcjpwYXNzAAA=\"}",
	    "user:pass" },	/* NULs behind */
	{ "{\"auth\":\"dXNlcjpwYXNzCg==\"}", "user:pass\n" },
	{ "{\"auth\":\"dXNlcjo=\"}", "user:" },
	{ "{\"auth\":\"dTrDqQ==\"}", "u:\xc3\xa9" },
	{ "{\"username\":\"u\",\"password\":\"p\"}", "u:p" },
	{ "{\"auth\":\"dXNlcjpwYXNz\",\"username\":\"u\",\"password\":\"p\"}",
	    "user:pass" },
	{ "{\"auth\":\"\",\"username\":\"u\",\"password\":\"p\"}", "u:p" },
	{ "{\"auth\":null,\"username\":\"u\",\"password\":\"p\"}", "u:p" },
	{ "{\"username\":\"_json_key\",\"password\":\"{\\\"a\\\":\\n1}\"}",
	    "_json_key:{\"a\":\n1}" },
	{ "{\"username\":\"$oauthtoken\",\"password\":\"k\"}",
	    "$oauthtoken:k" },
	{ "{\"auth\":\"dXNlcjpwYXNz\",\"email\":\"a@b\",\"x\":[1]}",
	    "user:pass" },
	{ "{\"identitytoken\":\"T\"}", "id:T" },
	{ "{\"auth\":\"MDAwOg==\",\"identitytoken\":\"T\"}", "id:T" },
	{ "{\"registrytoken\":\"T\"}", "reg:T" },
	{ "{\"registrytoken\":\"T\",\"identitytoken\":\"I\"}", "reg:T" },
	/* with a helper, or of no use */
	{ "{}", "-" },
	{ "{\"auth\":\"\"}", "-" },
	{ "{\"email\":\"a@b\"}", "-" },
	{ "{\"username\":\"u\"}", "-" },
	{ "{\"password\":\"p\"}", "-" },
	{ "{\"username\":\"u\",\"password\":\"\"}", "-" },
	{ "{\"identitytoken\":\"\",\"registrytoken\":\"\"}", "-" },
};

static void
test_entries(void **state)
{
	struct credentials *c;
	char *json;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(entries); i++) {
		json = xasprintf("{\"auths\":{\"h.example\":%s}}",
		    entries[i].entry);
		c = parsed(json);
		check(c, "h.example", "a/b", entries[i].want);
		check(c, "i.example", "a/b", "-");
		credentials_free(c);
		free(json);
		/* the old file is the inner map */
		json = xasprintf("{\"h.example\":%s}", entries[i].entry);
		c = parsed(json);
		check(c, "h.example", "a/b", entries[i].want);
		credentials_free(c);
		free(json);
	}
}

/* Everything an entry says is there, not only what found() shows. */
static void
test_all_fields(void **state)
{
	struct credentials *c = parsed("{\"auths\":{\"h.example\":{"
	    "\"auth\":\"dXNlcjpwYXNz\",\"identitytoken\":\"I\","
	    "\"registrytoken\":\"R\"}}}");
	struct credential got;

	(void)state;
	assert_int_equal(credentials_find(c, "h.example", "a", &got), 1);
	assert_string_equal(got.username, "user");
	assert_string_equal(got.password, "pass");
	assert_string_equal(got.identity_token, "I");
	assert_string_equal(got.registry_token, "R");
	credentials_free(c);		/* the copy is our own */
	assert_string_equal(got.password, "pass");
	credential_done(&got);
	credential_done(&got);
}

/* Which keys are for which registry: quirks.md#keys-of-auths. */
static const struct {
	const char *key, *registry, *name;
	bool fits;
} keys[] = {
	{ "h.example", "h.example", "a", true },
	{ "h.example:5000", "h.example:5000", "a", true },
	{ "h.example", "h.example:5000", "a", false },
	{ "h.example:5000", "h.example", "a", false },
	{ "h.example:5000", "h.example:5001", "a", false },
	{ "H.Example", "h.example", "a", true },
	{ "https://h.example", "h.example", "a", true },
	{ "http://h.example", "h.example", "a", true },
	{ "HTTPS://h.example", "h.example", "a", true },
	{ "https://h.example/", "h.example", "a", true },
	{ "https://h.example/v1", "h.example", "a", true },
	{ "https://h.example/v1/", "h.example", "a", true },
	{ "https://h.example/v2/", "h.example", "a", true },
	{ "h.example/v2/", "h.example", "a", true },
	{ "https://h.example:5000/v1/", "h.example:5000", "a", true },
	{ "https://h.example/v3/", "h.example", "a", false },
	{ "https://user@h.example/", "h.example", "a", true },
	{ "https://u:p@h.example/a", "h.example", "a", true },
	{ "ftp://h.example", "h.example", "a", false },
	{ "localhost", "localhost", "a", true },
	{ "localhost:5000", "localhost:5000", "a", true },
	{ "[::1]:5000", "[::1]:5000", "a", true },
	{ "h", "h", "a", true },
	{ "x.example", "h.example", "a", false },
	{ "example", "h.example", "a", false },
	{ "h.exampl", "h.example", "a", false },
	{ "h.example.evil.example", "h.example", "a", false },
	/* Docker Hub */
	{ "https://index.docker.io/v1/", "docker.io", "library/nginx", true },
	{ "https://index.docker.io/v1", "docker.io", "library/nginx", true },
	{ "https://index.docker.io/v2/", "docker.io", "library/nginx", true },
	{ "index.docker.io", "docker.io", "library/nginx", true },
	{ "docker.io", "docker.io", "library/nginx", true },
	{ "registry-1.docker.io", "docker.io", "library/nginx", true },
	{ "https://registry-1.docker.io/v2/", "index.docker.io", "a", true },
	{ "docker.io", "registry-1.docker.io", "a", true },
	{ "https://index.docker.io/v1/access-token", "docker.io", "a", false },
	{ "https://index.docker.io/v1/refresh-token", "docker.io", "a", false },
	{ "hub.docker.com", "docker.io", "a", false },
	{ "auth.docker.io", "docker.io", "a", false },
	{ "docker.io", "ghcr.io", "a", false },
	/* paths */
	{ "docker.io/library", "docker.io", "library/nginx", true },
	{ "docker.io/library/nginx", "docker.io", "library/nginx", true },
	{ "docker.io/library/", "docker.io", "library/nginx", true },
	{ "docker.io/librar", "docker.io", "library/nginx", false },
	{ "docker.io/library/ngin", "docker.io", "library/nginx", false },
	{ "docker.io/library/nginx/x", "docker.io", "library/nginx", false },
	{ "h.example/team", "h.example", "team", true },
	{ "h.example/team", "h.example", "teamwork/a", false },
	{ "h.example/team", "h.example", "x/team", false },
	{ "https://h.example/v2/team/", "h.example", "team/app", true },
	{ "h.example/v1/v1", "h.example", "v1/app", true },
	{ "h.example/v2x", "h.example", "v2x/app", true },
	/* globs: one label each */
	{ "*.azurecr.io", "my.azurecr.io", "a", true },
	{ "https://*.azurecr.io/v2/", "my.azurecr.io", "a", true },
	{ "*.azurecr.io", "a.b.azurecr.io", "a", false },
	{ "*.*.azurecr.io", "a.b.azurecr.io", "a", true },
	{ "*.azurecr.io", "azurecr.io", "a", false },
	{ "*.azurecr.io", ".azurecr.io", "a", true },	/* no such registry */
	{ "*.azurecr.io", "my.azurecr.io:443", "a", false },
	{ "*.azurecr.io:443", "my.azurecr.io:443", "a", true },
	{ "*.azurecr.io:*", "my.azurecr.io:443", "a", true },
	{ "*.azurecr.io*", "my.azurecr.io:443", "a", false },
	{ "my*.azurecr.io", "mycorp.azurecr.io", "a", true },
	{ "my*p.azurecr.io", "mycorp.azurecr.io", "a", true },
	{ "my*x.azurecr.io", "mycorp.azurecr.io", "a", false },
	{ "*c*r*.azurecr.io", "mycorp.azurecr.io", "a", true },
	{ "**.azurecr.io", "my.azurecr.io", "a", true },
	{ "*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com",
	    "a", true },
	{ "*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.amazonaws.com", "a", false },
	{ "*", "localhost", "a", true },
	{ "*", "h.example", "a", false },
	{ "*.*", "h.example", "a", true },
	{ "*.azurecr.io/team", "my.azurecr.io", "team/app", true },
	{ "*.azurecr.io/team", "my.azurecr.io", "other/app", false },
	{ "docker.*", "docker.io", "a", true },
	/* keys that are none match nothing */
	{ "", "h.example", "a", false },
	{ "/", "h.example", "a", false },
	{ "https://", "h.example", "a", false },
	{ "https:///a", "h.example", "a", false },
	{ "//h.example", "h.example", "a", false },
	{ " h.example", "h.example", "a", false },
	{ "@", "h.example", "a", false },
};

static void
test_keys(void **state)
{
	struct credentials *c;
	char *json;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(keys); i++) {
		json = xasprintf("{\"auths\":{\"%s\":{\"auth\":\"dTpw\"}}}",
		    keys[i].key);
		c = parsed(json);
		free(json);
		json = found(c, keys[i].registry, keys[i].name);
		if ((strcmp(json, "u:p") == 0) != keys[i].fits)
			fail_msg("[%s] %s/%s: %s", keys[i].key,
			    keys[i].registry, keys[i].name, json);
		free(json);
		credentials_free(c);
	}
}

#define AS(name)	"{\"username\":\"" name "\",\"password\":\"p\"}"

/* Who wins, whatever the order in the file. */
static void
test_precedence(void **state)
{
	static const char *const files[] = {
		"{\"auths\":{\"*.example\":" AS("glob") ","
		"\"*.*\":" AS("wide") ","
		"\"*.example/team/app\":" AS("globpath") ","
		"\"h.example\":" AS("host") ","
		"\"h.example/team\":" AS("team") ","
		"\"h.example/team/app\":" AS("app") ","
		"\"h.example/none\":{}}}",
		"{\"auths\":{\"h.example/none\":{},"
		"\"h.example/team/app\":" AS("app") ","
		"\"h.example/team\":" AS("team") ","
		"\"h.example\":" AS("host") ","
		"\"*.example/team/app\":" AS("globpath") ","
		"\"*.*\":" AS("wide") ","
		"\"*.example\":" AS("glob") "}}",
	};
	struct credentials *c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(files); i++) {
		c = parsed(files[i]);
		check(c, "h.example", "team/app", "app:p");
		check(c, "h.example", "team/app/x", "app:p");
		check(c, "h.example", "team/apple", "team:p");
		check(c, "h.example", "team", "team:p");
		check(c, "h.example", "teamwork", "host:p");
		check(c, "h.example", "none/x", "host:p");
		check(c, "i.example", "team/app", "globpath:p");
		check(c, "i.example", "team", "glob:p");
		check(c, "i.test", "team", "wide:p");
		check(c, "i.j.test", "team", "-");
		credentials_free(c);
	}
}

static void
test_order(void **state)
{
	struct credentials *c;

	(void)state;
	/* two names of one registry: the first */
	c = parsed("{\"auths\":{\"docker.io\":" AS("a") ","
	    "\"https://index.docker.io/v1/\":" AS("b") "}}");
	check(c, "docker.io", "x", "a:p");
	credentials_free(c);
	/* one without a secret does not stand in the way */
	c = parsed("{\"auths\":{\"docker.io\":{},"
	    "\"https://index.docker.io/v1/\":" AS("b") "}}");
	check(c, "docker.io", "x", "b:p");
	credentials_free(c);
	/* one key twice: the last, as the clients have it */
	c = parsed("{\"auths\":{\"h\":" AS("a") ",\"h\":" AS("b") "}}");
	check(c, "h", "x", "b:p");
	credentials_free(c);
}

/* Files without entries; found nothing, and no helper. */
static const char *const empty[] = {
	"", "{}", " {} \n", "{\"auths\":{}}", "{\"auths\":null}",
	"{\"auths\":{},\"credsStore\":\"\"}", "{\"credsStore\":null}",
	"{\"credHelpers\":{}}", "{\"credHelpers\":null}",
	"{\"HttpHeaders\":{\"User-Agent\":\"x\"}}",
	"{\"psFormat\":\"x\",\"plugins\":{\"a\":{\"b\":\"c\"}}}",
	"{\"proxies\":{\"default\":{\"httpProxy\":\"http://p\"}}}",
	"{\"currentContext\":\"x\",\"features\":{\"auth\":3}}",
	/* with "auths", all else is no entry */
	"{\"auths\":{},\"h.example\":{\"auth\":\"dTpw\"}}",
};

static void
test_empty(void **state)
{
	struct credentials *c = NULL;
	struct err e;
	const char *server = "kept";
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(empty); i++) {
		c = parsed(empty[i]);
		check(c, "h.example", "a", "-");
		check(c, "docker.io", "library/nginx", "-");
		assert_null(credentials_helper(c, "h.example", &server));
		assert_string_equal(server, "kept");
		credentials_free(c);
	}
	assert_int_equal(credentials_parse("x", NULL, 0, &c, &e), 0);
	check(c, "h.example", "a", "-");
	credentials_free(c);
	credentials_free(NULL);
}

#define AUTHS(entry)	"{\"auths\":{\"h.example\":" entry "}}"

/* Each with a word that the message has to have besides the file's name.
 * SECRET and its base64 must not be in one. */
static const struct {
	const char *json, *says;
} bad[] = {
	{ " ", "line" }, { "[]", "object" }, { "null", "JSON" }, { "x",
	    "JSON" },
	{ "{", "line 1" }, { "{}x", "line 1" }, { "{\"auths\":{},}", "line 1" },
	{ "{\n\"auths\":\n{\"SECRET\" 1}}", "line 3, column" },
	{ "{\"auths\":{\"h\":{\"password\":\"SECRET", "line 1, column" },
	{ "{\"auths\":{\"h\":{\"password\":\"SECRET\xff\"}}}", "line 1" },
	{ "{\"auths\":{\"h\":{\"password\":\"SECRET\\u0000\"}}}", "line 1" },
	{ "SECRET", "line 1" },
	{ "\xef\xbb\xbf{}", "line 1" },
	{ "{\"auths\":[]}", "auths" }, { "{\"auths\":\"SECRET\"}", "auths" },
	{ "{\"auths\":3}", "auths" }, { "{\"auths\":false}", "auths" },
	{ "{\"credHelpers\":[]}", "credHelpers" },
	{ "{\"credsStore\":\"/bin/sh\"}", "credsStore" },
	{ "{\"credsStore\":7}", "credsStore" },
};

/* What is wrong with one entry is no error before that one is needed. */
static const struct {
	const char *json, *says;
} faulty[] = {
	{ "{\"auths\":{\"h.example\":\"SECRET\"}}", "h.example" },
	{ "{\"auths\":{\"h.example\":null}}", "h.example" },
	{ "{\"h.example\":\"SECRET\"}", "h.example" },
	{ "{\"https://u:SECRET@h.example/v1/\":3}", "h.example/v1/" },
	{ "{\"auths\":{\"u:SEC/SECRET@h.example\":3}}", "h.example" },
	{ AUTHS("{\"auth\":3}"), "h.example: \"auth\"" },
	{ AUTHS("{\"auth\":{\"x\":\"SECRET\"}}"), "\"auth\"" },
	{ AUTHS("{\"auth\":\"SECRET!\"}"), "h.example: \"auth\"" },
	{ AUTHS("{\"auth\":\"dXNlcjpTRUNSRVQ\xc3\xa9\"}"), "\"auth\"" },
	{ AUTHS("{\"auth\":\"U0VDUkVU\"}"), "\"auth\"" },	/* no colon */
	{ AUTHS("{\"auth\":\"OlNFQ1JFVA==\"}"), "\"auth\"" },	/* no user */
	{ AUTHS("{\"auth\":\"dTpTRUMAUkVU\"}"), "\"auth\"" },	/* NUL within */
	{ AUTHS("{\"auth\":\"AAAA\"}"), "\"auth\"" },
	{ AUTHS("{\"auth\":\"=\"}"), "\"auth\"" },
	{ AUTHS("{\"username\":[\"SECRET\"]}"), "\"username\"" },
	{ AUTHS("{\"password\":123456}"), "h.example: \"password\"" },
	{ AUTHS("{\"identitytoken\":true}"), "\"identitytoken\"" },
	{ AUTHS("{\"registrytoken\":{}}"), "\"registrytoken\"" },
	{ AUTHS("{\"registrytoken\":\"SECRET\\r\\nX: y\"}"),
	    "\"registrytoken\"" },
	{ "{\"credHelpers\":{\"h.example\":3}}", "credHelpers: h.example" },
	{ "{\"credHelpers\":{\"h.example\":null}}", "credHelpers: h.example" },
	{ "{\"credHelpers\":{\"h.example\":\"../../bin/sh\"}}", "h.example" },
	{ "{\"credHelpers\":{\"h.example\":\"a b\"}}", "h.example" },
	{ "{\"credHelpers\":{\"h.example\":\"a;b\"}}", "h.example" },
	{ "{\"credHelpers\":{\"h.example\":\"a\\nb\"}}", "h.example" },
};

static void
test_faulty(void **state)
{
	struct credentials *c;
	struct credential found;
	const char *fault, *server;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(faulty); i++) {
		c = parsed(faulty[i].json);
		assert_int_equal(credentials_find(c, "h.example", "a",
		    &found), 0);
		assert_null(credentials_helper(c, "h.example", &server));
		fault = credentials_fault(c, "h.example", "a");
		if (fault == NULL)
			fail_msg("%s: no fault", faulty[i].json);
		if (strstr(fault, faulty[i].says) == NULL)
			fail_msg("%s: says \"%s\"", faulty[i].json, fault);
		assert_null(strstr(fault, "SECRET"));
		assert_null(strstr(fault, "U0VDUkVU"));
		assert_null(strstr(fault, "TRUNSRV"));
		assert_null(credentials_fault(c, "other.example", "a"));
		assert_true(credentials_name(c, "h.example"));
		assert_false(credentials_name(c, "other.example"));
		credentials_free(c);
	}
	/* The others are as they are; the better one decides. */
	c = parsed("{\"auths\":{\"h.example/a\":{\"auth\":7},"
	    "\"h.example\":{\"auth\":\"dXNlcjpwYXNz\"},\"i.example\":{}},"
	    "\"credHelpers\":{\"j.example\":\"x\"}}");
	check(c, "h.example", "b", "user:pass");
	assert_null(credentials_fault(c, "h.example", "b"));
	check(c, "h.example", "a/b", "-");
	assert_non_null(credentials_fault(c, "h.example", "a/b"));
	assert_true(credentials_name(c, "i.example"));
	assert_true(credentials_name(c, "j.example"));
	assert_null(credentials_fault(c, "i.example", "a"));
	credentials_free(c);
}

static void
test_bad(void **state)
{
	struct credentials *c = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		e.code = ERR_NONE;
		if (credentials_parse("c.json", bad[i].json,
		    strlen(bad[i].json), &c, &e) != -1)
			fail_msg("%s was taken", bad[i].json);
		assert_int_equal(e.code, ERR_INPUT);
		assert_null(c);
		assert_int_equal(strncmp(e.msg, "c.json: ", 8), 0);
		if (strstr(e.msg + 8, bad[i].says) == NULL)
			fail_msg("%s: says \"%s\"", bad[i].json, e.msg);
		assert_null(strstr(e.msg, "SECRET"));
		assert_null(strstr(e.msg, "U0VDUkVU"));
		assert_null(strstr(e.msg, "TRUNSRV"));
	}
}

static void
check_helper(const struct credentials *c, const char *registry,
    const char *want, const char *want_server)
{
	const char *server = NULL;
	const char *got = credentials_helper(c, registry, &server);

	if (want == NULL) {
		assert_null(got);
		assert_null(server);
		return;
	}
	if (got == NULL)
		fail_msg("%s: no helper", registry);
	assert_string_equal(got, want);
	assert_string_equal(server, want_server);
}

#define HUB	"https://index.docker.io/v1/"

static void
test_helper(void **state)
{
	struct credentials *c;

	(void)state;
	c = parsed("{\"auths\":{\"h.example\":{}},\"credsStore\":\"desktop\","
	    "\"credHelpers\":{\"1.dkr.ecr.eu-west-1.amazonaws.com\":"
	    "\"ecr-login\",\"https://G.example:5000/v2/\":\"gcloud_2.x\","
	    "\"none.example\":\"\",\"i.example/ns\":\"deep\"}}");
	check_helper(c, "1.dkr.ecr.eu-west-1.amazonaws.com", "ecr-login",
	    "1.dkr.ecr.eu-west-1.amazonaws.com");
	check_helper(c, "g.example:5000", "gcloud_2.x", "g.example:5000");
	check_helper(c, "g.example", "desktop", "g.example");
	check_helper(c, "h.example", "desktop", "h.example");
	check_helper(c, "none.example", NULL, NULL);
	check_helper(c, "i.example", "desktop", "i.example");
	check_helper(c, "docker.io", "desktop", HUB);
	check_helper(c, "registry-1.docker.io", "desktop", HUB);
	credentials_free(c);
	c = parsed("{\"credHelpers\":{\"" HUB "\":\"pass\"}}");
	check_helper(c, "docker.io", "pass", HUB);
	check_helper(c, "index.docker.io", "pass", HUB);
	check_helper(c, "ghcr.io", NULL, NULL);
	credentials_free(c);
	c = parsed("{\"credsStore\":\"osxkeychain\",\"auths\":null}");
	check_helper(c, "ghcr.io", "osxkeychain", "ghcr.io");
	credentials_free(c);
}

static const struct {
	const char *json, *user, *password, *token;	/* all NULL: refused */
} printed[] = {
	{ "{\"ServerURL\":\"h\",\"Username\":\"u\",\"Secret\":\"p\"}\n",
	    "u", "p", NULL },
	{ "{\"Username\":\"AWS\",\"Secret\":\"a:b\"}", "AWS", "a:b", NULL },
	{ "{\"ServerURL\":\"h\",\"Username\":\"<token>\",\"Secret\":\"T\"}",
	    NULL, NULL, "T" },
	{ "{\"Username\":\"u\"}", NULL, NULL, NULL },
	{ "{\"Secret\":\"SECRET\"}", NULL, NULL, NULL },
	{ "{\"Username\":\"\",\"Secret\":\"SECRET\"}", NULL, NULL, NULL },
	{ "{\"Username\":\"u\",\"Secret\":\"\"}", NULL, NULL, NULL },
	{ "{\"Username\":\"u\",\"Secret\":7}", NULL, NULL, NULL },
	{ "{\"Username\":[],\"Secret\":\"SECRET\"}", NULL, NULL, NULL },
	{ "{\"username\":\"u\",\"secret\":\"SECRET\"}", NULL, NULL, NULL },
	{ "{\"Username\":\"u\",\"Secret\":\"SECRET\"", NULL, NULL, NULL },
	{ "credentials not found in native keychain\n", NULL, NULL, NULL },
	{ "[\"SECRET\"]", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL }, { "{}", NULL, NULL, NULL },
};

static void
check_same(const char *got, const char *want)
{
	assert_true((got == NULL) == (want == NULL));
	if (got != NULL)
		assert_string_equal(got, want);
}

static void
test_from_helper(void **state)
{
	struct credential c;
	struct err e;
	size_t i;
	int rc;
	bool is_good;

	(void)state;
	for (i = 0; i < COUNT(printed); i++) {
		is_good = printed[i].password != NULL ||
		    printed[i].token != NULL;
		c = (struct credential){ 0 };
		e = (struct err){ 0 };
		rc = credential_from_helper(printed[i].json,
		    strlen(printed[i].json), &c, &e);
		if ((rc == 0) != is_good)
			fail_msg("%s: %d %s", printed[i].json, rc, e.msg);
		assert_int_equal(e.code, is_good ? ERR_NONE : ERR_INPUT);
		assert_null(strstr(e.msg, "SECRET"));
		check_same(c.username, printed[i].user);
		check_same(c.password, printed[i].password);
		check_same(c.identity_token, printed[i].token);
		assert_null(c.registry_token);
		credential_done(&c);
	}
}

static void
test_limits(void **state)
{
	char *text = xmalloc(CONFIG_BYTES_MAX + 1);
	struct credentials *c = NULL;
	struct err e;

	(void)state;
	memset(text, ' ', CONFIG_BYTES_MAX + 1);
	memcpy(text, "{}", 2);
	assert_int_equal(credentials_parse("x", text, CONFIG_BYTES_MAX, &c, &e),
	    0);
	credentials_free(c);
	assert_int_equal(credentials_parse("x", text, CONFIG_BYTES_MAX + 1, &c,
	    &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	memset(text, '{', CONFIG_BYTES_MAX);
	assert_int_equal(credentials_parse("x", text, CONFIG_BYTES_MAX, &c, &e),
	    -1);
	free(text);
}

/* A pattern of many stars takes no exponential time. */
static void
test_glob_time(void **state)
{
	struct credentials *c;
	char *json, stars[2001], host[2001];
	size_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		stars[i] = i % 2 == 0 ? '*' : 'a';
		host[i] = 'a';
	}
	stars[2000] = host[2000] = '\0';
	json = xasprintf("{\"auths\":{\"%sb\":" AS("u") "}}", stars);
	c = parsed(json);
	check(c, host, "x", "-");
	credentials_free(c);
	free(json);
}

/* The password that is looked for in memory must not itself be there: it is
 * kept with every bit turned over. */
static void
flip(char *to, const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = (char)~from[i];
}

static bool
is_flipped_at(const char *p, const char *flipped, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != (char)~flipped[i])
			return false;
	return true;
}

/* How often it is in the writable memory of this process.  Larger mappings
 * than 64 MiB are the sanitizer's own. */
static size_t
count_in_memory(const char *flipped, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);
	char line[512], mode[5], *buf;
	uint64_t from, to;
	ssize_t got, i;
	size_t count = 0;

	assert_non_null(maps);
	assert_int_not_equal(mem, -1);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to,
		    mode) != 3 || strncmp(mode, "rw", 2) != 0 ||
		    to - from > 64u << 20)
			continue;
		buf = xmalloc(to - from);
		got = pread(mem, buf, to - from, (off_t)from);
		for (i = 0; i + (ssize_t)len <= got; i++)
			count += is_flipped_at(buf + i, flipped, len);
		if (got > 0)
			explicit_bzero(buf, (size_t)got);
		free(buf);
	}
	fclose(maps);
	close(mem);
	return count;
}

static const struct {
	const char *before, *behind;
} around[] = {
	{ "{\"auths\":{\"h\":{\"username\":\"u\",\"password\":\"", "\"}}}" },
	{ "{\"auths\":{\"h\":{\"identitytoken\":\"", "\"}}}" },
	{ "{\"auths\":{\"h\":{\"registrytoken\":\"", "\"}}}" },
	/* errors, of several kinds */
	{ "{\"auths\":{\"h\":{\"auth\":\"", "\"}}}" },
	{ "{\"auths\":{\"h\":{\"password\":\"", "\"}} 1}" },
	{ "{\"auths\":{\"h\":{\"password\":\"", "\n\"}}}" },
	{ "{\"auths\":{\"h\":{\"password\":\"", "" },
};

/* Nothing of a password is left, neither ours nor the JSON library's copy. */
static void
test_wiped(void **state)
{
	/* "correct-horse-battery-staple" */
	static const char flipped[] = "\x9c\x90\x8d\x8d\x9a\x9c\x8b\xd2\x97"
	    "\x90\x8d\x8c\x9a\xd2\x9d\x9e\x8b\x8b\x9a\x8d\x86\xd2\x8c\x8b"
	    "\x9e\x8f\x93\x9a";
	const size_t len = sizeof(flipped) - 1;
	struct credentials *c;
	struct credential got;
	struct err e;
	char secret[3 * sizeof(flipped)], json[300];
	size_t i, shown = 0;

	(void)state;
	credentials_init();
	assert_int_equal(count_in_memory(flipped, len), 0);
	for (i = 0; i < COUNT(around); i++) {
		c = NULL;
		/* three in a row: free(3) writes over the start of a block */
		flip(secret, flipped, len);
		memcpy(secret + len, secret, len);
		memcpy(secret + 2 * len, secret, len);
		secret[3 * len] = '\0';
		snprintf(json, sizeof(json), "%s%s%s", around[i].before,
		    secret, around[i].behind);
		explicit_bzero(secret, sizeof(secret));
		credentials_parse("x", json, strlen(json), &c, &e);
		explicit_bzero(json, sizeof(json));
		if (c != NULL && credentials_find(c, "h", "a", &got) == 1) {
			shown += count_in_memory(flipped, len) >= 2;
			credential_done(&got);
		}
		credentials_free(c);
		if (count_in_memory(flipped, len) != 0)
			fail_msg("left behind: %s", around[i].before);
	}
	assert_int_equal(shown, 3);	/* it can be found when it is there */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_faulty),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_helper),
		cmocka_unit_test(test_from_helper),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_glob_time),
		cmocka_unit_test(test_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
