/* Statement, table and inventory: what is printed is read, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bundle/inventory.h"
#include "bundle/statement.h"
#include "bundle/table.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define HEX(end)	"00000000000000000000000000000000" \
			"00000000000000000000000000000" end
#define DIGEST(end)	"sha256:" HEX(end)
#define SHA512_HEX	HEX("512") HEX("512")
#define ID		"0123456789abcdef0123456789abcdef"
#define INDEX		"application/vnd.oci.image.index.v1+json"
#define MANIFEST	"application/vnd.oci.image.manifest.v1+json"

#define S_HEAD		"cdr-bundle 1\nid " ID "\nfrom centre\nto ship-7\n" \
			"seq 42\ncreated 2026-11-29T18:00:00Z\n"
#define S_REF		"docker.io/library/nginx:1.27"
#define S_IMAGE		"image " S_REF " " DIGEST("aaa") " 1234 " INDEX \
			" linux/amd64,linux/arm64/v8\n"
#define S_CHILD		"manifest " DIGEST("bbb") " 567 " MANIFEST "\n"
#define S_OTHER		"image reg.example:5000/a/b@" DIGEST("ccc") " " \
			DIGEST("ccc") " 9 " MANIFEST " -\n"
#define S_PART		"part centre-ship-7-42.cdr.001 5000 2 300 " \
			DIGEST("ddd") "\n"

static const char full[] = S_HEAD "expires 2027-01-01T00:00:00Z\n"
    "list images.txt\n" S_IMAGE "held\n" S_CHILD S_OTHER S_PART
    "part centre-ship-7-42.cdr.002 0 0 88 sha512:" SHA512_HEX "\nend\n";

struct text {
	char *text;
	size_t len;
};

static void
expect_statement(const char *text)
{
	struct statement s;
	struct text t = { NULL, 0 };
	struct err e;
	FILE *out;

	if (statement_parse(text, strlen(text), &s, &e) == -1)
		fail_msg("%s", e.msg);
	out = xtext_open(&t.text, &t.len);
	statement_print(&s, out);
	xtext_close(out);
	assert_string_equal(t.text, text);
	assert_int_equal(t.len, strlen(text));
	assert_true(t.len <= statement_bytes_max(&s, s.part_count));
	free(t.text);
	statement_done(&s);
}

static void
test_statement(void **state)
{
	struct statement s;
	struct digest d;
	struct err e;

	(void)state;
	expect_statement(full);
	expect_statement(S_HEAD "end\n");
	expect_statement(S_HEAD S_IMAGE "end\n");
	expect_statement(S_HEAD "list x\n" S_PART "end\n");
	expect_statement(S_HEAD "expires 9999-12-31T23:59:59Z\nend\n");
	expect_statement(S_HEAD "image " S_REF " " DIGEST("aaa") " 0 " INDEX
	    " x\nend\n");
	assert_int_equal(statement_parse(full, strlen(full), &s, &e), 0);
	assert_string_equal(s.id, ID);
	assert_string_equal(s.from, "centre");
	assert_string_equal(s.to, "ship-7");
	assert_int_equal(s.seq, 42);
	assert_int_equal(s.created, 1795975200);
	assert_int_equal(s.expires, 1798761600);
	assert_string_equal(s.list, "images.txt");
	assert_int_equal(s.image_count, 2);
	assert_string_equal(s.images[0].registry, "docker.io");
	assert_string_equal(s.images[0].repository, "library/nginx");
	assert_string_equal(s.images[0].tag, "1.27");
	assert_string_equal(s.images[0].platforms,
	    "linux/amd64,linux/arm64/v8");
	assert_string_equal(s.images[0].root.media_type, INDEX);
	assert_int_equal(s.images[0].root.size, 1234);
	assert_int_equal(s.images[0].count, 1);
	assert_string_equal(s.images[0].manifests[0].media_type, MANIFEST);
	assert_int_equal(digest_parse(DIGEST("bbb"), &d, &e), 0);
	assert_true(digest_equal(&d, &s.images[0].manifests[0].digest));
	assert_string_equal(s.images[1].registry, "reg.example:5000");
	assert_string_equal(s.images[1].repository, "a/b");
	assert_null(s.images[1].tag);
	assert_string_equal(s.images[1].platforms, "");
	assert_int_equal(s.part_count, 2);
	assert_string_equal(s.parts[0].name, "centre-ship-7-42.cdr.001");
	assert_int_equal(s.parts[0].bytes, 5000);
	assert_int_equal(s.parts[0].objects, 2);
	assert_int_equal(s.parts[0].table_size, 300);
	assert_int_equal(s.parts[1].table.alg, DIGEST_SHA512);
	statement_done(&s);
}

struct bad {
	const char *text, *says;
};

static void
refuse_statement(const char *text, size_t len, const char *says)
{
	struct statement s;
	struct err e = { ERR_NONE, "" };

	memset(&s, 0, sizeof(s));
	if (statement_parse(text, len, &s, &e) != -1)
		fail_msg("taken: %s", text);
	assert_true(e.code == ERR_DATA || e.code == ERR_LIMIT);
	if (strstr(e.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\": %s", e.msg, says, text);
	assert_null(s.images);
}

#define IMAGE_OF(ref, digest, size, type, platforms) S_HEAD "image " ref " " \
	digest " " size " " type " " platforms "\nend\n"
#define PART_OF(name, bytes, objects, size, digest) S_HEAD "part " name " " \
	bytes " " objects " " size " " digest "\nend\n"

static const struct bad statements[] = {
	{ "", "line 1: it ends without \"end\"" },
	{ "\n", "line 1" },
	{ "cdr-bundle 2\nend\n", "line 1: it is of a version" },
	{ "cdr-inventory 1\nend\n", "line 1: it is no statement" },
	{ "cdr-bundle 1\nend\n", "line 2" },
	{ "\xef\xbb\xbf" S_HEAD "end\n", "line 1" },
	/* No end, cut anywhere, more behind it. */
	{ S_HEAD, "line 7: it ends without \"end\"" },
	{ S_HEAD "end", "line 7: it ends without \"end\"" },
	{ S_HEAD "end\n\n", "line 7: something stands behind" },
	{ S_HEAD "end\n" S_HEAD "end\n", "line 7: something stands behind" },
	{ S_HEAD S_HEAD "end\n", "line 7: it is no record" },
	{ S_HEAD "end end\n", "line 7" },
	/* Blanks, CR, control characters, other bytes. */
	{ "cdr-bundle  1\n", "one blank" },
	{ "cdr-bundle 1 \n", "one blank" },
	{ " cdr-bundle 1\n", "one blank" },
	{ "cdr-bundle 1\r\n", "no printable" },
	{ "cdr-bundle\t1\n", "no printable" },
	{ "cdr-bundle \x1b[1m\n", "no printable" },
	{ "cdr-bundle \xc3\xa4\n", "no printable" },
	{ "cdr-bundle 1\n\n", "line 2: words have one blank" },
	{ "cdr-bundle 1\na b c d e f g h\n", "too many words" },
	/* The head: order, absent, twice. */
	{ "cdr-bundle 1\nfrom a\n", "line 2" },
	{ "cdr-bundle 1\nid " ID "f\nfrom a\n", "line 2" },
	{ "cdr-bundle 1\nid 0123456789ABCDEF0123456789ABCDEF\n", "line 2" },
	{ "cdr-bundle 1\nid " ID "\nid " ID "\n", "line 3" },
	{ "cdr-bundle 1\nid " ID "\nfrom ..\n", "line 3" },
	{ "cdr-bundle 1\nid " ID "\nfrom a/b\n", "line 3" },
	{ "cdr-bundle 1\nid " ID "\nfrom *\n", "line 3" },
	{ "cdr-bundle 1\nid " ID "\nfrom -x\n", "line 3" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto **\n", "line 4" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 0\n", "line 5" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq -1\n", "line 5" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq +1\n", "line 5" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 01\n", "line 5" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 0x1\n", "line 5" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1000000000000001\n",
	    "line 5: word 2 is more than 1000000000000000" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\n"
	    "seq 18446744073709551617\n", "line 5: word 2 is more than" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 2026-02-30T00:00:00Z\n", "line 6" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 2026-02-03T00:00:00+01:00\n", "line 6" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 2026-2-3T00:00:00Z\n", "line 6" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 1969-12-31T00:00:00Z\n", "line 6" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 1970-01-01T00:00:00Z\n", "line 6" },
	{ "cdr-bundle 1\nid " ID "\nfrom a\nto *\nseq 1\n"
	    "created 2026-01-01T00:00:60Z\n", "line 6" },
	{ S_HEAD "list a\nexpires 2027-01-01T00:00:00Z\nend\n", "line 8" },
	{ S_HEAD "list a\nlist b\nend\n", "line 8" },
	{ S_HEAD "list ../a\nend\n", "line 7" },
	{ S_HEAD "expires never\nend\n", "line 7" },
	{ S_HEAD "expires 2027-01-01T00:00:00Z\n", "line 8: it ends" },
	{ S_HEAD "list a\n", "line 8: it ends" },
	/* Images. */
	{ S_HEAD S_CHILD "end\n", "line 7: it belongs to no image" },
	{ S_HEAD S_IMAGE S_IMAGE "end\n", "line 8: the image was there" },
	{ S_HEAD S_IMAGE S_CHILD S_CHILD "end\n", "line 9: the image has" },
	{ S_HEAD S_IMAGE "manifest " DIGEST("aaa") " 1 " INDEX "\nend\n",
	    "line 8: the image has" },
	{ S_HEAD S_PART S_IMAGE "end\n", "line 8" },
	{ S_HEAD "held\nend\n", "line 7" },
	{ S_HEAD S_IMAGE "held\nheld\nend\n", "line 9" },
	{ S_HEAD S_IMAGE "held on\nend\n", "line 8" },
	{ S_HEAD S_IMAGE S_CHILD "held\nend\n", "line 9" },
	{ S_HEAD S_OTHER "held\nend\n", "line 8" },
	{ S_HEAD S_IMAGE S_PART "held\nend\n", "line 9" },
	{ S_HEAD S_IMAGE S_PART S_CHILD "end\n", "line 9" },
	{ IMAGE_OF("nginx", DIGEST("aaa"), "1", INDEX, "-"), "full reference" },
	{ IMAGE_OF("docker.io/../x:1", DIGEST("aaa"), "1", INDEX, "-"),
	    "full reference" },
	{ IMAGE_OF("docker.io/_x/a:1", DIGEST("aaa"), "1", INDEX, "-"),
	    "full reference" },
	{ IMAGE_OF("docker.io/x:..", DIGEST("aaa"), "1", INDEX, "-"),
	    "full reference" },
	{ IMAGE_OF("docker.io/x:1@" DIGEST("aaa"), DIGEST("aaa"), "1", INDEX,
	    "-"), "full reference" },
	{ IMAGE_OF("docker.io/x@" DIGEST("aab"), DIGEST("aaa"), "1", INDEX,
	    "-"), "another digest" },
	{ IMAGE_OF(S_REF, DIGEST("AAA"), "1", INDEX, "-"), "no digest" },
	{ IMAGE_OF(S_REF, "md5:" HEX("aaa"), "1", INDEX, "-"), "no digest" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "4194305", INDEX, "-"), "more than" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "1k", INDEX, "-"), "no number" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "1", "text/html", "-"), "no type" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "1", "application/javascript", "-"),
	    "no type" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "1", "application/../../x", "-"),
	    "no type" },
	{ IMAGE_OF(S_REF, DIGEST("aaa"), "1", INDEX, "a b"), "line 7" },
	/* Parts. */
	{ S_HEAD S_PART S_PART "end\n", "line 8: the part was there" },
	{ S_HEAD S_PART "part CENTRE-ship-7-42.CDR.001 1 1 1 " DIGEST("ddd")
	    "\nend\n", "line 8: the part was there" },
	{ S_HEAD "part A-Z 1 1 1 " DIGEST("ddd") "\npart a-z 1 1 1 "
	    DIGEST("ddd") "\nend\n", "line 8: the part was there" },
	{ PART_OF("../x", "1", "1", "1", DIGEST("ddd")), "no name of a part" },
	{ PART_OF("/etc/x", "1", "1", "1", DIGEST("ddd")),
	    "no name of a part" },
	{ PART_OF(".x", "1", "1", "1", DIGEST("ddd")), "no name of a part" },
	{ PART_OF("a\\b", "1", "1", "1", DIGEST("ddd")), "no name of a part" },
	{ PART_OF("x", "1125899906842625", "1", "1", DIGEST("ddd")),
	    "word 3 is more than" },
	{ PART_OF("x", "1", "67108865", "1", DIGEST("ddd")),
	    "word 4 is more than" },
	{ PART_OF("x", "1", "1", "67108865", DIGEST("ddd")),
	    "word 5 is more than" },
	{ PART_OF("x", "1", "1", "1", "sha256:00"), "no digest" },
};

