/* How an image becomes visible: in an order in which a crash, or a reader, at
 * any point finds all that it can reach.  cdr-layout(5) has it in full. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fsutil.h"
#include "mem.h"
#include "store_internal.h"

/* _manifests/REFERENCE is a link for a tag, and one for each digest that the
 * repository has: nothing else says that a manifest belongs to it. */
static int
link_to(struct store *st, const struct publication *p, const char *reference,
    const struct manifest_id *id, struct err *e)
{
	char path[STORE_PATH_MAX], inner[DIGEST_TEXT_MAX + TAG_MAX + 16];

	snprintf(inner, sizeof(inner), "_manifests/%s", reference);
	return store_set_link(st, path_repository(p->registry, p->repository,
	    inner, path), id, e);
}

/*
 * The link is named by the index, not by a tag: what stands for an index never
 * changes, so no tag that moves can leave it behind.
 */
static int
link_default(struct store *st, const struct publication *p, struct err *e)
{
	char path[STORE_PATH_MAX], inner[DIGEST_TEXT_MAX + 16];
	char text[DIGEST_TEXT_MAX];

	if (p->default_manifest == NULL)
		return 0;
	if (store_make_dirs(st, path_repository(p->registry, p->repository,
	    "_default", path), e) == -1)
		return -1;
	snprintf(inner, sizeof(inner), "_default/%s",
	    digest_text(&p->root.digest, text));
	return store_set_link(st, path_repository(p->registry, p->repository,
	    inner, path), p->default_manifest, e);
}

/*
 * Every folder that a publication needs, _manifests last: where that is, there
 * is a repository.  Then the digest links, the root's last; where it is
 * published by digest alone, its link is for move_tag to make.
 */
static int
link_digests(struct store *st, const struct publication *p, struct err *e)
{
	static const char *const dirs[] = {
		"_tags", "_history", "_manifests"
	};
	char path[STORE_PATH_MAX], parent[STORE_PATH_MAX];
	char text[DIGEST_TEXT_MAX];
	size_t i;

	path_repository(p->registry, p->repository, "_manifests", path);
	if (store_make_dirs_in(st, path_parent(path, parent), dirs,
	    sizeof(dirs) / sizeof(dirs[0]), e) == -1)
		return -1;
	for (i = p->count; i-- > 0;) {
		if (p->tag == NULL && digest_equal(&p->manifests[i].digest,
		    &p->root.digest))
			continue;
		if (link_to(st, p, digest_text(&p->manifests[i].digest, text),
		    &p->manifests[i], e) == -1)
			return -1;
	}
	return 0;
}

