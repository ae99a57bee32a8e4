/*
 * All lines are there from the beginning on, so that an alert can tell a
 * program that never ran, which is 0, from one that nobody asks.
 */
#include <stddef.h>
#include <string.h>

#include "layout/pins.h"
#include "report/lifecycle.h"
#include "report/metrics.h"

static int
count_pins(const struct store *store, uint64_t *ret, struct err *e)
{
	struct pins pins = { NULL, 0, 0, NULL };
	size_t at = 0;

	if (store_pins_read(store, &pins, e) == -1)
		return -1;
	*ret = 0;
	while (pins_next(&pins, &at) != NULL)
		(*ret)++;
	pins_done(&pins);
	return 0;
}

static void
count_bad(void *cookie, const struct store_bad *bad)
{
	(void)bad;
	(*(uint64_t *)cookie)++;
}

int
lifecycle_gather(struct store *store, struct marks *marks,
    struct lifecycle *ret, struct err *e)
{
	ret->bad = 0;
	(void)store_bad_each(store, count_bad, &ret->bad);
	(void)gc_status_read(store, &ret->gc);
	(void)verify_status_read(store, &ret->verify);
	(void)bundle_status_read(store, &ret->bundles);
	(void)watch_status_read(store, &ret->watch);
	if (held_save(store, marks, &ret->held, e) == -1 ||
	    store_quarantine_size(store, &ret->quarantined, e) == -1)
		return -1;
	return count_pins(store, &ret->pinned, e);
}

/* --- printing ---------------------------------------------------------- */

/* The same of either command. */
struct last_run {
	int64_t started, finished, last_success;
	int exit_code;
	const char *const *results;
	const uint64_t *runs;
	size_t count;
};

static void
print_last(FILE *out, const char *command, const struct last_run *run)
{
	int64_t duration = run->finished - run->started;
	char name[64];
	size_t i;

#define NAME(end)	(snprintf(name, sizeof(name), "cdr_%s_" end, command), \
			    name)
	metrics_single(out, NAME("last_start_timestamp_seconds"), "gauge",
	    "When the last run began; 0: there was none.",
	    (uint64_t)run->started);
	metrics_single(out, NAME("last_end_timestamp_seconds"), "gauge",
	    "When the last run ended; 0: there was none.",
	    (uint64_t)run->finished);
	metrics_single(out, NAME("last_success_timestamp_seconds"), "gauge",
	    "When a run last ended with exit code 0; 0: never.",
	    (uint64_t)run->last_success);
	metrics_single(out, NAME("last_duration_seconds"), "gauge",
	    "How long the last run took.",
	    duration > 0 ? (uint64_t)duration : 0);
	metrics_single(out, NAME("last_exit_code"), "gauge",
	    "How the last run ended; 0: well.", (uint64_t)run->exit_code);
	metrics_family(out, NAME("runs_total"), "counter",
	    "Runs, by how they ended.");
	for (i = 0; i < run->count; i++)
		metrics_labelled(out, name, "result", run->results[i],
		    run->runs[i]);
#undef NAME
}

static void
print_gc(const struct gc_status *gc, FILE *out)
{
	static const char objects[] = "cdr_gc_removed_objects_total";
	const struct gc_counters *c = &gc->counters;
	const struct last_run run = {
		.started = gc->started,
		.finished = gc->finished,
		.last_success = gc->last_success,
		.exit_code = gc->exit_code,
		.results = gc_status_results,
		.runs = c->runs,
		.count = GC_STATUS_RESULTS,
	};

	print_last(out, "gc", &run);
	metrics_single(out, "cdr_gc_removed_images_total", "counter",
	    "Tags, and digests that were asked for, that have been removed.",
	    c->images);
	metrics_family(out, objects, "counter",
	    "Files that have been removed, by kind.");
	metrics_labelled(out, objects, "kind", "manifest", c->manifests);
	metrics_labelled(out, objects, "kind", "blob", c->blobs);
	metrics_labelled(out, objects, "kind", "other", c->others);
	metrics_single(out, "cdr_gc_removed_bytes_total", "counter",
	    "What these files took of the disk.", c->bytes);
	metrics_single(out, "cdr_gc_condemned_objects", "gauge",
	    "Manifests and blobs that nothing keeps and that go when their "
	    "term is over.", gc->condemned);
	metrics_single(out, "cdr_gc_condemned_bytes", "gauge",
	    "What they take of the disk.", gc->condemned_bytes);
	metrics_single(out, "cdr_gc_reclaimable_bytes", "gauge",
	    "What would be free if all that is condemned or unlisted went.",
	    gc->reclaimable_bytes);
	metrics_single(out, "cdr_gc_unlisted_images", "gauge",
	    "Images that were on no list for the last run of gc.",
	    gc->unlisted);
}

