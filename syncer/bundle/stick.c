#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/stick.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "report/printable.h"
#include "report/report.h"

/* --- files ------------------------------------------------------------- */

static int
wrong_path(struct err *e, const char *path, const char *what)
{
	char shown[512];

	snprintf(shown, sizeof(shown), "%s", path);
	printable(shown);
	return err_set(e, ERR_DATA, "%s: %s", shown, what);
}

int
stick_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat sb;

	if (fd == -1 && errno == ELOOP)
		return wrong_path(e, path, "it is a link: none is followed "
		    "there");
	if (fd == -1 || fstat(fd, &sb) == -1) {
		wrong_path(e, path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (!S_ISREG(sb.st_mode)) {
		close(fd);
		return wrong_path(e, path, "it is no regular file");
	}
	return fd;
}

static int
read_file(const char *path, size_t max, char **ret, size_t *ret_len,
    struct err *e)
{
	int fd = stick_open(path, e), rc;

	if (fd == -1)
		return -1;
	rc = fs_read_all(fd, max, ret, ret_len, e);
	close(fd);
	if (rc == -1)
		err_wrap(e, "%.300s", path);
	printable(e->msg);
	return rc;
}

static void
complain(struct stick *st, const struct err *e)
{
	st->bad++;
	report(REPORT_ERROR, "%s", e->msg);
}

/* --- heads ------------------------------------------------------------- */

int
stick_head_read(struct part *p, struct stick_head *ret, struct err *e)
{
	struct stick_head h = { .statement = NULL };
	struct part_member m;
	int rc;

	while ((rc = part_next(p, &m, e)) == 1) {
		if (strcmp(m.name, BUNDLE_STATEMENT) == 0)
			rc = part_text(p, BUNDLE_TEXT_MAX, &h.statement,
			    &h.statement_len, e);
		else if (h.statement == NULL)
			rc = err_set(e, ERR_DATA, "%s: a part begins with its "
			    "statement", m.name);
		else if (strcmp(m.name, BUNDLE_SIGNATURE) == 0)
			rc = part_text(p, BUNDLE_SIGNATURE_MAX, &h.signature,
			    &h.signature_len, e);
		else if (strcmp(m.name, BUNDLE_TABLE) == 0)
			rc = part_text(p, BUNDLE_TEXT_MAX, &h.table,
			    &h.table_len, e);
		else
			rc = err_set(e, ERR_DATA, "%s: no table stands before "
			    "it", m.name);
		if (rc == -1 || h.table != NULL)
			break;
	}
	if (rc != -1 && h.table != NULL) {
		*ret = h;
		return 1;
	}
	stick_head_done(&h);
	if (rc == 0 && part_is_empty(p))
		return 0;
	return rc == -1 ? -1 : err_set(e, ERR_DATA, "it has no table");
}

void
stick_head_done(struct stick_head *h)
{
	free(h->statement);
	free(h->signature);
	free(h->table);
	*h = (struct stick_head){ .statement = NULL };
}

/* --- bundles ----------------------------------------------------------- */

static struct stick_bundle *
bundle_of(struct stick *st, const char *text, size_t len, const char *name)
{
	struct stick_bundle *b;
	struct err e;
	size_t i;

	for (i = 0; i < st->count; i++)
		if (st->bundles[i]->len == len &&
		    memcmp(st->bundles[i]->text, text, len) == 0)
			return st->bundles[i];
	if (st->count == STICK_BUNDLES_MAX ||
	    len > STICK_TEXT_MAX - st->text_bytes) {
		wrong_path(&e, name, "it is left out: there are too many "
		    "statements");
		complain(st, &e);
		return NULL;
	}
	b = xcalloc(1, sizeof(*b));
	b->text = xmalloc(len + 1);
	memcpy(b->text, text, len);
	b->text[len] = '\0';
	b->len = len;
	b->name = xstrdup(name);
	printable(b->name);
	st->text_bytes += len;
	st->bundles = xreallocarray(st->bundles, st->count + 1,
	    sizeof(struct stick_bundle *));
	st->bundles[st->count++] = b;
	return b;
}

static void
add_signature(struct stick_bundle *b, const char *bytes, size_t len)
{
	struct stick_signature *s;
	size_t i;

	for (i = 0; i < b->signature_count; i++)
		if (b->signatures[i].len == len &&
		    memcmp(b->signatures[i].bytes, bytes, len) == 0)
			return;
	if (b->signature_count == STICK_SIGNATURES_MAX)
		return;
	s = &b->signatures[b->signature_count++];
	s->bytes = xmalloc(len + 1);
	memcpy(s->bytes, bytes, len);
	s->bytes[len] = '\0';
	s->len = len;
}

struct stick_bundle *
stick_add(struct stick *st, const struct stick_head *h, const char *name)
{
	struct stick_bundle *b = bundle_of(st, h->statement, h->statement_len,
	    name);

	if (b != NULL && h->signature != NULL)
		add_signature(b, h->signature, h->signature_len);
	return b;
}

/* Made elsewhere, and laid beside the statement. */
static void
look_beside(struct stick *st, struct stick_bundle *b, const char *statement)
{
	char *path = xasprintf("%s.sig", statement), *bytes;
	struct err e;
	size_t len;

	if (access(path, F_OK) == 0) {
		if (read_file(path, BUNDLE_SIGNATURE_MAX, &bytes, &len,
		    &e) == -1) {
			complain(st, &e);
		} else {
			add_signature(b, bytes, len);
			free(bytes);
		}
	}
	free(path);
}

static bool
has_end(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && strncasecmp(name + len - n, end, n) == 0;
}

static bool
is_statement(const char *name)
{
	return has_end(name, strlen(name), BUNDLE_SUFFIX);
}

/* STEM.cdr.NNN: the length of STEM.cdr, or 0. */
static size_t
stem_of_part(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot == NULL ? 0 : (size_t)(dot - name);

	return len > 0 && dot[1] != '\0' &&
	    dot[1 + strspn(dot + 1, "0123456789")] == '\0' &&
	    has_end(name, len, BUNDLE_SUFFIX) ? len : 0;
}

static void
look_statement(struct stick *st, const char *path)
{
	struct stick_bundle *b;
	struct err e;
	char *text;
	size_t len;

	if (read_file(path, BUNDLE_TEXT_MAX, &text, &len, &e) == -1) {
		complain(st, &e);
		return;
	}
	b = bundle_of(st, text, len, path);
	free(text);
	if (b != NULL)
		look_beside(st, b, path);
}

static int
read_head(const char *path, struct stick_head *ret, struct err *e)
{
	int fd = stick_open(path, e), rc = -1;
	struct part *p;

	if (fd == -1)
		return -1;
	if (part_open(fd, path, &p, e) == 0) {
		rc = stick_head_read(p, ret, e);
		if (rc == 0)
			rc = wrong_path(e, path, "it is empty");
		else if (rc == -1 && strncmp(e->msg, path, strlen(path)) != 0)
			err_wrap(e, "%.300s", path);
		part_close(p);
	}
	close(fd);
	return rc == 1 ? 0 : -1;
}

static void
look_part(struct stick *st, const char *path)
{
	struct stick_head h;
	struct stick_bundle *b;
	size_t stem = stem_of_part(path);
	struct err e;
	char *statement;

	if (read_head(path, &h, &e) == -1) {
		printable(e.msg);
		complain(st, &e);
		return;
	}
	b = stick_add(st, &h, path);
	stick_head_done(&h);
	if (b == NULL)
		return;
	b->paths = xreallocarray(b->paths, b->path_count + 1, sizeof(char *));
	b->paths[b->path_count++] = xstrdup(path);
	if (stem > 0) {
		statement = xstrndup(path, stem);
		look_beside(st, b, statement);
		free(statement);
	}
}

/* Other files on a stick are nobody's business. */
static void
look_folder(struct stick *st, const char *path)
{
	char **names, *inner;
	size_t i, count;
	struct err e;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 ? err_sys(&e, "cannot read it") :
	    fs_list(fd, ".", &names, &count, &e);

	if (fd != -1)
		close(fd);
	if (rc != 1) {
		wrong_path(&e, path, rc == 0 ? "it is no folder" : e.msg);
		complain(st, &e);
		return;
	}
	for (i = 0; i < count; i++) {
		if (names[i][0] == '.' || (!is_statement(names[i]) &&
		    stem_of_part(names[i]) == 0))
			continue;
		inner = xasprintf("%s/%s", path, names[i]);
		if (is_statement(names[i]))
			look_statement(st, inner);
		else
			look_part(st, inner);
		free(inner);
	}
	fs_list_free(names, count);
}

/* Who names a statement means its bundle. */
static void
look_parts_of(struct stick *st, const char *statement)
{
	const char *slash = strrchr(statement, '/');
	const char *name = slash == NULL ? statement : slash + 1;
	size_t i, count, len = strlen(name);
	char *folder = slash == NULL ? xstrdup(".") :
	    xstrndup(statement, (size_t)(slash - statement) + 1);
	char **names, *path;
	struct err ignored;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 ? -1 : fs_list(fd, ".", &names, &count, &ignored);

	free(folder);
	if (fd != -1)
		close(fd);
	if (rc != 1)
		return;		/* then they have to be named */
	for (i = 0; i < count; i++) {
		if (stem_of_part(names[i]) != len ||
		    strncmp(names[i], name, len) != 0)
			continue;
		path = xasprintf("%.*s%s", (int)(name - statement), statement,
		    names[i]);
		look_part(st, path);
		free(path);
	}
	fs_list_free(names, count);
}

void
stick_look(struct stick *st, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
		look_folder(st, path);
	else if (is_statement(path)) {
		look_statement(st, path);
		look_parts_of(st, path);
	} else
		look_part(st, path);
}

static int
compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* In streams, as their numbers say. */
static int
compare_streams(const void *a, const void *b)
{
	const struct stick_bundle *x = *(struct stick_bundle *const *)a;
	const struct stick_bundle *y = *(struct stick_bundle *const *)b;
	int rc;

	if (!x->is_parsed || !y->is_parsed)
		return (int)y->is_parsed - (int)x->is_parsed;
	rc = strcmp(x->s.from, y->s.from);
	if (rc == 0)
		rc = strcmp(x->s.to, y->s.to);
	return rc != 0 ? rc : compare_numbers((int64_t)x->s.seq,
	    (int64_t)y->s.seq);
}

static int
compare_times(const void *a, const void *b)
{
	const struct stick_bundle *x = *(struct stick_bundle *const *)a;
	const struct stick_bundle *y = *(struct stick_bundle *const *)b;
	int rc;

	if (!x->is_parsed || !y->is_parsed)
		return (int)y->is_parsed - (int)x->is_parsed;
	rc = strcmp(x->s.from, y->s.from);
	if (rc == 0)
		rc = compare_numbers(x->not_before, y->not_before);
	return rc != 0 ? rc : compare_streams(a, b);
}

/* Two streams of one sender have only their times in common.  Within one the
 * number counts, whatever the clock said. */
void
stick_sort(struct stick *st)
{
	struct stick_bundle *b, *before = NULL;
	size_t i;

	if (st->count < 2)
		return;
	qsort(st->bundles, st->count, sizeof(struct stick_bundle *),
	    compare_streams);
	for (i = 0; i < st->count; i++, before = b) {
		b = st->bundles[i];
		b->not_before = b->s.created;
		if (before != NULL && before->is_parsed && b->is_parsed &&
		    strcmp(before->s.from, b->s.from) == 0 &&
		    strcmp(before->s.to, b->s.to) == 0 &&
		    before->not_before > b->not_before)
			b->not_before = before->not_before;
	}
	qsort(st->bundles, st->count, sizeof(struct stick_bundle *),
	    compare_times);
}

void
stick_done(struct stick *st)
{
	struct stick_bundle *b;
	size_t i, j;

	for (i = 0; i < st->count; i++) {
		b = st->bundles[i];
		if (b->is_parsed)
			statement_done(&b->s);
		for (j = 0; j < b->signature_count; j++)
			free(b->signatures[j].bytes);
		fs_list_free(b->paths, b->path_count);
		free(b->text);
		free(b->name);
		free(b);
	}
	free(st->bundles);
	*st = (struct stick){ .count = 0 };
}

/* --- who, and for whom ------------------------------------------------- */

static int
check_signature(const struct stick_bundle *b, const struct bundle_keys *keys,
    struct err *e)
{
	size_t i;

	if (keys == NULL)
		return 0;
	for (i = 0; i < b->signature_count; i++)
		if (bundle_verify(keys, BUNDLE_NAMESPACE, b->text, b->len,
		    b->signatures[i].bytes, b->signatures[i].len, e) == 0)
			return 0;
	return b->signature_count > 0 ? -1 : err_set(e, ERR_SIGNATURE,
	    "it is not signed");
}

/* Nothing is made of what anybody may have written. */
void
stick_judge(struct stick_bundle *b, const struct bundle_keys *keys,
    const char *site)
{
	if (check_signature(b, keys, &b->err) == 0)
		b->is_parsed = statement_parse(b->text, b->len, &b->s,
		    &b->err) == 0;
	if (b->is_parsed && strcmp(b->s.to, "*") != 0 &&
	    strcmp(b->s.to, site) != 0)
		err_set(&b->err, ERR_INPUT, "it is for %s, and this is %s: "
		    "--site NAME says who we are", b->s.to, site);
	if (b->err.code != ERR_NONE)
		err_wrap(&b->err, "%.300s: refused", b->name);
	printable(b->err.msg);
}
