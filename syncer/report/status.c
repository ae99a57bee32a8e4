/*
 * status.json is one object, and has a line for what is said of the run and one
 * for each image, so that it is written and read image by image: ten thousand
 * of them as one value of Jansson's would cost more memory than all the rest.
 * In memory are those of this run.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/metrics.h"
#include "report/book.h"
#include "report/name_set.h"
#include "report/runs.h"
#include "report/status_internal.h"
#include "report/unlisted.h"

#define STATUS_FILE	"status.json"
#define SUMMARY_FILE	"summary.json"
#define METRICS_FILE	"metrics"

struct status *
status_new(int64_t now)
{
	struct status *s = xcalloc(1, sizeof(*s));

	s->view.started = now;
	s->pulls = json_array();
	s->failed = json_array();
	s->images = metrics_images_new();
	s->marks = marks_new();
	return s;
}

void
status_free(struct status *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->count; i++)
		status_record_free(s->records[i]);
	free(s->records);
	json_decref(s->pulls);
	json_decref(s->failed);
	json_decref(s->head);
	metrics_images_free(s->images);
	marks_free(s->marks);
	free(s);
}

void
status_list(struct status *s, const char *name)
{
	assert(strlen(name) < sizeof(s->list));
	snprintf(s->list, sizeof(s->list), "%s", name);
}

void
status_only(struct status *s)
{
	s->is_only = true;
}

void
status_holdings(struct status *s, marks_fn *fn, void *cookie)
{
	s->holdings = fn;
	s->holdings_cookie = cookie;
}

/* Half as much again each time: a run may have hundreds of thousands. */
static void
add(struct status *s, struct status_record *r)
{
	if (s->count == s->room) {
		s->room = s->room == 0 ? 64 : s->room + s->room / 2;
		s->records = xreallocarray(s->records, s->room,
		    sizeof(*s->records));
	}
	s->records[s->count++] = r;
}

/* Counted here, and not from the records: one image may be listed twice. */
void
status_image(struct status *s, struct status_record *r)
{
	assert((size_t)r->reason < STATUS_REASONS);
	if (r->result == STATUS_UPDATED)
		s->updates++;
	else if (r->result == STATUS_FAILED)
		s->failures[r->reason]++;
	add(s, r);
}

/* --- what is in order -------------------------------------------------- */

static int
compare_records(const void *a, const void *b)
{
	struct status_record *const *x = a, *const *y = b;
	int c = strcmp((*x)->image, (*y)->image);

	return c != 0 ? c : (*x)->is_guess - (*y)->is_guess;
}

/* In order, and each image once. */
static void
sort(struct status *s)
{
	size_t i, kept = 0;

	if (s->count > 1)
		qsort(s->records, s->count, sizeof(*s->records),
		    compare_records);
	for (i = 0; i < s->count; i++) {
		if (kept > 0 && strcmp(s->records[kept - 1]->image,
		    s->records[i]->image) == 0)
			status_record_free(s->records[i]);
		else
			s->records[kept++] = s->records[i];
	}
	s->count = kept;
}

/* --- what this run adds ------------------------------------------------ */

/* Counters only grow; a file that was lost begins them anew, which monitoring
 * takes for a restart. */
static void
count_run(struct status *s, const struct status_end *end)
{
	struct status_counters *c = &s->view.counters;
	uint64_t *runs = s->is_only ? c->only_runs : c->runs;
	size_t i;

	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		if (strcmp(end->result, status_run_results[i]) == 0)
			runs[i]++;
	if (end->exit_code == 0 && !s->is_only)
		s->view.last_success = end->now;
	c->bytes += end->totals.bytes;
	c->objects += end->totals.objects;
	c->requests += end->totals.requests;
	c->updates += s->updates;
	for (i = 0; i < STATUS_REASONS; i++)
		c->failures[i] += s->failures[i];
}

/* --- writing ----------------------------------------------------------- */

/* Takes ${value}; ${less} bytes are left out at the end. */
static void
print_json(FILE *out, json_t *value, size_t less)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text != NULL)
		fwrite(text, 1, strlen(text) - less, out);
	free(text);
	json_decref(value);
}

