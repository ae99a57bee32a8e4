/* Each object has one writer, by its digest: it is hashed in its order. */
#include <stdlib.h>

#include "bundle/flow_internal.h"
#include "layout/extents.h"
#include "layout/mem.h"

/* Objects of which a writer has only pieces: for each a file is open. */
#define OPEN_MAX	16u

static void
arrive(struct flow *f, struct object *o, struct staged *staged)
{
	struct flow_arrival *a = xcalloc(1, sizeof(*a));

	a->id = o->id;
	a->number = o->number;
	a->bytes = o->row.length;
	a->staged = staged;
	a->err = o->err;
	a->is_piece = table_row_is_piece(&o->row);
	a->was_begun = o->was_begun;
	free(o);
	pthread_mutex_lock(&f->mutex);
	*f->arrived_end = a;
	f->arrived_end = &a->next;
	pthread_mutex_unlock(&f->mutex);
}

/* One that was left open is gone on with. */
static int
begin_blob(struct writer *w, struct object *o)
{
	o->writer = digest_set_remove(&w->open, &o->row.digest);
	if (o->writer != NULL)
		return 0;
	if (blob_writer_open(w->flow->store, &o->row.digest, o->row.size,
	    &o->writer, &o->err) == -1)
		return -1;
	if (blob_writer_resume(o->writer, &o->err) == -1) {
		blob_writer_close(o->writer);
		o->writer = NULL;
		return -1;
	}
	o->was_begun = extents_total(blob_writer_extents(o->writer)) > 0;
	return 0;
}

static void
leave_open(struct writer *w, struct object *o)
{
	struct blob_writer *other;
	struct digest digest;
	size_t at = 0;
	void *value;

	if (w->open.count >= OPEN_MAX &&
	    digest_set_next(&w->open, &at, &digest, &value)) {
		other = digest_set_remove(&w->open, &digest);
		blob_writer_close(other);
	}
	digest_set_add(&w->open, &o->row.digest, o->writer);
}

/* The member is over: is the object whole? */
static void
end_blob(struct writer *w, struct object *o, bool is_cut)
{
	struct staged *staged = NULL;

	if (o->writer == NULL) {
		arrive(w->flow, o, NULL);
		return;
	}
	if (o->err.code != ERR_NONE) {
		blob_writer_close(o->writer);
	} else if (is_cut || extents_total(blob_writer_extents(o->writer)) <
	    o->row.size) {
		leave_open(w, o);
	} else if (blob_writer_finish(o->writer, &staged, &o->err) == -1) {
		/* Nothing of it can be relied on. */
		if (o->err.code == ERR_DIGEST || o->err.code == ERR_DATA)
			blob_writer_drop(o->writer);
		else
			blob_writer_close(o->writer);
	}
	arrive(w->flow, o, staged);
}

static void
take_manifest(struct writer *w, struct chunk *c)
{
	struct object *o = c->object;
	struct staged *staged = NULL;

	(void)store_stage_manifest(w->flow->store, &o->id, c->data, c->len,
	    &staged, &o->err);
	arrive(w->flow, o, staged);
}

static void
take_chunk(struct writer *w, struct chunk *c, bool is_stopped)
{
	struct object *o = c->object;

	if (o->id.media_type[0] != '\0') {
		take_manifest(w, c);
		return;
	}
	if (!is_stopped && o->writer == NULL && o->err.code == ERR_NONE)
		(void)begin_blob(w, o);
	if (!is_stopped && o->err.code == ERR_NONE && c->len > 0)
		(void)blob_writer_put(o->writer, o->at, c->data, c->len,
		    &o->err);
	o->at += c->len;
	if (c->is_last)
		end_blob(w, o, c->is_cut || is_stopped);
}

/* With the mutex held. */
static void
give_back(struct flow *f, struct chunk *c, bool is_manifest)
{
	if (is_manifest) {
		free(c->data);
		free(c);
	} else {
		c->next = f->spare;
		f->spare = c;
	}
	/* Nobody is woken for nothing: at each turn it costs, where others
	 * compute. */
	if (f->is_short)
		pthread_cond_signal(&f->room);
}

void *
flow_write(void *cookie)
{
	struct writer *w = cookie;
	struct flow *f = w->flow;
	struct chunk *c;
	bool is_stopped, is_manifest;

	pthread_mutex_lock(&f->mutex);
	for (;;) {
		while (w->first == NULL && !f->is_over)
			pthread_cond_wait(&w->work, &f->mutex);
		c = w->first;
		if (c == NULL)
			break;
		w->first = c->next;
		if (w->first == NULL)
			w->end = &w->first;
		is_stopped = f->is_stopped;
		pthread_mutex_unlock(&f->mutex);
		is_manifest = c->object->id.media_type[0] != '\0';
		take_chunk(w, c, is_stopped);
		pthread_mutex_lock(&f->mutex);
		give_back(f, c, is_manifest);
		f->busy--;
		if (f->arrived != NULL || f->busy == 0)
			pthread_cond_signal(&f->news);
	}
	pthread_mutex_unlock(&f->mutex);
	return NULL;
}

void
flow_close_open(struct writer *w)
{
	struct digest digest;
	size_t at = 0;
	void *value;

	while (digest_set_next(&w->open, &at, &digest, &value))
		blob_writer_close(value);
	digest_set_done(&w->open);
}
