/* Requests in SCGI's form.  Their sender is nginx, but what is in them is a
 * stranger's. */
#include <stdbool.h>
#include <string.h>

#include "watch/scgi.h"

/* Decimal digits up to ${end}, and nothing else.  1, 0 if ${end} is not there
 * yet, or -1. */
static int
read_number(const char *buf, size_t len, char end, size_t max, size_t *ret,
    size_t *ret_used)
{
	size_t i, n = 0;

	for (i = 0; i < len && buf[i] != end; i++) {
		if (buf[i] < '0' || buf[i] > '9' || (i > 0 && n == 0))
			return -1;
		n = n * 10 + (size_t)(buf[i] - '0');
		if (n > max)
			return -1;
	}
	if (i == len)
		return 0;
	if (i == 0)
		return -1;
	*ret = n;
	*ret_used = i + 1;
	return 1;
}

#define LENGTH		"CONTENT_LENGTH"

/* The specification wants the length of the body first of all. */
static int
body_size(const char *head, size_t len, size_t *ret)
{
	size_t used;

	if (len < sizeof(LENGTH) || memcmp(head, LENGTH, sizeof(LENGTH)) != 0)
		return -1;
	return read_number(head + sizeof(LENGTH), len - sizeof(LENGTH), '\0',
	    HOOK_BODY_MAX, ret, &used) == 1 ? 0 : -1;
}

int
scgi_size(const char *buf, size_t len, size_t *ret)
{
	size_t head, begin, body;
	int rc = read_number(buf, len, ':', SCGI_HEAD_MAX, &head, &begin);

	if (rc != 1)
		return rc;
	if (len < begin + head + 1)
		return 0;
	if (head == 0 || buf[begin + head] != ',' ||
	    buf[begin + head - 1] != '\0' ||
	    body_size(buf + begin, head, &body) == -1)
		return -1;
	*ret = begin + head + 1 + body;
	return 1;
}

/* "HTTP_X_HUB_SIGNATURE" as the header was spelt, but for its case. */
static char *
header_name(char *name)
{
	char *c;

	name += strlen("HTTP_");
	for (c = name; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	return name;
}

static int
take_pair(char *name, const char *value, size_t *count,
    struct scgi_request *ret)
{
	if (strcmp(name, "REQUEST_METHOD") == 0)
		ret->method = value;
	else if (strcmp(name, "REQUEST_URI") == 0)
		ret->uri = value;
	if (strncmp(name, "HTTP_", strlen("HTTP_")) != 0)
		return 0;
	if (*count == SCGI_HEADERS_MAX)
		return -1;
	ret->headers[2 * *count] = header_name(name);
	ret->headers[2 * *count + 1] = value;
	++*count;
	return 0;
}

int
scgi_parse(char *buf, size_t len, struct scgi_request *ret)
{
	size_t head, begin, whole, count = 0;
	char *name, *value, *end;

	if (scgi_size(buf, len, &whole) != 1 || whole != len ||
	    read_number(buf, len, ':', SCGI_HEAD_MAX, &head, &begin) != 1)
		return -1;
	memset(ret, 0, sizeof(*ret));
	ret->method = ret->uri = "";
	end = buf + begin + head;
	/* It ends with a NUL, so every text in it does. */
	for (name = buf + begin; name < end; name = value + strlen(value) + 1) {
		value = name + strlen(name) + 1;
		if (*name == '\0' || value >= end ||
		    take_pair(name, value, &count, ret) == -1)
			return -1;
	}
	ret->body = end + 1;
	ret->len = len - (size_t)(end + 1 - buf);
	buf[len] = '\0';
	return 0;
}
