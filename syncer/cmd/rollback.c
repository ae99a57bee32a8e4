/* cdr rollback: set a tag back, and hold it there. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/refresh.h"
#include "cmd/size.h"
#include "cmd/words.h"
#include "image/ref.h"
#include "layout/pins.h"
#include "layout/store.h"
#include "mirror/children.h"
#include "mirror/tags_here.h"
#include "report/report.h"

static const char usage[] =
"usage: cdr rollback [-r ROOT] [--json] REF [DIGEST|-N]\n"
"       cdr rollback [-r ROOT] [--json] --release REF\n"
"\n"
"Set a tag to a digest that it had before, and hold it there: no run moves it,\n"
"whatever its registry says, until it is released.  It takes a moment, also while\n"
"a run is at work.\n"
"\n"
"  REF               the tag, such as nginx:1.27\n"
"  DIGEST            where to: a manifest of the same repository\n"
"  -N                where to: so many steps back (default: -1), which\n"
"                    'cdr ls --history REF' shows.  -0 holds it where it is\n"
"      --release     hold it no more: the next run moves it to where its registry\n"
"                    has it then\n"
"  -r, --root ROOT   the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --json        print an object\n"
"  -h, --help        print this\n"
"\n"
"A digest that is not whole in the tree is refused.\n"
"Exit: 0 all is well; 1 it cannot be set to that; 2 usage; 3 the tree cannot be\n"
"used.\n";

#define STEPS_MAX	1000u

struct rollback {
	const char *root;
	bool json, release;
	struct image_ref ref;
	char name[FULL_NAME_MAX];
	struct digest to;
	bool has_to;
	unsigned back;
};

static int
bad_usage(void)
{
	fputs("Try 'cdr rollback --help'.\n", stderr);
	return EXIT_INPUT;
}

static void
print(const struct rollback *o, const char *result, const char *said,
    const struct manifest_id *from, const struct manifest_id *at)
{
	char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
	json_t *object;

	if (o->json) {
		object = json_pack("{ss ss}", "image", o->name, "result",
		    result);
		if (at != NULL) {
			json_object_set_new(object, "from",
			    json_string(digest_text(&from->digest, a)));
			json_object_set_new(object, "digest",
			    json_string(digest_text(&at->digest, b)));
		}
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
		return;
	}
	printf("%-11s  %s", said, o->name);
	if (at != NULL && digest_equal(&from->digest, &at->digest))
		printf("  %s", digest_text(&at->digest, b));
	else if (at != NULL)
		printf("  %s -> %s", digest_text(&from->digest, a),
		    digest_text(&at->digest, b));
	putchar('\n');
}

static int
tell_failure(const struct rollback *o, const struct store *store,
    const struct err *e)
{
	struct manifest_id id;
	struct err ignored;
	char *others = NULL;

	if (store_reference_get(store, o->ref.registry, o->ref.repository,
	    o->ref.tag, &id, &ignored) == 0)
		others = tags_here(store, o->ref.registry, o->ref.repository);
	report(REPORT_ERROR, "%s: %s%s", o->name, e->msg,
	    others == NULL ? "" : others);
	free(others);
	return e->code == ERR_STORE ? EXIT_STORE : EXIT_SOME_FAILED;
}

/* Return an exit code, or -1: it has changed something. */
static int
release(const struct rollback *o, struct store *store)
{
	struct err e;
	int rc = store_release(store, o->ref.registry, o->ref.repository,
	    o->ref.tag, &e);

	if (rc == -1)
		return tell_failure(o, store, &e);
	print(o, rc == 1 ? "released" : "not_held",
	    rc == 1 ? "released" : "not held", NULL, NULL);
	return rc == 1 ? -1 : EXIT_OK;
}

static int
set_back(const struct rollback *o, struct store *store)
{
	struct store_rollback r = {
		.registry = o->ref.registry,
		.repository = o->ref.repository,
		.tag = o->ref.tag,
		.to = o->has_to ? &o->to : NULL,
		.back = o->back,
		.children = children_each,
	};
	struct err e;
	int rc = store_rollback(store, &r, &e);

	if (rc == -1)
		return tell_failure(o, store, &e);
	if (rc == 0)
		print(o, "unchanged", "unchanged", &r.from, &r.at);
	else if (digest_equal(&r.from.digest, &r.at.digest))
		print(o, "held", "held", &r.from, &r.at);
	else
		print(o, "rolled_back", "rolled back", &r.from, &r.at);
	if (!o->json)
		printf("It is held there until 'cdr rollback --release %s'.\n",
		    o->name);
	return rc == 1 ? -1 : EXIT_OK;
}

