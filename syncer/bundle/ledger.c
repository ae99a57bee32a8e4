/*
 * What has come here.  The file is this program's own: it is read strictly all
 * the same, since a line that is lost would let an old bundle in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/ledger.h"
#include "bundle/record.h"
#include "layout/limits.h"
#include "layout/mem.h"

#define LEDGER_FILE	"bundles"
#define LEDGER_HEAD	"cdr-bundles 1"
#define TIME_MAX	32

/* --- as text ----------------------------------------------------------- */

static void
put_line(FILE *out, const char *word, const struct ledger_bundle *b)
{
	fprintf(out, "%s %s %s %" PRIu64 " %s ", word, b->from, b->to, b->seq,
	    b->id);
	record_print_time(out, b->created);
	if (b->done != 0) {
		putc(' ', out);
		record_print_time(out, b->done);
	}
	putc('\n', out);
}

static void
add(struct ledger_bundle **all, size_t *count, const struct ledger_bundle *b)
{
	*all = xgrow(*all, *count, sizeof(**all));
	(*all)[(*count)++] = *b;
}

/* "last" has five words behind it, "done" six. */
static bool
parse_line(const char *line, struct ledger *l)
{
	struct ledger_bundle b = { .seq = 0 };
	char word[8], created[TIME_MAX], done[TIME_MAX];
	int end = -1, n;

	n = sscanf(line, "%7s %63s %63s %20" SCNu64 " %32s %31s%n", word,
	    b.from, b.to, &b.seq, b.id, created, &end);
	if (n != 6 || end == -1 || strlen(b.id) != BUNDLE_ID_MAX)
		return false;
	if (!record_time(created, &b.created))
		return false;
	if (strcmp(word, "last") == 0) {
		add(&l->last, &l->last_count, &b);
		return line[end] == '\0' &&
		    l->last_count <= LEDGER_STREAMS_MAX;
	}
	line += end;
	end = -1;
	if (strcmp(word, "done") != 0 ||
	    sscanf(line, " %31s%n", done, &end) != 1 || line[end] != '\0')
		return false;
	if (!record_time(done, &b.done))
		return false;
	add(&l->done, &l->done_count, &b);
	return l->done_count <= LEDGER_DONE_MAX;
}

int
ledger_parse(const char *text, size_t len, struct ledger *ret, struct err *e)
{
	struct ledger l = { .last_count = 0 };
	size_t number = 0, n;
	char line[512];
	bool is_good = strlen(text) == len, is_end = false;

	for (; is_good && *text != '\0'; text += n + 1) {
		n = strcspn(text, "\n");
		is_good = !is_end && n < sizeof(line) && text[n] == '\n';
		if (!is_good)
			break;
		number++;
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		is_end = strcmp(line, "end") == 0;
		if (number == 1)
			is_good = strcmp(line, LEDGER_HEAD) == 0;
		else if (!is_end)
			is_good = parse_line(line, &l);
	}
	if (is_good && is_end) {
		*ret = l;
		return 0;
	}
	ledger_free(&l);
	return err_set(e, ERR_DATA, "line %zu makes no sense", number);
}

int
ledger_read(const struct store *store, struct ledger *ret, struct err *e)
{
	char *text = NULL;
	size_t len;
	int rc = store_read_state(store, LEDGER_FILE, LEDGER_BYTES_MAX, &text,
	    &len, e);

	*ret = (struct ledger){ .last_count = 0 };
	if (rc == 1 && ledger_parse(text, len, ret, e) == -1)
		rc = -1;
	free(text);
	return rc == -1 ? err_wrap(e, "_state/" LEDGER_FILE) : 0;
}

int
ledger_write(struct store *store, const struct ledger *l, struct err *e)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = xtext_open(&text, &len);
	int rc;

	fprintf(out, LEDGER_HEAD "\n");
	for (i = 0; i < l->last_count; i++)
		put_line(out, "last", &l->last[i]);
	for (i = 0; i < l->done_count; i++)
		put_line(out, "done", &l->done[i]);
	fprintf(out, "end\n");
	xtext_close(out);
	rc = store_write_state(store, LEDGER_FILE, text, len, e);
	free(text);
	return rc;
}

void
ledger_free(struct ledger *l)
{
	free(l->last);
	free(l->done);
	*l = (struct ledger){ .last_count = 0 };
}

/* --- what may move tags ------------------------------------------------ */

static bool
is_stream(const struct ledger_bundle *b, const char *from, const char *to)
{
	return strcmp(b->from, from) == 0 && strcmp(b->to, to) == 0;
}

static bool
is_same(const struct ledger_bundle *a, const struct ledger_bundle *b)
{
	return is_stream(a, b->from, b->to) && a->seq == b->seq &&
	    strcmp(a->id, b->id) == 0;
}

