/*
 * A page of tags/list and the Link behind it.  Up to the first NUL the input is
 * the header, behind it the page.  The page read byte by byte gives what it
 * gives in one piece; what Jansson takes for a page with tags is the same for
 * us; no Link leads to another host.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "layout/name.h"
#include "registry/tags.h"
#include "registry/url.h"

#define LIST	"https://reg.example:5000/v2/org/app/tags/list"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
found(void *cookie, const char *tag)
{
	must(name_is_tag(tag));
	++*(size_t *)cookie;
}

static int
scan(struct tags_scan *s, const char *page, size_t len, size_t step,
    size_t *count)
{
	struct err e = { .code = ERR_NONE };
	size_t i, piece;

	tags_scan_init(s, found, count);
	for (i = 0; i < len; i += piece) {
		piece = len - i < step ? len - i : step;
		if (tags_scan_feed(s, page + i, piece, &e) == -1) {
			must(e.code != ERR_NONE && e.msg[0] != '\0');
			return -1;
		}
	}
	return tags_scan_end(s, &e);
}

/* How many tags there are by Jansson; -1 where it refuses the page. */
static long
count_by_jansson(const char *page, size_t len)
{
	json_t *root, *tags;
	size_t i;
	long count = 0;

	root = json_loadb(page, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	    NULL);
	tags = json_object_get(root, "tags");
	if (root == NULL || (tags != NULL && !json_is_null(tags) &&
	    !json_is_array(tags)))
		count = -1;
	for (i = 0; i < json_array_size(tags); i++) {
		json_t *tag = json_array_get(tags, i);

		count += json_is_string(tag) &&
		    strlen(json_string_value(tag)) ==
		    json_string_length(tag) &&
		    name_is_tag(json_string_value(tag));
	}
	json_decref(root);
	return count;
}

static void
check_page(const char *page, size_t len)
{
	struct tags_scan one, many;
	size_t one_count = 0, many_count = 0;
	int rc = scan(&one, page, len, len, &one_count);
	long count;

	must(scan(&many, page, len, 1, &many_count) == rc);
	must(one_count == many_count && one.hash == many.hash &&
	    one.skipped == many.skipped && one.found == one_count);
	count = count_by_jansson(page, len);
	if (count >= 0 && rc == 0)
		must((size_t)count == one_count);
	/* Jansson has more levels than we, and takes a NUL between values. */
	if (count > 0 && len < 64 && memchr(page, '\0', len) == NULL)
		must(rc == 0);
}

static void
check_link(const char *header)
{
	struct tags_scan s = { .found = 1, .hash = 1 };
	struct tag_pages p;
	struct url u;
	struct err e = { .code = ERR_NONE };
	int rc;

	must(tag_pages_init(&p, LIST, &e) == 0);
	rc = tag_pages_next(&p, &s, &header, 1, &e);
	must(rc != -1 || (e.code == ERR_NET && e.msg[0] != '\0'));
	if (rc == 1) {
		must(strncmp(p.at.url, "https://reg.example:5000/", 25) == 0);
		must(url_parse(p.at.url, &u, &e) == 0);
		url_done(&u);
		/* The same again, with other tags: a circle. */
		if (tag_pages_refused(&p, 404))
			must(strncmp(p.at.url, LIST "?",
			    strlen(LIST) + 1) == 0);
		must(p.at.fallback == NULL ||
		    strcmp(p.at.url, p.at.fallback) != 0);
	}
	tag_pages_done(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len);
	size_t header = strlen(text);

	check_link(text);
	if (header < len)
		check_page((const char *)data + header + 1, len - header - 1);
	free(text);
	return 0;
}
