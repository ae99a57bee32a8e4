/* What may reach a terminal: text of others can hold sequences that retitle it,
 * hide lines, or answer for the person who reads. */
#include <stddef.h>

#include "report/printable.h"

/* What the first byte of a character says of the second (Unicode, table 3-7),
 * without the control characters. */
static const struct {
	unsigned char first, last;
	unsigned char low, high;
	size_t length;
} forms[] = {
	{ 0xc2, 0xc2, 0xa0, 0xbf, 2 },	/* U+0080 to U+009F are controls */
	{ 0xc3, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },	/* no surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* How many bytes the character at ${s} has, or 0 if it must not be shown.  The
 * NUL at the end fits nowhere, so nothing is read behind it. */
static size_t
character_length(const unsigned char *s)
{
	size_t i, more;

	if (s[0] >= ' ' && s[0] < 0x7f)
		return 1;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (s[1] < forms[i].low || s[1] > forms[i].high)
			return 0;
		for (more = 2; more < forms[i].length; more++)
			if (s[more] < 0x80 || s[more] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* In place, byte by byte: the text gets no longer, so nothing can overflow. */
void
printable(char *text)
{
	unsigned char *s = (unsigned char *)text;
	size_t length;

	while (*s != '\0') {
		length = character_length(s);
		if (length == 0) {
			*s = '?';
			length = 1;
		}
		s += length;
	}
}
