#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "transfer/plan.h"
#include "transfer/walk.h"

static const char *
action_of(const struct job_report *r)
{
	if (r->result == JOB_UNCHANGED)
		return "unchanged";
	return r->result == JOB_PLANNED ? "update" : "failed";
}

static void
count(struct plan *p, const struct walk *w, size_t *objects, uint64_t *bytes)
{
	size_t i;

	for (i = 0; i < w->missing_count; i++) {
		(*objects)++;
		*bytes += w->missing[i].object.size;
		if (digest_set_add(&p->objects, &w->missing[i].object.id,
		    NULL))
			p->bytes += w->missing[i].object.size;
	}
}

static void
put_json(const struct plan *p, const char *image, const struct job_report *r,
    size_t objects, uint64_t bytes)
{
	char text[DIGEST_TEXT_MAX];
	json_t *row = json_pack("{ss ss sI sI}", "image", image, "action",
	    action_of(r), "objects", (json_int_t)objects, "bytes",
	    (json_int_t)bytes);

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
	size_t objects = 0;
	uint64_t bytes = 0;

	if (r->result == JOB_PLANNED)
		count(p, r->walk, &objects, &bytes);
	p->changed += r->result == JOB_PLANNED;
	if (p->json) {
		put_json(p, image, r, objects, bytes);
	} else {
		if (p->images == 0)
			printf("%-9s  %8s  %9s  %s\n", "ACTION", "OBJECTS",
			    "BYTES", "IMAGE");
		printf("%-9s  %8zu  %9s  %s\n", action_of(r), objects,
		    report_bytes(bytes, size), image);
	}
	p->images++;
}

bool
plan_end(struct plan *p, uint64_t free_bytes)
{
	char need[REPORT_BYTES_MAX], room[REPORT_BYTES_MAX];
	bool fits = p->bytes <= free_bytes;
	size_t objects = p->objects.count;

	if (p->json)
		printf("%s\n],\"update\":%zu,\"objects\":%zu,\"bytes\":%llu,"
		    "\"free_bytes\":%llu,\"fits\":%s}\n",
		    p->images == 0 ? "{\"images\":[" : "", p->changed,
		    objects, (unsigned long long)p->bytes,
		    (unsigned long long)free_bytes, fits ? "true" : "false");
	else
		printf("%zu of %zu images to update: %zu objects, %s to fetch "
		    "and to store; %s free%s\n", p->changed, p->images,
		    objects, report_bytes(p->bytes, need),
		    report_bytes(free_bytes, room),
		    fits ? "" : ": NOT ENOUGH");
	digest_set_done(&p->objects);
	return fits;
}
