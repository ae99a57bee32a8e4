/* What cdr sync is told on its command line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/odd_word.h"
#include "cmd/size.h"
#include "cmd/sync_options.h"
#include "cmd/words.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "mirror/mirror.h"
#include "registry/registries.h"
#include "registry/url.h"
#include "transfer/link/limit.h"

/* With less of them nothing large would ever get through its manifest. */
#define MAX_BYTES_MIN	((uint64_t)10 << 10)
#define MAX_BYTES_MAX	((uint64_t)1 << 50)

static int bad_usage(const struct sync_options *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* ${fmt} NULL: getopt has told it. */
static int
bad_usage(const struct sync_options *o, const char *fmt, ...)
{
	va_list ap;

	if (fmt != NULL) {
		fprintf(stderr, "%s: ", o->usage->command);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try '%s --help'.\n", o->usage->command);
	return EXIT_INPUT;
}

enum manners {
	LIMIT_RATE = 256,
	MAX_BYTES,
	WINDOW,
	JOBS,
	CONNECTIONS,
	WAIT,
	IF_BUSY,
	ONLY,
	GC
};

static int
parse_collect(int option, const char *arg, struct sync_options *o)
{
	struct err e;
	int rc = collect_option(option, arg, &o->gc.options, &e);

	if (rc == 1)
		return -1;
	return rc == -1 ? bad_usage(o, "%s", e.msg) : bad_usage(o, NULL);
}

/* How much of the link, and when.  Return -1 to go on, or an exit code. */
static int
parse_manners(int option, const char *arg, struct sync_options *o)
{
	const char *name = NULL;
	struct err e;
	int rc = 0;

	switch ((enum manners)option) {
	case LIMIT_RATE:
		name = "limit-rate";
		rc = size_parse(arg, LIMIT_RATE_MIN, LIMIT_RATE_MAX,
		    &o->limit_rate, &e);
		break;
	case MAX_BYTES:
		name = "max-bytes";
		rc = size_parse(arg, MAX_BYTES_MIN, MAX_BYTES_MAX,
		    &o->max_bytes, &e);
		break;
	case WINDOW:
		name = "window";
		rc = window_parse(arg, &o->window, &e);
		o->has_window = true;
		break;
	case JOBS:
		name = "jobs";
		rc = count_parse(arg, 1, MIRROR_JOBS_MAX, &o->jobs, &e);
		break;
	case CONNECTIONS:
		name = "connections";
		rc = count_parse(arg, 1, CONNECTIONS_MAX, &o->connections, &e);
		break;
	case WAIT:
		name = "wait";
		rc = duration_parse(arg, WAIT_MAX_S, &o->wait, &e);
		break;
	case IF_BUSY:
		name = "if-busy";
		o->skip_if_busy = strcmp(arg, "skip") == 0;
		if (!o->skip_if_busy)
			rc = err_set(&e, ERR_INPUT, "it takes skip, not "
			    "\"%.80s\"", arg);
		break;
	case ONLY:
		name = "only";
		if (o->only == NULL)
			o->only = only_new();
		rc = only_add(o->only, arg, &e);
		break;
	case GC:
		name = "gc";
		rc = sync_gc_parse(arg, &o->gc, &e);
		break;
	}
	if (name == NULL)
		return parse_collect(option, arg, o);
	return rc == -1 ? bad_usage(o, "--%s: %s", name, e.msg) : -1;
}

/* Return -1 to go on, or an exit code. */
static int
take_option(void *cookie, int c, const char *arg)
{
	struct sync_options *o = cookie;

	switch (c) {
	case 'r':
		o->root = arg;
		break;
	case 'i':
		o->lists[o->list_count++] = arg;
		break;
	case 'R':
		o->registries = arg;
		break;
	case 'l':
		o->format = strcmp(arg, "json") == 0 ? REPORT_JSON :
		    REPORT_TEXT;
		if (o->format == REPORT_TEXT && strcmp(arg, "text") != 0)
			return bad_usage(o, "--log takes text or json, not "
			    "\"%s\"", arg);
		break;
	case 'F':
		o->from = arg;
		break;
	case 'N':
		o->notify = arg;
		break;
	case 'A':
		o->access_log = arg;
		break;
	case 'S':
		o->require_signed = arg;
		break;
	case 'P':
		o->plan = true;
		break;
	case 'O':
		o->json = true;
		break;
	case 'q':
		o->level = REPORT_ERROR;
		break;
	case 'v':
		o->level = REPORT_DEBUG;
		break;
	default:
		return parse_manners(c, arg, o);
	}
	return -1;
}

static int
parse_all(int argc, char **argv, struct sync_options *o)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "images", required_argument, NULL, 'i' },
		{ "registries", required_argument, NULL, 'R' },
		{ "log", required_argument, NULL, 'l' },
		{ "plan", no_argument, NULL, 'P' },
		{ "from", required_argument, NULL, 'F' },
		{ "require-signed", required_argument, NULL, 'S' },
		{ "notify", required_argument, NULL, 'N' },
		{ "access-log", required_argument, NULL, 'A' },
		{ "json", no_argument, NULL, 'O' },
		{ "limit-rate", required_argument, NULL, LIMIT_RATE },
		{ "max-bytes", required_argument, NULL, MAX_BYTES },
		{ "window", required_argument, NULL, WINDOW },
		{ "jobs", required_argument, NULL, JOBS },
		{ "connections", required_argument, NULL, CONNECTIONS },
		{ "wait", required_argument, NULL, WAIT },
		{ "if-busy", required_argument, NULL, IF_BUSY },
		{ "only", required_argument, NULL, ONLY },
		{ "gc", optional_argument, NULL, GC },
		COLLECT_LONGS,
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const struct words words = {
		.command = o->usage->command, .shorts = "r:i:qvh",
		.longs = longs, .more = o->usage->more,
		.usage = o->usage->text, .also = sync_help,
	};

	o->lists = xcalloc((size_t)argc, sizeof(*o->lists));
	return words_read(argc, argv, &words, take_option, o);
}

