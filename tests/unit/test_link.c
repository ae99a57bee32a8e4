/*
 * The advisers of transfer/link/ together, on links and registries of many
 * kinds (sim.h).  What they achieve is held to wide bounds: they may get
 * better.
 * CDR_SIM_SAY=1 prints the figures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim.h"
#include "transfer/link/ration.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define MOST_MS		600000

/* --- how long blobs take ----------------------------------------------- */

static const struct {
	const char *what;
	uint64_t link_mb, connection_mb;	/* MB a second */
	int64_t round_trip_ms, late_ms;
	unsigned connections;
	uint64_t blobs_mb[8];
	unsigned percent;		/* of the bound, at most */
} links[] = {
	{ "one connection is enough", 10, 10, 1, 0, 8, { 100 }, 106 },
	{ "any number, none is faster", 50, 50, 1, 0, 8, { 200, 200, 270 },
	    106 },
	{ "20 MB/s a connection, 160 in all", 160, 20, 1, 0, 16,
	    { 270, 200, 200 }, 112 },
	{ "the same over a long way", 160, 20, 100, 0, 16, { 270, 200, 200 },
	    130 },
	{ "20 MB/s a connection, as many as one likes", 940, 20, 1, 0, 48,
	    { 270, 200, 200 }, 220 },
	{ "one large blob", 160, 20, 1, 0, 16, { 670 }, 115 },
	{ "few connections", 0, 20, 1, 0, 4, { 100, 100, 100 }, 300 },
	/* A range is what comes in a second: half of the time it waits. */
	{ "a registry that answers late", 72, 11, 20, 1000, 16, { 537 }, 180 },
	/* Small ones end first, and one is left. */
	{ "one large among small ones", 72, 11, 1, 0, 32,
	    { 20, 20, 30, 30, 33, 537 }, 112 },
	{ "the same, larger", 72, 11, 1, 0, 32,
	    { 66, 66, 99, 99, 110, 1790 }, 106 },
	{ "the same over a long way", 72, 11, 150, 0, 32,
	    { 20, 20, 30, 30, 33, 537 }, 125 },
	{ "and all new ones need half a second", 160, 20, 100, 400, 32,
	    { 270, 200, 200, 500 }, 140 },
	{ "one large after small ones", 72, 11, 1, 0, 32,
	    { 5, 5, 5, 5, 9, 9, 33, 600 }, 115 },
	/* Seven, and then the eighth. */
	{ "many small ones", 72, 11, 1, 0, 8, { 5, 5, 5, 5, 5, 5, 5, 5 }, 180 },
};

static uint64_t
bound_ms(size_t which)
{
	uint64_t mb = 0, rate;
	size_t i;

	for (i = 0; i < COUNT(links[which].blobs_mb); i++)
		mb += links[which].blobs_mb[i];
	/* One is kept from blobs. */
	rate = links[which].connection_mb * (links[which].connections - 1);
	if (links[which].link_mb > 0 && links[which].link_mb < rate)
		rate = links[which].link_mb;
	return mb * 1000 / rate + (uint64_t)(links[which].round_trip_ms +
	    links[which].late_ms);
}

static void
blobs_come_in_time(void **state)
{
	static struct sim s;
	uint64_t took, bound;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(links); i++) {
		memset(&s, 0, sizeof(s));
		s.link_rate = links[i].link_mb * SIM_MB;
		s.connection_rate = links[i].connection_mb * SIM_MB;
		s.round_trip_ms = links[i].round_trip_ms;
		s.late_ms = links[i].late_ms;
		s.connections_max = links[i].connections;
		for (j = 0; j < COUNT(links[i].blobs_mb) &&
		    links[i].blobs_mb[j] > 0; j++)
			s.blobs[s.blob_count++] = links[i].blobs_mb[j] *
			    SIM_MB;
		took = (uint64_t)sim_run(&s, MOST_MS);
		bound = bound_ms(i);
		for (j = 0; j < s.blob_count; j++)
			assert_int_equal(s.done[j], s.blobs[j]);
		assert_int_equal(s.extra, 0);
		assert_int_equal(s.totals.running, 0);
		if (getenv("CDR_SIM_SAY") != NULL)
			print_message("%s: %llu ms, %llu%% of %llu\n",
			    links[i].what, (unsigned long long)took,
			    (unsigned long long)(took * 100 / bound),
			    (unsigned long long)bound);
		if (took * 100 > bound * links[i].percent || took < bound - 10)
			fail_msg("%s: %llu ms, the bound is %llu ms",
			    links[i].what, (unsigned long long)took,
			    (unsigned long long)bound);
	}
}

