/*
 * One family after the other, as the format wants it.  What only grows from run
 * to run is a counter and ends in _total; what a run found is a gauge.
 */
#include <inttypes.h>

#include "report/lifecycle.h"
#include "report/metrics.h"

/* One HELP and one TYPE for each name, before its lines: parsers
 * insist on it. */
void
metrics_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void
label(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s=\"", key);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

void
metrics_labels(FILE *out, const char *name, const char *const *pairs,
    uint64_t n)
{
	size_t i;

	fprintf(out, "%s{", name);
	for (i = 0; pairs[i] != NULL; i += 2) {
		if (i > 0)
			fputc(',', out);
		label(out, pairs[i], pairs[i + 1]);
	}
	fprintf(out, "} %" PRIu64 "\n", n);
}

void
metrics_labelled(FILE *out, const char *name, const char *key,
    const char *value, uint64_t n)
{
	const char *const pairs[] = { key, value, NULL };

	metrics_labels(out, name, pairs, n);
}

void
metrics_single(FILE *out, const char *name, const char *type, const char *help,
    uint64_t n)
{
	metrics_family(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, n);
}

/* Prometheus has seconds and bytes as base units. */
static void
print_run(const struct status_view *v, FILE *out)
{
	const struct status_end *end = v->end;
	const struct report_totals *t = &end->totals;
	static const char images[] = "cdr_sync_last_images";

	metrics_single(out, "cdr_sync_last_start_timestamp_seconds", "gauge",
	    "When the last run began.", (uint64_t)v->started);
	metrics_single(out, "cdr_sync_last_end_timestamp_seconds", "gauge",
	    "When the last run ended.", (uint64_t)end->now);
	metrics_single(out, "cdr_sync_last_success_timestamp_seconds", "gauge",
	    "When a run last ended with exit code 0; 0: never.",
	    (uint64_t)v->last_success);
	metrics_family(out, "cdr_sync_last_duration_seconds", "gauge",
	    "How long the last run took.");
	fprintf(out, "cdr_sync_last_duration_seconds %" PRId64 ".%03d\n",
	    t->duration_ms / 1000, (int)(t->duration_ms % 1000));
	metrics_single(out, "cdr_sync_last_exit_code", "gauge",
	    "How the last run ended: 0 well, 1 some images failed, 3 the tree "
	    "cannot be used, 4 interrupted.", (uint64_t)end->exit_code);
	metrics_family(out, images, "gauge", "Images of the last run.");
	metrics_labelled(out, images, "result", "updated", t->updated);
	metrics_labelled(out, images, "result", "unchanged", t->unchanged);
	metrics_labelled(out, images, "result", "held", t->held);
	metrics_labelled(out, images, "result", "failed", t->failed);
	metrics_labelled(out, images, "result", "not_reached", t->cancelled);
}

/* They go on from run to run, since each run is a process of its own that
 * nobody can scrape: status.json keeps them. */
static void
print_counters(const struct status_counters *c, FILE *out)
{
	static const char runs[] = "cdr_sync_runs_total";
	static const char failures[] = "cdr_sync_image_failures_total";
	size_t i;

	metrics_family(out, runs, "counter", "Runs, by how they ended.");
	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		metrics_labelled(out, runs, "result", status_run_results[i],
		    c->runs[i]);
	metrics_single(out, "cdr_sync_received_bytes_total", "counter",
	    "Bytes of manifests, blobs and lists received.", c->bytes);
	metrics_single(out, "cdr_sync_objects_total", "counter",
	    "Manifests and blobs that were new in the tree.", c->objects);
	metrics_single(out, "cdr_sync_requests_total", "counter",
	    "Requests to registries and token servers.", c->requests);
	metrics_single(out, "cdr_sync_image_updates_total", "counter",
	    "Images published anew.", c->updates);
	metrics_family(out, failures, "counter",
	    "Images that failed, by reason.");
	for (i = 0; i < STATUS_REASONS; i++)
		if (i != ERR_NONE && i != ERR_CANCELLED)
			metrics_labelled(out, failures, "reason",
			    status_reason((enum err_code)i), c->failures[i]);
}

/* Of a run with --only since the last whole one, nothing where there was
 * none. */
static void
print_latest(const struct status_view *v, FILE *out)
{
	static const char runs[] = "cdr_sync_only_runs_total";
	size_t i;

	metrics_family(out, runs, "counter", "Runs that looked at some images "
	    "of their list only, by how they ended.");
	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		metrics_labelled(out, runs, "result", status_run_results[i],
		    v->counters.only_runs[i]);
	if (v->latest == NULL)
		return;
	metrics_single(out, "cdr_sync_only_last_end_timestamp_seconds",
	    "gauge", "When the last such run ended.",
	    (uint64_t)v->latest->now);
	metrics_single(out, "cdr_sync_only_last_exit_code", "gauge",
	    "How it ended, as cdr_sync_last_exit_code.",
	    (uint64_t)v->latest->exit_code);
	metrics_single(out, "cdr_sync_only_last_images", "gauge",
	    "How many images it was about.", v->latest->totals.images);
}

static void
print_store(const struct status_view *v, FILE *out)
{
	metrics_single(out, "cdr_store_images", "gauge",
	    "Images that have been mirrored.", v->images);
	metrics_single(out, "cdr_store_image_size_bytes", "gauge",
	    "The sum of their sizes; a blob that several share counts for "
	    "each.", v->image_bytes);
	if (!v->has_space)
		return;
	metrics_single(out, "cdr_store_filesystem_size_bytes", "gauge",
	    "Size of the file system that the tree is on.", v->space.bytes);
	metrics_single(out, "cdr_store_filesystem_avail_bytes", "gauge",
	    "Bytes that are free there.", v->space.bytes_free);
	if (v->space.files == 0)
		return;
	metrics_single(out, "cdr_store_filesystem_files", "gauge",
	    "Files that the file system can hold.", v->space.files);
	metrics_single(out, "cdr_store_filesystem_files_avail", "gauge",
	    "Files that it can still take.", v->space.files_free);
}

/* What registries said in the last run; nothing where none counts pulls. */
static void
print_pulls(const struct status_view *v, FILE *out)
{
	static const struct {
		const char *name, *help, *key;
	} families[] = {
		{ "cdr_registry_pulls_left", "Pulls that the registry still "
		    "allows.", "left" },
		{ "cdr_registry_pulls_limit", "Pulls that the registry allows "
		    "in its window.", "limit" },
	};
	const json_t *o, *n;
	const char *registry;
	size_t i, j;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		metrics_family(out, families[i].name, "gauge",
		    families[i].help);
		json_array_foreach(v->pulls, j, o) {
			n = json_object_get(o, families[i].key);
			registry = json_string_value(json_object_get(o,
			    "registry"));
			if (n != NULL)
				metrics_labelled(out, families[i].name,
				    "registry", registry,
				    (uint64_t)json_integer_value(n));
		}
	}
}

void
metrics_print(const struct status_view *v, const struct metrics_images *images,
    FILE *out)
{
	metrics_family(out, "cdr_build_info", "gauge",
	    "The program that wrote this.");
	metrics_labelled(out, "cdr_build_info", "version", CDR_VERSION, 1);
	if (v->end != NULL)
		print_run(v, out);
	print_counters(&v->counters, out);
	print_latest(v, out);
	print_store(v, out);
	print_pulls(v, out);
	lifecycle_print(&v->lifecycle, out);
	metrics_images_print(images, out);
}
