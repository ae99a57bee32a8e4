#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void *
check(void *p)
{
	if (p == NULL) {
		fputs("cdr: out of memory\n", stderr);
		abort();
	}
	return p;
}

/* malloc(0) may return NULL, which would look like a failure. */
void *
xmalloc(size_t len)
{
	return check(malloc(len == 0 ? 1 : len));
}

void *
xcalloc(size_t count, size_t len)
{
	if (count == 0 || len == 0)
		count = len = 1;
	return check(calloc(count, len));
}

/* A product that overflows is an allocation that no machine has. */
void *
xreallocarray(void *p, size_t count, size_t len)
{
	if (len != 0 && count > SIZE_MAX / len)
		return check(NULL);
	len *= count;
	return check(realloc(p, len == 0 ? 1 : len));
}

void *
xgrow(void *list, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return list;
	return xreallocarray(list, count == 0 ? 1 : 2 * count, size);
}

char *
xstrdup(const char *s)
{
	return check(strdup(s));
}

char *
xstrndup(const char *s, size_t len)
{
	return check(strndup(s, len));
}

char *
xasprintf(const char *fmt, ...)
{
	char *s;
	int len;
	va_list ap;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = xmalloc((size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

FILE *
xtext_open(char **ret, size_t *ret_len)
{
	return check(open_memstream(ret, ret_len));
}

/* Only memory can be lacking here. */
void
xtext_close(FILE *text)
{
	bool is_lost = ferror(text) != 0;

	if (fclose(text) != 0 || is_lost)
		check(NULL);
}
