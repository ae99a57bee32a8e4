/*
 * A run with ten thousand lines that finds nothing new writes a head and a
 * table of groups: see status_groups.h.  An image by itself, and one that has
 * changed, stands in status.json with all that is known of it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "report/book.h"
#include "report/status_images.h"
#include "report/status_line.h"

const struct book_kind status_book = { "status", STATUS_LINE_MAX, strcmp };

struct merge {
	struct status_images *of;
	struct book_in *old;
	struct book_out *out;
	struct status_groups groups;	/* as they are known now */
	struct status_groups before;	/* as the old file has them; at the
					 * end, all that there were */
	size_t next;			/* of the records */
	size_t kept;			/* of the images, all of them */
	struct status_group *updated, *unchanged;	/* of this run */
};

/* --- old lines --------------------------------------------------------- */

/* A pattern whose tags could not be learnt stands for itself, for one run. */
static bool
is_pattern(const char *image)
{
	const char *last = strrchr(image, '/');

	return last != NULL && strpbrk(last, ":@") == NULL;
}

/* --- which groups go on ------------------------------------------------ */

/* This run's record of the image, or NULL; the images come in order. */
static struct status_record *
find_record(struct merge *m, const char *image)
{
	const struct status_images *of = m->of;
	int order = -1;

	while (m->next < of->count) {
		order = strcmp(of->records[m->next]->image, image);
		if (order >= 0)
			break;
		m->next++;
	}
	return order == 0 ? of->records[m->next] : NULL;
}

/* Is there a group that may have been listed as a whole? */
static bool
may_move(const struct merge *m)
{
	size_t i;

	for (i = 0; i < m->groups.count; i++)
		if (m->groups.each[i].images <= m->of->count)
			return true;
	return false;
}

static void
count_found(struct merge *m)
{
	struct book_in *old = book_open(m->of->store, &status_book);
	const struct status_record *r;
	struct status_group *group;
	struct book_line line;

	for (; old != NULL && book_peek(old, &line); book_skip(old)) {
		group = status_line_group(&m->groups, &line);
		if (group == NULL)
			continue;
		r = find_record(m, line.image);
		group->images++;
		group->found += r != NULL && status_line_holds(&line, r);
	}
	book_close(old);
	m->next = 0;
}

/*
 * A group that was listed as a whole, with nothing new, only has another time.
 * One of which a part was listed loses that part.
 */
static void
move_groups(struct merge *m)
{
	struct status_group *group;
	size_t i;

	for (i = 0; i < m->groups.count; i++)
		m->groups.each[i].images = 0;
	count_found(m);
	for (i = 0; i < m->groups.count; i++) {
		group = &m->groups.each[i];
		if (group->images == 0 || group->found < group->images)
			continue;
		group->last_listed = m->of->now;
		group->result = STATUS_UNCHANGED;
	}
}

/* --- one image --------------------------------------------------------- */

static void
tell(struct merge *m, const char *image, enum status_result result,
    int64_t last_success, int64_t last_listed, uint64_t size)
{
	struct metrics_image one = {
		.image = image,
		.is_well = result == STATUS_UPDATED ||
		    result == STATUS_UNCHANGED || result == STATUS_HELD,
		.has_failed = result == STATUS_FAILED,
		.last_success = last_success,
		.last_listed = last_listed,
		.size = size,
	};

	metrics_images_add(m->of->metrics, &one);
	if (m->of->see != NULL)
		m->of->see(m->of->cookie, &one);
	/* What has never been mirrored is not in the tree. */
	if (last_success != 0) {
		m->of->images++;
		m->of->image_bytes += size;
	}
}

static void
tell_verified(struct merge *m, const struct book_line *line)
{
	size_t len, digest_len;
	const char *key = book_text(line, "verified", &len);
	const char *digest = book_text(line, "digest", &digest_len);

	if (m->of->verified != NULL && key != NULL && digest != NULL)
		m->of->verified(m->of->cookie, line->image, digest, digest_len,
		    key, len);
}