const struct ledger_bundle *
ledger_last(const struct ledger *l, const char *from, const char *to)
{
	size_t i;

	for (i = 0; i < l->last_count; i++)
		if (is_stream(&l->last[i], from, to))
			return &l->last[i];
	return NULL;
}

static const struct ledger_bundle *
find_done(const struct ledger *l, const struct ledger_bundle *b)
{
	size_t i;

	for (i = 0; i < l->done_count; i++)
		if (is_same(&l->done[i], b))
			return &l->done[i];
	return NULL;
}

static const struct ledger_bundle *
later_of(const struct ledger_bundle *all, size_t count,
    const struct ledger_bundle *b)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(all[i].from, b->from) == 0 &&
		    strcmp(all[i].to, b->to) != 0 &&
		    all[i].created > b->created)
			return &all[i];
	return NULL;
}

/* What the sender has made later, for this site and for all: their numbers are
 * not to be compared.  One that is not finished has moved tags, too. */
static const struct ledger_bundle *
find_later(const struct ledger *l, const struct ledger_bundle *b)
{
	const struct ledger_bundle *later = later_of(l->last, l->last_count,
	    b);

	return later != NULL ? later : later_of(l->done, l->done_count, b);
}

enum ledger_verdict
ledger_judge(const struct ledger *l, const struct ledger_bundle *b,
    uint64_t max_jump, const struct ledger_bundle **ret)
{
	const struct ledger_bundle *last = ledger_last(l, b->from, b->to);

	*ret = find_done(l, b);
	if (*ret != NULL)
		return LEDGER_SEEN;
	*ret = last;
	if (last != NULL && !is_same(last, b) && b->seq <= last->seq)
		return LEDGER_OLDER;
	if (last != NULL && b->seq > last->seq &&
	    b->seq - last->seq > max_jump)
		return LEDGER_TOO_FAR;
	*ret = find_later(l, b);
	return *ret != NULL ? LEDGER_OLDER : LEDGER_NEW;
}

/* --- what changes ------------------------------------------------------ */

bool
ledger_begin(struct ledger *l, const struct ledger_bundle *b)
{
	size_t i;

	for (i = 0; i < l->last_count; i++) {
		if (!is_stream(&l->last[i], b->from, b->to))
			continue;
		if (b->seq <= l->last[i].seq)
			return false;
		l->last[i] = *b;
		l->last[i].done = 0;
		return true;
	}
	add(&l->last, &l->last_count, b);
	l->last[l->last_count - 1].done = 0;
	return true;
}

/* The highest one that was finished of a stream. */
static const struct ledger_bundle *
highest_done(const struct ledger *l, const struct ledger_bundle *of)
{
	const struct ledger_bundle *best = NULL;
	size_t i;

	for (i = 0; i < l->done_count; i++)
		if (is_stream(&l->done[i], of->from, of->to) &&
		    (best == NULL || l->done[i].seq > best->seq))
			best = &l->done[i];
	return best;
}

static void
drop(struct ledger_bundle *all, size_t *count, size_t at)
{
	--*count;
	memmove(&all[at], &all[at + 1], (*count - at) * sizeof(*all));
}

/* What a stream goes back to stays. */
static void
drop_oldest(struct ledger *l)
{
	size_t i;

	for (i = 0; i < l->done_count; i++) {
		if (highest_done(l, &l->done[i]) == &l->done[i])
			continue;
		drop(l->done, &l->done_count, i);
		return;
	}
}

void
ledger_finish(struct ledger *l, const struct ledger_bundle *b, int64_t now)
{
	struct ledger_bundle done = *b;

	/* Whatever the clock says: what is written has to be read again. */
	if (now < 1)
		done.done = 1;
	else if (now < RECORD_TIME_MAX)
		done.done = now;
	else
		done.done = RECORD_TIME_MAX;
	if (find_done(l, b) != NULL)
		return;
	if (l->done_count == LEDGER_DONE_MAX)
		drop_oldest(l);
	add(&l->done, &l->done_count, &done);
}

bool
ledger_forget(struct ledger *l, const char *id)
{
	const struct ledger_bundle *before;
	size_t i;

	for (i = 0; i < l->last_count; i++) {
		if (strcmp(l->last[i].id, id) != 0)
			continue;
		if (find_done(l, &l->last[i]) != NULL)
			return false;
		before = highest_done(l, &l->last[i]);
		if (before == NULL) {
			drop(l->last, &l->last_count, i);
		} else {
			l->last[i] = *before;
			l->last[i].done = 0;
		}
		return true;
	}
	return false;
}
