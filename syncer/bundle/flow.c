/*
 * One thread reads the stick, which is slow, and fills buffers for the writers.
 * A piece of an object leaves it open, so that the next one goes on without
 * reading all before it again.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bundle/flow_internal.h"
#include "layout/limits.h"
#include "layout/mem.h"

/* --- the reader -------------------------------------------------------- */

/* NULL: it is to stop. */
static struct chunk *
take_spare(struct flow *f)
{
	struct chunk *c = NULL;

	pthread_mutex_lock(&f->mutex);
	while (f->spare == NULL && !f->is_stopped) {
		f->is_short = true;
		pthread_cond_wait(&f->room, &f->mutex);
	}
	f->is_short = false;
	if (!f->is_stopped) {
		c = f->spare;
		f->spare = c->next;
	}
	pthread_mutex_unlock(&f->mutex);
	return c;
}

/* One more object, which has a file open until it is committed.  False: it is
 * to stop. */
static bool
take_place(struct flow *f)
{
	bool goes_on;

	pthread_mutex_lock(&f->mutex);
	while (f->objects >= FLOW_OBJECTS && !f->is_stopped) {
		f->is_short = true;
		pthread_cond_wait(&f->room, &f->mutex);
	}
	f->is_short = false;
	goes_on = !f->is_stopped;
	f->objects += goes_on;
	pthread_mutex_unlock(&f->mutex);
	return goes_on;
}

static void
give_place_back(struct flow *f)
{
	pthread_mutex_lock(&f->mutex);
	f->objects--;
	pthread_mutex_unlock(&f->mutex);
}

static void
send(struct flow *f, struct chunk *c)
{
	struct writer *w = &f->writers[digest_key(&c->object->row.digest) %
	    FLOW_WRITERS];

	c->next = NULL;
	pthread_mutex_lock(&f->mutex);
	if (w->first == NULL)
		pthread_cond_signal(&w->work);
	*w->end = c;
	w->end = &c->next;
	f->busy++;
	f->bytes += c->len;
	pthread_mutex_unlock(&f->mutex);
}

static struct object *
object_of(const struct flow *f, const struct table_row *row)
{
	struct object *o = xcalloc(1, sizeof(*o));

	o->number = f->number;
	o->row = *row;
	o->row.media_type = NULL;
	o->id.digest = row->digest;
	if (row->media_type != NULL)
		snprintf(o->id.media_type, sizeof(o->id.media_type), "%s",
		    row->media_type);
	o->at = row->offset;
	return o;
}

static int
read_manifest(struct flow *f, const struct table_row *row, struct err *e)
{
	struct chunk *c;
	char *text;
	size_t len;

	if (part_text(f->part, MANIFEST_BYTES_MAX, &text, &len, e) == -1) {
		give_place_back(f);
		return -1;
	}
	c = xcalloc(1, sizeof(*c));
	c->object = object_of(f, row);
	c->data = (unsigned char *)text;
	c->len = len;
	c->is_last = true;
	send(f, c);
	return 0;
}

/* Fill buffers with it; the last one tells how it has ended. */
static int
read_blob(struct flow *f, const struct table_row *row, struct err *e)
{
	struct object *o = object_of(f, row);
	struct chunk *c = take_spare(f), *next;
	const unsigned char *data;
	const void *bytes;
	size_t len, n;
	int rc;

	if (c == NULL) {
		free(o);
		give_place_back(f);
		return err_set(e, ERR_CANCELLED, "interrupted");
	}
	c->object = o;
	c->len = 0;
	c->is_last = c->is_cut = false;
	while ((rc = part_data(f->part, &bytes, &len, e)) == 1) {
		for (data = bytes; len > 0; data += n, len -= n) {
			if (c->len == FLOW_CHUNK) {
				next = take_spare(f);
				if (next == NULL) {
					rc = err_set(e, ERR_CANCELLED,
					    "interrupted");
					break;
				}
				send(f, c);
				c = next;
				c->object = o;
				c->len = 0;
				c->is_last = c->is_cut = false;
			}
			n = len < FLOW_CHUNK - c->len ? len :
			    FLOW_CHUNK - c->len;
			memcpy(c->data + c->len, data, n);
			c->len += n;
		}
		if (rc == -1)
			break;
	}
	c->is_last = true;
	c->is_cut = rc == -1;
	send(f, c);
	return rc;
}

/* Is the next member what the table says? */
static int
next_row(struct flow *f, const struct table_row *row, struct err *e)
{
	char want[BUNDLE_MEMBER_MAX];
	struct part_member m;
	int rc = part_next(f->part, &m, e);

	if (rc == -1)
		return -1;
	bundle_member_name(&row->digest, table_row_is_piece(row), row->offset,
	    want);
	if (rc == 0)
		return err_set(e, ERR_DATA, "it ends where its table has %s",
		    want);
	if (strcmp(m.name, want) != 0)
		return err_set(e, ERR_DATA, "it has %s where its table has %s",
		    m.name, want);
	if (m.size != row->length)
		return err_set(e, ERR_DATA, "%s has %llu bytes, and %llu in "
		    "its table", m.name, (unsigned long long)m.size,
		    (unsigned long long)row->length);
	return 0;
}

