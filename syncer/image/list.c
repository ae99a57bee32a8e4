#include <assert.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/entries.h"
#include "image/list.h"
#include "layout/limits.h"
#include "layout/mem.h"

struct file_name {
	struct file_name *next;
	char text[];
};

struct image_list {
	list_complain *complain;
	void *cookie;
	size_t complaints;
	struct entries entries;
	bool is_full;			/* has been complained of */
	struct file_name *files;
	const struct platform_set *all;
	void *sets;			/* tsearch(3): each set once */
};

/* Where a line stands; file NULL: the command line; line 0: the whole file. */
struct place {
	struct image_list *list;
	const char *file;
	unsigned line;
};

/* What the key=value words of a line ask for. */
struct wishes {
	const struct platform_set *platforms;
	unsigned seen;			/* a bit for each key of this line */
};

/* free(3) it. */
static char *
place_text(const char *file, unsigned line)
{
	if (file == NULL)
		return xstrdup("command line");
	return line == 0 ? xstrdup(file) : xasprintf("%s:%u", file, line);
}

static void complain(const struct place *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* All are counted, so that the last one can tell how many were left out. */
static void
complain(const struct place *at, const char *fmt, ...)
{
	char what[ERR_MSG_MAX], *where;
	va_list ap;

	if (at->list->complaints++ >= LIST_COMPLAINTS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	where = place_text(at->file, at->line);
	at->list->complain(at->list->cookie, where, what);
	free(where);
}

static int
compare_sets(const void *a, const void *b)
{
	return platform_set_compare(a, b);
}

/*
 * Take ${set}; return the one copy of it that the list has.  Most lists have
 * two or three sets for thousands of lines; a tree, so that a list with a set
 * for each line takes no quadratic time.
 */
static const struct platform_set *
intern(struct image_list *list, struct platform_set *set)
{
	struct platform_set *copy = xmalloc(sizeof(*copy)), **node;

	*copy = *set;
	node = tsearch(copy, &list->sets, compare_sets);
	if (node == NULL)
		abort();	/* out of memory */
	if (*node != copy) {
		platform_set_done(copy);
		free(copy);
	}
	return *node;
}

struct image_list *
list_new(list_complain *call, void *cookie)
{
	struct image_list *list = xcalloc(1, sizeof(*list));
	struct platform_set all = { .all = true };

	list->complain = call;
	list->cookie = cookie;
	list->all = intern(list, &all);
	return list;
}

void
list_free(struct image_list *list)
{
	struct platform_set *set;
	struct file_name *file;

	if (list == NULL)
		return;
	entries_done(&list->entries);
	while (list->sets != NULL) {
		set = *(struct platform_set **)list->sets;
		tdelete(set, &list->sets, compare_sets);
		platform_set_done(set);
		free(set);
	}
	while ((file = list->files) != NULL) {
		list->files = file->next;
		free(file);
	}
	free(list);
}

/* Entries point at the name; it lives as long as the list. */
static const char *
keep_name(struct image_list *list, const char *name)
{
	size_t len = strlen(name) + 1;
	struct file_name *file = xmalloc(sizeof(*file) + len);

	memcpy(file->text, name, len);
	file->next = list->files;
	list->files = file;
	return file->text;
}

/* Takes ${ref}. */
static void
add_entry(const struct place *at, struct image_ref *ref,
    const struct wishes *wishes)
{
	struct image_list *list = at->list;
	struct list_entry entry = {
		.ref = *ref,
		.platforms = wishes->platforms,
		.file = at->file,
		.line = at->line,
	};

	if (list->entries.count == LIST_ENTRIES_MAX) {
		if (!list->is_full)
			complain(at, "more than %u images", LIST_ENTRIES_MAX);
		list->is_full = true;
		image_ref_done(ref);
		return;
	}
	entries_add(&list->entries, &entry);
}

/* The next word, or NULL at the end or where a comment begins. */
static char *
next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t len = strcspn(word, " \t");

	if (*word == '\0' || *word == '#')
		return NULL;
	*rest = word + len;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

/* A value is read by its key's function, which leaves ${ret} alone on error. */
static int
read_platform(struct image_list *list, const char *value, struct wishes *ret,
    struct err *e)
{
	struct platform_set set;

	if (platform_set_parse(value, &set, e) == -1)
		return -1;
	ret->platforms = intern(list, &set);
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct image_list *, const char *, struct wishes *,
	    struct err *);
} keys[] = {
	{ "platform", read_platform },
};

#define KEY_COUNT	(sizeof(keys) / sizeof(keys[0]))

/* Naming what there is helps more than saying what there is not. */
static void
complain_of_key(const struct place *at, const char *key)
{
	char known[128] = "";
	size_t i, used = 0;

	for (i = 0; i < KEY_COUNT && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used,
		    "%s%s", i > 0 ? ", " : "", keys[i].name);
	complain(at, "unknown key \"%.40s\": the keys are %s", key, known);
}

/* One key=value.  Return 0, or -1 after a complaint. */
static int
read_wish(const struct place *at, char *word, struct wishes *wishes)
{
	char *value = strchr(word, '=');
	struct err e;
	size_t i;

	if (value == NULL || value == word) {
		complain(at, "\"%.80s\" is no key=value: one image a line, "
		    "and no white space around \"=\"", word);
		return -1;
	}
	*value++ = '\0';
	for (i = 0; i < KEY_COUNT && strcmp(word, keys[i].name) != 0; i++)
		;
	if (i == KEY_COUNT) {
		complain_of_key(at, word);
		return -1;
	}
	if ((wishes->seen & 1u << i) != 0) {
		complain(at, "%s= stands here twice", word);
		return -1;
	}
	wishes->seen |= 1u << i;
	if (keys[i].read(at->list, value, wishes, &e) == 0)
		return 0;
	complain(at, "%s=: %s", word, e.msg);
	return -1;
}

/* All words that are left of a line; ${ret} changes if all of them are good. */
static int
read_wishes(const struct place *at, char *rest, struct wishes *ret)
{
	struct wishes wishes = *ret;
	char *word;

	wishes.seen = 0;
	while ((word = next_word(&rest)) != NULL)
		if (read_wish(at, word, &wishes) == -1)
			return -1;
	*ret = wishes;
	return 0;
}

static void
read_default(const struct place *at, char *rest, struct wishes *defaults)
{
	if (read_wishes(at, rest, defaults) == 0 && defaults->seen == 0)
		complain(at, "\"default\" without a key=value (an image of "
		    "that name is library/default)");
}

/* A line with anything wrong in it adds nothing: half of it is not wanted. */
static void
read_entry(const struct place *at, const char *text, char *rest,
    const struct wishes *defaults)
{
	struct image_ref ref;
	struct wishes wishes = *defaults;
	struct err e;

	if (image_ref_parse(text, &ref, &e) == -1) {
		complain(at, "%s", e.msg);
		return;
	}
	if (read_wishes(at, rest, &wishes) == -1)
		image_ref_done(&ref);
	else
		add_entry(at, &ref, &wishes);
}

/*
 * The length of the UTF-8 character at ${s}, of which ${len} bytes are there;
 * 0 if it is none (RFC 3629: nothing overlong, no surrogates).
 */
static size_t
utf8_length(const unsigned char *s, size_t len)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned value;
	size_t i, need;

	if (s[0] < 0x80)
		return 1;
	need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || need > len)
		return 0;
	value = s[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3fu);
	}
	if (value < least[need] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return need;
}

