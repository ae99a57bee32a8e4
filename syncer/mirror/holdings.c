/*
 * The old blobs.json and the tree are read side by side, both in the same
 * order, into the new blobs.json, which counts who has which blob; then that is
 * read once more into images.json, which can now tell what an image shares.
 * However many there are, one is in memory at a time.  Where a repository has
 * the links that it had, its lines are taken over as they are.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "image/referrer.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "report/blob_count.h"
#include "report/book.h"
#include "report/history.h"
#include "report/holding.h"
#include "report/report.h"
#include "mirror/walk.h"
#include "mirror/holdings.h"

struct holdings {
	struct store *store;
	struct book_in *old;		/* NULL: there is none */
	struct book_out *out;
	char repository[REGISTRY_NAME_MAX + REPOSITORY_NAME_MAX + 2];
	struct holding_head head;
	struct marks *marks;
	struct holding_totals totals;
	struct blob_count count;
	uint64_t own;			/* bytes of one image */
};

/* --- what the last run has found out ----------------------------------- */

/* The next line that is not before this image, if there is one. */
static bool
seek(struct holdings *all, const char *image, struct book_line *ret)
{
	while (all->old != NULL && book_peek(all->old, ret)) {
		if (name_order(ret->image, image) >= 0)
			return true;
		book_skip(all->old);
	}
	return false;
}

/*
 * What is known of the same bytes.  Of an index that was not all there more may
 * have come: it leaves a link.
 */
static bool
take_known(struct holdings *all, const char *links, struct holding *h)
{
	struct book_line line;
	struct holding known;

	if (!seek(all, h->image, &line) || strcmp(line.image, h->image) != 0 ||
	    !holding_read(line.text, &known))
		return false;
	if (known.is_broken || !digest_equal(&known.digest, &h->digest) ||
	    (known.links[0] != '\0' && strcmp(known.links, links) != 0)) {
		holding_done(&known);
		return false;
	}
	free(known.image);
	known.image = h->image;
	*h = known;
	return true;
}

/* --- one reference ----------------------------------------------------- */

static void
note_blob(void *cookie, const struct digest *d, uint64_t size)
{
	holding_add_blob(cookie, holding_key(d), size);
}

static void
look_inside(const struct store *store, const char *registry,
    const char *repository, const char *links, struct holding *h)
{
	static const struct platform_set all = { .all = true };
	static const struct digest_set none = { 0 };
	struct walk_from from = {
		.store = store,
		.registry = registry,
		.repository = repository,
		.root = h->digest,
		.platforms = &all,
		.absent = &none,
		.as_blobs = &none,
		.blob = note_blob,
		.cookie = h,
	};
	char text[PLATFORM_TEXT_MAX];
	struct walk walk;
	struct err e;
	size_t i;

	h->platforms = json_array();
	if (walk_image(&from, &walk, &e) == -1) {
		report(REPORT_DEBUG, "%s: %s", h->image, e.msg);
		h->is_broken = true;
		return;
	}
	h->size = walk.bytes;
	if (walk.kind != NULL)
		holding_set_kind(h, walk.kind);
	if (walk.missing_count > 0)
		snprintf(h->links, sizeof(h->links), "%s", links);
	for (i = 0; i < walk.have_count && i < HOLDING_PLATFORMS_MAX; i++)
		json_array_append_new(h->platforms,
		    json_string(platform_text(&walk.have[i], text)));
	walk_done(&walk);
}

/* These come and go while the image stays the same.  A list that cannot be read
 * tells of none. */
void
holdings_around(const struct store *store, const char *registry,
    const char *repository, struct holding *h)
{
	char tag[TAG_MAX + 1];
	struct manifest_id id;
	struct err e;
	char *buf;
	size_t len;
	int rc;

	h->referrers = 0;
	h->is_signed = false;
	rc = store_referrers_read(store, registry, repository, &h->digest,
	    &buf, &len, &e);
	if (rc == 1) {
		h->referrers = referrer_count(buf, len, &h->is_signed);
		free(buf);
	} else if (rc == -1) {
		report(REPORT_DEBUG, "%s: %s", h->image, e.msg);
	}
	/* cosign's tag for it (quirks.md#tags-of-cosign) */
	if (!h->is_signed)
		h->is_signed = store_reference_get(store, registry, repository,
		    referrer_tag(&h->digest, ".sig", tag), &id, &e) == 1;
}

static void
count_blob(void *cookie, uint64_t key, uint64_t size)
{
	struct holdings *all = cookie;

	if (blob_count_add(&all->count, key)) {
		all->totals.blobs++;
		all->totals.bytes += size;
	}
}

