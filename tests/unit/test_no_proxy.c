#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/mem.h"
#include "registry/no_proxy.h"

static const struct {
	const char *list, *host;
	unsigned port;
	bool has;
} cases[] = {
	{ "", "h.example", 443, false },
	{ "*", "h.example", 443, true },
	{ "*", "10.0.0.1", 80, true },
	{ "a.example,*", "[fd00::1]", 443, true },
	/* domains */
	{ "corp.example", "corp.example", 443, true },
	{ "corp.example", "reg.corp.example", 443, true },
	{ "corp.example", "a.b.corp.example", 443, true },
	{ "corp.example", "notcorp.example", 443, false },
	{ "corp.example", "corp.example.evil", 443, false },
	{ "corp.example", "example", 443, false },
	{ ".corp.example", "reg.corp.example", 443, true },
	{ ".corp.example", "corp.example", 443, false },
	{ "*.corp.example", "reg.corp.example", 443, true },
	{ "*.corp.example", "a.reg.corp.example", 443, true },
	{ "*.corp.example", "corp.example", 443, false },
	{ "*.corp.example", "notcorp.example", 443, false },
	{ "*corp.example", "reg.corp.example", 443, false },
	{ "CORP.Example", "reg.corp.example", 443, true },
	{ "corp.example.", "corp.example", 443, true },
	{ "corp.example", "corp.example.", 443, true },
	{ "localhost", "localhost", 5000, true },
	{ ".svc,.cluster.local", "registry.default.svc", 5000, true },
	{ ".svc,.cluster.local", "r.default.svc.cluster.local", 80, true },
	{ "10.96.0.1,.svc", "svc", 80, false },
	/* ports */
	{ "corp.example:80", "corp.example", 80, true },
	{ "corp.example:80", "reg.corp.example", 80, true },
	{ "corp.example:80", "corp.example", 443, false },
	{ "*.corp.example:5000", "reg.corp.example", 5000, true },
	{ "*.corp.example:5000", "reg.corp.example", 443, false },
	{ "127.0.0.1:5000", "127.0.0.1", 5000, true },
	{ "127.0.0.1:5000", "127.0.0.1", 5001, false },
	{ "[fd00::1]:5000", "[fd00::1]", 5000, true },
	{ "[fd00::1]:5000", "[fd00::1]", 443, false },
	{ "corp.example:", "corp.example", 443, false },
	{ "corp.example:x", "corp.example", 443, false },
	{ "corp.example:99999999999", "corp.example", 443, false },
	{ ":443", "corp.example", 443, false },
	/* addresses and networks */
	{ "10.0.0.5", "10.0.0.5", 443, true },
	{ "10.0.0.5", "10.0.0.50", 443, false },
	{ "10.0.0.5", "110.0.0.5", 443, false },
	{ "0.0.5", "10.0.0.5", 443, false },
	{ "10.0.0.0/8", "10.1.2.3", 443, true },
	{ "10.0.0.0/8", "11.1.2.3", 443, false },
	{ "10.0.0.0/8", "reg.example", 443, false },
	{ "10.0.0.0/8", "10.evil.example", 443, false },
	{ "10.1.2.3/32", "10.1.2.3", 443, true },
	{ "0.0.0.0/0", "192.0.2.7", 443, true },
	{ "10.0.0.0/33", "10.0.0.1", 443, false },
	{ "10.0.0.0/", "10.0.0.1", 443, false },
	{ "fd00::/8", "[fd12::1]", 443, true },
	{ "fd00::/8", "[fe80::1]", 443, false },
	{ "fd00::1", "[fd00::1]", 443, true },
	{ "[fd00::1]", "[fd00::1]", 443, true },
	{ "fd00:0:0::1", "[fd00::1]", 443, true },
	{ "::1", "[::1]", 5000, true },
	{ "example/8", "example", 443, false },
	/* how it is written */
	{ "a.example, corp.example", "corp.example", 443, true },
	{ "a.example corp.example", "corp.example", 443, true },
	{ ",, ,corp.example,,", "corp.example", 443, true },
	{ "\tcorp.example\r\n", "corp.example", 443, true },
	{ "http://corp.example", "corp.example", 443, false },
	{ ".", "corp.example", 443, false },
	{ "*.", "corp.example", 443, false },
	{ "..", "corp.example", 443, false },
	{ "[]", "corp.example", 443, false },
	{ "[", "[::1]", 443, false },
	{ "**", "corp.example", 443, false },
	{ "/", "corp.example", 443, false },
};

static void
test_cases(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (no_proxy_has(cases[i].list, cases[i].host,
		    cases[i].port) != cases[i].has)
			fail_msg("\"%s\": %s:%u", cases[i].list, cases[i].host,
			    cases[i].port);
}

/* A list that somebody's script has put together. */
static void
test_long(void **state)
{
	char *list = xmalloc(200001);
	size_t i;

	(void)state;
	for (i = 0; i < 200000; i++)
		list[i] = "a.,*:[]/0"[i % 9];
	list[i] = '\0';
	assert_false(no_proxy_has(list, "corp.example", 443));
	memcpy(list + 199980, ",corp.example:443,,,", 20);
	assert_true(no_proxy_has(list, "corp.example", 443));
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
