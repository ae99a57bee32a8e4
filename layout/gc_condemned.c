#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "fsutil.h"
#include "gc_condemned.h"
#include "store_internal.h"

#define HEAD	"condemned 1 "

static const char *const classes[] = {
	[GC_CLASS_LINK] = "link",
	[GC_CLASS_MANIFEST] = "manifest",
	[GC_CLASS_BLOB] = "blob",
	[GC_CLASS_UNFINISHED] = "unfinished",
	[GC_CLASS_PARTIAL] = "partial",
	[GC_CLASS_QUARANTINE] = "quarantine",
	[GC_CLASS_IMPORT] = "import",
};
#define CLASSES	(sizeof(classes) / sizeof(classes[0]))

/* --- a line ------------------------------------------------------------ */

/* Up to ${max}, and ended by ${end}; NULL: it is none. */
static const char *
read_number(const char *s, uint64_t max, char end, uint64_t *ret)
{
	uint64_t value = 0;
	const char *at = s;

	for (; *at >= '0' && *at <= '9' && at - s < 12; at++)
		value = 10 * value + (uint64_t)(*at - '0');
	if (at == s || *at != end || value > max)
		return NULL;
	*ret = value;
	return at + 1;
}

bool
gc_condemned_head(const char *line, int64_t *ret)
{
	uint64_t value;

	if (strncmp(line, HEAD, strlen(HEAD)) != 0 ||
	    read_number(line + strlen(HEAD), INT32_MAX * (uint64_t)64, '\0',
	    &value) == NULL)
		return false;
	*ret = (int64_t)value;
	return true;
}

