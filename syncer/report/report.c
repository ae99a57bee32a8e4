/* Every line that a person or a log collector gets.  Strangers' words are in
 * many of them: all pass outside_show, and JSON is in ASCII. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report/colour.h"
#include "report/outside.h"
#include "report/progress.h"
#include "report/report_internal.h"

static enum report_format format = REPORT_TEXT;
static bool is_aside;		/* are results, too */
static unsigned long lines;	/* of text, on both streams */
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
	progress_init(format == REPORT_TEXT && level >= REPORT_INFO);
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
void
report_put_json(FILE *to, enum report_level level, const char *message,
    json_t *fields)
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
	fprintf(to, "%s\n", text == NULL ?
	    "{\"level\":\"error\",\"message\":\"not printable\"}" : text);
	fflush(to);
	free(text);
	json_decref(line);
	json_decref(fields);
}

/* The bottom line is cleared first, where this gets to a terminal; the next
 * redraw brings it back.  Both streams may be one terminal, or one file, and
 * others may write there, too: it is one call. */
void
report_put_text(FILE *to, enum report_level level, const char *message)
{
	bool is_bad = level == REPORT_ERROR;
	const char *room = "";

	lines++;
	if (isatty(fileno(to)) == 1)
		room = progress_room();
	if (is_bad || level == REPORT_WARNING)
		fprintf(to, "%s%s%s:%s %s\n", room, colour(to, is_bad ?
		    COLOUR_BAD : COLOUR_ODD), level_names[level],
		    colour_end(to), message);
	else
		fprintf(to, "%s%s\n", room, message);
	fflush(to);
}

static void put(FILE *, enum report_level, const char *, va_list)
    __attribute__((format(printf, 3, 0)));

static void
put(FILE *to, enum report_level level, const char *fmt, va_list ap)
{
	char message[REPORT_LINE_MAX];

	if (!report_is_wanted(level))
		return;
	vsnprintf(message, sizeof(message), fmt, ap);
	outside_show(message);
	if (format == REPORT_JSON)
		report_put_json(to, level, message, NULL);
	else
		report_put_text(to, level, message);
}

void
report(enum report_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stderr, level, fmt, ap);
	va_end(ap);
}

void
report_result(enum report_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(report_results(), level, fmt, ap);
	va_end(ap);
}

void
report_results_aside(void)
{
	is_aside = true;
}

FILE *
report_results(void)
{
	return is_aside ? stderr : stdout;
}

bool
report_is_wanted(enum report_level level)
{
	return level <= max_level;
}

unsigned long
report_lines(void)
{
	return lines;
}

bool
report_is_json(void)
{
	return format == REPORT_JSON;
}

unsigned
report_columns(void)
{
	return progress_columns(STDOUT_FILENO);
}

bool
report_progress_due(void)
{
	return progress_due();
}

void
report_progress(const struct report_totals *t)
{
	progress_run(t);
}

void
report_work(const struct report_work *w)
{
	progress_draw(w);
}

void
report_more(struct report_work *w, uint64_t bytes)
{
	w->bytes += bytes;
	w->left_bytes -= bytes < w->left_bytes ? bytes : w->left_bytes;
	w->permille = report_permille(w->bytes, w->bytes + w->left_bytes);
	if (report_progress_due())
		report_work(w);
}

unsigned
report_permille(uint64_t done, uint64_t all)
{
	if (all == 0)
		return REPORT_VAGUE;
	return done >= all ? 1000 : (unsigned)((double)done * 1000 /
	    (double)all);
}

void
report_clear(void)
{
	progress_clear();
}

void
report_watched(void)
{
	progress_watched();
}
