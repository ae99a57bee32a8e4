#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/complete.h"
#include "cmd/guess.h"
#include "cmd/words.h"
#include "image/near.h"
#include "image/wishes.h"
#include "report/printable.h"

/* Of what was typed so much is shown. */
#define SHOWN_MAX	80

static void
say(const struct words *w, const char *what, const char *word, int len)
{
	char shown[SHOWN_MAX + 1];

	snprintf(shown, sizeof(shown), "%.*s", len, word);
	printable(shown);
	fprintf(stderr, "%s: %s%s", w->command, what, shown);
}

static bool
has_long(const struct words *w, const char *name)
{
	const struct option *o;

	for (o = w->longs; o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

static const char *
find_near(const struct words *w, const char *name)
{
	struct near near = { .word = name };
	const struct option *o;
	size_t i;

	for (o = w->longs; o->name != NULL; o++)
		near_try(&near, o->name);
	for (i = 0; w->more != NULL && w->more[i] != NULL; i++)
		near_try(&near, w->more[i]);
	return near.best;
}

static const char *
find_other(const struct words *w, const char *name)
{
	const char *other;
	size_t at = 0;

	while ((other = guess_other(name, &at)) != NULL)
		if (has_long(w, other))
			return other;
	return NULL;
}

/* Of those that it has, which one can be meant? */
static void
say_meant(const struct words *w, const char *name)
{
	const char *text = guess_option(w->command, name), *meant = NULL;
	bool is_list = strncmp(w->command, "cdr sync", 8) == 0 ||
	    strncmp(w->command, "cdr watch", 9) == 0;

	if (text == NULL)
		meant = find_other(w, name);
	if (text == NULL && meant == NULL)
		meant = find_near(w, name);
	if (text != NULL)
		fprintf(stderr, "; %s", text);
	else if (is_list && wishes_is_key(name))
		fprintf(stderr, "; write %s=VALUE behind the image, or in the "
		    "list", name);
	else if (meant != NULL)
		fprintf(stderr, "; did you mean --%s?", meant);
	fputc('\n', stderr);
}

/* "--name", "--name=value". */
static void
unknown_long(const struct words *w, const char *word)
{
	char name[NEAR_WORD_MAX + 1];
	size_t len = strcspn(word + 2, "=");

	say(w, "there is no option --", word + 2, (int)len);
	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	say_meant(w, len < sizeof(name) ? name : "");
}

static void
unknown_short(const struct words *w, int letter)
{
	char name[2] = { (char)letter, '\0' };

	say(w, "there is no option -", name, 1);
	say_meant(w, name);
}

static bool
is_ambiguous(const struct words *w, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option *o;
	unsigned found = 0;

	for (o = w->longs; o->name != NULL; o++)
		found += strncmp(o->name, word + 2, len) == 0;
	return len > 0 && found > 1;
}

static void
say_ambiguous(const struct words *w, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option *o;

	say(w, "which option is --", word + 2, (int)len);
	fputc('?', stderr);
	for (o = w->longs; o->name != NULL; o++)
		if (strncmp(o->name, word + 2, len) == 0)
			fprintf(stderr, " --%s", o->name);
	fputc('\n', stderr);
}

/* Was it looking at ${word}, and not at a letter of the one behind it? */
static bool
is_about(const struct words *w, const char *word)
{
	size_t len;
	const struct option *o;

	if (strncmp(word, "--", 2) != 0)
		return false;
	len = strcspn(word + 2, "=");
	for (o = w->longs; optopt != 0 && o->name != NULL; o++)
		if (o->val == optopt && strncmp(o->name, word + 2, len) == 0)
			return true;
	return optopt == 0;
}

/* ${c} is ':' or '?', and getopt has said nothing. */
static void
complain(const struct words *w, int c, const char *word)
{
	bool is_long = is_about(w, word);

	if (c == ':') {
		if (is_long)
			say(w, "a value is missing behind ", word, SHOWN_MAX);
		else
			fprintf(stderr, "%s: a value is missing behind -%c",
			    w->command, optopt);
		fputc('\n', stderr);
	} else if (is_long && optopt != 0) {
		say(w, "no value belongs to ", word,
		    (int)strcspn(word, "="));
		fputc('\n', stderr);
	} else if (is_long && is_ambiguous(w, word)) {
		say_ambiguous(w, word);
	} else if (is_long) {
		unknown_long(w, word);
	} else {
		unknown_short(w, optopt);
	}
}

/* "-root", where "--root" is meant. */
static bool
has_one_dash(const struct words *w, const char *word)
{
	if (word == NULL || word[0] != '-' || word[1] == '\0' ||
	    word[2] == '\0' || !has_long(w, word + 1))
		return false;
	fprintf(stderr, "%s: there is no option %s; did you mean -%s?\n",
	    w->command, word, word);
	return true;
}

int
words_next(int argc, char **argv, const struct words *w)
{
	char shorts[32];
	int c;

	if (complete_is_asked()) {
		complete_answer(w);
		exit(EXIT_SUCCESS);
	}
	snprintf(shorts, sizeof(shorts), ":%s", w->shorts);
	opterr = 0;
	optopt = 0;
	c = getopt_long(argc, argv, shorts, w->longs, NULL);
	if (c == -1)
		return -1;
	if (c == ':' || c == '?') {
		if (is_about(w, argv[optind - 1]) ||
		    !has_one_dash(w, argv[optind]))
			complain(w, c, argv[optind - 1]);
		return '?';
	}
	/* Its first letter is an option, with all others as the value. */
	if (optarg == argv[optind - 1] + 2 &&
	    has_one_dash(w, argv[optind - 1]))
		return '?';
	return c;
}

int
words_read(int argc, char **argv, const struct words *w, words_fn *take,
    void *cookie)
{
	int c, code = -1;

	while (code == -1 && (c = words_next(argc, argv, w)) != -1) {
		if (c == 'h') {
			fputs(w->usage, stdout);
			return EXIT_OK;
		}
		if (c == '?') {
			fprintf(stderr, "Try '%s --help'.\n", w->command);
			return EXIT_INPUT;
		}
		code = take(cookie, c, optarg);
	}
	return code;
}

void
words_unexpected(const struct words *w, const char *word)
{
	say(w, "unexpected \"", word, SHOWN_MAX);
	fputs("\"\n", stderr);
}

/* A slip of one letter is surer than a word of another program. */
int
words_no_command(const struct command *const *tables, const char *word)
{
	const char *hint = guess_command(word);
	struct near near = { .word = word };
	const struct command *c;
	char shown[SHOWN_MAX + 1];

	for (; *tables != NULL; tables++)
		for (c = *tables; c->name != NULL; c++)
			if (c->about != NULL)
				near_try(&near, c->name);
	snprintf(shown, sizeof(shown), "%s", word);
	printable(shown);
	fprintf(stderr, "cdr: there is no command \"%s\"", shown);
	if (word[0] == '-')
		fputs("; options stand behind the command: cdr COMMAND "
		    "[OPTION]...", stderr);
	else if (near.best != NULL && (hint == NULL || near.slips < 2))
		fprintf(stderr, "; did you mean \"%s\"?", near.best);
	else if (hint != NULL)
		fprintf(stderr, "; %s", hint);
	fputs("\nTry 'cdr --help'.\n", stderr);
	return EXIT_INPUT;
}
