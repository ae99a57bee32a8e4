/*
 * One thread that waits, and one child at a time that works.  Whatever is due
 * while one works begins when it has ended: the whole list before single
 * images, since these are in it.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "layout/clock.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/report.h"
#include "report/watch_status.h"
#include "watch/child.h"
#include "watch/hear.h"
#include "watch/hints.h"
#include "watch/listfile.h"
#include "watch/loop.h"
#include "watch/notice.h"
#include "watch/schedule.h"

/* How a run ends: cdr(1), EXIT STATUS. */
#define CODE_FAILED	1
#define CODE_INPUT	2
#define CODE_STORE	3
#define CODE_STOPPED	4

/* Numbers that change with each hook are written no more often. */
#define TELL_MS		10000

struct loop {
	const struct watch *w;
	struct notice *notice;
	struct listfile *file;
	struct hear *hear;
	int64_t heard_at;		/* what comes together settles so */
	struct hints *hints;		/* NULL: no list was right so far */
	struct schedule schedule;
	pid_t child;			/* 0: none */
	bool is_whole;			/* it looks at the whole list, */
	struct hint *taken;		/* also for these; or at them only */
	size_t taken_count;
	size_t runs;			/* whole ones that have ended */
	bool is_stopping;
	bool is_over;
	int code;
	struct watch_status status;
	bool is_told, was_warned;	/* of the status */
	int64_t told_at;
};

/* --- the status -------------------------------------------------------- */

static int64_t
wall_time(int64_t when, int64_t now)
{
	return when == INT64_MAX ? 0 : (int64_t)time(NULL) +
	    (when > now ? (when - now + 999) / 1000 : 0);
}

/* Before the first run there may be no tree. */
static void
tell(struct loop *l, int64_t now)
{
	struct watch_status *s = &l->status;
	struct err e;

	s->next = l->is_over ? 0 : wall_time(schedule_due(&l->schedule), now);
	s->running = l->child != 0;
	s->waiting = l->hints == NULL ? 0 : hints_count(l->hints);
	if (l->hear != NULL)
		hear_counts(l->hear, &s->counts);
	l->is_told = true;
	l->told_at = now;
	if (watch_status_save(l->w->root, s, &e) == 0) {
		l->was_warned = false;
	} else if (l->runs > 0 && s->last.exit_code != CODE_INPUT &&
	    s->last.exit_code != CODE_STORE && !l->was_warned) {
		report(REPORT_WARNING, "cannot write the status: %s", e.msg);
		l->was_warned = true;
	}
}

/* --- the list ---------------------------------------------------------- */

static void
keep_text(char to[STATUS_ERROR_MAX + 1], const char *text)
{
	snprintf(to, STATUS_ERROR_MAX + 1, "%.*s", (int)STATUS_ERROR_MAX, text);
}

static void
keep_first(void *cookie, const char *where, const char *what)
{
	struct watch_status *s = cookie;

	char *text;

	if (s->list_error[0] != '\0')
		return;
	text = xasprintf("%s: %s", where, what);
	keep_text(s->list_error, text);
	free(text);
}

/* What is wrong with it is told by the run that it begins. */
static void
read_list(struct loop *l)
{
	struct watch_status *s = &l->status;
	struct image_list *list = list_new(keep_first, s);
	struct err e;

	s->list_error[0] = '\0';
	if (listfile_read(l->file, list, &e) == -1)
		keep_text(s->list_error, e.msg);
	l->w->add(l->w->cookie, list);
	(void)list_end(list);
	if (s->list_error[0] != '\0') {
		list_free(list);
		return;
	}
	if (l->hints != NULL) {
		hints_list(l->hints, list);
		return;
	}
	l->hints = hints_new(list, (int64_t)l->w->settle_first_s * 1000,
	    (int64_t)l->w->settle_s * 1000,
	    (int64_t)l->w->settle_most_s * 1000);
	hints_signed(l->hints, l->w->is_signed, l->w->cookie);
}

static void
mind_list(struct loop *l, int64_t now)
{
	if (!listfile_changed(l->file, now))
		return;
	report(REPORT_INFO, "the list has changed");
	read_list(l);
	schedule_soon(&l->schedule, now);
}

/* --- hints ------------------------------------------------------------- */

static void
take(void *cookie, const struct hook_event *event)
{
	struct loop *l = cookie;

	l->is_told = false;
	l->status.counts.events++;
	if (l->hints != NULL && hints_put(l->hints, event, l->heard_at) > 0)
		l->status.counts.matched++;
}

/* What brings no event is told of, too: what is refused, or makes no sense. */
static void
mind_counts(struct loop *l)
{
	struct watch_counts counts = l->status.counts;

	hear_counts(l->hear, &counts);
	if (memcmp(&counts, &l->status.counts, sizeof(counts)) != 0)
		l->is_told = false;
}

