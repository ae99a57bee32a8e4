#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/url.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct reach_list nowhere = { NULL, 0 };

static const struct {
	const char *from, *text;
	bool https;
	const char *host;
	unsigned port;
} good[] = {
	{ "https://h.example", "https://h.example/", true, "h.example", 443 },
	{ "http://h.example/", "http://h.example/", false, "h.example", 80 },
	{ "HTTPS://H.Example/A/b", "https://h.example/A/b", true, "h.example",
	    443 },
	{ "https://h:443/x", "https://h/x", true, "h", 443 },
	{ "https://h:0443/x", "https://h/x", true, "h", 443 },
	{ "http://h:443/x", "http://h:443/x", false, "h", 443 },
	{ "http://h:5000", "http://h:5000/", false, "h", 5000 },
	{ "https://h:65535/", "https://h:65535/", true, "h", 65535 },
	{ "https://h/a/./b/../c", "https://h/a/c", true, "h", 443 },
	{ "https://h/?a=b&c=%20d+e", "https://h/?a=b&c=%20d+e", true, "h",
	    443 },
	{ "https://h?a", "https://h/?a", true, "h", 443 },
	{ "https://h/x?a#frag", "https://h/x?a", true, "h", 443 },
	{ "https://h/x#", "https://h/x", true, "h", 443 },
	{ "https://h/a b", "https://h/a%20b", true, "h", 443 },
	{ "https://h/a%20b", "https://h/a%20b", true, "h", 443 },
	{ "https://h/u@v:w?x=y@z", "https://h/u@v:w?x=y@z", true, "h", 443 },
	{ "https://ex%61mple/", "https://example/", true, "example", 443 },
	{ "https://[::1]:5000/", "https://[::1]:5000/", true, "[::1]", 5000 },
	{ "https://[0:0:0:0:0:0:0:1]/", "https://[::1]/", true, "[::1]", 443 },
	{ "https://[2001:DB8::A]/", "https://[2001:db8::a]/", true,
	    "[2001:db8::a]", 443 },
	{ "http://127.1/", "http://127.0.0.1/", false, "127.0.0.1", 80 },
	{ "http://0x7f000001/", "http://127.0.0.1/", false, "127.0.0.1", 80 },
	{ "http://127.0.0.1./", "http://127.0.0.1/", false, "127.0.0.1", 80 },
	{ "http://127.0.0.1.nip.io/", "http://127.0.0.1.nip.io/", false,
	    "127.0.0.1.nip.io", 80 },
};

static const char *const bad[] = {
	"", "#", "#x", "/", "/v2/", "h", "h.example/x", "//h/x", "?a=b", ":80",
	"ftp://h/", "file:///etc/passwd", "gopher://h/", "javascript:alert(1)",
	"data:text/plain,x", "httpss://h/", "htt://h/", "https", "https:",
	"https://", "https:///", "https:///x", "http:/x", "HTTP:x",
	"http://?x", "http://#x", "https://:443/",
	"https://u@h/", "https://u:p@h/", "https://@h/", "https://:@h/",
	"https://good.example\\@evil.example/", "https://h\\.example/",
	"https://u%40@h/", "https://h%40evil.example/", "https://h%2fx/",
	"https://h:0/", "https://h:65536/", "https://h:99999999999/",
	"https://h:-1/", "https://h:80:80/", "https://h:x/", "https://h:8 0/",
	"https://[::1/", "https://::1/", "https://[::1]x/", "https://[]/",
	"https://[::g]/", "https://[1::2::3]/", "https://[fe80::1%25eth0]/",
	"https://[fe80::1%eth0]/", "https://[127.0.0.1]/",
	"https://h h/", "https://h%20h/", "https://h%00/", "https://h%0a/",
	"https://h\t/", "https://h\n/", "https://h/\r\nX: y", "https://h/\x01",
	"https://h/\x7f", "\x01https://h/", " ", "https ://h/",
	"https://h;x/", "https://h<x/", "https://h\"x/", "https://h{x/",
	/* full-width and circled digits and letters: 127.0.0.1, localhost */
	"https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
	"https://%ef%bc%91%ef%bc%92%ef%bc%97.0.0.1/",
	"https://l\xe2\x93\x9e\xe2\x93\x92\xe2\x93\x90lhost/",
	"https://\xc3\xa9.example/",
};