static void
put(struct holdings *all, const char *image, const char *text, size_t len)
{
	all->totals.images++;
	holding_each_blob(text, count_blob, all);
	book_put(all->out, image, text, len);
}

static int
add_reference(void *cookie, const char *registry, const char *repository,
    const char *reference, const struct manifest_id *id, struct err *e)
{
	struct holdings *all = cookie;
	struct holding h = { .digest = id->digest };
	char links[STORE_STAMP_MAX], *text;
	int rc = 0;

	h.image = xasprintf("%s/%s%c%s", registry, repository,
	    name_is_tag(reference) ? ':' : '@', reference);
	store_links_stamp(all->store, registry, repository, links);
	if (!take_known(all, links, &h)) {
		look_inside(all->store, registry, repository, links, &h);
		rc = store_published_at(all->store, registry, repository,
		    reference, h.published, e);
	}
	holdings_around(all->store, registry, repository, &h);
	if (rc != -1) {
		text = holding_blobs_text(&h);
		put(all, h.image, text, strlen(text));
		free(text);
	}
	holding_done(&h);
	return rc == -1 ? -1 : 0;
}

/* --- one repository ---------------------------------------------------- */

/* Of a full reference: up to the tag, or the digest. */
static size_t
repository_length(const char *image)
{
	const char *last = strrchr(image, '/'), *at = strchr(image, '@');

	if (at == NULL)
		at = last == NULL ? NULL : strchr(last, ':');
	return at == NULL ? strlen(image) : (size_t)(at - image);
}

/* Is this the name of a reference of that repository? */
static bool
is_of(const char *image, const char *repository)
{
	size_t len = strlen(repository);

	return strncmp(image, repository, len) == 0 &&
	    (image[len] == ':' || image[len] == '@') &&
	    strchr(image + len, '/') == NULL;
}

/* What could not be read may have been mended, and a line that makes no sense
 * may have been written by a failing disk.  Of the many lines that stand in the
 * earlier file nothing is written anew, so they are not read in full. */
static bool
is_doubtful(const struct book_line *line)
{
	struct holding h;

	if (line->is_earlier)
		return holding_line_is_broken(line->text);
	if (!holding_read(line->text, &h))
		return true;
	holding_done(&h);
	return holding_line_is_broken(line->text);
}

static int
look_again(struct holdings *all, const char *registry, const char *repository,
    const struct book_line *line, struct err *e)
{
	struct manifest_id id;
	char reference[TAG_MAX + DIGEST_TEXT_MAX];
	int rc;

	snprintf(reference, sizeof(reference), "%s",
	    line->image + strlen(registry) + strlen(repository) + 2);
	rc = store_reference_get(all->store, registry, repository, reference,
	    &id, e);
	if (rc == 1)
		rc = add_reference(all, registry, repository, reference, &id,
		    e);
	return rc;
}

static int
take_over(struct holdings *all, const char *registry, const char *repository,
    struct err *e)
{
	struct book_line line;
	int rc = 0;

	while (rc == 0 && seek(all, all->repository, &line) &&
	    is_of(line.image, all->repository)) {
		if (is_doubtful(&line))
			rc = look_again(all, registry, repository, &line, e);
		else
			put(all, line.image, line.text, line.len);
		book_skip(all->old);
	}
	return rc;
}

static int
add_repository(void *cookie, const char *registry, const char *repository,
    struct err *e)
{
	struct holdings *all = cookie;
	uint64_t images = all->totals.images;
	int rc;

	snprintf(all->repository, sizeof(all->repository), "%s/%s", registry,
	    repository);
	if (all->old == NULL || store_links_changed(all->store, registry,
	    repository, book_written(all->old)))
		rc = store_each_in(all->store, registry, repository,
		    add_reference, all, e);
	else
		rc = take_over(all, registry, repository, e);
	if (all->totals.images > images)
		all->totals.repositories++;
	return rc;
}

/* --- the files --------------------------------------------------------- */

static void
print_blobs_head(FILE *out, const char *earlier, void *cookie)
{
	const struct holdings *all = cookie;
	struct holding_head head = all->head;

	head.marks[0] = '\0';
	head.earlier = earlier;
	holding_head_print(out, &head);
}

static void
print_images_head(FILE *out, const char *earlier, void *cookie)
{
	const struct holdings *all = cookie;
	struct holding_head head = all->head;

	head.totals = &all->totals;
	head.earlier = earlier;
	holding_head_print(out, &head);
}

