/* Ranges of versions, as npm and Cargo have them.  Each term becomes two
 * bounds, so that matching is comparing and no term is a special case then. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "image/version.h"
#include "image/version_range.h"
#include "layout/limits.h"
#include "layout/mem.h"

enum op {
	OP_EQUAL,
	OP_NOT,
	OP_ABOVE,
	OP_FROM,
	OP_BELOW,
	OP_UP_TO,
	OP_TILDE,
	OP_CARET
};

/* The longer ones first. */
static const struct {
	const char *text;
	enum op op;
} ops[] = {
	{ ">=",	OP_FROM },
	{ "<=",	OP_UP_TO },
	{ "!=",	OP_NOT },
	{ ">",	OP_ABOVE },
	{ "<",	OP_BELOW },
	{ "=",	OP_EQUAL },
	{ "~",	OP_TILDE },
	{ "^",	OP_CARET },
	{ "",	OP_EQUAL },
};

struct bound {
	bool is_set;
	bool is_inside;		/* the version itself belongs to it */
	struct version version;
};

/* All between two bounds, or all but that. */
struct term {
	struct bound low;
	struct bound high;
	bool is_not;
	bool has_suffix;	/* the group's, after parsing */
	unsigned group;
};

struct version_range {
	char *text;		/* suffixes point into it */
	struct term terms[VERSION_TERMS_MAX];
	size_t count;
};

/* "x", "X" and "*" are all in use for "any". */
static bool
take_wild(const char **at)
{
	if (**at == '\0' || strchr("xX*", **at) == NULL)
		return false;
	++*at;
	return true;
}

/*
 * 1.2.3-rc.1, 1.2, 1.x, "*": ${v} has as many parts as there are before the
 * first wild one.  Behind a wild one there are only wild ones.
 */
static bool
take_operand(const char **at, struct version *v)
{
	const char *s = *at;
	unsigned i;
	bool wild = false;

	s += *s == 'v' || *s == 'V';
	for (i = 0; i < 3; i++) {
		if (i > 0 && *s != '.')
			break;
		s += i > 0;
		if (take_wild(&s))
			wild = true;
		else if (wild || !version_take_number(&s, &v->number[i]))
			return false;
		else
			v->parts++;
	}
	if (*s == '-') {
		v->suffix = ++s;
		v->suffix_len = strcspn(s, " ,|");
		if (!version_is_suffix(s, v->suffix_len))
			return false;
		s += v->suffix_len;
	}
	*at = s;
	return *s == '\0' || strchr(" ,|", *s) != NULL;
}

static struct bound
bound_at(const struct version *v, bool is_inside)
{
	return (struct bound){ true, is_inside, *v };
}

/*
 * Below the version that follows when number ${i} goes up.  "-0" is the lowest
 * of all pre-releases, so none of that version is below the bound.
 */
static struct bound
bound_before_next(const struct version *v, unsigned i)
{
	struct version next = { .suffix = "0", .suffix_len = 1 };

	assert(i < 3);
	memcpy(next.number, v->number, sizeof(next.number));
	next.number[i]++;
	for (i++; i < 3; i++)
		next.number[i] = 0;
	return bound_at(&next, false);
}

static struct bound
bound_below(const struct version *v)
{
	struct version lowest = *v;

	if (v->suffix_len == 0) {
		lowest.suffix = "0";
		lowest.suffix_len = 1;
	}
	return bound_at(&lowest, false);
}

/* "1.2" with ">" begins at 1.3.0, where "<=" ends. */
static struct bound
bound_after(const struct version *v)
{
	struct bound b;

	if (v->parts == 3 || v->suffix_len > 0)
		return bound_at(v, false);
	b = bound_before_next(v, v->parts - 1);
	b.version.suffix_len = 0;
	b.is_inside = true;
	return b;
}

static struct bound
bound_up_to(const struct version *v)
{
	if (v->parts == 3 || v->suffix_len > 0)
		return bound_at(v, true);
	return bound_before_next(v, v->parts - 1);
}

/* The number that "^" lets nothing change: the first that is not 0. */
static unsigned
caret_number(const struct version *v)
{
	unsigned i;

	assert(v->parts > 0);
	for (i = 0; i < v->parts - 1 && v->number[i] == 0; i++)
		;
	return i;
}

static struct bound
upper_bound(enum op op, const struct version *v)
{
	switch (op) {
	case OP_BELOW:
		return bound_below(v);
	case OP_UP_TO:
		return bound_up_to(v);
	case OP_TILDE:
		return bound_before_next(v, v->parts == 1 ? 0 : 1);
	case OP_CARET:
		return bound_before_next(v, caret_number(v));
	case OP_EQUAL:
	case OP_NOT:
		return v->parts == 3 ? bound_at(v, true) :
		    bound_before_next(v, v->parts - 1);
	case OP_ABOVE:
	case OP_FROM:
		break;
	}
	return (struct bound){ .is_set = false };
}

