/* What is not of this run stays as the file has it: its rows are JSON from the
 * file into the file. */
#include <assert.h>
#include <string.h>

#include "report/bundle_status.h"
#include "report/report.h"
#include "report/status_doc.h"
#include "report/status_record.h"

#define BUNDLE_STATUS_VERSION	1
/* A name of an image or a part that is longer is not told. */
#define NAME_SHOWN_MAX		255u

const char *const bundle_status_results[BUNDLE_STATUS_RESULTS] = {
	[BUNDLE_STATUS_OK] = "ok",
	[BUNDLE_STATUS_WAITING] = "waiting",
	[BUNDLE_STATUS_FAILED] = "failed",
	[BUNDLE_STATUS_INTERRUPTED] = "interrupted",
	[BUNDLE_STATUS_STORE] = "store",
	[BUNDLE_STATUS_REPEATED] = "repeated",
	[BUNDLE_STATUS_OLDER] = "older",
	[BUNDLE_STATUS_TOO_FAR] = "too_far",
	[BUNDLE_STATUS_FORGOTTEN] = "forgotten",
};

/* --- reading ----------------------------------------------------------- */

static const char *
text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text != NULL ? text : "";
}

static bool
is_of(const json_t *row, const char *from, const char *to)
{
	return strcmp(text_of(row, "from"), from) == 0 &&
	    strcmp(text_of(row, "to"), to) == 0;
}

/* NULL where it names nobody, or there is no more room. */
static struct bundle_stream *
stream_of(struct bundle_status *s, const json_t *row)
{
	const char *from = text_of(row, "from"), *to = text_of(row, "to");
	struct bundle_stream *stream;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (is_of(row, s->streams[i].from, s->streams[i].to))
			return &s->streams[i];
	if (i == sizeof(s->streams) / sizeof(s->streams[0]) ||
	    from[0] == '\0' || to[0] == '\0' ||
	    strlen(from) >= BUNDLE_STATUS_NAME_MAX ||
	    strlen(to) >= BUNDLE_STATUS_NAME_MAX)
		return NULL;
	stream = &s->streams[s->count++];
	memset(stream, 0, sizeof(*stream));
	memcpy(stream->from, from, strlen(from) + 1);
	memcpy(stream->to, to, strlen(to) + 1);
	return stream;
}

static void
read_waiting(const json_t *row, struct bundle_stream *stream)
{
	int64_t since = status_get_time(row, "since");

	stream->waiting++;
	stream->missing_parts += status_get_count(row, "missing_parts");
	stream->missing_images += status_get_count(row, "missing_images");
	if (stream->since == 0 || (since != 0 && since < stream->since))
		stream->since = since;
}

static void
read_object(const json_t *o, struct bundle_status *s)
{
	const json_t *row, *runs = json_object_get(o, "counters");
	struct bundle_stream *stream;
	size_t i;

	memset(s, 0, sizeof(*s));
	json_array_foreach(json_object_get(o, "bundles"), i, row) {
		stream = stream_of(s, row);
		if (stream == NULL)
			continue;
		stream->seq = status_get_count(row, "seq");
		stream->created = status_get_time(row, "created");
		stream->imported = status_get_time(row, "imported");
	}
	json_array_foreach(json_object_get(o, "waiting"), i, row) {
		stream = stream_of(s, row);
		if (stream != NULL)
			read_waiting(row, stream);
	}
	for (i = 0; i < BUNDLE_STATUS_RESULTS; i++)
		s->runs[i] = status_get_count(runs, bundle_status_results[i]);
}

bool
bundle_status_read(const struct store *store, struct bundle_status *ret)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, BUNDLE_STATUS_FILE, &is_damaged);
	bool is_there = o != NULL;

	read_object(o, ret);
	json_decref(o);
	return is_there;
}

/* --- writing ----------------------------------------------------------- */

static json_t *
names_json(const char *const *names, size_t count)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < count && json_array_size(all) < BUNDLE_STATUS_NAMED;
	    i++)
		if (strlen(names[i]) <= NAME_SHOWN_MAX)
			json_array_append_new(all, json_string(names[i]));
	return all;
}

static json_t *
row_json(const struct bundle_status_run *run)
{
	json_t *o = json_object();

	json_object_set_new(o, "from", json_string(run->from));
	json_object_set_new(o, "to", json_string(run->to));
	status_set_count(o, "seq", run->seq);
	json_object_set_new(o, "id", json_string(run->id));
	status_set_time(o, "created", run->created);
	status_set_count(o, "images", run->images);
	return o;
}

static json_t *
waiting_json(const struct bundle_status_run *run, int64_t since)
{
	json_t *o = row_json(run);

	status_set_time(o, "since", since);
	json_object_set_new(o, "result",
	    json_string(bundle_status_results[run->result]));
	status_set_count(o, "missing_parts", run->missing_parts);
	status_set_count(o, "missing_images", run->missing_images);
	json_object_set_new(o, "parts",
	    names_json(run->part_names, run->part_name_count));
	json_object_set_new(o, "waiting_images",
	    names_json(run->image_names, run->image_name_count));
	return o;
}

/* Those that another statement of this sender has overtaken, too: for another
 * site, or all, by its time. */