/* It is a name in one folder of ours. */
static bool
is_file(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static bool
is_digest(const char *text)
{
	struct err ignored;
	struct digest d;

	return digest_parse(text, &d, &ignored) == 0;
}

static bool
is_of_class(enum gc_class class, const char *name)
{
	const char *at = strrchr(name, '@');

	switch (class) {
	case GC_CLASS_LINK:
		return at != NULL && at != name && is_digest(at + 1);
	case GC_CLASS_MANIFEST:
	case GC_CLASS_BLOB:
	case GC_CLASS_UNFINISHED:
		return is_digest(name);
	case GC_CLASS_PARTIAL:
	case GC_CLASS_QUARANTINE:
	case GC_CLASS_IMPORT:
		return is_file(name);
	}
	return false;
}

bool
gc_condemned_line(const char *line, uint32_t *ret_age,
    enum gc_class *ret_class, const char **ret_name)
{
	const char *at, *name;
	uint64_t age;
	size_t i, len;

	at = read_number(line, CONDEMNED_AGE_MAX, ' ', &age);
	if (at == NULL)
		return false;
	len = strcspn(at, " ");
	for (i = 0; i < CLASSES; i++)
		if (strlen(classes[i]) == len &&
		    memcmp(classes[i], at, len) == 0)
			break;
	if (i == CLASSES || at[len] != ' ')
		return false;
	name = at + len + 1;
	if (!is_of_class((enum gc_class)i, name))
		return false;
	*ret_age = (uint32_t)age;
	*ret_class = (enum gc_class)i;
	*ret_name = name;
	return true;
}

/* --- reading ----------------------------------------------------------- */

/* One name is in one class at a time, but for a manifest that has begun as
 * unfinished: as that it is told apart. */
static enum gc_state
state_of(enum gc_class class)
{
	return class == GC_CLASS_UNFINISHED ? GC_KEPT : GC_LEFT;
}

static uint64_t
number_of(const struct gc_key *key, enum gc_class class, const char *name)
{
	const char *at = strrchr(name, '@');
	struct err ignored;
	struct digest d = { 0 };
	uint64_t above;

	switch (class) {
	case GC_CLASS_LINK:
		above = gc_hash(key, GC_NAME_REPOSITORY, 0, name,
		    (size_t)(at - name));
		(void)digest_parse(at + 1, &d, &ignored);
		return gc_hash(key, GC_NAME_LINK, above, &d, sizeof(d));
	case GC_CLASS_MANIFEST:
	case GC_CLASS_BLOB:
	case GC_CLASS_UNFINISHED:
		(void)digest_parse(name, &d, &ignored);
		return gc_hash(key, GC_NAME_OBJECT, 0, &d, sizeof(d));
	case GC_CLASS_PARTIAL:
	case GC_CLASS_QUARANTINE:
	case GC_CLASS_IMPORT:
		break;
	}
	return gc_hash(key, GC_NAME_FILE, (uint64_t)class, name, strlen(name));
}

/* Return false if it makes no sense. */
static bool
read_lines(struct gc_ages *ages, FILE *in)
{
	char line[CONDEMNED_LINE_MAX];
	enum gc_class class;
	const char *name;
	uint32_t age;
	size_t len, count = 0;

	while (fgets(line, sizeof(line), in) != NULL) {
		len = strlen(line);
		if (len == 0 || line[len - 1] != '\n' ||
		    count > CONDEMNED_LINES_MAX)
			return false;
		line[len - 1] = '\0';
		if (count++ == 0) {
			if (!gc_condemned_head(line, &ages->last))
				return false;
			continue;
		}
		if (!gc_condemned_line(line, &age, &class, &name))
			return false;
		gc_table_put(&ages->table, number_of(&ages->key, class, name),
		    state_of(class), age);
	}
	return count > 0 && !ferror(in);
}

void
gc_ages_read(const struct store *st, const struct gc_key *key, int64_t now,
    struct gc_ages *ret)
{
	struct err ignored;
	FILE *in = NULL;
	int fd = -1;

	memset(ret, 0, sizeof(*ret));
	ret->table.has_ages = true;
	ret->key = *key;
	ret->now = now;
	if (fs_open_file(st->root, STORE_CONDEMNED_FILE, O_RDONLY, &fd,
	    &ignored) == 1)
		in = fdopen(fd, "r");
	if (in == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	ret->is_known = read_lines(ret, in);
	if (!ret->is_known)
		gc_table_done(&ret->table);
	fclose(in);
}

void
gc_ages_done(struct gc_ages *ages)
{
	gc_table_done(&ages->table);
}

bool
gc_age(const struct gc_ages *ages, enum gc_class class, uint64_t name,
    int64_t term, uint32_t *ret)
{
	int64_t more = 0;
	uint32_t age;

	*ret = 0;
	if (!ages->is_known ||
	    !gc_table_age(&ages->table, name, state_of(class), &age))
		return false;
	if (ages->now > ages->last)
		more = ages->now - ages->last;
	if (more > term / 2)
		more = term / 2;
	*ret = more > CONDEMNED_AGE_MAX - age ? CONDEMNED_AGE_MAX :
	    age + (uint32_t)more;
	return true;
}

/* --- writing ----------------------------------------------------------- */

int
gc_condemned_open(struct store *st, int64_t now, struct gc_condemned *w,
    struct err *e)
{
	int fd;

	w->st = st;
	w->stream = NULL;
	w->count = 0;
	fd = store_tmp_create(st, w->tmp);
	if (fd != -1)
		w->stream = fdopen(fd, "w");
	if (w->stream == NULL) {
		err_sys(e, "%s: cannot create", w->tmp);
		if (fd != -1)
			close(fd);
		return -1;
	}
	(void)setvbuf(w->stream, NULL, _IOFBF, STREAM_BUFFER);
	fprintf(w->stream, HEAD "%" PRId64 "\n", now < 0 ? 0 : now);
	return 0;
}

void
gc_condemned_add(struct gc_condemned *w, uint32_t age, enum gc_class class,
    const char *name)
{
	if (w->stream != NULL && w->count < CONDEMNED_LINES_MAX &&
	    strlen(name) < CONDEMNED_LINE_MAX - 32) {
		fprintf(w->stream, "%" PRIu32 " %s %s\n", age, classes[class],
		    name);
		w->count++;
	}
}

int
gc_condemned_close(struct gc_condemned *w, bool keep, struct err *e)
{
	int rc = 0;

	if (w->stream == NULL)
		return 0;
	if (keep && (fflush(w->stream) != 0 || ferror(w->stream) ||
	    fsync(fileno(w->stream)) == -1 ||
	    renameat(w->st->root, w->tmp, w->st->root,
	    STORE_CONDEMNED_FILE) == -1))
		rc = err_sys(e, STORE_CONDEMNED_FILE ": cannot write");
	if (!keep || rc == -1)
		(void)unlinkat(w->st->root, w->tmp, 0);
	fclose(w->stream);
	w->stream = NULL;
	if (keep && rc == 0)
		rc = fs_sync_dir(w->st->root, "_state", e);
	return rc;
}
