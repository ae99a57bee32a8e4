#ifndef CDR_DOCTOR_FINDING_H
#define CDR_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>

/* What was looked at, and what came of it: a line each. */
enum finding_level {
	FINDING_OK,
	FINDING_WARN,
	FINDING_FAIL
};

struct finding {
	enum finding_level level;
	const char *check;	/* "connect", "range", ... */
	char *text;		/* what is so: and, where it is wrong, how to
				 * mend it */
};

struct findings {
	struct finding *list;
	size_t count, fails;
	int stop_fd;		/* readable: interrupted; -1: never */
	/* Told of each at once; may be NULL. */
	void (*tell)(void *cookie, const struct finding *);
	void *cookie;
};

/* findings_stopped(f): what is found from then on comes of the interruption,
 * and is not added. */
bool findings_stopped(const struct findings *);

/* finding_add(f, level, check, fmt, ...): quoted strangers' words are cleaned
 * (report/outside.h). */
void finding_add(struct findings *, enum finding_level, const char *,
    const char *, ...) __attribute__((format(printf, 4, 5)));
void findings_done(struct findings *);

/* finding_word(level): "ok", "warn", "FAIL". */
const char *finding_word(enum finding_level);

#endif
