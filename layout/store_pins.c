/* keep/pins: it goes with a copy of the tree. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "pins.h"
#include "store_internal.h"

#define PINS_FILE	"keep/pins"

int
store_pins_read(const struct store *st, struct pins *ret, struct err *e)
{
	char *text;
	size_t len;
	int rc;

	rc = fs_read_file(st->root, PINS_FILE, PINS_BYTES_MAX, &text, &len, e);
	if (rc == 0)
		*ret = (struct pins){ NULL, 0, 0, NULL };
	if (rc != 1)
		return rc;
	rc = pins_parse(text, len, ret, e);
	free(text);
	return rc == -1 ? err_wrap(e, PINS_FILE) : 0;
}

int
store_pins_write(struct store *st, const struct pins *p, struct err *e)
{
	size_t len;
	char *text = pins_text(p, &len);
	int rc = 0;

	assert(st->in_step);
	if (len > PINS_BYTES_MAX)
		rc = err_set(e, ERR_LIMIT, PINS_FILE ": it would have more "
		    "than %u bytes", PINS_BYTES_MAX);
	else if (store_new_generation(st, e) == -1 ||
	    store_make_dirs(st, "keep", e) == -1 ||
	    store_write_changed(st, PINS_FILE, text, len, e) == -1 ||
	    store_settle_files(st, e) == -1)
		rc = -1;
	/* Also where it says so already: whoever wrote it may have died. */
	store_touch_dir(st, "keep");
	free(text);
	return rc;
}
