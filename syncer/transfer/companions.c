#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "layout/digest_set.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/http.h"
#include "transfer/companions.h"
#include "transfer/job.h"
#include "transfer/walk.h"

/* Who refers to one manifest; and how far it goes on from there. */
#define REFERRERS_MAX		1000u
#define REFERRERS_DEPTH_MAX	3u

struct gather {
	struct dispatch *d;
	const struct store *store;
	const struct list_entry *entry;
	struct source *source;
	unsigned depth;
	bool plan;
	companions_end *end;
	void *cookie;
	size_t pending;
	struct digest_set known;
	struct companions found;
	struct err err;
	struct task task;		/* for an end that is known at once */
};

/* One question about one manifest: the API first, then the tag. */
struct question {
	struct query query;
	struct gather *g;
	char *url, *fallback;
	bool is_fallback;
};

/* A companion is an image of its own, without a line in the list. */
struct companion {
	struct gather *g;
	struct list_entry entry;
	char *tag;			/* cosign's, or NULL */
};

void
companions_done(struct companions *c)
{
	size_t i;

	for (i = 0; i < c->referral_count; i++)
		free(c->referrals[i].descriptor);
	free(c->referrals);
	free(c->manifests);
	free(c->missing);
	memset(c, 0, sizeof(*c));
}

static void
fail(struct gather *g, const struct err *e)
{
	if (g->err.code == ERR_NONE)
		g->err = *e;
}

static void
finish(struct gather *g)
{
	g->end(g->cookie, &g->found, g->err.code == ERR_NONE ? NULL :
	    &g->err);
	companions_done(&g->found);
	digest_set_done(&g->known);
	free(g);
}

static void
one_ended(struct gather *g)
{
	if (--g->pending == 0)
		finish(g);
}

/* --- a companion ------------------------------------------------------- */

static void
take_manifests(struct companions *c, const struct manifest_id *ids,
    size_t count)
{
	c->manifests = xreallocarray(c->manifests, c->count + count,
	    sizeof(*c->manifests));
	if (count > 0)
		memcpy(c->manifests + c->count, ids, count * sizeof(*ids));
	c->count += count;
}

static void
take_referrals(struct companions *c, const struct referral *from,
    size_t count)
{
	size_t i;

	c->referrals = xreallocarray(c->referrals, c->referral_count + count,
	    sizeof(*c->referrals));
	for (i = 0; i < count; i++) {
		c->referrals[c->referral_count] = from[i];
		c->referrals[c->referral_count++].descriptor =
		    xstrdup(from[i].descriptor);
	}
}

void
companions_put_first(struct companions *c, const struct walk *w)
{
	struct companions all = *c;

	all.manifests = NULL;
	all.count = 0;
	take_manifests(&all, w->manifests, w->manifest_count);
	take_manifests(&all, c->manifests, c->count);
	take_referrals(&all, w->referrals, w->referral_count);
	free(c->manifests);
	*c = all;
}

static void
take_missing(struct companions *c, const struct walk_missing *missing,
    size_t count)
{
	if (count == 0)
		return;
	c->missing = xreallocarray(c->missing, c->missing_count + count,
	    sizeof(*c->missing));
	memcpy(c->missing + c->missing_count, missing,
	    count * sizeof(*missing));
	c->missing_count += count;
}

static void
take_planned(struct companions *to, const struct job_report *r)
{
	to->published = false;
	take_missing(to, r->walk->missing, r->walk->missing_count);
	if (r->companions != NULL)
		take_missing(to, r->companions->missing,
		    r->companions->missing_count);
}

static void
take(struct gather *g, const struct companion *c, const struct job_report *r)
{
	struct companions *to = &g->found;

	to->objects += r->objects;
	to->bytes += r->bytes;
	if (r->result == JOB_PLANNED)
		take_planned(to, r);
	if (c->tag != NULL)
		return;		/* published under its own tag */
	take_manifests(to, r->walk->manifests, r->walk->manifest_count);
	take_referrals(to, r->walk->referrals, r->walk->referral_count);
	if (r->companions != NULL) {
		take_manifests(to, r->companions->manifests,
		    r->companions->count);
		take_referrals(to, r->companions->referrals,
		    r->companions->referral_count);
	}
	if (r->result != JOB_UNCHANGED)
		to->published = false;
}

static void
companion_ended(void *cookie, const struct job_report *r)
{
	struct companion *c = cookie;
	struct gather *g = c->g;
	struct err e;

	if (r->result == JOB_UNCHANGED || r->result == JOB_UPDATED ||
	    r->result == JOB_PLANNED) {
		take(g, c, r);
	} else if (c->tag == NULL || r->err->code != ERR_NOT_FOUND) {
		e = *r->err;
		err_wrap(&e, "referrer");
		fail(g, &e);
	}
	free(c->tag);
	free(c);
	one_ended(g);
}

