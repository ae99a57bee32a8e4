#include <string.h>

#include "image/letters.h"
#include "image/slips.h"

/* Of a word so much is shown. */
#define SHOWN_MAX	100u
/* Where a format gives itself away. */
#define LOOK_LINES	500u

#define ALONE	"a list has one image a line, such as nginx:1.27"
#define MAKES	"; \"cdr list\" may make one of it"

/* --- files ------------------------------------------------------------- */

static const struct {
	const char *bytes;
	size_t len;
	const char *what;
} beginnings[] = {
	{ "\xff\xfe", 2, "it is UTF-16, as some editors on Windows write it: "
	  "save it as UTF-8" },
	{ "\xfe\xff", 2, "it is UTF-16: save it as UTF-8" },
	{ "\0\0\xfe\xff", 4, "it is UTF-32: save it as UTF-8" },
	{ "\x1f\x8b", 2, "it is compressed (gzip): unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "it is compressed (zstd): unpack it first" },
	{ "PK\x03\x04", 4, "it is a zip file, or a document in one: save it as "
	  "plain text" },
};

/* No text in UTF-8 has bytes of 0; of what is written in Latin letters UTF-16
 * has one in each character. */
static bool
is_utf16(const char *buf, size_t len)
{
	size_t i, zeros = 0;

	if (len > 256)
		len = 256;
	for (i = 0; i < len; i++)
		zeros += buf[i] == '\0';
	return len >= 4 && zeros >= len / 3;
}

int
slips_encoding(const char *buf, size_t len, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (len >= beginnings[i].len && memcmp(buf,
		    beginnings[i].bytes, beginnings[i].len) == 0)
			return err_set(e, ERR_INPUT, "%s",
			    beginnings[i].what);
	if (is_utf16(buf, len))
		return err_set(e, ERR_INPUT, "it is UTF-16: save it as UTF-8");
	return 0;
}

/* A reference may begin with "[" as well: with an IPv6 address. */
static bool
is_json(const char *s, size_t len)
{
	if (len == 0 || (s[0] != '{' && s[0] != '['))
		return false;
	return len == 1 || strchr(" \t\r\n\"{}[]", s[1]) != NULL;
}

/* What stands at the beginning of a line that is none of a list. */
static const struct {
	const char *text;
	const char *what;
} marks[] = {
	{ "---", "YAML" },
	{ "%YAML", "YAML" },
	{ "apiVersion:", "YAML, a Kubernetes manifest" },
	{ "kind:", "YAML, a Kubernetes manifest" },
	{ "services:", "YAML, a compose file" },
	{ "sync:", "YAML, a file of regsync" },
	{ "creds:", "YAML, a file of regsync" },
	{ "images:", "YAML" },
	{ "FROM", "a Dockerfile" },
	{ "REPOSITORY", "what \"docker images\" prints" },
	{ "IMAGE", "a table with a heading" },
	{ "<!doctype", "a web page: a login, or an error?" },
	{ "<!DOCTYPE", "a web page: a login, or an error?" },
	{ "<html", "a web page: a login, or an error?" },
	{ "<?xml", "XML" },
};

/* Those that end with a letter are words. */
static const char *
find_mark(const char *line, size_t len)
{
	size_t i, n;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		n = strlen(marks[i].text);
		if (len >= n && memcmp(line, marks[i].text, n) == 0 &&
		    (len == n || strchr(" \t\r>", line[n]) != NULL))
			return marks[i].what;
	}
	return NULL;
}

/* "key:" with nothing or a blank behind it, indented or in a list. */
static bool
is_yaml_inside(const char *line, size_t len)
{
	size_t at = 0, begin;

	while (at < len && (line[at] == ' ' ||
	    (line[at] == '-' && at + 1 < len && line[at + 1] == ' ')))
		at++;
	begin = at;
	while (at < len && strchr(" \t\r:#\"'", line[at]) == NULL)
		at++;
	return begin > 0 && at > begin && at < len && line[at] == ':' &&
	    (at + 1 == len || strchr(" \t\r", line[at + 1]) != NULL);
}

