/* cdr watch: mirror the images of a list for ever, by runs of cdr sync. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/sync_options.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "watch/loop.h"

static const char help[] =
"usage: cdr watch [OPTION]... [OPTION OF SYNC]... -i LIST...\n"
"\n"
"Mirror images into ROOT for ever: cdr sync as soon as it begins, then by the\n"
"clock, when a list file changes, and for what was pushed.  Each run is a process\n"
"of its own.\n"
"\n"
"      --every T       how often: 90, 10m, 6h (default: 30m); 0: not by the clock\n"
"      --jitter T      up to so much later, another time each time (default: a\n"
"                      tenth of --every)\n"
"      --listen-hooks SOCK\n"
"                      take what registries send when somebody has pushed, from\n"
"                      an nginx that hands it on there: cdr-hooks\n"
"      --hook-config FILE\n"
"                      who may call, and with which secrets, in JSON\n"
"      --hooks DIR     take the same, or lines of a list, from files that are\n"
"                      dropped there, and remove them\n"
"      --settle T      look at an image so long after the last push of it (5),\n"
"      --settle-most T but no later than so long after the first one (60),\n"
"      --settle-first T\n"
"                      and once before that, so long after the first one (1),\n"
"                      where its repository was quiet before\n"
"      --hint-jitter T and up to so much later (0), another time each time: for\n"
"                      many mirrors that one parent tells at one moment\n"
"  -h, --help          print this\n"
"\n"
"These have to be written in full.  All other options are those of cdr sync,\n"
"but for --plan, --json, --only and the list \"-\".\n"
"A list that is wrong is told, and nothing is touched until it is right again.\n"
"When it is told to stop, it has the run stop as well, which then ends with 4; a\n"
"second time ends both at once.\n"
"Exit: 0 it was told to stop; 2 the command line, a list or the configuration is\n"
"wrong in the first run; 3 it cannot work at all; 4 a run was interrupted.\n"
"More: cdr(1).\n";

/* A year: who wants that wants another tool. */
#define EVERY_MAX_S	(366 * 24 * 3600)
#define EVERY_S		(30 * 60)
#define SETTLE_FIRST_S	1
#define SETTLE_S	5
#define SETTLE_MOST_S	60
#define SETTLE_MAX_S	3600

struct own {
	unsigned every_s, jitter_s, settle_first_s, settle_s, settle_most_s;
	unsigned hint_jitter_s;
	bool has_jitter;
	const char *socket, *hooks, *spool;
	char **rest;			/* the words that are left, with argv[0]
					 * and up to a NULL */
	int rest_count;
};

static int
complain(const char *option, const struct err *e)
{
	fprintf(stderr, "cdr watch: --%s: %s\nTry 'cdr watch --help'.\n",
	    option, e->msg);
	return EXIT_INPUT;
}

static int
set_every(const char *value, struct own *own, struct err *e)
{
	return duration_parse(value, EVERY_MAX_S, &own->every_s, e);
}

static int
set_jitter(const char *value, struct own *own, struct err *e)
{
	own->has_jitter = true;
	return duration_parse(value, EVERY_MAX_S, &own->jitter_s, e);
}

static int
set_settle(const char *value, struct own *own, struct err *e)
{
	return duration_parse(value, SETTLE_MAX_S, &own->settle_s, e);
}

static int
set_settle_first(const char *value, struct own *own, struct err *e)
{
	return duration_parse(value, SETTLE_MAX_S, &own->settle_first_s, e);
}

static int
set_settle_most(const char *value, struct own *own, struct err *e)
{
	return duration_parse(value, SETTLE_MAX_S, &own->settle_most_s, e);
}

static int
set_hint_jitter(const char *value, struct own *own, struct err *e)
{
	return duration_parse(value, SETTLE_MAX_S, &own->hint_jitter_s, e);
}

static int
set_socket(const char *value, struct own *own, struct err *e)
{
	own->socket = value;
	return value[0] != '\0' ? 0 : err_set(e, ERR_INPUT, "it is empty");
}

static int
set_hooks(const char *value, struct own *own, struct err *e)
{
	own->hooks = value;
	return value[0] != '\0' ? 0 : err_set(e, ERR_INPUT, "it is empty");
}

static int
set_spool(const char *value, struct own *own, struct err *e)
{
	own->spool = value;
	return value[0] != '\0' ? 0 : err_set(e, ERR_INPUT, "it is empty");
}

static const struct {
	const char *name;
	int (*set)(const char *, struct own *, struct err *);
} options[] = {
	{ "every", set_every },
	{ "jitter", set_jitter },
	{ "listen-hooks", set_socket },
	{ "hook-config", set_hooks },
	{ "hooks", set_spool },
	{ "settle", set_settle },
	{ "settle-first", set_settle_first },
	{ "settle-most", set_settle_most },
	{ "hint-jitter", set_hint_jitter },
};

#define OPTIONS	(sizeof(options) / sizeof(options[0]))

/* "--NAME" or "--NAME=VALUE": which of ours; OPTIONS: none.  ${ret} is what
 * stands behind the "=", or NULL. */