/* To the list of one subject, which is read and written once. */
static int
add_to_list(struct store *st, const struct publication *p,
    const struct digest *subject, const char *const *descriptors,
    size_t count, struct err *e)
{
	char path[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	char *old = NULL, *fresh;
	int rc;

	path_referrers(p->registry, p->repository, subject, path);
	if (store_read_own(st, path, REFERRERS_BYTES_MAX, &old, e) == -1)
		return -1;
	rc = p->merge(old, descriptors, count, &fresh, e);
	free(old);
	if (rc == 1) {
		rc = store_make_dirs(st, path_repository(p->registry,
		    p->repository, "_referrers", folder), e);
		if (rc == 0)
			rc = store_write_file(st, path, fresh, strlen(fresh),
			    e);
		free(fresh);
	}
	return rc == -1 ? err_wrap(e, "%s", path) : 0;
}

/* Which order does not matter, as long as the same stand together. */
static int
compare_subjects(const void *a, const void *b)
{
	const struct referral *const *r = a, *const *s = b;

	return digest_compare(&(*r)->subject, &(*s)->subject);
}

/* By subject, so that a list that a hundred signatures are added to is
 * written once. */
static int
add_referrals(struct store *st, const struct publication *p, struct err *e)
{
	size_t i, first, count = p->referral_count;
	const struct referral **sorted;
	const char **descriptors;
	int rc = 0;

	assert(count == 0 || p->merge != NULL);
	if (count == 0)
		return 0;
	sorted = xcalloc(count, sizeof(*sorted));
	descriptors = xcalloc(count, sizeof(*descriptors));
	for (i = 0; i < count; i++)
		sorted[i] = &p->referrals[i];
	qsort(sorted, count, sizeof(*sorted), compare_subjects);
	for (i = 0, first = 0; i < count && rc == 0; i++) {
		descriptors[i] = sorted[i]->descriptor;
		if (i + 1 < count &&
		    compare_subjects(&sorted[i], &sorted[i + 1]) == 0)
			continue;
		rc = add_to_list(st, p, &sorted[i]->subject,
		    descriptors + first, i + 1 - first, e);
		first = i + 1;
	}
	assert(rc != 0 || first == count);
	free(sorted);
	free(descriptors);
	return rc;
}

static int
add_history(struct store *st, const struct publication *p, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	return store_add_history(st, p->registry, p->repository,
	    p->tag != NULL ? p->tag : digest_text(&p->root.digest, text),
	    &p->root.digest, false, e);
}

/* The one rename that readers notice. */
static int
move_tag(struct store *st, const struct publication *p, struct err *e)
{
	char text[DIGEST_TEXT_MAX];

	return link_to(st, p, p->tag != NULL ? p->tag :
	    digest_text(&p->root.digest, text), &p->root, e);
}

static bool
same_repository(const struct publication *a, const struct publication *b)
{
	return strcmp(a->repository, b->repository) == 0 &&
	    strcmp(a->registry, b->registry) == 0;
}

/* A list once for each repository, however many of its tags are here. */
static int
write_tag_lists(struct store *st, const struct publication *p, size_t count,
    struct err *e)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count; j++)
			if (same_repository(&p[i], &p[j]))
				break;
		if (j < count)
			continue;	/* its last one will do it */
		if (store_write_tags(st, p[i].registry, p[i].repository,
		    e) == -1)
			return -1;
	}
	return 0;
}

/* Read under the lock that whoever holds a tag has, so that it cannot be held
 * between this and the move.  Another digest of it stays out. */
static int
look_for_holds(struct store *st, struct publication *p, size_t count,
    struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		p[i].held = false;
		if (p[i].tag == NULL)
			continue;
		rc = store_held_get(st, p[i].registry, p[i].repository,
		    p[i].tag, &p[i].held_at, e);
		if (rc == -1)
			return -1;
		p[i].held = rc == 1 &&
		    !digest_equal(&p[i].held_at, &p[i].root.digest);
		if (rc == 1 && !p[i].held)
			store_touch_hold(st, p[i].registry, p[i].repository);
	}
	return 0;
}

/* All images of a round together: each wait for the disk is shared. */
static int
publish_all(struct store *st, const struct publication *p, size_t count,
    struct err *e)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!p[i].held)
			store_note_changed(st, p[i].registry, p[i].repository);
	for (i = 0; i < count; i++)
		if (!p[i].held && (link_digests(st, &p[i], e) == -1 ||
		    link_default(st, &p[i], e) == -1 ||
		    add_referrals(st, &p[i], e) == -1 ||
		    add_history(st, &p[i], e) == -1))
			return -1;
	/* All that a tag needs is there before the tag is. */
	if (store_settle_files(st, e) == -1 || store_sync_dirs(st, e) == -1)
		return -1;
	for (i = 0; i < count; i++)
		if (!p[i].held && move_tag(st, &p[i], e) == -1)
			return -1;
	if (write_tag_lists(st, p, count, e) == -1 ||
	    store_settle_files(st, e) == -1)
		return -1;
	return store_sync_dirs(st, e);
}

int
store_publish(struct store *st, struct publication *p, size_t count,
    struct err *e)
{
	int rc;

	assert(st->is_writer);
	if (store_lock_publish(st, e) == -1)
		return -1;
	st->walked.is_whole = false;
	rc = store_new_generation(st, e);
	if (rc == 0)
		rc = store_mark_stale(st, e);
	if (rc == 0)
		rc = look_for_holds(st, p, count, e);
	if (rc == 0 && publish_all(st, p, count, e) == -1) {
		store_drop_files(st);
		/* Some tags may have moved, and their lists are as they
		 * were. */
		st->index_inherited = true;
		rc = -1;
	}
	store_unlock_publish(st);
	return rc;
}
