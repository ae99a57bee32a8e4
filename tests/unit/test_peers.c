#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "node/peers.h"
#include "node/peers_bad.h"

/* --- places -------------------------------------------------------------- */

static void
test_place(void **state)
{
	static const struct row {
		const char *text, *host;	/* NULL: an error */
		unsigned port;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1", 7 },
		{ "10.0.0.1:5002", "10.0.0.1", 5002 },
		{ "10.0.0.1:65535", "10.0.0.1", 65535 },
		{ "fd00::1", "fd00::1", 7 },
		{ "FD00:0:0::0001", "fd00::1", 7 },
		{ "[fd00::1]", "fd00::1", 7 },
		{ "[fd00::1]:80", "fd00::1", 80 },
		{ "[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80 },
		{ "node-1.example", "node-1.example", 7 },
		{ "node_1:81", "node_1", 81 },
		{ "1node", "1node", 7 },
		{ "", NULL, 0 },
		{ ":80", NULL, 0 },
		{ "a:", NULL, 0 },
		{ "a:0", NULL, 0 },
		{ "a:65536", NULL, 0 },
		{ "a:080808", NULL, 0 },
		{ "a:+80", NULL, 0 },
		{ "a: 80", NULL, 0 },
		{ "a:80x", NULL, 0 },
		{ "[fd00::1", NULL, 0 },
		{ "[fd00::1]x", NULL, 0 },
		{ "[fd00::1]:", NULL, 0 },
		{ "[10.0.0.1]:80", NULL, 0 },
		{ "[name]:80", NULL, 0 },
		{ "fd00::1%eth0", NULL, 0 },
		{ "10.0.0.256", NULL, 0 },
		{ "10.0.1", NULL, 0 },
		{ "a b", NULL, 0 },
		{ "a;", NULL, 0 },
		{ "a{", NULL, 0 },
		{ "-a", NULL, 0 },
		{ ".a", NULL, 0 },
		{ "http://a", NULL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *host = NULL;
		uint16_t port = 0;
		struct err e;
		int rc = peer_place(rows[i].text, 7, &host, &port, &e);

		if (rows[i].host == NULL) {
			if (rc != -1)
				fail_msg("\"%s\" is a place", rows[i].text);
			assert_int_equal(e.code, ERR_INPUT);
			continue;
		}
		if (rc == -1)
			fail_msg("\"%s\": %s", rows[i].text, e.msg);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
		free(host);
	}
}

/* --- files --------------------------------------------------------------- */

static int
names(struct peers *p, const char *host, uint16_t port, struct err *e)
{
	if (strcmp(host, "here") == 0 || strcmp(host, "localhost") == 0)
		return peers_add(p, "127.0.1.1", port, e);
	if (strcmp(host, "sink") == 0)
		return peers_add(p, "10.0.0.1", port, e) == -1 ||
		    peers_add(p, "0.0.0.0", port, e) == -1 ? -1 : 0;
	if (strcmp(host, "three") != 0)
		return err_set(e, ERR_NET, "%s: no such name", host);
	return peers_add(p, "10.0.0.9", port, e) == -1 ||
	    peers_add(p, "10.0.0.8", port, e) == -1 ||
	    peers_add(p, "fd00::9", port, e) == -1 ? -1 : 0;
}

static char *
all(const struct peers *p)
{
	char *text = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < p->count; i++) {
		longer = xasprintf("%s%s ", text, p->list[i].text);
		free(text);
		text = longer;
	}
	return text;
}

/* One spelling and one line each, whatever the order: all peers have the
 * same ring. */
static void
test_read(void **state)
{
	static const char *const files[] = {
		"10.0.0.2\n10.0.0.1:5002\n10.0.0.10\n[FD00::1]\n",
		("# all\n\n  fd00:0::1  # that\r\n10.0.0.10\r\n10.0.0.1\t\n"
		"10.0.0.2:5002#x\n10.0.0.1\n"),
		"10.0.0.10\n10.0.0.2\n10.0.0.1\nfd00::1",
	};
	struct peers p = { 0 }, q = { 0 };
	struct err e;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		peers_done(&p);
		assert_int_equal(peers_read(&p, "f", files[i], names, &e), 0);
		text = all(&p);
		assert_string_equal(text, "10.0.0.10:5002 10.0.0.1:5002 "
		    "10.0.0.2:5002 [fd00::1]:5002 ");
		free(text);
	}
	assert_int_equal(peers_read(&q, "f", "three:80\n10.0.0.1\n", names,
	    &e), 0);
	text = all(&q);
	assert_string_equal(text,
	    "10.0.0.1:5002 10.0.0.8:80 10.0.0.9:80 [fd00::9]:80 ");
	free(text);
	assert_false(peers_same(&p, &q));
	assert_true(peers_same(&q, &q));
	assert_null(peers_find(&q, "10.0.0.1", 80));
	assert_non_null(peers_find(&q, "10.0.0.1", 0));
	assert_string_equal(peers_find(&q, "10.0.0.8", 80)->text,
	    "10.0.0.8:80");
	peers_done(&p);
	peers_done(&q);
}