/* "!=1.2" takes out the variants of 1.2.0 as well as those of 1.2.1. */
static struct bound
lower_bound(enum op op, const struct version *v)
{
	struct bound b;

	switch (op) {
	case OP_ABOVE:
		return bound_after(v);
	case OP_BELOW:
	case OP_UP_TO:
		break;
	case OP_NOT:
		b = v->parts == 3 ? bound_at(v, true) : bound_below(v);
		b.is_inside = true;
		return b;
	case OP_EQUAL:
	case OP_FROM:
	case OP_TILDE:
	case OP_CARET:
		return bound_at(v, true);
	}
	return (struct bound){ .is_set = false };
}

/* Return why there can be no such term, or NULL. */
static const char *
take_term(const char **at, struct term *ret)
{
	struct version v = { .parts = 0 };
	size_t i, len;

	for (i = 0; strncmp(*at, ops[i].text, strlen(ops[i].text)) != 0; i++)
		;
	len = strlen(ops[i].text);
	*at += len;
	if (len > 0)
		*at += strspn(*at, " ");
	if (!take_operand(at, &v))
		return "write one such as >=1.4,<2 or ^1.2 or 1.x || 3.x";
	ret->has_suffix = v.suffix_len > 0;
	if (v.parts == 0) {
		/* "*": no bounds. */
		if (ops[i].op == OP_NOT || ops[i].op == OP_ABOVE ||
		    ops[i].op == OP_BELOW)
			return "no version is in it";
		return NULL;
	}
	ret->is_not = ops[i].op == OP_NOT;
	ret->low = lower_bound(ops[i].op, &v);
	ret->high = upper_bound(ops[i].op, &v);
	return NULL;
}

/*
 * Step over what stands between two terms.  Return 0 at the end; 1 before a
 * term; 2 before one of the next alternative; -1 where a term is missing.  A
 * comma and a blank both mean "and".
 */
static int
take_separator(const char **at)
{
	int next = 1;

	*at += strspn(*at, " ");
	if (**at == '\0')
		return 0;
	if (strncmp(*at, "||", 2) == 0) {
		next = 2;
		*at += 2;
	} else if (**at == ',') {
		++*at;
	}
	*at += strspn(*at, " ");
	return **at == '\0' || strchr(",|", **at) != NULL ? -1 : next;
}

static const char *
take_terms(struct version_range *r)
{
	const char *at = r->text + strspn(r->text, " "), *why;
	unsigned group = 0;
	int next;

	do {
		if (r->count == VERSION_TERMS_MAX)
			return "too many terms";
		assert(r->count < VERSION_TERMS_MAX);
		r->terms[r->count].group = group;
		why = take_term(&at, &r->terms[r->count++]);
		if (why != NULL)
			return why;
		next = take_separator(&at);
		group += next == 2;
	} while (next > 0);
	return next == 0 ? NULL : "a term is missing";
}

/* What one term of a group allows, the others allow with it.  A range without a
 * pre-release in it means releases, as in npm. */
static void
share_suffixes(struct version_range *r)
{
	size_t i, j;

	for (i = 0; i < r->count; i++)
		for (j = 0; r->terms[i].has_suffix && j < r->count; j++)
			if (r->terms[j].group == r->terms[i].group)
				r->terms[j].has_suffix = true;
}

int
version_range_parse(const char *text, struct version_range **ret,
    struct err *e)
{
	struct version_range *r = xcalloc(1, sizeof(*r));
	const char *why = "longer than a pattern may be";

	r->text = xstrdup(text);
	if (strlen(text) <= TAG_PATTERN_MAX)
		why = take_terms(r);
	if (why != NULL) {
		version_range_free(r);
		return err_set(e, ERR_INPUT,
		    "\"%.80s\" is not a range of versions: %s", text, why);
	}
	share_suffixes(r);
	*ret = r;
	return 0;
}

void
version_range_free(struct version_range *r)
{
	if (r == NULL)
		return;
	free(r->text);
	free(r);
}

/* A missing bound is one that everything is within. */
static bool
term_matches(const struct term *t, const struct version *v)
{
	int low = t->low.is_set ? version_compare(v, &t->low.version) : 1;
	int high = t->high.is_set ? version_compare(v, &t->high.version) : -1;
	bool inside = (low > 0 || (low == 0 && t->low.is_inside)) &&
	    (high < 0 || (high == 0 && t->high.is_inside));

	return inside != t->is_not && (v->is_plain || t->has_suffix);
}

bool
version_range_matches(const struct version_range *r, const char *tag)
{
	struct version v;
	size_t i = 0;
	unsigned group;
	bool all;

	if (version_parse(tag, &v) == 0)
		return false;
	while (i < r->count) {
		group = r->terms[i].group;
		for (all = true; i < r->count && r->terms[i].group == group;
		    i++)
			all = all && term_matches(&r->terms[i], &v);
		if (all)
			return true;
	}
	return false;
}
