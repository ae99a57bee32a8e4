#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/finding.h"
#include "layout/mem.h"
#include "report/outside.h"

bool
findings_stopped(const struct findings *f)
{
	struct pollfd p = { .fd = f->stop_fd, .events = POLLIN };

	return f->stop_fd != -1 && poll(&p, 1, 0) > 0;
}

/* Nothing is found any more once the person has interrupted: an answer that is
 * missing then says nothing of the mirror. */
void
finding_add(struct findings *f, enum finding_level level, const char *check,
    const char *fmt, ...)
{
	char text[2048];
	va_list args;

	if (findings_stopped(f))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	outside_show(text);
	f->list = xreallocarray(f->list, f->count + 1, sizeof(*f->list));
	f->list[f->count++] = (struct finding){
		.level = level, .check = check, .text = xstrdup(text)
	};
	f->fails += level == FINDING_FAIL;
	if (f->tell != NULL)
		f->tell(f->cookie, &f->list[f->count - 1]);
}

void
findings_done(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		free(f->list[i].text);
	free(f->list);
	*f = (struct findings){ .stop_fd = -1 };
}

const char *
finding_word(enum finding_level level)
{
	static const char *const words[] = {
		[FINDING_OK] = "ok",
		[FINDING_WARN] = "warn",
		[FINDING_FAIL] = "FAIL",
	};

	assert(level <= FINDING_FAIL);
	return words[level];
}
