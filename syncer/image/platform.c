/* Platforms as containerd/platforms has them, since what a node asks for is
 * decided there (quirks.md#platform-names, quirks.md#platform-order). */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/platform.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* The best rank; each step down the fallback order takes one off. */
#define RANK_EXACT		1000
/* Where 32-bit code on a 64-bit machine begins: below all native ones. */
#define RANK_OTHER_WIDTH	100

/* The minor version of v8 that v9.0 is built on. */
#define ARM64_NINE_IS_EIGHT_FIVE	5

/* "v8.2" is { 8, 2 }. */
struct version {
	int major;
	int minor;
};

/* Other names of an architecture; variant NULL: keep what stands there. */
static const struct {
	const char *alias;
	const char *architecture;
	const char *variant;
} aliases[] = {
	{ "x86_64",	"amd64",	NULL },
	{ "x86-64",	"amd64",	NULL },
	{ "aarch64",	"arm64",	NULL },
	{ "i386",	"386",		"" },
	{ "armhf",	"arm",		"v7" },
	{ "armel",	"arm",		"v6" },
};

/* Variants with two spellings, after the aliases. */
static const struct {
	const char *architecture;
	const char *from;
	const char *to;
} variants[] = {
	{ "amd64",	"v1",	"" },
	{ "arm64",	"8",	"" },
	{ "arm64",	"v8",	"" },
	{ "arm64",	"v8.0",	"" },
	{ "arm64",	"9",	"v9" },
	{ "arm64",	"v9.0",	"v9" },
	{ "arm",	"",	"v7" },
	{ "arm",	"5",	"v5" },
	{ "arm",	"6",	"v6" },
	{ "arm",	"7",	"v7" },
	{ "arm",	"8",	"v8" },
};

/* Not tolower(3): that follows the locale. */
static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* All our targets are literals that fit. */
static void
set_part(char part[32], const char *to)
{
	assert(strlen(to) < 32);
	snprintf(part, 32, "%s", to);
}

void
platform_normalise(struct platform *p)
{
	size_t i;

	lower(p->os);
	lower(p->architecture);
	lower(p->variant);
	if (strcmp(p->os, "macos") == 0)
		set_part(p->os, "darwin");
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(p->architecture, aliases[i].alias) == 0) {
			set_part(p->architecture, aliases[i].architecture);
			if (aliases[i].variant != NULL)
				set_part(p->variant, aliases[i].variant);
			break;
		}
	for (i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if (strcmp(p->architecture, variants[i].architecture) == 0 &&
		    strcmp(p->variant, variants[i].from) == 0) {
			set_part(p->variant, variants[i].to);
			break;
		}
}

/*
 * Take what stands at ${*at} up to one of ${ends}, which is left there.
 * Return false if that is empty, too long or has an odd character in it.
 */
