/* cdr import: take over what another site has sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/import.h"
#include "bundle/site.h"
#include "cmd/cmd.h"
#include "cmd/import_status.h"
#include "cmd/odd_word.h"
#include "cmd/size.h"
#include "cmd/tree.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr import [OPTION]... PATH...\n"
"       cdr import [OPTION]... -\n"
"       cdr import [OPTION]... --forget ID\n"
"\n"
"Take over bundles that another site has made with cdr export.  Their images\n"
"are published as soon as all that they need is here.  Parts may come in any\n"
"order, twice, and one at a time: the last lines say which ones are missing.\n"
"\n"
"  PATH                a folder with bundles; a statement (NAME.cdr), with the\n"
"                      parts beside it; or one part (NAME.cdr.001).  - reads\n"
"                      parts one after another from standard input\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --key PUB       a public key whose owner may send; may be given several\n"
"                      times\n"
"      --keys DIR      a folder of such keys (default: $CDR_BUNDLE_KEYS)\n"
"      --unsigned      whoever has made it: only for sticks that nobody else has\n"
"                      had in hand\n"
"      --site NAME     who we are (default: $CDR_SITE, or the host's name): what\n"
"                      is for another site is refused\n"
"      --allow-older   move tags back to what an older bundle says\n"
"      --max-seq-jump N\n"
"                      refuse a bundle whose number is so far ahead of the last\n"
"                      one (default: 1000)\n"
"      --forget ID     drop the import of this bundle, which is not finished\n"
"      --wait T        wait so long (30, 10m, 2h) for another run on ROOT to end\n"
"      --log FORMAT    text, or json: one object a line\n"
"  -q, --quiet         print errors only\n"
"  -v, --verbose       print unchanged images too\n"
"  -h, --help          print this\n"
"\n"
"Exit: 0 all is well; 1 some images failed, or wait for parts that are missing;\n"
"the rest is published; 2 usage, or refused: not signed by a key, or not for us;\n"
"nothing touched; 3 the tree cannot be used, or has no room for it;\n"
"4 interrupted: run it again to go on; 5 older than what has come, or too far\n"
"ahead: no tag has moved.\n";

struct options {
	const char *root, *site, *forget;
	const char *keys_folder;
	struct bundle_keys *keys;
	bool is_unsigned, allow_older;
	unsigned max_jump, wait;
	enum report_format format;
	enum report_level level;
};

/* --- what is asked for ------------------------------------------------- */

enum {
	KEY = 256,
	KEYS,
	UNSIGNED,
	SITE,
	ALLOW_OLDER,
	MAX_SEQ_JUMP,
	FORGET,
	WAIT,
	LOG
};

static int
bad_usage(void)
{
	fputs("Try 'cdr import --help'.\n", stderr);
	return EXIT_INPUT;
}

/* Return -1 to go on, or an exit code. */
static int
told(const char *what, const struct err *e)
{
	fprintf(stderr, "cdr import: %s%s\n", what, e->msg);
	return bad_usage();
}

static int
parse_value(int option, const char *arg, struct options *o)
{
	struct err e;

	switch (option) {
	case KEY:
		return bundle_keys_file(o->keys, arg, &e) == 0 ? -1 :
		    told("--key: ", &e);
	case MAX_SEQ_JUMP:
		return count_parse(arg, 1, 1000000000, &o->max_jump,
		    &e) == 0 ? -1 : told("--max-seq-jump: ", &e);
	case WAIT:
		return duration_parse(arg, WAIT_MAX_S, &o->wait, &e) == 0 ?
		    -1 : told("--wait: ", &e);
	case LOG:
		o->format = strcmp(arg, "json") == 0 ? REPORT_JSON :
		    REPORT_TEXT;
		if (o->format == REPORT_JSON || strcmp(arg, "text") == 0)
			return -1;
		err_set(&e, ERR_INPUT, "it takes text or json, not \"%.80s\"",
		    arg);
		return told("--log: ", &e);
	default:
		return bad_usage();
	}
}