static int
check_lines(const char *buf, size_t len, unsigned *ret_line, struct err *e)
{
	unsigned line, inside = 0, first = 0;
	const char *what = NULL, *eol;
	size_t n;

	for (line = 1; len > 0 && what == NULL && line < LOOK_LINES; line++) {
		eol = memchr(buf, '\n', len);
		n = eol == NULL ? len : (size_t)(eol - buf);
		what = find_mark(buf, n);
		if (what != NULL || (is_yaml_inside(buf, n) && inside++ == 0))
			first = line;
		if (inside > 1)
			what = "YAML";
		n += eol != NULL;
		buf += n;
		len -= n;
	}
	if (what == NULL)
		return 0;
	*ret_line = first;
	return err_set(e, ERR_INPUT, "this is %s; " ALONE "%s", what,
	    strncmp(what, "YAML", 4) == 0 ? MAKES : "");
}

int
slips_file(const char *buf, size_t len, unsigned *ret_line, struct err *e)
{
	size_t blank = 0;

	*ret_line = 0;
	if (slips_encoding(buf, len, e) == -1)
		return -1;
	while (blank < len && strchr(" \t\r\n", buf[blank]) != NULL &&
	    buf[blank] != '\0')
		blank++;
	if (is_json(buf + blank, len - blank))
		return err_set(e, ERR_INPUT, "this is JSON; " ALONE MAKES);
	return check_lines(buf, len, ret_line, e);
}

/* --- words ------------------------------------------------------------- */

static int
refuse_letter(const char *word, unsigned code, const struct letter *letter,
    struct err *e)
{
	const char *name = letter->name;
	char shown[SHOWN_MAX];

	letters_show(word, shown, sizeof(shown));
	switch (letter->kind) {
	case LETTER_BLANK:
		return err_set(e, ERR_INPUT, "\"%s\": U+%04X%s%s%s is not the "
		    "usual blank: write that", shown, code, name == NULL ? "" :
		    " (", name == NULL ? "" : name, name == NULL ? "" : ")");
	case LETTER_UNSEEN:
		return err_set(e, ERR_INPUT, "\"%s\": remove U+%04X%s%s%s, "
		    "which nobody sees", shown, code, name == NULL ? "" : " (",
		    name == NULL ? "" : name, name == NULL ? "" : ")");
	case LETTER_QUOTE:
		return err_set(e, ERR_INPUT, "\"%s\": remove the quotes "
		    "(U+%04X)", shown, code);
	case LETTER_ALIKE:
		break;
	}
	return err_set(e, ERR_INPUT, "\"%s\": U+%04X%s%s%s is not \"%s\": "
	    "write that", shown, code, name == NULL ? "" : " (",
	    name == NULL ? "" : name, name == NULL ? "" : ")", letter->plain);
}

static bool
is_unseen(const struct letter *letter)
{
	return letter->kind == LETTER_BLANK || letter->kind == LETTER_UNSEEN;
}

int
slips_unseen(const char *word, struct err *e)
{
	const struct letter *letter;
	size_t len = strlen(word), step;
	const char *at = word;
	unsigned code;

	for (; len > 0; at += step, len -= step) {
		step = letters_next(at, len, &code);
		if (step == 0)
			return 0;	/* not a text: said elsewhere */
		letter = letters_odd(code);
		if (letter != NULL && is_unseen(letter))
			return refuse_letter(word, code, letter, e);
	}
	return 0;
}

