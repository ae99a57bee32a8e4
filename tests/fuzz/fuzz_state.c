/*
 * Files that an earlier run has left, and that somebody may have edited: the
 * pulls that registries count, a record of status.json, the head and a line of
 * blobs.json.  The first byte says which.  What is read is written such that it
 * is read again as the same.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/quota_book.h"
#include "report/holding.h"
#include "report/status_record.h"

#define NOW	1795161600

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_quota(const char *text, size_t len)
{
	struct quota_book book = { NULL, 0 }, again = { NULL, 0 };
	struct err e = { .code = ERR_NONE };
	char *written;
	size_t count;

	if (quota_book_read(&book, text, len, NOW, &e) == 0) {
		must(book.count <= QUOTA_ENTRIES_MAX + 1);
		written = quota_book_write(&book, NOW, &count);
		must(quota_book_read(&again, written, count, NOW, &e) == 0);
		must(again.count <= book.count);
		free(written);
		written = quota_book_write(&again, NOW, &count);
		quota_book_done(&book);
		must(quota_book_read(&book, written, count, NOW, &e) == 0);
		must(book.count == again.count);
		free(written);
	} else {
		must(e.code != ERR_NONE);
	}
	quota_book_done(&book);
	quota_book_done(&again);
}

static void
check_record(const char *text)
{
	json_t *o = json_loads(text, 0, NULL), *again;
	struct status_record *r = status_record_read(o), *s;

	if (r != NULL) {
		must(r->image[0] != '\0' && r->result < STATUS_RESULTS);
		must((size_t)r->reason < STATUS_REASONS);
		must(r->error == NULL || strlen(r->error) <= STATUS_ERROR_MAX);
		must(r->last_success >= 0 && r->last_listed >= 0);
		again = status_record_json(r);
		s = status_record_read(again);
		must(s != NULL && strcmp(r->image, s->image) == 0);
		must(r->result == s->result && r->size == s->size);
		must(r->last_success == s->last_success);
		must(r->has_digest == s->has_digest);
		status_record_free(s);
		json_decref(again);
	}
	status_record_free(r);
	json_decref(o);
}

static void
note_blob(void *cookie, uint64_t key, uint64_t size)
{
	(void)key;
	(void)size;
	(*(size_t *)cookie)++;
}

/* What is seen in a line of ours, without reading it as JSON, is the same. */
static void
check_line(const struct holding *h, const char *line)
{
	size_t count = 0;
	char *image;
	json_t *o;

	holding_each_blob(line, note_blob, &count);
	must(count == h->blob_count);
	must(holding_line_is_broken(line) == h->is_broken);
	image = holding_image_text(line, 7, ",\"held\":true");
	o = json_loads(image, 0, NULL);
	must(o != NULL && json_integer_value(json_object_get(o, "own")) == 7);
	must(json_object_get(o, "blobs") == NULL);
	must(json_is_true(json_object_get(o, "held")));
	must(h->kind == NULL || strlen(h->kind) <= HOLDING_KIND_MAX);
	json_decref(o);
	free(image);
}

static void
check_holding(const char *text)
{
	struct holding h = { .image = NULL }, again = { .image = NULL };
	struct holding_totals totals;
	struct holding_head ours;
	char *line;
	json_t *head = json_loads(text, 0, NULL);
	size_t count = 0;

	(void)holding_head_read(head, &ours, &totals);
	json_decref(head);
	holding_each_blob(text, note_blob, &count);
	if (!holding_read(text, &h))
		return;
	must(h.image != NULL && h.blob_count <= HOLDING_BLOBS_MAX);
	line = holding_blobs_text(&h);
	check_line(&h, line);
	if (holding_read(line, &again)) {
		must(strcmp(h.image, again.image) == 0);
		must(h.blob_count == again.blob_count);
		holding_done(&again);
	}
	free(line);
	holding_done(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len == 0)
		return 0;
	text = xstrndup((const char *)data + 1, len - 1);
	switch (data[0]) {
	case 'q':
		check_quota(text, strlen(text));
		break;
	case 's':
		check_record(text);
		break;
	case 'h':
		check_holding(text);
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
