/* Text, one image a line.  The words of a line are ours to read: what they mean
 * is for the list to say. */
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "source/lines.h"

/* So many lines tell what a text is. */
#define LOOK_LINES	100u
/* More keys there are not. */
#define WORDS_MAX	32u

struct words {
	char *word[WORDS_MAX];
	size_t count;
};

/* ${line} is cut in place.  Return -1 where there are too many. */
static int
split(char *line, struct words *ret)
{
	char *rest = line;

	ret->count = 0;
	for (;;) {
		rest += strspn(rest, " \t\r");
		if (*rest == '\0' || *rest == '#')
			return 0;
		if (ret->count == WORDS_MAX)
			return -1;
		ret->word[ret->count++] = rest;
		rest += strcspn(rest, " \t\r");
		if (*rest != '\0')
			*rest++ = '\0';
	}
}

/* --- is it one? ---------------------------------------------------------- */

static bool
fits(const struct words *w)
{
	struct image_ref ref;
	struct err e;
	size_t i;

	for (i = 1; i < w->count; i++)
		if (strchr(w->word[i], '=') == NULL)
			return false;
	if (strcmp(w->word[0], "default") == 0)
		return true;
	if (image_ref_parse(w->word[0], &ref, &e) == -1)
		return false;
	image_ref_done(&ref);
	return true;
}

/* Words below a key of YAML look as references do. */
static bool
ends_as_key(const char *word)
{
	return word[strlen(word) - 1] == ':';
}

/* The next line as a copy, without NUL; NULL at the end, and "" with
 * ${ret_len} for one that is too long. free(3) it. */
static char *
next_line(const char **at, const char *end, size_t *ret_len)
{
	const char *begin = *at, *eol;

	if (begin == end)
		return NULL;
	eol = memchr(begin, '\n', (size_t)(end - begin));
	*at = eol == NULL ? end : eol + 1;
	if (eol == NULL)
		eol = end;
	*ret_len = (size_t)(eol - begin);
	return *ret_len > LIST_LINE_MAX ? xstrdup("") :
	    xstrndup(begin, *ret_len);
}

bool
lines_fit(const char *buf, size_t len)
{
	const char *end = buf + len;
	struct words words;
	size_t good = 0, all = 0, length;
	bool is_yaml = false;
	char *line;

	while (all < LOOK_LINES && (line = next_line(&buf, end, &length)) !=
	    NULL) {
		if (split(line, &words) == -1)
			all++;
		else if (words.count > 0) {
			is_yaml = all == 0 && ends_as_key(words.word[0]);
			all++;
			good += fits(&words);
		}
		free(line);
		if (is_yaml)
			return false;
	}
	return good > 0 && 2 * good >= all;
}

/* --- reading it ---------------------------------------------------------- */

static size_t
key_length(const char *word)
{
	return strcspn(word, "=") + 1;
}

static bool
has_key(const struct words *w, size_t from, const char *word)
{
	size_t i, len = key_length(word);

	for (i = from; i < w->count; i++)
		if (strncmp(w->word[i], word, len) == 0)
			return true;
	return false;
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Patterns are for those that have neither a tag nor a digest. */
static bool
suits(const struct words *w, const struct words *defaults, const char *word)
{
	bool bare = image_ref_is_bare(w->word[0]);

	if (strncmp(word, "tags=", 5) == 0)
		return bare;
	if (strncmp(word, "newest=", 7) == 0)
		return bare && (has_key(w, 1, "tags=") ||
		    has_key(defaults, 0, "tags="));
	return true;
}

/* The words of the line and those of defaults, sorted. free(3) it. */
static char *
keys_of(const struct words *w, const struct words *defaults)
{
	struct words all = { .count = 0 };
	char *text = xstrdup(""), *longer;
	size_t i;

	for (i = 1; i < w->count; i++)
		all.word[all.count++] = w->word[i];
	for (i = 0; i < defaults->count && all.count < WORDS_MAX; i++)
		if (!has_key(w, 1, defaults->word[i]) &&
		    suits(w, defaults, defaults->word[i]))
			all.word[all.count++] = defaults->word[i];
	qsort(all.word, all.count, sizeof(all.word[0]), compare_words);
	for (i = 0; i < all.count; i++) {
		longer = xasprintf("%s%s%s", text, i == 0 ? "" : " ",
		    all.word[i]);
		free(text);
		text = longer;
	}
	return text;
}

/* Keeps copies. */
static void
take_defaults(struct words *defaults, const struct words *w)
{
	size_t i, j, len;

	for (i = 1; i < w->count; i++) {
		len = key_length(w->word[i]);
		for (j = 0; j < defaults->count; j++)
			if (strncmp(defaults->word[j], w->word[i], len) == 0)
				break;
		if (j == WORDS_MAX)
			continue;
		if (j == defaults->count)
			defaults->count++;
		else
			free(defaults->word[j]);
		defaults->word[j] = xstrdup(w->word[i]);
	}
}

static void
read_line(struct gather *g, unsigned number, char *line, size_t len,
    struct words *defaults)
{
	struct words words;
	char *keys;

	/* A NUL, or too long: the copy is shorter. */
	if (strlen(line) < len) {
		gather_left(g, number, len > LIST_LINE_MAX ? "longer than %u "
		    "bytes" : "a NUL byte in a line, which may have %u others",
		    LIST_LINE_MAX);
		return;
	}
	if (split(line, &words) == -1) {
		gather_left(g, number, "more than %u words in a line",
		    WORDS_MAX);
		return;
	}
	if (words.count == 0)
		return;
	if (strcmp(words.word[0], "default") == 0 && words.count > 1) {
		take_defaults(defaults, &words);
		return;
	}
	keys = keys_of(&words, defaults);
	gather_image(g, number, words.word[0], keys);
	free(keys);
}

void
lines_read(struct gather *g, const char *buf, size_t len)
{
	struct words defaults = { .count = 0 };
	const char *end = buf + len;
	unsigned number = 0;
	size_t length, i;
	char *line;

	/* A byte order mark. */
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
		buf += 3;
	while ((line = next_line(&buf, end, &length)) != NULL) {
		read_line(g, ++number, line, length, &defaults);
		free(line);
	}
	for (i = 0; i < defaults.count; i++)
		free(defaults.word[i]);
}
