/*
 * What is kept whatever a list says.  People may write it as well: their lines,
 * and what they remark, stay as they are.  A line that nobody understands is an
 * error, or what it was meant to keep would go.
 */
#include <stdlib.h>
#include <string.h>

#include "fsutil.h"
#include "mem.h"
#include "name.h"
#include "pins.h"

char *
full_name(const char *registry, const char *repository, const char *reference,
    char buf[FULL_NAME_MAX])
{
	snprintf(buf, FULL_NAME_MAX, "%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
	return buf;
}

static bool
is_digest(const char *text)
{
	struct digest ignored;
	struct err why;

	return digest_parse(text, &ignored, &why) == 0;
}

/* "library/nginx" lacks one, and is not a registry's "nginx". */
static bool
is_registry(const char *name)
{
	return name_is_registry(name) && (strpbrk(name, ".:") != NULL ||
	    strcmp(name, "localhost") == 0);
}

bool
full_name_split(const char *name, struct full_name *ret)
{
	const char *slash = strchr(name, '/'), *end = strchr(name, '@');

	if (end != NULL ? !is_digest(end + 1) :
	    (end = strrchr(name, ':')) == NULL || !name_is_tag(end + 1))
		return false;
	if (slash == NULL || slash > end ||
	    (size_t)(slash - name) >= sizeof(ret->registry) ||
	    (size_t)(end - slash) > sizeof(ret->repository))
		return false;
	snprintf(ret->registry, sizeof(ret->registry), "%.*s",
	    (int)(slash - name), name);
	snprintf(ret->repository, sizeof(ret->repository), "%.*s",
	    (int)(end - slash - 1), slash + 1);
	snprintf(ret->reference, sizeof(ret->reference), "%s", end + 1);
	return is_registry(ret->registry) &&
	    name_is_repository(ret->repository);
}

static bool
is_remark(const char *line)
{
	return line[0] == '\0' || line[0] == '#';
}

/* Pointers to lines do not outlive a change. */
static void
changed(struct pins *p)
{
	free(p->sorted);
	p->sorted = NULL;
}

static void
add_line(struct pins *p, char *line)
{
	if (p->count == p->room) {
		p->room = p->room == 0 ? 16 : 2 * p->room;
		p->lines = xreallocarray(p->lines, p->room, sizeof(char *));
	}
	p->lines[p->count++] = line;
	changed(p);
}

/* Of a line that is none no more is said than its number: it may be
 * anything. */
int
pins_parse(const char *text, size_t len, struct pins *ret, struct err *e)
{
	struct pins p = { NULL, 0, 0, NULL };
	struct full_name ignored;
	const char *line;
	size_t n;

	if (strlen(text) != len)
		return err_set(e, ERR_DATA, "it is no text");
	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		add_line(&p, xstrndup(text, n));
		line = p.lines[p.count - 1];
		if (is_remark(line) || full_name_split(line, &ignored))
			continue;
		err_set(e, ERR_DATA, "line %zu is no full name, such as "
		    "docker.io/library/nginx:1.27", p.count);
		pins_done(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void
pins_done(struct pins *p)
{
	fs_list_free(p->lines, p->count);
	free(p->sorted);
	*p = (struct pins){ NULL, 0, 0, NULL };
}

static int
compare_lines(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Sorted when it is first asked for. */
bool
pins_have(struct pins *p, const char *name)
{
	size_t i;

	if (p->count == 0)
		return false;
	if (p->sorted == NULL) {
		p->sorted = xcalloc(p->count, sizeof(char *));
		for (i = 0; i < p->count; i++)
			p->sorted[i] = p->lines[i];
		qsort(p->sorted, p->count, sizeof(char *), compare_lines);
	}
	return bsearch(&name, p->sorted, p->count, sizeof(char *),
	    compare_lines) != NULL;
}

bool
pins_add(struct pins *p, const char *name)
{
	if (pins_have(p, name))
		return false;
	add_line(p, xstrdup(name));
	return true;
}

/* People may have it twice. */
bool
pins_remove(struct pins *p, const char *name)
{
	size_t i, left = 0, before = p->count;

	for (i = 0; i < before; i++) {
		if (strcmp(p->lines[i], name) == 0)
			free(p->lines[i]);
		else
			p->lines[left++] = p->lines[i];
	}
	p->count = left;
	changed(p);
	return left < before;
}

char *
pins_text(const struct pins *p, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = xtext_open(&text, ret_len);
	size_t i;

	for (i = 0; i < p->count; i++)
		fprintf(out, "%s\n", p->lines[i]);
	xtext_close(out);
	return text;
}

const char *
pins_next(const struct pins *p, size_t *at)
{
	while (*at < p->count && is_remark(p->lines[*at]))
		++*at;
	return *at < p->count ? p->lines[(*at)++] : NULL;
}