static void
start_companion(struct gather *g, const struct digest *id, const char *tag)
{
	static const struct platform_set all = { .all = true };
	struct job_options options = {
		.companion = true,
		.depth = g->depth + 1,
		.plan = g->plan,
	};
	struct companion *c = xcalloc(1, sizeof(*c));

	c->g = g;
	c->entry.ref.registry = g->entry->ref.registry;
	c->entry.ref.repository = g->entry->ref.repository;
	c->entry.platforms = &all;
	c->entry.referrers = g->entry->referrers;
	c->entry.priority = g->entry->priority;
	if (tag != NULL)
		c->entry.ref.tag = c->tag = xstrdup(tag);
	c->entry.ref.has_digest = id != NULL;
	if (id != NULL)
		c->entry.ref.digest = *id;
	g->pending++;
	job_start(g->d, g->store, &c->entry, &options, companion_ended, c);
}

/* --- who refers to it? ------------------------------------------------- */

static int
read_list(struct gather *g, const struct http_reply *reply, struct err *e)
{
	const struct referrer_rule *rule = g->entry->referrers;
	const struct descriptor *d;
	struct manifest m;
	size_t i;
	int rc = 0;

	if (manifest_parse(reply->body, reply->len, MEDIA_OCI_INDEX, &m,
	    e) == -1)
		return err_wrap(e, "list of referrers");
	if (m.count > REFERRERS_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %u referrers",
		    REFERRERS_MAX);
	for (i = 0; i < m.count && rc == 0; i++) {
		d = &m.children[i];
		if (referrer_rule_wants(rule, d->artifact_type == NULL ? "" :
		    d->artifact_type) &&
		    digest_set_add(&g->known, &d->digest, NULL))
			start_companion(g, &d->digest, NULL);
	}
	manifest_done(&m);
	return rc;
}

static void
question_free(struct question *q)
{
	free(q->url);
	free(q->fallback);
	free(q);
}

static void
answered(struct query *query, const struct http_reply *reply,
    const struct err *e)
{
	struct question *q = (struct question *)query;
	struct gather *g = q->g;
	struct err why;

	if (reply == NULL) {
		fail(g, e);
	} else if (reply->status == 200) {
		if (read_list(g, reply, &why) == -1)
			fail(g, &why);
	} else if (!q->is_fallback) {
		q->is_fallback = true;
		query->url = q->fallback;
		dispatch_query(g->d, query);
		return;
	}
	question_free(q);
	one_ended(g);
}

/* The referrers tag schema: no more than 32 and 64 characters of a digest. */
static void
schema_tag(const struct digest *id, const char *suffix, char *buf, size_t len)
{
	char hex[DIGEST_HEX_MAX];

	snprintf(buf, len, "%s-%.64s%s", digest_alg_name(id->alg),
	    digest_hex(id, hex), suffix);
}

static void
ask(struct gather *g, const struct digest *id)
{
	struct question *q = xcalloc(1, sizeof(*q));
	const char *repository = g->entry->ref.repository;
	char text[DIGEST_TEXT_MAX], tag[TAG_MAX + 1];

	schema_tag(id, "", tag, sizeof(tag));
	q->g = g;
	q->url = dispatch_url(g->source, repository, "referrers",
	    digest_text(id, text));
	q->fallback = dispatch_url(g->source, repository, "manifests", tag);
	q->query.source = g->source;
	q->query.repository = repository;
	q->query.priority = g->entry->priority;
	q->query.url = q->url;
	q->query.accept = MEDIA_OCI_INDEX;
	q->query.end = answered;
	g->pending++;
	dispatch_query(g->d, &q->query);
}

static void
ask_about(struct gather *g, const struct digest *id)
{
	static const char *const suffixes[] = { ".sig", ".att", ".sbom" };
	char tag[TAG_MAX + 1];
	size_t i;

	ask(g, id);
	/* What these tags hold has no artifact type to choose by. */
	if (g->entry->referrers->want != REFERRERS_YES || g->depth > 0)
		return;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		schema_tag(id, suffixes[i], tag, sizeof(tag));
		start_companion(g, NULL, tag);
	}
}

static void
nothing(struct task *task)
{
	(void)task;
}

static void
ended_at_once(struct task *task)
{
	struct gather *g = (struct gather *)((char *)task -
	    offsetof(struct gather, task));

	one_ended(g);
}

void
companions_start(struct dispatch *d, const struct store *store,
    const struct list_entry *entry, const struct manifest_id *subjects,
    size_t count, const struct job_options *options, companions_end *end,
    void *cookie)
{
	struct gather *g = xcalloc(1, sizeof(*g));
	size_t i;

	g->d = d;
	g->store = store;
	g->entry = entry;
	g->depth = options->depth;
	g->plan = options->plan;
	g->end = end;
	g->cookie = cookie;
	g->found.published = true;
	g->source = dispatch_source(d, entry->ref.registry, &g->err);
	/* The end is told from dispatch_step in any case. */
	g->pending = 1;
	g->task.run = nothing;
	g->task.done = ended_at_once;
	pool_start(dispatch_pool(d), NULL, &g->task);
	if (g->source == NULL || g->depth >= REFERRERS_DEPTH_MAX)
		return;
	for (i = 0; i < count; i++)
		ask_about(g, &subjects[i].digest);
}
