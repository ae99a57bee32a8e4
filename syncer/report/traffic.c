/*
 * Lines are not parsed as JSON: there may be a million.  nginx writes them in
 * one form, and in a client's words each quotation mark has a backslash before
 * it, so that ,"kind":" stands between two members and nowhere else.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/name_set.h"
#include "report/status_doc.h"
#include "report/status_record.h"
#include "report/traffic.h"

#define DAY_S		86400
#define COUNT_MAX	((uint64_t)1 << 53)
#define MARK_MAX	17u

struct day {
	int64_t number;			/* of days since 1970, UTC */
	uint64_t bytes, requests;
};

struct traffic {
	int64_t today;
	struct day days[TRAFFIC_DAYS_MAX];	/* in order; those that there
						 * were */
	size_t count;
	char mark[MARK_MAX];		/* of the log; "": none so far */
	uint64_t at;			/* how far it has been read */
	uint64_t left;			/* to be read now, at most */
	bool is_new;			/* it has to be written */
};

/* --- days -------------------------------------------------------------- */

static struct day *
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
	t->days[i] = (struct day){ .number = number };
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

static void
add(struct traffic *t, int64_t number, uint64_t bytes, uint64_t requests)
{
	struct day *day = find_day(t, number);

	if (day == NULL)
		return;
	day->bytes = bytes > COUNT_MAX - day->bytes ? COUNT_MAX :
	    day->bytes + bytes;
	day->requests = requests > COUNT_MAX - day->requests ? COUNT_MAX :
	    day->requests + requests;
}

/* --- lines ------------------------------------------------------------- */

/* 2026-11-30T00:11:34+01:00 */
static bool
read_time(const char *text, int64_t *ret_day)
{
	struct tm tm = { 0 };
	int hours, minutes, end = 0;
	char sign;
	time_t at;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d%n", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &sign, &hours, &minutes, &end) != 9 || text[end] != '"' ||
	    (sign != '+' && sign != '-'))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	at = timegm(&tm) - (sign == '+' ? 1 : -1) * (hours * 3600 +
	    minutes * 60);
	*ret_day = at / DAY_S;
	return at > 0;
}

/* Only what a node gets: an image's bytes, asked for with GET. */
static void
count_line(struct traffic *t, const char *line)
{
	static const char begin[] = "{\"time\":\"", bytes[] = ",\"bytes\":";
	const char *at = strstr(line, bytes);
	int64_t day;

	if (strncmp(line, begin, strlen(begin)) != 0 || at == NULL ||
	    at[strlen(bytes)] < '0' || at[strlen(bytes)] > '9' ||
	    strstr(line, ",\"method\":\"GET\"") == NULL ||
	    (strstr(line, ",\"kind\":\"blob\"") == NULL &&
	    strstr(line, ",\"kind\":\"manifest\"") == NULL) ||
	    (strstr(line, ",\"status\":200,") == NULL &&
	    strstr(line, ",\"status\":206,") == NULL) ||
	    !read_time(line + strlen(begin), &day))
		return;
	if (is_of_now(t, day))
		add(t, day, strtoull(at + strlen(bytes), NULL, 10), 1);
}

/* --- the log ----------------------------------------------------------- */

struct log {
	FILE *in;
	uint64_t size;
	char mark[MARK_MAX];	/* of its first line; "": there is none yet */
};

/* The next line, or LOG_LINE_MAX bytes of a longer one: then ${ret_whole} is
 * false.  Return how many bytes that was; 0: it is still being written. */
static size_t
read_line(FILE *in, char line[LOG_LINE_MAX + 1], bool *ret_whole)
{
	size_t len = 0;
	int c = 0;

	while (len < LOG_LINE_MAX && c != '\n') {
		c = getc_unlocked(in);
		if (c == EOF)
			return 0;
		line[len++] = c == '\0' ? '?' : (char)c;
	}
	*ret_whole = c == '\n';
	line[c == '\n' ? len - 1 : len] = '\0';
	return len;
}

