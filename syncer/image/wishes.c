/*
 * The key=value words of a line.  Values are kept once however many lines have
 * them: pointers are compared then, and a list of a million lines stays small.
 */
#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/duration.h"
#include "image/near.h"
#include "image/wishes.h"
#include "layout/limits.h"
#include "layout/mem.h"

typedef int compare_items(const void *, const void *);

static int
compare_platforms(const void *a, const void *b)
{
	return platform_set_compare(a, b);
}

static int
compare_tags(const void *a, const void *b)
{
	return tag_rule_compare(a, b);
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
compare_referrers(const void *a, const void *b)
{
	return referrer_rule_compare(a, b);
}

/*
 * Return the item of the tree that equals ${item}, which is then ${item} or an
 * older one.  Most lists have two or three for thousands of lines; a tree, so
 * that a list with one for each line takes no quadratic time.
 */
static void *
intern(void **tree, void *item, compare_items *compare)
{
	void **node = tsearch(item, tree, compare);

	if (node == NULL)
		abort();	/* out of memory */
	return *node;
}

static const struct platform_set *
intern_platforms(struct wish_pool *pool, const struct platform_set *set)
{
	struct platform_set *copy = xmalloc(sizeof(*copy)), *kept;

	*copy = *set;
	kept = intern(&pool->platforms, copy, compare_platforms);
	if (kept != copy) {
		platform_set_done(copy);
		free(copy);
	}
	return kept;
}

static const struct referrer_rule *
intern_referrers(struct wish_pool *pool, const struct referrer_rule *rule)
{
	struct referrer_rule *copy = xmalloc(sizeof(*copy)), *kept;

	*copy = *rule;
	kept = intern(&pool->referrers, copy, compare_referrers);
	if (kept != copy) {
		referrer_rule_done(copy);
		free(copy);
	}
	return kept;
}

/* What holds where nothing is said. */
struct wishes
wishes_none(struct wish_pool *pool)
{
	const struct platform_set all = { .all = true };
	const struct referrer_rule no = { .want = REFERRERS_NO };
	struct wishes wishes = {
		.platforms = intern_platforms(pool, &all),
		.referrers = intern_referrers(pool, &no),
		.keep = KEEP_DEFAULT,
	};

	return wishes;
}

/* tdestroy(3) is not in POSIX: take out the root until there is none. */
static void *
take_root(void **tree, compare_items *compare)
{
	void *item;

	if (*tree == NULL)
		return NULL;
	assert(*(void **)*tree != NULL);
	item = *(void **)*tree;
	tdelete(item, tree, compare);
	return item;
}

void
wish_pool_done(struct wish_pool *pool)
{
	void *item;

	while ((item = take_root(&pool->platforms, compare_platforms)) !=
	    NULL) {
		platform_set_done(item);
		free(item);
	}
	while ((item = take_root(&pool->tags, compare_tags)) != NULL)
		free(item);
	while ((item = take_root(&pool->keys, compare_keys)) != NULL)
		free(item);
	while ((item = take_root(&pool->referrers, compare_referrers)) !=
	    NULL) {
		referrer_rule_done(item);
		free(item);
	}
}

/* A value is read by its key's function, which leaves ${ret} alone on error. */
static int
read_platform(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	struct platform_set set;

	if (platform_set_parse(value, &set, e) == -1)
		return -1;
	ret->platforms = intern_platforms(pool, &set);
	return 0;
}

static int
read_tags(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	struct tag_rule *rule, *kept;

	if (tag_rule_parse(value, &rule, e) == -1)
		return -1;
	kept = intern(&pool->tags, rule, compare_tags);
	if (kept != rule)
		free(rule);
	ret->tags = kept;
	return 0;
}

/* Decimal digits and nothing else, up to ${most}; -1 for what is not that. */
static long
number_of(const char *s, long most)
{
	size_t i, len = strspn(s, "0123456789");
	long n = 0;

	if (len == 0 || s[len] != '\0')
		return -1;
	for (i = 0; i < len && n <= most; i++)
		n = n * 10 + (s[i] - '0');
	return n <= most ? n : -1;
}

static int
read_newest(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	bool all = strcmp(value, "all") == 0;
	long n = all ? 0 : number_of(value, NEWEST_MAX);

	(void)pool;
	if (!all && n <= 0)
		return err_set(e, ERR_INPUT, "\"%.40s\" is neither \"all\" nor "
		    "a number from 1 to %u", value, NEWEST_MAX);
	ret->newest = (unsigned)n;
	return 0;
}

static int
read_referrers(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	struct referrer_rule rule;

	if (referrer_rule_parse(value, &rule, e) == -1)
		return -1;
	ret->referrers = intern_referrers(pool, &rule);
	return 0;
}

static int
read_priority(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	bool is_negative = value[0] == '-';
	long n = number_of(value + is_negative, PRIORITY_MAX);

	(void)pool;
	if (n == -1)
		return err_set(e, ERR_INPUT,
		    "\"%.40s\" is not a number from -%d to %d", value,
		    PRIORITY_MAX, PRIORITY_MAX);
	ret->priority = (int)(is_negative ? -n : n);
	return 0;
}

/* A file's name is kept as it is to be opened; whether it is a key is found out
 * when it is read. */
static int
read_signed(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	bool no = strcmp(value, "no") == 0;
	char *path, *kept;

	if (value[0] == '\0')
		return err_set(e, ERR_INPUT,
		    "must be the file of a public key, or \"no\"");
	path = no ? xstrdup("") : xasprintf("%s%s",
	    value[0] == '/' ? "" : pool->base, value);
	kept = intern(&pool->keys, path, compare_keys);
	if (kept != path)
		free(path);
	ret->signed_by = kept;
	return 0;
}

static int
read_keep(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	long n = number_of(value, KEEP_MAX);

	(void)pool;
	if (n == -1)
		return err_set(e, ERR_INPUT,
		    "\"%.40s\" is not a number from 0 to %u", value, KEEP_MAX);
	ret->keep = (unsigned)n;
	return 0;
}

static int
read_keep_for(struct wish_pool *pool, const char *value, struct wishes *ret,
    struct err *e)
{
	(void)pool;
	return duration_parse(value, KEEP_FOR_MAX_S, &ret->keep_for_s, e);
}

/* WISH_TAGS and WISH_NEWEST are places in here. */
static const struct {
	const char *name;
	int (*read)(struct wish_pool *, const char *, struct wishes *,
	    struct err *);
} keys[] = {
	{ "platform",	read_platform },
	{ "tags",	read_tags },
	{ "newest",	read_newest },
	{ "referrers",	read_referrers },
	{ "priority",	read_priority },
	{ "signed",	read_signed },
	{ "keep",	read_keep },
	{ "keep-for",	read_keep_for },
};

#define KEY_COUNT	(sizeof(keys) / sizeof(keys[0]))

_Static_assert(KEY_COUNT <= 32, "a bit of wishes.seen for each key");

const char *
wishes_key(size_t i)
{
	return i < KEY_COUNT ? keys[i].name : NULL;
}

bool
wishes_is_key(const char *name)
{
	size_t i;

	for (i = 0; i < KEY_COUNT; i++)
		if (strcmp(keys[i].name, name) == 0)
			return true;
	return false;
}

/* What is called so elsewhere. */
static const struct {
	const char *name, *is;
} others[] = {
	{ "arch", "platform=linux/arm64" },
	{ "os", "platform=linux/amd64" },
	{ "architecture", "platform=linux/arm64" },
	{ "semver", "tags=semver:>=1.2" },
	{ "glob", "tags=glob:1.*" },
	{ "regex", "tags=regex:^1[.]" },
	{ "allow", "tags=glob:1.*" },
	{ "latest", "newest=1" },
	{ "limit", "newest=5" },
	{ "signatures", "referrers=yes" },
	{ "attestations", "referrers=yes" },
	{ "sign", "signed=KEY" },
	{ "key", "signed=KEY" },
	{ "verify", "signed=KEY" },
	{ "history", "keep=N" },
	{ "retain", "keep-for=30d" },
};

/* Naming what there is helps more than saying what there is not. */
static int
refuse_key(const char *key, struct err *e)
{
	char known[160] = "", meant[64] = "";
	struct near near = { .word = key };
	size_t i, used = 0;

	for (i = 0; i < KEY_COUNT && used < sizeof(known); i++) {
		used += (size_t)snprintf(known + used, sizeof(known) - used,
		    "%s%s", i > 0 ? ", " : "", keys[i].name);
		near_try(&near, keys[i].name);
	}
	if (near.best != NULL)
		snprintf(meant, sizeof(meant), " (%s=?)", near.best);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].name, key) == 0)
			snprintf(meant, sizeof(meant), " (%s?)",
			    others[i].is);
	return err_set(e, ERR_INPUT, "unknown key \"%.40s\"%s: the keys are "
	    "%s", key, meant, known);
}

/* A bit for each key that has been seen in the line. */
int
wishes_read(struct wish_pool *pool, char *word, struct wishes *wishes,
    struct err *e)
{
	char *value = strchr(word, '=');
	size_t i;

	if (value == NULL || value == word)
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a key=value: "
		    "write one image a line, and no white space around \"=\"",
		    word);
	*value++ = '\0';
	for (i = 0; i < KEY_COUNT && strcmp(word, keys[i].name) != 0; i++)
		;
	if (i == KEY_COUNT)
		return refuse_key(word, e);
	if ((wishes->seen & 1u << i) != 0)
		return err_set(e, ERR_INPUT, "%s= is given twice", word);
	wishes->seen |= 1u << i;
	if (keys[i].read(pool, value, wishes, e) == 0)
		return 0;
	return err_wrap(e, "%s=", word);
}