static bool
take_part(const char **at, const char *ends, char *ret, size_t room)
{
	size_t len = strcspn(*at, ends);

	if (len == 0 || len >= room || len != strspn(*at,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._-"))
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	return true;
}

/* Step over ${c} if it stands there. */
static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* The version in one of its two places, of which only one may be used. */
static bool
take_os_version(const char **at, const char *end, struct platform *p)
{
	return p->os_version[0] == '\0' &&
	    take_part(at, end, p->os_version, sizeof(p->os_version));
}

/* os[(os.version)]/architecture[/variant][:os.version], all of ${at}. */
static bool
take_platform(const char *at, struct platform *p)
{
	if (!take_part(&at, "(/", p->os, sizeof(p->os)))
		return false;
	if (take_char(&at, '(') &&
	    (!take_os_version(&at, ")", p) || !take_char(&at, ')')))
		return false;
	if (!take_char(&at, '/') || !take_part(&at, "/:", p->architecture,
	    sizeof(p->architecture)))
		return false;
	if (take_char(&at, '/') &&
	    !take_part(&at, "/:", p->variant, sizeof(p->variant)))
		return false;
	if (take_char(&at, ':') && !take_os_version(&at, "", p))
		return false;
	return *at == '\0';
}

int
platform_parse(const char *text, struct platform *ret, struct err *e)
{
	struct platform p = { .os = "" };

	if (!take_platform(text, &p))
		return err_set(e, ERR_INPUT, "\"%.80s\" is not a platform: "
		    "write os/architecture or os/architecture/variant, such as "
		    "linux/amd64 or linux/arm/v7; a Windows build as "
		    "windows/amd64:10.0.20348", text);
	platform_normalise(&p);
	*ret = p;
	return 0;
}

char *
platform_text(const struct platform *p, char buf[PLATFORM_TEXT_MAX])
{
	bool versioned = p->os_version[0] != '\0';

	snprintf(buf, PLATFORM_TEXT_MAX, "%s%s%s%s/%s%s%s", p->os,
	    versioned ? "(" : "", p->os_version, versioned ? ")" : "",
	    p->architecture, p->variant[0] != '\0' ? "/" : "", p->variant);
	return buf;
}

int
platform_compare(const struct platform *a, const struct platform *b)
{
	int order = strcmp(a->os, b->os);

	if (order == 0)
		order = strcmp(a->architecture, b->architecture);
	if (order == 0)
		order = strcmp(a->variant, b->variant);
	if (order == 0)
		order = strcmp(a->os_version, b->os_version);
	return order;
}

bool
platform_equal(const struct platform *a, const struct platform *b)
{
	return platform_compare(a, b) == 0;
}

/* One or two digits: no real version has more. */
static bool
take_number(const char **s, int *ret)
{
	size_t i, len = strspn(*s, "0123456789");

	if (len == 0 || len > 2)
		return false;
	for (*ret = 0, i = 0; i < len; i++)
		*ret = *ret * 10 + (*s)[i] - '0';
	*s += len;
	return true;
}

/* The variant as a number; ${bare} is what an absent one stands for. */
static bool
version_of(const struct platform *p, int bare, struct version *ret)
{
	const char *s = p->variant;
	struct version v = { .major = bare };

	if (*s != '\0') {
		if (!take_char(&s, 'v') || !take_number(&s, &v.major))
			return false;
		if (take_char(&s, '.') && !take_number(&s, &v.minor))
			return false;
	}
	if (*s != '\0')
		return false;
	*ret = v;
	return true;
}

/*
 * A machine runs what was built for its own level or a lower one, and the
 * nearer the better.  32-bit code comes last, without a variant, as 386 has
 * none.
 */
static int
rank_amd64(const struct platform *want, const struct platform *have)
{
	struct version w, h;

	if (strcmp(have->architecture, "386") == 0)
		return have->variant[0] == '\0' ? RANK_OTHER_WIDTH : 0;
	if (strcmp(have->architecture, "amd64") != 0 ||
	    !version_of(want, 1, &w) || !version_of(have, 1, &h) ||
	    w.minor != 0 || h.minor != 0 || h.major < 1 || h.major > w.major)
		return 0;
	assert(h.major <= w.major);
	return RANK_EXACT - (w.major - h.major);
}

/* ${top} is the newest 32-bit version that the machine runs. */
static int
rank_arm(int top, const struct platform *have, int best)
{
	struct version h;

	if (strcmp(have->architecture, "arm") != 0 ||
	    !version_of(have, 7, &h) || h.minor != 0 || h.major < 5 ||
	    h.major > top)
		return 0;
	return best - (top - h.major);
}

/* v9.x grew out of v8.5: it runs all up to v8.(x+5). */
static int
rank_arm64(const struct version *w, const struct platform *have)
{
	struct version h;
	int minor = w->minor, steps = 0;

	if (strcmp(have->architecture, "arm") == 0)
		return rank_arm(8, have, RANK_OTHER_WIDTH);
	if (strcmp(have->architecture, "arm64") != 0 ||
	    !version_of(have, 8, &h))
		return 0;
	if (w->major == 9 && h.major == 8) {
		steps = minor + 1;
		minor += ARM64_NINE_IS_EIGHT_FIVE;
	} else if (h.major != w->major) {
		return 0;
	}
	return h.minor > minor ? 0 : RANK_EXACT - steps - (minor - h.minor);
}

/* "10.0.17763" serves all of "10.0.17763.x", not "10.0.177630". */
static bool
version_serves(const char *want, const char *have)
{
	size_t len = strlen(want);

	return len == 0 || (strncmp(want, have, len) == 0 &&
	    (have[len] == '\0' || have[len] == '.'));
}

/* An operating system has no fallback: what is not the same is nothing. */
int
platform_rank(const struct platform *want, const struct platform *have)
{
	struct version w;

	if (strcmp(want->os, have->os) != 0 ||
	    !version_serves(want->os_version, have->os_version))
		return 0;
	/* Variants that we cannot read, and all other architectures, have
	 * nothing to fall back to. */
	if (strcmp(want->architecture, have->architecture) == 0 &&
	    strcmp(want->variant, have->variant) == 0)
		return RANK_EXACT;
	if (strcmp(want->architecture, "amd64") == 0)
		return rank_amd64(want, have);
	if (strcmp(want->architecture, "arm64") == 0 &&
	    version_of(want, 8, &w) && (w.major == 8 || w.major == 9))
		return rank_arm64(&w, have);
	if (strcmp(want->architecture, "arm") == 0 &&
	    version_of(want, 7, &w) && w.minor == 0)
		return rank_arm(w.major, have, RANK_EXACT);
	return 0;
}

static int
compare_items(const void *a, const void *b)
{
	return platform_compare(a, b);
}

/* Sorted, so that two spellings of one set are the same bytes in order. */
static void
sort_and_collapse(struct platform_set *set)
{
	size_t i, kept = 0;

	assert(set->count > 0);
	qsort(set->items, set->count, sizeof(set->items[0]), compare_items);
	for (i = 0; i < set->count; i++)
		if (kept == 0 ||
		    !platform_equal(&set->items[kept - 1], &set->items[i]))
			set->items[kept++] = set->items[i];
	set->count = kept;
	set->items = xreallocarray(set->items, kept, sizeof(set->items[0]));
}

/*
 * One of ${len} bytes at ${text}, which may go on behind them.  The cap is met
 * before duplicates collapse: it bounds the work, too.
 */
static int
add_item(struct platform_set *set, const char *text, size_t len,
    struct err *e)
{
	char *item;
	int rc;

	if (set->count == PLATFORMS_MAX)
		return err_set(e, ERR_INPUT, "more than %u platforms",
		    PLATFORMS_MAX);
	item = xstrndup(text, len);
	rc = platform_parse(item, &set->items[set->count], e);
	free(item);
	if (rc == 0)
		set->count++;
	return rc;
}

/* "all" is no platform of the set but the absence of a filter: unknown ones
 * belong to it, too. */
int
platform_set_parse(const char *text, struct platform_set *ret, struct err *e)
{
	struct platform_set set = { .all = strcmp(text, "all") == 0 };
	size_t len;

	if (set.all) {
		*ret = set;
		return 0;
	}
	set.items = xcalloc(PLATFORMS_MAX, sizeof(set.items[0]));
	/* An empty item is an error: "a,,b" is a slip of somebody's. */
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (add_item(&set, text, len, e) == -1) {
			platform_set_done(&set);
			return -1;
		}
		if (text[len] == '\0')
			break;
	}
	sort_and_collapse(&set);
	*ret = set;
	return 0;
}

void
platform_set_done(struct platform_set *set)
{
	free(set->items);
	set->items = NULL;
	set->count = 0;
}

/* Any order will do, as long as it is one: list.c looks sets up by it. */
int
platform_set_compare(const struct platform_set *a,
    const struct platform_set *b)
{
	size_t i;
	int order;

	if (a->all != b->all)
		return a->all ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (i = 0; i < a->count; i++) {
		order = platform_compare(&a->items[i], &b->items[i]);
		if (order != 0)
			return order;
	}
	return 0;
}

bool
platform_set_equal(const struct platform_set *a, const struct platform_set *b)
{
	return platform_set_compare(a, b) == 0;
}
