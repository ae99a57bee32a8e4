#include <stdio.h>

#include "report/names.h"

/* A name that is longer than half of the room leaves none for others. */
void
names_add(struct names *n, const char *name)
{
	if (n->count == NAMED || n->len >= NAMES_TEXT_MAX / 2)
		return;
	snprintf(n->text + n->len, NAMES_TEXT_MAX - n->len, "%s%.300s",
	    n->count > 0 ? ", " : "", name);
	while (n->text[n->len] != '\0')
		n->len++;
	n->count++;
}

const char *
names_end(struct names *n, size_t all)
{
	if (n->count == 0)
		return NULL;
	if (all > n->count)
		snprintf(n->text + n->len, NAMES_TEXT_MAX - n->len,
		    " and %zu more", all - n->count);
	return n->text;
}
