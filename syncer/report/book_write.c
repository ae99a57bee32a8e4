/*
 * What has changed goes to a file without a name first: only at its end it
 * shows how much that is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/book_internal.h"

/* So much of a list may have changed before all of it is written anew: one part
 * in so many of it, or so many bytes. */
#define PART		16u

#define ID_MAX		48

struct book_out {
	struct store *store;
	const struct book_kind *kind;
	struct book_file earlier;
	char id[ID_MAX];		/* of that; "": there is none */
	FILE *scratch;
	char image[BOOK_IMAGE_MAX];	/* the last one */
	uint64_t changed, all;		/* in bytes */
	const struct book_print *print;	/* of book_end */
};

static void
open_earlier(struct book_out *out)
{
	const char *id;
	json_t *head;

	head = book_file_open(out->store, out->kind, BOOK_EARLIER_END,
	    &out->earlier);
	id = json_string_value(json_object_get(head, "id"));
	if (id != NULL)
		snprintf(out->id, sizeof(out->id), "%s", id);
	else
		book_file_close(&out->earlier);
	json_decref(head);
}

struct book_out *
book_begin(struct store *store, const struct book_kind *kind, struct err *e)
{
	struct book_out *out = xcalloc(1, sizeof(*out));

	out->store = store;
	out->kind = kind;
	if (store_scratch(store, &out->scratch, e) == -1) {
		free(out);
		return NULL;
	}
	open_earlier(out);
	return out;
}

void
book_drop(struct book_out *out)
{
	book_file_close(&out->earlier);
	if (out->scratch != NULL)
		fclose(out->scratch);
	free(out);
}

static void
note(struct book_out *out, const char *text, size_t len)
{
	fwrite(text, 1, len, out->scratch);
	fputc('\n', out->scratch);
	out->changed += len + 2;
}

/* Leaves it behind. */
static void
note_gone(struct book_out *out)
{
	char text[BOOK_IMAGE_MAX + 64];
	int len;

	len = snprintf(text, sizeof(text), BOOK_LINE_BEGIN "%s" BOOK_GONE_END,
	    out->earlier.image);
	note(out, text, (size_t)len);
	out->earlier.has_line = false;
}

void
book_put(struct book_out *out, const char *image, const char *text, size_t len)
{
	struct book_file *old = &out->earlier;
	int order = -1;

	/* Twice in a damaged file. */
	if (out->image[0] != '\0' && out->kind->order(out->image, image) >= 0)
		return;
	memccpy(out->image, image, '\0', sizeof(out->image) - 1);
	out->all += len + 2;
	while (book_file_more(old)) {
		order = out->kind->order(old->image, image);
		if (order >= 0)
			break;
		note_gone(out);
	}
	if (old->has_line && order == 0) {
		old->has_line = false;
		if (len == old->len && memcmp(text, old->buf, len) == 0)
			return;
	}
	note(out, text, len);
}

/* --- the files --------------------------------------------------------- */

static void
print_line(FILE *stream, const char **comma, const char *text, size_t len)
{
	fputs(*comma, stream);
	fwrite(text, 1, len, stream);
	*comma = ",\n";
}

static void
settle_line(struct book_out *out, FILE *stream, const char **comma,
    const struct book_file *f, bool is_earlier)
{
	struct book_line line = { f->buf, f->len, f->image, is_earlier };
	char *text = NULL;

	if (out->print->settle != NULL)
		text = out->print->settle(&line, out->print->cookie);
	if (text != NULL)
		print_line(stream, comma, text, strlen(text));
	else
		print_line(stream, comma, f->buf, f->len);
	free(text);
}

/* All lines: those of the file that was there, and what has changed. */
static void
print_all(FILE *stream, void *cookie)
{
	static const char gone[] = BOOK_GONE_END;
	struct book_out *out = cookie;
	struct book_file *old = &out->earlier, fresh;
	const char *comma = "";
	int order;

	fprintf(stream, "{\"version\":1,\"id\":\"%s\"", out->id);
	if (out->print->earlier_head != NULL)
		out->print->earlier_head(stream, out->print->cookie);
	fputs(",\"images\":[\n", stream);
	book_file_read(&fresh, out->kind, out->scratch);
	out->scratch = NULL;
	while (book_file_more(&fresh) || book_file_more(old)) {
		order = !fresh.has_line ? 1 : !book_file_more(old) ? -1 :
		    out->kind->order(fresh.image, old->image);
		if (order > 0)
			settle_line(out, stream, &comma, old, true);
		else if (fresh.len < sizeof(gone) || strcmp(fresh.buf +
		    fresh.len - strlen(gone), gone) != 0)
			settle_line(out, stream, &comma, &fresh, false);
		if (order >= 0)
			old->has_line = false;
		if (order <= 0)
			fresh.has_line = false;
	}
	fputs("\n]}\n", stream);
	book_file_close(&fresh);
}

static void
print_changed(FILE *stream, void *cookie)
{
	struct book_out *out = cookie;
	struct book_file fresh;
	const char *comma = "";

	out->print->head(stream, out->id[0] == '\0' ? NULL : out->id,
	    out->print->cookie);
	if (out->scratch != NULL) {
		book_file_read(&fresh, out->kind, out->scratch);
		out->scratch = NULL;
		for (; book_file_more(&fresh); fresh.has_line = false)
			print_line(stream, &comma, fresh.buf, fresh.len);
		book_file_close(&fresh);
	}
	fputs("\n]}\n", stream);
}

/* Another one each time, whatever was there before. */
static void
make_id(struct book_out *out)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	snprintf(out->id, sizeof(out->id), "%llx.%lx-%lx",
	    (unsigned long long)now.tv_sec, (unsigned long)now.tv_nsec,
	    (unsigned long)getpid());
}

/* The one with all of them first: who dies between the two has lost the first
 * line alone. */
static int
write_all(struct book_out *out, struct err *e)
{
	struct book_file again = { 0 };
	char name[BOOK_NAME_MAX];
	json_t *head;

	/* What was compared so far is read once more. */
	head = book_file_open(out->store, out->kind, BOOK_EARLIER_END,
	    &again);
	json_decref(head);
	book_file_close(&out->earlier);
	if (out->id[0] != '\0')
		out->earlier = again;
	else if (head != NULL)
		book_file_close(&again);
	make_id(out);
	snprintf(name, sizeof(name), "%s" BOOK_EARLIER_END, out->kind->name);
	if (store_write_status(out->store, name, print_all, out, e) == -1)
		return -1;
	return store_sync_status(out->store, e);
}

int
book_end(struct book_out *out, const struct book_print *print, struct err *e)
{
	char name[BOOK_NAME_MAX];
	uint64_t most = out->all / PART;
	int rc = 0;

	out->print = print;
	while (book_file_more(&out->earlier))
		note_gone(out);
	snprintf(name, sizeof(name), "%s" BOOK_END, out->kind->name);
	if (fflush(out->scratch) != 0 || ferror(out->scratch))
		rc = err_sys(e, "status/%s: cannot write", name);
	rewind(out->scratch);
	if (most < STATUS_CHANGED_MIN)
		most = STATUS_CHANGED_MIN;
	if (rc == 0 && (out->changed > most || (out->id[0] != '\0' &&
	    out->earlier.is_damaged)))
		rc = write_all(out, e);
	if (rc == 0)
		rc = store_write_status(out->store, name, print_changed, out,
		    e);
	book_drop(out);
	return rc;
}
