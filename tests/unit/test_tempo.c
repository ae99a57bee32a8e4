/*
 * A client that asks as tempo.c says, and registries of many kinds that limit
 * requests, in virtual time.  CDR_SIM_SAY=1 prints the figures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/link/tempo.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define FLIGHT_MAX	8u
#define MOST_MS		3600000

/* A bucket, of so many thousandths of requests; or so many a window. */
struct bucket {
	unsigned kinds;			/* that count */
	int64_t a_second, burst;
	int64_t window_ms;		/* 0: a bucket */
	bool counts_refused;
	int64_t level, at_ms;
};

/* What is asked for, one kind after the other. */
struct work {
	unsigned left[TEMPO_KINDS];
	unsigned again[TEMPO_KINDS];	/* refused, and first in line */
};

struct flight {
	struct tempo_request r;
	int64_t answers_ms;
	bool is_refused;
};

struct world {
	struct tempo tempo;
	struct bucket bucket;
	struct work work;
	struct flight flight[FLIGHT_MAX];
	int64_t now_ms, answer_ms, retry_after_ms, first_ms;
	bool is_vague;
	unsigned refused, answered, most, in_row, most_in_row;
	int64_t kind_done_ms[TEMPO_KINDS];
};

static bool
admits(struct bucket *b, enum tempo_kind kind, int64_t now_ms)
{
	bool good;

	if ((b->kinds >> kind & 1) == 0)
		return true;
	if (b->window_ms > 0 &&
	    now_ms / b->window_ms != b->at_ms / b->window_ms)
		b->level = b->burst * 1000;
	else if (b->window_ms == 0)
		b->level += (now_ms - b->at_ms) * b->a_second;
	if (b->level > b->burst * 1000)
		b->level = b->burst * 1000;
	b->at_ms = now_ms;
	good = b->level >= 1000;
	if (good || b->counts_refused)
		b->level -= 1000;
	if (b->level < -b->burst * 1000)
		b->level = -b->burst * 1000;
	return good;
}

static bool
begin(struct world *w, enum tempo_kind kind)
{
	struct flight *f = w->flight;
	unsigned n = 0, i;

	if (w->work.left[kind] + w->work.again[kind] == 0 ||
	    tempo_wait_ms(&w->tempo, kind, w->now_ms) != 0)
		return false;
	for (i = 0; i < FLIGHT_MAX; i++)
		n += w->flight[i].r.is_running;
	if (n == FLIGHT_MAX)
		return false;
	while (f->r.is_running)
		f++;
	if (w->work.again[kind] > 0)
		w->work.again[kind]--;
	else
		w->work.left[kind]--;
	memset(f, 0, sizeof(*f));
	f->r.kind = kind;
	tempo_enter(&w->tempo, &f->r, w->now_ms);
	f->answers_ms = w->now_ms + w->answer_ms;
	f->is_refused = !admits(&w->bucket, kind, w->now_ms);
	if (n + 1 > w->most)
		w->most = n + 1;
	return true;
}

static void
end(struct world *w, struct flight *f)
{
	const struct tempo_refusal refusal = {
		.is_vague = w->is_vague,
		.after_ms = w->retry_after_ms,
		.first_ms = w->first_ms,
	};

	if (f->is_refused) {
		w->refused++;
		w->work.again[f->r.kind]++;
		w->in_row++;
		if (w->in_row > w->most_in_row)
			w->most_in_row = w->in_row;
		(void)tempo_refused(&w->tempo, &f->r, &refusal, w->now_ms);
	} else {
		w->answered++;
		w->in_row = 0;
		w->kind_done_ms[f->r.kind] = w->now_ms;
		tempo_answered(&w->tempo, &f->r);
	}
	tempo_leave(&w->tempo, &f->r);
}

static bool
step(struct world *w)
{
	bool busy = false, more = true;
	unsigned i, kind;

	for (i = 0; i < FLIGHT_MAX; i++)
		if (w->flight[i].r.is_running &&
		    w->flight[i].answers_ms <= w->now_ms)
			end(w, &w->flight[i]);
	while (more)
		for (more = false, kind = 0; kind < TEMPO_KINDS; kind++)
			if (begin(w, (enum tempo_kind)kind))
				more = true;
	for (i = 0; i < FLIGHT_MAX; i++)
		busy |= w->flight[i].r.is_running;
	for (kind = 0; kind < TEMPO_KINDS; kind++)
		busy |= w->work.left[kind] + w->work.again[kind] > 0;
	w->now_ms++;
	return busy;
}

static int64_t
run(struct world *w)
{
	int64_t began_ms = w->now_ms;

	while (step(w) && w->now_ms - began_ms < MOST_MS)
		continue;
	return w->now_ms - began_ms;
}

static struct world *
new_world(const struct bucket *b)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	w.now_ms = 100000;
	w.bucket = *b;
	w.bucket.level = b->burst * 1000;
	w.bucket.at_ms = w.now_ms;
	w.answer_ms = 20;
	w.retry_after_ms = -1;
	w.first_ms = 1000;
	return &w;
}