static int
begin_to_hear(struct loop *l, int64_t now, struct err *e)
{
	const struct hear_from from = {
		.socket = l->w->socket,
		.hooks = l->w->hooks,
		.spool = l->w->spool,
		.notice = l->notice,
		.take = take,
		.cookie = l,
	};

	l->status.has_hooks = from.socket != NULL || from.spool != NULL;
	return l->status.has_hooks ? hear_new(&from, now, &l->hear, e) : 0;
}

/* --- runs -------------------------------------------------------------- */

static void
drop_taken(struct loop *l)
{
	hints_done(l->taken, l->taken_count);
	l->taken = NULL;
	l->taken_count = 0;
}

/* cdr sync --only REF... and the words; free(3) the array. */
static char **
words_of(const struct loop *l)
{
	static char cdr[] = "cdr", sync[] = "sync", only[] = "--only";
	size_t i, count = 0, words = 0;
	size_t refs = l->is_whole ? 0 : l->taken_count;
	char **argv;

	while (l->w->sync[words] != NULL)
		words++;
	argv = xcalloc(2 + 2 * refs + words + 1, sizeof(*argv));
	argv[count++] = cdr;
	argv[count++] = sync;
	for (i = 0; i < refs; i++) {
		argv[count++] = only;
		argv[count++] = l->taken[i].ref;
	}
	memcpy(&argv[count], l->w->sync, words * sizeof(*argv));
	return argv;
}

/* After a run that could not begin, or has died. */
static void
try_again(struct loop *l, int64_t now)
{
	size_t i;

	if (l->is_whole)
		schedule_soon(&l->schedule, now + SCHEDULE_AGAIN_MS);
	for (i = 0; i < l->taken_count; i++)
		hints_again(l->hints, &l->taken[i], now + SCHEDULE_AGAIN_MS);
}

/* After one in which some images have failed: which of them is not known, and
 * one that has not costs a HEAD. */
static void
retry(struct loop *l, int64_t now)
{
	int64_t after, first = -1;
	size_t i;

	for (i = 0; i < l->taken_count; i++) {
		after = schedule_retry(++l->taken[i].failed);
		if (after == -1)
			continue;
		hints_again(l->hints, &l->taken[i], now + after);
		first = first == -1 || after < first ? after : first;
	}
	if (first != -1)
		report(REPORT_INFO, "once more in %d s for what was pushed",
		    (int)(first / 1000));
}

static void
begin(struct loop *l, int64_t now)
{
	char **argv = words_of(l);
	struct err e;

	l->status.last.started = (int64_t)time(NULL);
	l->status.last.finished = 0;
	l->status.last.exit_code = 0;
	l->status.last.only = l->is_whole ? 0 : l->taken_count;
	if (child_start(argv, &l->child, &e) == -1) {
		report(REPORT_ERROR, "%s; once more in %d s", e.msg,
		    SCHEDULE_AGAIN_MS / 1000);
		try_again(l, now);
		drop_taken(l);
	}
	free(argv);
	tell(l, now);
}

