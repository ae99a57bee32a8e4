/*
 * _state/notify: a first line with the last number that was given out, a line
 * for each child with the number up to which it has taken all, and a line for
 * each event.  A run puts events at its end, each before it is published, and
 * writes the file anew when it ends.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "notify/notify_internal.h"

#define HEAD		"notify 1"
#define NUMBER_MAX	(UINT64_C(1) << 62)
/* Of times: as far as years have four digits. */
#define TIME_MAX_S	INT64_C(253402300799)
#define WORDS_MAX	8u

/* --- events ------------------------------------------------------------ */

static const char *
put(char **to, const char *text)
{
	const char *from = *to;
	size_t size = strlen(text) + 1;

	memcpy(*to, text, size);
	*to += size;
	return from;
}

static struct notify_event *
event_new(uint64_t number, int64_t at, const char *registry,
    const char *repository, const char *tag, const struct manifest_id *id)
{
	char digest[DIGEST_TEXT_MAX], *to;
	struct notify_event *event;

	digest_text(&id->digest, digest);
	event = xcalloc(1, sizeof(*event) + strlen(registry) +
	    strlen(repository) + (tag != NULL ? strlen(tag) : 0) +
	    strlen(id->media_type) + strlen(digest) + 5);
	to = event->text;
	event->number = number;
	event->at = at;
	event->registry = put(&to, registry);
	event->repository = put(&to, repository);
	event->tag = tag != NULL ? put(&to, tag) : NULL;
	event->media_type = put(&to, id->media_type);
	event->digest = put(&to, digest);
	return event;
}

static void
append(struct notify_queue *q, struct notify_event *event)
{
	if (q->count == q->room) {
		q->room = q->room == 0 ? 16 : 2 * q->room;
		q->events = xreallocarray(q->events, q->room,
		    sizeof(struct notify_event *));
	}
	q->events[q->count++] = event;
	q->last = event->number;
}

const struct notify_event *
notify_queue_add(struct notify_queue *q, int64_t at, const char *registry,
    const char *repository, const char *tag, const struct manifest_id *id)
{
	struct notify_event *event = event_new(q->last + 1, at, registry,
	    repository, tag, id);

	append(q, event);
	return event;
}

static const char *
reference_of(const struct notify_event *event)
{
	return event->tag != NULL ? event->tag : event->digest;
}

