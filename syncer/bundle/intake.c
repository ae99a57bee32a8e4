#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle/intake_internal.h"
#include "layout/clock.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/printable.h"

/* Objects that share a wait for the disk. */
#define ROUND_MAX	256u

char *
intake_name(const struct statement_image *image, char buf[FULL_NAME_MAX])
{
	char text[DIGEST_TEXT_MAX];

	return full_name(image->registry, image->repository,
	    image->tag != NULL ? image->tag :
	    digest_text(&image->root.digest, text), buf);
}

bool
intake_fail(struct intake *in, const struct err *e)
{
	if (!in->has_failed)
		in->err = *e;
	in->has_failed = true;
	flow_stop(in->rules->flow);
	return false;
}

/* --- before anything is touched ---------------------------------------- */

static void
tell_verdict(const struct intake *in, const struct ledger_bundle *other)
{
	const struct ledger_bundle *w = &in->who;
	unsigned long long seq = w->seq, last = other == NULL ? 0 : other->seq;

	if (in->verdict == LEDGER_SEEN)
		report(in->moves ? REPORT_WARNING : REPORT_INFO, "%s: %s %llu "
		    "was imported before%s", in->b->name, w->from, seq,
		    in->moves ? ", and its tags move all the same" :
		    ": no tag moves");
	else if (in->verdict == LEDGER_TOO_FAR)
		report(REPORT_ERROR, "%s: refused: its number is %llu, and the "
		    "last one from %s was %llu, which is too far away: "
		    "--max-seq-jump", in->b->name, seq, w->from, last);
	else if (in->verdict == LEDGER_OLDER && in->moves)
		report(REPORT_WARNING, "%s: %llu from %s is older than %llu, "
		    "and its tags move all the same", in->b->name, seq, w->from,
		    last);
	else if (in->verdict == LEDGER_OLDER)
		report(REPORT_ERROR, "%s: %llu from %s is older than %llu, "
		    "which has come: no tag moves", in->b->name, seq, w->from,
		    last);
}

