/* Tables of ASCII by hand: headers, names and dates of protocols are the same
 * in every country. */
#include "registry/ascii.h"

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z');
}

bool
ascii_is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

bool
ascii_starts(const char *s, const char *lower, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] == '\0' || ascii_lower(s[i]) != lower[i])
			return false;
	return true;
}