static void
print_verify(const struct verify_status *v, FILE *out)
{
	const struct verify_counters *c = &v->counters;
	const struct last_run run = {
		.started = v->started,
		.finished = v->finished,
		.last_success = v->last_success,
		.exit_code = v->exit_code,
		.results = verify_status_results,
		.runs = c->runs,
		.count = VERIFY_STATUS_RESULTS,
	};

	print_last(out, "verify", &run);
	metrics_single(out, "cdr_verify_structure_faults", "gauge",
	    "Links, types, lists and children that the last run that looked at "
	    "all of them found wrong, or a later one.",
	    v->structure_bad);
	metrics_single(out, "cdr_verify_files_total", "counter",
	    "Files that have been hashed.", c->files);
	metrics_single(out, "cdr_verify_bytes_total", "counter",
	    "Bytes that have been hashed.", c->bytes);
	metrics_single(out, "cdr_verify_bad_files_total", "counter",
	    "Files that were found bad or missing, each once.", c->bad);
	metrics_single(out, "cdr_verify_mended_files_total", "counter",
	    "Files that were mended.", c->mended);
	metrics_single(out, "cdr_verify_withdrawn_tags_total", "counter",
	    "Tags that were withdrawn, since what they reach could not be "
	    "mended.", c->withdrawn);
	metrics_single(out, "cdr_verify_pass", "gauge",
	    "The pass through the tree that the last run was part of; 0: none "
	    "so far.", v->pass);
	metrics_single(out, "cdr_verify_pass_start_timestamp_seconds", "gauge",
	    "When this pass began; 0: none so far.",
	    (uint64_t)v->pass_started);
	metrics_single(out, "cdr_verify_pass_files", "gauge",
	    "Files that this pass has hashed.", v->pass_files);
	metrics_single(out, "cdr_verify_pass_bytes", "gauge",
	    "Bytes that this pass has hashed.", v->pass_bytes);
	metrics_single(out, "cdr_verify_oldest_timestamp_seconds", "gauge",
	    "No file was last hashed before that; 0: not all have been.",
	    (uint64_t)v->oldest);
}

/* What is said of each sender and site: members of struct bundle_stream, which
 * are 64 bits wide and never negative. */
static const struct {
	const char *name, *help;
	size_t offset;
} of_streams[] = {
#define ROW(name, field, help)	{ "cdr_bundle_" name, help, \
				    offsetof(struct bundle_stream, field) }
	ROW("seq", seq, "The last bundle of which all is here; 0: none."),
	ROW("created_timestamp_seconds", created,
	    "When its sender made that one; 0: none."),
	ROW("import_timestamp_seconds", imported,
	    "When the last of it was imported; 0: none."),
	ROW("waiting", waiting, "Bundles that are on the way."),
	ROW("waiting_since_timestamp_seconds", since,
	    "Since when one has been on the way; 0: none is."),
	ROW("missing_parts", missing_parts, "Parts that these lack."),
	ROW("missing_images", missing_images,
	    "Images of these that wait for objects."),
#undef ROW
};

static uint64_t
value_at(const struct bundle_stream *stream, size_t offset)
{
	uint64_t n;

	memcpy(&n, (const char *)stream + offset, sizeof(n));
	return n;
}

static void
print_bundles(const struct bundle_status *b, FILE *out)
{
	static const char imports[] = "cdr_bundle_imports_total";
	size_t i, j;

	/* A family without a line would be none. */
	for (i = 0; b->count > 0 && i < sizeof(of_streams) /
	    sizeof(of_streams[0]); i++) {
		metrics_family(out, of_streams[i].name, "gauge",
		    of_streams[i].help);
		for (j = 0; j < b->count; j++) {
			const struct bundle_stream *of = &b->streams[j];
			const char *const pairs[] = { "from", of->from, "to",
			    of->to, NULL };

			metrics_labels(out, of_streams[i].name, pairs,
			    value_at(of, of_streams[i].offset));
		}
	}
	metrics_family(out, imports, "counter",
	    "Bundles that have been looked into, by what came of it.");
	for (i = 0; i < BUNDLE_STATUS_RESULTS; i++)
		metrics_labelled(out, imports, "result",
		    bundle_status_results[i], b->runs[i]);
}

void
lifecycle_print(const struct lifecycle *l, FILE *out)
{
	print_gc(&l->gc, out);
	print_verify(&l->verify, out);
	print_bundles(&l->bundles, out);
	watch_status_print(&l->watch, out);
	metrics_single(out, "cdr_bad_objects", "gauge",
	    "Manifests and blobs that were found bad or missing, and have not "
	    "come again.", l->bad);
	metrics_single(out, "cdr_quarantined_files", "gauge",
	    "Files that were found bad and are kept for a while.",
	    l->quarantined.files);
	metrics_single(out, "cdr_quarantined_bytes", "gauge",
	    "What they take of the disk.", l->quarantined.bytes);
	metrics_single(out, "cdr_held_tags", "gauge",
	    "Tags that are held where they are.", l->held.tags);
	metrics_single(out, "cdr_held_oldest_timestamp_seconds", "gauge",
	    "Since when the one is held that has been for longest; 0: none "
	    "is.", (uint64_t)l->held.since);
	metrics_single(out, "cdr_pinned_images", "gauge",
	    "Names in keep/pins.", l->pinned);
	metrics_single(out, "cdr_verified_images", "gauge",
	    "Images that have the signature that their list asks for.",
	    l->verified);
	metrics_single(out, "cdr_unlisted_images", "gauge",
	    "Images that no run has had in its list lately.", l->unlisted);
}
