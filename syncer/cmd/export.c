/* cdr export: a bundle for a site without a network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle/bundle_key.h"
#include "bundle/export.h"
#include "bundle/export_write.h"
#include "cmd/cmd.h"
#include "cmd/export_boot.h"
#include "cmd/export_inputs.h"
#include "cmd/export_print.h"
#include "cmd/size.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr export [OPTION]... --to DIR [REF]...\n"
"\n"
"Write a bundle for a site without a network: images with all that belongs to\n"
"them here, signed, in parts, but without what the site has.  Syncs go on\n"
"meanwhile.  'cdr import' reads it.\n"
"\n"
"  REF                 an image of the tree, such as nginx:1.27\n"
"  -i, --images LIST   the images of a list that are here; - is standard input;\n"
"                      may be given several times\n"
"      --to DIR        the folder to write to; it is made if it is absent\n"
"      --for FILE      what the site has, as 'cdr inventory' says it there; - is\n"
"                      standard input.  Without it, all goes along\n"
"      --key PUB, --keys DIR\n"
"                      the inventory is to be signed by one of these public keys;\n"
"                      both may be given several times\n"
"      --to-site NAME  the site, if there is no inventory (default: any)\n"
"      --site NAME     who sends it (default: $CDR_SITE, or the host's name)\n"
"      --sign KEY      sign it with this private key (PKCS#8: Ed25519 or P-256)\n"
"      --split SIZE    in parts smaller than that: 4G for FAT, 700M for a CD\n"
"      --boot ARCH,... what a site needs that has nothing: a folder boot/, with a\n"
"                      START.md that tells all (amd64, arm64)\n"
"      --expires T     after so long (30d) an import warns that it is old\n"
"      --plan          write nothing, and say what would go, in which parts, and\n"
"                      what the site would have then\n"
"      --json          print that as JSON, with and without --plan\n"
"      --wait T        wait so long (30, 10m, 2h) for a gc on ROOT to end\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"  -q, --quiet         print errors only\n"
"  -h, --help          print this\n"
"\n"
"Exit: 0 all is well; 1 some images are not here, or not whole: the rest is\n"
"exported; 2 the command line, a list, an inventory or a key is wrong; 3 the tree\n"
"cannot be used, or DIR; 4 interrupted.\n"
"More: cdr(1).\n";

/* With less there would hardly be room for what each part begins with. */
#define SPLIT_MIN	((uint64_t)32 << 10)
#define EXPIRES_MAX_S	(3650u * 24 * 3600)

static int
bad_usage(void)
{
	fputs("Try 'cdr export --help'.\n", stderr);
	return EXIT_INPUT;
}

static int
complain(const char *why)
{
	fprintf(stderr, "cdr export: %s\n", why);
	return bad_usage();
}

/* Return 0, or -1 with ${e} set. */
static int
parse_value(int letter, const char *arg, struct export_options *o,
    struct err *e)
{
	switch (letter) {
	case 's':
		return size_parse(arg, SPLIT_MIN, BUNDLE_PART_BYTES_MAX,
		    &o->split, e) == -1 ? err_wrap(e, "--split") : 0;
	case 'e':
		return duration_parse(arg, EXPIRES_MAX_S, &o->expires_s,
		    e) == -1 ? err_wrap(e, "--expires") : 0;
	case 'W':
		return duration_parse(arg, WAIT_MAX_S, &o->wait, e) == -1 ?
		    err_wrap(e, "--wait") : 0;
	case 'k':
		return bundle_keys_file(o->keys, arg, e);
	case 'K':
		return bundle_keys_folder(o->keys, arg, e);
	default:
		return err_set(e, ERR_INPUT, "see above");
	}
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int letter, const char *arg)
{
	struct export_options *o = cookie;
	struct err e;

	switch (letter) {
	case 'r':
		o->root = arg;
		break;
	case 'i':
		o->lists[o->list_count++] = arg;
		break;
	case 't':
		o->to = arg;
		break;
	case 'f':
		o->inventory = arg;
		break;
	case 'T':
		o->to_site = arg;
		break;
	case 'N':
		o->site = arg;
		break;
	case 'S':
		o->key = arg;
		break;
	case 'B':
		o->boot = arg;
		break;
	case 'P':
		o->plan = true;
		break;
	case 'j':
		o->json = true;
		break;
	case 'q':
		o->level = REPORT_ERROR;
		break;
	default:
		if (parse_value(letter, arg, o, &e) == -1)
			return complain(e.msg);
	}
	return -1;
}

/* Return -1 to go on, or an exit code. */
static int
check_options(const struct export_options *o, char **words)
{
	size_t i;

	if (o->to == NULL && !o->plan)
		return complain("where to?  --to DIR, or --plan");
	if (o->list_count == 0 && words[0] == NULL)
		return complain("which images?  -i LIST, or REF...");
	if (o->inventory == NULL && bundle_keys_count(o->keys) > 0)
		return complain("--key and --keys are for an inventory: --for "
		    "FILE; to sign the bundle use --sign");
	if (o->inventory != NULL && o->to_site != NULL)
		return complain("the inventory says which site it is: --for or "
		    "--to-site, not both");
	if (o->to_site != NULL && !bundle_is_site(o->to_site))
		return complain("--to-site: letters, digits, \"-\", \"_\" and "
		    "\".\", and no more than 63");
	for (i = 0; words[i] != NULL; i++)
		if (strchr(words[i], '=') != NULL)
			return complain("an image goes as it is here: "
			    "KEY=VALUE words are for lists");
	return -1;
}

