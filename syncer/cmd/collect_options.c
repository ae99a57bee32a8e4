#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/collect_options.h"
#include "cmd/size.h"
#include "image/duration.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/keep.h"

#define SIZE_MOST	((uint64_t)1 << 53)
#define GRACE_S		(24 * 3600)
#define MAX_DELETE	30u

void
collect_options_init(struct collect_options *o, int argc)
{
	*o = (struct collect_options){
		.unlisted_s = KEEP_FOREVER,
		.grace_s = GRACE_S,
		.max_delete = MAX_DELETE,
		.in_use = xcalloc((size_t)argc, sizeof(*o->in_use)),
	};
}

void
collect_options_done(struct collect_options *o)
{
	free(o->in_use);
	o->in_use = NULL;
}

static int
read_term(const char *arg, int64_t *ret, struct err *e)
{
	unsigned seconds;

	if (strcmp(arg, "forever") == 0) {
		*ret = KEEP_FOREVER;
		return 0;
	}
	if (duration_parse(arg, KEEP_FOR_MAX_S, &seconds, e) == -1)
		return -1;
	*ret = seconds;
	return 0;
}

/* "30%", or "30". */
static int
read_percent(const char *arg, unsigned min, unsigned max, unsigned *ret,
    struct err *e)
{
	size_t len = strlen(arg);
	char *number;
	int rc;

	if (len > 0 && arg[len - 1] == '%')
		len--;
	number = xstrndup(arg, len);
	rc = count_parse(number, min, max, ret, e);
	free(number);
	return rc;
}

/* Who has written no unit may have meant percent, where these are taken. */
static int
read_size(const char *arg, bool has_percent, uint64_t *ret, struct err *e)
{
	bool is_percent = has_percent && strlen(arg) < 3;
	uint64_t n;

	if (size_parse(arg, 1, SIZE_MOST, &n, e) == -1)
		return -1;
	if (size_is_bare(arg))
		return err_set(e, ERR_INPUT, "\"%s\" is a number of bytes: "
		    "write %s%s%sG", arg, is_percent ? arg : "",
		    is_percent ? "% or " : "", arg);
	*ret = n;
	return 0;
}

static int
read_min_free(const char *arg, struct collect_options *o, struct err *e)
{
	o->min_free = 0;
	o->min_free_percent = 0;
	if (strchr(arg, '%') != NULL)
		return read_percent(arg, 1, 99, &o->min_free_percent, e);
	return read_size(arg, true, &o->min_free, e);
}

int
collect_option(int letter, const char *arg, struct collect_options *o,
    struct err *e)
{
	const char *name = NULL;
	int rc = 0;

	if (letter < COLLECT_KEEP_UNLISTED || letter > COLLECT_IN_USE)
		return 0;
	switch ((enum collect_letter)letter) {
	case COLLECT_KEEP_UNLISTED:
		name = "keep-unlisted";
		rc = read_term(arg, &o->unlisted_s, e);
		break;
	case COLLECT_GRACE:
		name = "grace";
		rc = duration_parse(arg, KEEP_FOR_MAX_S, &o->grace_s, e);
		break;
	case COLLECT_MIN_FREE:
		name = "min-free";
		rc = read_min_free(arg, o, e);
		break;
	case COLLECT_MAX_SIZE:
		name = "max-size";
		rc = read_size(arg, false, &o->max_size, e);
		break;
	case COLLECT_MAX_DELETE:
		name = "max-delete";
		rc = read_percent(arg, 0, 100, &o->max_delete, e);
		break;
	case COLLECT_IN_USE:
		name = "in-use";
		o->in_use[o->in_use_count++] = arg;
		break;
	}
	o->is_given = true;
	return rc == -1 ? err_wrap(e, "--%s", name) : 1;
}

static int
read_use(const char *path, struct keep_use *use, struct err *e)
{
	const char *name = path;
	char *buf = NULL;
	size_t len = 0;
	int rc;

	if (strcmp(path, "-") == 0) {
		name = "standard input";
		rc = fs_read_all(STDIN_FILENO, USE_BYTES_MAX, &buf, &len, e);
		if (rc == -1)
			return err_wrap(e, "%s", name);
	} else {
		rc = fs_read_named(path, USE_BYTES_MAX, &buf, &len, e);
		if (rc == 0)
			return err_set(e, ERR_INPUT, "%s: no such file", path);
		if (rc == -1)
			return -1;
	}
	rc = keep_use_read(use, name, buf, len, e);
	free(buf);
	return rc;
}

int
collect_use_read(const struct collect_options *o, struct keep_use *use,
    struct err *e)
{
	size_t i;

	for (i = 0; i < o->in_use_count; i++)
		if (read_use(o->in_use[i], use, e) == -1)
			return err_wrap(e, "--in-use");
	return 0;
}

uint64_t
collect_min_free(const struct collect_options *o, const struct store *store)
{
	struct store_space space;
	struct err ignored;

	if (o->min_free_percent == 0 ||
	    store_space(store, &space, &ignored) == -1)
		return o->min_free;
	return space.bytes / 100 * o->min_free_percent;
}