/* --- without any setting ----------------------------------------------- */

static void
default_world(struct sim *s, bool is_elsewhere)
{
	static const uint64_t layers_mb[] = { 120, 100, 80, 60, 40 };
	size_t i;

	memset(s, 0, sizeof(*s));
	s->connection_rate = 20 * SIM_MB;
	s->round_trip_ms = 5;
	s->connections_max = 8;
	s->top = 32;
	s->is_elsewhere = is_elsewhere;
	for (i = 0; i < COUNT(layers_mb); i++)
		s->blobs[s->blob_count++] = layers_mb[i] * SIM_MB;
}

/* Who fetches each layer over one connection needs six seconds. */
static void
a_thin_link_is_filled(void **state)
{
	static struct sim s;
	unsigned elsewhere;

	(void)state;
	for (elsewhere = 0; elsewhere < 2; elsewhere++) {
		default_world(&s, elsewhere == 1);
		assert_true(sim_run(&s, MOST_MS) < 950);
		assert_int_equal(s.most, 32);
	}
}

/* Some servers give what comes in a second at once, and then keep to it. */
static void
a_gift_misleads_nobody(void **state)
{
	static struct sim s;

	(void)state;
	default_world(&s, false);
	s.gift = 20 * SIM_MB;
	assert_true(sim_run(&s, MOST_MS) < 500);
}

/* Many large blobs wait: they get more connections, too, one each. */
static void
blobs_that_wait_are_more(void **state)
{
	static struct sim s;
	unsigned i;

	(void)state;
	default_world(&s, true);
	s.blob_count = 0;
	for (i = 0; i < 60; i++)
		s.blobs[s.blob_count++] = 40 * SIM_MB;
	/* 7 would need 17 seconds, 32 need 3.75. */
	assert_true(sim_run(&s, MOST_MS) < 4700);
}

/* Where the line is full they are not more than fill it, for long. */
static void
a_full_link_has_few(void **state)
{
	static struct sim s;
	int64_t took;

	(void)state;
	default_world(&s, true);
	s.link_rate = 100 * SIM_MB;
	s.blobs[s.blob_count++] = 3000 * SIM_MB;
	took = sim_run(&s, MOST_MS);
	assert_true(took < 34000 * 103 / 100);
	if (getenv("CDR_SIM_SAY") != NULL)
		print_message("%.1f connections\n",
		    (double)s.connection_ms / (double)took);
	assert_true(s.connection_ms / (uint64_t)took < 10);
}

/* What one connection fills no crowd comes to: it would only stand in line
 * there, and what else the line is for would stand behind it. */
static void
a_thin_line_sees_no_crowd(void **state)
{
	static const uint64_t rates[] = { 2500000, 6000000 };
	static struct sim s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rates); i++) {
		default_world(&s, true);
		s.blob_count = 0;
		s.connection_rate = 11 * SIM_MB;
		s.link_rate = rates[i];
		s.blobs[s.blob_count++] = 69 * SIM_MB;
		s.blobs[s.blob_count++] = 64 * SIM_MB;
		assert_true((uint64_t)sim_run(&s, MOST_MS) <
		    133 * SIM_MB * 1030 / rates[i]);
		/* As many as anybody may have unasked. */
		assert_in_range(s.most, 1, 7);
	}
}

/* But slow connections on a wide line are as many as on any. */
static void
slow_connections_are_many(void **state)
{
	static struct sim s;

	(void)state;
	default_world(&s, true);
	s.connection_rate = SIM_MB;
	s.round_trip_ms = 150;
	/* 5 need 120 seconds, 32 need 12.5. */
	assert_true(sim_run(&s, MOST_MS) < 15000);
	assert_int_equal(s.most, 32);
}

/* A registry that has enough of ten gets no more than eight from then on, and a
 * host that is made for it gets fewer at once, and seldom more. */
