#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/answer.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define TAG		ANSWER_TO_TAG
#define OPTIONAL	ANSWER_TO_OPTIONAL
#define MANIFEST	ANSWER_TO_MANIFEST
#define BLOB		ANSWER_TO_BLOB
#define RANGE		ANSWER_TO_RANGE
#define LIST		ANSWER_TO_LIST
#define REFERRERS	ANSWER_TO_REFERRERS
#define TOKEN		ANSWER_TO_TOKEN

#define ELSEWHERE	ANSWER_ELSEWHERE
#define LAST		ANSWER_LAST
#define LISTS		ANSWER_LISTS

#define SHOWN		ANSWER_SHOWN
#define ASKS		ANSWER_CHALLENGED
#define SAME		ANSWER_SAME
#define PROVEN		ANSWER_PROVEN
#define RENEWED		ANSWER_RENEWED
#define COLD		ANSWER_COLD

#define AGAIN		ANSWER_AGAIN
#define PART		ANSWER_PART

#define TAKE		ANSWER_TAKE
#define CHALLENGE	ANSWER_CHALLENGE
#define RENEW		ANSWER_RENEW
#define WITHOUT		ANSWER_WITHOUT
#define GET		ANSWER_GET
#define WHOLE		ANSWER_WHOLE
#define ABSENT		ANSWER_ABSENT
#define SCHEMA		ANSWER_TAG_SCHEMA
#define START		ANSWER_START
#define LATER		ANSWER_LATER
#define FAIL		ANSWER_FAIL

