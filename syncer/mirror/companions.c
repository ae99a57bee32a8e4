#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/referrer.h"
#include "image/signature.h"
#include "layout/digest_set.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/http.h"
#include "registry/pages.h"
#include "registry/upstream.h"
#include "report/report.h"
#include "mirror/companions.h"
#include "mirror/job.h"
#include "mirror/walk.h"

/* Who refers to one manifest, and on how many pages that may be; how far it
 * goes on from there; and how many that makes for one image. */
#define REFERRERS_MAX		1000u
#define REFERRER_PAGES_MAX	100u
#define REFERRERS_DEPTH_MAX	3u
#define REFERRERS_ALL_MAX	4096u

struct gather {
	struct dispatch *d;
	struct companions_of of;	/* but for the subjects */
	struct source *source;
	companions_end *end;
	void *cookie;
	size_t pending;
	struct digest_set known;
	size_t own_all, *all;		/* referrers of the image, through
					 * others as well; counted by the
					 * first of the gathers */
	struct companions found;
	struct err err;
	struct task task;		/* for an end that is known at once */
};

/* One question about one manifest: the API first, then the tag. */
struct question {
	struct query query;
	struct gather *g;
	struct digest subject;
	struct pages pages;		/* of the API */
	struct refusals refusals;	/* of endpoints asked before */
	char *fallback;
	bool is_fallback;
	bool signatures;		/* whatever the rule says */
	size_t count;			/* referrers on all pages so far */
};

/* A companion is an image of its own, without a line in the list. */
struct companion {
	struct gather *g;
	struct list_entry entry;
	char *tag;			/* cosign's, or NULL */
	bool optional;			/* it may be a signature, that is all */
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
	/* The walk's own, and a plan goes nowhere. */
	for (; count > 0; count--)
		c->missing[c->missing_count++].urls = NULL;
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
	if (c->tag != NULL && !g->of.hold)
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

/*
 * What comes only because it may be the signature does no harm where it is
 * broken: of the signatures, one that holds is enough.  But what another try
 * may mend is no reason to say that there is none.
 */
static bool
is_forgiven(const struct err *e)
{
	return e->code == ERR_DATA || e->code == ERR_DIGEST ||
	    e->code == ERR_LIMIT || e->code == ERR_NOT_FOUND ||
	    e->code == ERR_DENIED;
}

/* Some registries answer 403 for a tag that is not there
 * (quirks.md#absent-and-forbidden). */
static void
warn_refused(const struct gather *g, const char *tag)
{
	const struct image_ref *ref = &g->of.entry->ref;

	report(REPORT_WARNING, "%s/%s: the tag %s may not be read: it is taken "
	    "for one that is not there", ref->registry, ref->repository, tag);
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
	} else if (c->tag != NULL && !c->optional && !r->has_digest &&
	    r->err->code == ERR_DENIED) {
		warn_refused(g, c->tag);
	} else if (c->tag == NULL || r->err->code != ERR_NOT_FOUND) {
		e = *r->err;
		err_wrap(&e, "referrer");
		if (c->optional && is_forgiven(&e))
			g->found.flaw = e;
		else
			fail(g, &e);
	}
	free(c->tag);
	free(c);
	one_ended(g);
}

/* A thousand each, and that three times, would have no end. */
static int
count_one(struct gather *g)
{
	struct err e;

	if (++*g->all <= REFERRERS_ALL_MAX)
		return 0;
	err_set(&e, ERR_LIMIT,
	    "more than %u manifests refer to it, directly or through others",
	    REFERRERS_ALL_MAX);
	fail(g, &e);
	return -1;
}

static void
start_companion(struct gather *g, const struct digest *id, const char *tag,
    bool optional)
{
	static const struct platform_set all = { .all = true };
	struct job_options options = {
		.companion = true,
		.depth = g->of.depth + 1,
		.plan = g->of.plan,
		.hold = g->of.hold,
		.signature = optional,
		.referrers = g->all,
	};
	struct companion *c = xcalloc(1, sizeof(*c));

	c->g = g;
	c->optional = optional;
	c->entry.ref.registry = g->of.entry->ref.registry;
	c->entry.ref.repository = g->of.entry->ref.repository;
	c->entry.platforms = &all;
	c->entry.referrers = g->of.hold ? NULL : g->of.entry->referrers;
	c->entry.priority = g->of.entry->priority;
	if (tag != NULL)
		c->entry.ref.tag = c->tag = xstrdup(tag);
	c->entry.ref.has_digest = id != NULL;
	if (id != NULL)
		c->entry.ref.digest = *id;
	g->pending++;
	job_start(g->d, g->of.store, &c->entry, &options, companion_ended, c);
}

