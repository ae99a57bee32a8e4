/*
 * The image list, line by line.  A line that is wrong is told with its place
 * and left out, and reading goes on: who has ten mistakes in a list wants to
 * hear of all of them at once.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/entries.h"
#include "image/letters.h"
#include "image/list.h"
#include "image/list_agree.h"
#include "image/slips.h"
#include "image/wishes.h"
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
	struct list_pin *pins;
	struct wish_pool pool;
	struct wishes none;		/* what a line without keys asks for */
};

/* Where a line stands; file NULL: the command line; line 0: the whole file. */
struct place {
	struct image_list *list;
	const char *file;
	unsigned line;
};

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
	where = list_place(at->file, at->line);
	at->list->complain(at->list->cookie, where, what);
	free(where);
}

struct image_list *
list_new(list_complain *call, void *cookie)
{
	struct image_list *list = xcalloc(1, sizeof(*list));

	list->complain = call;
	list->cookie = cookie;
	list->pool.base = "";
	list->none = wishes_none(&list->pool);
	return list;
}

void
list_free(struct image_list *list)
{
	struct file_name *file;

	if (list == NULL)
		return;
	entries_done(&list->entries);
	wish_pool_done(&list->pool);
	while ((file = list->files) != NULL) {
		list->files = file->next;
		free(file);
	}
	list_pins_done(list->pins);
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

/* Up to the last "/" of a file's name; free(3) it. */
static char *
folder_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return xstrndup(name, slash == NULL ? 0 : (size_t)(slash + 1 - name));
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
		.tags = wishes->tags,
		.referrers = wishes->referrers,
		.signed_by = wishes->signed_by,
		.file = at->file,
		.line = at->line,
		.newest = wishes->newest,
		.priority = wishes->priority,
		.keep = wishes->keep,
		.keep_for_s = wishes->keep_for_s,
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

/* The next word, or NULL at the end or where a comment begins.  The line is
 * ours to cut: read_line has made a copy of it. */
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

/* All words that are left of a line; ${ret} changes if all of them are good. */
static int
read_wishes(const struct place *at, char *rest, struct wishes *ret)
{
	struct wishes wishes = *ret;
	char *word, whole[LIST_LINE_MAX + 1];
	struct err e;

	wishes.seen = 0;
	while ((word = next_word(&rest)) != NULL) {
		snprintf(whole, sizeof(whole), "%s", word);
		if (slips_unseen(word, &e) == -1 || wishes_read(
		    &at->list->pool, word, &wishes, &e) == -1) {
			(void)slips_key(whole, &e);
			complain(at, "%s", e.msg);
			return -1;
		}
	}
	*ret = wishes;
	return 0;
}

/* "default" is a word of the list's own.  An image of that name has to be
 * written out; the message says how. */
static void
read_default(const struct place *at, char *rest, struct wishes *defaults)
{
	if (read_wishes(at, rest, defaults) == 0 && defaults->seen == 0)
		complain(at, "\"default\" needs a key=value (for the image of "
		    "that name write library/default)");
}

/*
 * tags= takes the place of the tag.  What the line itself asks for has to make
 * sense; what a "default" line does is for those lines that it suits.
 */
static int
fit_wishes(const struct place *at, const char *text, struct wishes *wishes)
{
	bool is_bare = image_ref_is_bare(text);

	if (!is_bare && (wishes->seen & WISH_TAGS) != 0) {
		complain(at, "tags= picks the tags, so \"%.80s\" must have "
		    "neither a tag nor a digest", text);
		return -1;
	}
	if (!is_bare)
		wishes->tags = NULL;
	if (wishes->tags != NULL)
		return 0;
	if (wishes->newest > 0 && (wishes->seen & WISH_NEWEST) != 0) {
		complain(at, "newest= needs tags=: \"%.80s\" is one image",
		    text);
		return -1;
	}
	wishes->newest = 0;
	return 0;
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
		rest += strspn(rest, " \t");
		(void)slips_ref(text, *rest != '\0' && *rest != '#', &e);
		complain(at, "%s", e.msg);
		return;
	}
	if (read_wishes(at, rest, &wishes) == -1 ||
	    fit_wishes(at, text, &wishes) == -1) {
		image_ref_done(&ref);
		return;
	}
	if (wishes.tags != NULL) {
		free(ref.tag);
		ref.tag = NULL;
	}
	add_entry(at, &ref, &wishes);
}

