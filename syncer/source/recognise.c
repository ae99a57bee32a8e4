/* Each format is asked in turn, the surest first: what a Kubernetes object is
 * says itself; a list of images is what has nothing else in it. */
#include <stdbool.h>
#include <string.h>

#include "image/letters.h"
#include "image/slips.h"
#include "source/asked.h"
#include "source/compose.h"
#include "source/crictl.h"
#include "source/kubernetes.h"
#include "source/lines.h"
#include "source/recognise.h"
#include "source/regsync.h"
#include "source/skopeo.h"
#include "yaml/yaml_load.h"

#define FORMATS	"a list, a Kubernetes manifest, a compose file, what crictl " \
	"prints, a file of regsync or of skopeo sync, or an access log of ours"

struct documents {
	struct gather *g;
	size_t known, unknown;
	unsigned line;		/* of the first that is not known */
};

static bool
is_known(struct gather *g, const json_t *value)
{
	static bool (*const formats[])(struct gather *, const json_t *) = {
		kubernetes_read, regsync_read, compose_read, crictl_read,
		skopeo_read,
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i](g, value))
			return true;
	return false;
}

static void
on_value(void *cookie, const json_t *value)
{
	struct documents *all = cookie;

	/* Charts leave empty ones behind. */
	if (json_is_null(value))
		return;
	if (json_is_object(value) && is_known(all->g, value))
		all->known++;
	else if (all->unknown++ == 0)
		all->line = yaml_line(value);
}

static void
on_twice(void *cookie, const char *key, unsigned line)
{
	struct documents *all = cookie;

	gather_left(all->g, line, "\"%.200s\" is there twice: the later one "
	    "counts", key);
}

/*
 * What JSON may have in a text and YAML may not: DEL, half of a pair of
 * escapes, and so on.  No reference has them, so they become something else, of
 * the same length: a pod's annotation must not hide all other pods.
 */
static void
tame_json(char *buf, size_t len)
{
	unsigned code;
	size_t i, step;

	for (i = 0; i < len; i += step) {
		step = letters_next(buf + i, len - i, &code);
		if (step == 0) {
			buf[i] = '?';
			step = 1;
		} else if (code == 0x7f || (code >= 0x80 && code < 0xa0) ||
		    code == 0xfeff || code == 0xfffe || code == 0xffff) {
			memset(buf + i, '?', step);
		} else if (code == '\\' && i + 6 <= len) {
			if (buf[i + 1] == 'u' && strchr("dD", buf[i + 2]) !=
			    NULL && strchr("89abAB" "cdefCDEF", buf[i + 3]) !=
			    NULL)
				memcpy(buf + i + 2, "fffd", 4);
			step = 2;
		}
	}
}

/* Return 1 if anything of it is known, 0, or -1 with ${e} set where it is no
 * YAML and nothing was known before that. */
static int
read_yaml(struct gather *g, const char *buf, size_t len, struct err *e)
{
	struct documents all = { .g = g };
	struct yaml_calls calls = { on_value, on_twice, &all };
	unsigned line;
	struct err why;

	if (yaml_each(buf, len, &calls, &line, &why) == -1) {
		if (all.known == 0)
			return err_set(e, ERR_INPUT, "line %u: %s%s", line,
			    why.msg, why.code == ERR_DATA ? "; a chart has to "
			    "be rendered first" : "");
		gather_left(g, line, "%s: the rest is left out", why.msg);
	}
	if (all.known > 0 && all.unknown > 0)
		gather_left(g, all.line, "a document of another kind (of such "
		    "there are %zu)", all.unknown);
	return all.known > 0;
}

int
recognise(struct gather *g, char *buf, size_t len, struct err *e)
{
	size_t blank;
	int rc;

	if (slips_encoding(buf, len, e) == -1)
		return -1;
	/* A byte order mark. */
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0) {
		buf += 3;
		len -= 3;
	}
	for (blank = 0; blank < len && buf[blank] != '\0' &&
	    strchr(" \t\r\n", buf[blank]) != NULL; blank++)
		continue;
	if (blank == len)
		return err_set(e, ERR_INPUT, "there is nothing in it");
	if (asked_fit(buf + blank, len - blank)) {
		asked_read(g, buf, len);
		return 0;
	}
	if (lines_fit(buf, len)) {
		lines_read(g, buf, len);
		return 0;
	}
	if (buf[blank] == '{' || buf[blank] == '[')
		tame_json(buf, len);
	rc = read_yaml(g, buf, len, e);
	if (rc == 0)
		return err_set(e, ERR_INPUT, "it is none of these: " FORMATS);
	return rc == -1 ? -1 : 0;
}
