/* What the lines of a history say, and which digest of it comes before which.
 * The lines are in the tree for anybody to see and, who writes to the tree, to
 * write. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "tag_history.h"

/* Up to the next blank; false if that is nothing, or too long. */
static bool
take_word(const char **at, const char *end, char *buf, size_t size)
{
	const char *word = *at;
	size_t len = 0;

	while (word + len < end && word[len] != ' ')
		len++;
	if (len == 0 || len >= size)
		return false;
	memcpy(buf, word, len);
	buf[len] = '\0';
	*at = word + len + (word + len < end);
	return true;
}

static bool
parse_line(const char *at, const char *end, struct tag_history_line *ret)
{
	char text[DIGEST_TEXT_MAX], word[sizeof(TAG_HISTORY_ROLLBACK)];
	struct err ignored;

	memset(ret, 0, sizeof(*ret));
	if (!take_word(&at, end, ret->time, sizeof(ret->time)) ||
	    !take_word(&at, end, text, sizeof(text)) ||
	    digest_parse(text, &ret->digest, &ignored) == -1)
		return false;
	ret->is_rollback = take_word(&at, end, word, sizeof(word)) &&
	    strcmp(word, TAG_HISTORY_ROLLBACK) == 0;
	return true;
}

/* What is no line of ours is passed over. */
void
tag_history_parse(const char *text, struct tag_history *ret)
{
	struct tag_history_line line;
	const char *next;
	size_t len;

	*ret = (struct tag_history){ NULL, 0 };
	for (; *text != '\0'; text = next) {
		len = strcspn(text, "\n");
		next = text + len + (text[len] == '\n');
		if (!parse_line(text, text + len, &line))
			continue;
		/* Few: a file has at most some hundred. */
		ret->lines = xreallocarray(ret->lines, ret->count + 1,
		    sizeof(*ret->lines));
		ret->lines[ret->count++] = line;
	}
}

/* As a line of the history: a time, a blank, a digest, and no more. */
bool
tag_hold_parse(const char *text, struct digest *ret)
{
	char time[STORE_TIME_MAX], digest[DIGEST_TEXT_MAX];
	const char *end = text + strcspn(text, "\n");
	struct err ignored;

	return take_word(&text, end, time, sizeof(time)) &&
	    take_word(&text, end, digest, sizeof(digest)) && text == end &&
	    end[-1] != ' ' && digest_parse(digest, ret, &ignored) == 0;
}

void
tag_history_done(struct tag_history *h)
{
	free(h->lines);
	*h = (struct tag_history){ NULL, 0 };
}

/* --- which one is before which ----------------------------------------- */

/* Up to ${end}, the last line in which the digest was published; one that was
 * only ever set back to: the last of those.  ${end}: none. */
static size_t
published_in(const struct tag_history *h, const struct digest *d, size_t end)
{
	size_t i, found = end;
	bool is_plain = false;

	for (i = 0; i < end; i++) {
		if (!digest_equal(&h->lines[i].digest, d) ||
		    (is_plain && h->lines[i].is_rollback))
			continue;
		is_plain = !h->lines[i].is_rollback;
		found = i;
	}
	return found;
}

static void
mark(struct tag_history *h, const struct digest *d, bool is_left)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (digest_equal(&h->lines[i].digest, d))
			h->lines[i].is_left = is_left;
}

/* Who sets a tag to a later one, or to one again, means well by it. */
static void
mark_left(struct tag_history *h)
{
	const struct digest *from, *to;
	size_t i;

	for (i = 1; i < h->count; i++) {
		if (!h->lines[i].is_rollback)
			continue;
		from = &h->lines[i - 1].digest;
		to = &h->lines[i].digest;
		if (published_in(h, to, i) == i ||
		    published_in(h, to, i) < published_in(h, from, i))
			mark(h, from, true);
		mark(h, to, false);
	}
}

void
tag_history_judge(struct tag_history *h, const struct digest *current)
{
	size_t i, end = published_in(h, current, h->count);
	unsigned back = 0;

	mark_left(h);
	for (i = end; i-- > 0;)
		if (!h->lines[i].is_left &&
		    !digest_equal(&h->lines[i].digest, current) &&
		    published_in(h, &h->lines[i].digest, h->count) == i)
			h->lines[i].back = ++back;
}