/* Of each row one status, and what stands beside it. */
static const struct {
	enum answer_to to;
	long status;
	unsigned facts;
	enum answer_way way;
} judged[] = {
	/* success, each as it is asked for */
	{ TAG, 200, 0, TAKE },
	{ MANIFEST, 200, ELSEWHERE, TAKE },
	{ BLOB, 200, LAST, TAKE },
	{ BLOB, 206, 0, TAKE },
	{ MANIFEST, 206, 0, FAIL },
	{ LIST, 200, 0, TAKE },
	{ TOKEN, 200, 0, TAKE },
	{ TAG, 204, 0, FAIL },
	{ BLOB, 304, 0, FAIL },
	{ TAG, 0, 0, FAIL },
	{ TAG, -1, 0, FAIL },
	/* 401: asked without, it says what it wants, or not */
	{ TAG, 401, ASKS, CHALLENGE },
	{ TAG, 401, COLD | ASKS, CHALLENGE },
	{ BLOB, 401, COLD | ASKS, CHALLENGE },
	{ REFERRERS, 401, ASKS, CHALLENGE },
	{ LIST, 401, COLD | RENEWED | ASKS, CHALLENGE },
	{ MANIFEST, 401, COLD, FAIL },
	/* a token is refused: one more from there... */
	{ MANIFEST, 401, SHOWN | ASKS | SAME, RENEW },
	{ MANIFEST, 401, SHOWN | ASKS | SAME | COLD, RENEW },
	{ TAG, 401, SHOWN | PROVEN, RENEW },
	{ BLOB, 401, SHOWN | PROVEN | ASKS, RENEW },
	/* ... then without; and what was asked without before, is over */
	{ MANIFEST, 401, SHOWN | ASKS | SAME | RENEWED, WITHOUT },
	{ MANIFEST, 401, SHOWN | PROVEN | RENEWED, WITHOUT },
	{ BLOB, 401, SHOWN | ASKS, WITHOUT },
	{ TAG, 401, SHOWN, WITHOUT },
	{ MANIFEST, 401, SHOWN | ASKS | SAME | RENEWED | COLD, FAIL },
	{ REFERRERS, 401, SHOWN | ASKS | COLD, FAIL },
	/* elsewhere */
	{ BLOB, 401, ELSEWHERE | ASKS, CHALLENGE },
	{ TAG, 401, ELSEWHERE | ASKS, CHALLENGE },
	{ BLOB, 401, ELSEWHERE | SHOWN | ASKS | SAME, RENEW },
	{ BLOB, 401, ELSEWHERE | SHOWN | PROVEN, RENEW },
	{ BLOB, 401, ELSEWHERE | SHOWN | ASKS, FAIL },
	{ BLOB, 401, ELSEWHERE | SHOWN | PROVEN | RENEWED, FAIL },
	{ TOKEN, 401, ASKS, FAIL },
	{ TOKEN, 401, ELSEWHERE | ASKS, START },
	/* HEAD */
	{ TAG, 400, 0, GET },
	{ TAG, 401, 0, FAIL },
	{ TAG, 403, 0, GET },
	{ TAG, 404, 0, GET },
	{ TAG, 405, 0, GET },
	{ TAG, 406, 0, GET },
	{ TAG, 415, 0, GET },
	{ TAG, 422, 0, GET },
	{ TAG, 451, 0, GET },
	{ TAG, 501, 0, GET },
	{ TAG, 505, 0, GET },
	{ TAG, 403, ELSEWHERE, GET },
	{ TAG, 400, ELSEWHERE, GET },
	{ TAG, 401, ELSEWHERE, GET },
	{ TAG, 404, ELSEWHERE, GET },
	{ TAG, 408, 0, LATER },
	{ TAG, 425, 0, LATER },
	{ TAG, 429, 0, LATER },
	{ TAG, 429, LAST, LATER },
	{ TAG, 500, 0, LATER },
	{ TAG, 500, LAST, GET },
	{ TAG, 503, LAST, LATER },
	{ OPTIONAL, 404, 0, ABSENT },
	{ OPTIONAL, 410, 0, ABSENT },
	{ OPTIONAL, 404, ELSEWHERE, ABSENT },
	{ OPTIONAL, 403, 0, GET },
	{ OPTIONAL, 405, 0, GET },
	/* what GET says holds */
	{ MANIFEST, 400, 0, FAIL },
	{ MANIFEST, 403, 0, FAIL },
	{ MANIFEST, 404, 0, FAIL },
	{ MANIFEST, 404, ELSEWHERE, FAIL },
	{ MANIFEST, 500, LAST, LATER },
	{ MANIFEST, 501, 0, FAIL },
	{ BLOB, 404, 0, FAIL },
	{ TOKEN, 400, 0, FAIL },
	{ TOKEN, 404, 0, FAIL },
	/* not now */
	{ BLOB, 499, 0, LATER },
	{ TOKEN, 500, 0, LATER },
	{ MANIFEST, 502, ELSEWHERE, LATER },
	{ BLOB, 503, 0, LATER },
	{ LIST, 504, 0, LATER },
	{ LIST, 520, 0, LATER },
	{ TOKEN, 522, 0, LATER },
	{ BLOB, 525, ELSEWHERE, LATER },
	{ REFERRERS, 527, 0, LATER },
	{ MANIFEST, 530, 0, LATER },
	{ MANIFEST, 505, 0, FAIL },
	{ MANIFEST, 519, 0, FAIL },
	{ MANIFEST, 531, 0, FAIL },
	{ MANIFEST, 498, 0, FAIL },
	/* signed URLs */
	{ BLOB, 400, ELSEWHERE, START },
	{ BLOB, 401, ELSEWHERE, START },
	{ BLOB, 403, ELSEWHERE, START },
	{ BLOB, 403, 0, FAIL },
	{ MANIFEST, 403, ELSEWHERE, START },
	{ LIST, 403, ELSEWHERE, START },
	{ BLOB, 402, ELSEWHERE, FAIL },
	/* a part of a blob */
	{ RANGE, 200, 0, TAKE },
	{ RANGE, 206, ELSEWHERE, TAKE },
	{ RANGE, 400, 0, WHOLE },
	{ RANGE, 403, 0, WHOLE },
	{ RANGE, 405, PART, WHOLE },
	{ RANGE, 406, 0, WHOLE },
	{ RANGE, 412, 0, WHOLE },
	{ RANGE, 422, ELSEWHERE, WHOLE },
	{ RANGE, 501, 0, WHOLE },
	{ RANGE, 501, ELSEWHERE | PART, WHOLE },
	{ RANGE, 505, 0, WHOLE },
	{ RANGE, 400, ELSEWHERE, START },
	{ RANGE, 403, ELSEWHERE, START },
	{ RANGE, 400, ELSEWHERE | AGAIN, WHOLE },
	{ RANGE, 403, ELSEWHERE | AGAIN, WHOLE },
	{ RANGE, 403, ELSEWHERE | AGAIN | PART, START },
	{ RANGE, 403, ELSEWHERE | AGAIN | PART | LAST, WHOLE },
	{ RANGE, 400, ELSEWHERE | LAST, WHOLE },
	{ RANGE, 401, ELSEWHERE | AGAIN, START },
	{ RANGE, 401, ASKS, CHALLENGE },
	{ RANGE, 404, 0, FAIL },
	{ RANGE, 410, LAST, FAIL },
	{ RANGE, 416, PART, FAIL },
	{ RANGE, 500, 0, LATER },
	{ RANGE, 500, AGAIN, WHOLE },
	{ RANGE, 500, AGAIN | PART, LATER },
	{ RANGE, 500, AGAIN | PART | LAST, WHOLE },
	{ RANGE, 502, AGAIN, LATER },
	{ RANGE, 502, AGAIN | LAST, WHOLE },
	{ RANGE, 503, LAST | PART, WHOLE },
	{ RANGE, 499, LAST, WHOLE },
	{ RANGE, 525, LAST | ELSEWHERE, WHOLE },
	{ RANGE, 408, LAST, LATER },
	{ RANGE, 429, AGAIN | LAST, LATER },
	/* referrers */
	{ REFERRERS, 200, LISTS, TAKE },
	{ REFERRERS, 200, 0, SCHEMA },
	{ REFERRERS, 200, ELSEWHERE, SCHEMA },
	{ REFERRERS, 400, 0, SCHEMA },
	{ REFERRERS, 403, 0, SCHEMA },
	{ REFERRERS, 403, ELSEWHERE, SCHEMA },
	{ REFERRERS, 404, 0, SCHEMA },
	{ REFERRERS, 405, 0, SCHEMA },
	{ REFERRERS, 406, 0, SCHEMA },
	{ REFERRERS, 415, 0, SCHEMA },
	{ REFERRERS, 422, 0, SCHEMA },
	{ REFERRERS, 501, 0, SCHEMA },
	{ REFERRERS, 401, 0, FAIL },
	{ REFERRERS, 410, 0, FAIL },
	{ REFERRERS, 429, 0, LATER },
	{ REFERRERS, 500, LAST, LATER },
	{ LIST, 403, 0, FAIL },
	{ LIST, 404, 0, FAIL },
};