static void
test_bad_statements(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		refuse_statement(statements[i].text,
		    strlen(statements[i].text), statements[i].says);
}

/* Whatever is cut off at its end, it is refused. */
static void
test_cut_statement(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < strlen(full); len++)
		refuse_statement(full, len, "line ");
}

static void
test_nul_statement(void **state)
{
	char text[sizeof(full)];

	(void)state;
	memcpy(text, full, sizeof(full));
	text[14] = '\0';
	refuse_statement(text, strlen(full), "no printable");
	refuse_statement(full, sizeof(full), "something stands behind");
}

/* What has no end is refused where its bound is, and not later. */
static void
test_endless_statement(void **state)
{
	char *text = xmalloc(BUNDLE_TEXT_MAX + 1);
	size_t len, i;

	(void)state;
	memset(text, 'x', BUNDLE_TEXT_MAX + 1);
	refuse_statement(text, BUNDLE_TEXT_MAX + 1, "more than the");
	refuse_statement(text, BUNDLE_TEXT_MAX, "line 1: it has more than "
	    "4095 bytes");
	len = (size_t)snprintf(text, 1000, S_HEAD S_IMAGE);
	for (i = 1; i < IMAGE_MANIFESTS_MAX + 1; i++)
		len += (size_t)snprintf(text + len, 1000, "manifest sha256:"
		    "10000000000000000000000000000000"
		    "%032zx 5 " MANIFEST "\n", i);
	refuse_statement(text, len, "an image of more than 16384 manifests");
	free(text);
}