/* Return 1, 0 if the old file is none of ours, or -1. */
static int
write_blobs_from(struct holdings *all, struct book_in *old, struct err *e)
{
	struct book_print print = { .head = print_blobs_head, .cookie = all };
	int rc;

	memset(&all->totals, 0, sizeof(all->totals));
	blob_count_done(&all->count);
	all->old = old;
	all->out = book_begin(all->store, &holding_blobs_book, e);
	if (all->out == NULL)
		return -1;
	rc = store_each_repository(all->store, add_repository, all, e);
	if (rc == 0 && (old == NULL || !book_is_damaged(old)))
		return book_end(all->out, &print, e) == -1 ? -1 : 1;
	book_drop(all->out);
	return rc;
}

static int
write_blobs(struct holdings *all, struct err *e)
{
	struct book_in *old = book_open(all->store, &holding_blobs_book);
	int rc;

	if (old != NULL && !holding_head_is_ours(book_head(old))) {
		book_close(old);
		old = NULL;
	}
	rc = write_blobs_from(all, old, e);
	book_close(old);
	if (rc == 0)
		rc = write_blobs_from(all, NULL, e);
	return rc == -1 ? -1 : 0;
}

static void
sum_own(void *cookie, uint64_t key, uint64_t size)
{
	struct holdings *all = cookie;

	if (!blob_count_shared(&all->count, key))
		all->own += size;
}

static void
put_image(struct holdings *all, const struct book_line *line)
{
	char *marks, *text;
	const char *digest;
	size_t len = 0;

	all->own = 0;
	holding_each_blob(line->text, sum_own, all);
	digest = book_text(line, "digest", &len);
	marks = marks_text(all->marks, line->image, digest, len);
	text = holding_image_text(line->text, all->own, marks);
	book_put(all->out, line->image, text, strlen(text));
	free(marks);
	free(text);
}

/* From the other list, and from what was counted in it. */
static int
write_images(struct holdings *all, struct err *e)
{
	struct book_print print = { .head = print_images_head, .cookie = all };
	struct book_in *in = book_open(all->store, &holding_blobs_book);
	struct book_line line;

	all->out = book_begin(all->store, &holding_images_book, e);
	if (all->out == NULL) {
		book_close(in);
		return -1;
	}
	for (; in != NULL && book_peek(in, &line); book_skip(in))
		put_image(all, &line);
	book_close(in);
	return book_end(all->out, &print, e);
}

/* Is the file of this index, and of these marks? */
static bool
is_current(const struct holdings *all, const struct book_kind *kind,
    struct holding_totals *ret)
{
	struct book_in *in = book_open(all->store, kind);
	bool has_marks = kind == &holding_images_book;
	struct holding_head head;
	bool is_same = false;

	if (in == NULL)
		return false;
	if (book_written(in) != 0 &&
	    holding_head_read(book_head(in), &head, ret))
		is_same = strcmp(head.index, all->head.index) == 0 &&
		    (!has_marks || strcmp(head.marks, all->head.marks) == 0);
	book_close(in);
	return is_same;
}

/* Of a list that stays as it is.  Return false where lines of it are lost. */
static bool
count_again(struct holdings *all)
{
	struct book_in *in = book_open(all->store, &holding_blobs_book);
	char repository[sizeof(all->repository)] = "";
	struct book_line line;
	bool is_whole;
	size_t len;

	for (; in != NULL && book_peek(in, &line); book_skip(in)) {
		all->totals.images++;
		len = repository_length(line.image);
		if (strlen(repository) != len ||
		    memcmp(repository, line.image, len) != 0) {
			snprintf(repository, sizeof(repository), "%.*s",
			    (int)len, line.image);
			all->totals.repositories++;
		}
		holding_each_blob(line.text, count_blob, all);
	}
	is_whole = in != NULL && !book_is_damaged(in);
	book_close(in);
	return is_whole;
}

int
holdings_save(struct store *store, int64_t now, struct marks *marks,
    struct err *e)
{
	struct holdings all = { .store = store, .marks = marks };
	struct holding_totals none;
	bool has_blobs;
	int rc = 0;

	all.head.now = now;
	store_index_stamp(store, all.head.index);
	marks_stamp(marks, all.head.marks);
	has_blobs = is_current(&all, &holding_blobs_book, &none);
	if (!has_blobs || !is_current(&all, &holding_images_book,
	    &all.totals)) {
		memset(&all.totals, 0, sizeof(all.totals));
		if (!has_blobs || !count_again(&all))
			rc = write_blobs(&all, e);
		if (rc == 0)
			rc = write_images(&all, e);
	}
	blob_count_done(&all.count);
	return rc == 0 ? history_save(store, now, &all.totals, e) : -1;
}

int
holdings_end(void *cookie, struct marks *marks, struct err *e)
{
	const struct holdings_end *end = cookie;

	return holdings_save(end->store, end->now, marks, e);
}