/* The head without its last brace: the images come in an array of it. */
static void
print_head(FILE *out, const char *earlier, const struct status_groups *groups,
    void *cookie)
{
	struct status *s = cookie;
	json_t *o;

	s->view.images = s->of_images.images;
	s->view.image_bytes = s->of_images.image_bytes;
	o = status_head_json(&s->view);
	if (earlier != NULL) {
		json_object_set_new(o, "earlier", json_string(earlier));
		json_object_set_new(o, "groups", status_groups_json(groups));
	}
	print_json(out, o, strlen("}"));
	fputs(",\"images\":[\n", out);
}

/* Only of one run: what failed in an earlier one and is not listed any more
 * does not need anybody. */
static void
note_failure(void *cookie, const struct status_record *r)
{
	struct status *s = cookie;

	if (json_array_size(s->failed) < SUMMARY_FAILURES_MAX)
		json_array_append_new(s->failed, status_record_json(r));
	else
		s->failed_more++;
}

/* Small whatever the list: it is asked for every few seconds by pages
 * that are open. */
static void
print_summary(FILE *out, void *cookie)
{
	const struct status *s = cookie;
	json_t *o = status_head_json(&s->view);

	json_object_set(o, "failures", s->failed);
	status_set_count(o, "failures_left_out", s->failed_more);
	print_json(out, o, 0);
	fputc('\n', out);
}

static void
print_metrics(FILE *out, void *cookie)
{
	const struct status *s = cookie;

	metrics_print(&s->view, s->images, out);
}

/* A file that is damaged is no reason to fail a run. */
static void
load_head(struct status *s, const struct store *store)
{
	struct book_in *in;
	struct err e;
	FILE *file;
	int rc = store_open_status(store, STATUS_FILE, &file, &e);

	if (rc == -1)
		report(REPORT_WARNING,
		    "%s; what earlier runs wrote there is lost", e.msg);
	if (rc != 1)
		return;
	fclose(file);
	in = book_open(store, &status_book);
	s->head = in == NULL ? NULL : json_deep_copy(book_head(in));
	status_head_read(s->head, &s->view);
	s->of_images.is_damaged = s->head == NULL;
	book_close(in);
}

/* What the file has told stays: that run, and what registries said in it where
 * they have said nothing since. */
static void
keep_runs(struct status *s)
{
	struct status_view *v = &s->view;

	v->end = v->latest = NULL;
	if (status_head_run(s->head, &v->started, &s->whole))
		v->end = &s->whole;
	if (status_head_latest(s->head, &v->latest_started, &s->latest))
		v->latest = &s->latest;
	status_pulls_read(s, json_object_get(s->head, "pulls_left"));
}

static int64_t
end_of(const struct status_end *end)
{
	return end == NULL ? 0 : end->now;
}

/* In the whole run, or in those that have looked again since.  Clocks are
 * set. */
static void
tell_failures_since(struct status *s)
{
	struct status_images *images = &s->of_images;
	int64_t whole = end_of(s->view.end), latest = whole;

	if (s->view.latest != NULL)
		latest = s->view.latest->now;
	images->failed = note_failure;
	images->failed_from = whole < latest ? whole : latest;
	images->failed_to = whole < latest ? latest : whole;
}

/* What was removed may be here again, and then it is none of these.  Whoever
 * removed it may have died before it could say so: what no list has had for
 * long is looked for. */
static bool
is_gone(void *cookie, const char *image, int64_t last_success,
    int64_t last_listed)
{
	const struct status *s = cookie;
	char registry[REGISTRY_NAME_MAX + 1];
	char repository[REPOSITORY_NAME_MAX + 1];
	const char *reference;
	struct manifest_id id;
	struct err ignored;

	if ((s->gone == NULL || !name_set_has(s->gone, image)) &&
	    (last_success == 0 || last_listed == 0 ||
	    last_listed >= s->view.last_listed - UNLISTED_AFTER_S))
		return false;
	return name_split(image, registry, repository, &reference) &&
	    store_reference_get(s->store, registry, repository, reference, &id,
	    &ignored) == 0;
}

static void
see(void *cookie, const struct metrics_image *one)
{
	struct status *s = cookie;

	if (unlisted_see(s->unlisted, one) && one->last_listed != 0)
		marks_unlisted(s->marks, one->image, one->last_listed);
}

static void
mark_verified(void *cookie, const char *image, const char *digest, size_t len,
    const char *key, size_t key_len)
{
	struct status *s = cookie;

	s->view.lifecycle.verified++;
	marks_verified(s->marks, image, digest, len, key, key_len);
}