static void
test_parse(void **state)
{
	struct url u, again;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (url_parse(good[i].from, &u, &e) == -1)
			fail_msg("%s: %s", good[i].from, e.msg);
		assert_string_equal(u.text, good[i].text);
		assert_string_equal(u.host, good[i].host);
		assert_int_equal(u.https, good[i].https);
		assert_int_equal(u.port, good[i].port);
		/* what is normal stays as it is */
		assert_int_equal(url_parse(u.text, &again, &e), 0);
		assert_string_equal(again.text, u.text);
		assert_true(url_same_origin(&u, &again));
		url_done(&again);
		url_done(&u);
		assert_null(u.text);
	}
}

static void
test_refused(void **state)
{
	struct url u = { .port = 77 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		e.code = ERR_NONE;
		if (url_parse(bad[i], &u, &e) != -1)
			fail_msg("\"%s\" was taken as %s", bad[i], u.text);
		assert_int_equal(e.code, ERR_NET);
		assert_true(u.text == NULL && u.port == 77);
	}
}

/* A message goes into a log. */
static void
test_message(void **state)
{
	struct url u;
	struct err e;
	const char *s;

	(void)state;
	assert_int_equal(url_parse("ftp://h/x?sig=SECRET", &u, &e), -1);
	assert_non_null(strstr(e.msg, "ftp://h/x"));
	assert_null(strstr(e.msg, "SECRET"));
	assert_int_equal(url_parse("https://me:SECRET@h/", &u, &e), -1);
	assert_null(strstr(e.msg, "SECRET"));
	assert_int_equal(url_parse("ftp://h/\x1b[31m\n\xff", &u, &e), -1);
	for (s = e.msg; *s != '\0'; s++)
		assert_in_range(*s, ' ', '~');
}

static void
test_length(void **state)
{
	char *text = xmalloc(URL_MAX + 2);
	struct url u;
	struct err e;

	(void)state;
	memset(text, 'a', URL_MAX + 1);
	memcpy(text, "https://h/", 10);
	text[URL_MAX] = '\0';
	assert_int_equal(url_parse(text, &u, &e), 0);
	assert_int_equal(strlen(u.text), URL_MAX);
	url_done(&u);
	text[URL_MAX] = 'a';
	text[URL_MAX + 1] = '\0';
	assert_int_equal(url_parse(text, &u, &e), -1);
	/* short enough, but not once it is escaped */
	memset(text + 10, ' ', URL_MAX - 11);
	text[URL_MAX] = '\0';
	assert_int_equal(url_parse(text, &u, &e), -1);
	free(text);
}

#define BASE	"https://reg.example:5000/v2/foo/tags/list?a=b"

static const struct {
	const char *text, *want;	/* NULL: refused */
} resolved[] = {
	{ "/a/b", "https://reg.example:5000/a/b" },
	{ "b", "https://reg.example:5000/v2/foo/tags/b" },
	{ "../x", "https://reg.example:5000/v2/foo/x" },
	{ "/../../x", "https://reg.example:5000/x" },
	{ "?n=1&last=z",
	    "https://reg.example:5000/v2/foo/tags/list?n=1&last=z" },
	{ "//o.example/x", "https://o.example/x" },
	{ "//o.example:5000/x#y", "https://o.example:5000/x" },
	{ "https://o.example/y?a=b", "https://o.example/y?a=b" },
	{ "HTTP://O.example", "http://o.example/" },
	{ "/a b?c", "https://reg.example:5000/a%20b?c" },
	{ "/a%20b?c=%2f", "https://reg.example:5000/a%20b?c=%2f" },
	{ "/\\evil.example", "https://reg.example:5000/\\evil.example" },
	{ "/x@y", "https://reg.example:5000/x@y" },
	{ "/https://o.example/",
	    "https://reg.example:5000/https://o.example/" },
	{ "", NULL }, { "#", NULL }, { "#top", NULL }, { "//", NULL },
	{ "http://", NULL }, { "ftp://o.example/", NULL },
	{ "javascript:x", NULL }, { "mailto:a@b", NULL },
	{ "//u@o.example/", NULL }, { "//u:p@o.example/", NULL },
	{ "https://u@o.example/", NULL }, { "//o.example:0/", NULL },
	{ "/a\r\nX: y", NULL }, { "/a\x01", NULL }, { "//h\x80/", NULL },
};

