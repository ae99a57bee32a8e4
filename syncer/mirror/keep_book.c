#include <stdlib.h>

#include "layout/limits.h"
#include "mirror/keep_book.h"
#include "report/status_groups.h"
#include "report/status_images.h"
#include "report/status_line.h"
#include "report/status_record.h"

static unsigned
at_most(uint64_t n, unsigned max)
{
	return n > max ? max : (unsigned)n;
}

void
keep_book_read(const struct store *store, struct keep_book *ret)
{
	struct book_in *in = book_open(store, &status_book);
	struct status_groups groups = { .count = 0 };
	struct book_line line;
	struct named *record;
	int64_t latest = 0, listed = 0;

	*ret = (struct keep_book){ .finished = 0 };
	if (in == NULL)
		return;
	status_groups_read(book_line_head(in), &groups);
	if (book_head(in) != NULL) {
		ret->finished = status_get_time(book_head(in), "finished");
		ret->latest = status_get_time(json_object_get(book_head(in),
		    "latest"), "finished");
		listed = status_get_time(book_head(in), "last_listed");
	}
	status_lists_read(book_head(in), &ret->lists);
	for (; book_peek(in, &line); book_skip(in)) {
		if (ret->records.count >= STATUS_IMAGES_MAX)
			break;
		record = name_table_add(&ret->records, line.image);
		record->number = status_line_listed(&groups, &line);
		if (record->number > latest)
			latest = record->number;
		record->keep = at_most(book_count_or(&line, "keep",
		    KEEP_DEFAULT), KEEP_MAX);
		record->keep_for_s = at_most(book_count(&line, "keep_for_s"),
		    KEEP_FOR_MAX_S);
	}
	book_close(in);
	/* A run that ended before it had looked at its list unlists nothing,
	 * nor do images that a run with --only has listed since. */
	if (latest < ret->finished)
		ret->finished = latest;
	if (listed != 0 && listed < ret->finished)
		ret->finished = listed;
	if (ret->latest < ret->finished)
		ret->latest = ret->finished;
}

void
keep_book_done(struct keep_book *book)
{
	name_table_done(&book->records);
}
