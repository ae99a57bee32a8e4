#include <stdlib.h>
#include <string.h>

#include "cmd/collect_room.h"
#include "layout/mem.h"
#include "report/book.h"
#include "report/holding.h"
#include "report/printable.h"
#include "report/report.h"

#define HINTS	5u

struct largest {
	char *image;
	uint64_t own;
};

/* The largest comes first. */
static void
insert(struct largest list[HINTS], const char *image, uint64_t own)
{
	size_t i;

	if (own <= list[HINTS - 1].own)
		return;
	free(list[HINTS - 1].image);
	for (i = HINTS - 1; i > 0 && list[i - 1].own < own; i--)
		list[i] = list[i - 1];
	list[i] = (struct largest){ xstrdup(image), own };
	printable(list[i].image);
}

void
collect_room_hint(const struct store *store, const struct name_set *gone)
{
	struct book_in *in = book_open(store, &holding_images_book);
	struct largest list[HINTS] = { { .image = NULL } };
	char size[REPORT_BYTES_MAX];
	struct book_line line;
	size_t i;

	for (; in != NULL && book_peek(in, &line); book_skip(in))
		if (!name_set_has(gone, line.image))
			insert(list, line.image, book_count(&line, "own"));
	book_close(in);
	for (i = 0; i < HINTS && list[i].image != NULL; i++)
		report(REPORT_WARNING, "%s by itself has %s", list[i].image,
		    report_bytes(list[i].own, size));
	for (i = 0; i < HINTS; i++)
		free(list[i].image);
}
