/*
 * What registries say of pulls (quirks.md#pull-limits), and what follows
 * from it.  All of it is hearsay from several connections and earlier runs:
 * the newest word counts, and what has become impossible is forgotten rather
 * than believed.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "registry/ascii.h"
#include "registry/quota.h"

/* A day, less what a reader needs to notice that it is tomorrow's hour. */
#define NEAR_S	(20 * 3600)
/* The clocks of two nodes differ by no more. */
#define SKEW_S	300

/* --- headers ----------------------------------------------------------- */

/* A number over ${max} is no number: nothing is to be made of it. */
static bool
number_take(const char **s, int64_t max, int64_t *ret)
{
	int64_t n = 0;

	if (!ascii_is_digit(**s))
		return false;
	for (; ascii_is_digit(**s); (*s)++) {
		n = n * 10 + (**s - '0');
		if (n > max)
			return false;
	}
	*ret = n;
	return true;
}

static void
blanks_skip(const char **s)
{
	*s += strspn(*s, " \t");
}

/* ";w=21600", or a parameter of another name. */
static bool
parameter_take(const char **s, int64_t *window_s)
{
	if (**s != ';')
		return false;
	(*s)++;
	blanks_skip(s);
	if ((**s == 'w' || **s == 'W') && (*s)[1] == '=') {
		*s += 2;
		if (!number_take(s, QUOTA_WINDOW_MAX_S, window_s))
			return false;
	} else {
		*s += strcspn(*s, "; \t");
	}
	blanks_skip(s);
	return true;
}

/* An early draft of IETF's RateLimit headers has this form, and so
 * has Docker Hub. */
bool
quota_number(const char *value, int64_t *ret, int64_t *ret_window_s)
{
	int64_t n, window_s = 0;

	blanks_skip(&value);
	if (!number_take(&value, QUOTA_PULLS_MAX, &n))
		return false;
	blanks_skip(&value);
	while (*value != '\0')
		if (!parameter_take(&value, &window_s))
			return false;
	*ret = n;
	*ret_window_s = window_s;
	return true;
}

/* --- what is known ----------------------------------------------------- */

void
quota_init(struct quota *q)
{
	memset(q, 0, sizeof(*q));
	q->left = -1;
}

static void
forget_left(struct quota *q)
{
	q->limit = 0;
	q->left = -1;
	q->window_s = 0;
	q->since = 0;
}

static void
open_again(struct quota *q)
{
	q->closed = q->stubborn = false;
	q->closed_at = q->closed_until = 0;
}

static bool
left_is_over(const struct quota *q, int64_t now)
{
	return q->left >= 0 && q->window_s > 0 &&
	    (now < q->since - SKEW_S || now - q->since >= q->window_s);
}

/* A clock that was set back does not close a registry for longer. */
static bool
closed_is_over(const struct quota *q, int64_t now)
{
	return q->closed && q->closed_until != 0 &&
	    (now < q->closed_at - SKEW_S || now >= q->closed_until);
}

bool
quota_tidy(struct quota *q, int64_t now)
{
	if (left_is_over(q, now))
		forget_left(q);
	if (closed_is_over(q, now))
		open_again(q);
	return (q->closed && q->closed_until != 0) ||
	    (q->left >= 0 && q->window_s > 0);
}

void
quota_begin(struct quota *q)
{
	q->flight++;
}

void
quota_end(struct quota *q)
{
	assert(q->flight > 0);
	q->flight--;
}

/* An address or the name of an account. */
static bool
is_source(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (s[i] <= ' ' || s[i] > '~' || i + 1 == QUOTA_SOURCE_MAX)
			return false;
	return i > 0;
}

/* The registry names what it counts by: after a change of address the old
 * numbers are somebody else's. */
static void
source_set(struct quota *q, const char *source)
{
	if (source == NULL || !is_source(source) ||
	    strcmp(source, q->source) == 0)
		return;
	/* Another address, or account: other pulls. */
	if (q->source[0] != '\0') {
		forget_left(q);
		open_again(q);
	}
	snprintf(q->source, sizeof(q->source), "%s", source);
}

/* A remainder above the limit is one of two numbers that is wrong:
 * neither counts. */