/* Return 1, 0 if it is not there, or -1. */
static int
open_log(const char *path, struct log *ret, struct err *e)
{
	char line[LOG_LINE_MAX + 1];
	bool is_whole;
	struct stat sb;
	/* Of a pipe nobody may be at the other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*ret = (struct log){ .in = NULL };
	if (fd == -1)
		return access(path, F_OK) == -1 ? 0 : err_sys(e, "%s", path);
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode)) {
		close(fd);
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	}
	ret->in = fdopen(fd, "r");
	if (ret->in == NULL) {
		close(fd);
		return err_sys(e, "%s", path);
	}
	ret->size = (uint64_t)sb.st_size;
	if (read_line(ret->in, line, &is_whole) > 0)
		snprintf(ret->mark, sizeof(ret->mark), "%016llx",
		    (unsigned long long)name_set_key(line));
	return 1;
}

static int
read_from(struct traffic *t, const char *path, const struct log *log,
    struct err *e)
{
	char line[LOG_LINE_MAX + 1];
	bool is_whole;
	size_t len;

	if (fseeko(log->in, (off_t)t->at, SEEK_SET) == -1)
		return err_sys(e, "%s", path);
	while (t->at < log->size && t->left > 0 &&
	    (len = read_line(log->in, line, &is_whole)) > 0) {
		if (is_whole)
			count_line(t, line);
		t->at += len;
		t->left = t->left > len ? t->left - len : 0;
		t->is_new = true;
	}
	return ferror(log->in) ? err_sys(e, "%s", path) : 0;
}

/* Return 1 if there is no more in it, 0 if there is, or -1. */
static int
read_before(struct traffic *t, const char *path, struct err *e)
{
	char *name = xasprintf("%s.1", path);
	struct log log;
	int rc = open_log(name, &log, e);

	if (rc == 1) {
		if (strcmp(log.mark, t->mark) == 0)
			rc = read_from(t, name, &log, e) == -1 ? -1 :
			    t->left > 0;
		fclose(log.in);
	} else {
		rc = 1;
	}
	free(name);
	return rc;
}

static int
read_log(struct traffic *t, const char *path, struct err *e)
{
	struct log log;
	int rc = open_log(path, &log, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1)
		return -1;
	/* One that has become shorter is another one. */
	if (t->mark[0] != '\0' && (strcmp(t->mark, log.mark) != 0 ||
	    t->at > log.size)) {
		rc = read_before(t, path, e);
		/* Until there is something in the new one, nginx may not have
		 * been told of it. */
		if (rc == 1 && log.mark[0] != '\0') {
			t->at = 0;
			t->is_new = true;
		}
	}
	if (rc == 1 && log.mark[0] != '\0') {
		memcpy(t->mark, log.mark, sizeof(t->mark));
		rc = read_from(t, path, &log, e);
	}
	fclose(log.in);
	return rc == -1 ? -1 : 0;
}

/* --- the file ---------------------------------------------------------- */

static void
load(struct traffic *t, const struct store *store)
{
	bool is_damaged;
	json_t *o = status_doc_read(store, TRAFFIC_FILE, &is_damaged), *day;
	const char *mark = json_string_value(json_object_get(o, "log")), *text;
	char noon[40];
	size_t i;

	if (mark != NULL && strlen(mark) < sizeof(t->mark)) {
		memcpy(t->mark, mark, strlen(mark) + 1);
		t->at = status_get_count(o, "at");
	}
	json_array_foreach(json_object_get(o, "days"), i, day) {
		text = json_string_value(json_object_get(day, "day"));
		snprintf(noon, sizeof(noon), "%.20sT12:00:00Z",
		    text == NULL ? "" : text);
		if (status_time(noon) > 0)
			add(t, status_time(noon) / DAY_S,
			    status_get_count(day, "bytes"),
			    status_get_count(day, "requests"));
	}
	drop_days(t);
	json_decref(o);
}

static void
print(FILE *out, void *cookie)
{
	const struct traffic *t = cookie;
	char text[32];
	struct tm tm;
	time_t at;
	size_t i;

	fprintf(out, "{\"version\":1,\"log\":\"%s\",\"at\":%llu,\"days\":[\n",
	    t->mark, (unsigned long long)t->at);
	for (i = 0; i < t->count; i++) {
		at = (time_t)(t->days[i].number * DAY_S);
		if (gmtime_r(&at, &tm) == NULL)
			continue;
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
		fprintf(out, "{\"day\":\"%s\",\"bytes\":%llu,"
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

int
traffic_save(struct store *store, const char *path, int64_t now, struct err *e)
{
	struct traffic t = { .today = now / DAY_S, .left = TRAFFIC_BYTES_MAX };
	int rc;

	load(&t, store);
	if (!is_mark(t.mark))
		t.mark[0] = '\0';
	if (t.mark[0] == '\0')
		t.at = 0;
	rc = read_log(&t, path, e);
	if (rc == 0 && t.is_new)
		rc = store_write_status(store, TRAFFIC_FILE, print, &t, e);
	return rc;
}
