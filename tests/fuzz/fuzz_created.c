/*
 * When images were made.  The first line is a time, all behind it the note of
 * an earlier run.  A time is within bounds, and written the usual way it is
 * read as the same; what was read from a note is the same after it was written
 * again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/created.h"
#include "image/created_book.h"
#include "layout/mem.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_time(const char *text)
{
	int64_t at = created_parse(text);
	time_t seconds = (time_t)at;
	char again[32];
	struct tm tm;

	must(at >= CREATED_UNKNOWN && at < CREATED_END_S);
	if (at == CREATED_UNKNOWN)
		return;
	must(gmtime_r(&seconds, &tm) != NULL);
	must(strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
	must(created_parse(again) == at);
}

static void
check_book(const char *buf, size_t len)
{
	struct created_book one = { 0 }, two = { 0 };
	struct err e = { .code = ERR_NONE };
	char *text, *again;
	size_t text_len, again_len;

	if (created_book_read(&one, buf, len, &e) == -1) {
		must(e.code == ERR_DATA && one.count == 0);
		return;
	}
	must(!one.is_changed && one.count <= CREATED_ENTRIES_MAX);
	text = created_book_write(&one, &text_len);
	must(created_book_read(&two, text, text_len, &e) == 0);
	must(two.count == one.count);
	again = created_book_write(&two, &again_len);
	must(again_len == text_len && memcmp(again, text, text_len) == 0);
	free(again);
	free(text);
	created_book_done(&one);
	created_book_done(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	char *end = strchr(text, '\n');
	int64_t ignored;
	struct err e;

	if (end != NULL) {
		check_book(end + 1, strlen(end + 1));
		*end = '\0';
	}
	check_time(text);
	(void)created_in_config(text, strlen(text), &ignored, &e);
	(void)created_in_manifest(text, strlen(text), &ignored, &e);
	free(text);
	return 0;
}