/* --- tables ------------------------------------------------------------ */

#define T_HEAD	"cdr-table 1\nbundle " ID "\npart a-b-1.cdr.001\n"
#define T_BLOB	"blob " DIGEST("aaa") " 100 0 100\n"

static void
test_table(void **state)
{
	static const char text[] = T_HEAD T_BLOB
	    "blob " DIGEST("bbb") " 0 0 0\n"
	    "manifest " DIGEST("ccc") " 77 " MANIFEST "\n"
	    "blob " DIGEST("ddd") " 1099511627776 5 8589934591\n"
	    "blob " DIGEST("ddd") " 1099511627776 8589934596 1\nend\n";
	struct table t;
	struct text again = { NULL, 0 };
	struct err e;
	FILE *out;

	(void)state;
	if (table_parse(text, strlen(text), &t, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(t.id, ID);
	assert_string_equal(t.part, "a-b-1.cdr.001");
	assert_int_equal(t.count, 5);
	assert_false(table_row_is_piece(&t.rows[0]));
	assert_false(table_row_is_piece(&t.rows[1]));
	assert_false(table_row_is_piece(&t.rows[2]));
	assert_int_equal(t.rows[2].length, 77);
	assert_string_equal(t.rows[2].media_type, MANIFEST);
	assert_true(table_row_is_piece(&t.rows[3]));
	assert_int_equal(t.rows[4].offset, 8589934596);
	out = xtext_open(&again.text, &again.len);
	table_print(&t, out);
	xtext_close(out);
	assert_string_equal(again.text, text);
	free(again.text);
	table_done(&t);
}

static const struct bad tables[] = {
	{ "", "line 1" },
	{ "cdr-table 2\n", "line 1" },
	{ S_HEAD "end\n", "line 1" },
	{ T_HEAD, "line 4: it ends without \"end\"" },
	{ T_HEAD T_BLOB, "line 5: it ends without \"end\"" },
	{ T_HEAD "end\nend\n", "line 4: something stands behind" },
	{ T_HEAD T_BLOB T_BLOB "end\n", "line 5: the table has" },
	{ T_HEAD T_BLOB "manifest " DIGEST("aaa") " 100 " MANIFEST "\nend\n",
	    "line 5: the table has" },
	{ T_HEAD "manifest " DIGEST("aaa") " 100 " MANIFEST "\n" T_BLOB
	    "end\n", "line 5: the table has" },
	{ T_HEAD "blob " DIGEST("aaa") " 0 0 0\nblob " DIGEST("aaa")
	    " 0 0 0\nend\n", "line 5: the table has" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 0 5\nblob " DIGEST("aaa")
	    " 9 4 5\nend\n", "line 5: the table has" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 5 4\nblob " DIGEST("aaa")
	    " 9 0 5\nend\n", "line 5: the table has" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 0 5\nblob " DIGEST("aaa")
	    " 10 5 5\nend\n", "line 5: the table has" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 0 10\nend\n", "line 4: it goes" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 10 0\nend\n", "line 4: it goes" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 9 1\nend\n", "line 4: it goes" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 9 0\nend\n",
	    "line 4: it has nothing" },
	{ T_HEAD "blob " DIGEST("aaa") " 1099511627777 0 5\nend\n",
	    "more than" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 18446744073709551615 2\nend\n",
	    "more than" },
	{ T_HEAD "blob " DIGEST("aaa") " 1099511627776 0 8589934592\nend\n",
	    "more than" },
	{ T_HEAD "blob ../" HEX("aaa") " 9 0 9\nend\n", "no digest" },
	{ T_HEAD "blob " DIGEST("aaa") " 9 0\nend\n", "no record" },
	{ T_HEAD "manifest " DIGEST("aaa") " 4194305 " MANIFEST "\nend\n",
	    "more than" },
	{ T_HEAD "manifest " DIGEST("aaa") " 5 text/html\nend\n", "no type" },
	{ "cdr-table 1\nbundle " ID "\npart ../x\nend\n", "line 3" },
	{ "cdr-table 1\nbundle x\npart x\nend\n", "line 2" },
};

static void
test_bad_tables(void **state)
{
	struct table t;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (table_parse(tables[i].text, strlen(tables[i].text), &t,
		    &e) != -1)
			fail_msg("taken: %s", tables[i].text);
		if (strstr(e.msg, tables[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\": %s", e.msg,
			    tables[i].says, tables[i].text);
	}
}

/* --- inventories ------------------------------------------------------- */

#define I_HEAD	"cdr-inventory 1\nsite ship-7\n" \
		"written 2026-11-29T18:00:00Z\nfree 1000000\n"
#define I_BODY	"bundle centre ship-7 41 " ID "\n" \
		"bundle centre * 7 " ID "\n" \
		"image " S_REF " " DIGEST("aaa") "\n" \
		"image docker.io/x@" DIGEST("bbb") " " DIGEST("bbb") "\n" \
		"linked " DIGEST("aaa") "\nlinked " DIGEST("bbb") "\n" \
		"bad " DIGEST("ccc") "\n"

static void
test_inventory(void **state)
{
	static const char text[] = I_HEAD I_BODY "end\n";
	static const char signed_text[] = I_HEAD I_BODY "end\nMEUC";
	struct inventory inv;
	struct digest d;
	struct err e;

	(void)state;
	if (inventory_parse(signed_text, strlen(signed_text), &inv, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(inv.site, "ship-7");
	assert_int_equal(inv.written, 1795975200);
	assert_int_equal(inv.free_bytes, 1000000);
	assert_int_equal(inv.bundle_count, 2);
	assert_string_equal(inv.bundles[0].from, "centre");
	assert_string_equal(inv.bundles[1].to, "*");
	assert_int_equal(inv.bundles[0].seq, 41);
	assert_string_equal(inv.bundles[0].id, ID);
	assert_int_equal(inv.image_count, 2);
	assert_int_equal(inv.linked.count, 2);
	assert_int_equal(inv.bad.count, 1);
	assert_int_equal(digest_parse(DIGEST("bbb"), &d, &e), 0);
	assert_true(digest_set_has(&inv.linked, &d));
	assert_false(digest_set_has(&inv.bad, &d));
	assert_int_equal(inv.text_len, strlen(text));
	inventory_done(&inv);
	assert_int_equal(inventory_parse(text, strlen(text), &inv, &e), 0);
	assert_int_equal(inv.text_len, strlen(text));
	inventory_done(&inv);
}

static const struct bad inventories[] = {
	{ "", "line 1" },
	{ "cdr-inventory 2\n", "line 1" },
	{ I_HEAD, "line 5: it ends without \"end\"" },
	{ I_HEAD "end", "line 5: it ends without \"end\"" },
	{ I_HEAD "linked " DIGEST("aaa") "\nlinked " DIGEST("aaa") "\nend\n",
	    "line 6: it was there" },
	{ I_HEAD "bad " DIGEST("aaa") "\nbad " DIGEST("aaa") "\nend\n",
	    "line 6: it was there" },
	{ I_HEAD "bad " DIGEST("aaa") "\nlinked " DIGEST("aaa") "\nend\n",
	    "line 6: it is no record" },
	{ I_HEAD "linked " DIGEST("aaa") "\nimage " S_REF " " DIGEST("aaa")
	    "\nend\n", "line 6: it is no record" },
	{ I_HEAD "bundle a b 1 " ID "\nbundle a b 2 " ID "\nend\n",
	    "line 6: there was one" },
	{ I_HEAD "bundle a/b c 1 " ID "\nend\n", "line 5" },
	{ I_HEAD "bundle a b/c 1 " ID "\nend\n", "line 5" },
	{ I_HEAD "bundle a b 1 0123\nend\n", "line 5" },
	{ I_HEAD "bundle a b x " ID "\nend\n", "word 4 is no number" },
	{ I_HEAD "bundle a b 1000000000000001 " ID "\nend\n", "more than" },
	{ I_HEAD "image nginx " DIGEST("aaa") "\nend\n", "line 5" },
	{ I_HEAD "image docker.io/x:1 sha256:1\nend\n", "line 5" },
	{ I_HEAD "linked sha256:../../x\nend\n", "line 5" },
	{ "cdr-inventory 1\nsite ../x\n", "line 2" },
	{ "cdr-inventory 1\nsite *\n", "line 2" },
	{ "cdr-inventory 1\nsite x\nwritten 2026-11-29T18:00:00Z\n"
	    "free 9223372036854775808\nend\n", "line 4: word 2 is more" },
};

static void
test_bad_inventories(void **state)
{
	struct inventory inv;
	struct err e;
	char *text;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(inventories) / sizeof(inventories[0]); i++) {
		if (inventory_parse(inventories[i].text,
		    strlen(inventories[i].text), &inv, &e) != -1)
			fail_msg("taken: %s", inventories[i].text);
		if (strstr(e.msg, inventories[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\": %s", e.msg,
			    inventories[i].says, inventories[i].text);
	}
	len = strlen(I_HEAD "end\n") + BUNDLE_SIGNATURE_MAX + 1;
	text = xcalloc(1, len + 1);
	memset(text, 'x', len);
	memcpy(text, I_HEAD "end\n", strlen(I_HEAD "end\n"));
	assert_int_equal(inventory_parse(text, len, &inv, &e), -1);
	assert_non_null(strstr(e.msg, "than a signature can be"));
	assert_int_equal(inventory_parse(text, len - 1, &inv, &e), 0);
	inventory_done(&inv);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement),
		cmocka_unit_test(test_bad_statements),
		cmocka_unit_test(test_cut_statement),
		cmocka_unit_test(test_nul_statement),
		cmocka_unit_test(test_endless_statement),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_bad_inventories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
