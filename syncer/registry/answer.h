#ifndef CDR_REGISTRY_ANSWER_H
#define CDR_REGISTRY_ANSWER_H

#include <stdbool.h>

/*
 * What an answer means, and which other way there is to what was asked for.
 * Registries, caches before them and the hosts that they send us to say one
 * thing in many statuses (quirks.md#ways-round).  It is one table, in answer.c:
 * numbers in, a way out; going that way is for who has asked.
 */

/* What was asked for. */
enum answer_to {
	ANSWER_TO_TAG,		/* where a tag leads, by HEAD */
	ANSWER_TO_OPTIONAL,	/* the same of a tag that need not be there */
	ANSWER_TO_MANIFEST,	/* by GET */
	ANSWER_TO_BLOB,		/* all of it */
	ANSWER_TO_RANGE,	/* a part of it */
	ANSWER_TO_LIST,		/* of tags, or a page of referrers */
	ANSWER_TO_REFERRERS,	/* the first page of their API */
	ANSWER_TO_TOKEN,
	ANSWER_TO_COUNT
};

/* What else is to be known. */
#define ANSWER_ELSEWHERE	(1u << 0)	/* another host than the one
						 * asked has answered */
#define ANSWER_LAST		(1u << 1)	/* there is no try left */
#define ANSWER_LISTS		(1u << 2)	/* the body is a list
						 * of manifests */
/* of 401: */
#define ANSWER_SHOWN		(1u << 3)	/* it saw a token or a password
						 * of ours */
#define ANSWER_CHALLENGED	(1u << 4)	/* it says what it wants, in
						 * words that we know */
#define ANSWER_SAME		(1u << 5)	/* which is a token of the
						 * server that ours is from */
#define ANSWER_PROVEN		(1u << 6)	/* ours has been taken before,
						 * or is what this repository
						 * asked for */
#define ANSWER_RENEWED		(1u << 7)	/* it is a new one, for that */
#define ANSWER_COLD		(1u << 8)	/* asked without, it refused */
/* of a part of a blob: */
#define ANSWER_AGAIN		(1u << 9)	/* it is not the first try */
#define ANSWER_PART		(1u << 10)	/* something of it is here */
#define ANSWER_FACTS		11u

enum answer_way {
	ANSWER_TAKE,		/* it is what was asked for */
	ANSWER_CHALLENGE,	/* get what the challenge asks for */
	ANSWER_RENEW,		/* get another token where ours is from */
	ANSWER_WITHOUT,		/* ask without a token: the challenge to that
				 * is the one that counts */
	ANSWER_GET,		/* ask with GET what was asked with HEAD */
	ANSWER_WHOLE,		/* ask for all of it, in one stream */
	ANSWER_ABSENT,		/* there is none, which is no error */
	ANSWER_TAG_SCHEMA,	/* no such API: the list is at a tag */
	ANSWER_START,		/* a signed URL that has run out: again, at
				 * the registry, which makes a new one */
	ANSWER_LATER,		/* not now: again, if there are tries left */
	ANSWER_FAIL
};

/* answer_judge(to, status, facts): the way to go on with such an answer. */
enum answer_way answer_judge(enum answer_to, long status, unsigned facts);

/* answer_is_later(status): what says "not now" instead of "no". */
bool answer_is_later(long);

#endif
