#include <stdio.h>
#include <string.h>

#include "bundle/bundle_name.h"

/* A word of a path has at most a hundred bytes in ustar. */
#define HEX_PIECE	64

#define DIGITS	"0123456789"
#define LETTERS	"abcdefghijklmnopqrstuvwxyz" "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* No dot, no hyphen in front: neither hidden, nor an option, nor "..". */
static bool
is_name(const char *s, size_t max)
{
	size_t len = strlen(s);

	return len > 0 && len <= max && strspn(s, DIGITS LETTERS) > 0 &&
	    strspn(s, DIGITS LETTERS "-_.") == len;
}

bool
bundle_is_site(const char *name)
{
	return is_name(name, BUNDLE_SITE_MAX);
}

bool
bundle_is_file(const char *name)
{
	return is_name(name, BUNDLE_FILE_MAX);
}

bool
bundle_is_id(const char *text)
{
	return strlen(text) == BUNDLE_ID_MAX &&
	    strspn(text, DIGITS "abcdef") == BUNDLE_ID_MAX;
}

char *
bundle_stem(const char *from, const char *to, uint64_t seq,
    char buf[BUNDLE_FILE_MAX + 1])
{
	snprintf(buf, BUNDLE_FILE_MAX + 1, "%s-%s-%llu", from,
	    strcmp(to, "*") == 0 ? "all" : to, (unsigned long long)seq);
	return buf;
}

char *
bundle_part_name(const char *stem, unsigned number,
    char buf[BUNDLE_FILE_MAX + 1])
{
	snprintf(buf, BUNDLE_FILE_MAX + 1, "%s" BUNDLE_SUFFIX ".%03u", stem,
	    number);
	return buf;
}

char *
bundle_member_name(const struct digest *digest, bool is_piece,
    uint64_t offset, char buf[BUNDLE_MEMBER_MAX])
{
	char hex[DIGEST_HEX_MAX];

	digest_hex(digest, hex);
	snprintf(buf, BUNDLE_MEMBER_MAX, "blobs/%s/%.*s%s%s",
	    digest_alg_name(digest->alg), HEX_PIECE, hex,
	    strlen(hex) > HEX_PIECE ? "/" : "",
	    strlen(hex) > HEX_PIECE ? hex + HEX_PIECE : "");
	if (is_piece)
		snprintf(buf + strlen(buf), BUNDLE_MEMBER_MAX - strlen(buf),
		    "+%llu", (unsigned long long)offset);
	return buf;
}

/* What is read is written again, and has to be the same: there is one name for
 * each member, and no other way to spell it. */
int
bundle_member_parse(const char *name, struct digest *ret, bool *is_piece,
    uint64_t *offset)
{
	char text[DIGEST_TEXT_MAX + 2], again[BUNDLE_MEMBER_MAX];
	unsigned long long at = 0;
	struct digest digest;
	struct err ignored;
	const char *slash, *plus, *c;
	size_t len;

	if (strlen(name) >= BUNDLE_MEMBER_MAX ||
	    strncmp(name, "blobs/", 6) != 0 ||
	    (slash = strchr(name + 6, '/')) == NULL)
		return 0;
	plus = slash + strcspn(slash, "+");
	if ((size_t)(plus - name) - 6 >= sizeof(text))
		return 0;
	len = (size_t)snprintf(text, sizeof(text), "%.*s:",
	    (int)(slash - name) - 6, name + 6);
	for (c = slash + 1; c < plus; c++)
		if (*c != '/')
			text[len++] = *c;
	text[len] = '\0';
	if (digest_parse(text, &digest, &ignored) == -1)
		return 0;
	if (*plus != '\0' && (sscanf(plus, "+%19llu", &at) != 1))
		return 0;
	bundle_member_name(&digest, *plus != '\0', at, again);
	if (strcmp(again, name) != 0)
		return 0;
	*ret = digest;
	*is_piece = *plus != '\0';
	*offset = at;
	return 1;
}
