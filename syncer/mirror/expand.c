#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/created.h"
#include "image/newest.h"
#include "image/pattern.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/http.h"
#include "registry/tags.h"
#include "registry/upstream.h"
#include "mirror/expand.h"

struct expand {
	struct query query;
	struct dispatch *d;
	const struct list_entry *entry;
	int priority;
	expand_end *end;
	void *cookie;
	struct tag_pages pages;
	struct refusals refusals;	/* of endpoints asked before */
	struct tags_scan scan;
	struct tag_matcher *matcher;
	char **tags;			/* what matches, of all pages */
	size_t count, room;
	uint64_t bytes, before_bytes;	/* of their names; of earlier pages */
	size_t left_out;		/* by newest=: behind them */
	size_t before;			/* of the pages before this one */
	struct ages *ages;
	struct newest_tag *all;		/* newest=: one for each of the tags, */
	size_t all_count;		/* without those that are gone */
	bool *wanted, *gone;
	struct task task;		/* for an end that is known at once */
	struct err err;
};

static void
finish(struct expand *x, const struct err *e)
{
	size_t i;

	x->end(x->cookie, x->entry, x->tags, x->count, x->count + x->left_out,
	    e);
	for (i = 0; i < x->count + x->left_out; i++)
		free(x->tags[i]);
	free(x->tags);
	free(x->all);
	free(x->wanted);
	free(x->gone);
	tag_matcher_free(x->matcher);
	tag_pages_done(&x->pages);
	free(x);
}

static int
compare_tags(const void *a, const void *b)
{
	char *const *s = a, *const *t = b;

	return strcmp(*s, *t);
}

/* Pages may overlap. */
static void
sort_tags(struct expand *x)
{
	size_t i, kept = 0;

	if (x->count > 1)
		qsort(x->tags, x->count, sizeof(*x->tags), compare_tags);
	for (i = 0; i < x->count; i++) {
		if (kept > 0 && strcmp(x->tags[kept - 1], x->tags[i]) == 0)
			free(x->tags[i]);
		else
			x->tags[kept++] = x->tags[i];
	}
	x->count = kept;
}

static void
conclude(struct expand *x)
{
	struct err e;

	if (x->count > 0) {
		finish(x, NULL);
		return;
	}
	err_set(&e, ERR_NOT_FOUND, "no tag of %s matches %s",
	    x->entry->ref.repository, x->entry->tags->text);
	finish(x, &e);
}

/* --- newest= ----------------------------------------------------------- */

/* A tag that is gone by now is none of them. */
static void
drop_gone(struct expand *x)
{
	size_t i, kept = 0;

	for (i = 0; i < x->count; i++) {
		if (x->gone[i])
			free(x->tags[i]);
		else
			x->all[kept++] = x->all[i];
	}
	x->all_count = kept;
}

static void
choose(struct expand *x)
{
	size_t i;

	drop_gone(x);
	x->count = newest_choose(x->all, x->all_count, x->entry->newest);
	x->left_out = x->all_count - x->count;
	/* The same names in another order. */
	for (i = 0; i < x->all_count; i++)
		x->tags[i] = x->all[i].name;
	conclude(x);
}

static void
dated(void *cookie, const struct err *e)
{
	struct expand *x = cookie;

	if (e != NULL)
		finish(x, e);
	else
		choose(x);
}

static void
find_ages(struct expand *x, size_t undated)
{
	struct ages_wanted w = {
		.entry = x->entry,
		.priority = x->priority,
		.source = x->query.source,
		.tags = x->all,
		.wanted = x->wanted,
		.gone = x->gone,
		.count = x->count,
	};
	struct err e;

	if (undated <= DATED_TAGS_MAX) {
		ages_find(x->ages, x->d, &w, dated, x);
		return;
	}
	err_set(&e, ERR_LIMIT, "newest= would have to ask for the age of %zu "
	    "tags that are not versions, which is more than %u: use a narrower "
	    "tags=", undated, DATED_TAGS_MAX);
	finish(x, &e);
}

static void
all_pages_read(struct expand *x)
{
	size_t i, undated, newest = x->entry->newest;

	sort_tags(x);
	if (newest == 0 || newest >= x->count) {
		conclude(x);
		return;
	}
	x->all = xcalloc(x->count, sizeof(*x->all));
	x->wanted = xcalloc(x->count, sizeof(*x->wanted));
	x->gone = xcalloc(x->count, sizeof(*x->gone));
	for (i = 0; i < x->count; i++) {
		x->all[i].name = x->tags[i];
		x->all[i].created_s = CREATED_UNKNOWN;
	}
	undated = newest_undated(x->all, x->count, newest, x->wanted);
	if (undated > 0)
		find_ages(x, undated);
	else
		choose(x);
}

/* --- pages ------------------------------------------------------------- */

static void ask(struct expand *);
static void not_here(struct expand *, const struct err *);

