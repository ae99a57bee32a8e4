#ifndef CDR_REGISTRY_RETRY_H
#define CDR_REGISTRY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* How a transfer ended below HTTP. */
enum transport {
	TRANSPORT_OK,		/* there is a status code */
	TRANSPORT_CONNECT,	/* name look-up, connect, TLS, time-out */
	TRANSPORT_BROKEN,	/* cut, stalled, too short */
	TRANSPORT_FATAL		/* what no retry mends: certificate, protocol */
};

enum retry_what {
	RETRY_NEVER,
	RETRY_AFTER,		/* this request, after delay_ms */
	RETRY_REGISTRY		/* nothing to this registry for a while: it said
				 * 429, or 503 with Retry-After.  For delay_ms,
				 * unless who counts requests knows better
				 * (transfer/link/tempo.h) */
};

struct verdict {
	enum retry_what what;
	int64_t delay_ms;
};

struct retry_policy {
	unsigned max_tries;	/* 1: never again */
	int64_t base_ms;	/* first delay; doubles */
	int64_t cap_ms;		/* no delay of our own is longer */
	int64_t wait_max_ms;	/* one that asks for more gets no retry */
};

/*
 * retry_judge(policy, how, status, retry_after_ms, tries, progress, random):
 * what to do after try number ${tries} (1 is the first) ended so.
 * retry_after_ms is -1 where the answer had none; it lengthens our own delay
 * and never shortens it.  ${progress}: the try moved a blob forward, which is
 * worth a try of its own: ${tries} then counts as 1.  ${random} (0 to
 * UINT32_MAX) spreads our own delay over its upper half.  Retried:
 * TRANSPORT_CONNECT, TRANSPORT_BROKEN, and what answer_is_later has.
 */
struct verdict retry_judge(const struct retry_policy *, enum transport,
    long status, int64_t retry_after_ms, unsigned tries, bool progress,
    uint32_t random);

/*
 * retry_after_parse(value, now_s): a Retry-After header in milliseconds from
 * ${now_s} (seconds since 1970): delta-seconds, an HTTP date (all three forms
 * of RFC 9110 section 5.6.7), or an absolute time in seconds since 1970, which
 * Docker Hub has sent (quirks.md#retry-after; from 10^9 on a number is one).  A
 * time that is past is 0; more than RETRY_AFTER_MAX_S is that.  Return -1 for
 * what is none of these.
 */
int64_t retry_after_parse(const char *, int64_t);

#endif
