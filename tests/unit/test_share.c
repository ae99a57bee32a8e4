#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transfer/dispatch_internal.h"

#define FETCHES	128u

struct world {
	struct dispatch d;
	struct upstream up;
	struct source source;
	struct want small, large;
	struct fetch fetches[FETCHES];
};

static struct world *
new_world(void)
{
	static struct world w;
	unsigned i;

	memset(&w, 0, sizeof(w));
	w.up.config.max_connections = 8;
	w.source.up = &w.up;
	w.small.object.size = (uint64_t)256 << 10;
	w.large.object.size = w.small.object.size + 1;
	for (i = 0; i < FETCHES; i++) {
		w.fetches[i].d = &w.d;
		w.fetches[i].source = &w.source;
		w.fetches[i].kind = FETCH_RESOLVE;
	}
	return &w;
}

/* How many may be in flight at once, of those from ${first} on; and are. */
static unsigned
begin(struct world *w, unsigned first)
{
	unsigned n = 0;

	while (first + n < FETCHES && share_has_room(&w->fetches[first + n]))
		share_enter(&w->fetches[first + n++]);
	return n;
}

static void
end(struct world *w, unsigned first, unsigned count)
{
	while (count-- > 0)
		share_leave(&w->fetches[first++]);
}

static void
see(struct world *w, long status, bool shared, bool connected)
{
	struct http_reply reply = { .transport = TRANSPORT_OK,
	    .status = status, .shared = shared, .connected = connected };

	share_seen(&w->fetches[0], &reply);
}

static void
test_http_1(void **state)
{
	struct world *w = new_world();

	(void)state;
	assert_int_equal(begin(w, 0), 8);
	see(w, 200, false, true);
	end(w, 0, 8);
	assert_int_equal(begin(w, 0), 8);
	assert_int_equal(w->d.streams, 0);
	w->up.probing = true;
	end(w, 0, 8);
	assert_int_equal(begin(w, 0), 0);
}

static void
test_http_2(void **state)
{
	struct world *w = new_world();

	(void)state;
	see(w, 200, true, true);
	assert_int_equal(begin(w, 0), 96);
	/* They are one connection: seven are left, one not for blobs. */
	w->fetches[96].kind = FETCH_TOKEN;
	assert_true(share_has_room(&w->fetches[96]));
	w->fetches[96].kind = FETCH_RESOLVE;
	assert_true(share_has_room_for_piece(&w->d, &w->source));
	end(w, 0, 96);
	assert_int_equal(w->up.running + w->d.stats.running + w->d.streams, 0);
	/* An old HTTP/1.1 connection tells nothing, a new one does. */
	see(w, 200, false, false);
	assert_int_equal(begin(w, 0), 96);
	end(w, 0, 96);
	see(w, 200, false, true);
	assert_int_equal(begin(w, 0), 8);
}

/* Who wants few connections wants few requests. */
static void
test_few(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->up.config.max_connections = 1;
	see(w, 200, true, true);
	assert_int_equal(begin(w, 0), 12);
}

static void
test_blobs(void **state)
{
	struct world *w = new_world();
	unsigned i;

	(void)state;
	see(w, 200, true, true);
	for (i = 0; i < FETCHES; i++) {
		w->fetches[i].kind = FETCH_BLOB;
		w->fetches[i].want = &w->small;
	}
	/* Where they are may be another server. */
	assert_int_equal(begin(w, 0), 7);
	assert_int_equal(w->source.blobs_running, 7);
	end(w, 0, 7);
	see(w, 200, true, true);
	assert_int_equal(begin(w, 0), 48);
	assert_int_equal(w->source.blobs_running, 0);
	w->fetches[48].want = &w->large;
	assert_false(share_may(&w->fetches[48]));
	assert_true(share_has_room(&w->fetches[48]));
	end(w, 0, 48);
	w->d.limit.rate = 1;
	assert_int_equal(begin(w, 0), 7);
}

/* After so many, or when the registry has had enough. */
static void
test_credit(void **state)
{
	struct world *w = new_world();
	unsigned i;

	(void)state;
	see(w, 200, true, true);
	for (i = 0; i < 4000; i++) {
		assert_true(share_has_room(&w->fetches[0]));
		share_enter(&w->fetches[0]);
		share_leave(&w->fetches[0]);
	}
	/* What a test that takes seconds is given meanwhile aside. */
	assert_in_range(w->source.share.credit, 0, 500 * 1000);
	w->source.share.credit = 0;
	assert_int_equal(begin(w, 0), 8);
	end(w, 0, 8);
	w->source.share.credit = 1000000;
	assert_int_equal(begin(w, 0), 96);
	end(w, 0, 96);
	see(w, 429, true, false);
	assert_int_equal(begin(w, 0), 8);
	end(w, 0, 8);
	/* A minute and a half. */
	w->source.share.credit_ms -= 90000;
	assert_int_equal(begin(w, 0), 96);
}

/* A server that gives each a connection is not told HTTP/2 any more. */
static void
test_apart(void **state)
{
	struct world *w = new_world();
	unsigned i;

	(void)state;
	see(w, 200, true, true);
	w->fetches[0].is_stream = true;
	for (i = 0; i < 1000; i++)
		see(w, 200, true, i % 16 == 0);
	assert_false(w->source.share.refused);
	for (i = 0; i < 9; i++)
		see(w, 200, true, true);
	assert_true(w->source.share.refused);
	w->fetches[0].is_stream = false;
	assert_int_equal(begin(w, 0), 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_1),
		cmocka_unit_test(test_http_2),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
