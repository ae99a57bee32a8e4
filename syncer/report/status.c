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
#include "report/metrics.h"
#include "report/book.h"
#include "report/status.h"
#include "report/status_images.h"
#include "report/status_view.h"

#define STATUS_FILE	"status.json"
#define SUMMARY_FILE	"summary.json"
#define METRICS_FILE	"metrics"

struct status {
	struct status_view view;
	struct status_record **records;
	size_t count, room;
	uint64_t updates, failures[STATUS_REASONS];
	json_t *pulls;		/* array */
	struct metrics_images *images;
	struct status_images of_images;
};

struct status *
status_new(int64_t now)
{
	struct status *s = xcalloc(1, sizeof(*s));

	s->view.started = now;
	s->pulls = json_array();
	s->images = metrics_images_new();
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
	metrics_images_free(s->images);
	free(s);
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

/* Few registries count pulls. */
static json_t *
pulls_of(const struct status *s, const char *registry)
{
	json_t *o;
	size_t i;

	json_array_foreach(s->pulls, i, o)
		if (strcmp(json_string_value(json_object_get(o, "registry")),
		    registry) == 0)
			return o;
	return NULL;
}

/* Two accounts of one registry: the one that runs out first is what people
 * have to know of. */
void
status_pulls(struct status *s, const struct status_pulls *p)
{
	json_t *o = pulls_of(s, p->registry);

	if (p->left < 0 || (o != NULL &&
	    status_get_count(o, "left") <= (uint64_t)p->left))
		return;
	if (o == NULL) {
		if (json_array_size(s->pulls) == SUMMARY_REGISTRIES_MAX)
			return;
		o = json_object();
		json_array_append_new(s->pulls, o);
	}
	json_object_clear(o);
	json_object_set_new(o, "registry", json_string(p->registry));
	status_set_count(o, "left", (uint64_t)p->left);
	if (p->limit > 0)
		status_set_count(o, "limit", (uint64_t)p->limit);
	if (p->window_s > 0)
		status_set_count(o, "window_s", (uint64_t)p->window_s);
	status_set_time(o, "more_at", p->more_at);
}

/* --- what is in order -------------------------------------------------- */

static int
compare_records(const void *a, const void *b)
{
	struct status_record *const *x = a, *const *y = b;

	return strcmp((*x)->image, (*y)->image);
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
	size_t i;

	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		if (strcmp(end->result, status_run_results[i]) == 0)
			c->runs[i]++;
	if (end->exit_code == 0)
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

/* Only of this run: what failed in an earlier one and is not listed any more
 * does not need anybody. */
static json_t *
failures_json(const struct status *s, uint64_t *ret_more)
{
	json_t *list = json_array();
	const struct status_record *r;
	size_t i;

	*ret_more = 0;
	for (i = 0; i < s->count; i++) {
		r = s->records[i];
		if (r->result != STATUS_FAILED)
			continue;
		if (json_array_size(list) < SUMMARY_FAILURES_MAX)
			json_array_append_new(list, status_record_json(r));
		else
			(*ret_more)++;
	}
	return list;
}

/* Small whatever the list: it is asked for every few seconds by pages
 * that are open. */
static void
print_summary(FILE *out, void *cookie)
{
	const struct status *s = cookie;
	json_t *o = status_head_json(&s->view);
	uint64_t more;

	json_object_set_new(o, "failures", failures_json(s, &more));
	status_set_count(o, "failures_left_out", more);
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
	if (in != NULL)
		status_head_read(book_head(in), &s->view);
	s->of_images.is_damaged = in == NULL || book_head(in) == NULL;
	book_close(in);
}

int
status_save(struct status *s, struct store *store,
    const struct status_end *end, struct err *e)
{
	struct status_view *v = &s->view;
	struct status_images *images = &s->of_images;
	struct err ignored;
	size_t i;
	int rc;

	assert(v->end == NULL);
	v->end = end;
	for (i = 0; i < s->count; i++)
		s->records[i]->last_listed = end->now;
	sort(s);
	load_head(s, store);
	count_run(s, end);
	v->pulls = s->pulls;
	v->has_space = store_space(store, &v->space, &ignored) == 0;
	*images = (struct status_images){
		.store = store,
		.now = end->now,
		.records = s->records,
		.count = s->count,
		.head = print_head,
		.cookie = s,
		.metrics = s->images,
		.is_damaged = images->is_damaged,
	};
	rc = status_images_write(images, e);
	if (images->is_damaged)
		report(REPORT_WARNING, "status/" STATUS_FILE
		    " is damaged; what it has lost begins anew");
	if (rc == -1 ||
	    store_write_status(store, METRICS_FILE, print_metrics, s, e) == -1)
		return -1;
	/* Last: who looks at it for a change finds the others changed. */
	if (store_write_status(store, SUMMARY_FILE, print_summary, s, e) == -1)
		return -1;
	return store_sync_status(store, e);
}