/* By image, and of each the last one first. */
static int
compare_images(const void *a, const void *b)
{
	const struct notify_event *x = *(struct notify_event *const *)a;
	const struct notify_event *y = *(struct notify_event *const *)b;
	int order = strcmp(x->registry, y->registry);

	if (order == 0)
		order = strcmp(x->repository, y->repository);
	if (order == 0)
		order = strcmp(reference_of(x), reference_of(y));
	if (order == 0)
		order = x->number > y->number ? -1 : x->number < y->number;
	return order;
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct notify_event *x = *(struct notify_event *const *)a;
	const struct notify_event *y = *(struct notify_event *const *)b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static bool
same_image(const struct notify_event *a, const struct notify_event *b)
{
	return strcmp(a->registry, b->registry) == 0 &&
	    strcmp(a->repository, b->repository) == 0 &&
	    strcmp(reference_of(a), reference_of(b)) == 0;
}

void
notify_queue_fold(struct notify_queue *q)
{
	size_t i, kept = 0, over;

	if (q->count == 0)
		return;
	qsort(q->events, q->count, sizeof(struct notify_event *),
	    compare_images);
	for (i = 0; i < q->count; i++)
		if (kept > 0 && same_image(q->events[kept - 1], q->events[i]))
			free(q->events[i]);
		else
			q->events[kept++] = q->events[i];
	q->count = kept;
	qsort(q->events, q->count, sizeof(struct notify_event *),
	    compare_numbers);
	if (q->count <= NOTIFY_WAITING_MAX)
		return;
	over = q->count - NOTIFY_WAITING_MAX;
	for (i = 0; i < over; i++)
		free(q->events[i]);
	q->count -= over;
	q->lost += over;
	memmove(q->events, q->events + over,
	    q->count * sizeof(struct notify_event *));
}

void
notify_queue_drop(struct notify_queue *q, notify_goes *goes, void *cookie)
{
	size_t i, kept = 0;

	for (i = 0; i < q->count; i++)
		if (goes(cookie, q->events[i]))
			free(q->events[i]);
		else
			q->events[kept++] = q->events[i];
	q->count = kept;
}

void
notify_queue_done(struct notify_queue *q)
{
	size_t i;

	for (i = 0; i < q->count; i++)
		free(q->events[i]);
	free(q->events);
	*q = (struct notify_queue){ 0 };
}

/* --- writing ----------------------------------------------------------- */

char *
notify_queue_line(const struct notify_event *event)
{
	return xasprintf("event %" PRIu64 " %" PRId64 " %s %s %s %s %s\n",
	    event->number, event->at, event->registry, event->repository,
	    event->tag != NULL ? event->tag : "-", event->media_type,
	    event->digest);
}

char *
notify_queue_text(const struct notify *n, size_t *ret_len)
{
	const struct notify_child *c;
	char *text, *line;
	FILE *file;
	size_t i;

	file = xtext_open(&text, ret_len);
	fprintf(file, HEAD " %" PRIu64 "\n", n->queue.last);
	for (c = n->children; c < n->children + n->count; c++)
		fprintf(file, "child %s %" PRIu64 "\n", c->name, c->taken);
	for (i = 0; i < n->queue.count; i++) {
		line = notify_queue_line(n->queue.events[i]);
		fputs(line, file);
		free(line);
	}
	xtext_close(file);
	return text;
}

/* --- reading ----------------------------------------------------------- */

static bool
read_number(const char *word, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long value;

	if (word[0] < '0' || word[0] > '9' || strlen(word) > 19)
		return false;
	value = strtoull(word, &end, 10);
	if (*end != '\0' || value > max)
		return false;
	*ret = value;
	return true;
}

/* Return how many words there are, which is WORDS_MAX + 1 at most. */
static size_t
split(char *line, char *words[WORDS_MAX])
{
	size_t count = 0;
	char *space;

	for (;;) {
		space = strchr(line, ' ');
		if (space != NULL)
			*space = '\0';
		if (count == WORDS_MAX)
			return WORDS_MAX + 1;
		words[count++] = line;
		if (space == NULL)
			return count;
		line = space + 1;
	}
}

static bool
read_child(struct notify *n, char *const *words, size_t count)
{
	struct notify_child *c;
	uint64_t taken;

	if (count != 3 || !read_number(words[2], NUMBER_MAX, &taken))
		return false;
	for (c = n->children; c < n->children + n->count; c++)
		if (!c->is_known && strcmp(c->name, words[1]) == 0) {
			c->is_known = true;
			c->taken = taken;
			return true;
		}
	return false;
}

static bool
read_event(struct notify_queue *q, char *const *words, size_t count)
{
	const char *tag;
	struct manifest_id id;
	uint64_t number, at;
	struct err ignored;

	if (count != 8 || !read_number(words[1], NUMBER_MAX, &number) ||
	    !read_number(words[2], TIME_MAX_S, &at) ||
	    !name_is_registry(words[3]) || !name_is_repository(words[4]) ||
	    !name_is_manifest_type(words[6]) ||
	    digest_parse(words[7], &id.digest, &ignored) == -1)
		return false;
	tag = strcmp(words[5], "-") == 0 ? NULL : words[5];
	if (tag != NULL && !name_is_tag(tag))
		return false;
	if (q->count > 0 && number <= q->events[q->count - 1]->number)
		return false;
	snprintf(id.media_type, sizeof(id.media_type), "%s", words[6]);
	append(q, event_new(number, (int64_t)at, words[3], words[4], tag,
	    &id));
	return true;
}

static bool
read_line(struct notify *n, char *line)
{
	char *words[WORDS_MAX];
	size_t count = split(line, words);

	if (strcmp(words[0], "child") == 0)
		return read_child(n, words, count);
	return strcmp(words[0], "event") == 0 &&
	    read_event(&n->queue, words, count);
}

/* Return where the next line begins, or NULL. */
static char *
end_line(char *line)
{
	char *end = strchr(line, '\n');

	if (end != NULL)
		*end++ = '\0';
	return end;
}

bool
notify_queue_read(struct notify *n, char *text)
{
	char *line = text, *next = end_line(text), *words[WORDS_MAX];
	uint64_t last = 0;
	bool is_well = true;

	if (next == NULL || strncmp(line, HEAD " ", sizeof(HEAD)) != 0 ||
	    split(line, words) != 3 ||
	    !read_number(words[2], NUMBER_MAX, &last))
		return false;
	for (line = next; (next = end_line(line)) != NULL; line = next)
		is_well = read_line(n, line) && is_well;
	/* What was cut is in no line. */
	if (*line != '\0')
		is_well = false;
	if (n->queue.last < last)
		n->queue.last = last;
	return is_well;
}