static void
test_resolve(void **state)
{
	struct url base, u;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	assert_int_equal(url_parse(BASE, &base, &e), 0);
	for (i = 0; i < COUNT(resolved); i++) {
		e.code = ERR_NONE;
		rc = url_resolve(&base, resolved[i].text, &u, &e);
		if (resolved[i].want == NULL) {
			if (rc != -1)
				fail_msg("%s: %s", resolved[i].text, u.text);
			assert_int_equal(e.code, ERR_NET);
			continue;
		}
		if (rc == -1)
			fail_msg("%s: %s", resolved[i].text, e.msg);
		assert_string_equal(u.text, resolved[i].want);
		url_done(&u);
	}
	assert_string_equal(base.text, BASE);
	url_done(&base);
}

static struct url
parsed(const char *text)
{
	struct url u;
	struct err e;

	if (url_parse(text, &u, &e) == -1)
		fail_msg("%s", e.msg);
	return u;
}

static const struct {
	const char *a, *b;
	bool same;
} origins[] = {
	{ "https://h/a", "https://h/b?c", true },
	{ "https://h", "https://H:443/", true },
	{ "http://h", "http://h:80/", true },
	{ "http://127.0.0.1", "http://127.1/", true },
	{ "http://[::1]", "http://[0::1]/", true },
	{ "https://h", "http://h/", false },
	{ "https://h:80", "http://h:80/", false },
	{ "https://h", "https://h:444/", false },
	{ "https://h", "https://h.example/", false },
	{ "https://h.example", "https://x.h.example/", false },
	{ "https://h.example", "https://h.example.evil.example/", false },
	{ "https://h", "https://h./", false },
};

static void
test_origin(void **state)
{
	struct url a, b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(origins); i++) {
		a = parsed(origins[i].a);
		b = parsed(origins[i].b);
		if (url_same_origin(&a, &b) != origins[i].same ||
		    url_same_origin(&b, &a) != origins[i].same)
			fail_msg("%s %s", origins[i].a, origins[i].b);
		url_done(&a);
		url_done(&b);
	}
}

static const char *const loopback[] = {
	"localhost", "LOCALHOST", "localhost:5000", "127.0.0.1", "127.0.0.1:80",
	"127.255.255.254", "127.1", "127.0.1", "127.1.", "127.0.0.1.",
	"0x7f000001", "0X7F.1", "0x7f.0x0.0x0.0x1", "2130706433",
	"017700000001", "0177.0.0.1", "0177.1", "127.0.0.0x1",
	"127.000.000.001",
	"%31%32%37.0.0.1", "127%2e0.0.1", "%31%32%37.1",
	"[::1]", "[::1]:5000", "[0:0:0:0:0:0:0:1]", "[0000::0001]",
	"[::ffff:127.0.0.1]", "[::ffff:127.9.9.9]", "[::FFFF:7f00:1]",
	"[0:0:0:0:0:ffff:7f00:1]",
};

/* Not of the Internet, and not loopback for url_is_loopback. */
static const char *const local[] = {
	"x.localhost", "a.b.localhost", "localhost.", "x.localhost.",
	"0.0.0.0", "0", "0x0", "0.1.2.3", "[::]", "[::ffff:0.0.0.0]",
	"10.0.0.1", "10.255.255.255", "10.1", "0xa000001", "167772161",
	"012.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1",
	"100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192",
	"198.18.0.1", "198.19.255.255", "224.0.0.1", "240.0.0.1",
	"255.255.255.255", "4294967295", "037777777777", "[fec0::1]",
	"[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[fdff:ffff::1]",
	"[ff02::1]", "[::ffff:10.0.0.1]", "[::ffff:192.168.0.1]",
	"[::10.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]",
	"[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[::ffff:0:10.0.0.1]",
	"[2002:7f00:1::]", "[2002:a00:1::1]",
};

/* Refused from anywhere else, a local registry included. */
static const char *const link_local[] = {
	"169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
	"169.254.43518", "[fe80::1]", "[febf::1]", "[::ffff:a9fe:a9fe]",
	"[::ffff:169.254.169.254]", "[::169.254.169.254]",
	"[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
};