/* Return 0, or -1 after a complaint: a message may show any of the line. */
static int
check_text(const struct place *at, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i, step;

	if (len > LIST_LINE_MAX) {
		complain(at, "longer than %u bytes", LIST_LINE_MAX);
		return -1;
	}
	for (i = 0; i < len; i += step) {
		step = utf8_length(s + i, len - i);
		if (step == 0) {
			complain(at, "byte %zu is not UTF-8", i + 1);
			return -1;
		}
		if ((s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f) {
			complain(at, "byte %zu is the control character 0x%02x",
			    i + 1, s[i]);
			return -1;
		}
	}
	return 0;
}

/* ${defaults} is changed by a "default" line; NULL allows none. */
static void
read_line(const struct place *at, const char *text, size_t len,
    struct wishes *defaults)
{
	struct wishes all = { .platforms = at->list->all };
	char line[LIST_LINE_MAX + 1], *rest = line, *word;

	if (check_text(at, text, len) == -1)
		return;
	memcpy(line, text, len);
	line[len] = '\0';
	word = next_word(&rest);
	/* An empty line is fine in a file, an empty argument is a mistake:
	 * most likely a shell variable that is not set. */
	if (word == NULL && defaults == NULL)
		complain(at, "an empty image reference");
	if (word == NULL)
		return;
	if (defaults != NULL && strcmp(word, "default") == 0)
		read_default(at, rest, defaults);
	else
		read_entry(at, word, rest, defaults == NULL ? &all : defaults);
}

void
list_read(struct image_list *list, const char *name, const char *buf,
    size_t len)
{
	struct wishes defaults = { .platforms = list->all };
	struct place at = { .list = list, .file = keep_name(list, name) };
	const char *end = buf + len, *eol;
	size_t length;

	if (len > LIST_BYTES_MAX) {
		complain(&at, "longer than %u bytes", LIST_BYTES_MAX);
		return;
	}
	/* Editors on Windows put a byte order mark before UTF-8. */
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
		buf += 3;
	for (; buf < end; buf = eol + 1) {
		at.line++;
		eol = memchr(buf, '\n', (size_t)(end - buf));
		if (eol == NULL)
			eol = end;
		length = (size_t)(eol - buf);
		if (length > 0 && buf[length - 1] == '\r')
			length--;
		read_line(&at, buf, length, &defaults);
		if (eol == end)
			break;
	}
}

void
list_add(struct image_list *list, const char *text)
{
	struct place at = { .list = list };

	read_line(&at, text, strlen(text), NULL);
}

/* Complain if ${later} wants something else of the image than ${first}. */
static bool
disagrees(struct image_list *list, const struct list_entry *later,
    const struct list_entry *first)
{
	struct place at = { list, later->file, later->line };
	bool same_digest = image_ref_compare(&later->ref, &first->ref) == 0;
	char *text, *where;

	/* The sets are interned: one set, one address. */
	if (same_digest && later->platforms == first->platforms)
		return false;
	text = image_ref_text(&later->ref);
	where = place_text(first->file, first->line);
	complain(&at, "%s: %s has it with another %s", text, where,
	    same_digest ? "platform=" : "digest, or one has none");
	free(where);
	free(text);
	return true;
}

int
list_end(struct image_list *list)
{
	struct list_entry *items = list->entries.items;
	unsigned *twins = entries_twins(&list->entries);
	size_t i;
	char more[64];

	for (i = 0; i < list->entries.count; i++)
		if (twins[i] != 0 &&
		    disagrees(list, &items[i], &items[twins[i] - 1]))
			twins[i] = 0;
	entries_drop(&list->entries, twins);
	free(twins);
	if (list->complaints > LIST_COMPLAINTS_MAX) {
		snprintf(more, sizeof(more), "%zu more complaints",
		    list->complaints - LIST_COMPLAINTS_MAX);
		list->complain(list->cookie, "image list", more);
	}
	return list->complaints == 0 ? 0 : -1;
}

size_t
list_count(const struct image_list *list)
{
	return list->entries.count;
}

const struct list_entry *
list_at(const struct image_list *list, size_t i)
{
	assert(i < list->entries.count);
	return &list->entries.items[i];
}
