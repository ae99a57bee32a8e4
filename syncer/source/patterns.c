/* Go's regular expressions and ranges of versions, as far as they say the same
 * as ours.  Whether the result is one of ours, the list says. */
#include <stdlib.h>
#include <string.h>

#include "image/pattern.h"
#include "image/ref.h"
#include "layout/mem.h"
#include "source/patterns.h"

static void
put(struct gather *g, unsigned line, const char *ref, const char *tags,
    const char *keys)
{
	char *all;

	if (!image_ref_is_bare(ref)) {
		gather_left(g, line, "\"%.200s\" has a tag already, so no "
		    "pattern picks any", ref);
		return;
	}
	/* "tags" comes behind "platform" and "referrers". */
	all = xasprintf("%s%s%s", keys, keys[0] == '\0' ? "" : " ", tags);
	gather_image(g, line, ref, all);
	free(all);
}

void
patterns_all(struct gather *g, unsigned line, const char *ref,
    const char *keys)
{
	put(g, line, ref, "tags=glob:*", keys);
}

/* --- regular expressions ------------------------------------------------- */

struct regex {
	FILE *to;
	bool begins, ends;	/* with ^, with $ */
	bool is_either;		/* a "|" outside of all parentheses */
	bool is_other;		/* it has what ours have not */
};

/* Behind a backslash.  Return how many characters were taken. */
static size_t
put_escape(struct regex *r, const char *s, bool in_set)
{
	if (s[1] == 'd')
		fputs(in_set ? "0-9" : "[0-9]", r->to);
	else if (s[1] == '\0' || strchr(".-+*?()[]{}|^$/_", s[1]) == NULL)
		r->is_other = true;
	/* A bracket expression of POSIX has no escapes. */
	else if (in_set && strchr("]^-[", s[1]) != NULL)
		r->is_other = true;
	else if (in_set || strchr("-/_", s[1]) != NULL)
		fputc(s[1], r->to);
	else
		fprintf(r->to, "\\%c", s[1]);
	return s[1] == '\0' ? 1 : 2;
}

/* A bracket expression, from its "[" to behind its "]". */
static size_t
put_set(struct regex *r, const char *s)
{
	size_t i = 1;

	fputc('[', r->to);
	if (s[i] == '^')
		fputc(s[i++], r->to);
	if (s[i] == ']')
		fputc(s[i++], r->to);
	while (s[i] != '\0' && s[i] != ']') {
		if (s[i] == '\\') {
			i += put_escape(r, s + i, true);
			continue;
		}
		if (s[i] == '[')
			r->is_other = true;
		fputc(s[i++], r->to);
	}
	if (s[i] == ']')
		fputc(s[i++], r->to);
	return i;
}

static void
translate(struct regex *r, const char *s)
{
	unsigned depth = 0;
	size_t n;

	r->begins = s[0] == '^';
	s += r->begins;
	while (*s != '\0') {
		n = 1;
		if (*s == '\\') {
			n = put_escape(r, s, false);
		} else if (*s == '[') {
			n = put_set(r, s);
		} else if (strncmp(s, "(?:", 3) == 0) {
			fputc('(', r->to);
			depth++;
			n = 3;
		} else if (s[0] == '$' && s[1] == '\0') {
			r->ends = true;
		} else {
			if (*s == '(')
				depth++;
			else if (*s == ')' && depth > 0)
				depth--;
			/* Flags, anchors within, and what is not greedy. */
			if (*s == '^' || *s == '$' ||
			    (*s == '(' && s[1] == '?'))
				r->is_other = true;
			r->is_either = r->is_either ||
			    (*s == '|' && depth == 0);
			fputc(*s, r->to);
		}
		s += n;
	}
}

void
patterns_regex(struct gather *g, unsigned line, const char *ref,
    const char *regex, bool is_whole, const char *keys)
{
	struct regex r = { .to = NULL };
	struct tag_rule *rule;
	char *text, *tags;
	size_t len;
	struct err e;
	bool good;

	r.to = xtext_open(&text, &len);
	translate(&r, regex);
	xtext_close(r.to);
	tags = xasprintf("regex:%s%s%s", is_whole || r.begins ? "" : ".*",
	    text, is_whole || r.ends ? "" : ".*");
	good = !r.is_either && !r.is_other && strpbrk(text, " \t") == NULL &&
	    tag_rule_parse(tags, &rule, &e) == 0;
	if (good) {
		free(rule);
		free(text);
		text = xasprintf("tags=%s", tags);
		put(g, line, ref, text, keys);
	} else {
		gather_left(g, line, "%.200s: the expression \"%.200s\" has "
		    "no such form here: write tags= by hand", ref, regex);
	}
	free(text);
	free(tags);
}

/* --- ranges -------------------------------------------------------------- */

/* "Commas or spaces: and", but no space can be in a list's word. */
static char *
squeeze(const char *s)
{
	char *text;
	size_t len;
	FILE *to = xtext_open(&text, &len);
	char last = '\0';

	while (*s != '\0') {
		if (*s != ' ') {
			last = *s;
			fputc(*s++, to);
			continue;
		}
		s += strspn(s, " ");
		/* Behind an operator, and around what joins, it means
		 * nothing. */
		if (last != '\0' && strchr("<>=!~^,|", last) == NULL &&
		    *s != '\0' && *s != ',' && *s != '|')
			fputc(',', to);
	}
	xtext_close(to);
	return text;
}

void
patterns_semver(struct gather *g, unsigned line, const char *ref,
    const char *range, const char *keys)
{
	char *text = squeeze(range), *tags = xasprintf("semver:%s", text);
	struct tag_rule *rule;
	struct err e;
	bool good;

	/* "1.2 - 1.4" would be three terms. */
	good = strstr(range, " - ") == NULL &&
	    strpbrk(text, "\t\r\n") == NULL &&
	    tag_rule_parse(tags, &rule, &e) == 0;
	free(text);
	if (good) {
		free(rule);
		text = xasprintf("tags=%s", tags);
		put(g, line, ref, text, keys);
		free(text);
	} else {
		gather_left(g, line, "%.200s: the range \"%.200s\" has no such "
		    "form here: write tags= by hand", ref, range);
	}
	free(tags);
}
