#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/report.h"
#include "mirror/companions.h"
#include "mirror/plan.h"
#include "mirror/walk.h"

struct sum {
	size_t objects;
	uint64_t fetch_bytes, store_bytes;
};

static const char *
action_of(const struct job_report *r)
{
	if (r->result == JOB_UNCHANGED)
		return "unchanged";
	return r->result == JOB_PLANNED ? "update" : "failed";
}

static void
count(struct plan *p, struct sum *sum, const struct walk_missing *missing,
    size_t missing_count)
{
	const struct object *o;
	uint64_t fetch;
	size_t i;

	for (i = 0; i < missing_count; i++) {
		o = &missing[i].object;
		fetch = o->size - o->begun;
		sum->objects++;
		sum->store_bytes += o->size;
		sum->fetch_bytes += fetch;
		if (!digest_set_add(&p->objects, &o->id, NULL))
			continue;
		p->store_bytes += o->size;
		p->fetch_bytes += fetch;
	}
}

static void
put_json(const struct plan *p, const char *image, const struct job_report *r,
    const struct sum *sum)
{
	char text[DIGEST_TEXT_MAX];
	json_t *row = json_pack("{ss ss sI sI sI}", "image", image, "action",
	    action_of(r), "objects", (json_int_t)sum->objects, "bytes",
	    (json_int_t)sum->fetch_bytes, "store_bytes",
	    (json_int_t)sum->store_bytes);

	if (r->has_digest)
		json_object_set_new(row, "digest",
		    json_string(digest_text(&r->digest, text)));
	if (r->result == JOB_FAILED)
		json_object_set_new(row, "error", json_string(r->err->msg));
	fputs(p->images == 0 ? "{\"images\":[\n" : ",\n", stdout);
	json_dumpf(row, stdout, JSON_COMPACT);
	json_decref(row);
}

void
plan_add(struct plan *p, const char *image, const struct job_report *r)
{
	char size[REPORT_BYTES_MAX];
	struct sum sum = { 0, 0, 0 };

	if (r->result == JOB_PLANNED) {
		count(p, &sum, r->walk->missing, r->walk->missing_count);
		if (r->companions != NULL)
			count(p, &sum, r->companions->missing,
			    r->companions->missing_count);
	}
	p->changed += r->result == JOB_PLANNED;
	if (p->json) {
		put_json(p, image, r, &sum);
	} else {
		if (p->images == 0)
			printf("%-9s  %8s  %9s  %s\n", "ACTION", "OBJECTS",
			    "BYTES", "IMAGE");
		printf("%-9s  %8zu  %9s  %s\n", action_of(r), sum.objects,
		    report_bytes(sum.fetch_bytes, size), image);
	}
	p->images++;
}

/* --- the sum ----------------------------------------------------------- */

/* How many runs it takes when each may receive so much. */
static uint64_t
runs(const struct plan *p, const struct plan_limits *l)
{
	if (l->max_bytes == 0 || p->fetch_bytes <= l->max_bytes)
		return 1;
	return (p->fetch_bytes + l->max_bytes - 1) / l->max_bytes;
}

static unsigned
refused(const struct plan_limits *l)
{
	const struct quota_entry *n;
	unsigned total = 0;

	for (n = l->quotas->entries; n != NULL; n = n->next)
		total += n->quota.refused;
	return total;
}

static json_t *
quotas_json(const struct quota_book *book)
{
	const struct quota_entry *n;
	json_t *all = json_array(), *row;
	int64_t next;

	for (n = book->entries; n != NULL; n = n->next) {
		if (n->quota.left < 0)
			continue;
		row = json_pack("{ss sI}", "registry", n->registry, "left",
		    (json_int_t)n->quota.left);
		if (n->quota.limit > 0)
			json_object_set_new(row, "limit",
			    json_integer((json_int_t)n->quota.limit));
		next = quota_next(&n->quota, (int64_t)time(NULL));
		if (next > 0)
			json_object_set_new(row, "until",
			    json_integer((json_int_t)next));
		json_array_append_new(all, row);
	}
	return all;
}

static void
end_json(const struct plan *p, const struct plan_limits *l)
{
	json_t *sum = json_pack("{sI sI sI sI sI sb sI sI so}",
	    "update", (json_int_t)p->changed,
	    "objects", (json_int_t)p->objects.count,
	    "bytes", (json_int_t)p->fetch_bytes,
	    "store_bytes", (json_int_t)p->store_bytes,
	    "free_bytes", (json_int_t)l->free_bytes,
	    "fits", (int)p->fits,
	    "pulls", (json_int_t)l->pulls,
	    "pulls_refused", (json_int_t)refused(l),
	    "quotas", quotas_json(l->quotas));
	char *text;

	if (l->max_bytes > 0)
		json_object_set_new(sum, "runs",
		    json_integer((json_int_t)runs(p, l)));
	/* The images have been written already, one by one. */
	text = json_dumps(sum, JSON_COMPACT);
	printf("%s\n],%s\n", p->images == 0 ? "{\"images\":[" : "", text + 1);
	free(text);
	json_decref(sum);
}

static void
print_pulls(const struct plan_limits *l)
{
	const struct quota_entry *n;
	char when[QUOTA_WHEN_MAX];
	const struct quota *q;

	if (l->pulls > 0)
		printf("this plan made %llu pulls; the run need not repeat "
		    "them\n", (unsigned long long)l->pulls);
	for (n = l->quotas->entries; n != NULL; n = n->next) {
		q = &n->quota;
		if (q->left < 0)
			continue;
		printf("%s: %lld", n->registry, (long long)q->left);
		if (q->limit > 0)
			printf(" of %lld", (long long)q->limit);
		quota_when(q, (int64_t)time(NULL), when);
		printf(" pulls left%s%s\n", when[0] == '\0' ? "" : " until ",
		    when);
	}
}

static void
end_text(const struct plan *p, const struct plan_limits *l)
{
	char fetch[REPORT_BYTES_MAX], store[REPORT_BYTES_MAX];
	char room[REPORT_BYTES_MAX], most[REPORT_BYTES_MAX];

	printf("%zu of %zu images to update: %zu objects, %s to fetch, %s to "
	    "store; %s free%s\n", p->changed, p->images, p->objects.count,
	    report_bytes(p->fetch_bytes, fetch),
	    report_bytes(p->store_bytes, store),
	    report_bytes(l->free_bytes, room),
	    p->fits ? "" : ": NOT ENOUGH");
	if (l->max_bytes > 0)
		printf("with --max-bytes %s that takes %llu run%s\n",
		    report_bytes(l->max_bytes, most),
		    (unsigned long long)runs(p, l),
		    runs(p, l) == 1 ? "" : "s at least");
	print_pulls(l);
}

void
plan_end(struct plan *p, const struct plan_limits *l)
{
	/* What has been begun has its room already. */
	p->fits = p->fetch_bytes <= l->free_bytes;
	if (p->json)
		end_json(p, l);
	else
		end_text(p, l);
	digest_set_done(&p->objects);
}
