/* cdr sync: mirror the images of a list. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/size.h"
#include "cmd/sync_gc.h"
#include "cmd/sync_status.h"
#include "cmd/tree.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "registry/authorities.h"
#include "registry/proxy.h"
#include "registry/url.h"
#include "transfer/link/limit.h"
#include "mirror/mirror.h"
#include "mirror/plan.h"
#include "notify/notify.h"

static const char usage[] =
"usage: cdr sync [OPTION]... [REF [KEY=VALUE]...]...\n"
"\n"
"Mirror images into ROOT, which nginx serves.  An image whose tag has not\n"
"moved costs one HEAD request.\n"
"\n"
"  REF                 an image, such as nginx:1.27 or ghcr.io/org/app@sha256:..\n"
"                      and settings for it, such as platform=linux/arm64\n"
"  -i, --images LIST   a file with one such image a line; - is standard input;\n"
"                      may be given several times\n"
"  -r, --root ROOT     the tree (default: $CDR_ROOT, or /srv/cdr)\n"
"      --registries FILE\n"
"                      settings for registries, in JSON (default:\n"
"                      $CDR_REGISTRIES, or none)\n"
"      --limit-rate SIZE\n"
"                      receive at most so many bytes a second in all: 500K, 1.5M\n"
"      --max-bytes SIZE\n"
"                      stop when so many bytes have been received; exit 4\n"
"      --window HH:MM-HH:MM\n"
"                      work in these hours only, local time; stop at their end\n"
"                      (exit 4), and do nothing outside of them\n"
"      --connections N connections to each registry (default: 8)\n"
"      --jobs N        images in progress at once (default: 128)\n"
"      --require-signed KEY\n"
"                      publish only images that this public key (PEM) has\n"
"                      signed, as cosign does; signed=KEY does so for one image\n"
"      --wait T        wait so long (30, 10m, 2h) for another run on ROOT to end\n"
"      --if-busy=skip  do nothing and exit 0 if another run is still at work then\n"
"      --log FORMAT    text, or json: one object a line\n"
"      --from URL      copy from another CDR mirror, not from the registries\n"
"      --from oci:DIR[:REPOSITORY]\n"
"                      copy from an OCI image layout, or from another ROOT; tags\n"
"                      in it without a repository belong to REPOSITORY\n"
"      --notify FILE   tell the mirrors that FILE (JSON) names what is new here;\n"
"                      cdr watch looks at it there at once\n"
"      --plan          say what a run would do: objects, bytes, pulls, room. It\n"
"                      fetches and keeps the manifests that this takes, the\n"
"                      signatures that are required, and what newest= compares,\n"
"                      but nothing else\n"
"      --json          print the plan as JSON\n"
"      --gc            at the end remove what nothing leads to any more, as\n"
"                      cdr gc does; with these options of cdr gc:\n"
"      --keep-unlisted T, --grace T, --min-free SIZE, --max-size SIZE,\n"
"      --max-delete N%, --in-use FILE\n"
"      --gc=when-needed\n"
"                      only if less is free than --min-free says, before the run,\n"
"                      or if an image does not fit, which is tried again then\n"
"  -q, --quiet         print errors only\n"
"  -v, --verbose       print unchanged images too\n"
"  -h, --help          print this\n"
"\n"
"The result is in ROOT/status: status.json, and metrics for Prometheus.\n"
"Credentials come from $DOCKER_CONFIG/config.json or ~/.docker/config.json, and\n"
"from the helpers that this file names.\n"
"Exit: 0 all is well; 1 some images failed, the rest is published; 2 the command\n"
"line, a list or the configuration is wrong; 3 the tree cannot be used;\n"
"4 interrupted: run it again to go on.\n"
"More: cdr(1), cdr-layout(5).\n";

/* With less of them nothing large would ever get through its manifest. */
#define MAX_BYTES_MIN	((uint64_t)10 << 10)
#define MAX_BYTES_MAX	((uint64_t)1 << 50)

