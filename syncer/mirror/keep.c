#include <stdlib.h>
#include <string.h>

#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "layout/pins.h"
#include "mirror/children.h"
#include "mirror/keep.h"
#include "mirror/keep_book.h"
#include "mirror/keep_list.h"
#include "mirror/keep_terms.h"
#include "report/unlisted.h"

struct keep {
	struct keep_options o;
	struct gc_rules rules;
	struct keep_book book;
	struct keep_terms terms;
	struct keep_list *list;
	const struct store *store;
	struct name_table pins;
	bool has_pins;			/* as they are since the last marking
					 * began */
	bool has_unknown;		/* an image whose term is in terms */
};

/* --- pins -------------------------------------------------------------- */

static int
read_pins(const struct store *store, struct name_table *ret, struct err *e)
{
	struct pins pins;
	const char *name;
	size_t at = 0;

	if (store_pins_read(store, &pins, e) == -1)
		return -1;
	while ((name = pins_next(&pins, &at)) != NULL)
		(void)name_table_add(ret, name);
	pins_done(&pins);
	return 0;
}

/* Somebody may set one beside a run, which marks all anew then. */
static int
renew_pins(struct keep *k, struct err *e)
{
	struct name_table pins = { .count = 0 };

	if (k->has_pins)
		return 0;
	if (read_pins(k->store, &pins, e) == -1) {
		name_table_done(&pins);
		return -1;
	}
	name_table_done(&k->pins);
	k->pins = pins;
	k->has_pins = true;
	return 0;
}

static void
begin(void *cookie)
{
	struct keep *k = cookie;

	k->has_pins = false;
}

/* --- one image --------------------------------------------------------- */

/*
 * A time that a clock which was never set has told, or one that is still to
 * come, is none: it only tells one listing from another.  An image that the
 * last run has listed is listed, whatever its clock said.
 */
static bool
is_known(const struct keep *k, const struct named *record)
{
	if (record == NULL || record->number == 0 || k->book.finished == 0)
		return false;
	return record->number == k->book.finished ||
	    (record->number >= KEEP_TIME_MIN && record->number <= k->o.now);
}

static int64_t
said_of(const struct named *record)
{
	return record == NULL ? 0 : record->number;
}

/* A clock that is wrong now, and was right when the last run ended, makes
 * nothing older. */
static int64_t
unlisted_for(struct keep *k, const struct named *record, const char *image)
{
	int64_t now = k->o.now;

	if (!is_known(k, record)) {
		k->has_unknown = true;
		return keep_terms_age(&k->terms, image, said_of(record));
	}
	if (now > k->book.finished)
		now = k->book.finished;
	return now > record->number ? now - record->number : 0;
}

/* For how long history stays; that of an image of which nothing is known stays
 * as it is. */
static void
set_history(const struct keep *k, const struct named *record,
    const struct list_entry *entry, struct gc_verdict *ret)
{
	ret->keep = UINT32_MAX;
	ret->keep_for_s = 0;
	if (entry != NULL) {
		ret->keep = entry->keep;
		ret->keep_for_s = entry->keep_for_s;
	} else if (is_known(k, record)) {
		ret->keep = record->keep;
		ret->keep_for_s = record->keep_for_s;
	}
}

/* <algorithm>-<64 hexadecimal digits>, and "." with anything behind it
 * (quirks.md#tags-of-cosign). */
static bool
is_companion(const char *reference)
{
	const char *at = reference;

	if (strncmp(at, "sha256-", 7) != 0 && strncmp(at, "sha512-", 7) != 0)
		return false;
	at += 7;
	return strspn(at, "0123456789abcdef") == 64 &&
	    (at[64] == '\0' || at[64] == '.');
}

static bool
is_wanted(const struct keep *k, const char *image)
{
	return name_table_find(&k->pins, image) != NULL ||
	    (k->o.use != NULL &&
	    name_table_find(&k->o.use->names, image) != NULL);
}

/* Is it known that the list which had it has had a run without it? */
static bool
has_left(const struct keep *k, const struct named *record)
{
	return is_known(k, record) &&
	    !status_lists_have(&k->book.lists, record->number);
}

/* Of no list that is at hand. */
static void
judge_unlisted(struct keep *k, const struct named *record, const char *image,
    struct gc_verdict *ret)
{
	int64_t age = unlisted_for(k, record, image);

	ret->unlisted_s = age;
	if (k->o.unlisted_s != KEEP_FOREVER && age >= k->o.unlisted_s)
		ret->kind = GC_GO;
	else if (k->list == NULL && age < UNLISTED_AFTER_S &&
	    !has_left(k, record))
		ret->kind = GC_KEEP;
	else
		ret->kind = GC_UNLISTED;
}

static int
judge_image(struct keep *k, const struct gc_reference *r, const char *image,
    struct gc_verdict *ret, struct err *e)
{
	const struct named *record = name_table_find(&k->book.records, image);
	const struct list_entry *entry = NULL;

