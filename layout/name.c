/*
 * What may become a part of a path, or of a line of JSON that is
 * printed without escapes.  No regular expressions: these run for each
 * name of each list.
 */
#include <stddef.h>
#include <string.h>

#include "digest.h"
#include "limits.h"
#include "name.h"

/* Not <ctype.h>: that follows the locale. */
static bool
is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* What may stand between two runs of letters: "." | "_" | "__" | "-"+ */
static size_t
separator_length(const char *s)
{
	size_t len = strspn(s, "-");

	if (len > 0)
		return len;
	if (s[0] == '.')
		return 1;
	if (s[0] == '_')
		return s[1] == '_' ? 2 : 1;
	return 0;
}

/*
 * The grammar as a walk: components of letters and digits, with one separator
 * between any two.  A "_" in front is none, so that names of ours, such as
 * _manifests, never meet one of a registry's.
 */
bool
name_is_repository(const char *s)
{
	size_t sep;

	if (strlen(s) > REPOSITORY_NAME_MAX)
		return false;
	for (;;) {
		if (!is_lower_alnum(*s))
			return false;
		while (is_lower_alnum(*s))
			s++;
		if (*s == '\0')
			return true;
		sep = *s == '/' ? 1 : separator_length(s);
		if (sep == 0)
			return false;
		s += sep;
	}
}

bool
name_is_tag(const char *s)
{
	size_t i, len = strlen(s);

	if (len == 0 || len > TAG_MAX || s[0] == '.' || s[0] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!is_alnum(s[i]) && strchr("._-", s[i]) == NULL)
			return false;
	return true;
}

static bool
is_port(const char *s)
{
	unsigned long port = 0;

	if (*s == '\0' || strlen(s) > 5)
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		port = port * 10 + (unsigned long)(*s - '0');
	}
	return port >= 1 && port <= 65535;
}

/* Labels of letters, digits and inner hyphens, with single dots between. */
static bool
is_host(const char *s, size_t len)
{
	size_t i;
	char before = '.';

	for (i = 0; i < len; i++) {
		if (s[i] == '.' || s[i] == '-') {
			if (before == '.' || (s[i] == '.' && before == '-'))
				return false;
		} else if (!is_lower_alnum(s[i])) {
			return false;
		}
		before = s[i];
	}
	return len > 0 && before != '.' && before != '-';
}

/* Only the characters: whether it is an address is for url.c,
 * which connects. */
static bool
is_bracketed_v6(const char *s, size_t len)
{
	size_t i;

	if (len < 4 || s[0] != '[' || s[len - 1] != ']')
		return false;
	for (i = 1; i < len - 1; i++)
		if (strchr("0123456789abcdef:.", s[i]) == NULL)
			return false;
	return true;
}

/* A colon inside the brackets of an address is none of a port. */
bool
name_is_registry(const char *s)
{
	const char *bracket = strchr(s, ']');
	const char *colon = strchr(bracket != NULL ? bracket : s, ':');
	size_t len = colon != NULL ? (size_t)(colon - s) : strlen(s);

	if (strlen(s) > REGISTRY_NAME_MAX)
		return false;
	if (colon != NULL && !is_port(colon + 1))
		return false;
	return is_host(s, len) || is_bracketed_v6(s, len);
}

/* RFC 6838 section 4.2, restricted-name. */
static bool
is_restricted_name(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > 127 || !is_alnum(s[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!is_alnum(s[i]) && strchr("!#$&-^_.+", s[i]) == NULL)
			return false;
	return true;
}

bool
name_is_media_type(const char *s)
{
	const char *slash = strchr(s, '/');

	return slash != NULL && strlen(s) <= MEDIA_TYPE_MAX &&
	    is_restricted_name(s, (size_t)(slash - s)) &&
	    is_restricted_name(slash + 1, strlen(slash + 1));
}

/* What a server says of a manifest decides what a browser does with it: never
 * text/html, and no script.  nginx has the same grammar; both are held to the
 * same list. */
bool
name_is_manifest_type(const char *s)
{
	static const char *const scripts[] = {
		"javascript", "x-javascript", "ecmascript", "x-ecmascript",
	};
	size_t i;

	if (strncmp(s, "application/", 12) != 0 || !name_is_media_type(s))
		return false;
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(s + 12, scripts[i]) == 0)
			return false;
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			return false;
	return true;
}

/*
 * A repository comes before those below it, so a slash is less than any other
 * character, and ends the name; then come the tags, behind a colon or an at
 * sign.  A registry may have a colon as well.
 */
static int
weight(const char *s, const char *end)
{
	if (s == end)
		return 0;
	return *s == '/' ? 1 : 2 + (unsigned char)*s;
}

int
name_order(const char *a, const char *b)
{
	const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
	const char *a_end, *b_end;

	a_end = a + (a_slash == NULL ? 0 : a_slash - a);
	b_end = b + (b_slash == NULL ? 0 : b_slash - b);
	a_end += strcspn(a_end, ":@");
	b_end += strcspn(b_end, ":@");
	while (a != a_end && b != b_end && *a == *b) {
		a++;
		b++;
	}
	if (a == a_end && b == b_end)
		return strcmp(*a == '\0' ? a : a + 1, *b == '\0' ? b : b + 1);
	return weight(a, a_end) - weight(b, b_end);
}

/* A registry may have a colon: what comes behind the last slash tells. */
bool
name_split(const char *image, char *registry, char *repository,
    const char **ret)
{
	const char *slash = strchr(image, '/'), *last = strrchr(image, '/');
	const char *end;
	struct digest digest;
	struct err ignored;
	size_t len;

	if (slash == NULL || (size_t)(slash - image) > REGISTRY_NAME_MAX)
		return false;
	end = last + strcspn(last, ":@");
	len = (size_t)(end - slash) - 1;
	if (*end == '\0' || len > REPOSITORY_NAME_MAX)
		return false;
	memcpy(registry, image, (size_t)(slash - image));
	registry[slash - image] = '\0';
	memcpy(repository, slash + 1, len);
	repository[len] = '\0';
	*ret = end + 1;
	return name_is_registry(registry) && name_is_repository(repository) &&
	    (*end == ':' ? name_is_tag(*ret) :
	    digest_parse(*ret, &digest, &ignored) == 0);
}