/* Nothing of a file that is wrong counts. */
static void
test_read_wrong(void **state)
{
	struct peers p = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(peers_read(&p, "f", "10.0.0.1\n\n10.0.0.2 10.0.0.3\n",
	    names, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.msg, "f:3: \"10.0.0.2 10.0.0.3\" is not HOST, "
	    "HOST:PORT or [IPv6]:PORT");
	assert_int_equal(peers_read(&p, "f", "10.0.0.1\nfour\n", names, &e),
	    -1);
	assert_int_equal(e.code, ERR_NET);
	assert_string_equal(e.msg, "f:2: four: no such name");
	assert_int_equal(p.count, 0);
}

/* Addresses by which no other node reaches one. */
static void
test_nobodys(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "0.1.2.3",
	    "224.0.0.1", "255.255.255.255", "[::]:5002", "ff02::1", "fe80::1",
	    "::ffff:10.0.0.1" };
	struct peers p = { 0 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		e.msg[0] = '\0';
		assert_int_equal(peers_read(&p, "f", texts[i], names, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.msg, "is no node's address"));
	}
	/* The name of a machine as Debian's installer has it in /etc/hosts. */
	assert_int_equal(peers_read(&p, "f", "10.0.0.1\nhere\n", names, &e),
	    -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.msg, "f:2: here is 127.0.1.1 on this machine: "
	    "write the address that the other nodes know");
	assert_int_equal(p.count, 0);
	assert_int_equal(peers_read(&p, "f", "127.0.0.1\nlocalhost:80\n",
	    names, &e), 0);
	assert_int_equal(p.count, 2);
	peers_done(&p);
	assert_int_equal(peers_gather(&p, "DNS:localhost", names, &e), 0);
	assert_int_equal(p.count, 1);
	peers_done(&p);
	assert_int_equal(peers_gather(&p, "DNS:sink", names, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.msg, "sink is 0.0.0.0, which is no node's "
	    "address");
	assert_int_equal(p.count, 0);
}

static void
test_too_many(void **state)
{
	struct peers p = { 0 };
	struct err e;
	unsigned i;

	(void)state;
	for (i = 0; i < PEERS_MAX; i++)
		assert_int_equal(peers_add(&p, "10.0.0.1", (uint16_t)(i + 1),
		    &e), 0);
	assert_int_equal(peers_add(&p, "10.0.0.1", 1, &e), 0);
	assert_int_equal(peers_add(&p, "10.0.0.2", 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	peers_done(&p);
}

static void
test_here(void **state)
{
	(void)state;
	assert_true(peers_is_here("127.0.0.1"));
	assert_false(peers_is_here("192.0.2.1"));
	assert_false(peers_is_here("2001:db8::1"));
}

/* --- numbers ------------------------------------------------------------- */

/* An owner may be silent for as long as some slices take on the line. */
static void
test_slices(void **state)
{
	static const uint64_t rates[] = { 1024, 100 << 10, 1 << 20, 5 << 20,
	    12 << 20, (uint64_t)1 << 40 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t slice = peers_slice(rates[i]);
		unsigned s = peers_patience(rates[i]);

		assert_true(slice >= 256 << 10 && slice <= 4 << 20);
		assert_true(s >= 3 && s <= 300);
		assert_true(s == 300 || s + 1 > 15 * slice / rates[i]);
		assert_true(s == 3 || s <= 15 * slice / rates[i]);
	}
	assert_int_equal(peers_slice(12 << 20), 4 << 20);
	assert_int_equal(peers_patience(12 << 20), 5);
}

/* --- what was bad -------------------------------------------------------- */

#define A	"sha256:" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B	"sha256:" \
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define T1	"2026-11-20T10:53:07Z"
#define T2	"2026-11-21T00:00:00Z"

static void
test_bad(void **state)
{
	static const struct row {
		const char *now, *mirror, *want;
	} rows[] = {
		{ NULL, NULL, "" },
		{ NULL, T1 " " A " bytes blobs/sha256/aa\n",
		    A " \"" T1 "\";\n" },
		/* It stays when the mirror does not name it any more. */
		{ "# x\n" A " \"" T1 "\";\n", "", A " \"" T1 "\";\n" },
		{ A " \"" T1 "\";\n", NULL, A " \"" T1 "\";\n" },
		/* Once more; and an older time than ours. */
		{ A " \"" T1 "\";\n", T2 " " A " bytes x\n",
		    A " \"" T2 "\";\n" },
		{ A " \"" T2 "\";\n", T1 " " A " bytes x\n",
		    A " \"" T2 "\";\n" },
		{ B " \"" T1 "\";\n", T2 " " A " missing x",
		    A " \"" T2 "\";\n" B " \"" T1 "\";\n" },
		/* Nothing of it may end a line of nginx. */
		{ NULL, "2026-11-20T10:53:07Z\"; " A " bytes x\n", "" },
		{ NULL, T1 " " A "; bytes x\n", "" },
		{ NULL, T1 " sha256:aa bytes x\n\n \nx\n" T1 "\n", "" },
		{ NULL, "now " A " bytes x\n", "" },
		{ "garbage\n" A "\n" A " x;\n" A " \"" T1, "<html>\n",
		    A " \"" T1 "\";\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = peers_bad(rows[i].now, rows[i].mirror);

		assert_string_equal(got, rows[i].want);
		free(got);
	}
}

/* The oldest go. */
static void
test_bad_many(void **state)
{
	size_t len, i;
	char *text = NULL, *got;
	FILE *f = xtext_open(&text, &len);

	(void)state;
	for (i = 0; i < PEER_BAD_MAX + 5; i++)
		fprintf(f, "2026-01-01T00:00:00.%06zuZ sha256:%064zx bytes x\n",
		    (i * 7919) % (PEER_BAD_MAX + 5), i);
	xtext_close(f);
	got = peers_bad(NULL, text);
	for (i = 0, len = 0; got[i] != '\0'; i++)
		len += got[i] == '\n';
	assert_int_equal(len, PEER_BAD_MAX);
	assert_null(strstr(got, ".000004Z"));
	assert_non_null(strstr(got, ".000005Z"));
	free(got);
	free(text);
}

/* --- all of it ----------------------------------------------------------- */

static const char *
text_of(const struct node_plan *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->files[i].path, path) == 0)
			return p->files[i].text;
	fail_msg("no %s", path);
	return NULL;
}

static void
fill(struct peers_wish *w, const char *mirror, const char *self)
{
	struct err e;

	assert_int_equal(node_wish_mirror(&w->mirror, mirror, &e), 0);
	assert_int_equal(peers_add(&w->origin, "192.0.2.5", 5000, &e), 0);
	assert_int_equal(peers_add(&w->ring, "10.0.0.2", 5002, &e), 0);
	assert_int_equal(peers_add(&w->ring, "10.0.0.1", 5002, &e), 0);
	assert_int_equal(peers_add(&w->ring, "10.0.0.1", 5003, &e), 0);
	w->self = xstrdup(self);
	w->self_port = 5002;
	w->listen = xstrdup("127.0.0.1:5000");
	w->listen_peers = xstrdup("10.0.0.1:5002");
	w->cache = xstrdup("/c");
	w->run = xstrdup("/r");
	w->uplink = 12 << 20;
}

static void
test_plan(void **state)
{
	struct peers_wish w = { .min_free = 2048 };
	struct node_plan p = { 0 };
	const char *text;
	struct err e;

	(void)state;
	fill(&w, "http://mirror.example:5000", "10.0.0.1");
	assert_int_equal(peers_plan(&w, &p, &e), 0);
	text = text_of(&p, "etc/cdr/peer/peer.conf");
	assert_non_null(strstr(text, "\tdefault http://cdr_mirror;\n"));
	assert_non_null(strstr(text, "\tdefault mirror.example:5000;\n"));
	assert_non_null(strstr(text, "\tserver 192.0.2.5:5000 "));
	assert_non_null(strstr(text, " consistent;\n"
	    "\tserver 10.0.0.1:5002 max_fails=1 fail_timeout=60s;\n"
	    "\tserver 10.0.0.1:5003 max_fails=1 fail_timeout=60s;\n"
	    "\tserver 10.0.0.2:5002 max_fails=1 fail_timeout=60s;\n}\n"));
	/* An address with two ports is one. */
	assert_non_null(strstr(text, "geo $cdr_may_ask {\n\tdefault \"\";\n"
	    "\t10.0.0.1 1;\n\t10.0.0.2 1;\n}\n"));
	assert_non_null(strstr(text, "proxy_cache_path /c/owned "));
	assert_non_null(strstr(text, " min_free=2k "));
	assert_null(strstr(text, "keys_zone=cdr_peer:32m max_size"));
	assert_non_null(strstr(text, "\tslice 4096k;\n"));
	assert_non_null(strstr(text, "\tproxy_read_timeout 5s;\n"));
	assert_non_null(strstr(text, "\tlisten 10.0.0.1:5002;\n"));
	assert_string_equal(text_of(&p, "etc/cdr/peer/to-peers.conf"),
	    NODE_MARK_LINE "proxy_bind 10.0.0.1;\n");
	assert_string_equal(text_of(&p, "etc/cdr/peer/to-mirror.conf"),
	    NODE_MARK_LINE);
	node_plan_done(&p);
	/* With one of the other family nobody can say where to bind. */
	assert_int_equal(peers_add(&w.ring, "fd00::2", 5002, &e), 0);
	assert_int_equal(peers_plan(&w, &p, &e), 0);
	assert_string_equal(text_of(&p, "etc/cdr/peer/to-peers.conf"),
	    NODE_MARK_LINE);
	node_plan_done(&p);
	peers_wish_done(&w);
}

static void
test_plan_tls(void **state)
{
	struct peers_wish w = { .max_size = 1 << 30 };
	struct node_plan p = { 0 };
	const char *text;
	struct err e;

	(void)state;
	fill(&w, "https://mirror.example", "10.0.0.1");
	w.mirror_name = xstrdup("mirror.example");
	w.mirror.cert_path = xstrdup("/m.crt");
	w.mirror.key_path = xstrdup("/m.key");
	w.peer_ca = xstrdup("/p.ca");
	w.peer_cert = xstrdup("/p.crt");
	w.peer_key = xstrdup("/p.key");
	w.peer_name = xstrdup("cdr-peer");
	assert_int_equal(peers_plan(&w, &p, &e), 0);
	text = text_of(&p, "etc/cdr/peer/peer.conf");
	assert_non_null(strstr(text, "\tlisten 10.0.0.1:5002 ssl;\n"));
	assert_non_null(strstr(text, "\tssl_verify_client on;\n"));
	assert_non_null(strstr(text, "map $ssl_client_verify $cdr_may_ask"));
	assert_null(strstr(text, "geo "));
	assert_non_null(strstr(text, " max_size=1048576k "));
	text = text_of(&p, "etc/cdr/peer/to-mirror.conf");
	assert_non_null(strstr(text, "proxy_ssl_name mirror.example;\n"));
	assert_non_null(strstr(text, "proxy_ssl_verify on;\n"));
	assert_non_null(strstr(text, "proxy_ssl_trusted_certificate "
	    "/etc/ssl/certs/ca-certificates.crt;\n"));
	assert_non_null(strstr(text, "proxy_ssl_certificate_key /m.key;\n"));
	text = text_of(&p, "etc/cdr/peer/to-peers.conf");
	assert_non_null(strstr(text, "proxy_ssl_name cdr-peer;\n"));
	assert_non_null(strstr(text, "proxy_ssl_verify on;\n"));
	assert_non_null(strstr(text, "proxy_ssl_certificate /p.crt;\n"));
	node_plan_done(&p);
	peers_done(&w.ring);
	assert_int_equal(peers_plan(&w, &p, &e), -1);
	peers_wish_done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_wrong),
		cmocka_unit_test(test_nobodys),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_here),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_many),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
