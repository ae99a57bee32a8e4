/* cdr ls: what is in the tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/ls_history.h"
#include "cmd/ls_print.h"
#include "cmd/words.h"
#include "image/filter.h"
#include "image/kind.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "mirror/holdings.h"
#include "mirror/walk.h"
#include "report/book.h"
#include "report/holding.h"
#include "report/printable.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr ls [OPTION]... [FILTER]...\n"
"       cdr ls [-r ROOT] [--json] --history REF\n"
"\n"
"List the images of a tree: reference, digest, the size of all that the image\n"
"reaches (images share blobs), when it was published, the platforms that are\n"
"here; and what it is if it is no image, whether its tag is held there, whether\n"
"it is pinned, and how many foreign layers it lacks.\n"
"\n"
"  FILTER            only images that fit, or one of several: nginx, any part of\n"
"                    a name; nginx:1.27, that one; :1.27, a tag; sha256:3f9c or\n"
"                    3f9c12, the beginning of a digest; 'nginx:1.*' and\n"
"                    'ghcr.io/*', patterns with *, ? and [...]\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"  -w, --wide        more columns: the bytes that no other image has, the kind,\n"
"                    the signature, and whether it is held, pinned or unlisted\n"
"  -q, --quiet       print references only\n"
"      --json        print one array of objects\n"
"      --kind KIND   only these: image, chart, signature, attestation, sbom,\n"
"                    model, wasm, flux, tekton, policy, artifact\n"
"      --platform P  only what is here for that one, such as linux/arm64\n"
"      --signed      only what a signature is here for, checked or not\n"
"      --unsigned    only the others\n"
"      --verified    only what a run has checked with a key (signed=)\n"
"      --held        only tags that are held by cdr rollback\n"
"      --pinned      only what cdr pin keeps\n"
"      --unlisted    only what has left its list\n"
"      --history REF which digests REF had, the newest first; what of them is\n"
"                    whole here, and where 'cdr rollback' can set it\n"
"  -h, --help        print this\n"
"\n"
"Of these options all have to fit.  --verified, --unlisted and OWN are as the\n"
"last run has left them.\n"
"Exit: 0 all is well; 1 an image cannot be read; 2 usage; 3 no tree at ROOT.\n";

/* The column of names: longer ones are few, and stick out. */
#define NAME_WIDTH_MIN	5
#define NAME_WIDTH_MAX	60
/* Of the other ones, with one platform; --wide has more. */
#define COLUMNS		68
#define COLUMNS_WIDE	50

struct wishes {
	const char *root, *history;
	char **filters;			/* up to a NULL; none: all */
	enum ls_form form;
	const char *kind;		/* NULL: any */
	struct platform_set platform;	/* of one; or none */
	bool is_signed, is_unsigned, is_verified;
	bool is_held, is_pinned, is_unlisted;
};

struct lister {
	const struct wishes *o;
	const struct store *store;
	struct pins pins;
	struct book_in *book;		/* images.json, or NULL */
	struct ls_print print;
	bool failed;
};

/* --- what is wanted ---------------------------------------------------- */

/* A hold that nobody can read holds the tag as well. */
static bool
is_held(const struct store *store, const char *registry,
    const char *repository, const char *reference)
{
	struct err ignored;
	struct digest at;

	return name_is_tag(reference) && store_held_get(store, registry,
	    repository, reference, &at, &ignored) != 0;
}

/* By its name, or the digest. */
static bool
is_named(const struct wishes *o, const char *registry, const char *repository,
    const char *reference, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];
	size_t i;

	digest_text(digest, text);
	for (i = 0; o->filters[i] != NULL; i++)
		if (filter_matches(o->filters[i], registry, repository,
		    reference, text))
			return true;
	return i == 0;
}

/* By what is known without reading its manifests. */
static bool
is_wanted(const struct wishes *o, const struct ls_row *r)
{
	return (!o->is_held || r->is_held) && (!o->is_pinned ||
	    r->is_pinned) && (!o->is_unlisted || r->is_unlisted) &&
	    (!o->is_verified || r->verified[0] != '\0') &&
	    (!o->is_signed || r->is_signed) &&
	    (!o->is_unsigned || !r->is_signed);
}

static bool
fits(const struct wishes *o, const struct ls_row *r)
{
	size_t i;

	if (o->kind != NULL && strcmp(o->kind, r->kind) != 0)
		return false;
	if (o->platform.count == 0)
		return true;
	for (i = 0; i < r->walk.have_count; i++)
		if (platform_rank(&o->platform.items[0],
		    &r->walk.have[i]) > 0)
			return true;
	return false;
}

/* --- what the status says ---------------------------------------------- */

static bool
needs_status(const struct wishes *o)
{
	return o->form == LS_WIDE || o->form == LS_JSON || o->is_verified ||
	    o->is_unlisted;
}

static void
copy(const struct book_line *line, const char *key, char *ret, size_t size)
{
	size_t len = 0;
	const char *text = book_text(line, key, &len);

	if (text != NULL && len < size)
		snprintf(ret, size, "%.*s", (int)len, text);
	printable(ret);
}

