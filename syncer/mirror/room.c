#include "mirror/room.h"
#include "report/report.h"

/* What a file occupies beyond its bytes: the rest of its last block, and the
 * links to it. */
#define BLOCK_BYTES	4096u

uint64_t
room_needed(const struct dispatch *d, const struct walk *w)
{
	const struct object *o;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < w->missing_count; i++) {
		o = &w->missing[i].object;
		if (o->kind == OBJECT_BLOB && !dispatch_is_wanted(d, &o->id))
			bytes += o->size - o->begun + BLOCK_BYTES;
	}
	return bytes;
}

/*
 * statvfs(3) asks the kernel for numbers that it has at hand: no wait for a
 * disk.
 */
int
room_check(const struct store *store, const struct dispatch *d,
    const struct walk *w, struct err *e)
{
	uint64_t need = room_needed(d, w), promised, room;
	char need_text[REPORT_BYTES_MAX], room_text[REPORT_BYTES_MAX];
	char promised_text[REPORT_BYTES_MAX];

	if (need == 0)
		return 0;
	room = store_free_bytes(store);
	promised = dispatch_promised(d);
	if (need <= room && promised <= room - need)
		return 0;
	report_bytes(need, need_text);
	report_bytes(room, room_text);
	if (promised == 0)
		return err_set(e, ERR_ROOM, "it needs %s more, and the file "
		    "system has %s free: not started; free some space, or take "
		    "it off the list", need_text, room_text);
	report_bytes(promised, promised_text);
	return err_set(e, ERR_ROOM, "it needs %s more, and the file system has "
	    "%s free, of which %s are reserved for images in progress: not "
	    "started; free some space, or take it off the list", need_text,
	    room_text, promised_text);
}
