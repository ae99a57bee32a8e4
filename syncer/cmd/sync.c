/* cdr sync: mirror the images of a list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/sync_options.h"
#include "cmd/sync_status.h"
#include "cmd/tree.h"
#include "layout/mem.h"
#include "layout/store.h"
#include "registry/authorities.h"
#include "registry/proxy.h"
#include "mirror/mirror.h"
#include "mirror/plan.h"
#include "notify/notify.h"

const char sync_help[] =
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
"      --access-log FILE\n"
"                      count what nginx has served, by this log of its own, in\n"
"                      status/traffic.json\n"
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
"      --only REF      of the list only what this is about: a push of that tag,\n"
"                      or of any tag where none is written; nothing counts as\n"
"                      unlisted by that; may be given several times\n"
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
read_inputs(struct sync_options *o, struct inputs *in, struct err *e)
{
	size_t i;

	in->list = list_new(inputs_complain, NULL);
	for (i = 0; i < o->list_count; i++)
		if (inputs_list(in->list, o->lists[i], e) == -1)
			return -1;
	inputs_words(in->list, o->word_count, o->words);
	if (list_end(in->list) == -1)
		return err_set(e, ERR_INPUT, "%s has errors, so nothing has "
		    "been done", o->list_count == 0 ? "the command line" :
		    "the list");
	if (sync_gc_read(&o->gc, in->list, o->word_count > 0, e) == -1)
		return -1;
	if (inputs_registries(o->registries, &in->registries, e) == -1)
		return -1;
	if (o->from != NULL && strncmp(o->from, INPUTS_LAYOUT,
	    strlen(INPUTS_LAYOUT)) == 0 && inputs_layout(o->from +
	    strlen(INPUTS_LAYOUT), in->list, &in->layout, e) == -1)
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
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_STORE;
	return totals->failed > 0 || !plan->fits ? EXIT_SOME_FAILED : EXIT_OK;
}

/* What has become of a run, for people.  Return the exit code. */
static int
tell_end(const struct sync_options *o, const struct report_totals *totals,
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
run_once(const struct sync_options *o, struct mirror *mirror,
    struct report_totals *totals, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	char name[STATUS_LIST_NAME_MAX];
	enum mirror_end end;

	mirror->status = status_new(now);
	if (o->only != NULL)
		status_only(mirror->status);
	status_list(mirror->status, sync_list_name(o->lists, o->list_count,
	    o->words, now, name));
	end = mirror_run(mirror, totals, e);
	sync_status(mirror->status, mirror->config.store, o->access_log,
	    totals, end, e);
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
run_and_collect(const struct sync_options *o, struct mirror *mirror,
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
		report_anew();
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
run(const struct sync_options *o, const struct inputs *in)
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
		.only = o->only,
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
is_time(const struct sync_options *o)
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

/* A push that is about no image of the list is no failure: who sends it does
 * not know the list. */
static void
tell_missed(const struct only *only)
{
	const char *missed;
	size_t i;

	for (i = 0; only != NULL && i < only_count(only); i++) {
		missed = only_missed(only, i);
		if (missed != NULL)
			report(REPORT_INFO, "%s: no line of the list is about "
			    "it", missed);
	}
}

int
cmd_sync(int argc, char **argv)
{
	static const struct sync_usage usage = { "cdr sync", sync_help, NULL };
	struct sync_options o;
	struct inputs in = { .list = NULL };
	struct err e;
	int code = sync_options_parse(&usage, argc, argv, &o);

	if (code != -1)
		goto out;
	report_init(o.format, o.level);
	credentials_init();
	if (proxy_check(&e) == -1 || read_inputs(&o, &in, &e) == -1) {
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
	tell_missed(o.only);
out:
	list_free(in.list);
	policy_free(in.policy);
	registries_free(in.registries);
	keyring_free(in.keyring);
	ocidir_close(in.layout);
	notify_free(in.notify);
	sync_options_done(&o);
	return code;
}