static uint64_t
random_number(void)
{
	uint64_t random = (uint64_t)clock_ms();

	/* Any number will do where the kernel has none yet. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return random;
}

static void
begin_whole(struct loop *l, int64_t now)
{
	schedule_begin(&l->schedule, now, random_number());
	l->is_whole = true;
	if (l->hints != NULL)
		l->taken_count = hints_take_all(l->hints, now, &l->taken);
	begin(l, now);
}

static void
begin_hinted(struct loop *l, int64_t now)
{
	l->is_whole = false;
	l->taken_count = hints_take(l->hints, now, &l->taken);
	if (l->taken_count == 0)
		return;
	report(REPORT_INFO, "looking at what was pushed: %s%s",
	    l->taken[0].ref, l->taken_count > 1 ? ", and more" : "");
	schedule_hinted(&l->schedule, random_number());
	begin(l, now);
}

static int64_t
hints_at(const struct loop *l)
{
	return l->hints == NULL ? INT64_MAX :
	    schedule_hints(&l->schedule, hints_due(l->hints));
}

static void
begin_due(struct loop *l, int64_t now)
{
	if (schedule_due(&l->schedule) <= now)
		begin_whole(l, now);
	else if (hints_at(l) <= now)
		begin_hinted(l, now);
}

static void
end_run(struct loop *l, int code, int64_t now)
{
	l->child = 0;
	l->status.last.finished = (int64_t)time(NULL);
	l->status.last.exit_code = code > UINT8_MAX ? UINT8_MAX : code;
	if (l->is_stopping) {
		l->is_over = true;
		l->code = code > 128 ? CODE_STOPPED :
		    code == CODE_FAILED ? 0 : code;
	} else if (code == CODE_INPUT && l->is_whole && l->runs == 0) {
		l->is_over = true;
		l->code = CODE_INPUT;
	} else if (code == CODE_STORE || code > CODE_STOPPED) {
		if (code > 128)
			report(REPORT_ERROR, "a run was ended by signal %d",
			    code - 128);
		else if (code == CHILD_NO_PROGRAM)
			report(REPORT_ERROR, "a run cannot begin: "
			    CHILD_PROGRAM " cannot be executed");
		report(REPORT_WARNING, "once more in %d s",
		    SCHEDULE_AGAIN_MS / 1000);
		try_again(l, now);
	} else if (code == CODE_FAILED || (code == CODE_INPUT &&
	    l->status.list_error[0] == '\0')) {
		retry(l, now);
	}
	l->runs += l->is_whole;
	drop_taken(l);
	if (!l->is_over)
		tell(l, now);
}

/* --- the loop ---------------------------------------------------------- */

/* Handed on once: a second one ends us at once, and the child with us. */
static void
stop(struct loop *l)
{
	l->is_stopping = true;
	/* Who calls now is told to come again, since nobody would look. */
	if (l->hear != NULL)
		hear_counts(l->hear, &l->status.counts);
	hear_free(l->hear);
	l->hear = NULL;
	if (l->child == 0)
		l->is_over = true;
	else
		kill(l->child, SIGTERM);
}

static int
time_left(const struct loop *l, int64_t now)
{
	int64_t until = listfile_until(l->file), due;

	if (l->is_stopping)
		return -1;
	if (l->child == 0) {
		due = schedule_due(&l->schedule);
		until = due < until ? due : until;
		due = hints_at(l);
		until = due < until ? due : until;
	}
	if (l->hear != NULL) {
		due = hear_until(l->hear);
		until = due < until ? due : until;
	}
	if (!l->is_told && l->told_at + TELL_MS < until)
		until = l->told_at + TELL_MS;
	if (until <= now)
		return 0;
	return until - now > 3600 * 1000 ? 3600 * 1000 : (int)(until - now);
}

static void
wait_for_any(struct loop *l)
{
	struct pollfd fds[3 + HEAR_FDS_MAX] = {
		{ .fd = l->is_stopping ? -1 : l->w->stop_fd,
		    .events = POLLIN },
		{ .fd = child_fd(), .events = POLLIN },
		{ .fd = l->is_stopping ? -1 : notice_fd(l->notice),
		    .events = POLLIN },
	};

	size_t count = l->hear == NULL ? 0 : hear_poll(l->hear, fds + 3,
	    HEAR_FDS_MAX);
	int rc = poll(fds, 3 + count, time_left(l, clock_ms()));

	if (rc > 0 && fds[0].revents != 0)
		stop(l);
	if (rc > 0 && fds[2].revents != 0)
		notice_drain(l->notice);
	l->heard_at = clock_ms();
	if (rc >= 0 && l->hear != NULL) {
		hear_work(l->hear, fds + 3, count, l->heard_at);
		mind_counts(l);
	}
}

static void
turn(struct loop *l)
{
	int64_t now = clock_ms();
	int code;

	if (child_ended(l->child, &code))
		end_run(l, code, now);
	if (l->is_over || l->is_stopping)
		return;
	mind_list(l, now);
	if (l->child == 0)
		begin_due(l, now);
	if (!l->is_told && now >= l->told_at + TELL_MS)
		tell(l, now);
}

static void
run(struct loop *l)
{
	while (!l->is_over) {
		turn(l);
		if (!l->is_over)
			wait_for_any(l);
	}
	l->status.ended = (int64_t)time(NULL);
	tell(l, clock_ms());
}

int
watch_loop(const struct watch *w)
{
	int64_t now = clock_ms();
	struct loop l = { .w = w };
	struct err e;

	if (child_init(&e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		return CODE_STORE;
	}
	l.status.started = (int64_t)time(NULL);
	l.status.every_s = w->every_s;
	l.notice = notice_new();
	l.file = listfile_new(w->lists, w->list_count, l.notice, now);
	schedule_init(&l.schedule, (int64_t)w->every_s * 1000,
	    (int64_t)w->jitter_s * 1000, now);
	schedule_hint_jitter(&l.schedule, (int64_t)w->hint_jitter_s * 1000,
	    random_number());
	read_list(&l);
	if (begin_to_hear(&l, now, &e) == -1) {
		report(REPORT_ERROR, "%s", e.msg);
		l.code = CODE_INPUT;
	} else {
		run(&l);
	}
	hear_free(l.hear);
	drop_taken(&l);
	hints_free(l.hints);
	listfile_free(l.file);
	notice_free(l.notice);
	return l.code;
}
