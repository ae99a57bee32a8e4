/*
 * When an image was made: RFC 3339 section 5.6, as image-spec config.md
 * ("created") and annotations.md want it.  What is no such time is unknown, and
 * no error: tools write all kinds of things, and "0001-01-01T00:00:00Z" for no
 * time at all.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "image/created.h"
#include "image/readjson.h"

#define ANNOTATION	"org.opencontainers.image.created"

/* What ${form} has as 0 is a digit, and all else stands for itself.  Return
 * what is behind it, or NULL. */
static const char *
match(const char *s, const char *form)
{
	for (; *form != '\0'; form++, s++)
		if (*form == '0' ? *s < '0' || *s > '9' :
		    *form != (*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s))
			return NULL;
	return s;
}

/* match has seen that these are digits. */
static int
number(const char *s, int digits)
{
	int n = 0;

	for (; digits > 0; digits--) {
		assert(*s >= '0' && *s <= '9');
		n = 10 * n + (*s++ - '0');
	}
	return n;
}

/* time-offset: "Z", or hours and minutes.  Return false if it is neither. */
static bool
take_offset(const char *s, int *ret_s)
{
	const char *end = match(s, "Z");
	int hours, minutes;

	*ret_s = 0;
	if (end != NULL)
		return *end == '\0';
	if (*s != '+' && *s != '-')
		return false;
	end = match(s + 1, "00:00");
	if (end == NULL || *end != '\0')
		return false;
	hours = number(s + 1, 2);
	minutes = number(s + 4, 2);
	*ret_s = (*s == '-' ? -1 : 1) * (3600 * hours + 60 * minutes);
	return hours < 24 && minutes < 60;
}

/* Nobody asks which of two images of one second is newer. */
static const char *
skip_fraction(const char *s)
{
	const char *digits = s + 1;

	if (*s != '.')
		return s;
	for (s = digits; *s >= '0' && *s <= '9'; s++)
		continue;
	return s == digits ? NULL : s;
}

/* timegm(3) makes the 1st of March of a 30th of February. */
static bool
is_date(const struct tm *given, const struct tm *normal)
{
	return given->tm_year == normal->tm_year &&
	    given->tm_mon == normal->tm_mon &&
	    given->tm_mday == normal->tm_mday;
}

/* timegm(3) knows no leap second: 23:59:60 counts as the second before it. */
int64_t
created_parse(const char *text)
{
	const char *end = match(text, "0000-00-00T00:00:00");
	struct tm tm = { 0 }, given;
	int offset_s;
	int64_t at;

	if (end != NULL)
		end = skip_fraction(end);
	if (end == NULL || !take_offset(end, &offset_s))
		return CREATED_UNKNOWN;
	tm.tm_year = number(text, 4) - 1900;
	tm.tm_mon = number(text + 5, 2) - 1;
	tm.tm_mday = number(text + 8, 2);
	tm.tm_hour = number(text + 11, 2);
	tm.tm_min = number(text + 14, 2);
	tm.tm_sec = number(text + 17, 2);
	/* 60: a leap second. */
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return CREATED_UNKNOWN;
	if (tm.tm_sec == 60)
		tm.tm_sec = 59;
	given = tm;
	at = (int64_t)timegm(&tm) - offset_s;
	if (!is_date(&given, &tm) || at < 0 || at >= CREATED_END_S)
		return CREATED_UNKNOWN;
	return at;
}

/* A member of another type is none: this is no place to fail for it. */
static int64_t
time_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? CREATED_UNKNOWN : created_parse(text);
}

int
created_in_config(const char *buf, size_t len, int64_t *ret, struct err *e)
{
	json_t *root;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	*ret = time_of(root, "created");
	json_decref(root);
	return 0;
}

/* An artifact has no configuration that would say it; its annotations may. */
int
created_in_manifest(const char *buf, size_t len, int64_t *ret, struct err *e)
{
	json_t *root;

	if (readjson_load(buf, len, 0, &root, e) == -1)
		return -1;
	*ret = time_of(readjson_member(root, "annotations"), ANNOTATION);
	json_decref(root);
	return 0;
}
