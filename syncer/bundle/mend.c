#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/flow.h"
#include "bundle/mend.h"
#include "bundle/stick.h"
#include "layout/digest_set.h"
#include "layout/mem.h"
#include "report/printable.h"
#include "report/report.h"

struct mend {
	struct store *store;
	struct flow *flow;
	struct digest_set wanted;	/* the mend_object of each */
	size_t left, all;
	uint64_t bytes;			/* that have come */
	int stop_fd;
	bool is_stopped;
	struct err err;			/* of the store; or ERR_NONE */
};

static bool
is_wanted(const struct mend *m, const struct table_row *row)
{
	const struct mend_object *o = digest_set_get(&m->wanted, &row->digest);

	return o != NULL && !o->is_mended && strcmp(o->id.media_type,
	    row->media_type == NULL ? "" : row->media_type) == 0;
}

static void
stop(struct mend *m)
{
	m->is_stopped = true;
	flow_stop(m->flow);
}

/* One that was read wrongly here may be right in another bundle. */
static void
take_one(struct mend *m, struct flow_arrival *a)
{
	struct mend_object *o = digest_set_get(&m->wanted, &a->id.digest);
	struct err *result = &a->err;

	if (a->staged != NULL) {
		store_commit(m->store, &a->staged, 1, &result);
		if (a->err.code == ERR_NONE && !o->is_mended) {
			o->is_mended = true;
			m->left--;
			m->bytes += a->bytes;
		}
	}
	if (a->err.code != ERR_NONE)
		o->err = a->err;
	if (a->err.code == ERR_STORE && m->err.code == ERR_NONE) {
		m->err = a->err;
		stop(m);
	}
}

static void
show(const struct mend *m)
{
	struct report_work w = {
		.what = "object",
		.done = m->all - m->left,
		.all = m->all,
		.permille = report_permille(m->all - m->left, m->all),
		.bytes = m->bytes,
	};

	report_work(&w);
}

static void
take(struct mend *m, enum flow_state until)
{
	struct pollfd p = { .fd = m->stop_fd, .events = POLLIN };
	struct flow_arrival *list, *next;
	enum flow_state state = FLOW_READS;

	while (state < until) {
		state = flow_wait(m->flow, 200, &list);
		for (; list != NULL; list = next) {
			next = list->next;
			take_one(m, list);
			free(list);
		}
		if (report_progress_due())
			show(m);
		if (!m->is_stopped && m->stop_fd != -1 &&
		    poll(&p, 1, 0) == 1)
			stop(m);
	}
}

static void
complain(const char *path, const struct err *e)
{
	char text[ERR_MSG_MAX];

	if (e->code == ERR_CANCELLED)
		return;
	snprintf(text, sizeof(text), "%s", e->msg);
	printable(text);
	if (strncmp(text, path, strlen(path)) == 0)
		report(REPORT_WARNING, "%s", text);
	else
		report(REPORT_WARNING, "%.300s: %s", path, text);
}

static void
take_table(struct mend *m, const char *path, struct part *part,
    const struct table *t)
{
	bool *wanted = xcalloc(t->count + 1, sizeof(*wanted));
	size_t i, count = 0;

	for (i = 0; i < t->count; i++) {
		wanted[i] = is_wanted(m, &t->rows[i]);
		count += wanted[i];
	}
	if (count > 0) {
		flow_begin(m->flow, part, 0, t, wanted);
		take(m, FLOW_ENDED);
		if (flow_part_error(m->flow) != NULL)
			complain(path, flow_part_error(m->flow));
	}
	free(wanted);
}

static void
take_path(struct mend *m, const char *path)
{
	struct stick_head head;
	struct part *p = NULL;
	struct table t;
	struct err e;
	int fd = stick_open(path, &e), rc = -1;

	if (fd != -1 && part_open(fd, path, &p, &e) == 0)
		rc = stick_head_read(p, &head, &e);
	if (rc == 1) {
		if (table_parse(head.table, head.table_len, &t, &e) == 0) {
			take_table(m, path, p, &t);
			table_done(&t);
		} else {
			rc = -1;
		}
		stick_head_done(&head);
	}
	if (rc == -1)
		complain(path, &e);
	part_close(p);
	if (fd != -1)
		close(fd);
}

static void
take_bundle(struct mend *m, const struct stick_bundle *b)
{
	size_t i;

	for (i = 0; i < b->path_count && m->left > 0 && !m->is_stopped; i++)
		take_path(m, b->paths[i]);
	take(m, FLOW_SETTLED);
	flow_rest(m->flow);
}

int
mend_run(struct store *store, const char *path, int stop_fd,
    struct mend_object *objects, size_t count, struct err *e)
{
	struct mend m = { .store = store, .stop_fd = stop_fd };
	struct stick stick = { .count = 0 };
	size_t i;

	for (i = 0; i < count; i++)
		m.left += !objects[i].is_mended && digest_set_add(&m.wanted,
		    &objects[i].id.digest, &objects[i]);
	m.all = m.left;
	m.flow = flow_new(store);
	stick_look(&stick, path);
	for (i = 0; i < stick.count && m.left > 0 && !m.is_stopped; i++)
		take_bundle(&m, stick.bundles[i]);
	flow_free(m.flow);
	stick_done(&stick);
	digest_set_done(&m.wanted);
	if (m.err.code != ERR_NONE) {
		*e = m.err;
		return -1;
	}
	return m.is_stopped ? 1 : 0;
}
