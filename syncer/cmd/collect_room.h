#ifndef CDR_CMD_COLLECT_ROOM_H
#define CDR_CMD_COLLECT_ROOM_H

#include "layout/store.h"
#include "report/name_set.h"

/*
 * collect_room_hint(store, gone): there is too little room, and all that may go
 * has gone: say which images would make most of it if they left their lists, by
 * what no other image has.  ${gone} are not here any more.
 */
void collect_room_hint(const struct store *, const struct name_set *);

#endif
