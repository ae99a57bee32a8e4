#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	assert(code != ERR_NONE);
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -1;
}

/* These are about all objects, the next one too: the run has no use
 * in going on. */
static enum err_code
code_of_errno(int num)
{
	switch (num) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
		return ERR_STORE;
	default:
		return ERR_SYS;
	}
}

/* errno is kept for callers that look at it once more. */
int
err_sys(struct err *e, const char *fmt, ...)
{
	int num = errno;
	size_t used;
	va_list ap;

	e->code = code_of_errno(num);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	used = strlen(e->msg);
	snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", strerror(num));
	errno = num;
	return -1;
}

/* What does not fit is cut at the end: the context is read first. */
int
err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[ERR_MSG_MAX];
	size_t used;
	va_list ap;

	memcpy(inner, e->msg, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	used = strlen(e->msg);
	snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", inner);
	return -1;
}
