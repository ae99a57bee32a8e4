/*
 * Pulls that are left, from run to run: a window of six hours outlasts most
 * runs, and a timer that starts one every ten minutes must not knock each time.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "layout/limits.h"
#include "layout/mem.h"
#include "registry/quota_book.h"

#define BOOK_VERSION	1
#define ACCOUNT_MAX	255u
/* Of times: as far as years have four digits. */
#define TIME_MAX_S	INT64_C(253402300799)

static struct quota_entry *
find(const struct quota_book *book, const char *registry, const char *account)
{
	struct quota_entry *n;

	for (n = book->entries; n != NULL; n = n->next)
		if (strcmp(n->registry, registry) == 0 &&
		    strcmp(n->account, account) == 0)
			return n;
	return NULL;
}

static struct quota_entry *
add(struct quota_book *book, const char *registry, const char *account)
{
	struct quota_entry *n = xcalloc(1, sizeof(*n));

	n->registry = xstrdup(registry);
	n->account = xstrdup(account);
	quota_init(&n->quota);
	n->next = book->entries;
	book->entries = n;
	book->count++;
	return n;
}

/* Accounts share the entry without a name when there are too many. */
struct quota_entry *
quota_book_of(struct quota_book *book, const char *registry,
    const char *account)
{
	struct quota_entry *n;

	if (strlen(account) > ACCOUNT_MAX)
		account = "";
	n = find(book, registry, account);
	if (n == NULL && book->count >= QUOTA_ENTRIES_MAX) {
		account = "";
		n = find(book, registry, account);
	}
	return n != NULL ? n : add(book, registry, account);
}

void
quota_book_done(struct quota_book *book)
{
	struct quota_entry *n;

	while ((n = book->entries) != NULL) {
		book->entries = n->next;
		free(n->registry);
		free(n->account);
		free(n);
	}
	book->count = 0;
}

/* --- reading ----------------------------------------------------------- */

/* Absent: left as it is.  A type or a value that is wrong: false. */
static bool
number_get(const json_t *o, const char *key, int64_t max, int64_t *ret)
{
	const json_t *value = json_object_get(o, key);

	if (value == NULL)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return false;
	*ret = json_integer_value(value);
	return true;
}

/* The file may have been edited: no registry stays closed for longer than any
 * window lasts. */
static bool
quota_get(const json_t *o, struct quota *q)
{
	const char *source = json_string_value(json_object_get(o, "source"));

	if (source != NULL) {
		if (strlen(source) >= sizeof(q->source))
			return false;
		memcpy(q->source, source, strlen(source) + 1);
	}
	q->closed = json_object_get(o, "closed_until") != NULL;
	return number_get(o, "limit", QUOTA_PULLS_MAX, &q->limit) &&
	    number_get(o, "left", QUOTA_PULLS_MAX, &q->left) &&
	    number_get(o, "window_s", QUOTA_WINDOW_MAX_S, &q->window_s) &&
	    number_get(o, "since", TIME_MAX_S, &q->since) &&
	    number_get(o, "closed_at", TIME_MAX_S, &q->closed_at) &&
	    number_get(o, "closed_until", TIME_MAX_S, &q->closed_until) &&
	    q->closed_until - q->closed_at <= QUOTA_WINDOW_MAX_S;
}

/* What does not fit is left out; the next answers tell it anew. */
static void
entry_read(struct quota_book *book, const json_t *o, int64_t now)
{
	const char *registry = json_string_value(
	    json_object_get(o, "registry"));
	const char *account = json_string_value(
	    json_object_get(o, "account"));
	struct quota q;

	quota_init(&q);
	if (registry == NULL || strlen(registry) > REGISTRY_NAME_MAX ||
	    !quota_get(o, &q) || !quota_tidy(&q, now) ||
	    book->count >= QUOTA_ENTRIES_MAX)
		return;
	quota_book_of(book, registry, account == NULL ? "" :
	    account)->quota = q;
}

int
quota_book_read(struct quota_book *book, const char *buf, size_t len,
    int64_t now, struct err *e)
{
	json_t *root = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(root, "registries");
	size_t i;
	int rc = 0;

	if (!json_is_array(list) || json_integer_value(
	    json_object_get(root, "version")) != BOOK_VERSION)
		rc = err_set(e, ERR_DATA,
		    "is damaged, or cdr did not write it");
	for (i = 0; rc == 0 && i < json_array_size(list); i++)
		entry_read(book, json_array_get(list, i), now);
	json_decref(root);
	return rc;
}

/* --- writing ----------------------------------------------------------- */

static void
number_set(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static json_t *
entry_write(const struct quota_entry *n, int64_t now)
{
	struct quota q = n->quota;
	json_t *o;

	if (!quota_tidy(&q, now))
		return NULL;
	o = json_object();
	json_object_set_new(o, "registry", json_string(n->registry));
	if (n->account[0] != '\0')
		json_object_set_new(o, "account", json_string(n->account));
	if (q.source[0] != '\0')
		json_object_set_new(o, "source", json_string(q.source));
	if (q.left >= 0 && q.window_s > 0) {
		number_set(o, "limit", q.limit);
		number_set(o, "left", q.left);
		number_set(o, "window_s", q.window_s);
		number_set(o, "since", q.since);
	}
	if (q.closed && q.closed_until != 0) {
		number_set(o, "closed_at", q.closed_at);
		number_set(o, "closed_until", q.closed_until);
	}
	return o;
}

/* What has passed meanwhile is not written. */
char *
quota_book_write(const struct quota_book *book, int64_t now, size_t *ret_len)
{
	json_t *root = json_object(), *list = json_array(), *o;
	const struct quota_entry *n;
	char *dumped, *text;

	for (n = book->entries; n != NULL; n = n->next) {
		o = entry_write(n, now);
		if (o != NULL)
			json_array_append_new(list, o);
	}
	number_set(root, "version", BOOK_VERSION);
	json_object_set_new(root, "registries", list);
	dumped = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(root);
	text = xasprintf("%s\n", dumped);
	free(dumped);
	*ret_len = strlen(text);
	return text;
}
