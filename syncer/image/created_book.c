/* A book that does not grow without end: a list in the order of use, and a set
 * to find entries by.  The one used longest ago goes first. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/created.h"
#include "image/created_book.h"
#include "layout/mem.h"

#define FIRST_LINE	"created 1\n"
/* A digest, a blank, ten digits, a line feed. */
#define LINE_BYTES_MAX	(DIGEST_TEXT_MAX + 16)

struct created_entry {
	struct created_entry *newer, *older;
	struct digest id;
	int64_t created_s;
};

static void
take_out(struct created_book *book, struct created_entry *n)
{
	assert(book->newest != NULL && book->oldest != NULL);
	if (n->newer != NULL)
		n->newer->older = n->older;
	else
		book->newest = n->older;
	if (n->older != NULL)
		n->older->newer = n->newer;
	else
		book->oldest = n->newer;
}

static void
put_first(struct created_book *book, struct created_entry *n)
{
	n->newer = NULL;
	n->older = book->newest;
	if (book->newest != NULL)
		book->newest->newer = n;
	else
		book->oldest = n;
	book->newest = n;
}

static void
forget(struct created_book *book, struct created_entry *n)
{
	assert(book->count > 0);
	take_out(book, n);
	(void)digest_set_remove(&book->entries, &n->id);
	book->count--;
	free(n);
}

/* Looking counts as use. */
int
created_book_get(struct created_book *book, const struct digest *id,
    int64_t *ret)
{
	struct created_entry *n = digest_set_get(&book->entries, id);

	if (n == NULL)
		return 0;
	take_out(book, n);
	put_first(book, n);
	*ret = n->created_s;
	return 1;
}

void
created_book_put(struct created_book *book, const struct digest *id,
    int64_t created_s)
{
	struct created_entry *n;
	int64_t known;

	if (created_book_get(book, id, &known) == 1) {
		book->is_changed |= known != created_s;
		book->newest->created_s = created_s;
		return;
	}
	if (book->count >= CREATED_ENTRIES_MAX)
		forget(book, book->oldest);
	assert(book->count < CREATED_ENTRIES_MAX);
	n = xcalloc(1, sizeof(*n));
	n->id = *id;
	n->created_s = created_s;
	digest_set_add(&book->entries, id, n);
	book->count++;
	put_first(book, n);
	book->is_changed = true;
}

/* From the list, which has them all; the set only knows where they are. */
void
created_book_done(struct created_book *book)
{
	while (book->newest != NULL)
		forget(book, book->newest);
	digest_set_done(&book->entries);
	memset(book, 0, sizeof(*book));
}

/* Seconds, or "-" for what nothing tells. */
static int
parse_time(const char *text, int64_t *ret)
{
	char *end;
	long long n;

	*ret = CREATED_UNKNOWN;
	if (strcmp(text, "-") == 0)
		return 1;
	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	*ret = n;
	return errno == 0 && *end == '\0' && n < CREATED_END_S;
}

/* "ALG:HEX SECONDS". */
static int
parse_line(char *line, struct digest *id, int64_t *ret)
{
	char *blank = strchr(line, ' ');
	struct err ignored;

	if (blank == NULL)
		return 0;
	*blank = '\0';
	return digest_parse(line, id, &ignored) == 0 &&
	    parse_time(blank + 1, ret) == 1;
}

/* A line that makes no sense costs one look at that image again. */
int
created_book_read(struct created_book *book, const char *buf, size_t len,
    struct err *e)
{
	const size_t first = strlen(FIRST_LINE);
	char *text, *line, *next;
	struct digest id;
	int64_t created_s;

	if (len < first || memcmp(buf, FIRST_LINE, first) != 0)
		return err_set(e, ERR_DATA,
		    "is damaged, or cdr did not write it");
	text = xstrndup(buf + first, len - first);
	for (line = text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		/* Half a line at the end is none. */
		if (next != NULL && parse_line(line, &id, &created_s) == 1)
			created_book_put(book, &id, created_s);
	}
	free(text);
	book->is_changed = false;
	return 0;
}

char *
created_book_write(const struct created_book *book, size_t *ret_len)
{
	size_t room = sizeof(FIRST_LINE) +
	    book->count * LINE_BYTES_MAX;
	char *text = xmalloc(room), digest[DIGEST_TEXT_MAX];
	const struct created_entry *n;
	size_t used;

	/* The oldest first: reading puts each before the last one. */
	used = (size_t)snprintf(text, room, "%s", FIRST_LINE);
	for (n = book->oldest; n != NULL; n = n->newer) {
		used += (size_t)snprintf(text + used, room - used, "%s ",
		    digest_text(&n->id, digest));
		if (n->created_s == CREATED_UNKNOWN)
			used += (size_t)snprintf(text + used, room - used,
			    "-\n");
		else
			used += (size_t)snprintf(text + used, room - used,
			    "%lld\n", (long long)n->created_s);
	}
	assert(used < room);
	*ret_len = used;
	return text;
}