/* Both are in one order.  What it says of another digest is not about this
 * one; that no list has the tag any more is. */
static void
ask_status(struct lister *l, struct ls_row *r)
{
	char digest[DIGEST_TEXT_MAX] = "";
	struct book_line line;

	while (l->book != NULL && book_peek(l->book, &line) &&
	    name_order(line.image, r->image) < 0)
		book_skip(l->book);
	if (l->book == NULL || !book_peek(l->book, &line) ||
	    strcmp(line.image, r->image) != 0)
		return;
	r->is_unlisted = strstr(line.text, ",\"last_listed\":") != NULL;
	copy(&line, "last_listed", r->last_listed, sizeof(r->last_listed));
	copy(&line, "digest", digest, sizeof(digest));
	if (strcmp(digest, r->digest) != 0)
		return;
	copy(&line, "verified", r->verified, sizeof(r->verified));
	r->has_own = strstr(line.text, ",\"own\":") != NULL;
	r->own = book_count(&line, "own");
}

/* --- one image --------------------------------------------------------- */

static void
look_around(const struct lister *l, const char *registry,
    const char *repository, const struct digest *digest, struct ls_row *r)
{
	struct holding h = { .digest = *digest };

	if (l->print.form != LS_WIDE && l->print.form != LS_JSON &&
	    !l->o->is_signed && !l->o->is_unsigned)
		return;
	holdings_around(l->store, registry, repository, &h);
	r->referrers = h.referrers;
	r->is_signed = h.is_signed;
}

static void
tell_failure(struct lister *l, const struct ls_row *r, const struct err *e)
{
	report(REPORT_ERROR, "%s: %s", r->image, e->msg);
	l->failed = true;
}

/* Its manifests are read. */
static void
look_inside(struct lister *l, const char *registry, const char *repository,
    const char *reference, const struct digest *digest, struct ls_row *r)
{
	static const struct platform_set all = { .all = true };
	struct digest_set none = { 0 };
	struct walk_from from = {
		.store = l->store,
		.registry = registry,
		.repository = repository,
		.root = *digest,
		.platforms = &all,
		.absent = &none,
		.as_blobs = &none,
	};
	struct err e;

	if (walk_image(&from, &r->walk, &e) == -1) {
		tell_failure(l, r, &e);
		return;
	}
	r->kind = r->walk.kind == NULL ? kind_of_tag(reference) : NULL;
	if (r->kind == NULL)
		r->kind = kind_name(r->walk.kind);
	if (fits(l->o, r))
		ls_print(&l->print, r);
	walk_done(&r->walk);
}

static bool
has_to_look_inside(const struct wishes *o)
{
	return o->form != LS_NAMES || o->kind != NULL || o->platform.count > 0;
}

static int
list_image(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct lister *l = cookie;
	struct ls_row r = { .media_type = id->media_type };
	char name[FULL_NAME_MAX];

	if (!is_named(l->o, registry, repository, reference, &id->digest))
		return 0;
	r.image = full_name(registry, repository, reference, name);
	digest_text(&id->digest, r.digest);
	r.is_held = is_held(l->store, registry, repository, reference);
	r.is_pinned = pins_have(&l->pins, r.image);
	ask_status(l, &r);
	look_around(l, registry, repository, &id->digest, &r);
	if (!is_wanted(l->o, &r))
		return 0;
	if (!has_to_look_inside(l->o)) {
		ls_print(&l->print, &r);
		return 0;
	}
	if (store_published_at(l->store, registry, repository, reference,
	    r.published, e) == -1)
		return -1;
	look_inside(l, registry, repository, reference, &id->digest, &r);
	return 0;
}

/* --- all of them ------------------------------------------------------- */

/* Names are known at once, and what is in images is not. */
static int
measure(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct lister *l = cookie;
	char name[FULL_NAME_MAX];
	int len = (int)strlen(full_name(registry, repository, reference,
	    name));

	(void)e;
	if (len > l->print.width && len <= NAME_WIDTH_MAX &&
	    is_named(l->o, registry, repository, reference, &id->digest))
		l->print.width = len;
	return 0;
}

/* Does a line break in the window of somebody who looks on? */
static bool
is_narrow(const struct lister *l)
{
	int columns = (int)report_columns();

	return columns > 0 && columns < l->print.width + COLUMNS +
	    (l->print.form == LS_WIDE ? COLUMNS_WIDE : 0);
}

static bool
is_filtered(const struct wishes *o)
{
	return o->filters[0] != NULL || o->kind != NULL ||
	    o->platform.count > 0 || o->is_signed || o->is_unsigned ||
	    o->is_verified || o->is_held || o->is_pinned || o->is_unlisted;
}

