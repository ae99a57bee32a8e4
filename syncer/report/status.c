/*
 * status.json is one object, and has a line for what is said of the run and one
 * for each image, so that it is written and read image by image: ten thousand
 * of them as one value of Jansson's would cost more memory than all the rest.
 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/metrics.h"
#include "report/outside.h"
#include "report/printable.h"
#include "report/status.h"
#include "report/status_view.h"

#define STATUS_FILE	"status.json"
#define SUMMARY_FILE	"summary.json"
#define METRICS_FILE	"metrics"

const char *const status_run_results[STATUS_RUN_RESULTS] = {
	"ok", "failed", "interrupted", "store",
};

struct status {
	struct status_view view;
	struct status_record **records;
	size_t count, room;
	size_t listed;		/* the first so many are this run's */
	uint64_t updates, failures[STATUS_REASONS];
	bool damaged;		/* the old file */
	json_t *pulls;		/* array */
};

struct status *
status_new(int64_t now)
{
	struct status *s = xcalloc(1, sizeof(*s));

	s->view.started = now;
	s->pulls = json_array();
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

/* --- what earlier runs have left --------------------------------------- */

/* A pattern whose tags could not be learnt stands for itself, for one run. */
static bool
is_pattern(const struct status_record *r)
{
	const char *last = strrchr(r->image, '/');

	return last != NULL && strpbrk(last, ":@") == NULL;
}

/* Takes ${old}.  What a run did not reach, or failed at, was well once: that is
 * carried over. */
static void
merge(struct status *s, struct status_record *old)
{
	struct status_record **at, *r;

	assert(s->listed <= s->count);
	/* With nothing listed there may be no array to search. */
	at = s->listed == 0 ? NULL : bsearch(&old, s->records, s->listed,
	    sizeof(*s->records), compare_records);
	if (at == NULL) {
		if (s->count < STATUS_IMAGES_MAX && !is_pattern(old))
			add(s, old);
		else
			status_record_free(old);
		return;
	}
	r = *at;
	if (r->result == STATUS_FAILED || r->result == STATUS_NOT_REACHED) {
		r->last_success = old->last_success;
		r->has_digest = old->has_digest;
		r->digest = old->digest;
		r->size = old->size;
	}
	status_record_free(old);
}

/* Members that are not there are 0: an older version did not write them. */
static void
read_head(struct status *s, const json_t *head)
{
	struct status_counters *c = &s->view.counters;
	const json_t *from = json_object_get(head, "counters"), *of;
	size_t i;

	s->view.last_success = status_get_time(head, "last_success");
	c->bytes = status_get_count(from, "bytes");
	c->objects = status_get_count(from, "objects");
	c->requests = status_get_count(from, "requests");
	c->updates = status_get_count(from, "updates");
	of = json_object_get(from, "runs");
	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		c->runs[i] = status_get_count(of, status_run_results[i]);
	of = json_object_get(from, "failures");
	for (i = 0; i < STATUS_REASONS; i++)
		c->failures[i] = status_get_count(of,
		    status_reason((enum err_code)i));
}

/* The first line ends inside of the array of images. */
static bool
load_head(struct status *s, char *line)
{
	json_t *head;

	/* The caller has left room for it. */
	memcpy(line + strlen(line), "]}", sizeof("]}"));
	head = json_loads(line, 0, NULL);
	if (!json_is_object(head)) {
		json_decref(head);
		return false;
	}
	read_head(s, head);
	json_decref(head);
	return true;
}

/* A line a record: a damaged one costs that record alone. */
static bool
load_image(struct status *s, char *line)
{
	size_t len = strlen(line);
	struct status_record *r;
	json_t *o;

	if (len > 0 && line[len - 1] == ',')
		line[len - 1] = '\0';
	o = json_loads(line, 0, NULL);
	r = status_record_read(o);
	json_decref(o);
	if (r == NULL)
		return false;
	merge(s, r);
	return true;
}

/* A line that is longer than any of ours ends the reading: the rest may
 * be anything. */
static void
load_lines(struct status *s, FILE *in)
{
	char line[STATUS_LINE_MAX + sizeof("]}")];
	size_t len;
	bool first = true, ended = false;

	while (!ended && fgets(line, STATUS_LINE_MAX, in) != NULL) {
		len = strlen(line);
		if (len == 0 || line[len - 1] != '\n')
			break;
		line[len - 1] = '\0';
		if (first && !load_head(s, line))
			break;
		ended = strcmp(line, "]}") == 0;
		if (!first && !ended && !load_image(s, line))
			s->damaged = true;
		first = false;
	}
	if (!ended)
		s->damaged = true;
}

/* A file that is damaged is no reason to fail a run. */
static void
load(struct status *s, const struct store *store)
{
	struct err e;
	FILE *in;
	int rc = store_open_status(store, STATUS_FILE, &in, &e);

	if (rc == -1)
		report(REPORT_WARNING,
		    "%s; what earlier runs wrote there is lost", e.msg);
	if (rc != 1)
		return;
	load_lines(s, in);
	fclose(in);
	if (s->damaged)
		report(REPORT_WARNING, "status/" STATUS_FILE
		    " is damaged; what it has lost begins anew");
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

/* What has never been mirrored is not in the tree. */
static void
sum_images(struct status *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (s->records[i]->last_success == 0)
			continue;
		s->view.images++;
		s->view.image_bytes += s->records[i]->size;
	}
	s->view.records = s->records;
	s->view.count = s->count;
}

/* --- writing ----------------------------------------------------------- */

static json_t *
totals_json(const struct report_totals *t)
{
	json_t *o = json_object();

	status_set_count(o, "images", t->images);
	status_set_count(o, "unchanged", t->unchanged);
	status_set_count(o, "updated", t->updated);
	status_set_count(o, "held", t->held);
	status_set_count(o, "failed", t->failed);
	status_set_count(o, "not_reached", t->cancelled);
	status_set_count(o, "objects", t->objects);
	status_set_count(o, "bytes", t->bytes);
	status_set_count(o, "requests", t->requests);
	status_set_count(o, "pulls", t->pulls);
	status_set_count(o, "duration_ms", (uint64_t)t->duration_ms);
	return o;
}

static json_t *
counters_json(const struct status_counters *c)
{
	json_t *o = json_object(), *runs = json_object();
	json_t *failures = json_object();
	size_t i;

	for (i = 0; i < STATUS_RUN_RESULTS; i++)
		status_set_count(runs, status_run_results[i], c->runs[i]);
	for (i = 0; i < STATUS_REASONS; i++)
		if (c->failures[i] > 0)
			status_set_count(failures,
			    status_reason((enum err_code)i), c->failures[i]);
	json_object_set_new(o, "runs", runs);
	status_set_count(o, "bytes", c->bytes);
	status_set_count(o, "objects", c->objects);
	status_set_count(o, "requests", c->requests);
	status_set_count(o, "updates", c->updates);
	json_object_set_new(o, "failures", failures);
	return o;
}

/* Of a file system that tells nothing, nothing is said. */
static json_t *
store_json(const struct status_view *v)
{
	json_t *o = json_object(), *fs;

	status_set_count(o, "images", v->images);
	status_set_count(o, "image_bytes", v->image_bytes);
	if (!v->has_space)
		return o;
	fs = json_object();
	status_set_count(fs, "bytes", v->space.bytes);
	status_set_count(fs, "bytes_free", v->space.bytes_free);
	status_set_count(fs, "files", v->space.files);
	status_set_count(fs, "files_free", v->space.files_free);
	json_object_set_new(o, "filesystem", fs);
	return o;
}

/* What all three files tell of the run. */
static json_t *
head_json(const struct status_view *v)
{
	json_t *o = json_object();
	char *error;

	status_set_count(o, "layout", 2);
	json_object_set_new(o, "version", json_string(CDR_VERSION));
	status_set_time(o, "started", v->started);
	status_set_time(o, "finished", v->end->now);
	json_object_set_new(o, "result", json_string(v->end->result));
	status_set_count(o, "exit_code", (uint64_t)v->end->exit_code);
	if (v->end->error != NULL) {
		error = xstrdup(v->end->error);
		outside_show(error);
		if (strlen(error) > STATUS_ERROR_MAX)
			error[STATUS_ERROR_MAX] = '\0';
		printable(error);
		json_object_set_new(o, "error", json_string(error));
		free(error);
	}
	status_set_time(o, "last_success", v->last_success);
	json_object_set_new(o, "totals", totals_json(&v->end->totals));
	json_object_set_new(o, "counters", counters_json(&v->counters));
	json_object_set_new(o, "store", store_json(v));
	json_object_set(o, "pulls_left", v->pulls);
	return o;
}

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

/* The head without its last brace, then the images in an array of it. */
static void
print_status(FILE *out, void *cookie)
{
	const struct status_view *v = cookie;
	size_t i;

	print_json(out, head_json(v), strlen("}"));
	fputs(",\"images\":[\n", out);
	for (i = 0; i < v->count; i++) {
		print_json(out, status_record_json(v->records[i]), 0);
		fputs(i + 1 < v->count ? ",\n" : "\n", out);
	}
	fputs("]}\n", out);
}

/* Only of this run: what failed in an earlier one and is not listed any more
 * does not need anybody. */
static json_t *
failures_json(const struct status_view *v, uint64_t *ret_more)
{
	json_t *list = json_array();
	const struct status_record *r;
	size_t i;

	*ret_more = 0;
	for (i = 0; i < v->count; i++) {
		r = v->records[i];
		if (r->result != STATUS_FAILED || !r->is_listed)
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
	const struct status_view *v = cookie;
	json_t *o = head_json(v);
	uint64_t more;

	json_object_set_new(o, "failures", failures_json(v, &more));
	status_set_count(o, "failures_left_out", more);
	print_json(out, o, 0);
	fputc('\n', out);
}

static void
print_metrics(FILE *out, void *cookie)
{
	metrics_print(cookie, out);
}

/* This run's records are sorted first, so that those of earlier runs can be
 * looked up among them while they are read. */
int
status_save(struct status *s, struct store *store,
    const struct status_end *end, struct err *e)
{
	struct status_view *v = &s->view;
	struct err ignored;
	size_t i;

	assert(v->end == NULL && s->listed == 0);
	v->end = end;
	for (i = 0; i < s->count; i++) {
		s->records[i]->last_listed = end->now;
		s->records[i]->is_listed = true;
	}
	sort(s);
	s->listed = s->count;
	load(s, store);
	sort(s);
	count_run(s, end);
	sum_images(s);
	v->pulls = s->pulls;
	v->has_space = store_space(store, &v->space, &ignored) == 0;
	if (store_write_status(store, STATUS_FILE, print_status, v, e) == -1)
		return -1;
	if (store_write_status(store, METRICS_FILE, print_metrics, v, e) == -1)
		return -1;
	/* Last: who looks at it for a change finds the others changed. */
	return store_write_status(store, SUMMARY_FILE, print_summary, v, e);
}
