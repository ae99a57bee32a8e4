#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/digest.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "node/peers_bad.h"
#include "registry/ascii.h"

#define TIME_MAX	40u

struct bad {
	struct digest digest;
	char when[TIME_MAX];
};

struct bads {
	struct bad *list;
	size_t count;
};

/* RFC 3339 by its letters: it goes into a file of nginx. */
static bool
is_time(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!ascii_is_digit(text[i]) &&
		    strchr("-:.+TZ", text[i]) == NULL)
			return false;
	return i >= strlen("2026-01-01T00:00:00Z") && i < TIME_MAX;
}

static void
add(struct bads *b, const char *digest, const char *when)
{
	struct bad one;
	struct err e;

	if (!is_time(when) || digest_parse(digest, &one.digest, &e) == -1)
		return;
	snprintf(one.when, sizeof(one.when), "%s", when);
	b->list = xgrow(b->list, b->count, sizeof(*b->list));
	b->list[b->count++] = one;
}

static int
by_digest(const void *a, const void *b)
{
	const struct bad *x = a, *y = b;
	int order = digest_compare(&x->digest, &y->digest);

	return order != 0 ? order : strcmp(y->when, x->when);
}

static int
by_time(const void *a, const void *b)
{
	const struct bad *x = a, *y = b;

	return strcmp(y->when, x->when);
}

/* Words of a line, by blanks, as far as there are that many. */
static size_t
words(char *line, char **ret, size_t max)
{
	char *save = NULL, *word = strtok_r(line, " \t\r", &save);
	size_t n = 0;

	while (word != NULL && n < max) {
		ret[n++] = word;
		word = strtok_r(NULL, " \t\r", &save);
	}
	return n;
}

/* DIGEST "TIME";  or  TIME DIGEST ... */
static void
read_lines(struct bads *b, const char *text, bool is_ours)
{
	size_t len;

	for (; text != NULL && *text != '\0'; text += len +
	    (text[len] == '\n')) {
		char *line, *word[2], *when;

		len = strcspn(text, "\n");
		line = xstrndup(text, len < 512 ? len : 512);
		if (words(line, word, 2) < 2) {
			free(line);
			continue;
		}
		if (is_ours) {
			when = word[1] + (word[1][0] == '"');
			when[strcspn(when, "\";")] = '\0';
			add(b, word[0], when);
		} else {
			add(b, word[1], word[0]);
		}
		free(line);
	}
}

char *
peers_bad(const char *now, const char *mirror)
{
	struct bads b = { 0 };
	char hex[DIGEST_TEXT_MAX], *text = NULL;
	size_t i, n = 0, len;
	FILE *f;

	read_lines(&b, now, true);
	read_lines(&b, mirror, false);
	if (b.count > 0)
		qsort(b.list, b.count, sizeof(*b.list), by_digest);
	for (i = 0; i < b.count; i++)
		if (n == 0 || !digest_equal(&b.list[n - 1].digest,
		    &b.list[i].digest))
			b.list[n++] = b.list[i];
	if (n > PEER_BAD_MAX) {
		qsort(b.list, n, sizeof(*b.list), by_time);
		n = PEER_BAD_MAX;
		qsort(b.list, n, sizeof(*b.list), by_digest);
	}
	f = xtext_open(&text, &len);
	for (i = 0; i < n; i++)
		fprintf(f, "%s \"%s\";\n", digest_text(&b.list[i].digest, hex),
		    b.list[i].when);
	xtext_close(f);
	free(b.list);
	return text;
}