static bool
is_settled(const json_t *row, const struct bundle_status_run *run)
{
	if (strcmp(text_of(row, "id"), run->id) == 0)
		return true;
	if (run->result != BUNDLE_STATUS_OK ||
	    strcmp(text_of(row, "from"), run->from) != 0)
		return false;
	return is_of(row, run->from, run->to) ?
	    status_get_count(row, "seq") <= run->seq :
	    status_get_time(row, "created") < run->created;
}

/* Return since when this bundle was on the way: now, if it was not. */
static int64_t
take_out(json_t *waiting, const struct bundle_status_run *run)
{
	int64_t since = run->now, was;
	const json_t *row;
	size_t i = 0;

	while (i < json_array_size(waiting)) {
		row = json_array_get(waiting, i);
		if (!is_settled(row, run)) {
			i++;
			continue;
		}
		was = status_get_time(row, "since");
		if (was != 0 && strcmp(text_of(row, "id"), run->id) == 0)
			since = was;
		json_array_remove(waiting, i);
	}
	return since;
}

/* The latest one last: with no more room the first one goes. */
static void
append(json_t *rows, json_t *row, size_t max)
{
	while (json_array_size(rows) >= max)
		json_array_remove(rows, 0);
	json_array_append_new(rows, row);
}

/* This one, or one behind it. */
static bool
has_whole(const json_t *bundles, const struct bundle_status_run *run)
{
	const json_t *row;
	size_t i;

	json_array_foreach(bundles, i, row)
		if (is_of(row, run->from, run->to))
			return status_get_count(row, "seq") >= run->seq;
	return false;
}

static void
take_whole(json_t *bundles, const struct bundle_status_run *run)
{
	const json_t *row;
	json_t *new;
	size_t i;

	json_array_foreach(bundles, i, row) {
		if (!is_of(row, run->from, run->to))
			continue;
		if (status_get_count(row, "seq") > run->seq)
			return;
		json_array_remove(bundles, i);
		break;
	}
	new = row_json(run);
	status_set_time(new, "imported", run->now);
	append(bundles, new, BUNDLE_STATUS_STREAMS);
}

static void
take_run(json_t *bundles, json_t *waiting, const struct bundle_status_run *run)
{
	int64_t since;

	switch (run->result) {
	case BUNDLE_STATUS_OK:
		take_out(waiting, run);
		take_whole(bundles, run);
		break;
	case BUNDLE_STATUS_REPEATED:
		/* Who was killed before this was written. */
		take_out(waiting, run);
		if (!has_whole(bundles, run))
			take_whole(bundles, run);
		break;
	case BUNDLE_STATUS_OLDER:
	case BUNDLE_STATUS_FORGOTTEN:
		take_out(waiting, run);
		break;
	case BUNDLE_STATUS_WAITING:
	case BUNDLE_STATUS_FAILED:
	case BUNDLE_STATUS_INTERRUPTED:
	case BUNDLE_STATUS_STORE:
		since = take_out(waiting, run);
		append(waiting, waiting_json(run, since), BUNDLE_STATUS_WAITS);
		break;
	case BUNDLE_STATUS_TOO_FAR:
	case BUNDLE_STATUS_RESULTS:
		break;
	}
}

/* A copy of it, or an empty one. */
static json_t *
array_of(const json_t *o, const char *key)
{
	const json_t *array = json_object_get(o, key);

	return json_is_array(array) ? json_deep_copy(array) : json_array();
}

static json_t *
last_json(const struct bundle_status_run *run)
{
	json_t *o = row_json(run);

	status_set_time(o, "finished", run->now);
	json_object_set_new(o, "result",
	    json_string(bundle_status_results[run->result]));
	status_set_error(o, run->error);
	return o;
}

static json_t *
counters_json(const json_t *old, enum bundle_result result)
{
	const json_t *runs = json_object_get(old, "counters");
	json_t *o = json_object();
	uint64_t n;
	size_t i;

	for (i = 0; i < BUNDLE_STATUS_RESULTS; i++) {
		n = status_get_count(runs, bundle_status_results[i]);
		status_set_count(o, bundle_status_results[i],
		    n + (i == (size_t)result));
	}
	return o;
}

int
bundle_status_save(struct store *store, const struct bundle_status_run *run,
    struct err *e)
{
	json_t *old, *o = json_object(), *bundles, *waiting;
	bool is_damaged;

	assert((size_t)run->result < BUNDLE_STATUS_RESULTS);
	old = status_doc_read(store, BUNDLE_STATUS_FILE, &is_damaged);
	if (is_damaged)
		report(REPORT_WARNING, "status/" BUNDLE_STATUS_FILE
		    " is damaged; what it has lost begins anew");
	bundles = array_of(old, "bundles");
	waiting = array_of(old, "waiting");
	take_run(bundles, waiting, run);
	status_set_count(o, "version", BUNDLE_STATUS_VERSION);
	json_object_set_new(o, "last", last_json(run));
	json_object_set_new(o, "bundles", bundles);
	json_object_set_new(o, "waiting", waiting);
	json_object_set_new(o, "counters", counters_json(old, run->result));
	json_decref(old);
	return status_doc_write(store, BUNDLE_STATUS_FILE, o, e);
}
