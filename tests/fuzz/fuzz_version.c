/*
 * Versions and ranges.  A line is a tag; the first one is a range as well.  The
 * order of versions is one: of any three no two contradict the third; a version
 * is in the range of itself, and a range does not let in what is none.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/version.h"
#include "image/version_range.h"
#include "layout/mem.h"

#define LINES_MAX	12

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* Cut the text into lines, of which it then consists. */
static size_t
cut(char *text, char *lines[LINES_MAX])
{
	size_t count = 0;

	while (count < LINES_MAX && text != NULL) {
		lines[count++] = text;
		text = strchr(text, '\n');
		if (text != NULL)
			*text++ = '\0';
	}
	return count;
}

static void
check_order(const struct version *v, size_t count)
{
	size_t i, j, k;
	int ij, jk, ik;

	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++) {
			ij = version_compare(&v[i], &v[j]);
			must(ij == -version_compare(&v[j], &v[i]));
			must(i != j || ij == 0);
			for (k = 0; k < count; k++) {
				jk = version_compare(&v[j], &v[k]);
				ik = version_compare(&v[i], &v[k]);
				must(ij > 0 || jk > 0 || ik <= 0);
				must(ij >= 0 || jk > 0 || ik < 0);
			}
		}
}

/* What version_parse takes is what it was written as. */
static void
check_version(const char *text, const struct version *v)
{
	size_t i;

	must(v->parts >= 1 && v->parts <= 3);
	for (i = 0; i < 3; i++)
		must(v->number[i] <= 999999999 &&
		    (i < v->parts || v->number[i] == 0));
	must(!v->is_plain || v->suffix_len == 0);
	must(v->suffix_len == 0 || (v->suffix > text &&
	    v->suffix + v->suffix_len <= text + strlen(text)));
	must(v->suffix_len == 0 ||
	    version_is_suffix(v->suffix, v->suffix_len));
}

/* "1.2.3-rc.1" as a range, which is about that version and no other. */
static void
check_own_range(const char *text, const struct version *v)
{
	struct version_range *range;
	struct err e;
	char *own = xasprintf("=%u.%u.%u%s%.*s", v->number[0], v->number[1],
	    v->number[2], v->suffix_len > 0 ? "-" : "", (int)v->suffix_len,
	    v->suffix_len > 0 ? v->suffix : "");

	if (version_range_parse(own, &range, &e) == 0) {
		/* Build metadata wants a range with a suffix. */
		must(version_range_matches(range, text) ==
		    (v->is_plain || v->suffix_len > 0));
		version_range_free(range);
	} else {
		must(strlen(own) > 200);
	}
	free(own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len), *lines[LINES_MAX];
	struct version versions[LINES_MAX];
	struct version_range *range = NULL;
	struct err e = { .code = ERR_NONE };
	size_t i, count = cut(text, lines), found = 0;

	if (version_range_parse(lines[0], &range, &e) == -1)
		must(e.code == ERR_INPUT && e.msg[0] != '\0' && range == NULL);
	for (i = 0; i < count; i++) {
		if (version_parse(lines[i], &versions[found]) == 1) {
			check_version(lines[i], &versions[found]);
			check_own_range(lines[i], &versions[found++]);
			if (range != NULL)
				(void)version_range_matches(range, lines[i]);
		} else if (range != NULL) {
			must(!version_range_matches(range, lines[i]));
		}
	}
	check_order(versions, found);
	version_range_free(range);
	free(text);
	return 0;
}