/* --- who refers to it? ------------------------------------------------- */

/* Does the line of the image ask for any, signatures or not? */
static bool
has_rule(const struct gather *g)
{
	const struct referrer_rule *rule = g->of.entry->referrers;

	return !g->of.hold && rule != NULL && rule->want != REFERRERS_NO;
}

static void
take_listed(struct question *q, const struct descriptor *d)
{
	struct gather *g = q->g;
	const char *type = d->artifact_type == NULL ? "" : d->artifact_type;
	bool wanted = has_rule(g) &&
	    referrer_rule_wants(g->of.entry->referrers, type);

	if (!wanted && !(q->signatures && signature_may_be(type)))
		return;
	if (digest_set_add(&g->known, &d->digest, NULL) &&
	    count_one(g) == 0)
		start_companion(g, &d->digest, NULL, !wanted);
}

static int
read_list(struct question *q, const struct http_reply *reply, struct err *e)
{
	struct manifest m;
	size_t i;
	int rc = 0;

	if (manifest_parse(reply->body, reply->len, MEDIA_OCI_INDEX, &m,
	    e) == -1)
		return -1;
	q->count += m.count;
	if (q->count > REFERRERS_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %u referrers",
		    REFERRERS_MAX);
	for (i = 0; i < m.count && rc == 0; i++)
		take_listed(q, &m.children[i]);
	manifest_done(&m);
	return rc;
}

/* Return 1 if there is another page, 0, or -1. */
static int
read_page(struct question *q, const struct http_reply *reply, struct err *e)
{
	const char *links[LINKS_MAX];
	size_t count;

	if (read_list(q, reply, e) == -1)
		return -1;
	count = http_headers(reply, "link", links, LINKS_MAX);
	return pages_next(&q->pages, links, count, REFERRER_PAGES_MAX, e);
}

static void
question_free(struct question *q)
{
	pages_done(&q->pages);
	free(q->fallback);
	free(q);
}

/* An API that is not there; of registries that lack it, some say that in other
 * words than 404. */
static bool
is_no_api(const struct question *q, const struct http_reply *reply)
{
	unsigned facts = reply->elsewhere ? ANSWER_ELSEWHERE : 0;

	if (q->query.to != ANSWER_TO_REFERRERS)
		return false;
	if (reply->status == 200 && referrer_is_list(reply->body, reply->len))
		facts |= ANSWER_LISTS;
	return answer_judge(ANSWER_TO_REFERRERS, reply->status, facts) ==
	    ANSWER_TAG_SCHEMA;
}

static void
fall_back(struct question *q)
{
	q->is_fallback = true;
	q->query.to = ANSWER_TO_LIST;
}

/* As the next two: return 1 if there is more to ask, 0, or -1 with ${e} set. */
static int
api_answered(struct question *q, const struct http_reply *reply,
    struct err *e)
{
	if (is_no_api(q, reply)) {
		fall_back(q);
		return 1;
	}
	if (reply->status == 200) {
		q->query.to = ANSWER_TO_LIST;
		return read_page(q, reply, e);
	}
	return pages_refused(&q->pages, reply->status) ? 1 :
	    upstream_explain(reply, e);
}

/* Some registries take "sha256-HEX" for the digest, and answer with the image
 * itself: there is no such tag. */
static bool
is_subject(const struct question *q, const struct http_reply *reply)
{
	struct digest got;

	digest_of(q->subject.alg, reply->body, reply->len, &got);
	return digest_equal(&got, &q->subject);
}

static int
tag_answered(struct question *q, const struct http_reply *reply,
    struct err *e)
{
	char tag[TAG_MAX + 1];

	if (reply->status == 404)
		return 0;
	/* The image could be read, and this cannot. */
	if (reply->status == 403 && has_rule(q->g)) {
		referrer_tag(&q->subject, "", tag);
		warn_refused(q->g, tag);
		return 0;
	}
	if (reply->status != 200)
		return upstream_explain(reply, e);
	return is_subject(q, reply) ? 0 : read_list(q, reply, e);
}

static int
understand(struct question *q, const struct http_reply *reply, struct err *e)
{
	int more = q->is_fallback ? tag_answered(q, reply, e) :
	    api_answered(q, reply, e);

	return more == -1 ? err_wrap(e, "list of referrers") : more;
}

