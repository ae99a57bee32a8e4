/* Days, and the file that has them. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/traffic.h"
#include "report/traffic_internal.h"

#define COUNT_MAX	((uint64_t)1 << 53)

/* --- days -------------------------------------------------------------- */

static struct traffic_day *
find_day(struct traffic *t, int64_t number)
{
	size_t i = t->count;

	while (i > 0 && t->days[i - 1].number > number)
		i--;
	if (i > 0 && t->days[i - 1].number == number)
		return &t->days[i - 1];
	if (t->count == TRAFFIC_DAYS_MAX) {
		if (i == 0)
			return NULL;
		memmove(t->days, t->days + 1, --i * sizeof(*t->days));
	} else {
		memmove(t->days + i + 1, t->days + i,
		    (t->count++ - i) * sizeof(*t->days));
	}
	t->days[i] = (struct traffic_day){ .number = number };
	return &t->days[i];
}

/* Clocks differ by a little. */
static bool
is_of_now(const struct traffic *t, int64_t number)
{
	return number <= t->today + 1 &&
	    number > t->today - (int64_t)TRAFFIC_DAYS_MAX;
}

/* Of a clock that was wrong, or long ago.  Where most are, it may be now that
 * it is wrong. */
static void
drop_days(struct traffic *t)
{
	size_t i, kept = 0, odd = 0;

	for (i = 0; i < t->count; i++)
		odd += !is_of_now(t, t->days[i].number);
	if (odd > (t->count + 1) / 2)
		return;
	for (i = 0; i < t->count; i++)
		if (is_of_now(t, t->days[i].number))
			t->days[kept++] = t->days[i];
	t->count = kept;
}

bool
traffic_is_of_now(const struct traffic *t, int64_t when)
{
	return is_of_now(t, when / TRAFFIC_DAY_S);
}

void
traffic_add(struct traffic *t, int64_t when, uint64_t bytes, uint64_t requests)
{
	struct traffic_day *day = find_day(t, when / TRAFFIC_DAY_S);

	if (day == NULL)
		return;
	day->bytes = bytes > COUNT_MAX - day->bytes ? COUNT_MAX :
	    day->bytes + bytes;
	day->requests = requests > COUNT_MAX - day->requests ? COUNT_MAX :
	    day->requests + requests;
}

/* --- the file ---------------------------------------------------------- */

static void
load(struct traffic *t, const struct store *store)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, TRAFFIC_FILE, &is_damaged);
	json_t *lost = json_object_get(o, "lost"), *day;
	const char *mark = json_string_value(json_object_get(o, "log")), *text;
	char noon[40];
	size_t i;

	if (mark != NULL && strlen(mark) < sizeof(t->mark)) {
		memcpy(t->mark, mark, strlen(mark) + 1);
		t->at = status_get_count(o, "at");
		t->last = status_get_time(o, "time");
	}
	if (is_of_now(t, status_get_time(lost, "after") / TRAFFIC_DAY_S)) {
		t->lost.after = status_get_time(lost, "after");
		t->lost.before = status_get_time(lost, "before");
	}
	json_array_foreach(json_object_get(o, "days"), i, day) {
		text = json_string_value(json_object_get(day, "day"));
		snprintf(noon, sizeof(noon), "%.20sT12:00:00Z",
		    text == NULL ? "" : text);
		if (status_time(noon) > 0)
			traffic_add(t, status_time(noon),
			    status_get_count(day, "bytes"),
			    status_get_count(day, "requests"));
	}
	drop_days(t);
	json_decref(o);
}

#define TIME_MAX	32

/* 2026-11-30T00:11:34Z, of which the first ten are the day. */
static bool
write_time(char text[TIME_MAX], int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	return when != 0 && gmtime_r(&t, &tm) != NULL &&
	    strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}

/* ,"time":"2026-11-30T00:11:34Z"; nothing where it is not known. */
static void
print_time(FILE *out, const char *before, int64_t when)
{
	char text[TIME_MAX];

	if (write_time(text, when))
		fprintf(out, "%s\"%s\"", before, text);
}

static void
print(FILE *out, void *cookie)
{
	const struct traffic *t = cookie;
	char text[TIME_MAX];
	size_t i;

	fprintf(out, "{\"version\":1,\"log\":\"%s\",\"at\":%llu", t->mark,
	    (unsigned long long)t->at);
	print_time(out, ",\"time\":", t->last);
	if (t->lost.after != 0) {
		print_time(out, ",\"lost\":{\"after\":", t->lost.after);
		print_time(out, ",\"before\":", t->lost.before);
		fputc('}', out);
	}
	fputs(",\"days\":[\n", out);
	for (i = 0; i < t->count; i++) {
		if (!write_time(text, t->days[i].number * TRAFFIC_DAY_S))
			continue;
		fprintf(out, "{\"day\":\"%.10s\",\"bytes\":%llu,"
		    "\"requests\":%llu}%s\n", text,
		    (unsigned long long)t->days[i].bytes,
		    (unsigned long long)t->days[i].requests,
		    i + 1 < t->count ? "," : "");
	}
	fputs("]}\n", out);
}

/* The log's mark is no secret, but no JSON has to be escaped for it. */
static bool
is_mark(const char *text)
{
	return strspn(text, "0123456789abcdef") == strlen(text);
}

static void
tell_lost(const struct traffic *t, const char *path, struct err *e)
{
	char after[TIME_MAX] = "", before[TIME_MAX] = "";

	write_time(after, t->lost.after);
	write_time(before, t->lost.before);
	err_set(e, ERR_INPUT, "%s: what nginx sent%s%s%s%s may not all be "
	    "counted: the log of then is gone, or compressed", path,
	    after[0] == '\0' ? "" : " after ", after,
	    before[0] == '\0' ? "" : " before ", before);
}

int
traffic_save(struct store *store, const char *path, int64_t now, struct err *e)
{
	struct traffic t = {
		.today = now / TRAFFIC_DAY_S,
		.left = TRAFFIC_BYTES_MAX,
	};
	int rc;

	load(&t, store);
	if (!is_mark(t.mark))
		t.mark[0] = '\0';
	if (t.mark[0] == '\0')
		t.at = 0;
	rc = traffic_read_log(&t, path, e);
	if (rc == 0 && t.is_new)
		rc = store_write_status(store, TRAFFIC_FILE, print, &t, e);
	if (rc == 0 && t.lost.is_now) {
		tell_lost(&t, path, e);
		rc = 1;
	}
	return rc;
}