static void
who_has_enough_gets_fewer(void **state)
{
	static struct sim s;
	unsigned elsewhere;

	(void)state;
	for (elsewhere = 0; elsewhere < 2; elsewhere++) {
		default_world(&s, elsewhere == 1);
		s.refuses_from = 11;
		s.blobs[s.blob_count++] = 4000 * SIM_MB;
		assert_true(sim_run(&s, MOST_MS) < MOST_MS);
		assert_in_range(s.refusals, 1, elsewhere == 1 ? 100 : 25);
		assert_true(s.share.wide <= 10);
		if (getenv("CDR_SIM_SAY") != NULL)
			print_message("%u refusals, %u at once\n", s.refusals,
			    s.most);
	}
}

/* Where more connections bring nothing, most of them are given back. */
static void
useless_connections_go(void **state)
{
	static struct sim s;
	int64_t took;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.link_rate = s.connection_rate = 10 * SIM_MB;
	s.round_trip_ms = 20;
	s.connections_max = 16;
	s.blobs[s.blob_count++] = 1000 * SIM_MB;
	took = sim_run(&s, MOST_MS);
	assert_true(took < 110000);
	assert_true(s.connection_ms / (uint64_t)took < 8);
}

/* Bytes that wait for the disk come no sooner over more connections. */
static void
a_busy_machine_has_few(void **state)
{
	static struct sim s;

	(void)state;
	default_world(&s, false);
	s.connection_rate = 95 * SIM_MB;
	s.takes_rate = 120 * SIM_MB;
	assert_true(sim_run(&s, MOST_MS) < 3334 * 106 / 100);
	/* As many as anybody may have unasked. */
	assert_true(s.most <= 7);
}

/* --- --limit-rate ------------------------------------------------------ */

/* In no ten seconds more than may come, in all of them nearly that. */
static void
the_limit_holds(void **state)
{
	static const uint64_t rates[] = { 500 << 10, 2 << 20, 5 << 20 };
	static struct sim s;
	static uint64_t by_tick[MOST_MS / SIM_TICK_MS];
	const size_t ten = 10000 / SIM_TICK_MS;
	size_t i, n;
	uint64_t part;

	(void)state;
	for (i = 0; i < COUNT(rates); i++) {
		memset(&s, 0, sizeof(s));
		s.link_rate = 100 * SIM_MB;
		s.connection_rate = 20 * SIM_MB;
		s.round_trip_ms = 5;
		s.connections_max = 8;
		s.limit_rate = rates[i];
		s.blobs[s.blob_count++] = rates[i] * 40;
		s.blobs[s.blob_count++] = rates[i] * 10;
		sim_init(&s);
		for (n = 0; sim_step(&s) && n < COUNT(by_tick); n++) {
			by_tick[n] = s.bytes;
			if (n < ten)
				continue;
			part = s.bytes - by_tick[n - ten];
			assert_true(part <= rates[i] * 10 * 103 / 100);
		}
		assert_in_range(s.now_ms - 1000, 49000, 52500);
	}
}

/* A huge blob does not keep a small one waiting for longer than its share. */
static void
small_ones_get_their_turn(void **state)
{
	static struct sim s;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.link_rate = 100 * SIM_MB;
	s.connection_rate = 100 * SIM_MB;
	s.connections_max = 8;
	s.limit_rate = SIM_MB;
	s.blobs[s.blob_count++] = 60 * SIM_MB;
	s.blobs[s.blob_count++] = 1 * SIM_MB;
	(void)sim_run(&s, MOST_MS);
	assert_true(s.ended_ms[1] - 1000 < 5000);
	assert_in_range(s.ended_ms[0] - 1000, 58000, 65000);
}

/* --- a registry that has had enough ------------------------------------ */

/* One that takes ten requests a second, in bursts of twenty: after its 429 no
 * crowd comes again before a minute's credit is there. */
