/* Every line that a person or a log collector gets.  Strangers' words are in
 * many of them: all pass outside_show, and JSON is in ASCII. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "layout/mem.h"
#include "report/outside.h"
#include "report/progress.h"
#include "report/report.h"

#define LINE_MAX_BYTES	2048

static enum report_format format = REPORT_TEXT;
static enum report_level max_level = REPORT_INFO;

static const char *const level_names[] = {
	[REPORT_ERROR] = "error",
	[REPORT_WARNING] = "warning",
	[REPORT_INFO] = "info",
	[REPORT_DEBUG] = "debug",
};

/* The bottom line is for a person who looks on: neither for a file nor for a
 * collector of JSON. */
void
report_init(enum report_format wanted_format, enum report_level level)
{
	format = wanted_format;
	max_level = level;
	progress_init(format == REPORT_TEXT && level >= REPORT_INFO &&
	    isatty(STDERR_FILENO) == 1);
}

/* Three digits that mean something, whatever the size. */
char *
report_bytes(uint64_t n, char buf[REPORT_BYTES_MAX])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = (double)n / 1024;
	size_t i;

	if (n < 1024) {
		snprintf(buf, REPORT_BYTES_MAX, "%llu B",
		    (unsigned long long)n);
		return buf;
	}
	for (i = 0; i < 3 && value >= 1000; i++)
		value /= 1024;
	snprintf(buf, REPORT_BYTES_MAX, value < 10 ? "%.2f %s" :
	    value < 100 ? "%.1f %s" : "%.0f %s", value, units[i]);
	return buf;
}

/* Takes ${fields}, which may be NULL.  Times are in UTC: logs of several
 * machines are read together. */
static void
put_json(enum report_level level, const char *message, json_t *fields)
{
	json_t *line = json_object();
	char now[32];
	time_t t = time(NULL);
	struct tm tm;
	char *text;

	gmtime_r(&t, &tm);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(line, "time", json_string(now));
	json_object_set_new(line, "level", json_string(level_names[level]));
	json_object_set_new(line, "message", json_string_nocheck(message));
	if (fields != NULL)
		json_object_update(line, fields);
	text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
	fprintf(stderr, "%s\n", text == NULL ?
	    "{\"level\":\"error\",\"message\":\"not printable\"}" : text);
	free(text);
	json_decref(line);
	json_decref(fields);
}

/* The bottom line is cleared first; the next redraw brings it back. */
static void
put_text(enum report_level level, const char *message)
{
	progress_clear();
	if (level == REPORT_ERROR || level == REPORT_WARNING)
		fprintf(stderr, "%s: ", level_names[level]);
	fprintf(stderr, "%s\n", message);
}

void
report(enum report_level level, const char *fmt, ...)
{
	char message[LINE_MAX_BYTES];
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	outside_show(message);
	if (format == REPORT_JSON)
		put_json(level, message, NULL);
	else
		put_text(level, message);
}

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

/* Digests are cut as docker cuts them: enough to recognise one. */
static void
image_text(enum report_level level, const struct report_image *i)
{
	char message[LINE_MAX_BYTES], size[REPORT_BYTES_MAX];

	if (i->error != NULL)
		snprintf(message, sizeof(message), "%s: %s", i->image,
		    i->error);
	else if (i->objects > 0)
		snprintf(message, sizeof(message), "%-9s %s  %.19s  %lld "
		    "objects, %s, %.1f s", i->result, i->image,
		    i->digest == NULL ? "" : i->digest, i->objects,
		    report_bytes((uint64_t)i->bytes, size),
		    (double)i->duration_ms / 1000);
	else
		snprintf(message, sizeof(message), "%-9s %s  %.19s", i->result,
		    i->image, i->digest == NULL ? "" : i->digest);
	outside_show(message);
	put_text(level, message);
}

/* One call for both forms, so that they tell the same. */
void
report_image(enum report_level level, const struct report_image *i)
{
	json_t *fields;

	if (level > max_level)
		return;
	if (format == REPORT_TEXT) {
		image_text(level, i);
		return;
	}
	fields = json_object();
	set_string(fields, "image", i->image);
	set_string(fields, "registry", i->registry);
	set_string(fields, "result", i->result);
	set_string(fields, "reason", i->reason);
	set_string(fields, "digest", i->digest);
	set_string(fields, "error", i->error);
	set_number(fields, "objects", i->objects);
	set_number(fields, "bytes", i->bytes);
	set_number(fields, "duration_ms", i->duration_ms);
	put_json(level, "image", fields);
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
	put_json(REPORT_INFO, "summary", fields);
}

/* The last line has all numbers of a run, and is what scripts of
 * people grep for. */
void
report_summary(const struct report_totals *t)
{
	char message[512], size[REPORT_BYTES_MAX], more[64] = "";
	char held[32] = "";

	if (REPORT_INFO > max_level)
		return;
	if (format == REPORT_JSON) {
		summary_json(t);
		return;
	}
	if (t->held > 0)
		snprintf(held, sizeof(held), ", %zu held", t->held);
	if (t->cancelled > 0)
		snprintf(more, sizeof(more), ", %zu not reached",
		    t->cancelled);
	snprintf(message, sizeof(message), "%zu image%s: %zu unchanged, %zu "
	    "updated%s, %zu failed%s; %llu new object%s, %s received, %llu "
	    "request%s, %llu pull%s, %.1f s",
	    t->images, t->images == 1 ? "" : "s", t->unchanged, t->updated,
	    held, t->failed, more, (unsigned long long)t->objects,
	    t->objects == 1 ? "" : "s", report_bytes(t->bytes, size),
	    (unsigned long long)t->requests, t->requests == 1 ? "" : "s",
	    (unsigned long long)t->pulls, t->pulls == 1 ? "" : "s",
	    (double)t->duration_ms / 1000);
	put_text(REPORT_INFO, message);
}

bool
report_progress_due(void)
{
	return progress_due();
}

void
report_progress(const struct report_totals *t)
{
	progress_draw(t);
}