static int
parse_one(void *cookie, int option, const char *arg)
{
	struct options *o = cookie;

	switch (option) {
	case 'r':
		o->root = arg;
		break;
	case 'q':
		o->level = REPORT_ERROR;
		break;
	case 'v':
		o->level = REPORT_DEBUG;
		break;
	case KEYS:
		o->keys_folder = arg;
		break;
	case UNSIGNED:
		o->is_unsigned = true;
		break;
	case SITE:
		o->site = arg;
		break;
	case ALLOW_OLDER:
		o->allow_older = true;
		break;
	case FORGET:
		o->forget = arg;
		break;
	default:
		return parse_value(option, arg, o);
	}
	return -1;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "key", required_argument, NULL, KEY },
		{ "keys", required_argument, NULL, KEYS },
		{ "unsigned", no_argument, NULL, UNSIGNED },
		{ "site", required_argument, NULL, SITE },
		{ "allow-older", no_argument, NULL, ALLOW_OLDER },
		{ "max-seq-jump", required_argument, NULL, MAX_SEQ_JUMP },
		{ "forget", required_argument, NULL, FORGET },
		{ "wait", required_argument, NULL, WAIT },
		{ "log", required_argument, NULL, LOG },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr import", .shorts = "r:qvh", .longs = longs,
		.usage = usage,
	};

	return words_read(argc, argv, &words, parse_one, o);
}

/* The folder of the environment is for who names no key. */
static int
read_keys(struct options *o, struct err *e)
{
	const char *folder = o->keys_folder;

	if (o->is_unsigned)
		return bundle_keys_count(o->keys) == 0 && folder == NULL ? 0 :
		    err_set(e, ERR_INPUT, "--unsigned asks for no key, so none "
		    "is to be named");
	if (folder == NULL && bundle_keys_count(o->keys) == 0)
		folder = getenv("CDR_BUNDLE_KEYS");
	if (folder != NULL && folder[0] != '\0' &&
	    bundle_keys_folder(o->keys, folder, e) == -1)
		return -1;
	return bundle_keys_count(o->keys) > 0 ? 0 : err_set(e, ERR_INPUT,
	    "whose bundles are to be taken? --key, --keys or $CDR_BUNDLE_KEYS "
	    "says so; --unsigned takes anybody's");
}

static int
check_words(const struct options *o, int argc, char **argv, struct err *e)
{
	int i;

	if (o->forget != NULL)
		return argc == 0 && bundle_is_id(o->forget) ? 0 : err_set(e,
		    ERR_INPUT, "--forget takes the id of a bundle, and "
		    "nothing else");
	if (argc == 0)
		return err_set(e, ERR_INPUT, "nothing to do: name the folder "
		    "with the bundle, or its parts, as in 'cdr import --key "
		    "PUB /media/stick'");
	for (i = 0; i < argc && argc > 1; i++)
		if (strcmp(argv[i], "-") == 0)
			return err_set(e, ERR_INPUT, "standard input stands "
			    "by itself");
	return 0;
}

/* --- one run ----------------------------------------------------------- */

struct run {
	struct store *store;
	int code;
	bool has_taken;			/* some bundle */
};

/* What is worse stays: the tree, the end, what is missing, what is old. */
static void
add_code(struct run *r, int code)
{
	static const int order[] = {
		EXIT_STORE, EXIT_INTERRUPTED, EXIT_SOME_FAILED, EXIT_SEQ,
		EXIT_INPUT, EXIT_OK
	};
	size_t i;

	for (i = 0; order[i] != code && order[i] != r->code; i++)
		;
	r->code = order[i];
}

static int
code_of(const struct intake *in, enum intake_end end)
{
	switch (end) {
	case INTAKE_WHOLE:
	case INTAKE_SEEN:
		return in->bad_parts > 0 ? EXIT_SOME_FAILED : EXIT_OK;
	case INTAKE_WAITS:
	case INTAKE_FAILED:
		return EXIT_SOME_FAILED;
	case INTAKE_OLDER:
	case INTAKE_TOO_FAR:
		return EXIT_SEQ;
	case INTAKE_STOPPED:
		return EXIT_INTERRUPTED;
	case INTAKE_STORE_FAILED:
		break;
	}
	return EXIT_STORE;
}

static void
tell_end(const struct intake *in, enum intake_end end)
{
	const struct report_totals *t = &in->totals;
	char size[REPORT_BYTES_MAX], held[32] = "", waiting[32] = "";

	if (end == INTAKE_STORE_FAILED && !in->is_refused)
		report(REPORT_ERROR, "%s", in->err.msg);
	if (end == INTAKE_STOPPED)
		report(REPORT_WARNING, "interrupted; the next run goes on "
		    "from here");
	if (in->is_refused)
		return;
	if (in->needs == NULL) {
		report_result(REPORT_INFO, "%s %llu: %llu new object%s, "
		    "%s read, %.1f s", in->who.from,
		    (unsigned long long)in->who.seq,
		    (unsigned long long)t->objects, t->objects == 1 ? "" : "s",
		    report_bytes(t->bytes, size),
		    (double)t->duration_ms / 1000);
		return;
	}
	if (t->held > 0)
		snprintf(held, sizeof(held), ", %zu held", t->held);
	if (t->cancelled > 0)
		snprintf(waiting, sizeof(waiting), ", %zu waiting",
		    t->cancelled);
	report_failures();
	report_result(REPORT_INFO, "%s %llu: %zu image%s: %zu unchanged, "
	    "%zu updated%s, %zu failed%s; %llu new object%s, %s read, %.1f s",
	    in->who.from, (unsigned long long)in->who.seq, t->images,
	    t->images == 1 ? "" : "s", t->unchanged, t->updated, held,
	    t->failed, waiting, (unsigned long long)t->objects,
	    t->objects == 1 ? "" : "s", report_bytes(t->bytes, size),
	    (double)t->duration_ms / 1000);
}