	if (k->list != NULL && keep_list_find(k->list, r->registry,
	    r->repository, r->reference, &entry, e) == -1)
		return -1;
	*ret = (struct gc_verdict){ .kind = GC_KEEP };
	set_history(k, record, entry, ret);
	if (entry != NULL || is_wanted(k, image))
		return 0;
	if (record == NULL && is_companion(r->reference))
		ret->kind = GC_FOLLOW;
	else
		judge_unlisted(k, record, image, ret);
	return 0;
}

static int
judge(void *cookie, const struct gc_reference *r, struct gc_verdict *ret,
    struct err *e)
{
	char *image;
	int rc;

	if (renew_pins(cookie, e) == -1)
		return -1;
	image = keep_list_image(r->registry, r->repository, r->reference);
	rc = judge_image(cookie, r, image, ret, e);
	free(image);
	return rc;
}

/* --- the other rules --------------------------------------------------- */

static bool
in_use(void *cookie, const struct digest *digest)
{
	const struct keep *k = cookie;

	return digest_set_has(&k->o.use->digests, digest);
}

static bool
pinned(void *cookie, const char *registry, const char *repository,
    const struct digest *digest)
{
	const struct keep *k = cookie;
	char text[DIGEST_TEXT_MAX], *image;
	bool ret;

	if (k->pins.count == 0)
		return false;
	image = keep_list_image(registry, repository,
	    digest_text(digest, text));
	ret = name_table_find(&k->pins, image) != NULL;
	free(image);
	return ret;
}

static int
filter(void *cookie, const char *list,
    bool (*keep)(void *, const struct digest *), void *keep_cookie,
    char **ret, struct err *e)
{
	(void)cookie;
	return referrer_filter(list, keep, keep_cookie, ret, e);
}

static void
tell(void *cookie, const struct gc_event *event)
{
	const struct keep *k = cookie;

	k->o.tell(k->o.cookie, event);
}

static bool
is_stopped(void *cookie)
{
	const struct keep *k = cookie;

	return k->o.is_stopped(k->o.cookie);
}

static void
progress(void *cookie, const struct gc_progress *p)
{
	const struct keep *k = cookie;

	k->o.progress(k->o.cookie, p);
}

/* --- all of them ------------------------------------------------------- */

int
keep_new(const struct store *store, const struct keep_options *options,
    struct keep **ret, struct err *e)
{
	struct keep *k = xcalloc(1, sizeof(*k));
	int64_t term = options->unlisted_s;

	k->o = *options;
	k->store = store;
	if (renew_pins(k, e) == -1) {
		keep_free(k);
		return -1;
	}
	keep_book_read(store, &k->book);
	keep_terms_read(store, options->now, term > 0 ? term :
	    2 * UNLISTED_AFTER_S, &k->terms);
	if (options->list != NULL)
		k->list = keep_list_new(options->list, store, &k->book);
	k->rules = (struct gc_rules){
		.begin = begin,
		.judge = judge,
		.in_use = options->use != NULL &&
		    options->use->digests.count > 0 ? in_use : NULL,
		.pinned = pinned,
		.children = children_each,
		.filter = filter,
		.tell = options->tell != NULL ? tell : NULL,
		.is_stopped = options->is_stopped != NULL ? is_stopped : NULL,
		.progress = options->progress != NULL ? progress : NULL,
		.cookie = k,
	};
	*ret = k;
	return 0;
}

void
keep_free(struct keep *k)
{
	if (k == NULL)
		return;
	keep_list_free(k->list);
	keep_book_done(&k->book);
	keep_terms_done(&k->terms);
	name_table_done(&k->pins);
	free(k);
}

const struct gc_rules *
keep_rules(const struct keep *k)
{
	return &k->rules;
}

struct writing {
	struct keep *k;
	FILE *out;
};

/* What is listed or pinned grows no older meanwhile. */
static int
put_unknown(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	const struct gc_reference r = { registry, repository, reference, *id };
	const struct writing *w = cookie;
	struct gc_verdict verdict;
	char *image = keep_list_image(registry, repository, reference);
	int rc = 0;

	w->k->has_unknown = false;
	rc = judge_image(w->k, &r, image, &verdict, e);
	if (rc == 0 && w->k->has_unknown)
		keep_terms_put(&w->k->terms, image, said_of(name_table_find(
		    &w->k->book.records, image)), w->out);
	free(image);
	return rc;
}

int
keep_save(struct keep *k, struct store *store, struct err *e)
{
	struct writing w = { .k = k };
	char *text;
	size_t len;
	int rc = 0;

	if (!k->has_unknown && k->terms.ages.count == 0)
		return 0;
	w.out = xtext_open(&text, &len);
	keep_terms_head(&k->terms, w.out);
	if (k->has_unknown)
		rc = store_each_reference(store, put_unknown, &w, e);
	xtext_close(w.out);
	if (rc == 0)
		rc = keep_terms_write(store, text, len, e);
	free(text);
	return rc;
}