/* Did it fail in the runs that are told of anew? */
static void
tell_failure(struct merge *m, const struct status_record *r)
{
	if (m->of->failed != NULL && r != NULL &&
	    r->result == STATUS_FAILED &&
	    r->last_listed >= m->of->failed_from &&
	    r->last_listed <= m->of->failed_to)
		m->of->failed(m->of->cookie, r);
}

static void
put_record(struct merge *m, const struct status_record *r)
{
	json_t *o = status_record_json(r);
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	struct book_line line = { .is_earlier = false };

	json_decref(o);
	tell_failure(m, r);
	if (text != NULL) {
		tell(m, r->image, r->result, r->last_success, r->last_listed,
		    r->size);
		line.text = text;
		line.len = strlen(text);
		line.image = r->image;
		tell_verified(m, &line);
		book_put(m->out, r->image, text, line.len);
	}
	free(text);
}

/* As it is in the earlier file; most are of a group. */
static void
put_line(struct merge *m, const struct book_line *line)
{
	struct status_group *group = status_line_group(&m->groups, line);
	enum status_result result = STATUS_NOT_REACHED;
	struct status_record *r = NULL;
	char text[32];
	const char *said;
	size_t len;

	if (group != NULL) {
		group->images++;
		tell(m, line->image, group->result, group->last_listed,
		    group->last_listed, book_count(line, "size"));
	} else {
		said = book_text(line, "result", &len);
		snprintf(text, sizeof(text), "%.*s", said == NULL ? 0 :
		    (int)len, said == NULL ? "" : said);
		(void)status_result_read(text, &result);
		tell(m, line->image, result, book_time(line, "last_success"),
		    book_time(line, "last_listed"), book_count(line, "size"));
		if (result == STATUS_FAILED && m->of->failed != NULL)
			r = status_line_read(&m->groups, line);
		tell_failure(m, r);
		status_record_free(r);
	}
	tell_verified(m, line);
	book_put(m->out, line->image, line->text, line->len);
}

/* Not listed in this run.  Lines that will be written anyway are read whole. */
static void
keep_line(struct merge *m, const struct book_line *line)
{
	const struct status_images *of = m->of;
	struct status_record *r;

	if ((is_pattern(line->image) && !of->is_partial) ||
	    m->kept >= STATUS_IMAGES_MAX || of->is_gone(of->cookie,
	    line->image, status_line_success(&m->before, line),
	    status_line_listed(&m->before, line)))
		return;
	if (line->is_earlier) {
		m->kept++;
		put_line(m, line);
		return;
	}
	r = status_line_read(&m->before, line);
	if (r == NULL) {
		m->of->is_damaged = true;
		return;
	}
	m->kept++;
	put_record(m, r);
	status_record_free(r);
}

/* What a run did not reach, or failed at, was well once; and what it found
 * unchanged had to be fetched once: that is carried over. */
static void
carry_over(struct status_record *r, const struct status_record *old)
{
	if (r->result == STATUS_FAILED || r->result == STATUS_NOT_REACHED) {
		status_record_keep_key(r, old);
		r->last_success = old->last_success;
		r->has_digest = old->has_digest;
		r->digest = old->digest;
		r->size = old->size;
	} else if (r->result != STATUS_UPDATED) {
		if (r->result == STATUS_HELD && r->has_digest &&
		    old->has_digest && digest_equal(&r->digest, &old->digest))
			status_record_keep_key(r, old);
		r->bytes = old->bytes;
		r->objects = old->objects;
		r->duration_ms = old->duration_ms;
	}
}

static void
renew_line(struct merge *m, const struct book_line *line,
    struct status_record *r)
{
	struct status_group *group = status_line_group(&m->groups, line);
	struct status_record *old;

	if (group != NULL && group->last_listed == m->of->now &&
	    status_line_holds(line, r)) {
		put_line(m, line);
		return;
	}
	old = status_line_read(&m->before, line);
	if (old != NULL)
		carry_over(r, old);
	else
		m->of->is_damaged = true;
	status_record_free(old);
	put_record(m, r);
}