/* Return -1 to go on, or an exit code. */
static int
parse_options(int argc, char **argv, struct export_options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "images", required_argument, NULL, 'i' },
		{ "to", required_argument, NULL, 't' },
		{ "for", required_argument, NULL, 'f' },
		{ "key", required_argument, NULL, 'k' },
		{ "keys", required_argument, NULL, 'K' },
		{ "to-site", required_argument, NULL, 'T' },
		{ "site", required_argument, NULL, 'N' },
		{ "sign", required_argument, NULL, 'S' },
		{ "split", required_argument, NULL, 's' },
		{ "boot", required_argument, NULL, 'B' },
		{ "expires", required_argument, NULL, 'e' },
		{ "plan", no_argument, NULL, 'P' },
		{ "json", no_argument, NULL, 'j' },
		{ "wait", required_argument, NULL, 'W' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr export", .shorts = "r:i:qh", .longs = longs,
		.usage = usage,
	};
	int code = words_read(argc, argv, &words, take_option, o);

	return code == -1 ? check_options(o, argv + optind) : code;
}

/* --- the run ----------------------------------------------------------- */

static int
fail(const struct err *e)
{
	report(e->code == ERR_CANCELLED ? REPORT_WARNING : REPORT_ERROR, "%s",
	    e->msg);
	if (e->code == ERR_CANCELLED)
		return EXIT_INTERRUPTED;
	return e->code == ERR_INPUT || e->code == ERR_SIGNATURE ? EXIT_INPUT :
	    EXIT_STORE;
}

/* Whoever makes a plan has no need to write, and perhaps no right to. */
static int
open_tree(const struct export_options *o, struct store **ret, struct err *e)
{
	const struct store_patience patience = {
		.seconds = o->wait, .stop_fd = cmd_stop_fd(),
	};

	if (store_open(cmd_root(o->root), o->plan ? STORE_READ : STORE_STEP,
	    ret, e) == -1)
		return -1;
	if (store_keep(*ret, &patience, e) == 0)
		return 0;
	e->code = ERR_STORE;
	return err_wrap(e, "%s", cmd_root(o->root));
}

/* Return an exit code. */
static int
end(const struct export_options *o, const struct export *x, int rc)
{
	if (rc == 1) {
		report(REPORT_ERROR, "nothing is left to export");
		return EXIT_SOME_FAILED;
	}
	if (o->json)
		export_print_json(x);
	else if (o->plan)
		export_print_plan(x);
	else if (o->level >= REPORT_INFO)
		export_print_end(x, o->to);
	export_warn(x);
	if (fflush(stdout) != 0)
		return EXIT_STORE;
	return x->left_count > 0 || x->lame > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

static int
export_to(const struct export_options *o, const struct export_order *order,
    const struct boot *boot, int dir)
{
	struct export x = { .order = NULL };
	struct err e;
	int code, rc = export_make(&x, order, &e);

	/* First: who sees a statement has all that came with it. */
	if (rc == 0 && !o->plan)
		rc = export_boot_write(boot, o->to, o->key,
		    o->json || o->level < REPORT_INFO, &e);
	if (rc == 0 && !o->plan)
		rc = export_run(&x, dir, cmd_stop_fd(), &e);
	report_clear();
	code = rc == -1 ? fail(&e) : end(o, &x, rc);
	if (rc == 0 && o->plan && !o->json)
		export_boot_plan(boot);
	export_done(&x);
	return code;
}

static int
run(const struct export_options *o, const struct export_inputs *in)
{
	struct export_order order = {
		.list = in->list,
		.from = in->from,
		.to = o->inventory != NULL ? in->inventory.site :
		    o->to_site != NULL ? o->to_site : "*",
		.name = in->name,
		.inventory = o->inventory == NULL ? NULL : &in->inventory,
		.is_inventory_signed = bundle_keys_count(o->keys) > 0,
		.now = (int64_t)time(NULL),
		.expires_s = o->expires_s,
		.split = o->split,
		.key = o->key,
		.is_plan = o->plan,
	};
	struct boot *boot = NULL;
	int code, dir = -1;
	struct err e;

	if (open_tree(o, &order.store, &e) == -1) {
		code = fail(&e);
	} else if (export_boot_look(order.store, o->boot, &boot, &e) == -1) {
		code = fail(&e);
	} else if (!o->plan && export_folder(o->to, &dir, &e) == -1) {
		e.code = ERR_STORE;
		code = fail(&e);
	} else {
		code = export_to(o, &order, boot, dir);
	}
	if (dir != -1)
		close(dir);
	boot_free(boot);
	store_close(order.store);
	return code;
}

int
cmd_export(int argc, char **argv)
{
	struct export_options o = { .level = REPORT_INFO };
	struct export_inputs in = { .list = NULL };
	struct err e;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	o.lists = xcalloc((size_t)argc + 1, sizeof(*o.lists));
	o.keys = bundle_keys_new();
	code = parse_options(argc, argv, &o);
	if (code != -1)
		goto out;
	report_init(REPORT_TEXT, o.level);
	if (export_inputs_read(&o, argv + optind, &in, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
		goto out;
	}
	code = run(&o, &in);
out:
	export_inputs_done(&in);
	bundle_keys_free(o.keys);
	free(o.lists);
	return code;
}
