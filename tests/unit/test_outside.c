#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/base64.h"
#include "layout/mem.h"
#include "report/outside.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PASSWORD	"Sup3r#S/cr+t=&\"<"

static char *
quote(const char *text, char to[OUTSIDE_WORDS_MAX])
{
	return outside_quote(to, OUTSIDE_WORDS_MAX, text, strlen(text));
}

static void
test_plain(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "no secret", "no secret" },
		{ "got " PASSWORD " there", "got *** there" },
		{ PASSWORD, "***" },
		{ "sUP3R#s/CR+T=&\"<", "***" },
		{ PASSWORD PASSWORD, "***" },
		{ "x" PASSWORD "y" PASSWORD, "x***y***" },
		{ "Sup3r#S/cr+t", "***" },	/* cut at the end */
		{ "...Sup3r#", "...***" },
		{ "Sup3r# in the middle", "Sup3r# in the middle" },
		{ "p=Sup3r%23S%2Fcr%2Bt%3D%26%22%3C&x", "p=***&x" },
		{ "p=%53up3r%23S%2fcr%2bt%3d%26%22%3c&x", "p=***&x" },
		{ "p=Sup3r%2523S%252Fcr%252Bt%253D%2526%2522%253C&x",
		  "p=***&x" },
		{ "\"Sup3r#S\\/cr+t=&\\\"<\"", "\"***\"" },
		{ "\"Sup3r#S\\/cr\\u002bt=\\u0026\\\"\\u003c\"", "\"***\"" },
		{ "\"Sup3r\\x23S/cr+t=&\\\"<\"", "\"***\"" },
		{ "<b>Sup3r#S/cr&#43;t=&amp;&quot;&lt;</b>", "<b>***</b>" },
		{ "<b>Sup3r&#x23;S/cr+t=&amp;&#34;&lt;</b>",
		  "<b>***</b>" },
		{ "Sup3r\r\n #S/cr+t=&\"<", "***" },
		{ "a\tb\033[2J" PASSWORD, "a b [2J***" },
		{ "https://u:p@h/x", "https://***@h/x" },
		{ "bad proxy 'http://u:a#b/c?d@e@h:1'",
		  "bad proxy 'http://***@h:1'" },
		{ "http://h/x y@z", "http://h/x y@z" },
		{ "http%3A%2F%2Fu%3Apw%40h", "http%3A%2F%2F***%40h" },
	};
	char got[OUTSIDE_WORDS_MAX];
	size_t i;

	(void)state;
	outside_secret(PASSWORD);
	outside_secret(NULL);
	outside_secret("");
	outside_token(NULL);
	outside_token("");
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(quote(cases[i].text, got), cases[i].want);
	outside_forget();
	assert_string_equal(quote(PASSWORD, got), PASSWORD);
}

/* Whatever stands around it, and with what alphabet. */
static void
test_base64(void **state)
{
	static const char *const before[] = { "", "u:", "us:", "user:",
	    "Authorization: Basic x:" };
	static const char *const after[] = { "", "\n", "==", "@host" };
	char got[OUTSIDE_WORDS_MAX], *text, *encoded, *line;
	size_t i, j, k;

	(void)state;
	outside_secret("p\xff\xfeord");
	for (i = 0; i < COUNT(before); i++)
		for (j = 0; j < COUNT(after); j++) {
			text = xasprintf("%sp\xff\xfeord%s", before[i],
			    after[j]);
			encoded = base64_encode(text, strlen(text));
			line = xasprintf("basic %s!", encoded);
			assert_string_equal(quote(line, got),
			    "basic ***!");
			free(line);
			for (k = 0; encoded[k] != '\0'; k++)
				if (encoded[k] == '+')
					encoded[k] = '-';
				else if (encoded[k] == '/')
					encoded[k] = '_';
			encoded[strcspn(encoded, "=")] = '\0';
			line = xasprintf("\"Basic%%20%s\"", encoded);
			quote(line, got);
			assert_null(strstr(got, encoded + 4));
			free(line);
			free(encoded);
			free(text);
		}
	outside_forget();
}

static void
test_short(void **state)
{
	char got[OUTSIDE_WORDS_MAX], own[] = "what we say ourselves";

	(void)state;
	outside_secret("hello");
	assert_string_equal(quote("anything", got),
	    "(left out: a secret here is too short to be struck out)");
	assert_string_equal(quote("", got), "");
	outside_show(own);
	assert_string_equal(own, "what we say ourselves");
	outside_forget();
	outside_secret("hello6");
	assert_string_equal(quote("x hello6", got), "x ***");
	outside_forget();
	outside_secret("two words?");
	assert_string_equal(quote("x two\twords\377 y", got), "x *** y");
	outside_forget();
	outside_token("hello");
	assert_memory_equal(quote("anything", got), "(left out", 9);
	outside_forget();
}

/* Our own messages have names in them, which a password may be as well. */
static void
test_own(void **state)
{
	char a[] = "docker.io/library/app: got hunter-2x";
	char b[] = "https://u:pw@h/v2 and https://h/app@sha256:00";
	char got[OUTSIDE_WORDS_MAX];

	(void)state;
	outside_secret("library");
	outside_secret("hunter-2x");
	outside_show(a);
	assert_string_equal(a, "docker.io/library/app: got ***");
	outside_show(b);
	assert_string_equal(b, "https://***@h/v2 and "
	    "https://h/app@sha256:00");
	assert_string_equal(quote("in the library", got), "in the ***");
	outside_forget();
}

/* The oldest tokens are forgotten first, and secrets never for tokens. */
static void
test_tokens(void **state)
{
	char got[OUTSIDE_WORDS_MAX], token[1025];
	size_t i, count = OUTSIDE_TOKENS_MAX / 1024;

	(void)state;
	outside_secret("password");
	memset(token, 'x', sizeof(token));
	token[1024] = '\0';
	for (i = 0; i < count + 1; i++) {
		snprintf(token, 9, "%08zu", i);
		token[8] = 'x';
		outside_token(token);
		outside_token(token);
		assert_string_equal(quote(token, got), "***");
	}
	snprintf(token, 9, "%08u", 0u);
	token[8] = 'x';
	assert_string_not_equal(quote(token, got), "***");
	assert_string_equal(quote("password", got), "***");
	outside_forget();
}

/* It is cut only after it was looked at. */
static void
test_cut(void **state)
{
	char got[16], text[40000];
	size_t i;

	(void)state;
	outside_secret("0123456789abcdef");
	assert_string_equal(outside_quote(got, sizeof(got),
	    "12345 0123456789abcdef tails!", 29), "12345 *** tails");
	for (i = 0; i < sizeof(text); i += 16)
		memcpy(text + i, "0123456789abcdef", 16);
	assert_string_equal(outside_quote(got, sizeof(got), text,
	    sizeof(text) - 3), "***");
	outside_forget();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
