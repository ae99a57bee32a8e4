/*
 * A text is looked at in several readings of it, each of which knows where its
 * bytes come from.  A secret that is found in one of them is struck out of the
 * text.  Case is folded, and the two alphabets of base64 are one.
 */
#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/base64.h"
#include "layout/mem.h"
#include "report/outside.h"
#include "report/printable.h"
#include "report/unescape.h"

#define BUCKETS		4096u
#define STRUCK		"***"
static const char left_out[] = "(left out: a secret here is too short to be "
    "struck out)";

/* One spelling of a secret, folded. */
struct form {
	struct form *next;		/* in its bucket */
	struct form *younger;		/* in its book */
	size_t len;
	bool is_base64;
	bool is_word;
	char text[];
};

/* Those that are known, the oldest first. */
struct book {
	struct form *oldest, *youngest;
	size_t bytes, max;
};

static struct {
	pthread_mutex_t lock;
	struct form *buckets[BUCKETS];
	struct book secrets, tokens;
	bool has_short;
} known = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.secrets = { .max = OUTSIDE_SECRETS_MAX },
	.tokens = { .max = OUTSIDE_TOKENS_MAX },
};

/* --- the secrets ------------------------------------------------------- */

static char
fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (c == '-')
		return '+';
	return c == '_' ? '/' : c;
}

static struct form **
bucket_of(const char *folded)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < OUTSIDE_SHORT; i++)
		hash = (hash ^ (unsigned char)folded[i]) * 16777619u;
	return &known.buckets[hash % BUCKETS];
}

static void
form_free(struct form *f)
{
	explicit_bzero(f->text, f->len);
	free(f);
}

static void
forget_oldest(struct book *b)
{
	struct form *f = b->oldest, **at;

	assert(f != NULL && b->bytes >= f->len);
	for (at = bucket_of(f->text); *at != f; at = &(*at)->next)
		continue;
	*at = f->next;
	b->oldest = f->younger;
	if (b->oldest == NULL)
		b->youngest = NULL;
	b->bytes -= f->len;
	form_free(f);
}

/* Lower-case words: what our own messages may say. */
static bool
is_word(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    strchr("./- ", s[i]) == NULL)
			return false;
	return true;
}

static bool
is_known(const struct form *f)
{
	const struct form *g;

	for (g = *bucket_of(f->text); g != NULL; g = g->next)
		if (g->len == f->len && memcmp(g->text, f->text, f->len) == 0)
			return true;
	return false;
}

static void
add(struct book *b, const char *text, size_t len, bool is_base64)
{
	struct form *f, **bucket;
	size_t i;

	if (len < OUTSIDE_SHORT || len > b->max)
		return;
	f = xcalloc(1, sizeof(*f) + len);
	f->len = len;
	f->is_base64 = is_base64;
	f->is_word = !is_base64 && is_word(text, len);
	for (i = 0; i < len; i++)
		f->text[i] = fold(text[i]);
	if (is_known(f)) {
		form_free(f);
		return;
	}
	while (b->bytes + len > b->max)
		forget_oldest(b);
	bucket = bucket_of(f->text);
	f->next = *bucket;
	*bucket = f;
	if (b->youngest != NULL)
		b->youngest->younger = f;
	else
		b->oldest = f;
	b->youngest = f;
	b->bytes += len;
}

/*
 * Wherever in a longer text it stands, its base64 is one of three, but for the
 * characters at the edges, which have bits of the neighbours in them.
 */
static void
add_base64(struct book *b, const char *text, size_t len)
{
	char *shifted = xmalloc(len + 2), *encoded;
	size_t before, first;

	for (before = 0; before < 3; before++) {
		memset(shifted, 0, before);
		memcpy(shifted + before, text, len);
		encoded = base64_encode(shifted, before + len);
		first = before == 0 ? 0 : before + 1;
		add(b, encoded + first, (before + len) * 8 / 6 - first, true);
		explicit_bzero(encoded, strlen(encoded));
		free(encoded);
	}
	explicit_bzero(shifted, len + 2);
	free(shifted);
}

static void
learn(struct book *b, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len == 0)
		return;
	pthread_mutex_lock(&known.lock);
	if (len < OUTSIDE_SHORT)
		known.has_short = true;
	add(b, text, len, false);
	add_base64(b, text, len);
	pthread_mutex_unlock(&known.lock);
}

void
outside_secret(const char *text)
{
	learn(&known.secrets, text);
}

void
outside_token(const char *text)
{
	learn(&known.tokens, text);
}

void
outside_forget(void)
{
	pthread_mutex_lock(&known.lock);
	while (known.secrets.oldest != NULL)
		forget_oldest(&known.secrets);
	while (known.tokens.oldest != NULL)
		forget_oldest(&known.tokens);
	known.has_short = false;
	pthread_mutex_unlock(&known.lock);
}

/* --- striking out ------------------------------------------------------ */

static bool
is_base64_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("+/-_=", c) != NULL);
}

/* Mark what [from, to) of a reading is in the text. */
static void
mark(const struct reading *r, size_t from, size_t to, bool *struck)
{
	size_t i;

	assert(from < to && to <= r->len);
	for (i = r->from[from]; i < r->to[to - 1]; i++)
		struck[i] = true;
}