struct options {
	const char *root, *registries, *require_signed;
	const char **lists;
	size_t list_count;
	char **words;			/* REFs and their settings, up to a
					 * NULL */
	enum report_format format;
	enum report_level level;
	uint64_t limit_rate, max_bytes;
	unsigned jobs, connections;
	bool has_window;
	struct window window;
	const char *from, *notify;
	bool plan, json;
	unsigned wait;			/* seconds */
	bool skip_if_busy;
	struct sync_gc gc;
};

/* Everything that has to be right before the tree is touched. */
struct inputs {
	struct image_list *list;
	struct registries *registries;
	struct keyring *keyring;
	struct ocidir *layout;		/* of --from, or NULL */
	struct policy *policy;
	struct notify *notify;		/* or NULL */
};

static int
bad_usage(void)
{
	fputs("Try 'cdr sync --help'.\n", stderr);
	return EXIT_INPUT;
}

static bool
is_layout(const char *from)
{
	return strncmp(from, INPUTS_LAYOUT, strlen(INPUTS_LAYOUT)) == 0;
}

enum manners {
	LIMIT_RATE = 256,
	MAX_BYTES,
	WINDOW,
	JOBS,
	CONNECTIONS,
	WAIT,
	IF_BUSY,
	GC
};

static int
parse_collect(int option, const char *arg, struct options *o)
{
	struct err e;
	int rc = collect_option(option, arg, &o->gc.options, &e);

	if (rc == 1)
		return -1;
	if (rc == -1)
		fprintf(stderr, "cdr sync: %s\n", e.msg);
	return bad_usage();
}

/* How much of the link, and when. */
static int
parse_manners(int option, const char *arg, struct options *o)
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
	case GC:
		name = "gc";
		rc = sync_gc_parse(arg, &o->gc, &e);
		break;
	}
	if (name == NULL)
		return parse_collect(option, arg, o);
	if (rc == -1) {
		fprintf(stderr, "cdr sync: --%s: %s\n", name, e.msg);
		return bad_usage();
	}
	return -1;
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
		{ "plan", no_argument, NULL, 'P' },
		{ "from", required_argument, NULL, 'F' },
		{ "require-signed", required_argument, NULL, 'S' },
		{ "notify", required_argument, NULL, 'N' },
		{ "json", no_argument, NULL, 'O' },
		{ "limit-rate", required_argument, NULL, LIMIT_RATE },
		{ "max-bytes", required_argument, NULL, MAX_BYTES },
		{ "window", required_argument, NULL, WINDOW },
		{ "jobs", required_argument, NULL, JOBS },
		{ "connections", required_argument, NULL, CONNECTIONS },
		{ "wait", required_argument, NULL, WAIT },
		{ "if-busy", required_argument, NULL, IF_BUSY },
		{ "gc", optional_argument, NULL, GC },
		COLLECT_LONGS,
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct url url;
	struct err e;
	int c, code;

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
		case 'F':
			o->from = optarg;
			break;
		case 'S':
			o->require_signed = optarg;
			break;
		case 'N':
			o->notify = optarg;
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
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			code = parse_manners(c, optarg, o);
			if (code != -1)
				return code;
		}
	}
	if (o->from != NULL && !is_layout(o->from)) {
		if (url_parse(o->from, &url, &e) == -1) {
			fprintf(stderr, "cdr sync: --from: %s\n", e.msg);
			return bad_usage();
		}
		url_done(&url);
	}
	if (o->gc.when == SYNC_GC_NEVER && o->gc.options.is_given) {
		fputs("cdr sync: what gc is to remove needs --gc\n", stderr);
		return bad_usage();
	}
	if (o->gc.when != SYNC_GC_NEVER && o->plan) {
		fputs("cdr sync: --plan removes nothing, so --gc is not for "
		    "it: cdr gc -n says what would go\n", stderr);
		return bad_usage();
	}
	if (o->json && !o->plan) {
		fputs("cdr sync: --json needs --plan; for a log in JSON use "
		    "--log json\n", stderr);
		return bad_usage();
	}
	return -1;
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
read_inputs(struct options *o, int argc, char **argv, struct inputs *in,
    struct err *e)
{
	size_t i;