static void
put_all(struct merge *m)
{
	const struct status_images *of = m->of;
	struct book_line line = { .text = NULL };
	bool has_line;
	int order;
	size_t i;

	m->kept = of->count;
	for (i = 0; i < m->groups.count; i++)
		m->groups.each[i].images = 0;
	for (;;) {
		has_line = m->old != NULL && book_peek(m->old, &line);
		if (!has_line && m->next == of->count)
			break;
		order = !has_line ? -1 : m->next == of->count ? 1 :
		    strcmp(of->records[m->next]->image, line.image);
		if (order > 0)
			keep_line(m, &line);
		else if (order == 0)
			renew_line(m, &line, of->records[m->next]);
		else
			put_record(m, of->records[m->next]);
		if (order >= 0)
			book_skip(m->old);
		if (order <= 0)
			m->next++;
	}
	metrics_images_end(of->metrics);
	status_groups_forget_empty(&m->groups);
}

/* --- the files --------------------------------------------------------- */

/* All is about to be written: this run's images get groups of their own, and
 * some older ones may have to lose theirs. */
static void
print_earlier_head(FILE *out, void *cookie)
{
	struct merge *m = cookie;
	char *text;
	json_t *o;

	status_groups_make_room(&m->groups, 2);
	m->updated = status_groups_add(&m->groups, STATUS_UPDATED, m->of->now);
	m->unchanged = status_groups_add(&m->groups, STATUS_UNCHANGED,
	    m->of->now);
	assert(m->updated != NULL && m->unchanged != NULL);
	o = status_groups_json(&m->groups);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text != NULL)
		fprintf(out, ",\"groups\":%s", text);
	free(text);
}

/* Without what the group says. */
static json_t *
grouped_json(const struct status_record *r, struct status_group *group)
{
	json_t *o = status_record_json(r);

	group->images++;
	json_object_del(o, "result");
	json_object_del(o, "last_success");
	json_object_del(o, "last_listed");
	status_set_count(o, "group", group->id);
	return o;
}

/* Lines of a group that goes on stay as they are. */
static char *
settle(const struct book_line *line, void *cookie)
{
	struct merge *m = cookie;
	const struct status_group *group = status_line_group(&m->groups, line);
	struct status_record *r;
	json_t *o = NULL;
	char *text = NULL;

	if (group != NULL)
		return NULL;
	r = status_line_read(&m->before, line);
	if (r == NULL)
		return NULL;
	if (r->last_listed == m->of->now && r->result == STATUS_UPDATED)
		o = grouped_json(r, m->updated);
	else if (r->last_listed == m->of->now && r->result == STATUS_UNCHANGED)
		o = grouped_json(r, m->unchanged);
	else if (line->is_earlier)
		o = status_record_json(r);
	if (o != NULL)
		text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	status_record_free(r);
	return text;
}

static void
print_head(FILE *out, const char *earlier, void *cookie)
{
	struct merge *m = cookie;

	status_groups_forget_empty(&m->groups);
	m->of->head(out, earlier, &m->groups, m->of->cookie);
}

int
status_images_write(struct status_images *of, struct err *e)
{
	struct merge m = { .of = of };
	struct book_print print = {
		.head = print_head,
		.earlier_head = print_earlier_head,
		.settle = settle,
		.cookie = &m,
	};

	m.old = book_open(of->store, &status_book);
	if (m.old != NULL)
		status_groups_read(book_line_head(m.old), &m.groups);
	m.before = m.groups;
	m.out = book_begin(of->store, &status_book, e);
	if (m.out == NULL) {
		book_close(m.old);
		return -1;
	}
	if (!of->is_refresh && may_move(&m))
		move_groups(&m);
	put_all(&m);
	of->is_damaged |= m.old != NULL && book_is_damaged(m.old);
	book_close(m.old);
	/* Lines of a group that has to go keep what it says by now. */
	m.before = m.groups;
	return book_end(m.out, &print, e);
}