/* --- in the time that the limit allows --------------------------------- */

#define ALL	0x1fu

static const struct {
	const char *what;
	struct bucket bucket;
	int64_t answer_ms, retry_after_ms, first_ms;
	bool is_vague;
	unsigned count;			/* of each kind but tokens */
	unsigned percent;		/* of the time that it needs, at most */
	unsigned refused;		/* in percent of the answers, at most */
} limits[] = {
	{ "one a second, bursts of ten", { .kinds = ALL, .a_second = 1,
	    .burst = 10 }, 20, -1, 1000, false, 40, 115, 15 },
	{ "the same, slow answers", { .kinds = ALL, .a_second = 1,
	    .burst = 10 }, 1500, -1, 1000, false, 40, 120, 20 },
	{ "the same, by 503", { .kinds = ALL, .a_second = 1,
	    .burst = 10 }, 20, -1, 1000, true, 40, 115, 15 },
	{ "the same, Retry-After 1", { .kinds = ALL, .a_second = 1,
	    .burst = 10 }, 20, 1000, 1000, false, 40, 115, 15 },
	{ "the same, refusals count", { .kinds = ALL, .a_second = 1,
	    .burst = 10, .counts_refused = true }, 20, -1, 1000, false, 40,
	    130, 20 },
	{ "the same, a short first wait", { .kinds = ALL, .a_second = 1,
	    .burst = 10 }, 20, -1, 20, false, 40, 120, 20 },
	{ "one a second, no bursts", { .kinds = ALL, .a_second = 1,
	    .burst = 1 }, 20, -1, 1000, false, 40, 120, 20 },
	{ "five a second, bursts of twenty", { .kinds = ALL, .a_second = 5,
	    .burst = 20 }, 20, -1, 1000, false, 100, 120, 15 },
	{ "fifty a second, far away", { .kinds = ALL, .a_second = 50,
	    .burst = 50 }, 100, -1, 1000, false, 1000, 120, 10 },
	{ "hundred a minute", { .kinds = ALL, .a_second = 0, .burst = 100,
	    .window_ms = 60000 }, 20, -1, 1000, false, 100, 140, 15 },
};

static int64_t
needed_ms(size_t which, unsigned requests)
{
	const struct bucket *b = &limits[which].bucket;

	if (b->window_ms > 0)
		return (requests - 1) / (unsigned)b->burst * b->window_ms;
	return ((int64_t)requests - b->burst) * 1000 / b->a_second;
}

static void
all_come_in_time(void **state)
{
	struct world *w;
	int64_t took, needed;
	unsigned kind;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(limits); i++) {
		w = new_world(&limits[i].bucket);
		w->answer_ms = limits[i].answer_ms;
		w->retry_after_ms = limits[i].retry_after_ms;
		w->first_ms = limits[i].first_ms;
		w->is_vague = limits[i].is_vague;
		for (kind = 0; kind < TEMPO_TOKEN; kind++)
			w->work.left[kind] = limits[i].count;
		took = run(w);
		needed = needed_ms(i, 4 * limits[i].count);
		if (getenv("CDR_SIM_SAY") != NULL)
			print_message("%s: %lld ms, %lld%%, %u refused (at "
			    "most %u in a row) of %u\n", limits[i].what,
			    (long long)took, (long long)(took * 100 / needed),
			    w->refused, w->most_in_row, w->answered);
		assert_int_equal(w->answered, 4 * limits[i].count);
		if (took * 100 > needed * limits[i].percent ||
		    w->refused * 100 > w->answered * limits[i].refused)
			fail_msg("%s: %lld ms of %lld, %u refused",
			    limits[i].what, (long long)took,
			    (long long)needed, w->refused);
	}
}

/* --- what is limited, and what is not ---------------------------------- */

/* Where HEADs alone are limited, all else is there long before them. */
static void
others_go_freely(void **state)
{
	const struct bucket heads = { .kinds = 1u << TEMPO_HEAD,
	    .a_second = 1, .burst = 10 };
	struct world *w = new_world(&heads);

	(void)state;
	w->work.left[TEMPO_HEAD] = 40;
	w->work.left[TEMPO_MANIFEST] = w->work.left[TEMPO_BLOB] = 500;
	assert_true(run(w) < 36000);
	assert_true(w->kind_done_ms[TEMPO_BLOB] - 100000 < 6000);
	assert_false(tempo_is_slow(&w->tempo, TEMPO_BLOB));
}

/* Who never refuses is never waited for. */
static void
nobody_waits_for_nothing(void **state)
{
	const struct bucket none = { .kinds = 0 };
	struct world *w = new_world(&none);

	(void)state;
	w->work.left[TEMPO_MANIFEST] = 8000;
	assert_true(run(w) <= 20050);
	assert_int_equal(w->most, FLIGHT_MAX);
}

