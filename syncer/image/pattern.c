/*
 * Tags by pattern.  A registry, or who may push to it, chooses the tags, and a
 * list may have hundreds of patterns: no pattern may take long on any tag, nor
 * much memory.
 */
#include <assert.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "image/pattern.h"
#include "image/regex_check.h"
#include "image/version_range.h"
#include "layout/limits.h"
#include "layout/mem.h"

/*
 * glibc keeps each state that a regular expression has been in for as long as
 * it lives: up to 5 KiB for each character of each tag.  It is compiled anew
 * after so many characters, which costs less than matching them.
 */
#define REGEX_CHARACTERS_MAX	2048u

#define HEX	"0123456789abcdef"

struct tag_matcher {
	const struct tag_rule *rule;
	struct version_range *range;	/* TAG_SEMVER */
	regex_t regex;			/* TAG_REGEX */
	size_t characters;		/* that the regex has seen */
};

static const struct {
	const char *prefix;
	enum tag_rule_kind kind;
} kinds[] = {
	{ "glob:",	TAG_GLOB },
	{ "regex:",	TAG_REGEX },
	{ "semver:",	TAG_SEMVER },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The part in [] at ${s}, behind the "["; its length, or 0 without an end. */
static size_t
bracket_length(const char *s)
{
	size_t len = *s == '!' || *s == '^';
	const char *end;

	/* A "]" that comes first is one of the characters. */
	if (s[len] == '\0')
		return 0;
	end = strchr(s + len + 1, ']');
	return end == NULL ? 0 : (size_t)(end - s);
}

/* "a-z" is a range of bytes, whatever the locale. */
static bool
bracket_has(const char *s, size_t len, char c)
{
	bool is_not = *s == '!' || *s == '^', found = false;
	size_t i;

	for (i = is_not; i < len; i++) {
		if (i + 2 < len && s[i + 1] == '-') {
			found = found || (c >= s[i] && c <= s[i + 2]);
			i += 2;
		} else {
			found = found || c == s[i];
		}
	}
	return found != is_not;
}

/* One character against what stands at ${*glob}, which moves behind it. */
static bool
glob_one(const char **glob, char c)
{
	const char *s = *glob;
	size_t len;

	if (*s == '\0')
		return false;
	if (*s != '[') {
		*glob = s + 1;
		return *s == '?' || *s == c;
	}
	len = bracket_length(s + 1);
	assert(len > 0);	/* check_glob has seen its end */
	*glob = s + len + 2;
	return bracket_has(s + 1, len, c);
}

/*
 * Not fnmatch(3), which tries every way to share a tag out among the stars.
 * Only the last star ever has to take more: what matched before it will do.
 */
static bool
glob_matches(const char *glob, const char *tag)
{
	const char *star = NULL, *from = NULL;

	while (*tag != '\0') {
		if (*glob == '*') {
			star = ++glob;
			from = tag;
		} else if (glob_one(&glob, *tag)) {
			tag++;
		} else if (star != NULL) {
			glob = star;
			tag = ++from;
		} else {
			return false;
		}
	}
	return glob[strspn(glob, "*")] == '\0';
}

/* A character that no tag has would make a pattern for nothing. */
static int
check_glob(const char *glob, struct err *e)
{
	const char *s = glob;
	size_t len;

	for (; *s != '\0'; s++) {
		if (*s == '[') {
			len = bracket_length(s + 1);
			if (len == 0)
				return err_set(e, ERR_INPUT,
				    "\"%.80s\" has a \"[\" without a \"]\"",
				    glob);
			s += len + 1;
		} else if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz0123456789._-*?", *s) == NULL) {
			return err_set(e, ERR_INPUT, "\"%.80s\" matches no "
			    "tag: besides *, ? and [] a glob has letters, "
			    "digits, \"_\", \".\" and \"-\"", glob);
		}
	}
	if (s == glob)
		return err_set(e, ERR_INPUT, "the glob is empty");
	return 0;
}

/* Parentheses, so that "a|b" is not "a at the start, or b at the end". */
static int
compile(const char *pattern, regex_t *ret, struct err *e)
{
	char *anchored = xasprintf("^(%s)$", pattern), why[128];
	int code = regcomp(ret, anchored, REG_EXTENDED | REG_NOSUB);

	free(anchored);
	if (code == 0)
		return 0;
	regerror(code, ret, why, sizeof(why));
	return err_set(e, ERR_INPUT,
	    "\"%.80s\" is not a regular expression: %s", pattern, why);
}