/* Clocks there are wrong: it is told, and no more. */
static void
tell_expired(const struct intake *in)
{
	char text[32];
	time_t t = (time_t)in->b->s.expires;
	struct tm tm;

	if (t == 0 || t > time(NULL) || gmtime_r(&t, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	report(REPORT_WARNING, "%s: by the clock here it has been out of date "
	    "since %s; it is taken all the same", in->b->name, text);
}

/* Somebody has set it back there, and its digest is no mistake. */
static void
tell_holds(const struct intake *in)
{
	const struct statement *s = &in->b->s;
	char name[FULL_NAME_MAX], text[DIGEST_TEXT_MAX];
	size_t i;

	for (i = 0; i < s->image_count; i++)
		if (s->images[i].is_held)
			report(REPORT_INFO, "%s: %s holds it at %s",
			    intake_name(&s->images[i], name), s->from,
			    digest_text(&s->images[i].root.digest, text));
}

static int
judge(struct intake *in, struct err *e)
{
	const struct ledger_bundle *other;
	struct ledger l;
	bool is_full;

	if (ledger_read(in->rules->store, &l, e) == -1)
		return -1;
	in->verdict = ledger_judge(&l, &in->who, in->rules->max_jump, &other);
	is_full = in->verdict == LEDGER_NEW &&
	    l.last_count >= LEDGER_STREAMS_MAX &&
	    ledger_last(&l, in->who.from, in->who.to) == NULL;
	if (is_full)
		in->verdict = LEDGER_TOO_FAR;
	in->is_refused = in->verdict == LEDGER_TOO_FAR;
	in->moves = in->verdict == LEDGER_NEW || (!in->is_refused &&
	    in->rules->allow_older);
	if (is_full)
		report(REPORT_ERROR, "%s: refused: %u senders are known here, "
		    "and no more are taken", in->b->name, LEDGER_STREAMS_MAX);
	else
		tell_verdict(in, other);
	ledger_free(&l);
	return 0;
}

void
intake_who(const struct statement *s, struct ledger_bundle *ret)
{
	*ret = (struct ledger_bundle){ .seq = s->seq, .created = s->created };
	snprintf(ret->from, sizeof(ret->from), "%s", s->from);
	snprintf(ret->to, sizeof(ret->to), "%s", s->to);
	snprintf(ret->id, sizeof(ret->id), "%s", s->id);
}

bool
intake_begin(struct intake *in, const struct intake_rules *rules,
    const struct stick_bundle *b)
{
	struct err e;

	*in = (struct intake){ .rules = rules, .b = b };
	in->started_ms = clock_ms();
	in->started = (int64_t)time(NULL);
	in->totals.images = b->s.image_count;
	intake_who(&b->s, &in->who);
	tell_expired(in);
	if (judge(in, &e) == -1)
		return intake_fail(in, &e);
	if (in->is_refused)
		return false;
	if (!intake_has_room(in)) {
		in->is_refused = true;
		report(REPORT_ERROR, "%s", in->err.msg);
		return false;
	}
	if (!in->moves)
		return true;
	if (intake_read_moved(in, &e) == -1 ||
	    store_import_write(rules->store, in->who.id, INTAKE_STATEMENT,
	    b->text, b->len, &e) == -1)
		return intake_fail(in, &e);
	tell_holds(in);
	in->needs = needs_new(rules->store, &b->s);
	intake_types(in);
	return intake_publish(in);
}

bool
intake_resume(struct intake *in)
{
	struct err e;

	if (!in->moves || in->rules->allow_older)
		return true;
	return judge(in, &e) == 0 || intake_fail(in, &e);
}

/* --- parts ------------------------------------------------------------- */

/* Which piece of an object is wrong nobody can tell.  free(3) it. */
static char *
blame(const struct intake *in, const struct flow_arrival *a)
{
	return a->is_piece && in->moves ?
	    intake_parts_of(in, &a->id.digest) :
	    xstrdup(in->b->s.parts[a->number].name);
}

static void
tell_fault(struct intake *in, const struct flow_arrival *a,
    const struct err *e)
{
	char text[DIGEST_TEXT_MAX], shown[ERR_MSG_MAX];
	char *names = e->code == ERR_DIGEST ? blame(in, a) :
	    xstrdup(in->b->s.parts[a->number].name);

	in->bad_parts++;
	snprintf(shown, sizeof(shown), "%s", e->msg);
	printable(shown);
	report(REPORT_ERROR, "%s: %s: %s", names,
	    digest_text(&a->id.digest, text), shown);
	free(names);
}

static void
tell_begun(const struct intake *in, const struct flow_arrival *a)
{
	char text[DIGEST_TEXT_MAX], *names = blame(in, a);

	report(a->is_piece ? REPORT_WARNING : REPORT_INFO, "%s: %s: what an "
	    "earlier run had of it was wrong", names,
	    digest_text(&a->id.digest, text));
	free(names);
}

/* Count and tell what has come of one object. */
static bool
count_arrival(struct intake *in, const struct flow_arrival *a,
    const struct err *e)
{
	if (e->code == ERR_NONE) {
		in->totals.bytes += a->bytes;
		if (a->staged == NULL)
			return true;
		in->totals.objects++;
		if (in->needs != NULL)
			needs_arrived(in->needs, &a->id.digest);
		return true;
	}
	if (e->code == ERR_STORE)
		return intake_fail(in, e);
	if (e->code == ERR_DIGEST && a->was_begun && !in->was_again) {
		tell_begun(in, a);
		in->is_again = true;
		return true;
	}
	tell_fault(in, a, e);
	return true;
}

static bool
commit_some(struct intake *in, struct flow_arrival **all, size_t count)
{
	struct staged *staged[ROUND_MAX];
	struct err *results[ROUND_MAX];
	size_t i, n = 0;
	bool goes_on = true;

	for (i = 0; i < count; i++)
		if (all[i]->staged != NULL) {
			staged[n] = all[i]->staged;
			results[n++] = &all[i]->err;
		}
	if (n > 0)
		store_commit(in->rules->store, staged, n, results);
	for (i = 0; i < count; i++) {
		if (goes_on)
			goes_on = count_arrival(in, all[i], &all[i]->err);
		free(all[i]);
	}
	return goes_on;
}

static bool
take(struct intake *in, struct flow_arrival *list)
{
	struct flow_arrival *all[ROUND_MAX];
	size_t n;
	bool goes_on = true;

	while (list != NULL) {
		for (n = 0; n < ROUND_MAX && list != NULL; list = list->next)
			all[n++] = list;
		goes_on = commit_some(in, all, n) && goes_on;
	}
	return goes_on && intake_publish(in);
}

static bool
is_asked_to_stop(const struct intake *in)
{
	struct pollfd p = { .fd = in->rules->stop_fd, .events = POLLIN };

	return in->rules->stop_fd != -1 && poll(&p, 1, 0) == 1;
}

/* Until the part is read; with ${all}, until nothing is on its way. */
static bool
go_on(struct intake *in, bool all)
{
	enum flow_state state = FLOW_READS;
	struct flow *flow = in->rules->flow;
	uint64_t before = flow_bytes(flow), now;
	struct flow_arrival *list;
	bool goes_on = true;
	struct err e;

	while (state == FLOW_READS || (all && state != FLOW_SETTLED)) {
		state = flow_wait(flow, 200, &list);
		goes_on = take(in, list) && goes_on;
		now = flow_bytes(flow);
		in->read_bytes += now - before;
		before = now;
		if (report_progress_due())
			intake_show(in);
		if (goes_on && is_asked_to_stop(in)) {
			err_set(&e, ERR_CANCELLED, "interrupted");
			goes_on = intake_fail(in, &e);
		}
	}
	return goes_on;
}

bool
intake_settle(struct intake *in)
{
	return go_on(in, true);
}

bool
intake_is_again(struct intake *in)
{
	if (!intake_settle(in) || !in->is_again || in->was_again)
		return false;
	in->was_again = true;
	return true;
}

static void
tell_part(struct intake *in, const char *name, const struct err *e)
{
	char shown[ERR_MSG_MAX];

	if (e->code == ERR_CANCELLED)
		return;
	in->bad_parts++;
	snprintf(shown, sizeof(shown), "%s", e->msg);
	printable(shown);
	if (strncmp(shown, name, strlen(name)) == 0)
		report(REPORT_ERROR, "%s", shown);
	else
		report(REPORT_ERROR, "%s: %s", name, shown);
}

/* Which rows are to be taken; how many. */
static size_t
choose(const struct intake *in, const struct table *t, bool *is_wanted)
{
	size_t i, count = 0;

	for (i = 0; i < t->count; i++) {
		is_wanted[i] = !intake_is_here(in->rules->store, &t->rows[i]);
		count += is_wanted[i];
	}
	return count;
}

/* The table comes before the first object: gc reads it. */
static bool
save_table(struct intake *in, size_t number, const struct stick_head *head)
{
	char name[INTAKE_NAME_MAX];
	struct err e;

	if (!in->moves)
		return true;
	return store_import_write(in->rules->store, in->who.id,
	    intake_table_name(number, name), head->table, head->table_len,
	    &e) == 0 || intake_fail(in, &e);
}

bool
intake_part(struct intake *in, struct part *part,
    const struct stick_head *head, const char *name)
{
	struct table t;
	struct err e = { .code = ERR_NONE };
	bool *is_wanted, goes_on;
	size_t number = 0;

	if (head->statement_len != in->b->len ||
	    memcmp(head->statement, in->b->text, in->b->len) != 0) {
		err_set(&e, ERR_DATA, "another statement is in it now than "
		    "the one that was looked at");
		tell_part(in, name, &e);
		return true;
	}
	if (intake_check_table(in, head->table, head->table_len, &number, &t,
	    &e) == -1) {
		tell_part(in, name, &e);
		return true;
	}
	is_wanted = xcalloc(t.count + 1, sizeof(*is_wanted));
	goes_on = save_table(in, number, head);
	if (goes_on && choose(in, &t, is_wanted) == 0) {
		report(REPORT_DEBUG, "%s: all of it is here", name);
	} else if (goes_on) {
		flow_begin(in->rules->flow, part, number, &t, is_wanted);
		goes_on = go_on(in, false);
		if (flow_part_error(in->rules->flow) != NULL && goes_on)
			tell_part(in, name, flow_part_error(in->rules->flow));
	}
	free(is_wanted);
	table_done(&t);
	return goes_on;
}

static bool
read_path(struct intake *in, const char *path, const char *shown)
{
	struct stick_head head;
	struct part *p = NULL;
	struct err e;
	int fd = stick_open(path, &e), rc = -1;
	bool goes_on = true;

	if (fd != -1 && part_open(fd, path, &p, &e) == 0) {
		rc = stick_head_read(p, &head, &e);
		if (rc == 0)
			rc = err_set(&e, ERR_DATA, "it is empty");
	}
	if (rc == 1) {
		goes_on = intake_part(in, p, &head, shown);
		stick_head_done(&head);
	} else {
		tell_part(in, shown, &e);
	}
	part_close(p);
	if (fd != -1)
		close(fd);
	return goes_on;
}

bool
intake_path(struct intake *in, const char *path)
{
	char *shown = xstrdup(path);
	bool goes_on;

	printable(shown);
	goes_on = read_path(in, path, shown);
	free(shown);
	return goes_on;
}
