/*
 * The index.json that is there, a line a reference, as write_index wrote it: of
 * a repository that has not changed since, its lines hold.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsutil.h"
#include "limits.h"
#include "mem.h"
#include "name.h"
#include "store_internal.h"

#define NAME	"\"org.opencontainers.image.ref.name\":\""
#define OLD_LINE_MAX	4096u

struct old_index {
	FILE *in;
	time_t written;
	bool has_line, is_over, is_damaged;
	size_t len;			/* of the line, without its comma */
	char name[OLD_LINE_MAX];	/* in it */
	char line[OLD_LINE_MAX];
};

/* The file system's clock says when it was written. */
struct old_index *
old_index_open(const struct store *st)
{
	struct old_index *o = xcalloc(1, sizeof(*o));
	struct err ignored;
	struct stat sb;
	int fd;

	if (!st->was_dirty && fs_open_file(st->root, "index.json", O_RDONLY,
	    &fd, &ignored) == 1) {
		o->in = fdopen(fd, "r");
		if (o->in == NULL)
			close(fd);
		else
			(void)setvbuf(o->in, NULL, _IOFBF, STREAM_BUFFER);
	}
	if (o->in != NULL && fstat(fileno(o->in), &sb) == 0 &&
	    fgets(o->line, sizeof(o->line), o->in) != NULL &&
	    strcmp(o->line, INDEX_HEAD "\n") == 0) {
		o->written = sb.st_mtim.tv_sec;
		return o;
	}
	old_index_close(o);
	return NULL;
}

void
old_index_close(struct old_index *o)
{
	if (o == NULL)
		return;
	if (o->in != NULL)
		fclose(o->in);
	free(o);
}

time_t
old_index_written(const struct old_index *o)
{
	return o->written;
}

bool
old_index_is_damaged(const struct old_index *o)
{
	return o->is_damaged;
}

/* What follows the line's own object: a comma, or the end of all. */
static bool
take_end(struct old_index *o)
{
	size_t len = strlen(o->line);
	const char *end;

	if (len == 0 || o->line[len - 1] != '\n')
		return false;
	end = len >= 4 && strncmp(o->line + len - 4, "}]}\n", 4) == 0 ?
	    "]}\n" : ",\n";
	if (len < 4 || strcmp(o->line + len - strlen(end), end) != 0)
		return false;
	o->is_over = end[0] == ']';
	o->len = len - strlen(end);
	return true;
}

/* A name that is not behind the one before it is none of ours. */
static bool
take_name(struct old_index *o)
{
	char name[OLD_LINE_MAX];
	const char *at = strstr(o->line, NAME);
	size_t len;

	if (at == NULL)
		return false;
	at += strlen(NAME);
	len = strcspn(at, "\"");
	memcpy(name, at, len);
	name[len] = '\0';
	if (o->name[0] != '\0' && name_order(o->name, name) >= 0)
		return false;
	memcpy(o->name, name, len + 1);
	return true;
}

static bool
more(struct old_index *o)
{
	if (o->has_line)
		return true;
	if (o->is_over || o->is_damaged)
		return false;
	if (fgets(o->line, sizeof(o->line), o->in) != NULL && take_end(o) &&
	    take_name(o))
		o->has_line = true;
	else
		o->is_damaged = true;
	return o->has_line;
}

/* Is this the name of a reference of that repository? */
static bool
is_of(const char *name, const char *full)
{
	size_t len = strlen(full);

	return strncmp(name, full, len) == 0 &&
	    (name[len] == ':' || name[len] == '@') &&
	    strchr(name + len, '/') == NULL;
}

const char *
old_index_next(struct old_index *o, const char *full, size_t *ret_len)
{
	while (more(o)) {
		if (is_of(o->name, full)) {
			o->has_line = false;
			*ret_len = o->len;
			return o->line;
		}
		if (name_order(o->name, full) > 0)
			return NULL;
		o->has_line = false;
	}
	return NULL;
}
