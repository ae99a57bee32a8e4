#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/letters.h"

/* By code.  Unicode's "default ignorable" and "white space" characters, its
 * controls, and what keyboards and editors make of quotes, dashes and
 * colons. */
static const struct letter odd[] = {
	{ 0x0000, 0x0008, LETTER_UNSEEN, "a control character", NULL },
	{ 0x000a, 0x001f, LETTER_UNSEEN, "a control character", NULL },
	{ 0x007f, 0x009f, LETTER_UNSEEN, "a control character", NULL },
	{ 0x00a0, 0x00a0, LETTER_BLANK, "no-break space", NULL },
	{ 0x00ab, 0x00ab, LETTER_QUOTE, NULL, NULL },
	{ 0x00ad, 0x00ad, LETTER_UNSEEN, "soft hyphen", NULL },
	{ 0x00b4, 0x00b4, LETTER_QUOTE, NULL, NULL },
	{ 0x00bb, 0x00bb, LETTER_QUOTE, NULL, NULL },
	{ 0x034f, 0x034f, LETTER_UNSEEN, "grapheme joiner", NULL },
	{ 0x037e, 0x037e, LETTER_ALIKE, "a question mark", ";" },
	{ 0x0589, 0x0589, LETTER_ALIKE, "a full stop", ":" },
	{ 0x05be, 0x05be, LETTER_ALIKE, "a hyphen", "-" },
	{ 0x061c, 0x061c, LETTER_UNSEEN, "mark of direction", NULL },
	{ 0x115f, 0x1160, LETTER_UNSEEN, "filler", NULL },
	{ 0x1680, 0x1680, LETTER_BLANK, NULL, NULL },
	{ 0x17b4, 0x17b5, LETTER_UNSEEN, NULL, NULL },
	{ 0x180b, 0x180f, LETTER_UNSEEN, NULL, NULL },
	{ 0x2000, 0x200a, LETTER_BLANK, "a wide or narrow space", NULL },
	{ 0x200b, 0x200b, LETTER_UNSEEN, "zero width space", NULL },
	{ 0x200c, 0x200d, LETTER_UNSEEN, "zero width joiner", NULL },
	{ 0x200e, 0x200f, LETTER_UNSEEN, "mark of direction", NULL },
	{ 0x2010, 0x2011, LETTER_ALIKE, "a hyphen", "-" },
	{ 0x2012, 0x2015, LETTER_ALIKE, "a dash", "-" },
	{ 0x2018, 0x201f, LETTER_QUOTE, NULL, NULL },
	{ 0x2024, 0x2024, LETTER_ALIKE, "a leader", "." },
	{ 0x2028, 0x2029, LETTER_BLANK, "a line separator", NULL },
	{ 0x202a, 0x202e, LETTER_UNSEEN, "mark of direction", NULL },
	{ 0x202f, 0x202f, LETTER_BLANK, "no-break space", NULL },
	{ 0x2032, 0x2036, LETTER_QUOTE, NULL, NULL },
	{ 0x2039, 0x203a, LETTER_QUOTE, NULL, NULL },
	{ 0x2043, 0x2043, LETTER_ALIKE, "a bullet", "-" },
	{ 0x2044, 0x2044, LETTER_ALIKE, "a fraction's", "/" },
	{ 0x205f, 0x205f, LETTER_BLANK, NULL, NULL },
	{ 0x2060, 0x206f, LETTER_UNSEEN, "word joiner or the like", NULL },
	{ 0x2212, 0x2212, LETTER_ALIKE, "a minus", "-" },
	{ 0x2215, 0x2215, LETTER_ALIKE, "a division's", "/" },
	{ 0x2236, 0x2236, LETTER_ALIKE, "a ratio's", ":" },
	{ 0x2800, 0x2800, LETTER_BLANK, "a Braille blank", NULL },
	{ 0x3000, 0x3000, LETTER_BLANK, "ideographic space", NULL },
	{ 0x3001, 0x3001, LETTER_ALIKE, NULL, "," },
	{ 0x3002, 0x3002, LETTER_ALIKE, NULL, "." },
	{ 0x300c, 0x300f, LETTER_QUOTE, NULL, NULL },
	{ 0x301d, 0x301f, LETTER_QUOTE, NULL, NULL },
	{ 0x3164, 0x3164, LETTER_UNSEEN, "filler", NULL },
	{ 0xa789, 0xa789, LETTER_ALIKE, NULL, ":" },
	{ 0xfe00, 0xfe0f, LETTER_UNSEEN, "variation selector", NULL },
	{ 0xfe55, 0xfe55, LETTER_ALIKE, NULL, ":" },
	{ 0xfe58, 0xfe58, LETTER_ALIKE, "a dash", "-" },
	{ 0xfe63, 0xfe63, LETTER_ALIKE, "a hyphen", "-" },
	{ 0xfeff, 0xfeff, LETTER_UNSEEN, "byte order mark", NULL },
	{ 0xff02, 0xff02, LETTER_QUOTE, NULL, NULL },
	{ 0xff07, 0xff07, LETTER_QUOTE, NULL, NULL },
	{ 0xff0c, 0xff0c, LETTER_ALIKE, "a wide one", "," },
	{ 0xff0d, 0xff0d, LETTER_ALIKE, "a wide one", "-" },
	{ 0xff0e, 0xff0e, LETTER_ALIKE, "a wide one", "." },
	{ 0xff0f, 0xff0f, LETTER_ALIKE, "a wide one", "/" },
	{ 0xff1a, 0xff1a, LETTER_ALIKE, "a wide one", ":" },
	{ 0xff1d, 0xff1d, LETTER_ALIKE, "a wide one", "=" },
	{ 0xff20, 0xff20, LETTER_ALIKE, "a wide one", "@" },
	{ 0xffa0, 0xffa0, LETTER_UNSEEN, "filler", NULL },
	{ 0xfff9, 0xfffc, LETTER_UNSEEN, NULL, NULL },
	{ 0x1d173, 0x1d17a, LETTER_UNSEEN, NULL, NULL },
	{ 0xe0000, 0xe0fff, LETTER_UNSEEN, "a tag character", NULL },
};