/* The longest form that begins at ${i}, or whose beginning ends the text. */
static size_t
match(const char *folded, size_t left, bool with_words, bool *ret_base64)
{
	const struct form *f;
	size_t best = 0, len;

	for (f = *bucket_of(folded); f != NULL; f = f->next) {
		len = f->len < left ? f->len : left;
		if ((f->is_word && !with_words) || len <= best ||
		    memcmp(f->text, folded, len) != 0)
			continue;
		best = len;
		*ret_base64 = f->is_base64;
	}
	return best;
}

/* Do the bytes at both sides of ${at} belong to one piece of base64?  It may be
 * folded over lines, whose ends may be written as escapes. */
static bool
goes_on(const struct reading *r, size_t at, const char *text)
{
	size_t i;

	if (!is_base64_char(r->text[at - 1]) || !is_base64_char(r->text[at]))
		return false;
	for (i = r->to[at - 1]; i < r->from[at]; i++)
		if (strchr("\r\n\\", text[i]) != NULL)
			return true;
	return r->to[at - 1] == r->from[at];
}

/* What stands around base64 is of the same secret. */
static void
strike_reading(const struct reading *r, const char *text, bool with_words,
    bool *struck)
{
	char *folded = xmalloc(r->len + 1);
	size_t i, from, to, len;
	bool is_base64 = false;

	for (i = 0; i < r->len; i++)
		folded[i] = fold(r->text[i]);
	for (i = 0; i + OUTSIDE_SHORT <= r->len; i++) {
		len = match(folded + i, r->len - i, with_words, &is_base64);
		if (len == 0)
			continue;
		from = i;
		to = i + len;
		while (is_base64 && from > 0 && goes_on(r, from, text))
			from--;
		while (is_base64 && to < r->len && goes_on(r, to, text))
			to++;
		mark(r, from, to, struck);
	}
	explicit_bzero(folded, r->len);
	free(folded);
}

/*
 * "://user:password@host": passwords have been seen in there with "#", "/" and
 * "?" in them, so that all up to the last "@" of the word goes; of our own
 * messages only what a URL may have there.
 */
static void
strike_user(const struct reading *r, bool is_own, bool *struck)
{
	static const char ends[] = " \t\r\n\"'<>`";
	size_t i, j, last;

	for (i = 0; i + 3 < r->len; i++) {
		if (memcmp(r->text + i, "://", 3) != 0)
			continue;
		last = 0;
		for (j = i + 3; j < r->len && r->text[j] != '\0' &&
		    strchr(ends, r->text[j]) == NULL; j++) {
			if (is_own && strchr("/?#", r->text[j]) != NULL)
				break;
			if (r->text[j] == '@')
				last = j;
		}
		if (last > i + 3)
			mark(r, i + 3, last, struck);
	}
}

/* Put a few stars in the place of each piece that is struck. */
static size_t
rewrite(char *text, size_t len, const bool *struck)
{
	size_t i, used = 0, run;

	for (i = 0; i < len; i += run) {
		for (run = 0; i + run < len && struck[i + run]; run++)
			continue;
		if (run == 0) {
			text[used++] = text[i];
			run = 1;
			continue;
		}
		memcpy(text + used, STRUCK, run < 3 ? run : 3);
		used += run < 3 ? run : 3;
	}
	text[used] = '\0';
	return used;
}

/* In place; ${text} has room for a NUL.  Return how long it is now. */
static size_t
strike(char *text, size_t len, bool is_own)
{
	bool *struck;
	struct reading r;
	int kind;

	/* Most runs have no secret, and most lines no URL with a name. */
	if (known.secrets.oldest == NULL && known.tokens.oldest == NULL &&
	    memchr(text, '@', len) == NULL && memchr(text, '%', len) == NULL)
		return len;
	struck = xcalloc(len + 1, sizeof(*struck));
	for (kind = 0; kind < READINGS; kind++) {
		reading_make(&r, text, len, (enum reading_kind)kind);
		strike_reading(&r, text, !is_own, struck);
		if (kind != READING_JOINED)
			strike_user(&r, is_own, struck);
		reading_done(&r);
	}
	len = rewrite(text, len, struck);
	free(struck);
	return len;
}

char *
outside_quote(char *to, size_t size, const char *from, size_t len)
{
	char *text;
	size_t i, all = len;

	assert(size > 0);
	pthread_mutex_lock(&known.lock);
	if (known.has_short && len > 0) {
		snprintf(to, size, "%s", left_out);
		pthread_mutex_unlock(&known.lock);
		return to;
	}
	text = xmalloc(len + 1);
	memcpy(text, from, len);
	text[len] = '\0';
	len = strike(text, len, false);
	pthread_mutex_unlock(&known.lock);
	if (len >= size)
		len = size - 1;
	memcpy(to, text, len);
	to[len] = '\0';
	for (i = 0; i < len; i++)
		if ((unsigned char)to[i] < ' ' || to[i] == 127)
			to[i] = ' ';
	printable(to);
	/* What was cleaned may read as a secret now that has a blank. */
	pthread_mutex_lock(&known.lock);
	strike(to, strlen(to), false);
	pthread_mutex_unlock(&known.lock);
	explicit_bzero(text, all);
	free(text);
	return to;
}

bool
outside_is_mute(void)
{
	bool is_mute;

	pthread_mutex_lock(&known.lock);
	is_mute = known.has_short;
	pthread_mutex_unlock(&known.lock);
	return is_mute;
}

void
outside_show(char *text)
{
	pthread_mutex_lock(&known.lock);
	strike(text, strlen(text), true);
	pthread_mutex_unlock(&known.lock);
	printable(text);
}