static const char *const internet[] = {
	"auth.docker.io", "h", "h.example", "127.0.0.1.nip.io",
	"localhost.example", "xlocalhost", "localhos", "10.example",
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "126.255.255.255",
	"128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255",
	"192.169.0.0", "169.253.255.255", "169.255.0.0", "100.63.255.255",
	"100.128.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0",
	"223.255.255.255", "[2606:4700::1111]", "[::ffff:8.8.8.8]",
	"[64:ff9b::8.8.8.8]", "[2002:808:808::1]", "[fbff::1]", "[fe00::1]",
	"134744072", "256.1.1.1", "127.0.0.1.x", "0x7f.example",
};

static struct url
at(const char *scheme, const char *host)
{
	char *text = xasprintf("%s://%s/", scheme, host);
	struct url u = parsed(text);

	free(text);
	return u;
}

static bool
may(const char *from, const char *to_host)
{
	struct url a = parsed(from), b = at("https", to_host);
	struct err e = { .code = ERR_NONE };
	bool yes = url_may_follow(&a, &b, &nowhere, &e) == 0;

	assert_int_equal(e.code, yes ? ERR_NONE : ERR_NET);
	if (!yes)
		assert_non_null(strstr(e.msg, b.host));
	url_done(&a);
	url_done(&b);
	return yes;
}

static void
check_places(const char *const *hosts, size_t count, bool is_loopback,
    bool is_public, bool from_here)
{
	struct url u;
	size_t i;

	for (i = 0; i < count; i++) {
		u = at("https", hosts[i]);
		if (url_is_loopback(&u) != is_loopback)
			fail_msg("%s: loopback", hosts[i]);
		url_done(&u);
		if (may("https://reg.example/", hosts[i]) != is_public ||
		    may("http://8.8.8.8/", hosts[i]) != is_public)
			fail_msg("%s: from the Internet", hosts[i]);
		if (may("https://localhost:5000/", hosts[i]) != from_here ||
		    may("http://127.0.0.1/", hosts[i]) != from_here ||
		    may("http://[::1]/", hosts[i]) != from_here ||
		    may("https://192.168.1.1/", hosts[i]) != from_here)
			fail_msg("%s: from here", hosts[i]);
	}
}

static void
test_places(void **state)
{
	(void)state;
	check_places(loopback, COUNT(loopback), true, false, true);
	check_places(local, COUNT(local), false, false, true);
	check_places(link_local, COUNT(link_local), false, false, false);
	check_places(internet, COUNT(internet), false, true, true);
}

static const struct {
	const char *from, *to;
	bool may;
} hops[] = {
	{ "https://a.example/", "https://b.example/", true },
	{ "https://a.example/", "http://b.example/", false },
	{ "https://a.example/", "http://a.example/", false },
	{ "https://localhost/", "http://localhost/", false },
	{ "http://a.example/", "http://b.example/", true },
	{ "http://a.example/", "https://b.example/", true },
	{ "http://a.example/", "http://127.0.0.1/", false },
	{ "http://a.example/", "http://localhost:5000/", false },
	{ "http://localhost:1/", "http://127.0.0.1:2/", true },
	{ "http://localhost:1/", "https://b.example/", true },
	{ "https://10.0.0.5/", "https://10.0.0.5:8443/token", true },
	{ "https://10.0.0.5/", "https://10.0.0.6/token", true },
	{ "https://8.8.8.8/", "https://8.8.8.8:444/", true },
	{ "https://[fd00::1]/", "https://[fd00::2]/", true },
};

static void
test_hops(void **state)
{
	struct url from, to;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(hops); i++) {
		from = parsed(hops[i].from);
		to = parsed(hops[i].to);
		if ((url_may_follow(&from, &to,
		    &nowhere, &e) == 0) != hops[i].may)
			fail_msg("%s %s", hops[i].from, hops[i].to);
		url_done(&from);
		url_done(&to);
	}
}

