/* One run of verify: first the structure, then bytes, as far as the time
 * goes. */
/* For SCHED_IDLE and syscall. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fsutil.h"
#include "mem.h"
#include "verify_internal.h"

/* linux/ioprio.h, which not every system has. */
#define IOPRIO_WHO_PROCESS	1
#define IOPRIO_CLASS_IDLE	3
#define IOPRIO_CLASS_SHIFT	13

/* For O_DIRECT. */
#define BUFFER_ALIGNMENT	4096u

/* --- ends -------------------------------------------------------------- */

void
verify_at(struct verify *v, const char *registry, const char *repository)
{
	snprintf(v->progress.at, sizeof(v->progress.at), "%s/%s", registry,
	    repository);
}

void
verify_begin_bytes(struct verify *v, uint64_t all)
{
	struct verify_progress *p = &v->progress;

	if (!p->is_bytes) {
		v->bytes_before = v->totals->bytes;
		p->done = 0;
	}
	p->is_bytes = true;
	p->all = p->done + all;
}

static void
tell_progress(struct verify *v)
{
	struct verify_progress *p = &v->progress;

	if (v->rules->progress == NULL)
		return;
	if (p->is_bytes)
		p->bytes = v->totals->bytes - v->bytes_before;
	v->rules->progress(v->rules->cookie, p);
}

/* Asked often enough that who looks on may be told here as well. */
bool
verify_is_over(struct verify *v)
{
	if (v->is_over)
		return true;
	tell_progress(v);
	if (v->rules->is_stopped != NULL &&
	    v->rules->is_stopped(v->rules->cookie)) {
		v->is_over = true;
		v->end = VERIFY_STOPPED;
	} else if (v->ends_ms != 0 && !v->is_first &&
	    clock_ms() >= v->ends_ms) {
		v->is_over = true;
		v->end = VERIFY_TIME;
	}
	return v->is_over;
}

int
verify_fail(struct verify *v)
{
	v->is_over = true;
	v->end = VERIFY_FAILED;
	return -1;
}

/* --- findings ---------------------------------------------------------- */

void
verify_tell_all(struct verify *v, const struct verify_finding *f)
{
	struct verify_totals *t = v->totals;

	t->found[f->kind]++;
	t->out += f->is_out;
	t->mended += f->is_mended;
	/* Its manifest's other link and its list are not told as well. */
	if (f->digest != NULL && f->is_out)
		digest_set_add(&v->told, f->digest, NULL);
	v->rules->tell(v->rules->cookie, f);
}

void
verify_tell(struct verify *v, enum verify_kind kind, const char *path,
    const struct digest *digest, const char *type, const char *what)
{
	struct verify_finding f = { .kind = kind, .path = path, .what = what,
	    .digest = digest, .media_type = type };
	struct stat sb;

	/* What has gone meanwhile was not foreign. */
	if (kind != VERIFY_FOREIGN || fstatat(v->st->root, path, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0)
		verify_tell_all(v, &f);
}

/* --- the run ----------------------------------------------------------- */

/* Structure may take half of the time, so that every night some bytes are
 * read. */
static int
look_at_structure(struct verify *v)
{
	int64_t ends_ms = v->ends_ms;
	int rc;

	if (ends_ms != 0 && !v->options->quick)
		v->ends_ms = v->began_ms + (ends_ms - v->began_ms) / 2;
	rc = verify_links(v);
	if (rc == 0)
		rc = verify_index(v);
	if (rc == 0)
		rc = verify_objects(v);
	v->ends_ms = ends_ms;
	if (rc == -1 && v->end == VERIFY_TIME && !v->options->quick) {
		v->totals->cut = true;
		v->is_over = false;
		v->end = VERIFY_DONE;
		rc = 0;
	}
	return rc;
}

/* Nobody who is served waits for this; where it cannot be had, it is not.  Of
 * this thread alone, with Linux. */
static void
read_last(void)
{
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
	    IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT);
}

/* Once it does, it is not for a thread to undo that. */
static void
compute_last(void)
{
	static const struct sched_param none = { .sched_priority = 0 };

	(void)sched_setscheduler(0, SCHED_IDLE, &none);
}

static void
look_at_all(struct verify *v)
{
	if (v->options->only_count > 0)
		(void)verify_images(v);
	else if (look_at_structure(v) == 0 && !v->options->quick)
		(void)verify_bytes(v);
}

/* --- its thread -------------------------------------------------------- */

