/* What has become of images: the results of sync and import. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/mem.h"
#include "report/colour.h"
#include "report/outside.h"
#include "report/report_internal.h"

/* So many need not be told twice, if they are the last lines. */
#define IN_VIEW		5u

/* The first ones, for the end. */
static struct {
	char *lines[REPORT_FAILED_MAX];
	size_t count;			/* all of them */
	unsigned long from;		/* lines before the first of them */
} failed;

static void
set_string(json_t *fields, const char *key, const char *value)
{
	char *shown;

	if (value == NULL)
		return;
	shown = xstrdup(value);
	outside_show(shown);
	json_object_set_new(fields, key, json_string(shown));
	free(shown);
}

/* A number below 0 is one that is not known. */
static void
set_number(json_t *fields, const char *key, long long value)
{
	if (value >= 0)
		json_object_set_new(fields, key, json_integer(value));
}

static void
image_json(enum report_level level, const struct report_image *i)
{
	json_t *fields = json_object();

	set_string(fields, "image", i->image);
	set_string(fields, "registry", i->registry);
	set_string(fields, "result", i->result);
	set_string(fields, "reason", i->reason);
	set_string(fields, "digest", i->digest);
	set_string(fields, "error", i->error);
	set_number(fields, "objects", i->objects);
	set_number(fields, "bytes", i->bytes);
	set_number(fields, "duration_ms", i->duration_ms);
	report_put_json(report_results(), level, "image", fields);
}

static const char *
colour_of(const char *result)
{
	if (strcmp(result, "updated") == 0)
		return colour(report_results(), COLOUR_GOOD);
	if (strcmp(result, "failed") == 0)
		return colour(report_results(), COLOUR_BAD);
	return strcmp(result, "unchanged") == 0 ? "" :
	    colour(report_results(), COLOUR_ODD);
}

/* The first word has a colour, and its blanks have not. */
static void
put_result(enum report_level level, const char *result, const char *rest)
{
	char message[REPORT_LINE_MAX];
	const char *on = colour_of(result);

	snprintf(message, sizeof(message), "%s%s%s%*s %s", on, result,
	    on[0] == '\0' ? "" : colour_end(report_results()),
	    (int)(strlen(result) < 9 ? 9 - strlen(result) : 0), "", rest);
	report_put_text(report_results(), level, message);
}

static void
keep_failure(const char *text)
{
	if (failed.count < REPORT_FAILED_MAX)
		failed.lines[failed.count] = xstrdup(text);
	failed.count++;
}

/* Digests are cut as docker cuts them: enough to recognise one. */
static void
image_text(enum report_level level, const struct report_image *i)
{
	char rest[REPORT_LINE_MAX], size[REPORT_BYTES_MAX];

	if (i->error != NULL)
		snprintf(rest, sizeof(rest), "%s: %s", i->image, i->error);
	else if (i->objects > 0)
		snprintf(rest, sizeof(rest), "%s  %.19s  %lld objects, %s, "
		    "%.1f s", i->image, i->digest == NULL ? "" : i->digest,
		    i->objects, report_bytes((uint64_t)i->bytes, size),
		    (double)i->duration_ms / 1000);
	else
		snprintf(rest, sizeof(rest), "%s  %.19s", i->image,
		    i->digest == NULL ? "" : i->digest);
	outside_show(rest);
	if (i->error == NULL) {
		put_result(level, i->result, rest);
		return;
	}
	if (failed.count == 0)
		failed.from = report_lines();
	report_put_text(stderr, level, rest);
	keep_failure(rest);
}

/* One call for both forms, so that they tell the same. */
void
report_image(enum report_level level, const struct report_image *i)
{
	if (!report_is_wanted(level))
		return;
	if (report_is_json())
		image_json(level, i);
	else
		image_text(level, i);
}

static void
summary_json(const struct report_totals *t)
{
	json_t *fields = json_object();

	set_number(fields, "images", (long long)t->images);
	set_number(fields, "unchanged", (long long)t->unchanged);
	set_number(fields, "updated", (long long)t->updated);
	set_number(fields, "held", (long long)t->held);
	set_number(fields, "failed", (long long)t->failed);
	set_number(fields, "not_reached", (long long)t->cancelled);
	set_number(fields, "objects", (long long)t->objects);
	set_number(fields, "bytes", (long long)t->bytes);
	set_number(fields, "requests", (long long)t->requests);
	set_number(fields, "pulls", (long long)t->pulls);
	set_number(fields, "duration_ms", (long long)t->duration_ms);
	report_put_json(report_results(), REPORT_INFO, "summary", fields);
}

void
report_anew(void)
{
	size_t i;

	for (i = 0; i < failed.count && i < REPORT_FAILED_MAX; i++)
		free(failed.lines[i]);
	failed.count = 0;
}

/* Nothing else has come since, on the same terminal. */
static bool
are_in_view(void)
{
	return failed.count <= IN_VIEW &&
	    report_lines() == failed.from + failed.count &&
	    isatty(STDERR_FILENO) == 1 &&
	    isatty(fileno(report_results())) == 1;
}

void
report_failures(void)
{
	char more[80];
	size_t i;

	if (!report_is_wanted(REPORT_INFO))
		return;
	if (are_in_view()) {
		report_anew();
		return;
	}
	for (i = 0; i < failed.count && i < REPORT_FAILED_MAX; i++)
		put_result(REPORT_INFO, "failed", failed.lines[i]);
	if (failed.count > REPORT_FAILED_MAX) {
		snprintf(more, sizeof(more), "%zu more: all are in "
		    "status/status.json", failed.count - REPORT_FAILED_MAX);
		put_result(REPORT_INFO, "failed", more);
	}
	report_anew();
}

/* The last line has all numbers of a run, and is what scripts of
 * people grep for. */
void
report_summary(const struct report_totals *t)
{
	char message[512], size[REPORT_BYTES_MAX], more[64] = "";
	char held[32] = "";
	FILE *to = report_results();
	const char *on = t->failed > 0 ? colour(to, COLOUR_BAD) : "";

	if (!report_is_wanted(REPORT_INFO))
		return;
	if (report_is_json()) {
		summary_json(t);
		return;
	}
	report_failures();
	if (t->held > 0)
		snprintf(held, sizeof(held), ", %zu held", t->held);
	if (t->cancelled > 0)
		snprintf(more, sizeof(more), ", %zu not reached",
		    t->cancelled);
	snprintf(message, sizeof(message), "%zu image%s: %zu unchanged, %zu "
	    "updated%s, %s%zu failed%s%s; %llu new object%s, %s received, %llu "
	    "request%s, %llu pull%s, %.1f s",
	    t->images, t->images == 1 ? "" : "s", t->unchanged, t->updated,
	    held, on, t->failed, on[0] == '\0' ? "" : colour_end(to), more,
	    (unsigned long long)t->objects, t->objects == 1 ? "" : "s",
	    report_bytes(t->bytes, size), (unsigned long long)t->requests,
	    t->requests == 1 ? "" : "s", (unsigned long long)t->pulls,
	    t->pulls == 1 ? "" : "s", (double)t->duration_ms / 1000);
	report_put_text(to, REPORT_INFO, message);
}
