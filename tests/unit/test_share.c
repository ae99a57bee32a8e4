#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/link/share.h"

#define REQUESTS	128u
#define SMALL		((uint64_t)256 << 10)

struct world {
	struct share_totals totals;
	struct share share;
	struct share_request requests[REQUESTS];
	int64_t now_ms;
};

static struct world *
new_world(unsigned max_connections, bool is_limited)
{
	static struct world w;
	unsigned i;

	memset(&w, 0, sizeof(w));
	w.now_ms = 1000;
	share_init(&w.share, &w.totals, max_connections, is_limited);
	for (i = 0; i < REQUESTS; i++)
		w.requests[i].kind = SHARE_ANSWER;
	return &w;
}

static bool
has_room(struct world *w, unsigned which)
{
	return share_has_room(&w->share, &w->requests[which], w->now_ms);
}

/* How many may be in flight at once; and are. */
static unsigned
begin(struct world *w)
{
	unsigned n = 0;

	while (n < REQUESTS && has_room(w, n))
		share_enter(&w->share, &w->requests[n++]);
	return n;
}

static void
end(struct world *w, unsigned count)
{
	while (count-- > 0)
		share_leave(&w->share, &w->requests[count]);
}

static void
see(struct world *w, long status, bool shared, bool connected)
{
	const struct share_answer answer = { .status = status,
	    .shared = shared, .connected = connected };

	share_seen(&w->share, &w->requests[0], &answer);
}

static void
test_http_1(void **state)
{
	struct world *w = new_world(8, false);

	(void)state;
	assert_int_equal(begin(w), 8);
	see(w, 200, false, true);
	end(w, 8);
	assert_int_equal(begin(w), 8);
	assert_int_equal(w->totals.streams, 0);
}

static void
test_http_2(void **state)
{
	struct world *w = new_world(8, false);

	(void)state;
	see(w, 200, true, true);
	assert_int_equal(begin(w), 96);
	/* They are one connection: seven are left, one not for blobs. */
	w->requests[96].kind = SHARE_TOKEN;
	assert_true(has_room(w, 96));
	w->requests[96].kind = SHARE_ANSWER;
	assert_true(share_has_room_for_piece(&w->share));
	end(w, 96);
	assert_int_equal(w->share.running + w->totals.running +
	    w->totals.streams, 0);
	/* An old HTTP/1.1 connection tells nothing, a new one does. */
	see(w, 200, false, false);
	assert_int_equal(begin(w), 96);
	end(w, 96);
	see(w, 200, false, true);
	assert_int_equal(begin(w), 8);
}

/* Who wants few connections wants few requests. */
static void
test_few(void **state)
{
	struct world *w = new_world(1, false);

	(void)state;
	see(w, 200, true, true);
	assert_int_equal(begin(w), 12);
}

static void
make_blobs(struct world *w)
{
	unsigned i;

	for (i = 0; i < REQUESTS; i++) {
		w->requests[i].kind = SHARE_BLOB;
		w->requests[i].bytes = SMALL;
	}
}

static void
test_blobs(void **state)
{
	struct world *w = new_world(8, false);

	(void)state;
	see(w, 200, true, true);
	make_blobs(w);
	/* Where they are may be another server. */
	assert_int_equal(begin(w), 7);
	assert_int_equal(w->share.pieces, 7);
	end(w, 7);
	see(w, 200, true, true);
	assert_int_equal(begin(w), 48);
	assert_int_equal(w->share.pieces, 0);
	w->requests[48].bytes = SMALL + 1;
	assert_false(share_may(&w->share, &w->requests[48]));
	assert_true(has_room(w, 48));
	end(w, 48);
}

/* What has its rate limited does not share. */
static void
test_limited(void **state)
{
	struct world *w = new_world(8, true);

	(void)state;
	see(w, 200, true, true);
	make_blobs(w);
	see(w, 200, true, true);
	assert_int_equal(begin(w), 7);
}

/* A list of any length has a connection of its own. */
static void
test_list(void **state)
{
	struct world *w = new_world(8, false);

	(void)state;
	see(w, 200, true, true);
	w->requests[0].kind = SHARE_LIST;
	assert_false(share_may(&w->share, &w->requests[0]));
	share_enter(&w->share, &w->requests[0]);
	assert_false(w->requests[0].is_stream);
	assert_int_equal(w->share.pieces, 0);
	share_leave(&w->share, &w->requests[0]);
}

/* After so many, or when the registry has had enough. */
static void
test_credit(void **state)
{
	struct world *w = new_world(8, false);
	unsigned i;

	(void)state;
	see(w, 200, true, true);
	for (i = 0; i < 4000; i++) {
		assert_true(has_room(w, 0));
		share_enter(&w->share, &w->requests[0]);
		share_leave(&w->share, &w->requests[0]);
	}
	assert_int_equal(w->share.credit, 0);
	assert_int_equal(begin(w), 8);
	end(w, 8);
	w->share.credit = 1000000;
	assert_int_equal(begin(w), 96);
	end(w, 96);
	see(w, 429, true, false);
	assert_int_equal(begin(w), 8);
	end(w, 8);
	/* A minute and a half. */
	w->now_ms += 90000;
	assert_int_equal(begin(w), 96);
}

/* A server that gives each a connection is not told HTTP/2 any more. */
static void
test_apart(void **state)
{
	struct world *w = new_world(8, false);
	unsigned i;

	(void)state;
	see(w, 200, true, true);
	w->requests[0].is_stream = true;
	for (i = 0; i < 1000; i++)
		see(w, 200, true, i % 16 == 0);
	assert_false(w->share.refused);
	for (i = 0; i < 9; i++)
		see(w, 200, true, true);
	assert_true(w->share.refused);
	w->requests[0].is_stream = false;
	assert_int_equal(begin(w), 8);
}

/* All registries together have 64 connections. */
static void
test_registries(void **state)
{
	struct world *w = new_world(60, false);
	struct share other;
	struct share_request r = { .kind = SHARE_ANSWER };
	unsigned n = 0;

	(void)state;
	share_init(&other, &w->totals, 60, false);
	assert_int_equal(begin(w), 60);
	while (n < 60 && share_has_room(&other, &r, w->now_ms)) {
		share_enter(&other, &r);
		n++;
	}
	assert_int_equal(n, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_1),
		cmocka_unit_test(test_http_2),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_registries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