void
verify_change(struct verify *v, void (*fn)(void *), void *cookie)
{
	struct verify_errand *errand = v->errand;

	if (errand == NULL) {
		fn(cookie);
		return;
	}
	(void)pthread_mutex_lock(&errand->lock);
	errand->fn = fn;
	errand->cookie = cookie;
	(void)pthread_cond_broadcast(&errand->changed);
	while (errand->fn != NULL)
		(void)pthread_cond_wait(&errand->changed, &errand->lock);
	(void)pthread_mutex_unlock(&errand->lock);
}

struct step {
	struct verify *v;
	void (*fn)(void *);
	void *cookie;
	int rc;
};

static void
make_step(void *cookie)
{
	struct step *s = cookie;
	struct verify *v = s->v;

	s->rc = store_step_begin(v->st, v->err);
	if (s->rc == -1)
		return;
	s->fn(s->cookie);
	s->rc = store_step_end(v->st, v->err);
}

int
verify_step(struct verify *v, void (*fn)(void *), void *cookie)
{
	struct step s = { v, fn, cookie, 0 };

	verify_change(v, make_step, &s);
	return s.rc == 0 ? 0 : verify_fail(v);
}

static void *
run(void *cookie)
{
	struct verify *v = cookie;
	struct verify_errand *errand = v->errand;

	read_last();
	/* Somebody waits for what is quick. */
	if (!v->options->quick)
		compute_last();
	look_at_all(v);
	(void)pthread_mutex_lock(&errand->lock);
	errand->is_through = true;
	(void)pthread_cond_broadcast(&errand->changed);
	(void)pthread_mutex_unlock(&errand->lock);
	return NULL;
}

/* The other one waits for each of them. */
static void
do_errands(struct verify_errand *errand)
{
	(void)pthread_mutex_lock(&errand->lock);
	while (!errand->is_through) {
		if (errand->fn == NULL) {
			(void)pthread_cond_wait(&errand->changed,
			    &errand->lock);
			continue;
		}
		errand->fn(errand->cookie);
		errand->fn = NULL;
		(void)pthread_cond_broadcast(&errand->changed);
	}
	(void)pthread_mutex_unlock(&errand->lock);
}

/* What comes last stays so: that is for this thread, and not for what is done
 * after it. */
static void
run_aside(struct verify *v)
{
	struct verify_errand errand = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER
	};
	pthread_t thread;

	v->errand = &errand;
	if (pthread_create(&thread, NULL, run, v) == 0) {
		do_errands(&errand);
		(void)pthread_join(thread, NULL);
		v->errand = NULL;
	} else {
		v->errand = NULL;
		look_at_all(v);
	}
	(void)pthread_mutex_destroy(&errand.lock);
	(void)pthread_cond_destroy(&errand.changed);
}

/* One that comes while this is at work is opened then. */
int
verify_blobs(struct verify *v, enum digest_alg alg)
{
	char path[32];

	if (v->blobs[alg] == -1) {
		snprintf(path, sizeof(path), "blobs/%s", digest_alg_name(alg));
		v->blobs[alg] = fs_open(v->st->root, path,
		    O_RDONLY | O_DIRECTORY, 0);
	}
	return v->blobs[alg];
}

static void
free_subjects(struct verify *v)
{
	struct digest d;
	size_t at = 0;
	void *subject;

	while (digest_set_next(&v->subjects, &at, &d, &subject))
		free(subject);
	digest_set_done(&v->subjects);
}

static void
done(struct verify *v)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (v->blobs[i] != -1)
			close(v->blobs[i]);
	free(v->buffer);
	verify_reader_free(v->reading);
	free(v->seen.slots);
	digest_set_done(&v->told);
	free_subjects(v);
}

enum verify_end
verify_run(struct store *st, const struct verify_rules *rules,
    const struct verify_options *options, struct verify_totals *ret,
    struct err *e)
{
	struct verify v = { .st = st, .rules = rules, .options = options,
	    .totals = ret, .began_ms = clock_ms(), .err = e,
	    .blobs = { -1, -1 } };
	void *buffer;

	memset(ret, 0, sizeof(*ret));
	v.progress.totals = ret;
	if (posix_memalign(&buffer, BUFFER_ALIGNMENT, VERIFY_STEP) != 0) {
		err_set(e, ERR_SYS, "out of memory");
		return VERIFY_FAILED;
	}
	v.buffer = buffer;
	v.reading = verify_reader_new();
	v.paced_ms = v.began_ms;
	if (options->max_time_s > 0)
		v.ends_ms = v.began_ms + (int64_t)options->max_time_s * 1000;
	run_aside(&v);
	done(&v);
	return v.end;
}
