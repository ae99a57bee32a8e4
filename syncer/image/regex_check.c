/*
 * What a regular expression costs before glibc compiles it: regcomp(3) writes
 * repeats out, and "((a{100}){100}){100}" would take all memory there is.
 * The walk follows the grammar of POSIX (XBD section 9.4), and refuses what
 * GNU adds to it.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "image/regex_check.h"
#include "layout/limits.h"

struct item {
	unsigned long nodes;
	unsigned repeats;	/* inside each other */
};

/* What stands between two parentheses. */
struct frame {
	struct item before;	/* all but the last */
	struct item last;	/* what a repeat would repeat */
};

struct check {
	const char *at;
	struct frame frames[REGEX_DEPTH_MAX + 1];
	size_t depth;
	bool was_repeat;	/* what has just been read */
};

static const char too_large[] = "too large once its repeats are written out";

/* Both one after the other. */
static struct item
join(const struct item *a, const struct item *b)
{
	return (struct item){ a->nodes + b->nodes,
	    a->repeats > b->repeats ? a->repeats : b->repeats };
}

static void
add_item(struct check *c, struct item item)
{
	struct frame *f = &c->frames[c->depth];

	assert(c->depth <= REGEX_DEPTH_MAX);
	f->before = join(&f->before, &f->last);
	f->last = item;
	c->was_repeat = false;
}

static void
add_character(struct check *c)
{
	add_item(c, (struct item){ 1, 0 });
}

/* No overflow: before a repeat there are at most REGEX_NODES_MAX. */
static const char *
check_size(const struct check *c)
{
	const struct frame *f = &c->frames[c->depth];

	return f->before.nodes + f->last.nodes > REGEX_NODES_MAX ?
	    too_large : NULL;
}

/* ${at} is behind "["; a "]" that comes first is an ordinary character. */
static const char *
skip_bracket(struct check *c)
{
	const char *s = c->at;

	s += *s == '^';
	s += *s == ']';
	for (; *s != ']'; s++) {
		if (*s == '\0')
			return "a \"[\" without a \"]\"";
		if (*s == '\\')
			return "a \"\\\" in brackets means a backslash, which "
			    "no tag has";
		if (*s != '[' || s[1] == '\0' || strchr(":.=", s[1]) == NULL)
			continue;
		if (s[1] != ':')
			return "\"[.\" and \"[=\" are not supported";
		s = strstr(s + 2, ":]");
		if (s == NULL)
			return "a \"[:\" without a \":]\"";
		s++;
	}
	c->at = s + 1;
	add_character(c);
	return NULL;
}

/* A group is one item of the group around it, once it is closed. */
static const char *
open_group(struct check *c)
{
	if (c->depth == REGEX_DEPTH_MAX)
		return "too many parentheses inside each other";
	memset(&c->frames[++c->depth], 0, sizeof(c->frames[0]));
	c->was_repeat = false;
	return NULL;
}

static const char *
close_group(struct check *c)
{
	const struct frame *f = &c->frames[c->depth];
	struct item group = join(&f->before, &f->last);

	if (c->depth == 0)
		return "a \")\" without a \"(\"";
	group.nodes++;
	c->depth--;
	add_item(c, group);
	return NULL;
}

/* "\d" is Perl's, "\1" a back-reference, "\w" and "\<" GNU's own. */
static const char *
skip_escape(struct check *c)
{
	if (*c->at == '\0' || strchr(".[]{}()*+?|^$\\-", *c->at) == NULL)
		return "a \"\\\" may stand only before one of .[]{}()*+?|^$- "
		    "or another \"\\\"; for a digit write [0-9]";
	c->at++;
	add_character(c);
	return NULL;
}

/* The digits there, or ${absent} where there are none; capped. */
static unsigned long
take_number(struct check *c, unsigned long absent)
{
	unsigned long n = 0;
	size_t len = strspn(c->at, "0123456789");

	if (len == 0)
		return absent;
	for (; len > 0; len--, c->at++)
		if (n <= REGEX_REPEAT_MAX)
			n = n * 10 + (unsigned long)(*c->at - '0');
	return n;
}

/*
 * ${times} copies, as glibc makes them, and a node to tie each to the next.  Of
 * loops within loops it visits every way through; and a repeat of a repeat is
 * undefined in POSIX (XBD section 9.4.6).
 */
static const char *
repeat(struct check *c, unsigned long times)
{
	struct item *last = &c->frames[c->depth].last;

	if (c->was_repeat)
		return "a repeat of a repeat";
	if (last->repeats++ == REGEX_REPEATS_MAX)
		return "too many repeats inside each other";
	last->nodes = (last->nodes + 1) * times;
	c->was_repeat = true;
	return check_size(c);
}

/* ${at} is behind "{": m} m,} ,n} m,n} */
static const char *
take_braces(struct check *c)
{
	unsigned long least = take_number(c, 0), most = least;

	if (*c->at == ',') {
		c->at++;
		/* Without an end there is one copy more, for "*". */
		most = take_number(c, least + 1);
	}
	if (*c->at != '}')
		return "a \"{\" without a \"}\": write {2}, {2,} or {2,5}, and "
		    "\\{ for the character";
	c->at++;
	if (least > REGEX_REPEAT_MAX || most > REGEX_REPEAT_MAX + 1)
		return "a repeat of more characters than a tag can have";
	return repeat(c, most > least ? most : least);
}

/* What stands for itself costs one node; "^", "$", "." and "|" as much. */
static const char *
check_next(struct check *c)
{
	switch (*c->at++) {
	case '\\':
		return skip_escape(c);
	case '[':
		return skip_bracket(c);
	case '(':
		return open_group(c);
	case ')':
		return close_group(c);
	case '{':
		return take_braces(c);
	case '+':
		return repeat(c, 2);	/* a+ becomes aa* */
	case '*':
	case '?':
		return repeat(c, 1);
	default:
		add_character(c);
		return NULL;
	}
}

/* The size is looked at after each step: it can only grow. */
int
regex_check(const char *text, struct err *e)
{
	struct check c = { .at = text };
	const char *why = NULL;

	if (strlen(text) > TAG_PATTERN_MAX)
		why = "longer than a pattern may be";
	while (why == NULL && *c.at != '\0') {
		why = check_next(&c);
		if (why == NULL)
			why = check_size(&c);
	}
	if (why == NULL && c.depth > 0)
		why = "a \"(\" without a \")\"";
	if (why == NULL)
		return 0;
	return err_set(e, ERR_INPUT,
	    "\"%.80s\" is not a regular expression for tags: %s", text, why);
}
