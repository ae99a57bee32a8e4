/*
 * Nobody is asked again whether an image that is missing here is really not in
 * use, so a word that is not understood is an error, and not one word less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "mirror/keep_pods.h"
#include "mirror/keep_use.h"
#include "report/printable.h"

#define HEX	"0123456789abcdef"
#define BLANKS	" \t\r\n,\""

/* What docker prints of an image ID, and what no image is called. */
#define SHORT_ID_MIN	12u
#define SHA256_HEX	64u

void
keep_use_done(struct keep_use *use)
{
	digest_set_done(&use->digests);
	name_table_done(&use->names);
}

/* --- one word ---------------------------------------------------------- */

static int
add_digest(struct keep_use *use, const char *text, struct err *e)
{
	struct digest d;

	if (digest_parse(text, &d, e) == -1)
		return -1;
	(void)digest_set_add(&use->digests, &d, NULL);
	return 0;
}

/* "://" and what kubelets, docker and nerdctl put before it. */
static int
skip_scheme(const char **word, struct err *e)
{
	static const char *const schemes[] = {
		"docker-pullable", "docker", "containerd", "cri-o", "podman",
		"oci",
	};
	const char *end = strstr(*word, "://");
	size_t i, len;

	if (end == NULL)
		return 0;
	len = (size_t)(end - *word);
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i]) == len &&
		    memcmp(schemes[i], *word, len) == 0) {
			*word = end + strlen("://");
			return 0;
		}
	return err_set(e, ERR_INPUT, "\"%.*s://\" is not known",
	    len > 40 ? 40 : (int)len, *word);
}

static void
add_name(struct keep_use *use, const struct image_ref *ref)
{
	char *text = image_ref_text(ref);

	(void)name_table_add(&use->names, text);
	free(text);
}

/*
 * A node that is told of a mirror by the image's own name asks for
 * mirror:5000/library/nginx or mirror:5000/ghcr.io/org/app: then what is behind
 * the first component is meant, and a port in it is spelt with "_".  Names that
 * are not here do no harm.
 */
static void
add_behind_mirror(struct keep_use *use, const struct image_ref *of)
{
	char *text = xasprintf("%s:%s", of->repository, of->tag);
	char *slash = strchr(text, '/'), *port;
	struct image_ref ref;
	struct err ignored;

	port = slash == NULL ? NULL : memchr(text, '_', (size_t)(slash - text));
	if (port != NULL && strspn(port + 1, "0123456789") ==
	    (size_t)(slash - port - 1))
		*port = ':';
	if (image_ref_parse(text, &ref, &ignored) == 0) {
		add_name(use, &ref);
		image_ref_done(&ref);
	}
	free(text);
}

/* By its digest, if it has one: the tag may be elsewhere by now. */
static int
add_reference(struct keep_use *use, const char *word, struct err *e)
{
	struct image_ref ref;

	if (image_ref_parse(word, &ref, e) == -1)
		return -1;
	if (ref.has_digest) {
		(void)digest_set_add(&use->digests, &ref.digest, NULL);
	} else {
		add_name(use, &ref);
		add_behind_mirror(use, &ref);
	}
	image_ref_done(&ref);
	return 0;
}

int
keep_use_add(struct keep_use *use, const char *word, struct err *e)
{
	char text[sizeof("sha256:") + SHA256_HEX];
	size_t hex;

	if (strlen(word) > USE_WORD_MAX)
		return err_set(e, ERR_INPUT, "a word of more than %u bytes",
		    USE_WORD_MAX);
	if (use->digests.count + use->names.count >= USE_NAMES_MAX)
		return err_set(e, ERR_INPUT, "more than %u names",
		    USE_NAMES_MAX);
	if (skip_scheme(&word, e) == -1)
		return -1;
	use->words++;
	hex = strspn(word, HEX);
	if (hex == SHA256_HEX && word[hex] == '\0') {
		snprintf(text, sizeof(text), "sha256:%s", word);
		return add_digest(use, text, e);
	}
	if (hex >= SHORT_ID_MIN && word[hex] == '\0')
		return err_set(e, ERR_INPUT, "\"%.80s\" is an image ID that "
		    "has been cut short: all of it is needed (--no-trunc)",
		    word);
	if (strncmp(word, "sha256:", 7) == 0 ||
	    strncmp(word, "sha512:", 7) == 0)
		return add_digest(use, word, e);
	return add_reference(use, word, e);
}

/* --- a file ------------------------------------------------------------ */

/* The words of one line, which ends at ${eol}. */
static int
read_line(struct keep_use *use, const char *line, const char *eol,
    struct err *e)
{
	const char *end;
	char *word;
	int rc = 0;

	for (; rc == 0 && line < eol; line = end) {
		if (*line == '#')
			break;
		for (end = line; end < eol && strchr(BLANKS, *end) == NULL;
		    end++)
			;
		if (end == line) {
			end++;
			continue;
		}
		word = xstrndup(line, (size_t)(end - line));
		rc = keep_use_add(use, word, e);
		free(word);
	}
	return rc;
}

static int
read_text(struct keep_use *use, const char *buf, size_t len, struct err *e)
{
	const char *end = buf + len, *eol;
	unsigned line = 0;

	for (; buf < end; buf = eol + 1) {
		line++;
		eol = memchr(buf, '\n', (size_t)(end - buf));
		if (eol == NULL)
			eol = end;
		if (memchr(buf, '\0', (size_t)(eol - buf)) != NULL)
			return err_set(e, ERR_INPUT, "line %u: not a text",
			    line);
		if (read_line(use, buf, eol, e) == -1)
			return err_wrap(e, "line %u", line);
	}
	return 0;
}

static bool
is_json(const char *buf)
{
	return buf[strspn(buf, " \t\r\n")] == '{';
}

int
keep_use_read(struct keep_use *use, const char *name, const char *buf,
    size_t len, struct err *e)
{
	size_t before = use->words;
	int rc;

	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0) {
		buf += 3;
		len -= 3;
	}
	rc = is_json(buf) ? keep_pods_read(use, buf, len, e) :
	    read_text(use, buf, len, e);
	/* What has failed to print its list has printed this. */
	if (rc == 0 && use->words == before)
		rc = err_set(e, ERR_INPUT, "it names nothing that is in use");
	if (rc == 0)
		return 0;
	printable(e->msg);
	e->code = ERR_INPUT;
	return err_wrap(e, "%s", name);
}
