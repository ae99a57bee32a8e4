/* In the place of mirror/repair.c: from a folder, one object after the other,
 * by read(2). */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/repair.h"

/* Read and hashed at once. */
#define PIECE		(1u << 20)

struct repair {
	struct store *store;
	struct ocidir *from;
	int stop_fd;
	char *piece;
};

int
repair_ready(bool is_local, struct err *e)
{
	if (is_local)
		return 0;
	return err_set(e, ERR_INPUT, "this cdr has no network in it: --repair "
	    "needs --from, with what lies on a disk here");
}

static bool
is_asked_to_stop(const struct repair *r)
{
	struct pollfd p = { .fd = r->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* --- one object -------------------------------------------------------- */

/* Return the bytes that came, 0 at the end, or -1. */
static ssize_t
read_piece(const struct ocidir_answer *a, char *buf, size_t max, off_t at,
    struct err *e)
{
	ssize_t n = pread(a->fd, buf, max, at);

	if (n == -1)
		return err_sys(e, "cannot read");
	return n;
}

/* No more than was promised, whatever the file says of itself. */
static int
copy_blob(struct repair *r, const struct ocidir_answer *a,
    struct blob_writer *w, uint64_t size, struct err *e)
{
	uint64_t at = 0;
	ssize_t n;

	while (at < size) {
		if (is_asked_to_stop(r))
			return err_set(e, ERR_CANCELLED, "interrupted");
		n = read_piece(a, r->piece, size - at < PIECE ?
		    (size_t)(size - at) : PIECE, (off_t)at, e);
		if (n == -1)
			return -1;
		if (n == 0)
			return err_set(e, ERR_DATA, "the file ends early");
		if (blob_writer_put(w, at, r->piece, (size_t)n, e) == -1)
			return -1;
		at += (uint64_t)n;
	}
	return 0;
}

static int
stage_blob(struct repair *r, const struct repair_object *of,
    const struct ocidir_answer *a, struct staged **ret, struct err *e)
{
	struct blob_writer *w;

	if (a->fd == -1)
		return err_set(e, ERR_DATA, "it is no file there");
	if (a->size > store_free_bytes(r->store))
		return err_set(e, ERR_ROOM, "it has %llu bytes, and the file "
		    "system has less room", (unsigned long long)a->size);
	if (blob_writer_open(r->store, &of->digest, a->size, &w, e) == -1)
		return -1;
	if (blob_writer_restart(w, e) == -1 ||
	    copy_blob(r, a, w, a->size, e) == -1 ||
	    blob_writer_finish(w, ret, e) == -1) {
		blob_writer_drop(w);
		return -1;
	}
	return 0;
}

static int
stage_manifest(struct repair *r, const struct repair_object *of,
    const struct ocidir_answer *a, struct staged **ret, struct err *e)
{
	struct manifest_id id = { .digest = of->digest };
	size_t len = 0;
	ssize_t n;

	snprintf(id.media_type, sizeof(id.media_type), "%s", of->media_type);

	if (a->size > MANIFEST_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "it has %llu bytes, which are too "
		    "many for a manifest", (unsigned long long)a->size);
	if (a->fd == -1)
		return store_stage_manifest(r->store, &id, a->body,
		    (size_t)a->size, ret, e);
	while (len < a->size) {
		n = read_piece(a, r->piece + len, (size_t)a->size - len,
		    (off_t)len, e);
		if (n == -1)
			return -1;
		if (n == 0)
			return err_set(e, ERR_DATA, "the file ends early");
		len += (size_t)n;
	}
	return store_stage_manifest(r->store, &id, r->piece, len, ret, e);
}

static int
fetch(struct repair *r, const struct repair_object *of,
    const struct repair_source *s, struct err *e)
{
	bool is_blob = of->media_type[0] == '\0';
	struct ocidir_answer a = { .fd = -1 };
	char text[DIGEST_TEXT_MAX];
	const struct ocidir_question question = {
		.registry = s->registry,
		.repository = s->repository,
		.kind = is_blob ? "blobs" : "manifests",
		.reference = digest_text(&of->digest, text),
	};
	struct staged *staged = NULL;
	int rc = ocidir_ask(r->from, &question, &a, e);

	if (rc == 0 && is_blob && a.size != s->size)
		rc = err_set(e, ERR_DATA, "it has %llu bytes there and not "
		    "%llu", (unsigned long long)a.size,
		    (unsigned long long)s->size);
	if (rc == 0)
		rc = is_blob ? stage_blob(r, of, &a, &staged, e) :
		    stage_manifest(r, of, &a, &staged, e);
	ocidir_answer_done(&a);
	if (rc == -1)
		return -1;
	store_commit(r->store, &staged, 1, &e);
	return e->code == ERR_NONE ? 0 : -1;
}

/* --- all of them ------------------------------------------------------- */

static void
mend(struct repair *r, struct repair_object *of)
{
	size_t i;

	err_set(&of->err, ERR_NOT_FOUND, "no repository has it");
	for (i = 0; i < of->source_count && !of->is_mended; i++) {
		of->is_mended = fetch(r, of, &of->sources[i], &of->err) == 0;
		if (of->err.code == ERR_STORE || of->err.code == ERR_CANCELLED)
			break;
	}
}

int
repair_run(const struct dispatch_config *config, int stop_fd,
    struct repair_object *objects, size_t count, struct err *e)
{
	struct repair r = {
		.store = config->store,
		.from = config->layout,
		.stop_fd = stop_fd,
	};
	size_t i;
	int rc = 0;

	if (repair_ready(config->layout != NULL, e) == -1)
		return -1;
	r.piece = xmalloc(PIECE > MANIFEST_BYTES_MAX ? PIECE :
	    MANIFEST_BYTES_MAX);
	for (i = 0; i < count && rc == 0; i++) {
		if (is_asked_to_stop(&r)) {
			rc = 1;
			break;
		}
		if (objects[i].is_mended)
			continue;
		mend(&r, &objects[i]);
		if (objects[i].err.code == ERR_CANCELLED) {
			rc = 1;
		} else if (objects[i].err.code == ERR_STORE) {
			*e = objects[i].err;
			rc = -1;
		}
	}
	free(r.piece);
	return rc;
}