	in->list = list_new(inputs_complain, NULL);
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
	if (sync_gc_read(&o->gc, in->list, argc > 0, e) == -1)
		return -1;
	if (inputs_registries(o->registries, &in->registries, e) == -1)
		return -1;
	if (o->from != NULL && is_layout(o->from) &&
	    inputs_layout(o->from + strlen(INPUTS_LAYOUT), in->list,
	    &in->layout, e) == -1)
		return -1;
	if (o->notify != NULL && notify_read(o->notify, &in->notify, e) == -1)
		return err_wrap(e, "--notify");
	if (policy_new(in->list, in->registries, o->require_signed,
	    &in->policy, e) == -1)
		return -1;
	return inputs_credentials(&in->keyring, e);
}

/* A plan leaves no status: nothing was done. */
static int
end_plan(const struct plan *plan, struct mirror *mirror,
    const struct report_totals *totals, enum mirror_end end,
    const struct err *e)
{
	status_free(mirror->status);
	if (end == MIRROR_STORE_FAILED) {
		report(REPORT_ERROR, "%s", e->msg);
		return EXIT_STORE;
	}
	if (end != MIRROR_DONE)
		return EXIT_INTERRUPTED;
	return totals->failed > 0 || !plan->fits ? EXIT_SOME_FAILED : EXIT_OK;
}

/* What has become of a run, for people.  Return the exit code. */
static int
tell_end(const struct options *o, const struct report_totals *totals,
    enum mirror_end end, const struct err *e)
{
	char size[REPORT_BYTES_MAX], left[REPORT_BYTES_MAX];
	char hours[WINDOW_TEXT_MAX];

	report_summary(totals);
	switch (end) {
	case MIRROR_STORE_FAILED:
		report(REPORT_ERROR, "%s: %s", cmd_root(o->root), e->msg);
		return EXIT_STORE;
	case MIRROR_STOPPED:
		report(REPORT_WARNING, "interrupted; the next run goes on "
		    "from here");
		return EXIT_INTERRUPTED;
	case MIRROR_SPENT:
		report(REPORT_WARNING, "stopped after %s, as --max-bytes says; "
		    "at least %s are left; the next run goes on from here",
		    report_bytes(totals->bytes, size),
		    report_bytes(totals->wanted_bytes, left));
		return EXIT_INTERRUPTED;
	case MIRROR_CLOSED:
		report(REPORT_WARNING, "the window %s is over; at least %s are "
		    "left; the next run goes on from here",
		    window_text(&o->window, hours),
		    report_bytes(totals->wanted_bytes, left));
		return EXIT_INTERRUPTED;
	case MIRROR_DONE:
		break;
	}
	return totals->failed > 0 ? EXIT_SOME_FAILED : EXIT_OK;
}

/* One run and its status. */
static enum mirror_end
run_once(const struct options *o, struct mirror *mirror,
    struct report_totals *totals, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	char name[STATUS_LIST_NAME_MAX];
	enum mirror_end end;

	mirror->status = status_new(now);
	status_list(mirror->status, sync_list_name(o->lists, o->list_count,
	    o->words, now, name));
	end = mirror_run(mirror, totals, e);
	sync_status(mirror->status, mirror->config.store, totals, end, e);
	mirror->status = NULL;
	return end;
}

static void
publishes(void *cookie, const struct image_ref *ref,
    const struct manifest_id *id)
{
	notify_publish(cookie, ref->registry, ref->repository, ref->tag, id);
}

/* The store is open.  Return an exit code. */
static int
run_and_collect(const struct options *o, struct mirror *mirror,
    struct notify *notify)
{
	struct store *store = mirror->config.store;
	struct report_totals totals = { 0 };
	enum mirror_end end;
	struct err e;
	int code;

