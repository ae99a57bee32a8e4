/* The access log tells whether a pull came by.  It may be large, rotated, of
 * any of three formats, and hold what clients wrote into their headers. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/access_log.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/ascii.h"

/* Cut, not refused: a User-Agent may be of any length. */
static void
copy(char *to, size_t size, const char *from, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/* --- JSON ---------------------------------------------------------------- */

/* The first of these members that is a string. */
static void
take_json(const json_t *all, const char *const *names, char *to, size_t size)
{
	const char *value = NULL;

	for (; *names != NULL && value == NULL; names++)
		value = json_string_value(json_object_get(all, *names));
	if (value == NULL)
		value = "";
	copy(to, size, value, strlen(value));
}

/* Ours, and the names that people give nginx's own variables. */
static void
fill_json(const json_t *all, struct log_entry *ret)
{
	static const char *const client[] = { "client", "remote_addr", NULL };
	static const char *const agent[] = { "user_agent", "http_user_agent",
	    NULL };
	static const char *const method[] = { "method", "request_method",
	    NULL };
	static const char *const target[] = { "request_uri", "uri", "path",
	    NULL };
	static const char *const kind[] = { "kind", NULL };
	const char *registry, *repository;
	json_t *status = json_object_get(all, "status");

	take_json(all, client, ret->client, sizeof(ret->client));
	take_json(all, agent, ret->agent, sizeof(ret->agent));
	take_json(all, method, ret->method, sizeof(ret->method));
	take_json(all, target, ret->target, sizeof(ret->target));
	take_json(all, kind, ret->kind, sizeof(ret->kind));
	registry = json_string_value(json_object_get(all, "registry"));
	repository = json_string_value(json_object_get(all, "repository"));
	if (registry != NULL && repository != NULL)
		snprintf(ret->repository, sizeof(ret->repository), "%s/%s",
		    registry, repository);
	if (json_is_integer(status))
		ret->status = (long)json_integer_value(status);
	else if (json_is_string(status))
		ret->status = strtol(json_string_value(status), NULL, 10);
}

/* A line that is no JSON is none of ours; logs are mixed when
 * formats change. */
static int
parse_json(const char *line, size_t len, struct log_entry *ret)
{
	json_t *all = json_loadb(line, len, 0, NULL);
	int rc = json_is_object(all);

	if (rc)
		fill_json(all, ret);
	json_decref(all);
	return rc;
}

/* --- common, combined ---------------------------------------------------- */

/* The next part in quotes.  Return what is behind it, or NULL. */
static const char *
take_quoted(const char *p, const char *end, char *to, size_t size)
{
	const char *open = memchr(p, '"', (size_t)(end - p)), *close;

	if (open == NULL)
		return NULL;
	close = memchr(open + 1, '"', (size_t)(end - open - 1));
	if (close == NULL)
		return NULL;
	copy(to, size, open + 1, (size_t)(close - open - 1));
	return close + 1;
}

/* A text that is no HTTP request is all method, and fits no pull. */
static void
split_request(const char *request, struct log_entry *ret)
{
	size_t len = strcspn(request, " ");

	copy(ret->method, sizeof(ret->method), request, len);
	request += len;
	request += strspn(request, " ");
	copy(ret->target, sizeof(ret->target), request, strcspn(request, " "));
}

/* nginx escapes quotes in a field, so that the next quote ends it. */
static int
parse_common(const char *line, size_t len, struct log_entry *ret)
{
	const char *end = line + len, *p;
	char request[2 * LOG_FIELD_MAX], referer[LOG_FIELD_MAX];
	size_t client = 0;

	while (client < len && line[client] != ' ')
		client++;
	copy(ret->client, sizeof(ret->client), line, client);
	p = take_quoted(line, end, request, sizeof(request));
	if (p == NULL || end - p < 4 || *p != ' ' || !ascii_is_digit(p[1]) ||
	    !ascii_is_digit(p[2]) || !ascii_is_digit(p[3]))
		return 0;
	split_request(request, ret);
	ret->status = 100 * (p[1] - '0') + 10 * (p[2] - '0') + (p[3] - '0');
	p = take_quoted(p, end, referer, sizeof(referer));
	if (p != NULL)
		(void)take_quoted(p, end, ret->agent, sizeof(ret->agent));
	return 1;
}

/* The first character tells the format; a log may have several. */
int
access_log_parse(const char *line, size_t len, struct log_entry *ret)
{
	*ret = (struct log_entry){ 0 };
	if (len == 0 || len > LOG_LINE_MAX)
		return 0;
	return line[0] == '{' ? parse_json(line, len, ret) :
	    parse_common(line, len, ret);
}

/* --- the file ------------------------------------------------------------ */

int
access_log_size(const char *path, off_t *ret, struct err *e)
{
	struct stat sb;

	if (stat(path, &sb) == -1)
		return err_sys(e, "%s", path);
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_INPUT, "%s: not a regular file", path);
	*ret = sb.st_size;
	return 0;
}

static void
each_line(const char *text, size_t len, access_log_fn *fn, void *cookie)
{
	struct log_entry entry;
	const char *end;

	/* A last line without its end is still being written. */
	while ((end = memchr(text, '\n', len)) != NULL) {
		if (access_log_parse(text, (size_t)(end - text), &entry))
			fn(cookie, &entry);
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
}

/* A file that is shorter than before was rotated: it is read from
 * its beginning. */
int
access_log_each(const char *path, off_t from, access_log_fn *fn, void *cookie,
    struct err *e)
{
	off_t size;
	char *text;
	size_t room, have = 0;
	ssize_t got = 1;
	int fd;

	if (access_log_size(path, &size, e) == -1)
		return -1;
	if (from > size)
		from = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "%s", path);
	room = (size_t)(size - from) < LOG_BYTES_MAX ? (size_t)(size - from) :
	    LOG_BYTES_MAX;
	text = xmalloc(room + 1);
	while (got > 0 && have < room) {
		got = pread(fd, text + have, room - have, from + (off_t)have);
		have += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (got == -1) {
		free(text);
		return err_sys(e, "%s", path);
	}
	each_line(text, have, fn, cookie);
	free(text);
	return 0;
}
