#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/collect_print.h"
#include "image/duration.h"
#include "layout/mem.h"
#include "report/gc_status.h"
#include "report/printable.h"
#include "report/report.h"

/* --- words ------------------------------------------------------------- */

static const char *const kinds[] = {
	[GC_IMAGE] = "image",
	[GC_MANIFEST] = "manifest",
	[GC_BLOB] = "blob",
	[GC_PARTIAL] = "partial",
	[GC_QUARANTINE] = "quarantine",
	[GC_OTHER] = "other",
};

static const char *const reasons[] = {
	[GC_WHY_TERM] = "unlisted",
	[GC_WHY_ROOM] = "room",
	[GC_WHY_SUBJECT] = "subject",
	[GC_WHY_ASKED] = "asked",
	[GC_WHY_UNREACHED] = "unreached",
};

static const char *
why_text(const struct collect_print *p, const struct gc_event *event,
    char *buf, size_t size)
{
	char term[DURATION_TEXT_MAX];

	switch (event->why) {
	case GC_WHY_TERM:
		if (p->unlisted_s <= 0)
			return "it is on no list";
		snprintf(buf, size, "on no list for %s or longer",
		    duration_text((unsigned)p->unlisted_s, term));
		return buf;
	case GC_WHY_ROOM:
		return "there is no room for it";
	case GC_WHY_SUBJECT:
		return "what it belongs to has gone";
	case GC_WHY_ASKED:
		return "as asked";
	case GC_WHY_UNREACHED:
		return "nothing leads to it";
	}
	abort();
}

/* "1 image", "2 images". */
static const char *
plural(char *buf, size_t size, uint64_t n, const char *what)
{
	snprintf(buf, size, "%llu %s%s", (unsigned long long)n, what,
	    n == 1 ? "" : "s");
	return buf;
}

static void
say(const struct collect_print *p, char *line)
{
	printable(line);
	if (p->form == COLLECT_LOG) {
		report_result(REPORT_INFO, "%s", line);
		return;
	}
	report_clear();
	puts(line);
}

/* --- one event --------------------------------------------------------- */

static void
print_text(const struct collect_print *p, const struct gc_event *event)
{
	char text[DIGEST_TEXT_MAX] = "", why[80], size[REPORT_BYTES_MAX];
	const char *verb = p->dry_run ? "would remove" : "removed";
	char *line;

	if (event->kind == GC_IMAGE && event->digest != NULL)
		digest_text(event->digest, text);
	if (event->kind == GC_IMAGE)
		line = xasprintf("%s %s  %.19s  %s", verb, event->name, text,
		    why_text(p, event, why, sizeof(why)));
	else
		line = xasprintf("%s %s %s  %s  %s", verb,
		    kinds[event->kind], event->name,
		    report_bytes(event->bytes, size),
		    why_text(p, event, why, sizeof(why)));
	say(p, line);
	free(line);
}

static void
print_json(struct collect_print *p, const struct gc_event *event)
{
	char text[DIGEST_TEXT_MAX], *name = xstrdup(event->name);
	json_t *o;

	printable(name);
	o = json_pack("{ss ss ss sI}", "kind", kinds[event->kind], "name",
	    name, "why", reasons[event->why], "bytes",
	    (json_int_t)event->bytes);
	if (event->kind == GC_IMAGE && event->digest != NULL)
		json_object_set_new(o, "digest",
		    json_string(digest_text(event->digest, text)));
	fputs(p->printed++ == 0 ? "\n" : ",\n", stdout);
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
	free(name);
}

void
collect_print_begin(struct collect_print *p)
{
	p->told = p->printed = 0;
	if (p->form == COLLECT_JSON)
		printf("{\"dry_run\":%s,\"removed\":[",
		    p->dry_run ? "true" : "false");
}

void
collect_print_event(struct collect_print *p, const struct gc_event *event)
{
	p->told++;
	if (event->kind != GC_IMAGE && !p->verbose)
		return;
	if (p->form == COLLECT_JSON)
		print_json(p, event);
	else if (!p->quiet)
		print_text(p, event);
}

/* --- the sum ----------------------------------------------------------- */