static const struct {
	const char *url, *name, *value, *want;
} queries[] = {
	{ "https://h/t", "service", "r", "https://h/t?service=r" },
	{ "https://h/t?a=b", "c", "d", "https://h/t?a=b&c=d" },
	{ "https://h/t?", "c", "d", "https://h/t?c=d" },
	{ "https://h/t?a&", "c", "d", "https://h/t?a&c=d" },
	/* RFC 3986 section 3.4: the first "?" alone begins the query. */
	{ "https://h/a?b?", "c", "d", "https://h/a?b?&c=d" },
	{ "https://h/a??", "c", "d", "https://h/a??&c=d" },
	{ "https://h/a?b=?", "c", "d", "https://h/a?b=?&c=d" },
	{ "https://h/a?&", "c", "d", "https://h/a?&c=d" },
	{ "https://h/a#x", "c", "d", "https://h/a?c=d" },
	{ "https://h/a#?", "c", "d", "https://h/a?c=d" },
	{ "https://h/a?#x", "c", "d", "https://h/a?c=d" },
	{ "https://h/a?b#x&", "c", "d", "https://h/a?b&c=d" },
	{ "?", "c", "d", "?c=d" },
	{ "https://h/t", "c", "", "https://h/t?c=" },
	{ "https://h/t", "scope", "repository:a/b:pull,push",
	    "https://h/t?scope=repository%3Aa%2Fb%3Apull%2Cpush" },
	{ "https://h/t", "c", "a b+c&d=e#f%g",
	    "https://h/t?c=a%20b%2Bc%26d%3De%23f%25g" },
	{ "https://h/t", "c", "-._~09azAZ", "https://h/t?c=-._~09azAZ" },
	{ "https://h/t", "a=b", "\r\n\x7f\xff",
	    "https://h/t?a%3Db=%0D%0A%7F%FF" },
};

static void
test_query(void **state)
{
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(queries); i++) {
		got = url_with_query(queries[i].url, queries[i].name,
		    queries[i].value);
		assert_string_equal(got, queries[i].want);
		free(got);
	}
	assert_true(url_has_query("https://h/?scope=x", "scope"));
	assert_true(url_has_query("https://h/?a=b&scope=x", "scope"));
	assert_true(url_has_query("https://h/?a&scope", "scope"));
	assert_true(url_has_query("https://h/?scope&a", "scope"));
	assert_false(url_has_query("https://h/scope=x", "scope"));
	assert_false(url_has_query("https://h/?scopes=x", "scope"));
	assert_false(url_has_query("https://h/?xscope=x", "scope"));
	assert_false(url_has_query("https://h/?a=scope", "scope"));
	assert_false(url_has_query("https://h/?", "scope"));
	assert_false(url_has_query("https://h/?&&", "scope"));
	assert_false(url_has_query("https://h/?a?scope", "scope"));
	assert_true(url_has_query("https://h/?a?&scope", "scope"));
	assert_true(url_has_query("https://h/?scope#x", "scope"));
	assert_false(url_has_query("https://h/?a#&scope=x", "scope"));
	assert_false(url_has_query("https://h/#?scope=x", "scope"));
}

/* By the address that a name has led to. */
static const struct {
	const char *home, *to, *peer;
	enum reach home_reach;
	bool may;
} peers[] = {
	{ "https://a/", "https://b/", "8.8.8.8", REACH_INTERNET, true },
	{ "https://a/", "https://b/", "2606:4700::1", REACH_INTERNET, true },
	{ "https://a/", "https://b/", "127.0.0.1", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "::1", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "0.0.0.0", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "::", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "10.9.9.9", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "172.31.0.1", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "100.64.0.1", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "fd00::1", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "fe80::1%eth0", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "::ffff:10.0.0.1", REACH_INTERNET,
	  false },
	{ "https://a/", "https://b/", "64:ff9b::7f00:1", REACH_INTERNET,
	  false },
	{ "https://a/", "https://b/", "2002:a00:1::", REACH_INTERNET, false },
	{ "https://a/", "https://b/", "169.254.169.254", REACH_INTERNET,
	  false },
	{ "https://a/", "https://b/", "", REACH_INTERNET, false },
	/* Allowed below: 192.168.0.0/16, fd01::/16, ok.example. */
	{ "https://a/", "https://b/", "192.168.255.1", REACH_INTERNET, true },
	{ "https://a/", "https://b/", "::ffff:192.168.1.1", REACH_INTERNET,
	  true },
	{ "https://a/", "https://b/", "192.169.0.1", REACH_INTERNET, true },
	{ "https://a/", "https://b/", "fd01::2", REACH_INTERNET, true },
	{ "https://a/", "https://b/", "fd02::2", REACH_INTERNET, false },
	{ "https://a/", "https://OK.example/", "10.0.0.1", REACH_INTERNET,
	  true },
	{ "https://a/", "https://not.ok.example/", "10.0.0.1",
	  REACH_INTERNET, false },
	/* The registry itself, and what is near it. */
	{ "https://a/", "https://a/", "10.0.0.1", REACH_INTERNET, true },
	{ "https://a/", "https://a/", "169.254.169.254", REACH_INTERNET,
	  false },
	{ "https://169.254.1.1/", "https://169.254.1.1/", "169.254.1.1",
	  REACH_INTERNET, true },
	{ "https://a/", "https://b/", "10.0.0.1", REACH_LOCAL, true },
	{ "https://a/", "https://b/", "169.254.169.254", REACH_LOCAL, false },
	{ "https://10.0.0.1/", "https://b/", "10.0.0.2", REACH_INTERNET,
	  true },
	{ "http://localhost/", "https://b/", "127.0.0.1", REACH_INTERNET,
	  true },
};

