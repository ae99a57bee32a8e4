/*
 * A tag is set to a digest that it had, and held there.
 *
 * The hold and the line of history come first, and are durable before the tag
 * moves: whoever finds a hold without its tag, because somebody died, can tell
 * where the tag was meant to go.  The next run sets it there; so does the same
 * command again; a release leaves it where it is.
 */
#include <string.h>

#include "store_internal.h"
#include "tag_history.h"

static int
choose_by_steps(const struct store *st, const struct store_rollback *r,
    struct digest *ret, struct err *e)
{
	struct tag_history h = { NULL, 0 };
	unsigned most = 0;
	size_t i;
	int rc;

	rc = store_history_read(st, r->registry, r->repository, r->tag, &h, e);
	if (rc == -1)
		return -1;
	tag_history_judge(&h, &r->from.digest);
	rc = 0;
	for (i = 0; i < h.count; i++) {
		most = h.lines[i].back > most ? h.lines[i].back : most;
		if (h.lines[i].back == r->back) {
			*ret = h.lines[i].digest;
			rc = 1;
		}
	}
	tag_history_done(&h);
	if (rc == 1)
		return 0;
	if (most == 0)
		return err_set(e, ERR_NOT_FOUND, "the tag had no other digest "
		    "before that it could be set back to");
	return err_set(e, ERR_NOT_FOUND, "the tag can be set back by %u "
	    "step(s), not by %u", most, r->back);
}

/* Where the tag is, where it is to go, and whether it can. */
static int
find_target(const struct store *st, struct store_rollback *r, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	struct digest to;
	int rc;

	rc = store_reference_get(st, r->registry, r->repository, r->tag,
	    &r->from, e);
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no such tag here");
	if (rc == -1)
		return -1;
	if (r->to != NULL)
		to = *r->to;
	else if (r->back == 0)
		to = r->from.digest;
	else if (choose_by_steps(st, r, &to, e) == -1)
		return -1;
	rc = store_reference_get(st, r->registry, r->repository,
	    digest_text(&to, text), &r->at, e);
	if (rc == 0)
		return err_set(e, ERR_NOT_FOUND, "the repository does not have "
		    "%s here", text);
	if (rc == 1)
		rc = store_is_whole(st, r->registry, r->repository, &r->at,
		    r->children, r->cookie, e);
	if (rc == 0)
		err_wrap(e, "%s is not whole here", text);
	return rc == 1 ? 0 : -1;
}

static int
is_held_there(const struct store *st, const struct store_rollback *r,
    struct err *e)
{
	struct digest at;
	struct err why;
	int rc = store_held_get(st, r->registry, r->repository, r->tag, &at,
	    &why);

	/* One that cannot be understood is written anew. */
	if (rc == -1 && (why.code == ERR_DATA || why.code == ERR_LIMIT))
		return 0;
	if (rc == -1)
		*e = why;
	return rc == 1 ? digest_equal(&at, &r->at.digest) : rc;
}

/* Before a link is relied on, and when it has moved. */
static void
touch_folders(struct store *st, const struct store_rollback *r)
{
	static const char *const folders[] = {
		"_history", "_default", "_manifests"
	};
	char path[STORE_PATH_MAX];
	size_t i;

	store_touch_hold(st, r->registry, r->repository);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		store_touch_dir(st, path_repository(r->registry,
		    r->repository, folders[i], path));
}

/* They are there: somebody may have planted something in their place. */
static int
look_at_folders(struct store *st, const struct store_rollback *r,
    struct err *e)
{
	char path[STORE_PATH_MAX];

	return store_make_dirs(st, path_repository(r->registry,
	    r->repository, "_history", path), e) == -1 ||
	    store_make_dirs(st, path_repository(r->registry, r->repository,
	    "_manifests", path), e) == -1 ? -1 : 0;
}

static int
move(struct store *st, const struct store_rollback *r, struct err *e)
{
	char path[STORE_PATH_MAX], inner[TAG_MAX + 16];

	if (look_at_folders(st, r, e) == -1 ||
	    store_new_generation(st, e) == -1 ||
	    store_mark_moved(st, r->registry, r->repository, e) == -1 ||
	    store_hold(st, r->registry, r->repository, r->tag, &r->at.digest,
	    e) == -1 ||
	    store_add_history(st, r->registry, r->repository, r->tag,
	    &r->at.digest, true, e) == -1 ||
	    store_settle_files(st, e) == -1)
		return -1;
	/* The links that a tag needs may be new, and their maker dead. */
	touch_folders(st, r);
	if (store_sync_dirs(st, e) == -1)
		return -1;
	snprintf(inner, sizeof(inner), "_manifests/%s", r->tag);
	return store_set_link(st, path_repository(r->registry, r->repository,
	    inner, path), &r->at, e);
}

static int
move_in_step(struct store *st, struct store_rollback *r, struct err *e)
{
	int rc;

	if (find_target(st, r, e) == -1)
		return -1;
	rc = is_held_there(st, r, e);
	if (rc == 1 && digest_equal(&r->from.digest, &r->at.digest)) {
		/* Whoever did all that may have died then. */
		touch_folders(st, r);
		return 0;
	}
	return rc == -1 || move(st, r, e) == -1 ? -1 : 1;
}

/* What it takes to look at a large image is read before anybody has to wait for
 * it, and looked at once more then. */
int
store_rollback(struct store *st, struct store_rollback *r, struct err *e)
{
	struct err why;
	int rc;

	if (find_target(st, r, e) == -1 || store_step_begin(st, e) == -1)
		return -1;
	rc = move_in_step(st, r, e);
	if (store_step_end(st, rc == -1 ? &why : e) == -1)
		return -1;
	return rc;
}