/* Return 0, or -1 after a complaint: a message may show any of the line. */
static int
check_text(const struct place *at, const char *text, size_t len)
{
	unsigned code;
	size_t i, step;

	if (len > LIST_LINE_MAX) {
		complain(at, "longer than %u bytes", LIST_LINE_MAX);
		return -1;
	}
	for (i = 0; i < len; i += step) {
		step = letters_next(text + i, len - i, &code);
		if (step == 0) {
			complain(at, "byte %zu is not UTF-8 (0x%02x)%s", i + 1,
			    (unsigned char)text[i], at->file == NULL ? "" :
			    ": save the list as UTF-8");
			return -1;
		}
		if ((code < ' ' && code != '\t') ||
		    (code >= 0x7f && code < 0xa0)) {
			complain(at, "byte %zu is the control character 0x%02x",
			    i + 1, code);
			return -1;
		}
	}
	return 0;
}

/* ${defaults} is changed by a "default" line; NULL allows none.  Bytes are
 * looked at before words are, so that every message can show them.  Return
 * whether it has, or should have, an image. */
static bool
read_line(const struct place *at, const char *text, size_t len,
    struct wishes *defaults)
{
	char line[LIST_LINE_MAX + 1], *rest = line, *word;

	if (check_text(at, text, len) == -1)
		return true;
	assert(len <= LIST_LINE_MAX);
	memcpy(line, text, len);
	line[len] = '\0';
	word = next_word(&rest);
	/* An empty line is fine in a file, an empty argument is a mistake:
	 * most likely a shell variable that is not set. */
	if (word == NULL && defaults == NULL)
		complain(at, "an empty image reference");
	if (word == NULL)
		return false;
	if (defaults != NULL && strcmp(word, "default") == 0) {
		read_default(at, rest, defaults);
		return false;
	}
	read_entry(at, word, rest, defaults == NULL ? &at->list->none :
	    defaults);
	return true;
}

/* Another format altogether is one mistake, not one a line. */
static bool
is_no_list(struct place at, const char *buf, size_t len)
{
	struct err e;

	if (slips_file(buf, len, &at.line, &e) == 0)
		return false;
	complain(&at, "%s", e.msg);
	return true;
}

/* A line may end as on Windows, and the last one need not end at all. */
bool
list_read(struct image_list *list, const char *name, const char *buf,
    size_t len)
{
	struct wishes defaults = list->none;
	struct place at = { .list = list, .file = keep_name(list, name) };
	const char *end = buf + len, *eol;
	bool has_images = false;
	char *folder;
	size_t length;

	if (len > LIST_BYTES_MAX) {
		complain(&at, "longer than %u bytes", LIST_BYTES_MAX);
		return true;
	}
	/* Editors on Windows put a byte order mark before UTF-8. */
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
		buf += 3;
	if (is_no_list(at, buf, (size_t)(end - buf)))
		return true;
	list->pool.base = folder = folder_of(name);
	for (; buf < end; buf = eol + 1) {
		at.line++;
		eol = memchr(buf, '\n', (size_t)(end - buf));
		if (eol == NULL)
			eol = end;
		length = (size_t)(eol - buf);
		if (length > 0 && buf[length - 1] == '\r')
			length--;
		if (read_line(&at, buf, length, &defaults))
			has_images = true;
		if (eol == end)
			break;
	}
	list->pool.base = "";
	free(folder);
	return has_images;
}

void
list_add(struct image_list *list, const char *text)
{
	struct place at = { .list = list };

	(void)read_line(&at, text, strlen(text), NULL);
}

/* Complain if ${later} wants something else of the image than ${first}. */
static bool
disagrees(struct image_list *list, const struct list_entry *later,
    const struct list_entry *first)
{
	struct place at = { list, later->file, later->line };
	const char *what = list_keys_differ(later, first);
	char *text, *where;

	if (what == NULL)
		return false;
	text = image_ref_text(&later->ref);
	where = list_place(first->file, first->line);
	complain(&at, "%s: %s has it with a different %s", text, where, what);
	free(where);
	free(text);
	return true;
}

/* The first of two that are the same stays, where it stood. */
int
list_end(struct image_list *list)
{
	struct list_entry *items = list->entries.items;
	unsigned *twins = entries_twins(&list->entries);
	size_t i;
	char more[64];

	for (i = 0; i < list->entries.count; i++) {
		assert(twins[i] <= i);
		if (twins[i] == 0)
			continue;
		if (disagrees(list, &items[i], &items[twins[i] - 1]))
			twins[i] = 0;
		else
			list_pin(&list->pins, &items[twins[i] - 1], &items[i]);
	}
	entries_drop(&list->entries, twins);
	free(twins);
	if (list->complaints > LIST_COMPLAINTS_MAX) {
		snprintf(more, sizeof(more), "%zu more errors",
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