static void
a_refusal_ends_the_crowd(void **state)
{
	struct share_totals totals = { 0, 0 };
	struct share share;
	struct share_request r[128];
	const struct share_answer good = { .status = 200, .shared = true,
	    .connected = true };
	const struct share_answer enough = { .status = 429, .shared = true };
	unsigned n = 0, i;

	(void)state;
	memset(r, 0, sizeof(r));
	for (i = 0; i < COUNT(r); i++)
		r[i].kind = SHARE_ANSWER;
	share_init(&share, &totals, 8, false);
	share_seen(&share, &r[0], &good);
	while (n < COUNT(r) && share_has_room(&share, &r[n], 1000))
		share_enter(&share, &r[n++]);
	assert_int_equal(n, 96);
	share_seen(&share, &r[0], &enough);
	for (i = 0; i < n; i++)
		share_leave(&share, &r[i]);
	for (n = 0; n < COUNT(r) && share_has_room(&share, &r[n], 1010); n++)
		share_enter(&share, &r[n]);
	assert_int_equal(n, 8);
}

/* --- pulls that are counted -------------------------------------------- */

static const struct {
	const char *what;
	struct ration r;
	enum ration_verdict verdict;
} rations[] = {
	{ "nothing is known", { false, -1, 0, 10 }, RATION_GO },
	{ "many in flight, nothing known", { false, -1, 99, 10 }, RATION_GO },
	{ "plenty", { false, 100, 0, 10 }, RATION_GO },
	{ "the last but one", { false, 12, 1, 10 }, RATION_GO },
	{ "those in flight may be the last", { false, 12, 2, 10 },
	    RATION_WAIT },
	{ "more in flight than left", { false, 12, 90, 10 }, RATION_WAIT },
	{ "as many as are kept", { false, 10, 0, 10 }, RATION_STOP },
	{ "less than are kept", { false, 3, 5, 10 }, RATION_STOP },
	{ "nothing is kept", { false, 0, 5, 0 }, RATION_GO },
	{ "refused", { true, 100, 0, 0 }, RATION_STOP },
	{ "refused, nothing known", { true, -1, 0, 10 }, RATION_STOP },
};

static void
pulls_are_judged(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rations); i++)
		if (ration_judge(&rations[i].r) != rations[i].verdict)
			fail_msg("%s", rations[i].what);
	assert_int_equal(ration_pause_s(false, 5000), 0);
	assert_int_equal(ration_pause_s(false, -1), 0);
	assert_int_equal(ration_pause_s(true, -1), -1);
	assert_int_equal(ration_pause_s(true, 0), -1);
	assert_int_equal(ration_pause_s(true, 1), 1);
	assert_int_equal(ration_pause_s(true, 60001), 61);
}

/* The registry counts when a request arrives and says so when it answers, late
 * and in any order: what is to be kept is kept. */
static void
what_is_kept_is_kept(void **state)
{
	const int64_t keep = 10;
	int64_t left = 40, told = -1, answers_ms[64], says[64];
	struct ration r = { .left = -1, .keep = (unsigned)keep };
	unsigned begun = 0, i;
	int64_t now;

	(void)state;
	srandom(7);
	for (now = 0; now < 60000; now += 10) {
		for (i = 0; i < begun; i++) {
			if (answers_ms[i] != now)
				continue;
			r.flight--;
			if (told < 0 || says[i] < told)
				r.left = told = says[i];
		}
		/* The first answer is waited for, as a probe is. */
		while (begun < COUNT(says) && (begun == 0 || told >= 0) &&
		    ration_judge(&r) == RATION_GO) {
			left--;
			says[begun] = left;
			answers_ms[begun++] = now + 10 * (1 + random() % 50);
			r.flight++;
		}
	}
	assert_int_equal(r.flight, 0);
	assert_int_equal(left, keep);
	assert_int_equal(ration_judge(&r), RATION_STOP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blobs_come_in_time),
		cmocka_unit_test(a_thin_link_is_filled),
		cmocka_unit_test(a_gift_misleads_nobody),
		cmocka_unit_test(blobs_that_wait_are_more),
		cmocka_unit_test(a_full_link_has_few),
		cmocka_unit_test(a_thin_line_sees_no_crowd),
		cmocka_unit_test(slow_connections_are_many),
		cmocka_unit_test(who_has_enough_gets_fewer),
		cmocka_unit_test(useless_connections_go),
		cmocka_unit_test(a_busy_machine_has_few),
		cmocka_unit_test(the_limit_holds),
		cmocka_unit_test(small_ones_get_their_turn),
		cmocka_unit_test(a_refusal_ends_the_crowd),
		cmocka_unit_test(pulls_are_judged),
		cmocka_unit_test(what_is_kept_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