/* The question to that endpoint.  Return 0, or -1 with ${e} set. */
static int
point_at(struct question *q, struct source *source, struct err *e)
{
	const char *repository = q->g->of.entry->ref.repository;
	char text[DIGEST_TEXT_MAX], tag[TAG_MAX + 1], *url;
	int rc;

	url = dispatch_url(source, repository, "referrers",
	    digest_text(&q->subject, text));
	pages_done(&q->pages);
	rc = pages_init(&q->pages, url, "referrers", e);
	free(url);
	if (rc == -1)
		return -1;
	free(q->fallback);
	q->fallback = dispatch_url(source, repository, "manifests",
	    referrer_tag(&q->subject, "", tag));
	q->is_fallback = false;
	q->query.to = ANSWER_TO_REFERRERS;
	q->query.source = source;
	q->query.url = q->pages.url;
	return 0;
}

/* This endpoint does not answer.  Is there another one, which is asked now? */
static bool
asks_next(struct question *q, struct err *e)
{
	struct source *here = q->query.source, *next = dispatch_next(here);

	if ((dispatch_is_first(here) && next == NULL) || q->count > 0 ||
	    e->code == ERR_CANCELLED)
		return false;
	refusals_add(&q->refusals, dispatch_place(here),
	    dispatch_is_down(here), e);
	*e = q->refusals.err;
	if (next == NULL || point_at(q, next, e) == -1)
		return false;
	dispatch_query(q->g->d, &q->query);
	return true;
}

static void
answered(struct query *query, const struct http_reply *reply,
    const struct err *e)
{
	struct question *q = (struct question *)query;
	struct gather *g = q->g;
	struct err why;
	int more = -1;

	if (reply != NULL) {
		more = understand(q, reply, &why);
	} else if (e->code == ERR_DENIED &&
	    query->to == ANSWER_TO_REFERRERS) {
		/* The API wants more than the image did. */
		fall_back(q);
		more = 1;
	} else {
		why = *e;
	}
	if (more == 1) {
		query->url = q->is_fallback ? q->fallback : q->pages.url;
		dispatch_query(g->d, query);
		return;
	}
	if (more == -1 && asks_next(q, &why))
		return;
	if (more == -1 && !has_rule(g) &&
	    (reply != NULL || is_forgiven(&why)))
		g->found.flaw = why;
	else if (more == -1)
		fail(g, &why);
	question_free(q);
	one_ended(g);
}

static void
ask(struct gather *g, const struct digest *id, bool signatures)
{
	struct question *q = xcalloc(1, sizeof(*q));
	struct err e;

	q->g = g;
	q->subject = *id;
	q->signatures = signatures;
	if (point_at(q, g->source, &e) == -1) {
		fail(g, &e);
		free(q);
		return;
	}
	q->query.repository = g->of.entry->ref.repository;
	q->query.priority = g->of.entry->priority;
	q->query.accept = MEDIA_OCI_INDEX;
	q->query.end = answered;
	g->pending++;
	dispatch_query(g->d, &q->query);
}

static void
ask_about(struct gather *g, const struct digest *id, bool signatures)
{
	static const char *const suffixes[] = { ".sig", ".att", ".sbom" };
	bool all = has_rule(g) &&
	    g->of.entry->referrers->want == REFERRERS_YES;
	char tag[TAG_MAX + 1];
	size_t i, count = 0;

	if (signatures || has_rule(g))
		ask(g, id, signatures);
	/* What these tags hold has no artifact type to choose by. */
	if (g->of.depth == 0 && all)
		count = sizeof(suffixes) / sizeof(suffixes[0]);
	else if (signatures)
		count = 1;
	for (i = 0; i < count; i++)
		start_companion(g, NULL, referrer_tag(id, suffixes[i], tag),
		    !all);
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
companions_start(struct dispatch *d, const struct companions_of *of,
    companions_end *end, void *cookie)
{
	struct gather *g = xcalloc(1, sizeof(*g));
	size_t i;

	g->d = d;
	g->of = *of;
	g->end = end;
	g->cookie = cookie;
	g->all = of->all != NULL ? of->all : &g->own_all;
	g->found.published = true;
	g->source = dispatch_source(d, of->entry->ref.registry, &g->err);
	/* The end is told from dispatch_step in any case. */
	g->pending = 1;
	g->task.run = nothing;
	g->task.done = ended_at_once;
	pool_start(dispatch_pool(d), NULL, &g->task);
	for (i = 0; i < of->count && g->source != NULL; i++) {
		/* A companion has been counted; an index is more. */
		if (of->depth > 0 && i > 0 && count_one(g) == -1)
			break;
		if (of->depth < REFERRERS_DEPTH_MAX)
			ask_about(g, &of->subjects[i].digest,
			    of->signatures && i == 0);
	}
}