/* What does not go together.  Return as above. */
static int
check_together(const struct sync_options *o)
{
	struct url url;
	struct err e;
	int i;

	if (o->list_count == 0 && o->word_count == 0)
		return bad_usage(o, "nothing to do: name images, or a list "
		    "with -i, as in '%s -i images.list'", o->usage->command);
	for (i = 0; i < o->word_count; i++)
		if (odd_word(o->words[i], &e) == -1)
			return bad_usage(o, "%s", e.msg);
	if (o->from != NULL && odd_source(o->from, &e) == -1)
		return bad_usage(o, "--from: %s", e.msg);
	if (o->from != NULL && strncmp(o->from, INPUTS_LAYOUT,
	    strlen(INPUTS_LAYOUT)) != 0) {
		if (url_parse(o->from, &url, &e) == -1)
			return bad_usage(o, "--from: %s", e.msg);
		url_done(&url);
	}
	if (o->gc.when == SYNC_GC_NEVER && o->gc.options.is_given)
		return bad_usage(o, "what gc is to remove needs --gc");
	if (o->gc.when != SYNC_GC_NEVER && o->plan)
		return bad_usage(o, "--plan removes nothing, so --gc is not "
		    "for it: cdr gc -n says what would go");
	if (o->json && !o->plan)
		return bad_usage(o, "--json needs --plan; for a log in JSON "
		    "use --log json");
	return -1;
}

int
sync_options_parse(const struct sync_usage *usage, int argc, char **argv,
    struct sync_options *ret)
{
	int code;

	*ret = (struct sync_options){ .usage = usage, .level = REPORT_INFO };
	collect_options_init(&ret->gc.options, argc);
	code = parse_all(argc, argv, ret);
	ret->words = argv + optind;
	ret->word_count = argc - optind;
	return code == -1 ? check_together(ret) : code;
}

void
sync_options_done(struct sync_options *o)
{
	sync_gc_done(&o->gc);
	only_free(o->only);
	free(o->lists);
}
