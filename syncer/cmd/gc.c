/* cdr gc: drop what nothing keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/collect.h"
#include "cmd/inputs.h"
#include "cmd/tree.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr gc [OPTION]...\n"
"\n"
"Remove from a tree what nothing leads to any more and, if asked for, images that\n"
"have left the list.  It is served meanwhile, and no pull of an image that stays\n"
"fails.  A tag keeps the digest that it had before (keep=, keep-for= in lists).\n"
"\n"
"  -n, --dry-run       change nothing, and say what would go\n"
"  -i, --images LIST   these are the lists that count; - is standard input; may\n"
"                      be given several times.  Without it, what runs have said\n"
COLLECT_USAGE
"      --wait T        wait so long (30, 10m, 2h) for a run on ROOT to end\n"
"      --if-busy=skip  do nothing and exit 0 if that is still at work then\n"
"      --json          print one object\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"  -q, --quiet         print errors only\n"
"  -v, --verbose       print manifests, blobs and files, too\n"
"  -h, --help          print this\n"
"\n"
"Exit: 0 all is well; 1 there is too little room still, or something that is kept\n"
"cannot be read; 2 the command line or a list is wrong, or too many images would\n"
"go: nothing touched; 3 the tree cannot be used; 4 interrupted: run it again.\n"
"More: cdr(1).\n";

struct options {
	const char *root;
	const char **lists;
	size_t list_count;
	bool dry_run, json, quiet, verbose, skip_if_busy;
	unsigned wait;
	struct collect_options collect;
};

static int
bad_usage(void)
{
	fputs("Try 'cdr gc --help'.\n", stderr);
	return EXIT_INPUT;
}

static int
parse_other(int letter, const char *arg, struct options *o)
{
	struct err e;
	int rc;

	if (letter == 'W') {
		rc = duration_parse(arg, WAIT_MAX_S, &o->wait, &e) == -1 ?
		    err_wrap(&e, "--wait") : 1;
	} else if (letter == 'B') {
		o->skip_if_busy = strcmp(arg, "skip") == 0;
		rc = o->skip_if_busy ? 1 : err_set(&e, ERR_INPUT,
		    "--if-busy: it takes skip, not \"%.80s\"", arg);
	} else
		rc = collect_option(letter, arg, &o->collect, &e);
	if (rc == 1)
		return -1;
	if (rc == -1)
		fprintf(stderr, "cdr gc: %s\n", e.msg);
	return bad_usage();
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int letter, const char *arg)
{
	struct options *o = cookie;

	switch (letter) {
	case 'r':
		o->root = arg;
		break;
	case 'i':
		o->lists[o->list_count++] = arg;
		break;
	case 'n':
		o->dry_run = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	default:
		return parse_other(letter, arg, o);
	}
	return -1;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "images", required_argument, NULL, 'i' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "wait", required_argument, NULL, 'W' },
		{ "if-busy", required_argument, NULL, 'B' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		COLLECT_LONGS,
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr gc", .shorts = "r:i:nqvh", .longs = longs,
		.usage = usage,
	};
	int code = words_read(argc, argv, &words, take_option, o);

	if (code != -1)
		return code;
	if (optind < argc) {
		words_unexpected(&words, argv[optind]);
		fputs("'cdr rm REF' takes one image out; -i LIST names a "
		    "list\n", stderr);
		return bad_usage();
	}
	if (o->collect.unlisted_s == 0 && o->list_count == 0) {
		fputs("cdr gc: --keep-unlisted 0 needs a list, with -i: what "
		    "is not in it goes at once\n", stderr);
		return bad_usage();
	}
	return -1;
}

/* ${ret} NULL: none is given. */
static int
read_lists(const struct options *o, struct image_list **ret, struct err *e)
{
	size_t i;

	if (o->list_count == 0)
		return 0;
	*ret = list_new(inputs_complain, NULL);
	for (i = 0; i < o->list_count; i++)
		if (collect_list(*ret, o->lists[i], e) == -1)
			return -1;
	if (list_end(*ret) == -1)
		return err_set(e, ERR_INPUT, "the list has errors, so nothing "
		    "has been removed");
	return 0;
}

/* Return -1 to go on, or an exit code. */
static int
open_root(const struct options *o, struct store **ret)
{
	const struct tree_how how = {
		.root = o->root, .wait_s = o->wait,
		.skip_if_busy = o->skip_if_busy,
	};
	struct err e;

	if (!o->dry_run)
		return tree_open(&how, ret);
	if (store_open(cmd_root(o->root), STORE_READ, ret, &e) == 0)
		return -1;
	report(REPORT_ERROR, "%s", e.msg);
	return EXIT_STORE;
}

static int
run(const struct options *o, const struct image_list *list,
    const struct keep_use *use)
{
	struct collect c = {
		.o = &o->collect,
		.list = list,
		.use = o->collect.in_use_count > 0 ? use : NULL,
		.may_be_busy = o->skip_if_busy,
		.print.form = o->json ? COLLECT_JSON : COLLECT_TEXT,
		.print.dry_run = o->dry_run,
		.print.verbose = o->verbose,
		.print.quiet = o->quiet,
	};
	struct store *store = NULL;
	struct gc_totals totals;
	enum gc_end end;
	int code = open_root(o, &store);

	if (code != -1)
		return code;
	end = collect_run(&c, store, &totals);
	code = end == GC_BUSY && c.may_be_busy ? EXIT_OK : collect_exit(end);
	if (!o->dry_run && collect_finish(&c, store) == -1)
		code = EXIT_STORE;
	store_close(store);
	if (fflush(stdout) != 0 && code == EXIT_OK)
		code = EXIT_STORE;
	return code;
}

int
cmd_gc(int argc, char **argv)
{
	struct options o = { .root = NULL };
	struct keep_use use = { .words = 0 };
	struct image_list *list = NULL;
	struct err e;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	o.lists = xcalloc((size_t)argc, sizeof(*o.lists));
	collect_options_init(&o.collect, argc);
	code = parse_options(argc, argv, &o);
	if (code != -1)
		goto out;
	if (read_lists(&o, &list, &e) == -1 ||
	    collect_use_read(&o.collect, &use, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
		goto out;
	}
	code = run(&o, list, &use);
out:
	list_free(list);
	keep_use_done(&use);
	collect_options_done(&o.collect);
	free(o.lists);
	return code;
}
