#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/book_internal.h"
#include "report/status_record.h"

/* --- one file ---------------------------------------------------------- */

/* A first line that is open at its end, with all that follows in an array of
 * it.  Mostly it is short; registries that count pulls make it longer. */
static json_t *
read_head(FILE *in)
{
	char *line = xmalloc(STATUS_HEAD_MAX + sizeof("]}"));
	json_t *o = NULL;

	if (fgets(line, STATUS_HEAD_MAX, in) != NULL) {
		memcpy(line + strcspn(line, "\n"), "]}", sizeof("]}"));
		o = json_loads(line, 0, NULL);
	}
	free(line);
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

json_t *
book_file_open(const struct store *store, const struct book_kind *kind,
    const char *end, struct book_file *ret)
{
	char name[BOOK_NAME_MAX];
	struct err ignored;
	json_t *head;
	struct stat sb;
	FILE *in;

	snprintf(name, sizeof(name), "%s%s", kind->name, end);
	if (store_open_status(store, name, &in, &ignored) != 1)
		return NULL;
	head = read_head(in);
	if (head == NULL || fstat(fileno(in), &sb) == -1) {
		json_decref(head);
		fclose(in);
		return NULL;
	}
	book_file_read(ret, kind, in);
	ret->written = sb.st_mtim.tv_sec;
	return head;
}

void
book_file_read(struct book_file *f, const struct book_kind *kind, FILE *in)
{
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->in = in;
	f->buf = xmalloc(kind->line_max);
}

void
book_file_close(struct book_file *f)
{
	if (f->in != NULL)
		fclose(f->in);
	free(f->buf);
	memset(f, 0, sizeof(*f));
}

/* Names are of the grammars of name.h, so that nothing is escaped in them; and
 * none comes before the one above it, or the file is somebody else's. */
static bool
take_image(struct book_file *f)
{
	char image[BOOK_IMAGE_MAX];
	const char *name = f->buf + strlen(BOOK_LINE_BEGIN);
	size_t len;

	if (strncmp(f->buf, BOOK_LINE_BEGIN, strlen(BOOK_LINE_BEGIN)) != 0)
		return false;
	len = strcspn(name, "\"\\");
	if (len == 0 || len >= sizeof(image) || name[len] != '"')
		return false;
	memcpy(image, name, len);
	image[len] = '\0';
	if (f->image[0] != '\0' && f->kind->order(f->image, image) > 0)
		return false;
	memcpy(f->image, image, len + 1);
	return f->buf[f->len - 1] == '}';
}

/* Without its end. */
static size_t
line_length(const char *buf)
{
	size_t len = strlen(buf) - 1;

	return len > 0 && buf[len - 1] == ',' ? len - 1 : len;
}

/* A line that makes no sense costs one image; one that has no end, all that
 * would follow. */
bool
book_file_more(struct book_file *f)
{
	while (f->in != NULL && !f->has_line && !f->is_over) {
		if (fgets(f->buf, (int)f->kind->line_max, f->in) == NULL ||
		    strchr(f->buf, '\n') == NULL) {
			f->is_over = f->is_damaged = true;
			break;
		}
		f->is_over = strcmp(f->buf, "]}\n") == 0;
		if (f->is_over || strcmp(f->buf, "\n") == 0)
			continue;
		f->len = line_length(f->buf);
		f->buf[f->len] = '\0';
		f->has_line = take_image(f);
		f->is_damaged |= !f->has_line;
	}
	return f->has_line;
}

/* An image that has gone since the earlier file. */
static bool
is_gone(const struct book_file *f)
{
	size_t len = strlen(BOOK_GONE_END);

	return f->len > len &&
	    strcmp(f->buf + f->len - len, BOOK_GONE_END) == 0;
}

/* --- both -------------------------------------------------------------- */

struct book_in {
	json_t *head, *earlier_head;
	time_t written;
	bool is_lost;			/* of the two, one is not right */
	struct book_file recent, earlier;
	struct book_file *at;		/* whose line is next */
};

/*
 * A writer that died between the two has left the one that has all: what the
 * other says is older then.
 */
static void
open_earlier(struct book_in *in, const struct store *store,
    const struct book_kind *kind)
{
	const char *want, *id;

	want = json_string_value(json_object_get(in->head, "earlier"));
	if (in->head != NULL && want == NULL)
		return;
	in->earlier_head = book_file_open(store, kind, BOOK_EARLIER_END,
	    &in->earlier);
	id = json_string_value(json_object_get(in->earlier_head, "id"));
	in->is_lost = id == NULL || want == NULL || strcmp(id, want) != 0;
	if (id != NULL && in->is_lost)
		book_file_close(&in->recent);
	else if (id == NULL)
		book_file_close(&in->earlier);
}

struct book_in *
book_open(const struct store *store, const struct book_kind *kind)
{
	struct book_in *in = xcalloc(1, sizeof(*in));

	in->head = book_file_open(store, kind, BOOK_END, &in->recent);
	in->written = in->recent.written;
	open_earlier(in, store, kind);
	if (in->recent.in != NULL || in->earlier.in != NULL)
		return in;
	book_close(in);
	return NULL;
}

void
book_close(struct book_in *in)
{
	if (in == NULL)
		return;
	json_decref(in->head);
	json_decref(in->earlier_head);
	book_file_close(&in->recent);
	book_file_close(&in->earlier);
	free(in);
}

const json_t *
book_head(const struct book_in *in)
{
	return in->head;
}

const json_t *
book_line_head(const struct book_in *in)
{
	return in->is_lost ? in->earlier_head : in->head;
}

time_t
book_written(const struct book_in *in)
{
	return in->is_lost ? 0 : in->written;
}

/* Which of the two has the next image; one that both have is the newer
 * one's. */
static struct book_file *
choose(struct book_in *in)
{
	bool has_earlier = book_file_more(&in->earlier);
	int order;

	if (!book_file_more(&in->recent))
		return has_earlier ? &in->earlier : NULL;
	if (!has_earlier)
		return &in->recent;
	order = in->recent.kind->order(in->recent.image, in->earlier.image);
	if (order == 0)
		in->earlier.has_line = false;
	return order <= 0 ? &in->recent : &in->earlier;
}

bool
book_peek(struct book_in *in, struct book_line *ret)
{
	while (in->at == NULL && (in->at = choose(in)) != NULL &&
	    is_gone(in->at))
		book_skip(in);
	if (in->at == NULL)
		return false;
	ret->text = in->at->buf;
	ret->len = in->at->len;
	ret->image = in->at->image;
	ret->is_earlier = in->at == &in->earlier;
	return true;
}

void
book_skip(struct book_in *in)
{
	if (in->at != NULL)
		in->at->has_line = false;
	in->at = NULL;
}

bool
book_is_damaged(const struct book_in *in)
{
	return in->recent.is_damaged || in->earlier.is_damaged;
}

/* --- members ----------------------------------------------------------- */

/* In a text a quotation mark has a backslash before it, so that these four
 * marks in a row stand between two members and nowhere else. */
static const char *
find_value(const struct book_line *line, const char *key)
{
	char mark[BOOK_KEY_MAX + 5] = ",\"";
	size_t len = strlen(key);
	const char *at;

	assert(len <= BOOK_KEY_MAX);
	memcpy(mark + 2, key, len);
	memcpy(mark + 2 + len, "\":", sizeof("\":"));
	at = strstr(line->text, mark);
	return at == NULL ? NULL : at + len + 4;
}

const char *
book_text(const struct book_line *line, const char *key, size_t *ret_len)
{
	const char *at = find_value(line, key);
	size_t len;

	if (at == NULL || *at != '"')
		return NULL;
	len = strcspn(at + 1, "\"\\");
	if (at[1 + len] != '"')
		return NULL;
	*ret_len = len;
	return at + 1;
}

uint64_t
book_count_or(const struct book_line *line, const char *key, uint64_t none)
{
	const char *at = find_value(line, key);

	if (at == NULL || *at < '0' || *at > '9')
		return none;
	return strtoull(at, NULL, 10);
}

uint64_t
book_count(const struct book_line *line, const char *key)
{
	return book_count_or(line, key, 0);
}

int64_t
book_time(const struct book_line *line, const char *key)
{
	char text[STORE_TIME_MAX];
	const char *at;
	size_t len;

	at = book_text(line, key, &len);
	if (at == NULL || len >= sizeof(text))
		return 0;
	memcpy(text, at, len);
	text[len] = '\0';
	return status_time(text);
}
