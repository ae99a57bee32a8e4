#ifndef CDR_REGISTRY_QUOTA_H
#define CDR_REGISTRY_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How many more manifests a registry hands out (quirks.md#pull-limits), as far
 * as it has told: a pull is the GET of a manifest.  Nothing here does I/O or
 * looks at a clock; times are seconds since 1970 and may be wrong, so what they
 * do not explain is forgotten.
 */
#define QUOTA_SOURCE_MAX	64
/* Of a window; 30 days. */
#define QUOTA_WINDOW_MAX_S	(30 * 24 * 3600)
#define QUOTA_PULLS_MAX		1000000000

struct quota {
	int64_t limit;		/* pulls a window; 0: not known */
	int64_t left;		/* of these; -1: not known */
	int64_t window_s;	/* 0: not known */
	int64_t since;		/* when what is left was first seen to be less
				 * than before: the window ends no later than
				 * window_s after it */
	char source[QUOTA_SOURCE_MAX];	/* what the registry counts by */
	bool closed;		/* it has refused a pull */
	int64_t closed_at;
	int64_t closed_until;	/* 0: not known */

	/* of this process */
	bool stubborn;		/* refused while its headers had pulls left:
				 * they do not open it */
	unsigned flight;	/* pulls that have no answer yet */
	unsigned long serial;	/* of what it said last */
	unsigned refused;	/* pulls that were not tried */
};

/* What one answer says of it, as it came; NULL where the header is absent. */
struct quota_headers {
	const char *limit, *remaining, *source;
};

/*
 * quota_number(value, ret, ret_window_s): "76;w=21600"; the window is 0 where
 * none is given.  Return false, and leave both alone, for what makes no sense.
 */
bool quota_number(const char *, int64_t *, int64_t *);

void quota_init(struct quota *);

/* quota_begin(q): a pull is on its way; quota_end: it is no more. */
void quota_begin(struct quota *);
void quota_end(struct quota *);

/*
 * quota_seen(q, headers, serial, got, now): an answer to a request that began
 * when q->serial was ${serial}: answers overtake each other, and one that is
 * older than what is known cannot say that more is left.  ${got}: it brought a
 * manifest, which counts where the headers do not tell.  Return true if what
 * outlives the process has changed.
 */
bool quota_seen(struct quota *, const struct quota_headers *, unsigned long,
    bool got, int64_t);

/* quota_is_pull_limit(body, len, remaining): is this 429, to the GET of a
 * manifest, about pulls (quirks.md#over-the-pull-limit) and not about requests
 * of any kind (quirks.md#too-many-requests)? */
bool quota_is_pull_limit(const char *, size_t, const char *);

/*
 * quota_close(q, wait_s, now): a pull was refused.  It stays closed for
 * ${wait_s} seconds; -1: to the end of the window; 0: nobody knows how long,
 * so for as long as this process lasts.
 */
void quota_close(struct quota *, int64_t, int64_t);

/* quota_is_closed(q, now): it has refused a pull, and that is not over.
 * quota_left(q, now): pulls that are left; -1: not known. */
bool quota_is_closed(const struct quota *, int64_t);
int64_t quota_left(const struct quota *, int64_t);

/* quota_next(q, now): when there will be more pulls, at the latest; 0: not
 * known. */
int64_t quota_next(const struct quota *, int64_t);

/* quota_when(q, now, buf): quota_next for people: "14:05 UTC", with the date
 * where it is not within a day; "" if it is not known.  Return ${buf}. */
#define QUOTA_WHEN_MAX	64
char *quota_when(const struct quota *, int64_t, char buf[QUOTA_WHEN_MAX]);

/* quota_tidy(q, now): forget what is over, or from the future.  Return true if
 * something worth keeping is left. */
bool quota_tidy(struct quota *, int64_t);

#endif
