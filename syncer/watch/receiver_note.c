/* What is told of calls: numbers, and a line where something is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "watch/receiver_internal.h"

/* Of the same kind one line a minute is enough. */
#define TELL_MS		60000

/* Something that was told of a hook of that name. */
struct told {
	char name[HOOK_NAME_MAX + 1];	/* "": of none */
	const char *what;
	int64_t until;		/* before that it is only counted */
	uint64_t count;
};
/* Names come from the owner's file, and may change with it. */
#define TOLD_MAX		(4 * HOOKS_MAX)

static struct told *
told_of(struct receiver_notes *n, const char *name, const char *what)
{
	struct told *t;
	size_t i;

	for (i = 0; i < n->told_count; i++)
		if (n->told[i].what == what &&
		    strcmp(n->told[i].name, name) == 0)
			return &n->told[i];
	if (n->told_count == TOLD_MAX)
		n->told_count = 0;
	n->told = xreallocarray(n->told, n->told_count + 1, sizeof(*n->told));
	t = &n->told[n->told_count++];
	*t = (struct told){ .what = what };
	snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

/* ${what} is a sentence of ours, about a hook of that name or about none. */
static void
tell(struct receiver_notes *n, int64_t now, const char *name, const char *what)
{
	struct told *t = told_of(n, name == NULL ? "" : name, what);
	char times[40] = "";

	t->count++;
	if (now < t->until)
		return;
	if (t->count > 1)
		snprintf(times, sizeof(times), " (%llu times)",
		    (unsigned long long)t->count);
	report(REPORT_WARNING, "hook%s%s: %s%s", name == NULL ? "" : " ",
	    name == NULL ? "" : name, what, times);
	t->count = 0;
	t->until = now + TELL_MS;
}

void
receiver_note(struct receiver_notes *n, const struct hook_note *note,
    int64_t now)
{
	static const char none[] = "there is none of the name that was called",
	    wrong[] = "called with a wrong secret, or without it",
	    malformed[] = "a request that is none",
	    unknown[] = "sends what is in no form that is known",
	    many[] = "as many pushes in one body as are taken: the clock "
	    "finds what is more";

	if (note->status == 401) {
		n->counts.denied++;
		tell(n, now, note->name, note->name == NULL ? none : wrong);
	} else if (note->status >= 400) {
		n->counts.malformed++;
		tell(n, now, NULL, malformed);
	} else {
		n->counts.taken++;
		n->counts.events += note->events;
		if (note->form == NULL) {
			n->counts.not_understood++;
			tell(n, now, note->name, unknown);
			return;
		}
		if (note->events == HOOK_EVENTS_MAX)
			tell(n, now, note->name, many);
		report(REPORT_DEBUG, "hook %s: %s, %zu event%s", note->name,
		    note->form, note->events, note->events == 1 ? "" : "s");
	}
}

void
receiver_notes_done(struct receiver_notes *n)
{
	free(n->told);
}