/* What people wait for is told before the lists are written. */
static int
run(const struct rollback *o)
{
	struct store *store;
	struct err e;
	int code;

	if (store_open(o->root, STORE_STEP, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	code = o->release ? release(o, store) : set_back(o, store);
	store_close(store);
	if (fflush(stdout) != 0 && code == EXIT_OK)
		code = EXIT_STORE;
	if (code == -1)
		refresh_if_free(o->root);
	return code == -1 ? EXIT_OK : code;
}

/* "-2" looks like an option: it is taken out before getopt(3) sees it.  Return
 * how many arguments are left, or -1 if there were two of them. */
static int
take_steps(int argc, char **argv, const char **ret)
{
	int i, left = 1;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0' ||
		    argv[i][1 + strspn(argv[i] + 1, "0123456789")] != '\0' ||
		    strcmp(argv[i - 1], "-r") == 0 ||
		    strcmp(argv[i - 1], "--root") == 0) {
			argv[left++] = argv[i];
			continue;
		}
		if (*ret != NULL)
			return -1;
		*ret = argv[i] + 1;
	}
	argv[left] = NULL;
	return left;
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int letter, const char *arg)
{
	struct rollback *o = cookie;

	switch (letter) {
	case 'r':
		o->root = arg;
		break;
	case 'R':
		o->release = true;
		break;
	case 'j':
		o->json = true;
		break;
	}
	return -1;
}

static int
parse_options(int argc, char **argv, struct rollback *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "release", no_argument, NULL, 'R' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct words words = {
		.command = "cdr rollback", .shorts = "r:h", .longs = longs,
		.usage = usage,
	};

	return words_read(argc, argv, &words, take_option, o);
}

static int
parse_where(const char *digest, const char *steps, struct rollback *o,
    struct err *e)
{
	if (digest == NULL && steps == NULL)
		return 0;
	if (o->release)
		return err_set(e, ERR_INPUT, "--release takes no digest and no "
		    "steps");
	if (digest != NULL && steps != NULL)
		return err_set(e, ERR_INPUT, "a digest, or steps, but not "
		    "both");
	if (steps != NULL)
		return count_parse(steps, 0, STEPS_MAX, &o->back, e);
	o->has_to = true;
	if (strchr(digest, ':') != NULL)
		return digest_parse(digest, &o->to, e);
	if (digest[0] != '\0' && strspn(digest, "0123456789") ==
	    strlen(digest) && strlen(digest) < 6)
		return err_set(e, ERR_INPUT, "\"%s\": steps back have a dash "
		    "in front: -%s", digest, digest);
	return err_set(e, ERR_INPUT, "\"%.80s\" is neither a digest, such as "
	    "sha256:3f9c..., nor steps, such as -1: 'cdr ls --history %s' "
	    "shows both", digest, o->name);
}

static int
parse_words(char **words, const char *steps, struct rollback *o, struct err *e)
{
	if (words[0] == NULL)
		return err_set(e, ERR_INPUT, "which tag?");
	if (words[1] != NULL && words[2] != NULL)
		return err_set(e, ERR_INPUT, "unexpected \"%.80s\"",
		    words[2]);
	if (image_ref_parse(words[0], &o->ref, e) == -1)
		return -1;
	if (o->ref.tag == NULL || o->ref.has_digest)
		return err_set(e, ERR_INPUT, "%.300s: a tag alone can be set "
		    "back, such as nginx:1.27", words[0]);
	full_name(o->ref.registry, o->ref.repository, o->ref.tag, o->name);
	return parse_where(words[1], steps, o, e);
}

int
cmd_rollback(int argc, char **argv)
{
	struct rollback o = { .back = 1 };
	const char *steps = NULL;
	struct err e;
	int code;

	report_init(REPORT_TEXT, REPORT_INFO);
	argc = take_steps(argc, argv, &steps);
	if (argc == -1) {
		fputs("cdr rollback: -N, such as -1, is written once\n",
		    stderr);
		return bad_usage();
	}
	code = parse_options(argc, argv, &o);
	if (code != -1)
		return code;
	o.root = cmd_root(o.root);
	if (parse_words(argv + optind, steps, &o, &e) == -1) {
		fprintf(stderr, "cdr rollback: %s\n", e.msg);
		code = bad_usage();
	} else {
		code = run(&o);
	}
	image_ref_done(&o.ref);
	return code;
}
