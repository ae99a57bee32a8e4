/*
 * Reading a file once, without washing out what the kernel keeps of files for
 * those that are being served: what was not in memory before is not there
 * afterwards.  A large file is read by a thread of its own, while what has come
 * is hashed.
 */
/* For mincore. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "verify_reader.h"

/* What the kernel reads ahead for one request, at least: it cuts larger
 * ones. */
#define REQUEST		(128u << 10)
/* Pieces that may have come and not be hashed yet. */
#define PIECES		4u
/* A thread costs more than to wait for so little. */
#define ASIDE_MIN	(1 << 20)

/* --- what was in memory before ----------------------------------------- */

/* Pages of a part of the file that are in memory; all, where it cannot be
 * told. */
struct window {
	off_t at, len;
	size_t pages;
	unsigned char *in_memory;
};

/* For the smallest pages that there are. */
#define MAP_BYTES	(VERIFY_AHEAD / 4096)

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void
look_at_memory(int fd, struct window *w)
{
	void *map;

	w->pages = ((size_t)w->len + page_size() - 1) / page_size();
	memset(w->in_memory, 1, w->pages);
	map = mmap(NULL, (size_t)w->len, PROT_READ, MAP_SHARED, fd, w->at);
	if (map == MAP_FAILED)
		return;
	if (mincore(map, (size_t)w->len, w->in_memory) == -1)
		memset(w->in_memory, 1, w->pages);
	munmap(map, (size_t)w->len);
}

/* Asked for in the background, and no further than that: with
 * POSIX_FADV_RANDOM the kernel adds nothing of its own. */
static void
ask_ahead(int fd, const struct window *w)
{
	off_t at, end = w->at + w->len;

	for (at = w->at; at < end; at += REQUEST)
		(void)posix_fadvise(fd, at, end - at < (off_t)REQUEST ?
		    end - at : (off_t)REQUEST, POSIX_FADV_WILLNEED);
}

static void
open_window(int fd, off_t at, off_t size, struct window *w)
{
	w->at = at;
	w->len = size - at < (off_t)VERIFY_AHEAD ? size - at :
	    (off_t)VERIFY_AHEAD;
	if (w->len <= 0)
		return;
	look_at_memory(fd, w);
	ask_ahead(fd, w);
}

/* What was not in memory goes from there again. */
static void
close_window(int fd, const struct window *w)
{
	off_t page = (off_t)page_size();
	size_t i, first;

	if (w->len <= 0)
		return;
	for (i = 0; i < w->pages; i++) {
		first = i;
		while (i < w->pages && (w->in_memory[i] & 1) == 0)
			i++;
		if (i > first)
			(void)posix_fadvise(fd, w->at + (off_t)first * page,
			    (off_t)(i - first) * page, POSIX_FADV_DONTNEED);
	}
}

/* --- pieces ------------------------------------------------------------ */

struct piece {
	uint8_t *buf;
	ssize_t len;			/* 0: the end; -1: ${num} */
	int num;
};

struct verify_reader {
	int fd;
	off_t at, size;
	struct window windows[2];
	unsigned char *maps;
	unsigned now;			/* which of them is being read */
	struct piece pieces[PIECES];
	bool is_aside;			/* by a thread, and then: */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned filled, taken;		/* counts of pieces */
	bool is_stopped;
};

struct verify_reader *
verify_reader_new(void)
{
	struct verify_reader *r = xcalloc(1, sizeof(*r));
	size_t i;

	r->maps = xmalloc(2 * MAP_BYTES);
	for (i = 0; i < 2; i++)
		r->windows[i].in_memory = r->maps + i * MAP_BYTES;
	for (i = 0; i < PIECES; i++)
		r->pieces[i].buf = xmalloc(VERIFY_STEP);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	return r;
}

void
verify_reader_free(struct verify_reader *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < PIECES; i++)
		free(r->pieces[i].buf);
	free(r->maps);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r);
}

/* The next window is on its way while this one is read. */
static void
move_window(struct verify_reader *r)
{
	struct window *w = &r->windows[r->now];

	if (r->at < w->at + w->len)
		return;
	close_window(r->fd, w);
	w->len = 0;
	r->now = !r->now;
	w = &r->windows[r->now];
	open_window(r->fd, w->at + w->len, r->size, &r->windows[!r->now]);
}

static void
fill(struct verify_reader *r, struct piece *p)
{
	const struct window *w = &r->windows[r->now];
	off_t left = w->at + w->len - r->at;
	size_t len = left < (off_t)VERIFY_STEP ? (size_t)left : VERIFY_STEP;

	if (len == 0) {
		p->len = 0;
		return;
	}
	do
		p->len = pread(r->fd, p->buf, len, r->at);
	while (p->len == -1 && errno == EINTR);
	p->num = errno;
	if (p->len > 0) {
		r->at += p->len;
		move_window(r);
	}
}

/* --- aside ------------------------------------------------------------- */

static void *
read_aside(void *cookie)
{
	struct verify_reader *r = cookie;
	struct piece *p;
	bool is_over;

	do {
		(void)pthread_mutex_lock(&r->lock);
		while (r->filled - r->taken == PIECES && !r->is_stopped)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		is_over = r->is_stopped;
		p = &r->pieces[r->filled % PIECES];
		(void)pthread_mutex_unlock(&r->lock);
		if (is_over)
			break;
		fill(r, p);
		is_over = p->len <= 0;
		(void)pthread_mutex_lock(&r->lock);
		r->filled++;
		(void)pthread_cond_signal(&r->changed);
		(void)pthread_mutex_unlock(&r->lock);
	} while (!is_over);
	return NULL;
}

struct verify_reader *
verify_reader_open(struct verify_reader *r, int fd, off_t size)
{
	r->fd = fd;
	r->at = 0;
	r->size = size;
	r->now = 0;
	r->filled = r->taken = 0;
	r->is_stopped = false;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	open_window(fd, 0, size, &r->windows[0]);
	open_window(fd, r->windows[0].len, size, &r->windows[1]);
	r->is_aside = size >= ASIDE_MIN &&
	    pthread_create(&r->thread, NULL, read_aside, r) == 0;
	return r;
}

ssize_t
verify_reader_next(struct verify_reader *r, const uint8_t **ret)
{
	struct piece *p = &r->pieces[r->taken % PIECES];

	if (!r->is_aside) {
		fill(r, p);
	} else {
		(void)pthread_mutex_lock(&r->lock);
		while (r->filled == r->taken)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		(void)pthread_mutex_unlock(&r->lock);
	}
	*ret = p->buf;
	if (p->len == -1)
		errno = p->num;
	return p->len;
}

void
verify_reader_give_back(struct verify_reader *r)
{
	if (!r->is_aside)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->taken++;
	(void)pthread_cond_signal(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

void
verify_reader_close(struct verify_reader *r)
{
	size_t i;

	if (r->is_aside) {
		(void)pthread_mutex_lock(&r->lock);
		r->is_stopped = true;
		(void)pthread_cond_signal(&r->changed);
		(void)pthread_mutex_unlock(&r->lock);
		(void)pthread_join(r->thread, NULL);
	}
	for (i = 0; i < 2; i++) {
		close_window(r->fd, &r->windows[i]);
		r->windows[i].len = 0;
	}
}
