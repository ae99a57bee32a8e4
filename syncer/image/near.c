/* The distance of Damerau and Levenshtein, in the form without overlaps:
 * three rows of the table are enough. */
#include <string.h>

#include "image/near.h"

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Not tolower(3): that asks the locale. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One row, from the two before it. */
static void
fill(const char *a, size_t i, const char *b, size_t len, unsigned *const *rows)
{
	const unsigned *before = rows[0], *above = rows[1];
	unsigned *row = rows[2];
	size_t j;

	row[0] = (unsigned)i;
	for (j = 1; j <= len; j++) {
		row[j] = least(above[j], row[j - 1]) + 1;
		row[j] = least(row[j], above[j - 1] +
		    (lower(a[i - 1]) != lower(b[j - 1])));
		if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
		    lower(a[i - 2]) == lower(b[j - 1]))
			row[j] = least(row[j], before[j - 2] + 1);
	}
}

unsigned
near_slips(const char *a, const char *b)
{
	unsigned table[3][NEAR_WORD_MAX + 1] = { { 0 } };
	unsigned *rows[3] = { table[0], table[1], table[2] }, *first;
	size_t a_len = strlen(a), b_len = strlen(b), i;

	if (a_len > NEAR_WORD_MAX || b_len > NEAR_WORD_MAX)
		return NEAR_WORD_MAX;
	for (i = 0; i <= b_len; i++)
		rows[1][i] = (unsigned)i;
	for (i = 1; i <= a_len; i++) {
		fill(a, i, b, b_len, rows);
		first = rows[0];
		rows[0] = rows[1];
		rows[1] = rows[2];
		rows[2] = first;
	}
	return rows[1][b_len];
}

void
near_try(struct near *n, const char *candidate)
{
	size_t len = strlen(n->word);
	unsigned most = len < 3 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3;
	unsigned slips = near_slips(n->word, candidate);

	/* Who has typed half of it has not slipped. */
	if (slips > most && len >= 4 &&
	    strncmp(candidate, n->word, len) == 0)
		slips = most;
	if (slips > most || (n->best != NULL && slips >= n->slips))
		return;
	n->best = candidate;
	n->slips = slips;
}