/* A limit that is lifted is forgotten, and soon. */
static void
a_limit_may_go(void **state)
{
	const struct bucket b = { .kinds = ALL, .a_second = 1, .burst = 10 };
	struct world *w = new_world(&b);
	int64_t began_ms;

	(void)state;
	w->work.left[TEMPO_MANIFEST] = 60;
	(void)run(w);
	assert_true(tempo_is_slow(&w->tempo, TEMPO_MANIFEST));
	w->bucket.kinds = 0;
	w->work.left[TEMPO_MANIFEST] = 5000;
	began_ms = w->now_ms;
	(void)run(w);
	assert_false(tempo_is_slow(&w->tempo, TEMPO_MANIFEST));
	assert_true(w->now_ms - began_ms < 200000);
}

/* --- one refusal ------------------------------------------------------- */

static void
one_at_a_time(void **state)
{
	struct tempo t = { 0 };
	struct tempo_request r[8] = { { .kind = TEMPO_BLOB } };
	const struct tempo_refusal refusal = { .after_ms = -1,
	    .first_ms = 800 };
	unsigned i;

	(void)state;
	for (i = 0; i < 8; i++) {
		r[i].kind = TEMPO_BLOB;
		assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 1000), 0);
		tempo_enter(&t, &r[i], 1000);
	}
	/* A crowd is refused once, however many there were in it. */
	for (i = 0; i < 8; i++) {
		tempo_leave(&t, &r[i]);
		assert_int_equal(tempo_in_row(&t, &r[i]), 1);
		assert_int_equal(tempo_refused(&t, &r[i], &refusal, 1100),
		    800);
	}
	assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 1100), 800);
	assert_int_equal(tempo_wait_ms(&t, TEMPO_HEAD, 1100), 800);
	assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 1900), 0);
	tempo_enter(&t, &r[0], 1900);
	assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 1901), -1);
	assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 9000), -1);
	/* Refused again, with nothing between: four times as long, and so on,
	 * but a minute at most. */
	tempo_leave(&t, &r[0]);
	assert_int_equal(tempo_in_row(&t, &r[0]), 2);
	assert_int_equal(tempo_refused(&t, &r[0], &refusal, 2000), 3200);
	for (i = 0; i < 5; i++) {
		tempo_enter(&t, &r[0], 100000 * (i + 1));
		tempo_leave(&t, &r[0]);
		(void)tempo_refused(&t, &r[0], &refusal, 100000 * (i + 1));
	}
	assert_int_equal(tempo_wait_ms(&t, TEMPO_BLOB, 500000), 60000);
	/* One answer, to whatever it is, and it begins anew. */
	r[1].kind = TEMPO_HEAD;
	tempo_enter(&t, &r[1], 560000);
	tempo_leave(&t, &r[1]);
	tempo_answered(&t, &r[1]);
	assert_int_equal(tempo_in_row(&t, &r[0]), 1);
}

/* What he asks for is a minimum. */
static void
retry_after_is_obeyed(void **state)
{
	struct tempo t = { 0 };
	struct tempo_request r = { .kind = TEMPO_MANIFEST };
	struct tempo_refusal refusal = { .after_ms = 20000, .first_ms = 800 };

	(void)state;
	tempo_enter(&t, &r, 1000);
	tempo_leave(&t, &r);
	assert_int_equal(tempo_refused(&t, &r, &refusal, 1000), 20000);
	refusal.after_ms = 0;
	tempo_enter(&t, &r, 21000);
	tempo_leave(&t, &r);
	assert_int_equal(tempo_refused(&t, &r, &refusal, 21000), 3200);
}

/* One 503 among many answers may be about something else: nobody else waits.
 * Three of them are believed. */
static void
a_vague_one_is_doubted(void **state)
{
	struct tempo t = { 0 };
	struct tempo_request r = { .kind = TEMPO_MANIFEST };
	const struct tempo_refusal refusal = { .is_vague = true,
	    .after_ms = -1, .first_ms = 800 };
	unsigned i, n;

	(void)state;
	for (n = 0; n < 50; n++) {
		for (i = 0; i < 20; i++)
			tempo_answered(&t, &r);
		assert_int_equal(tempo_refused(&t, &r, &refusal, 1000), 0);
		assert_int_equal(tempo_wait_ms(&t, TEMPO_MANIFEST, 1000), 0);
	}
	assert_int_equal(tempo_refused(&t, &r, &refusal, 1000), 0);
	assert_int_equal(tempo_refused(&t, &r, &refusal, 1000), 800);
	assert_int_equal(tempo_wait_ms(&t, TEMPO_MANIFEST, 1000), 800);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_in_time),
		cmocka_unit_test(others_go_freely),
		cmocka_unit_test(nobody_waits_for_nothing),
		cmocka_unit_test(a_limit_may_go),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(a_vague_one_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