	if (!sync_gc_before(&o->gc, store))
		return EXIT_INTERRUPTED;
	if (notify != NULL) {
		notify_begin(notify, store);
		mirror->publish = publishes;
		mirror->publish_cookie = notify;
	}
	end = run_once(o, mirror, &totals, &e);
	if (end == MIRROR_DONE &&
	    sync_gc_makes_room(&o->gc, store, &totals)) {
		report(REPORT_INFO, "there is room now: once more");
		totals = (struct report_totals){ 0 };
		end = run_once(o, mirror, &totals, &e);
	}
	code = tell_end(o, &totals, end, &e);
	if (notify != NULL)
		notify_end(notify, NOTIFY_END_MS, mirror->stop_fd);
	return end == MIRROR_DONE ? sync_gc_after(&o->gc, store, code) : code;
}

static int
run_plan(struct mirror *mirror)
{
	struct report_totals totals = { 0 };
	enum mirror_end end;
	struct err e;

	mirror->status = status_new((int64_t)time(NULL));
	end = mirror_run(mirror, &totals, &e);
	return end_plan(mirror->plan, mirror, &totals, end, &e);
}

static int
run(const struct options *o, const struct inputs *in)
{
	const struct tree_how how = {
		.root = o->root, .wait_s = o->wait, .may_make = true,
		.skip_if_busy = o->skip_if_busy,
	};
	struct plan plan = { .json = o->json };
	struct mirror mirror = {
		.plan = o->plan ? &plan : NULL,
		.config.registries = in->registries,
		.config.keyring = in->keyring,
		.list = in->list,
		.policy = in->policy,
		.config.limit_rate = o->limit_rate,
		.config.max_bytes = o->max_bytes,
		.config.from = in->layout == NULL ? o->from : NULL,
		.config.layout = in->layout,
		.stop_fd = cmd_stop_fd(),
		.jobs = o->jobs,
		.window = o->has_window ? &o->window : NULL,
	};
	int code = tree_open(&how, &mirror.config.store);

	if (code != -1)
		return code;
	code = o->plan ? run_plan(&mirror) : run_and_collect(o, &mirror,
	    in->notify);
	store_close(mirror.config.store);
	return code;
}

/* Outside of the window there is nothing to do, which is no failure. */
static bool
is_time(const struct options *o)
{
	char hours[WINDOW_TEXT_MAX], clock[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!o->has_window || window_is_open(&o->window, now))
		return true;
	if (localtime_r(&now, &tm) == NULL ||
	    strftime(clock, sizeof(clock), "%H:%M %Z", &tm) == 0)
		clock[0] = '\0';
	window_text(&o->window, hours);
	report(REPORT_INFO, "nothing done: it is %s, and the window begins at "
	    "%.5s and ends at %s", clock, hours, hours + 6);
	return false;
}

int
cmd_sync(int argc, char **argv)
{
	struct options o = { .level = REPORT_INFO };
	struct inputs in = { .list = NULL };
	struct err e;
	int code;

	collect_options_init(&o.gc.options, argc);
	code = parse_options(argc, argv, &o);
	if (code != -1)
		goto out;
	report_init(o.format, o.level);
	credentials_init();
	o.words = argv + optind;
	if (proxy_check(&e) == -1 ||
	    read_inputs(&o, argc - optind, argv + optind, &in, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		code = EXIT_INPUT;
		goto out;
	}
	if (authorities_check(&e) == -1)
		report(REPORT_WARNING, "%s; going on without it", e.msg);
	if (proxy_is_set())
		report(REPORT_DEBUG, "a proxy is set: where it connects to "
		    "cannot be seen, so only names and addresses in URLs are "
		    "judged");
	code = EXIT_OK;
	if (!is_time(&o))
		goto out;
	if (o.connections > 0)
		registries_connections(in.registries, o.connections);
	code = run(&o, &in);
out:
	list_free(in.list);
	policy_free(in.policy);
	registries_free(in.registries);
	keyring_free(in.keyring);
	ocidir_close(in.layout);
	notify_free(in.notify);
	sync_gc_done(&o.gc);
	free(o.lists);
	return code;
}
