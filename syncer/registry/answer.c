#include <assert.h>
#include <stddef.h>

#include "registry/answer.h"

#define BIT(to)		(1u << (to))
#define TAGS		(BIT(ANSWER_TO_TAG) | BIT(ANSWER_TO_OPTIONAL))
#define OPTIONAL	BIT(ANSWER_TO_OPTIONAL)
#define REFERRERS	BIT(ANSWER_TO_REFERRERS)
#define RANGE		BIT(ANSWER_TO_RANGE)
#define BLOBS		(BIT(ANSWER_TO_BLOB) | RANGE)
#define ALL		(BIT(ANSWER_TO_COUNT) - 1)
#define ASKERS		(ALL & ~BIT(ANSWER_TO_TOKEN))

struct row {
	unsigned to;
	short first, last;		/* statuses */
	unsigned with, without;		/* facts */
	enum answer_way way;
};

/* The first row that fits.  What fits none fails. */
static const struct row rows[] = {
	/* success */
	{ REFERRERS, 200, 200, ANSWER_LISTS, 0, ANSWER_TAKE },
	{ REFERRERS, 200, 200, 0, 0, ANSWER_TAG_SCHEMA },
	{ ALL, 200, 200, 0, 0, ANSWER_TAKE },
	{ BLOBS, 206, 206, 0, 0, ANSWER_TAKE },

	/* a part may be refused where all may be had (quirks.md#no-ranges):
	 * what is mostly said for other reasons, when it is said again */
	{ RANGE, 400, 400, ANSWER_AGAIN, ANSWER_PART, ANSWER_WHOLE },
	{ RANGE, 400, 400, ANSWER_LAST, 0, ANSWER_WHOLE },
	{ RANGE, 403, 403, ANSWER_AGAIN, ANSWER_PART, ANSWER_WHOLE },
	{ RANGE, 403, 403, ANSWER_LAST, 0, ANSWER_WHOLE },
	{ RANGE, 500, 500, ANSWER_AGAIN, ANSWER_PART, ANSWER_WHOLE },
	{ RANGE, 499, 500, ANSWER_LAST, 0, ANSWER_WHOLE },
	{ RANGE, 502, 504, ANSWER_LAST, 0, ANSWER_WHOLE },
	{ RANGE, 520, 530, ANSWER_LAST, 0, ANSWER_WHOLE },

	/* not now; 499 is a proxy's own, and 520 to 530 are a CDN's, for a
	 * server behind it that does not answer (quirks.md#not-now) */
	{ TAGS, 500, 500, ANSWER_LAST, 0, ANSWER_GET },
	{ ALL, 408, 408, 0, 0, ANSWER_LATER },
	{ ALL, 425, 425, 0, 0, ANSWER_LATER },
	{ ALL, 429, 429, 0, 0, ANSWER_LATER },
	{ ALL, 499, 500, 0, 0, ANSWER_LATER },
	{ ALL, 502, 504, 0, 0, ANSWER_LATER },
	{ ALL, 520, 530, 0, 0, ANSWER_LATER },

	/* who asks? (quirks.md#stale-tokens) */
	{ ASKERS, 401, 401, ANSWER_SHOWN | ANSWER_SAME, ANSWER_RENEWED,
	    ANSWER_RENEW },
	{ ASKERS, 401, 401, ANSWER_SHOWN | ANSWER_PROVEN, ANSWER_RENEWED,
	    ANSWER_RENEW },
	{ ASKERS, 401, 401, ANSWER_SHOWN, ANSWER_COLD | ANSWER_ELSEWHERE,
	    ANSWER_WITHOUT },
	{ ASKERS, 401, 401, ANSWER_CHALLENGED, ANSWER_SHOWN,
	    ANSWER_CHALLENGE },
	{ ASKERS, 401, 401, ANSWER_SHOWN, 0, ANSWER_FAIL },
	{ ALL, 401, 401, 0, ANSWER_ELSEWHERE, ANSWER_FAIL },

	/* and what says no to the part */
	{ RANGE, 404, 404, 0, 0, ANSWER_FAIL },
	{ RANGE, 410, 410, 0, 0, ANSWER_FAIL },
	{ RANGE, 416, 416, 0, 0, ANSWER_FAIL },
	{ RANGE, 400, 400, 0, ANSWER_ELSEWHERE, ANSWER_WHOLE },
	{ RANGE, 403, 403, 0, ANSWER_ELSEWHERE, ANSWER_WHOLE },
	{ RANGE, 405, 498, 0, 0, ANSWER_WHOLE },
	{ RANGE, 501, 501, 0, 0, ANSWER_WHOLE },
	{ RANGE, 505, 519, 0, 0, ANSWER_WHOLE },

	/* HEAD is not known, or not signed for (quirks.md#head-of-a-manifest);
	 * and the body of a GET says why */
	{ OPTIONAL, 404, 404, 0, 0, ANSWER_ABSENT },
	{ OPTIONAL, 410, 410, 0, 0, ANSWER_ABSENT },
	{ TAGS, 400, 498, 0, 0, ANSWER_GET },
	{ TAGS, 501, 501, 0, 0, ANSWER_GET },
	{ TAGS, 505, 519, 0, 0, ANSWER_GET },

	/* no such API, in whatever words (quirks.md#referrers) */
	{ REFERRERS, 410, 410, 0, 0, ANSWER_FAIL },
	{ REFERRERS, 400, 498, 0, 0, ANSWER_TAG_SCHEMA },
	{ REFERRERS, 501, 501, 0, 0, ANSWER_TAG_SCHEMA },

	/* quirks.md#signed-urls */
	{ ALL, 400, 401, ANSWER_ELSEWHERE, 0, ANSWER_START },
	{ ALL, 403, 403, ANSWER_ELSEWHERE, 0, ANSWER_START },
};

enum answer_way
answer_judge(enum answer_to to, long status, unsigned facts)
{
	const struct row *r;
	size_t i;

	assert((unsigned)to < ANSWER_TO_COUNT);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = &rows[i];
		if ((r->to & BIT(to)) != 0 &&
		    status >= r->first && status <= r->last &&
		    (facts & r->with) == r->with && (facts & r->without) == 0)
			return r->way;
	}
	return ANSWER_FAIL;
}

bool
answer_is_later(long status)
{
	return answer_judge(ANSWER_TO_MANIFEST, status, 0) == ANSWER_LATER;
}