static bool
headers_read(const struct quota_headers *h, int64_t *limit, int64_t *left,
    int64_t *window_s)
{
	int64_t other_s = 0;

	*limit = 0;
	if (h->remaining == NULL ||
	    !quota_number(h->remaining, left, window_s))
		return false;
	if (h->limit != NULL && (!quota_number(h->limit, limit, &other_s) ||
	    *limit == 0 || *left > *limit))
		return false;
	if (*window_s == 0)
		*window_s = other_s;
	return true;
}

/* Without headers a manifest that came is a pull that is gone. */
bool
quota_seen(struct quota *q, const struct quota_headers *h,
    unsigned long serial, bool got, int64_t now)
{
	struct quota old = *q;
	int64_t left, limit, window_s;

	if (!headers_read(h, &limit, &left, &window_s)) {
		if (!got || q->left <= 0)
			return false;
		q->left--;
		return true;
	}
	source_set(q, h->source);
	quota_tidy(q, now);
	if (serial < q->serial && q->left >= 0 && left > q->left)
		return false;
	if (q->left < 0 || left > q->left || left == limit ||
	    limit != q->limit || window_s != q->window_s)
		q->since = now;
	if (left > 0 && !q->stubborn)
		open_again(q);
	assert(left >= 0 && limit >= 0 && window_s >= 0);
	q->serial++;
	q->limit = limit;
	q->left = left;
	q->window_s = window_s;
	return old.limit != limit || old.left != left ||
	    old.window_s != window_s || old.since != q->since ||
	    old.closed != q->closed || strcmp(old.source, q->source) != 0;
}

/* --- 429 --------------------------------------------------------------- */

/* ${word} is in lower case. */
static bool
contains(const char *body, size_t len, const char *word)
{
	size_t i, n = strlen(word);

	for (i = 0; i + n <= len; i++)
		if (ascii_starts(body + i, word, n))
			return true;
	return false;
}

bool
quota_is_pull_limit(const char *body, size_t len, const char *remaining)
{
	int64_t left, window_s;

	if (contains(body, len, "pull rate limit"))
		return true;
	/* The code alone is what registries say to any haste. */
	return contains(body, len, "toomanyrequests") && remaining != NULL &&
	    quota_number(remaining, &left, &window_s) && left == 0;
}

/* A registry that refuses while its headers have pulls left is believed in
 * what it does. */
void
quota_close(struct quota *q, int64_t wait_s, int64_t now)
{
	int64_t next;

	quota_tidy(q, now);
	next = q->left >= 0 && q->window_s > 0 ? q->since + q->window_s : 0;
	q->closed = true;
	q->closed_at = now;
	q->stubborn = q->left > 0;
	q->closed_until = wait_s > 0 ? now + wait_s : wait_s < 0 ? next : 0;
	q->serial++;
}

/* --- what is left ------------------------------------------------------ */

bool
quota_is_closed(const struct quota *q, int64_t now)
{
	return q->closed && !closed_is_over(q, now);
}

int64_t
quota_left(const struct quota *q, int64_t now)
{
	return q->left < 0 || left_is_over(q, now) ? -1 : q->left;
}

/* A window begins with the first pull in it, which others may have made: the
 * time is the latest, not the exact one. */
int64_t
quota_next(const struct quota *q, int64_t now)
{
	if (quota_is_closed(q, now))
		return q->closed_until;
	if (quota_left(q, now) >= 0 && q->window_s > 0)
		return q->since + q->window_s;
	return 0;
}

char *
quota_when(const struct quota *q, int64_t now, char buf[QUOTA_WHEN_MAX])
{
	int64_t next = quota_next(q, now);
	time_t t;
	struct tm tm;

	buf[0] = '\0';
	if (next == 0)
		return buf;
	/* The minute that begins then, and not the one before. */
	t = (time_t)(next + 59);
	if (gmtime_r(&t, &tm) != NULL)
		strftime(buf, QUOTA_WHEN_MAX, next - now < NEAR_S ?
		    "%H:%M UTC" : "%Y-%m-%d %H:%M UTC", &tm);
	return buf;
}
