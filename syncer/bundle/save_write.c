/* The file: whatever goes into it is hashed on the way. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/save_internal.h"
#include "bundle/tarfile.h"
#include "image/ref.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/names.h"
#include "report/report.h"

#define BUFFER		(256u << 10)
/* So much is handed to the disk at once. */
#define WRITE_BACK	(8u << 20)

struct writer {
	const struct save *save;
	struct tarfile *tar;
	char *buffer;
	int fd, stop_fd;
	off_t written_back;
	struct names names;		/* of the images, in: */
	struct report_work shown;	/* for who looks on */
};

/* --- for who looks on -------------------------------------------------- */

static void
count_all(struct writer *w)
{
	const struct save *s = w->save;
	size_t i;

	for (i = 0; i < s->objects.count; i++)
		w->shown.left_bytes += s->objects.all[i].size;
	for (i = 0; i < s->entry_count && i < NAMED; i++)
		names_add(&w->names, image_ref_short(s->entries[i].name));
	w->shown.names = names_end(&w->names, s->entry_count);
	w->shown.what = "object";
	w->shown.all = s->objects.count;
}

/* --- the bytes --------------------------------------------------------- */

static int
check_stop(const struct writer *w, struct err *e)
{
	struct pollfd pfd = { .fd = w->stop_fd, .events = POLLIN };

	if (w->stop_fd != -1 && poll(&pfd, 1, 0) > 0)
		return err_set(e, ERR_CANCELLED, "stopped");
	return 0;
}

/* The disk writes while the next bytes are read and hashed; a pipe has none. */
static void
write_back(struct writer *w)
{
	off_t at = lseek(w->fd, 0, SEEK_CUR);

	if (at == -1 || at - w->written_back < WRITE_BACK)
		return;
	fs_start_writeback(w->fd, w->written_back, at - w->written_back);
	w->written_back = at;
}

static int
put_text(struct writer *w, const char *name, const char *text, size_t len,
    struct err *e)
{
	if (len > SAVE_JSON_MAX)
		return err_set(e, ERR_LIMIT, "%s has %zu bytes, and containerd "
		    "reads %u: save fewer images at a time", name, len,
		    SAVE_JSON_MAX);
	if (tarfile_member(w->tar, name, len, e) == -1)
		return -1;
	return tarfile_put(w->tar, text, len, e);
}

static int
put_head(struct writer *w, struct err *e)
{
	size_t len;
	char *text;
	int rc;

	if (put_text(w, "oci-layout", SAVE_LAYOUT_TEXT,
	    strlen(SAVE_LAYOUT_TEXT), e) == -1)
		return -1;
	text = save_index_text(w->save, &len);
	rc = put_text(w, "index.json", text, len, e);
	free(text);
	if (rc == -1)
		return -1;
	text = save_manifest_text(w->save, &len);
	rc = put_text(w, "manifest.json", text, len, e);
	free(text);
	return rc;
}

static int
judge(const struct digest *want, const struct digest *have, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	if (digest_equal(want, have))
		return 0;
	return err_set(e, ERR_DIGEST, "%s: its bytes in the tree are others; "
	    "'cdr verify --repair' brings them back",
	    digest_text(want, text));
}

static int
changed(const struct save_object *o, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	return err_set(e, ERR_NOT_FOUND, "%s is no longer here, or not all of "
	    "it", digest_text(&o->id.digest, text));
}

static int
put_manifest(struct writer *w, const struct save_object *o, struct err *e)
{
	struct digest have;
	size_t len;
	char *buf;
	int rc = store_manifest_read(w->save->store, &o->id, &buf, &len, e);

	if (rc == -1)
		return -1;
	if (rc == 0)
		return changed(o, e);
	digest_of(o->id.digest.alg, buf, len, &have);
	rc = len == o->size ? judge(&o->id.digest, &have, e) : changed(o, e);
	if (rc == 0)
		rc = tarfile_put(w->tar, buf, len, e);
	if (rc == 0)
		report_more(&w->shown, len);
	free(buf);
	return rc;
}

static int
copy(struct writer *w, int fd, const struct save_object *o, struct hasher *h,
    struct err *e)
{
	uint64_t left = o->size;
	ssize_t n;

	while (left > 0) {
		if (check_stop(w, e) == -1)
			return -1;
		n = read(fd, w->buffer, left < BUFFER ? (size_t)left : BUFFER);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, "a blob cannot be read");
		if (n == 0)
			return changed(o, e);
		hasher_add(h, w->buffer, (size_t)n);
		if (tarfile_put(w->tar, w->buffer, (size_t)n, e) == -1)
			return -1;
		write_back(w);
		left -= (uint64_t)n;
		report_more(&w->shown, (size_t)n);
	}
	return 0;
}

static int
put_blob(struct writer *w, const struct save_object *o, struct err *e)
{
	struct hasher *h;
	struct digest have;
	uint64_t size;
	int fd, rc = store_blob_open(w->save->store, &o->id.digest, &fd, &size,
	    e);

	if (rc == -1)
		return -1;
	if (rc == 0)
		return changed(o, e);
	h = hasher_new(o->id.digest.alg);
	rc = size == o->size ? copy(w, fd, o, h, e) : changed(o, e);
	if (rc == 0) {
		hasher_end(h, &have);
		rc = judge(&o->id.digest, &have, e);
	}
	hasher_free(h);
	close(fd);
	return rc;
}

static int
put_object(struct writer *w, const struct save_object *o, struct err *e)
{
	char name[SAVE_NAME_MAX];
	int rc;

	if (check_stop(w, e) == -1 || tarfile_member(w->tar,
	    save_member_name(&o->id.digest, name), o->size, e) == -1)
		return -1;
	rc = o->kind == SAVE_MANIFEST ? put_manifest(w, o, e) :
	    put_blob(w, o, e);
	w->shown.done += rc == 0;
	return rc;
}

static int
put_all(struct writer *w, struct err *e)
{
	const struct save_objects *from = &w->save->objects;
	unsigned kind;
	size_t i;

	if (put_head(w, e) == -1)
		return -1;
	for (kind = 0; kind < SAVE_KINDS; kind++)
		for (i = 0; i < from->count; i++)
			if ((unsigned)from->all[i].kind == kind &&
			    put_object(w, &from->all[i], e) == -1)
				return -1;
	return tarfile_end(w->tar, e);
}

int
save_write(const struct save *s, int fd, int stop_fd, struct err *e)
{
	struct writer w = { .save = s, .fd = fd, .stop_fd = stop_fd };
	int rc;

	if (tarfile_new(fd, &w.tar, e) == -1)
		return -1;
	w.buffer = xmalloc(BUFFER);
	count_all(&w);
	rc = put_all(&w, e);
	/* Who has asked for a file waits for its disk next. */
	if (rc == 0 && lseek(fd, 0, SEEK_CUR) != -1) {
		w.shown.waits = "waits for the disk";
		report_work(&w.shown);
	}
	free(w.buffer);
	tarfile_free(w.tar);
	return rc;
}
