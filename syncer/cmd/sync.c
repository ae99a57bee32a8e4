/* cdr sync: mirror the images of a list. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "transfer/mirror.h"

static const char usage[] =
"usage: cdr sync [-qv] [-r ROOT] [-i LIST] [--registries FILE]\n"
"                [--log text|json] [REF [KEY=VALUE]...]...\n"
"\n"
"Mirror images into ROOT, which nginx serves.  An image whose tag has not\n"
"moved costs one HEAD request.\n"
"\n"
"  REF                 an image, such as nginx:1.27 or ghcr.io/org/app@sha256:..\n"
"                      and what is said of it, such as platform=linux/arm64\n"
"  -i, --images LIST   a file with one such line an image; - is standard\n"
"                      input; may be given several times\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --registries FILE\n"
"                      how to reach registries, in JSON (default:\n"
"                      $CDR_REGISTRIES, or none)\n"
"      --log FORMAT    text, or json: one object a line\n"
"  -q, --quiet         errors only\n"
"  -v, --verbose       unchanged images too\n"
"  -h, --help\n"
"\n"
"Credentials come from $DOCKER_CONFIG/config.json or ~/.docker/config.json.\n"
"Exit: 0 all is well; 1 some images failed, the rest is published; 2 usage,\n"
"list or configuration; 3 the tree cannot be used; 4 interrupted, run it again.\n"
"More: cdr(1), cdr-layout(5).\n";

struct options {
	const char *root, *registries;
	const char **lists;
	size_t list_count;
	enum report_format format;
	enum report_level level;
};

/* Everything that has to be right before the tree is touched. */
struct inputs {
	struct image_list *list;
	struct registries *registries;
	struct credentials *credentials;
};

static int
bad_usage(void)
{
	fputs("Try 'cdr sync --help'.\n", stderr);
	return EXIT_INPUT;
}

/* Return -1 to go on, or an exit code. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "images", required_argument, NULL, 'i' },
		{ "registries", required_argument, NULL, 'R' },
		{ "log", required_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	o->lists = xcalloc((size_t)argc, sizeof(*o->lists));
	while ((c = getopt_long(argc, argv, "r:i:qvh", longs, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->root = optarg;
			break;
		case 'i':
			o->lists[o->list_count++] = optarg;
			break;
		case 'R':
			o->registries = optarg;
			break;
		case 'l':
			if (strcmp(optarg, "json") == 0)
				o->format = REPORT_JSON;
			else if (strcmp(optarg, "text") != 0) {
				fprintf(stderr, "cdr sync: --log takes text "
				    "or json, not \"%s\"\n", optarg);
				return bad_usage();
			}
			break;
		case 'q':
			o->level = REPORT_ERROR;
			break;
		case 'v':
			o->level = REPORT_DEBUG;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			return bad_usage();
		}
	}
	return -1;
}

static void
complain(void *cookie, const char *where, const char *what)
{
	(void)cookie;
	report(REPORT_ERROR, "%s: %s", where, what);
}

/* A REF, and the key=value words behind it up to the next REF. */
static void
add_words(struct image_list *list, int argc, char **argv)
{
	char *text, *longer;
	int i;

	for (i = 0; i < argc;) {
		text = xstrdup(argv[i++]);
		while (i < argc && strchr(argv[i], '=') != NULL) {
			longer = xasprintf("%s %s", text, argv[i++]);
			free(text);
			text = longer;
		}
		list_add(list, text);
		free(text);
	}
}

static int
read_inputs(const struct options *o, int argc, char **argv,
    struct inputs *in, struct err *e)
{
	size_t i;

	in->list = list_new(complain, NULL);
	if (o->list_count == 0 && argc == 0)
		return err_set(e, ERR_INPUT, "nothing to do: name images, or "
		    "a list with -i");
	for (i = 0; i < o->list_count; i++)
		if (inputs_list(in->list, o->lists[i], e) == -1)
			return -1;
	add_words(in->list, argc, argv);
	if (list_end(in->list) == -1)
		return err_set(e, ERR_INPUT, "the list has errors, so nothing "
		    "has been done");
	if (inputs_registries(o->registries, &in->registries, e) == -1)
		return -1;
	return inputs_credentials(&in->credentials, e);
}

/* What this version cannot do is said, and not just left undone. */
static void
warn_of_helpers(const struct inputs *in)
{
	const char *last = "", *registry, *server;
	size_t i;

	for (i = 0; in->credentials != NULL && i < list_count(in->list); i++) {
		registry = list_at(in->list, i)->ref.registry;
		if (strcmp(registry, last) != 0 && credentials_helper(
		    in->credentials, registry, &server) != NULL)
			report(REPORT_WARNING, "config.json names a "
			    "credential helper for %s; helpers are not run",
			    registry);
		last = registry;
	}
}

static int
run(const struct options *o, const struct inputs *in)
{
	struct mirror mirror = {
		.config.registries = in->registries,
		.config.credentials = in->credentials,
		.list = in->list,
		.stop_fd = cmd_stop_fd(),
	};
	struct report_totals totals = { 0 };
	struct store *store = NULL;
	struct err e;
	enum mirror_end end;

	if (store_open(cmd_root(o->root), STORE_WRITE, &store, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return EXIT_STORE;
	}
	mirror.config.store = store;
	end = mirror_run(&mirror, &totals, &e);
	store_close(store);
	report_summary(&totals);
	switch (end) {
	case MIRROR_STORE_FAILED:
		report(REPORT_ERROR, "%s: %s", cmd_root(o->root), e.msg);
		return EXIT_STORE;
	case MIRROR_STOPPED:
		report(REPORT_WARNING, "interrupted; the next run goes on "
		    "from here");
		return EXIT_INTERRUPTED;
	case MIRROR_DONE:
		break;
	}
	return totals.failed > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

int
cmd_sync(int argc, char **argv)
{
	struct options o = { .level = REPORT_INFO };
	struct inputs in = { NULL, NULL, NULL };
	struct err e;
	int code;

	code = parse_options(argc, argv, &o);
	if (code != -1)
		goto out;
	report_init(o.format, o.level);
	if (read_inputs(&o, argc - optind, argv + optind, &in, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
		goto out;
	}
	warn_of_helpers(&in);
	code = run(&o, &in);
out:
	list_free(in.list);
	registries_free(in.registries);
	credentials_free(in.credentials);
	free(o.lists);
	return code;
}
