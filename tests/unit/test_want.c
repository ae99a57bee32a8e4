#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/store.h"
#include "tests/unit/scratch.h"
#include "transfer/dispatch.h"

/* Nothing listens there, and one try is enough to know. */
#define REGISTRY	"127.0.0.1:1"
#define SETTINGS	"{\"" REGISTRY "\": {\"max_tries\": 1}}"
#define STEPS_MAX	1000
/* The same registry at several places, none of which is there. */
#define SEVERAL	"{\"" REGISTRY "\": {\"max_tries\": 1, \"endpoints\": [" \
	"\"http://127.0.0.1:1\", \"http://127.0.0.1:2/v2/proxy\"," \
	"\"http://127.0.0.1:3\"]}}"

struct world {
	struct store *store;
	struct registries *registries;
	struct dispatch *d;
	struct source *source;
};

struct asker {
	struct waiter waiter;
	unsigned told;
	struct err err;
};

static void
world_with(struct world *w, const struct scratch *s, const char *settings)
{
	struct dispatch_config config = { .store = NULL };
	struct err e;

	if (store_open(s->path, STORE_WRITE, &w->store, &e) == -1 ||
	    registries_parse("x", settings, strlen(settings), &w->registries,
	    &e) == -1)
		fail_msg("%s", e.msg);
	config.store = w->store;
	config.registries = w->registries;
	w->d = dispatch_new(&config, &e);
	if (w->d == NULL)
		fail_msg("%s", e.msg);
	w->source = dispatch_source(w->d, REGISTRY, &e);
	if (w->source == NULL)
		fail_msg("%s", e.msg);
}

static void
world_init(struct world *w, const struct scratch *s)
{
	world_with(w, s, SETTINGS);
}

static void
world_done(struct world *w)
{
	dispatch_free(w->d);
	registries_free(w->registries);
	store_close(w->store);
}

static void
told(struct waiter *waiter, const struct err *e)
{
	struct asker *a = (struct asker *)waiter;

	a->told++;
	assert_non_null(e);
	a->err = *e;
}

static void
ask(struct world *w, struct asker *a, uint64_t size)
{
	struct object object = { .kind = OBJECT_BLOB, .size = size };

	memset(a, 0, sizeof(*a));
	digest_of(DIGEST_SHA256, "x", 1, &object.id);
	a->waiter.source = w->source;
	a->waiter.repository = "app";
	a->waiter.end = told;
	dispatch_want(w->d, &object, &a->waiter);
}

static void
settle(struct world *w)
{
	unsigned i;

	for (i = 0; i < STEPS_MAX && !dispatch_idle(w->d); i++)
		dispatch_step(w->d, 20, -1);
	assert_true(dispatch_idle(w->d));
}

/* Two descriptors tell different sizes, and what failed before is asked for
 * again: what is still wanted comes out even, whoever is told first. */
static void
test_two_sizes(void **state)
{
	static const uint64_t sizes[][3] = {
		{ 100, 100, 5000 }, { 5000, 5000, 100 }, { 100, 5000, 100 },
	};
	struct world w;
	struct asker a, b, c;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		world_init(&w, *state);
		ask(&w, &a, sizes[i][0]);
		assert_int_equal(dispatch_left(w.d), sizes[i][0]);
		settle(&w);
		assert_int_equal(a.told, 1);
		assert_int_equal(dispatch_left(w.d), 0);
		ask(&w, &b, sizes[i][1]);
		ask(&w, &c, sizes[i][2]);
		settle(&w);
		assert_int_equal(b.told, 1);
		assert_int_equal(c.told, 1);
		assert_int_equal(dispatch_stats(w.d)->wanted, 0);
		assert_int_equal(dispatch_left(w.d), 0);
		world_done(&w);
	}
}

/* All of them are asked, whichever is first, and each has its word; who asks
 * again is told at once. */
static void
test_several(void **state)
{
	struct source *last;
	struct asker a, b, c;
	struct world w;
	size_t requests;

	world_with(&w, *state, SEVERAL);
	last = dispatch_next(dispatch_next(w.source));
	assert_true(dispatch_is_first(w.source) && !dispatch_is_first(last));
	assert_null(dispatch_next(last));
	assert_string_equal(dispatch_place(last), "127.0.0.1:3");
	ask(&w, &a, 100);
	w.source = last;
	ask(&w, &b, 100);
	settle(&w);
	assert_int_equal(a.told, 1);
	assert_int_equal(b.told, 1);
	assert_non_null(strstr(a.err.msg, "127.0.0.1:1: "));
	assert_non_null(strstr(a.err.msg, "; 127.0.0.1:2: "));
	assert_non_null(strstr(a.err.msg, "; 127.0.0.1:3: "));
	assert_int_equal(strncmp(b.err.msg, "127.0.0.1:3: ", 13), 0);
	assert_true(dispatch_is_down(w.source));
	requests = dispatch_stats(w.d)->requests;
	assert_int_equal(requests, 3);
	ask(&w, &c, 100);
	settle(&w);
	assert_int_equal(c.told, 1);
	assert_int_equal(dispatch_stats(w.d)->requests, requests);
	assert_int_equal(dispatch_left(w.d), 0);
	world_done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_sizes,
		    scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_several,
		    scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