/* A path in a value may have letters of any language, a reference has none. */
static int
check_letters(const char *word, bool is_ref, struct err *e)
{
	const struct letter *letter;
	char shown[SHOWN_MAX];
	size_t len = strlen(word), step;
	const char *at = word;
	unsigned code;

	for (; len > 0; at += step, len -= step) {
		step = letters_next(at, len, &code);
		if (step == 0)
			return 0;
		letter = letters_odd(code);
		if (letter != NULL)
			return refuse_letter(word, code, letter, e);
		if (is_ref && code > 0x7f)
			return err_set(e, ERR_INPUT, "\"%s\": U+%04X is none "
			    "of the letters a to z, whatever it looks like",
			    letters_show(word, shown, sizeof(shown)), code);
	}
	return 0;
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool
ends_with(const char *word, char c)
{
	size_t len = strlen(word);

	return len > 0 && word[len - 1] == c;
}

/* name@sha256:hex:tag. */
static int
check_order(const char *word, struct err *e)
{
	const char *at = strchr(word, '@'), *colon, *tag = NULL;

	if (at != NULL && (colon = strchr(at, ':')) != NULL)
		tag = strchr(colon + 1, ':');
	if (tag == NULL)
		return 0;
	return err_set(e, ERR_INPUT, "the tag goes before the digest: write "
	    "%.*s:%.40s@%.20s...", at - word > 80 ? 80 : (int)(at - word),
	    word, tag + 1, at + 1);
}

/* "image:tag" is an image; with one more of these it is none. */
static bool
is_image_key(const char *word)
{
	static const char *const keys[] = { "image:", "image=", "Image:",
	    "source:", "ref:" };
	size_t i, len;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		len = strlen(keys[i]);
		if (strncmp(word, keys[i], len) == 0 &&
		    (keys[i][len - 1] == '=' ||
		    strpbrk(word + len, ":/@") != NULL))
			return true;
	}
	return false;
}

int
slips_ref(const char *word, bool has_more, struct err *e)
{
	if (check_letters(word, true, e) == -1)
		return -1;
	if (is_quote(word[0]) || is_quote(word[strlen(word) - 1]))
		return err_set(e, ERR_INPUT, "%.80s: remove the quotes", word);
	if (strcmp(word, "-") == 0 || strcmp(word, "*") == 0 ||
	    strcmp(word, "+") == 0)
		return err_set(e, ERR_INPUT, "\"%s\": remove it: " ALONE
		    ", and nothing before it", word);
	if (ends_with(word, ',') || ends_with(word, ';'))
		return err_set(e, ERR_INPUT, "\"%.80s\": remove the \"%c\" at "
		    "its end: each image has a line of its own", word,
		    word[strlen(word) - 1]);
	if (strchr(word, ',') != NULL)
		return err_set(e, ERR_INPUT, "\"%.80s\": no comma stands "
		    "between images: on the command line a blank does, and in "
		    "a list each has a line of its own", word);
	if ((ends_with(word, ':') && has_more) || is_image_key(word))
		return err_set(e, ERR_INPUT, "\"%.80s\" is how YAML or others "
		    "name a value: write the image alone, such as nginx:1.27",
		    word);
	return check_order(word, e);
}

int
slips_key(const char *word, struct err *e)
{
	const char *value = strchr(word, '=');

	if (check_letters(word, false, e) == -1)
		return -1;
	if (value != NULL && (is_quote(value[1]) || is_quote(word[0]) ||
	    is_quote(word[strlen(word) - 1])))
		return err_set(e, ERR_INPUT, "%.80s: remove the quotes", word);
	if (value == NULL && ends_with(word, ':'))
		return err_set(e, ERR_INPUT, "\"%.80s\" is how YAML names a "
		    "value: write %.*s=VALUE, without a blank", word,
		    strlen(word) > 80 ? 80 : (int)strlen(word) - 1, word);
	return 0;
}

/* A port, a dot or brackets give it away.  Nothing is said of what may have a
 * password in it. */
int
slips_scheme(const char *text, struct err *e)
{
	size_t host = strcspn(text, ":/");
	bool has_port = text[host] == ':' && text[host + 1] >= '0' &&
	    text[host + 1] <= '9';

	if (host == 0 || strstr(text, "://") != NULL ||
	    strchr(text, '@') != NULL ||
	    (text[0] == '[' ? strchr(text, ']') == NULL : !has_port &&
	    (text[host] == ':' || (memchr(text, '.', host) == NULL &&
	    strcmp(text, "localhost") != 0))))
		return 0;
	return err_set(e, ERR_INPUT, "write http://%.200s or https://%.200s",
	    text, text);
}