static void
test_table(void **state)
{
	size_t i;
	enum answer_way way;

	(void)state;
	for (i = 0; i < COUNT(judged); i++) {
		way = answer_judge(judged[i].to, judged[i].status,
		    judged[i].facts);
		if (way != judged[i].way)
			fail_msg("case %zu: %d", i, way);
	}
}

/* Whatever is asked and answered: each way leads somewhere, and none to where
 * one has been. */
static void
check(enum answer_to to, long status, unsigned facts)
{
	enum answer_way way = answer_judge(to, status, facts);
	bool is_tag = to == TAG || to == OPTIONAL;

	assert_in_range(way, TAKE, FAIL);
	assert_true(way != GET || is_tag);
	assert_true(way != ABSENT || to == OPTIONAL);
	assert_true(way != SCHEMA || to == REFERRERS);
	assert_true(way != WHOLE || to == RANGE);
	assert_true(way != START || (facts & ELSEWHERE) != 0);
	assert_true(way != TAKE || status == 200 || status == 206);
	assert_true(status != 429 || way == LATER);
	if (way == CHALLENGE)
		assert_true((facts & (SHOWN | ASKS)) == ASKS);
	if (way == RENEW)
		assert_true((facts & (SHOWN | RENEWED)) == SHOWN);
	if (way == WITHOUT)
		assert_true((facts & (SHOWN | COLD | ELSEWHERE)) == SHOWN);
	if (way == CHALLENGE || way == RENEW || way == WITHOUT)
		assert_true(status == 401 && to != TOKEN);
	if (answer_is_later(status) && way != LATER)
		assert_true((facts & LAST) != 0 || (to == RANGE &&
		    status == 500 && (facts & (AGAIN | PART)) == AGAIN));
}

static void
test_everything(void **state)
{
	unsigned to, facts;
	long status;

	(void)state;
	for (to = 0; to < ANSWER_TO_COUNT; to++)
		for (status = 199; status < 532; status++)
			for (facts = 0; facts < 1u << ANSWER_FACTS; facts++)
				check((enum answer_to)to, status, facts);
}

static void
test_later(void **state)
{
	static const long later[] = {
		408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523,
		524, 525, 526, 527, 528, 529, 530
	};
	size_t i = 0;
	long status;

	(void)state;
	for (status = -1; status < 700; status++) {
		if (i < COUNT(later) && later[i] == status) {
			assert_true(answer_is_later(status));
			i++;
		} else {
			assert_false(answer_is_later(status));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