static int
list(const struct wishes *o)
{
	const char *root = cmd_root(o->root);
	struct lister l = { .o = o, .print.form = o->form,
	    .print.width = NAME_WIDTH_MIN };
	struct store *store;
	struct err e;
	int rc = 0;

	if (store_open(root, STORE_READ, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	l.store = store;
	if (store_pins_read(store, &l.pins, &e) == -1)
		report(REPORT_WARNING, "%s", e.msg);
	if (needs_status(o))
		l.book = book_open(store, &holding_images_book);
	if (o->form == LS_TEXT || o->form == LS_WIDE)
		rc = store_each_reference(store, measure, &l, &e);
	l.print.is_narrow = is_narrow(&l);
	if (rc == 0)
		rc = store_each_reference(store, list_image, &l, &e);
	if (rc == -1)
		report(REPORT_ERROR, "%s: %s", root, e.msg);
	ls_print_end(&l.print);
	if (rc == 0 && l.print.count == 0 && !l.failed)
		report(REPORT_INFO, is_filtered(o) ? "%s: no image fits" :
		    "%s: no image is here yet", root);
	book_close(l.book);
	pins_done(&l.pins);
	store_close(store);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	return rc == -1 ? EXIT_STORE : l.failed ? EXIT_SOME_FAILED : EXIT_OK;
}

/* --- words ------------------------------------------------------------- */

enum {
	KIND = 256,
	PLATFORM,
	SIGNED,
	UNSIGNED,
	VERIFIED,
	HELD,
	PINNED,
	UNLISTED
};

static int
bad_usage(void)
{
	fputs("Try 'cdr ls --help'.\n", stderr);
	return EXIT_INPUT;
}

static int
complain(const char *why)
{
	fprintf(stderr, "cdr ls: %s\n", why);
	return bad_usage();
}

/* Return -1 to go on, or an exit code. */
static int
take_kind(const char *arg, struct wishes *o)
{
	char shown[41];
	size_t i;

	o->kind = arg;
	if (kind_is(arg))
		return -1;
	snprintf(shown, sizeof(shown), "%s", arg);
	printable(shown);
	fprintf(stderr, "cdr ls: --kind: there is no kind \"%s\"; there are:",
	    shown);
	for (i = 0; kind_at(i) != NULL; i++)
		fprintf(stderr, " %s", kind_at(i));
	fputc('\n', stderr);
	return bad_usage();
}

static int
take_platform(const char *arg, struct wishes *o)
{
	struct err e;

	platform_set_done(&o->platform);
	if (platform_set_parse(arg, &o->platform, &e) == -1) {
		fprintf(stderr, "cdr ls: --platform: %s\n", e.msg);
		return bad_usage();
	}
	return o->platform.count == 1 ? -1 :
	    complain("--platform: one, such as linux/arm64");
}

static int
take_option(void *cookie, int c, const char *arg)
{
	struct wishes *o = cookie;

	switch (c) {
	case 'r':
		o->root = arg;
		break;
	case 'w':
		o->form = LS_WIDE;
		break;
	case 'q':
		o->form = LS_NAMES;
		break;
	case 'j':
		o->form = LS_JSON;
		break;
	case 'H':
		o->history = arg;
		break;
	case KIND:
		return take_kind(arg, o);
	case PLATFORM:
		return take_platform(arg, o);
	case SIGNED:
		o->is_signed = true;
		break;
	case UNSIGNED:
		o->is_unsigned = true;
		break;
	case VERIFIED:
		o->is_verified = true;
		break;
	case HELD:
		o->is_held = true;
		break;
	case PINNED:
		o->is_pinned = true;
		break;
	case UNLISTED:
		o->is_unlisted = true;
		break;
	}
	return -1;
}

/* Return -1 to go on, or an exit code. */
static int
parse_options(int argc, char **argv, struct wishes *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "wide", no_argument, NULL, 'w' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "kind", required_argument, NULL, KIND },
		{ "platform", required_argument, NULL, PLATFORM },
		{ "signed", no_argument, NULL, SIGNED },
		{ "unsigned", no_argument, NULL, UNSIGNED },
		{ "verified", no_argument, NULL, VERIFIED },
		{ "held", no_argument, NULL, HELD },
		{ "pinned", no_argument, NULL, PINNED },
		{ "unlisted", no_argument, NULL, UNLISTED },
		{ "history", required_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr ls", .shorts = "r:wqh", .longs = longs,
		.usage = usage,
	};
	int code = words_read(argc, argv, &words, take_option, o);

	if (code != -1)
		return code;
	o->filters = argv + optind;
	if (o->history != NULL && optind < argc) {
		words_unexpected(&words, argv[optind]);
		return bad_usage();
	}
	if (o->history != NULL && (is_filtered(o) || o->form == LS_WIDE ||
	    o->form == LS_NAMES))
		return complain("--history is about one image: only --root "
		    "and --json go with it");
	return -1;
}

int
cmd_ls(int argc, char **argv)
{
	struct wishes o = { .form = LS_TEXT };
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = parse_options(argc, argv, &o);
	if (code == -1 && o.history != NULL)
		code = ls_history(cmd_root(o.root), o.history,
		    o.form == LS_JSON);
	else if (code == -1)
		code = list(&o);
	platform_set_done(&o.platform);
	return code;
}
