/* cdr rm: take images out now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/collect.h"
#include "cmd/tree.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "layout/tag_history.h"
#include "mirror/keep_book.h"
#include "mirror/keep_list.h"
#include "mirror/tags_here.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr rm [OPTION]... REF...\n"
"\n"
"Take images out of a tree, with all that only they lead to: now, without any\n"
"grace, and with what the tag pointed to before.  What other images lead to\n"
"stays.  One that is pinned is refused; one that is held goes with its hold.\n"
"\n"
"  REF               an image, such as nginx:1.27; by its tag or, if it was\n"
"                    mirrored without one, its digest\n"
"      --wait T      wait so long (30, 10m, 2h) for a run on ROOT to end\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"  -q, --quiet       print errors only\n"
"  -v, --verbose     print manifests, blobs and files, too\n"
"  -h, --help        print this\n"
"\n"
"An image that a list still names comes back with the next run of cdr sync.\n"
"Exit: 0 all is well; 1 some are not here, pinned, or cannot be taken out, the\n"
"others have gone; 2 usage; 3 the tree cannot be used; 4 interrupted.\n";

struct options {
	const char *root;
	bool quiet, verbose;
	unsigned wait;
};

static int
bad_usage(void)
{
	fputs("Try 'cdr rm --help'.\n", stderr);
	return EXIT_INPUT;
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int letter, const char *arg)
{
	struct options *o = cookie;
	struct err e;

	switch (letter) {
	case 'r':
		o->root = arg;
		break;
	case 'W':
		if (duration_parse(arg, WAIT_MAX_S, &o->wait, &e) == 0)
			break;
		fprintf(stderr, "cdr rm: --wait: %s\n", e.msg);
		return bad_usage();
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	}
	return -1;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "wait", required_argument, NULL, 'W' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr rm", .shorts = "r:qvh", .longs = longs,
		.usage = usage,
	};
	int code = words_read(argc, argv, &words, take_option, o);

	if (code != -1 || optind < argc)
		return code;
	fputs("cdr rm: which image?\n", stderr);
	return bad_usage();
}

struct removal {
	struct store *store;
	const struct options *o;
	struct collect_options options;
	struct collect collect;
	struct keep_book book;
	struct pins pins;
};

/* By its name, or what it leads to. */
static bool
is_pinned(struct removal *r, const struct gc_reference *what,
    const char *image)
{
	char text[DIGEST_TEXT_MAX], *root;
	bool ret;

	root = keep_list_image(what->registry, what->repository,
	    digest_text(&what->id.digest, text));
	ret = pins_have(&r->pins, image) || pins_have(&r->pins, root);
	free(root);
	return ret;
}

/* A digest that has a history of its own was mirrored by itself; others are
 * what a tag leads to, or a part of that. */
static bool
is_by_itself(const struct removal *r, const struct gc_reference *what)
{
	struct tag_history h = { NULL, 0 };
	struct err ignored;
	int rc = store_history_read(r->store, what->registry,
	    what->repository, what->reference, &h, &ignored);

	tag_history_done(&h);
	return rc != 0;
}

/* It is about the tag, if there is one, and says what that has to lead to. */
static int
check_reference(struct removal *r, const struct image_ref *ref,
    struct gc_reference *ret, const char *image, struct err *e)
{
	int rc = store_reference_get(r->store, ret->registry, ret->repository,
	    ret->reference, &ret->id, e);
	char *others;

	if (rc == -1)
		return -1;
	if (rc == 0) {
		others = tags_here(r->store, ret->registry, ret->repository);
		err_set(e, ERR_NOT_FOUND, "%.300s is not in this tree%s",
		    image, others);
		free(others);
		return -1;
	}
	if (ref->tag != NULL && ref->has_digest &&
	    !digest_equal(&ref->digest, &ret->id.digest))
		return err_set(e, ERR_NOT_FOUND, "%.300s leads to another "
		    "digest here", image);
	if (ref->tag == NULL && !is_by_itself(r, ret))
		return err_set(e, ERR_NOT_FOUND, "%.300s is no image of its "
		    "own here: it goes with the tag that leads to it, so name "
		    "that", image);
	if (is_pinned(r, ret, image))
		return err_set(e, ERR_INPUT, "%.300s is pinned: \"cdr unpin\" "
		    "comes first", image);
	return 0;
}

static int
take_out(struct removal *r, const struct gc_reference *what,
    const char *image)
{
	const struct named *record = name_table_find(&r->book.records, image);
	struct gc_totals totals;
	int code;

	r->collect.only = what;
	code = collect_exit(collect_run(&r->collect, r->store, &totals));
	if (code == EXIT_OK && record != NULL && r->book.finished != 0 &&
	    record->number == r->book.finished)
		report(REPORT_WARNING, "%s was on the list of the last run: "
		    "take it off, or the next one brings it back", image);
	return code;
}

/* Return an exit code: EXIT_SOME_FAILED where it stays. */
static int
remove_image(struct removal *r, const char *word)
{
	char text[DIGEST_TEXT_MAX], *image = NULL;
	struct gc_reference what;
	struct image_ref ref;
	struct err e;
	int code = EXIT_SOME_FAILED;

	if (image_ref_parse(word, &ref, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return code;
	}
	what.registry = ref.registry;
	what.repository = ref.repository;
	what.reference = ref.tag != NULL ? ref.tag :
	    digest_text(&ref.digest, text);
	image = keep_list_image(what.registry, what.repository,
	    what.reference);
	if (check_reference(r, &ref, &what, image, &e) == -1)
		report(REPORT_ERROR, "%s", e.msg);
	else
		code = take_out(r, &what, image);
	free(image);
	image_ref_done(&ref);
	return code;
}

static bool
has_ended(int code)
{
	return code == EXIT_STORE || code == EXIT_INTERRUPTED;
}

static int
run(const struct options *o, int count, char **words)
{
	const struct tree_how how = { .root = o->root, .wait_s = o->wait };
	struct removal r = { .o = o };
	int i, code = tree_open(&how, &r.store), one;
	struct err e;

	if (code != -1)
		return code;
	code = EXIT_OK;
	if (store_pins_read(r.store, &r.pins, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		store_close(r.store);
		return EXIT_STORE;
	}
	collect_options_init(&r.options, 1);
	r.collect = (struct collect){
		.o = &r.options,
		.print.form = COLLECT_TEXT,
		.print.verbose = o->verbose,
		.print.quiet = o->quiet,
	};
	keep_book_read(r.store, &r.book);
	for (i = 0; i < count && !has_ended(code); i++) {
		one = remove_image(&r, words[i]);
		if (one != EXIT_OK)
			code = one;
	}
	if (collect_finish(&r.collect, r.store) == -1)
		code = EXIT_STORE;
	keep_book_done(&r.book);
	pins_done(&r.pins);
	collect_options_done(&r.options);
	store_close(r.store);
	if (fflush(stdout) != 0 && code == EXIT_OK)
		code = EXIT_STORE;
	return code;
}

int
cmd_rm(int argc, char **argv)
{
	struct options o = { .root = NULL };
	struct image_ref ref;
	struct err e;
	int i, code;

	report_init(REPORT_TEXT, REPORT_INFO);
	code = parse_options(argc, argv, &o);
	if (code != -1)
		return code;
	for (i = optind; i < argc; i++) {
		if (image_ref_parse(argv[i], &ref, &e) == -1) {
			fprintf(stderr, "cdr rm: %s\n", e.msg);
			return bad_usage();
		}
		image_ref_done(&ref);
	}
	return run(&o, argc - optind, argv + optind);
}
