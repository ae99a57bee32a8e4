/*
 * Lines are not parsed as JSON: there may be a million.  nginx writes them in
 * one form, and in a client's words each quotation mark has a backslash before
 * it, so that ,"kind":" stands between two members and nowhere else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "report/name_set.h"
#include "report/rotated.h"
#include "report/traffic_internal.h"

/* --- lines ------------------------------------------------------------- */

#define LINE_BEGIN	"{\"time\":\""

/* {"time":"2026-11-30T00:11:34+01:00"; 0: it is another line. */
static int64_t
time_of(const char *line)
{
	static const char begin[] = LINE_BEGIN;
	const char *text = line + strlen(begin);
	struct tm tm = { 0 };
	int hours, minutes, end = 0;
	char sign;
	time_t at;

	if (strncmp(line, begin, strlen(begin)) != 0 ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d%n", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &sign, &hours, &minutes, &end) != 9 || text[end] != '"' ||
	    (sign != '+' && sign != '-'))
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	at = timegm(&tm) - (sign == '+' ? 1 : -1) * (hours * 3600 +
	    minutes * 60);
	return at > 0 ? at : 0;
}

/* Only what a node gets: an image's bytes, asked for with GET. */
static void
count_line(struct traffic *t, const char *line)
{
	static const char begin[] = LINE_BEGIN, bytes[] = ",\"bytes\":";
	const char *at = strstr(line, bytes);
	int64_t when;

	if (strncmp(line, begin, strlen(begin)) != 0 || at == NULL ||
	    at[strlen(bytes)] < '0' || at[strlen(bytes)] > '9' ||
	    strstr(line, ",\"method\":\"GET\"") == NULL ||
	    (strstr(line, ",\"kind\":\"blob\"") == NULL &&
	    strstr(line, ",\"kind\":\"manifest\"") == NULL) ||
	    (strstr(line, ",\"status\":200,") == NULL &&
	    strstr(line, ",\"status\":206,") == NULL))
		return;
	when = time_of(line);
	if (when == 0 || !traffic_is_of_now(t, when))
		return;
	traffic_add(t, when, strtoull(at + strlen(bytes), NULL, 10), 1);
	t->last = when;
}

/* --- the log ----------------------------------------------------------- */

struct log {
	FILE *in;
	uint64_t size;
	char mark[TRAFFIC_MARK_MAX];	/* of its first line; "": it has none */
	int64_t first;			/* when that was written, or 0 */
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
	if (read_line(ret->in, line, &is_whole) > 0) {
		snprintf(ret->mark, sizeof(ret->mark), "%016llx",
		    (unsigned long long)name_set_key(line));
		ret->first = time_of(line);
	}
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

/* All of it has come since. */
static int
read_anew(struct traffic *t, const char *path, const struct log *log,
    struct err *e)
{
	memcpy(t->mark, log->mark, sizeof(t->mark));
	t->at = 0;
	t->is_new = true;
	return read_from(t, path, log, e);
}

/* Is it the log that was read last?  One that has become shorter is another
 * one. */
static bool
is_the_last(const struct traffic *t, const struct log *log)
{
	return strcmp(t->mark, log->mark) == 0 && t->at <= log->size;
}

static bool
find_last(const struct traffic *t, const struct rotated *old, size_t *ret)
{
	struct log log;
	struct err ignored;
	bool is_found = false;
	size_t i;

	for (i = old->count; i-- > 0 && !is_found;) {
		if (open_log(old->paths[i], &log, &ignored) != 1)
			continue;
		is_found = is_the_last(t, &log);
		fclose(log.in);
		*ret = i;
	}
	return is_found;
}

/* The log that was read last is not there: what comes next begins at
 * ${first}. */
static void
lose(struct traffic *t, int64_t first)
{
	t->lost = (struct lost){ t->last, first, true };
}

/* The log that was read last, and those that came between it and ${now}.  Where
 * it is not there any more, all that begin later than what was counted.
 * Return 1 if there is no more in them, 0 if there is, or -1. */
static int
read_rotated(struct traffic *t, const char *path, const struct log *now,
    struct err *e)
{
	struct rotated old;
	struct err ignored;
	struct log log;
	size_t i, last = 0;
	bool is_here;
	int rc = 1;

	rotated_find(path, &old);
	is_here = find_last(t, &old, &last);
	for (i = last; i < old.count && rc == 1; i++) {
		if (open_log(old.paths[i], &log, &ignored) != 1)
			continue;
		if (is_here && i == last) {
			rc = read_from(t, old.paths[i], &log, e);
		} else if (log.mark[0] != '\0' &&
		    /* A copy that ${now} is about to be cut for. */
		    strcmp(log.mark, now->mark) != 0 &&
		    (is_here || (t->last > 0 && log.first > t->last))) {
			if (!is_here)
				lose(t, log.first);
			is_here = true;
			rc = read_anew(t, old.paths[i], &log, e);
		} else {
			rc = 0;
		}
		rc = rc == -1 ? -1 : t->left > 0;
		fclose(log.in);
	}
	rotated_done(&old);
	if (rc == 1 && !is_here && now->mark[0] != '\0')
		lose(t, now->first);
	return rc;
}

int
traffic_read_log(struct traffic *t, const char *path, struct err *e)
{
	struct log log;
	int rc = open_log(path, &log, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "%s: no such file", path);
	if (rc == -1)
		return -1;
	if (t->mark[0] != '\0' && !is_the_last(t, &log)) {
		rc = read_rotated(t, path, &log, e);
		/* Until there is something in the new one, nginx may not have
		 * been told of it. */
		if (rc == 1 && log.mark[0] != '\0')
			rc = read_anew(t, path, &log, e);
	} else if (log.mark[0] != '\0') {
		memcpy(t->mark, log.mark, sizeof(t->mark));
		rc = read_from(t, path, &log, e);
	}
	fclose(log.in);
	return rc == -1 ? -1 : 0;
}