size_t
letters_next(const char *text, size_t len, unsigned *ret)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	unsigned value;
	size_t i, need;

	if (s[0] < 0x80) {
		*ret = s[0];
		return 1;
	}
	need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || need > len)
		return 0;
	value = s[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3fu);
	}
	if (value < least[need] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return need;
}

static int
compare(const void *key, const void *item)
{
	unsigned code = *(const unsigned *)key;
	const struct letter *letter = item;

	if (code < letter->first)
		return -1;
	return code > letter->last;
}

const struct letter *
letters_odd(unsigned code)
{
	return bsearch(&code, odd, sizeof(odd) / sizeof(odd[0]),
	    sizeof(odd[0]), compare);
}

/* Bytes that are no character are shown as what they are. */
char *
letters_show(const char *text, char *buf, size_t size)
{
	size_t used = 0, len = strlen(text), step;
	const struct letter *letter;
	unsigned code;
	char one[16];

	assert(size > 0);
	for (; len > 0; text += step, len -= step) {
		step = letters_next(text, len, &code);
		letter = step == 0 ? NULL : letters_odd(code);
		if (step == 0) {
			step = 1;
			snprintf(one, sizeof(one), "<0x%02x>",
			    (unsigned char)text[0]);
		} else if (letter != NULL && (letter->kind == LETTER_BLANK ||
		    letter->kind == LETTER_UNSEEN)) {
			snprintf(one, sizeof(one), "<U+%04X>", code);
		} else {
			snprintf(one, sizeof(one), "%.*s", (int)step, text);
		}
		if (used + strlen(one) >= size)
			break;
		memcpy(buf + used, one, strlen(one));
		used += strlen(one);
	}
	buf[used] = '\0';
	return buf;
}
