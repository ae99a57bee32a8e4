#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "report/metrics.h"
#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/watch_status.h"

static json_t *
last_json(const struct watch_status *s)
{
	json_t *o = json_object();

	status_set_time(o, "started", s->last.started);
	status_set_time(o, "finished", s->last.finished);
	status_set_count(o, "exit_code", (uint64_t)s->last.exit_code);
	if (s->last.only > 0)
		status_set_count(o, "only", s->last.only);
	return o;
}

static json_t *
hooks_json(const struct watch_counts *c)
{
	json_t *o = json_object();

	status_set_count(o, "taken", c->taken);
	status_set_count(o, "events", c->events);
	status_set_count(o, "matched", c->matched);
	status_set_count(o, "not_understood", c->not_understood);
	status_set_count(o, "denied", c->denied);
	status_set_count(o, "malformed", c->malformed);
	return o;
}

static json_t *
status_json(const struct watch_status *s)
{
	json_t *o = json_object(), *list = json_object();

	status_set_time(o, "started", s->started);
	status_set_time(o, "ended", s->ended);
	status_set_count(o, "every", s->every_s);
	status_set_time(o, "next", s->next);
	json_object_set_new(o, "running", json_boolean(s->running));
	if (s->last.started != 0)
		json_object_set_new(o, "last", last_json(s));
	status_set_count(o, "waiting", s->waiting);
	if (s->has_hooks)
		json_object_set_new(o, "hooks", hooks_json(&s->counts));
	/* As other files show what was said elsewhere. */
	if (s->list_error[0] != '\0') {
		status_set_error(list, s->list_error);
		json_object_set(o, "list_error", json_object_get(list,
		    "error"));
	}
	json_decref(list);
	return o;
}

int
watch_status_save(const char *root, const struct watch_status *s,
    struct err *e)
{
	struct store *store;
	struct err ignored;
	int rc = -1;

	if (store_open(root, STORE_STEP, &store, e) == -1)
		return -1;
	if (store_step_begin(store, e) == 0) {
		rc = status_doc_write(store, WATCH_STATUS_FILE, status_json(s),
		    e);
		if (store_step_end(store, rc == 0 ? e : &ignored) == -1)
			rc = -1;
	}
	store_close(store);
	return rc;
}

bool
watch_status_read(const struct store *store, struct watch_status *ret)
{
	struct watch_counts *c = &ret->counts;
	const json_t *hooks, *last;
	uint64_t every, code;
	bool is_damaged;
	json_t *o = status_doc_read(store, WATCH_STATUS_FILE, &is_damaged);

	*ret = (struct watch_status){ .started = 0 };
	if (o == NULL)
		return false;
	hooks = json_object_get(o, "hooks");
	last = json_object_get(o, "last");
	every = status_get_count(o, "every");
	code = status_get_count(last, "exit_code");
	ret->started = status_get_time(o, "started");
	ret->ended = status_get_time(o, "ended");
	ret->every_s = every > UINT_MAX ? UINT_MAX : (unsigned)every;
	ret->next = status_get_time(o, "next");
	ret->running = json_is_true(json_object_get(o, "running"));
	ret->last.started = status_get_time(last, "started");
	ret->last.finished = status_get_time(last, "finished");
	ret->last.exit_code = code > UINT8_MAX ? UINT8_MAX : (int)code;
	ret->last.only = status_get_count(last, "only");
	ret->waiting = status_get_count(o, "waiting");
	ret->has_hooks = hooks != NULL;
	c->taken = status_get_count(hooks, "taken");
	c->events = status_get_count(hooks, "events");
	c->matched = status_get_count(hooks, "matched");
	c->not_understood = status_get_count(hooks, "not_understood");
	c->denied = status_get_count(hooks, "denied");
	c->malformed = status_get_count(hooks, "malformed");
	if (json_is_string(json_object_get(o, "list_error")))
		snprintf(ret->list_error, sizeof(ret->list_error), "%s",
		    json_string_value(json_object_get(o, "list_error")));
	json_decref(o);
	return true;
}

static void
print_hooks(const struct watch_counts *c, FILE *out)
{
	static const char requests[] = "cdr_hook_requests_total";

	metrics_family(out, requests, "counter", "Hooks and files that have "
	    "come, by what became of them, since cdr watch began.");
	metrics_labelled(out, requests, "result", "taken", c->taken);
	metrics_labelled(out, requests, "result", "not_understood",
	    c->not_understood);
	metrics_labelled(out, requests, "result", "denied", c->denied);
	metrics_labelled(out, requests, "result", "malformed", c->malformed);
	metrics_single(out, "cdr_hook_events_total", "counter",
	    "Pushes that they told of.", c->events);
	metrics_single(out, "cdr_hook_events_matched_total", "counter",
	    "Of these, those that are about a line of the list.", c->matched);
}

/* Of what came to its end nothing is said: somebody may have changed over to
 * another way. */
void
watch_status_print(const struct watch_status *s, FILE *out)
{
	if (s->started == 0 || s->ended != 0)
		return;
	metrics_single(out, "cdr_watch_start_timestamp_seconds", "gauge",
	    "When cdr watch began.", (uint64_t)s->started);
	metrics_single(out, "cdr_watch_every_seconds", "gauge",
	    "How often it looks at the whole list; 0: not by the clock.",
	    s->every_s);
	metrics_single(out, "cdr_watch_next_run_timestamp_seconds", "gauge",
	    "When it does so next; 0: no time is set.", (uint64_t)s->next);
	metrics_single(out, "cdr_watch_waiting_images", "gauge",
	    "Images that were pushed, and are to be looked at.", s->waiting);
	if (s->has_hooks)
		print_hooks(&s->counts, out);
}