static size_t
find(const char *word, const char **ret)
{
	size_t i, len;

	for (i = 0; strncmp(word, "--", 2) == 0 && i < OPTIONS; i++) {
		len = strlen(options[i].name);
		if (strncmp(word + 2, options[i].name, len) != 0)
			continue;
		*ret = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
		if (word[2 + len] == '=' || word[2 + len] == '\0')
			return i;
	}
	return OPTIONS;
}

/* Ours go out of the words; all that stands behind "--" is none.  Return -1 to
 * go on, or an exit code. */
static int
take_own(int argc, char **argv, struct own *own)
{
	const char *value;
	struct err e;
	size_t which;
	int i;

	own->rest = xcalloc((size_t)argc + 1, sizeof(*own->rest));
	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			break;
		which = i == 0 ? OPTIONS : find(argv[i], &value);
		if (which == OPTIONS) {
			own->rest[own->rest_count++] = argv[i];
			continue;
		}
		if (value == NULL)
			value = argv[++i];
		if (value == NULL) {
			err_set(&e, ERR_INPUT, "it needs a value");
			return complain(options[which].name, &e);
		}
		if (options[which].set(value, own, &e) == -1)
			return complain(options[which].name, &e);
	}
	for (; i < argc; i++)
		own->rest[own->rest_count++] = argv[i];
	if (!own->has_jitter)
		own->jitter_s = own->every_s / 10;
	if (own->settle_s <= own->settle_most_s &&
	    (own->socket == NULL) == (own->hooks == NULL))
		return -1;
	fprintf(stderr, "cdr watch: %s\nTry 'cdr watch --help'.\n",
	    own->settle_s > own->settle_most_s ?
	    "--settle is longer than --settle-most" :
	    "--listen-hooks and --hook-config go together");
	return EXIT_INPUT;
}

/* What is one run's, and makes no sense for many.  Return as above. */
static int
check(const struct sync_options *o)
{
	const char *what = NULL;
	size_t i;

	for (i = 0; i < o->list_count; i++)
		if (strcmp(o->lists[i], "-") == 0)
			what = "a list on standard input, which can be read "
			    "once";
	if (o->plan)
		what = "--plan";
	if (o->only != NULL)
		what = "--only";
	if (what == NULL)
		return -1;
	fprintf(stderr, "cdr watch: not with %s\nTry 'cdr watch --help'.\n",
	    what);
	return EXIT_INPUT;
}

struct around {
	const struct sync_options *o;
	struct registries *registries;	/* NULL: they are wrong */
};

static void
add_words(void *cookie, struct image_list *list)
{
	struct around *a = cookie;
	struct err ignored;

	registries_free(a->registries);
	if (inputs_registries(a->o->registries, &a->registries, &ignored) == -1)
		a->registries = NULL;
	inputs_words(list, a->o->word_count, a->o->words);
}

/* As mirror/policy.h has it; of which key does not matter here. */
static bool
is_signed(void *cookie, const char *registry)
{
	const struct around *a = cookie;

	return a->o->require_signed != NULL || a->registries == NULL ||
	    registries_require_signed(a->registries, registry) != NULL;
}

int
cmd_watch(int argc, char **argv)
{
	const char *names[OPTIONS + 1] = { NULL };
	const struct sync_usage usage = { "cdr watch", help, names };
	struct own own = { .every_s = EVERY_S,
	    .settle_first_s = SETTLE_FIRST_S, .settle_s = SETTLE_S,
	    .settle_most_s = SETTLE_MOST_S };
	struct sync_options o = { .root = NULL };
	struct around around = { .o = &o };
	struct watch w = { .cookie = &around };
	char **sync = NULL;
	int code = take_own(argc, argv, &own);
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		names[i] = options[i].name;

	if (code != -1)
		goto out;
	/* In the order in which they came: getopt changes it. */
	sync = xcalloc((size_t)own.rest_count + 1, sizeof(*sync));
	memcpy(sync, own.rest + 1,
	    ((size_t)own.rest_count - 1) * sizeof(*sync));
	code = sync_options_parse(&usage, own.rest_count, own.rest, &o);
	if (code == -1)
		code = check(&o);
	if (code != -1)
		goto out;
	report_init(o.format, o.level);
	w.root = cmd_root(o.root);
	w.sync = sync;
	w.lists = o.lists;
	w.list_count = o.list_count;
	w.add = add_words;
	w.is_signed = is_signed;
	w.every_s = own.every_s;
	w.jitter_s = own.jitter_s;
	w.settle_first_s = own.settle_first_s;
	w.settle_s = own.settle_s;
	w.settle_most_s = own.settle_most_s;
	w.hint_jitter_s = own.hint_jitter_s;
	w.socket = own.socket;
	w.hooks = own.hooks;
	w.spool = own.spool;
	w.stop_fd = cmd_stop_fd();
	code = watch_loop(&w);
out:
	registries_free(around.registries);
	sync_options_done(&o);
	free(own.rest);
	free(sync);
	return code;
}