static void
sum_text(const struct collect_print *p, const struct gc_totals *t)
{
	char images[48], manifests[48], blobs[48], others[48];
	char gone[REPORT_BYTES_MAX], before[REPORT_BYTES_MAX];
	char after[REPORT_BYTES_MAX];
	char *line;

	line = xasprintf("%s %llu of %s, %s, %s and %s: %s; %s%s free%s%s",
	    p->dry_run ? "would remove" : "removed",
	    (unsigned long long)t->images_gone,
	    plural(images, sizeof(images), t->images, "image"),
	    plural(manifests, sizeof(manifests), t->manifests_gone,
	    "manifest"),
	    plural(blobs, sizeof(blobs), t->blobs_gone, "blob"),
	    plural(others, sizeof(others), t->others_gone, "other file"),
	    report_bytes(t->bytes_gone, gone), "the file system has ",
	    report_bytes(t->free_after, after),
	    p->dry_run ? "" : ", and had ",
	    p->dry_run ? "" : report_bytes(t->free_before, before));
	say(p, line);
	free(line);
}

/* What is left to go some day, as far as there is any of it. */
static void
sum_left(const struct collect_print *p, const struct gc_totals *t)
{
	char objects[48], grace[REPORT_BYTES_MAX], all[REPORT_BYTES_MAX];
	char images[80] = "", condemned[160] = "";
	char *line;

	if (t->unlisted == 0 && t->condemned == 0)
		return;
	if (t->unlisted > 0)
		snprintf(images, sizeof(images), "%llu of the images that stay "
		    "%s on no list; ", (unsigned long long)t->unlisted,
		    t->unlisted == 1 ? "is" : "are");
	if (t->condemned > 0)
		snprintf(condemned, sizeof(condemned), "nothing leads to %s "
		    "(%s), until the grace is over %s; ",
		    plural(objects, sizeof(objects), t->condemned, "object"),
		    report_bytes(t->condemned_bytes, grace),
		    t->condemned == 1 ? "it stays" : "they stay");
	line = xasprintf("%s%s%s could be freed in all", images, condemned,
	    report_bytes(t->reclaimable_bytes, all));
	say(p, line);
	free(line);
}

/* Who keeps an image has to know why nothing is freed. */
static void
sum_lacking(const struct collect_print *p, const struct gc_totals *t)
{
	char manifests[48], *line;

	if (t->lacking == 0)
		return;
	line = xasprintf("%s that %s kept %s not here, and what nothing else "
	    "leads to may be theirs: it stays for 14 days, instead of the "
	    "grace; \"cdr verify\" names them, --repair brings them back",
	    plural(manifests, sizeof(manifests), t->lacking, "manifest"),
	    t->lacking == 1 ? "is" : "are", t->lacking == 1 ? "is" : "are");
	say(p, line);
	free(line);
}

static json_t *
totals_json(const struct gc_totals *t)
{
	const struct {
		const char *key;
		uint64_t n;
	} numbers[] = {
		{ "images", t->images },
		{ "images_removed", t->images_gone },
		{ "manifests_removed", t->manifests_gone },
		{ "blobs_removed", t->blobs_gone },
		{ "others_removed", t->others_gone },
		{ "bytes_removed", t->bytes_gone },
		{ "unlisted", t->unlisted },
		{ "condemned", t->condemned },
		{ "condemned_bytes", t->condemned_bytes },
		{ "reclaimable_bytes", t->reclaimable_bytes },
		{ "lacking", t->lacking },
		{ "bytes", t->bytes },
		{ "free_before", t->free_before },
		{ "free_after", t->free_after },
	};
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(o, numbers[i].key,
		    json_integer((json_int_t)numbers[i].n));
	return o;
}

static void
end_json(const struct collect_print *p, enum gc_end end,
    const struct gc_totals *t, const char *error)
{
	json_t *o = json_object();
	char *text;

	json_object_set_new(o, "result", json_string(gc_status_results[end]));
	if (error != NULL)
		json_object_set_new(o, "error", json_string(error));
	json_object_set_new(o, "totals", totals_json(t));
	text = json_dumps(o, JSON_COMPACT);
	/* Members of the object that has been begun. */
	printf("%s],%s\n", p->printed == 0 ? "" : "\n",
	    text == NULL ? "\"result\":null}" : text + 1);
	free(text);
	json_decref(o);
}

/* Where nothing was looked at there is no sum. */
void
collect_print_end(struct collect_print *p, enum gc_end end,
    const struct gc_totals *t, const char *error)
{
	if (p->form == COLLECT_JSON) {
		end_json(p, end, t, error);
		return;
	}
	if (p->quiet || (end != GC_DONE && end != GC_NO_ROOM &&
	    p->told == 0))
		return;
	sum_text(p, t);
	sum_left(p, t);
	sum_lacking(p, t);
}