static void
test_peers(void **state)
{
	struct reach_list allowed = { NULL, 0 };
	struct url home, to;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(reach_list_add(&allowed, "192.168.0.0/16", &e), 0);
	assert_int_equal(reach_list_add(&allowed, "fd01::/16", &e), 0);
	assert_int_equal(reach_list_add(&allowed, "ok.example", &e), 0);
	assert_int_equal(reach_list_add(&allowed, "1.2.3.4.", &e), -1);
	for (i = 0; i < COUNT(peers); i++) {
		home = parsed(peers[i].home);
		to = parsed(peers[i].to);
		if ((url_may_connect(&home, peers[i].home_reach, &to,
		    peers[i].peer, &allowed, &e) == 0) != peers[i].may)
			fail_msg("%zu: %s", i, peers[i].peer);
		url_done(&home);
		url_done(&to);
	}
	reach_list_done(&allowed);
}

static const struct {
	const char *text;
	int rc;
	const char *password;		/* "": none */
} proxies[] = {
	{ "proxy.example", 0, "" },
	{ "proxy.example:3128", 0, "" },
	{ "http://proxy.example:3128/", 0, "" },
	{ "HTTPS://proxy.example", 0, "" },
	{ "socks4://p", 0, "" }, { "socks4a://p", 0, "" },
	{ "socks5://u:pw@p:1080", 0, "pw" }, { "socks5h://[::1]:1", 0, "" },
	{ "http://user:Sup3r%23S3cret%40%2F@proxy.example:3128", 0,
	  "Sup3r#S3cret@/" },
	{ "user:pw@proxy.example:3128", 0, "pw" },
	{ "http://user:a@S3@proxy.example:3128", -1, "" },
	{ "http://user:Sup3r#S3cret@proxy.example:3128", -1, "" },
	{ "http://user:123#S3cret@proxy.example:3128", -1, "" },
	{ "http://user:Sup3r/S3cret@proxy.example:3128", -1, "" },
	{ "http://user:123/S3cret@proxy.example:3128", -1, "" },
	{ "http://user:123?S3cret@proxy.example:3128", -1, "" },
	{ "http://user:S3cret%00@proxy.example:3128", -1, "" },
	{ "http://user:S3 cret@proxy.example:3128", -1, "" },
	{ "http://S3cret:99999", -1, "" }, { "http://S3cret:0", -1, "" },
	{ "http://S3cret:x", -1, "" }, { "http://", -1, "" },
	{ "http:///proxy", 0, "" }, { "ftp://S3cret:1", -1, "" },
	{ "socks://S3cret:1", -1, "" }, { "http://[S3cret", -1, "" },
	{ "\n", -1, "" },
};

static void
test_proxy(void **state)
{
	char *password;
	unsigned port;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(proxies); i++) {
		password = NULL;
		rc = url_proxy(proxies[i].text, &password, &port, &e);
		if (rc != proxies[i].rc)
			fail_msg("%s: %d", proxies[i].text, rc);
		if (rc == -1 && strstr(e.msg, "S3") != NULL)
			fail_msg("%s: %s", proxies[i].text, e.msg);
		if (rc == 0)
			assert_string_equal(password != NULL ? password : "",
			    proxies[i].password);
		free(password);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
