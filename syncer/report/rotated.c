#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "report/rotated.h"

/* More digits than any counter or date has. */
#define DIGITS_MAX	20u
#define SUFFIX_MAX	(2 * DIGITS_MAX)

struct found {
	char suffix[SUFFIX_MAX + 1];
};

/* What is behind the log's name: ".7", "-20261130", "-20261130-1795996800". */
static bool
is_suffix(const char *text)
{
	size_t len = strlen(text);

	if (len < 2 || len > SUFFIX_MAX)
		return false;
	if (text[0] == '.')
		return len <= DIGITS_MAX &&
		    strspn(text + 1, "0123456789") == len - 1;
	return text[0] == '-' && text[1] != '-' &&
	    strspn(text + 1, "0123456789-") == len - 1;
}

/* All begin with the log's own name, so the first byte that may tell them apart
 * is the one behind it: "-" is before ".". Dates grow, and numbers shrink. */
static int
compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	size_t x_len = strlen(x->suffix), y_len = strlen(y->suffix);

	if (x->suffix[0] != y->suffix[0] || x->suffix[0] == '-')
		return strcmp(x->suffix, y->suffix);
	if (x_len != y_len)
		return x_len < y_len ? 1 : -1;
	return strcmp(y->suffix, x->suffix);
}

void
rotated_find(const char *log, struct rotated *ret)
{
	const char *slash = strrchr(log, '/');
	const char *name = slash == NULL ? log : slash + 1;
	char *folder = slash == NULL ? xstrdup(".") :
	    xstrndup(log, (size_t)(slash - log) + 1);
	size_t len = strlen(name), count = 0;
	struct found *found = NULL;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && count < ROTATED_MAX &&
	    (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, name, len) != 0 ||
		    !is_suffix(entry->d_name + len))
			continue;
		found = xgrow(found, count, sizeof(*found));
		snprintf(found[count].suffix, sizeof(found[count].suffix),
		    "%s", entry->d_name + len);
		count++;
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
	if (count > 0)
		qsort(found, count, sizeof(*found), compare);
	*ret = (struct rotated){ .count = count };
	ret->paths = xcalloc(count + 1, sizeof(*ret->paths));
	for (count = 0; count < ret->count; count++)
		ret->paths[count] = xasprintf("%s%s", log, found[count].suffix);
	free(found);
}

void
rotated_done(struct rotated *rotated)
{
	size_t i;

	for (i = 0; i < rotated->count; i++)
		free(rotated->paths[i]);
	free(rotated->paths);
	*rotated = (struct rotated){ .count = 0 };
}