static int
read_rows(struct flow *f, struct err *e)
{
	const struct table_row *row;
	struct part_member m;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->table->count && rc == 0; i++) {
		row = &f->table->rows[i];
		if (f->is_stopped)
			return err_set(e, ERR_CANCELLED, "interrupted");
		rc = next_row(f, row, e);
		if (rc == -1 || !f->is_wanted[i])
			continue;
		if (!take_place(f))
			return err_set(e, ERR_CANCELLED, "interrupted");
		rc = row->media_type != NULL ? read_manifest(f, row, e) :
		    read_blob(f, row, e);
	}
	if (rc == 0)
		rc = part_next(f->part, &m, e);
	return rc == 1 ? err_set(e, ERR_DATA, "it has %s, which is not in its "
	    "table", m.name) : rc;
}

static void *
read_part(void *cookie)
{
	struct flow *f = cookie;
	struct err e = { .code = ERR_NONE };

	(void)read_rows(f, &e);
	pthread_mutex_lock(&f->mutex);
	f->part_err = e;
	f->is_read = true;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->mutex);
	return NULL;
}

/* --- all of it --------------------------------------------------------- */

static void
start(pthread_t *thread, void *(*run)(void *), void *cookie)
{
	if (pthread_create(thread, NULL, run, cookie) != 0)
		abort();
}

static void
new_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct flow *
flow_new(struct store *store)
{
	struct flow *f = xcalloc(1, sizeof(*f));
	struct chunk *c;
	size_t i;

	f->store = store;
	pthread_mutex_init(&f->mutex, NULL);
	new_cond(&f->room);
	new_cond(&f->news);
	f->arrived_end = &f->arrived;
	for (i = 0; i < FLOW_CHUNKS; i++) {
		c = xcalloc(1, sizeof(*c));
		c->data = xmalloc(FLOW_CHUNK);
		c->next = f->spare;
		f->spare = c;
	}
	for (i = 0; i < FLOW_WRITERS; i++) {
		f->writers[i].flow = f;
		f->writers[i].end = &f->writers[i].first;
		new_cond(&f->writers[i].work);
		start(&f->writers[i].thread, flow_write, &f->writers[i]);
	}
	return f;
}

static void
writer_done(struct writer *w)
{
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->work);
	flow_close_open(w);
}

/* With the mutex they see it when they have work again. */
void
flow_rest(struct flow *f)
{
	size_t i;

	pthread_mutex_lock(&f->mutex);
	for (i = 0; i < FLOW_WRITERS && f->busy == 0; i++)
		flow_close_open(&f->writers[i]);
	pthread_mutex_unlock(&f->mutex);
}

void
flow_free(struct flow *f)
{
	struct chunk *c;
	size_t i;

	if (f == NULL)
		return;
	pthread_mutex_lock(&f->mutex);
	f->is_over = true;
	for (i = 0; i < FLOW_WRITERS; i++)
		pthread_cond_signal(&f->writers[i].work);
	pthread_mutex_unlock(&f->mutex);
	for (i = 0; i < FLOW_WRITERS; i++)
		writer_done(&f->writers[i]);
	while ((c = f->spare) != NULL) {
		f->spare = c->next;
		free(c->data);
		free(c);
	}
	pthread_cond_destroy(&f->room);
	pthread_cond_destroy(&f->news);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

void
flow_begin(struct flow *f, struct part *part, size_t number,
    const struct table *table, const bool *is_wanted)
{
	f->part = part;
	f->number = number;
	f->table = table;
	f->is_wanted = is_wanted;
	f->is_read = false;
	f->part_err.code = ERR_NONE;
	f->has_reader = true;
	start(&f->reader, read_part, f);
}

static bool
has_news(const struct flow *f)
{
	return f->arrived != NULL || (f->has_reader && f->is_read) ||
	    (!f->has_reader && f->busy == 0);
}

enum flow_state
flow_wait(struct flow *f, int ms, struct flow_arrival **ret)
{
	enum flow_state state = FLOW_READS;
	const struct flow_arrival *a;
	struct timespec until;
	bool is_read;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&f->mutex);
	/* What was told of last time has been committed since. */
	f->objects -= f->told;
	f->told = 0;
	if (f->is_short)
		pthread_cond_signal(&f->room);
	while (!has_news(f) && pthread_cond_timedwait(&f->news, &f->mutex,
	    &until) == 0)
		;
	*ret = f->arrived;
	for (a = f->arrived; a != NULL; a = a->next)
		f->told++;
	f->arrived = NULL;
	f->arrived_end = &f->arrived;
	is_read = f->has_reader && f->is_read;
	if (is_read || !f->has_reader)
		state = f->busy == 0 ? FLOW_SETTLED : FLOW_ENDED;
	pthread_mutex_unlock(&f->mutex);
	if (is_read) {
		pthread_join(f->reader, NULL);
		f->has_reader = false;
	}
	return state;
}

const struct err *
flow_part_error(const struct flow *f)
{
	return f->part_err.code == ERR_NONE ? NULL : &f->part_err;
}

uint64_t
flow_bytes(struct flow *f)
{
	uint64_t bytes;

	pthread_mutex_lock(&f->mutex);
	bytes = f->bytes;
	pthread_mutex_unlock(&f->mutex);
	return bytes;
}

void
flow_stop(struct flow *f)
{
	pthread_mutex_lock(&f->mutex);
	f->is_stopped = true;
	pthread_cond_signal(&f->room);
	pthread_mutex_unlock(&f->mutex);
}