static void
ended(void *cookie, const struct intake *in, enum intake_end end)
{
	struct run *r = cookie;
	struct err e;
	int code = code_of(in, end);

	if (end != INTAKE_STORE_FAILED &&
	    store_finish(r->store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_STORE;
	}
	import_status(r->store, in, end, code);
	tell_end(in, end);
	r->has_taken |= end != INTAKE_TOO_FAR && !in->is_refused;
	add_code(r, code);
}

/* Nothing has been touched where all is refused. */
static int
end_code(const struct run *r, const struct import *im)
{
	struct run with = *r;

	if (import_refused(im) == 0)
		return r->code;
	if (r->has_taken)
		add_code(&with, EXIT_SOME_FAILED);
	else
		add_code(&with, EXIT_INPUT);
	return with.code;
}

/* What they are instead. */
static void
tell_odd(int argc, char **argv)
{
	struct err e;
	int i;

	for (i = 0; i < argc; i++)
		if (odd_bundle(argv[i], &e) == -1)
			report(REPORT_ERROR, "%s", e.msg);
}

static int
run(const struct options *o, const char *site, int argc, char **argv)
{
	const struct tree_how how = {
		.root = o->root, .wait_s = o->wait, .may_make = true,
	};
	struct import im = {
		.keys = o->is_unsigned ? NULL : o->keys, .site = site,
		.stop_fd = cmd_stop_fd(),
	};
	struct intake_rules rules = {
		.stop_fd = cmd_stop_fd(), .allow_older = o->allow_older,
		.max_jump = o->max_jump,
	};
	struct run r = { .code = EXIT_OK };
	int i, code;

	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], "-") == 0)
			import_look_pipe(&im);
		else
			import_look(&im, argv[i]);
	code = EXIT_INPUT;
	if (import_judge(&im) > 0)
		code = tree_open(&how, &r.store);
	else if (import_refused(&im) == 0)
		report(REPORT_ERROR, "there is no bundle: no file NAME.cdr or "
		    "NAME.cdr.001");
	else
		tell_odd(argc, argv);
	if (code == -1) {
		rules.store = r.store;
		import_run(&im, &rules, ended, &r);
		store_close(r.store);
		code = end_code(&r, &im);
	}
	import_done(&im);
	return code;
}

static int
forget(const struct options *o)
{
	const struct tree_how how = { .root = o->root, .wait_s = o->wait };
	struct ledger_bundle who;
	struct store *store;
	struct err e;
	int code = tree_open(&how, &store), rc;

	if (code != -1)
		return code;
	rc = intake_forget(store, o->forget, &who, &e);
	if (rc == 1) {
		report_result(REPORT_INFO, "%s %llu is forgotten", who.from,
		    (unsigned long long)who.seq);
		import_status_forgotten(store, &who);
	} else if (rc == 0) {
		report(REPORT_ERROR, "no bundle of this id is on the way");
	} else {
		report(REPORT_ERROR, "%s", e.msg);
	}
	store_close(store);
	return rc == 1 ? EXIT_OK : rc == 0 ? EXIT_INPUT : EXIT_STORE;
}

int
cmd_import(int argc, char **argv)
{
	struct options o = {
		.max_jump = LEDGER_JUMP, .level = REPORT_INFO,
	};
	char site[BUNDLE_SITE_MAX + 1];
	struct err e;
	int code;

	o.keys = bundle_keys_new();
	code = parse_options(argc, argv, &o);
	if (code != -1)
		goto out;
	report_init(o.format, o.level);
	code = EXIT_INPUT;
	if (check_words(&o, argc - optind, argv + optind, &e) == -1 ||
	    (o.forget == NULL && (read_keys(&o, &e) == -1 ||
	    site_name(o.site, site, &e) == -1))) {
		report(REPORT_ERROR, "%s", e.msg);
		goto out;
	}
	code = o.forget != NULL ? forget(&o) :
	    run(&o, site, argc - optind, argv + optind);
out:
	bundle_keys_free(o.keys);
	return code;
}