static void
found(void *cookie, const char *tag)
{
	struct expand *x = cookie;

	if (!tag_matcher_wants(x->matcher, tag))
		return;
	x->bytes += strlen(tag) + 1;
	if (x->bytes > TAGS_BYTES_MAX)
		return;		/* page_data says so */
	if (x->count == x->room) {
		x->room = x->room == 0 ? 64 : 2 * x->room;
		x->tags = xreallocarray(x->tags, x->room, sizeof(*x->tags));
	}
	x->tags[x->count++] = xstrdup(tag);
}

static void
page_begins(struct query *q)
{
	struct expand *x = (struct expand *)q;

	/* What a try that was cut short has found comes again. */
	while (x->count > x->before)
		free(x->tags[--x->count]);
	x->bytes = x->before_bytes;
	tags_scan_init(&x->scan, found, x);
}

static int
page_data(struct query *q, const char *buf, size_t len, struct err *e)
{
	struct expand *x = (struct expand *)q;

	if (tags_scan_feed(&x->scan, buf, len, e) == -1)
		return -1;
	return x->bytes <= TAGS_BYTES_MAX ? 0 : err_set(e, ERR_LIMIT,
	    "the tags that match %s have more than %u bytes in all; a "
	    "narrower pattern helps", x->entry->tags->text, TAGS_BYTES_MAX);
}

static void
page_read(struct expand *x, const struct http_reply *reply)
{
	const char *links[LINKS_MAX];
	struct err e;
	size_t count = http_headers(reply, "link", links, LINKS_MAX);
	int more;

	if (tags_scan_end(&x->scan, &e) == -1) {
		(void)upstream_page(reply, &e);
		not_here(x, &e);
		return;
	}
	more = tag_pages_next(&x->pages, &x->scan, links, count, &e);
	x->before = x->count;
	x->before_bytes = x->bytes;
	if (more == -1)
		finish(x, &e);
	else if (more == 1)
		ask(x);
	else
		all_pages_read(x);
}

/* The list begins anew at that endpoint.  Return 0, or -1 with ${e} set. */
static int
begin_at(struct expand *x, struct source *source, struct err *e)
{
	char *url = dispatch_url(source, x->entry->ref.repository, "tags",
	    "list");
	int rc;

	while (x->count > 0)
		free(x->tags[--x->count]);
	x->before = 0;
	x->bytes = x->before_bytes = 0;
	tag_pages_done(&x->pages);
	x->query.source = source;
	rc = tag_pages_init(&x->pages, url, e);
	free(url);
	return rc;
}

/* This endpoint has no list: the first that answers has the word. */
static void
not_here(struct expand *x, const struct err *e)
{
	struct source *here = x->query.source, *next = dispatch_next(here);
	struct err why = *e;

	if (dispatch_is_first(here) && next == NULL) {
		finish(x, e);
		return;
	}
	refusals_add(&x->refusals, dispatch_place(here),
	    dispatch_is_down(here), e);
	if (next == NULL || e->code == ERR_CANCELLED)
		finish(x, &x->refusals.err);
	else if (begin_at(x, next, &why) == -1)
		finish(x, &why);
	else
		ask(x);
}

static void
page_ended(struct query *q, const struct http_reply *reply,
    const struct err *e)
{
	struct expand *x = (struct expand *)q;
	struct err why;

	if (reply == NULL) {
		not_here(x, e);
	} else if (reply->status == 200) {
		page_read(x, reply);
	} else if (tag_pages_refused(&x->pages, reply->status)) {
		ask(x);
	} else {
		upstream_explain(reply, &why);
		err_wrap(&why, "tags/list");
		not_here(x, &why);
	}
}

static void
ask(struct expand *x)
{
	struct query *q = &x->query;

	/* A body without a byte would have no beginning. */
	tags_scan_init(&x->scan, found, x);
	q->to = ANSWER_TO_LIST;
	q->repository = x->entry->ref.repository;
	q->priority = x->priority;
	q->url = x->pages.at.url;
	q->accept = "application/json";
	q->begin = page_begins;
	q->data = page_data;
	q->end = page_ended;
	dispatch_query(x->d, q);
}

static void
nothing(struct task *task)
{
	(void)task;
}

static void
ended_at_once(struct task *task)
{
	struct expand *x = (struct expand *)((char *)task -
	    offsetof(struct expand, task));

	finish(x, &x->err);
}

void
expand_start(struct dispatch *d, struct ages *ages,
    const struct list_entry *entry, int priority, expand_end *end,
    void *cookie)
{
	struct expand *x = xcalloc(1, sizeof(*x));

	x->d = d;
	x->ages = ages;
	x->entry = entry;
	x->priority = priority;
	x->end = end;
	x->cookie = cookie;
	x->matcher = tag_matcher_new(entry->tags);
	x->query.source = dispatch_source(d, entry->ref.registry, &x->err);
	if (x->query.source != NULL &&
	    begin_at(x, x->query.source, &x->err) == 0) {
		ask(x);
	} else {
		x->task.run = nothing;
		x->task.done = ended_at_once;
		pool_start(dispatch_pool(d), NULL, &x->task);
	}
}