/* Compile what is to be compiled. */
static int
prepare(struct tag_matcher *m, struct err *e)
{
	const char *pattern = m->rule->pattern;

	switch (m->rule->kind) {
	case TAG_GLOB:
		return check_glob(pattern, e);
	case TAG_REGEX:
		if (*pattern == '\0')
			return err_set(e, ERR_INPUT,
			    "the regular expression is empty");
		if (regex_check(pattern, e) == -1)
			return -1;
		return compile(pattern, &m->regex, e);
	case TAG_SEMVER:
		return version_range_parse(pattern, &m->range, e);
	}
	abort();
}

static void
release(struct tag_matcher *m)
{
	if (m->rule->kind == TAG_REGEX)
		regfree(&m->regex);
	version_range_free(m->range);
}

/* A rule is compiled once for nothing, so that a mistake in it is told while
 * the line is known. */
int
tag_rule_parse(const char *text, struct tag_rule **ret, struct err *e)
{
	struct tag_matcher trial = { .characters = 0 };
	struct tag_rule *rule;
	size_t i, len = strlen(text);

	for (i = 0; i < COUNT(kinds) && strncmp(text, kinds[i].prefix,
	    strlen(kinds[i].prefix)) != 0; i++)
		;
	if (i == COUNT(kinds))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a pattern: "
		    "write glob:v1.*, regex:v1[.][0-9]+ or semver:>=1.4,<2",
		    text);
	if (len > TAG_PATTERN_MAX)
		return err_set(e, ERR_INPUT,
		    "a pattern of more than %u characters", TAG_PATTERN_MAX);
	rule = xmalloc(sizeof(*rule) + len + 1);
	memcpy(rule->text, text, len + 1);
	rule->kind = kinds[i].kind;
	rule->pattern = rule->text + strlen(kinds[i].prefix);
	trial.rule = rule;
	if (prepare(&trial, e) == -1) {
		free(rule);
		return -1;
	}
	release(&trial);
	*ret = rule;
	return 0;
}

int
tag_rule_compare(const struct tag_rule *a, const struct tag_rule *b)
{
	return strcmp(a->text, b->text);
}

/* The rule has been prepared before: now only memory can be lacking. */
struct tag_matcher *
tag_matcher_new(const struct tag_rule *rule)
{
	struct tag_matcher *m = xcalloc(1, sizeof(*m));
	struct err e;

	m->rule = rule;
	if (prepare(m, &e) == -1)
		abort();
	return m;
}

void
tag_matcher_free(struct tag_matcher *m)
{
	if (m == NULL)
		return;
	release(m);
	free(m);
}

static bool
regex_matches(struct tag_matcher *m, const char *tag)
{
	struct err e;

	m->characters += strlen(tag) + 1;
	if (m->characters > REGEX_CHARACTERS_MAX) {
		regfree(&m->regex);
		if (compile(m->rule->pattern, &m->regex, &e) == -1)
			abort();
		m->characters = strlen(tag) + 1;
	}
	return regexec(&m->regex, tag, 0, NULL, 0) == 0;
}

/* Signature tags go with the images that they are of, by referrers=, and are no
 * versions of anything. */
bool
tag_matcher_wants(struct tag_matcher *m, const char *tag)
{
	if (tag_is_signature(tag))
		return false;
	switch (m->rule->kind) {
	case TAG_GLOB:
		return glob_matches(m->rule->pattern, tag);
	case TAG_REGEX:
		return regex_matches(m, tag);
	case TAG_SEMVER:
		return version_range_matches(m->range, tag);
	}
	abort();
}

/*
 * The tag schema cuts a sha512 to 64 digits.  blake3 is registered as well,
 * though we store none of it.
 */
bool
tag_is_signature(const char *tag)
{
	static const char *const algorithms[] = {
		"sha256-", "sha512-", "blake3-"
	};
	static const char *const ends[] = { "", ".sig", ".att", ".sbom" };
	size_t i;

	for (i = 0; i < COUNT(algorithms); i++)
		if (strncmp(tag, algorithms[i], strlen(algorithms[i])) == 0)
			break;
	if (i == COUNT(algorithms))
		return false;
	tag += strlen(algorithms[i]);
	if (strspn(tag, HEX) != 64)
		return false;
	for (i = 0; i < COUNT(ends); i++)
		if (strcmp(tag + 64, ends[i]) == 0)
			return true;
	return false;
}