/* What is told of the tree beside the images of the run: a warning where it
 * cannot be. */
static void
write_lists(struct status *s)
{
	struct lifecycle *l = &s->view.lifecycle;
	struct err e;

	if (lifecycle_gather(s->store, s->marks, l, &e) == -1)
		report(REPORT_WARNING, "cannot tell what is held or pinned: "
		    "%s", e.msg);
	if (s->holdings != NULL &&
	    s->holdings(s->holdings_cookie, s->marks, &e) == -1)
		report(REPORT_WARNING, "cannot write the list of images: %s",
		    e.msg);
	if (unlisted_end(s->unlisted, &l->unlisted, &e) == -1)
		report(REPORT_WARNING, "cannot tell what is unlisted: %s",
		    e.msg);
}

/* All that there is to write; the view is filled but for the images. */
static int
write_files(struct status *s, struct err *e)
{
	struct status_view *v = &s->view;
	struct err ignored;
	size_t i;
	int rc = 0;

	v->pulls = s->pulls;
	v->has_space = store_space(s->store, &v->space, &ignored) == 0;
	s->unlisted = unlisted_begin(s->store, v->last_listed);
	s->of_images.see = see;
	s->of_images.verified = mark_verified;
	s->of_images.is_gone = is_gone;
	if (v->end != NULL || v->latest != NULL)
		rc = status_images_write(&s->of_images, e);
	if (rc == -1) {
		unlisted_drop(s->unlisted);
		return -1;
	}
	write_lists(s);
	/* Now that it is known what they were before. */
	for (i = 0; i < s->count; i++)
		if (s->of_images.failed == NULL &&
		    s->records[i]->result == STATUS_FAILED)
			note_failure(s, s->records[i]);
	if (s->of_images.is_damaged)
		report(REPORT_WARNING, "status/" STATUS_FILE
		    " is damaged; what it has lost begins anew");
	if (store_write_status(s->store, METRICS_FILE, print_metrics, s,
	    e) == -1)
		return -1;
	/* Last: who looks at it for a change finds the others changed. */
	if ((v->end != NULL || v->latest != NULL) &&
	    store_write_status(s->store, SUMMARY_FILE, print_summary, s,
	    e) == -1)
		return -1;
	return store_sync_status(s->store, e);
}

int
status_save(struct status *s, struct store *store,
    const struct status_end *end, struct err *e)
{
	struct status_view *v = &s->view;
	struct status_images *images = &s->of_images;
	int64_t started = v->started;
	struct err why;
	size_t i;

	assert(s->store == NULL);
	s->store = store;
	for (i = 0; i < s->count; i++)
		s->records[i]->last_listed = end->now;
	sort(s);
	load_head(s, store);
	count_run(s, end);
	v->end = end;
	if (s->count > 0 && !s->is_only)
		v->last_listed = end->now;
	if (s->count > 0 && !s->is_only && s->list[0] != '\0')
		status_lists_put(&v->lists, s->list, end->now);
	*images = (struct status_images){
		.store = store,
		.now = end->now,
		.records = s->records,
		.count = s->count,
		.is_partial = s->is_only,
		.head = print_head,
		.cookie = s,
		.metrics = s->images,
		.is_damaged = images->is_damaged,
	};
	if (s->is_only) {
		keep_runs(s);
		v->latest = end;
		v->latest_started = started;
		tell_failures_since(s);
	}
	if (runs_save(store, started, end, s->is_only, &why) == -1)
		report(REPORT_WARNING, "cannot tell of this run beside the "
		    "last ones: %s", why.msg);
	return write_files(s, e);
}

/* --- without a run ----------------------------------------------------- */

int
status_refresh(struct store *store, const struct name_set *gone, marks_fn *fn,
    void *cookie, struct err *e)
{
	struct status *s = status_new(0);
	int rc;

	load_head(s, store);
	s->store = store;
	s->gone = gone;
	status_holdings(s, fn, cookie);
	keep_runs(s);
	s->of_images = (struct status_images){
		.store = store,
		.now = end_of(s->view.end),
		.is_refresh = true,
		.is_partial = true,
		.head = print_head,
		.cookie = s,
		.metrics = s->images,
		.is_damaged = s->of_images.is_damaged,
	};
	tell_failures_since(s);
	rc = write_files(s, e);
	status_free(s);
	return rc;
}
