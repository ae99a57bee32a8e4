#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/newest.h"
#include "image/pattern.h"
#include "layout/mem.h"
#include "registry/http.h"
#include "registry/tags.h"
#include "registry/upstream.h"
#include "transfer/expand.h"

#define LINKS_MAX	8u

struct expand {
	struct query query;
	struct dispatch *d;
	const struct list_entry *entry;
	expand_end *end;
	void *cookie;
	struct tag_pages pages;
	struct tags_scan scan;
	struct tag_matcher *matcher;
	char **tags;			/* what matches, of all pages */
	size_t count, room;
	size_t before;			/* of the pages before this one */
	struct task task;		/* for an end that is known at once */
	struct err err;
};

static void
finish(struct expand *x, const struct err *e)
{
	size_t i;

	x->end(x->cookie, x->entry, x->tags, x->count, e);
	for (i = 0; i < x->count; i++)
		free(x->tags[i]);
	free(x->tags);
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

/* Whose age would decide, is told: a tag that is no version has none here. */
static int
undated(const struct newest_tag *all, const bool *wanted, size_t count,
    struct err *e)
{
	size_t i;

	for (i = 0; i < count && !wanted[i]; i++)
		continue;
	return err_set(e, ERR_INPUT, "newest= goes by version, and tags such "
	    "as \"%s\" are none: leave them out with a narrower tags=",
	    all[i].name);
}

static int
keep_newest(struct expand *x, struct err *e)
{
	size_t i, count = x->count, kept = x->entry->newest;
	struct newest_tag *all;
	char **fresh;
	bool *wanted;
	int rc = 0;

	if (kept == 0 || kept >= count)
		return 0;
	all = xcalloc(count, sizeof(*all));
	wanted = xcalloc(count, sizeof(*wanted));
	for (i = 0; i < count; i++) {
		all[i].name = x->tags[i];
		all[i].created_s = -1;
	}
	if (newest_undated(all, count, kept, wanted) > 0) {
		rc = undated(all, wanted, count, e);
	} else {
		(void)newest_choose(all, count, kept);
		/* In their new order: the chosen ones come first. */
		fresh = xcalloc(count, sizeof(*fresh));
		for (i = 0; i < kept; i++)
			fresh[i] = xstrdup(all[i].name);
		for (i = 0; i < count; i++)
			free(x->tags[i]);
		free(x->tags);
		x->tags = fresh;
		x->count = kept;
	}
	free(wanted);
	free(all);
	return rc;
}

static void
all_pages_read(struct expand *x)
{
	struct err e;

	sort_tags(x);
	if (keep_newest(x, &e) == -1) {
		finish(x, &e);
		return;
	}
	if (x->count == 0) {
		err_set(&e, ERR_NOT_FOUND, "no tag of %s matches %s",
		    x->entry->ref.repository, x->entry->tags->text);
		finish(x, &e);
		return;
	}
	finish(x, NULL);
}

/* --- pages ------------------------------------------------------------- */

static void ask(struct expand *);

static void
found(void *cookie, const char *tag)
{
	struct expand *x = cookie;

	if (!tag_matcher_wants(x->matcher, tag))
		return;
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
	tags_scan_init(&x->scan, found, x);
}

static int
page_data(struct query *q, const char *buf, size_t len, struct err *e)
{
	struct expand *x = (struct expand *)q;

	return tags_scan_feed(&x->scan, buf, len, e);
}

static void
page_read(struct expand *x, const struct http_reply *reply)
{
	const char *links[LINKS_MAX];
	struct err e;
	size_t count;
	int more;

	for (count = 0; count < LINKS_MAX; count++) {
		links[count] = http_header(reply, "link", count);
		if (links[count] == NULL)
			break;
	}
	if (tags_scan_end(&x->scan, &e) == -1) {
		finish(x, &e);
		return;
	}
	more = tag_pages_next(&x->pages, &x->scan, links, count, &e);
	x->before = x->count;
	if (more == -1)
		finish(x, &e);
	else if (more == 1)
		ask(x);
	else
		all_pages_read(x);
}

static void
page_ended(struct query *q, const struct http_reply *reply,
    const struct err *e)
{
	struct expand *x = (struct expand *)q;
	struct err why;

	if (reply == NULL) {
		finish(x, e);
	} else if (reply->status == 200) {
		page_read(x, reply);
	} else if (tag_pages_refused(&x->pages, reply->status)) {
		ask(x);
	} else {
		upstream_explain(reply, &why);
		err_wrap(&why, "tags/list");
		finish(x, &why);
	}
}

static void
ask(struct expand *x)
{
	struct query *q = &x->query;

	/* A body without a byte would have no beginning. */
	tags_scan_init(&x->scan, found, x);
	q->repository = x->entry->ref.repository;
	q->priority = x->entry->priority;
	q->url = x->pages.url;
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
expand_start(struct dispatch *d, const struct list_entry *entry,
    expand_end *end, void *cookie)
{
	struct expand *x = xcalloc(1, sizeof(*x));
	char *url = NULL;

	x->d = d;
	x->entry = entry;
	x->end = end;
	x->cookie = cookie;
	x->matcher = tag_matcher_new(entry->tags);
	x->query.source = dispatch_source(d, entry->ref.registry, &x->err);
	if (x->query.source != NULL)
		url = dispatch_url(x->query.source, entry->ref.repository,
		    "tags", "list");
	if (url != NULL && tag_pages_init(&x->pages, url, &x->err) == 0) {
		ask(x);
	} else {
		x->task.run = nothing;
		x->task.done = ended_at_once;
		pool_start(dispatch_pool(d), NULL, &x->task);
	}
	free(url);
}
