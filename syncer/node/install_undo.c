/* Taking back what is in the record: each file, then the folders. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "layout/mem.h"
#include "node/ask.h"
#include "node/install_internal.h"
#include "node/under.h"

void
install_found_done(struct found *f)
{
	free(f->now);
	free(f->base);
	free(f->next);
}

bool
install_is_as_written(const struct record_file *r, const char *text)
{
	struct digest d;

	digest_of(r->written.alg, text, strlen(text), &d);
	return digest_equal(&d, &r->written);
}

int
install_begin(struct install *in, struct err *e)
{
	/* The root folder itself is the lock: it leaves nothing behind. */
	if (flock(in->root, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, ERR_STORE, "another cdr node-config is "
		    "running here: try again when it has ended");
	under_remove_rest(in->root, RECORD_PATH);
	return record_read(in->root, &in->record, e);
}

int
install_look_at_ours(struct install *in, const struct record_file *r,
    struct found *f, struct err *e)
{
	bool is_as_left;

	if (f->now == NULL)
		return 0;	/* somebody removed it: begin anew */
	if (r->saved != NULL &&
	    under_read(in->root, r->saved, &f->base, NULL, e) == -1)
		return -1;
	/* As we left it, or as it was when a run was killed before it wrote. */
	is_as_left = install_is_as_written(r, f->now);
	if (f->base != NULL ? (is_as_left && !r->edited) ||
	    strcmp(f->base, f->now) == 0 : r->saved == NULL && is_as_left)
		return 0;
	free(f->base);
	f->base = NULL;
	f->edited = true;
	return node_unmerge(r->kind, r->path, f->now, r->text, &f->base, e);
}

/* Two clients with the same certificate have one file between them. */
static bool
is_shared(const struct record *record, const struct record_file *r)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		if (&record->files[i] != r &&
		    strcmp(record->files[i].path, r->path) == 0)
			return true;
	return false;
}

/* Of a run that was killed. */
static void
remove_rests(struct install *in, const struct record_file *r)
{
	char *asked = xasprintf("%s" NODE_ASKED, r->path);
	struct err ignored;

	under_remove_rest(in->root, r->path);
	under_remove_rest(in->root, asked);
	if (r->kind != NODE_WHOLE)
		(void)under_remove(in->root, asked, &ignored);
	free(asked);
}

int
install_undo(struct install *in, struct record_file *r, bool is_gone_for_good,
    struct err *e)
{
	struct found f = { 0 };
	const char *what = "removed";
	int rc;

	if (is_shared(&in->record, r)) {
		in->said(in->cookie, "kept for another client", r->path);
		return 1;
	}
	rc = under_read(in->root, r->path, &f.now, &f.st, e);
	if (rc == -1)
		return -1;
	remove_rests(in, r);
	if (rc == 1 && install_look_at_ours(in, r, &f, e) == -1) {
		install_found_done(&f);
		return 0;
	}
	assert(!f.edited || f.base != NULL);
	if (f.edited) {
		if (strcmp(f.base, f.now) != 0)
			rc = under_write(in->root, r->path, f.base, &f.st,
			    0644, e);
		else
			rc = 0;
		what = strcmp(f.base, f.now) != 0 ? "took our lines out of" :
		    "found nothing of ours in";
		if (rc == 0 && r->saved != NULL)
			rc = under_remove(in->root, r->saved, e);
	} else if (r->saved != NULL && rc == 0 && is_gone_for_good) {
		rc = under_remove(in->root, r->saved, e);
		what = "found nothing of ours in";
	} else if (r->saved != NULL) {
		rc = under_rename(in->root, r->saved, r->path, e);
		what = "put back";
	} else {
		rc = under_remove(in->root, r->path, e);
	}
	if (rc == 0)
		in->said(in->cookie, what, r->path);
	install_found_done(&f);
	return rc == -1 ? -1 : 1;
}

/* Folders that are not empty stay for whoever is in there. */
static void
remove_dirs(struct install *in)
{
	struct record *r = &in->record;
	size_t i;

	for (i = r->dir_count; i-- > 0;) {
		if (under_remove_dir(in->root, r->dirs[i]) == -1)
			continue;
		free(r->dirs[i]);
		r->dir_count--;
		memmove(&r->dirs[i], &r->dirs[i + 1],
		    (r->dir_count - i) * sizeof(char *));
	}
}

/* The record goes last, but for the folders that it is in. */
int
install_finish(struct install *in, struct err *e)
{
	remove_dirs(in);
	if (in->record.count > 0)
		return record_write(in->root, &in->record, e);
	if (under_remove(in->root, RECORD_PATH, e) == -1)
		return -1;
	remove_dirs(in);
	return 0;
}

/* NULL is the plan of who wants nothing any more. */
static bool
is_planned(const struct node_plan *plan, const char *path)
{
	size_t i;

	for (i = 0; plan != NULL && i < plan->count; i++)
		if (strcmp(plan->files[i].path, path) == 0)
			return true;
	return false;
}

int
install_undo_unplanned(struct install *in, const struct node_plan *plan,
    size_t *ret_left, struct err *e)
{
	int done = 0, rc;
	size_t i;

	*ret_left = 0;
	for (i = in->record.count; i-- > 0;) {
		struct record_file *r = &in->record.files[i];

		if (strcmp(r->client, in->client) != 0 ||
		    is_planned(plan, r->path))
			continue;
		rc = install_undo(in, r, plan != NULL, e);
		if (rc == -1)
			return -1;
		if (rc == 1)
			record_drop(&in->record, r);
		else
			++*ret_left;
		done++;
		if (rc == 1 && record_write(in->root, &in->record, e) == -1)
			return -1;
	}
	return done;
}

/* What cannot be taken back stays in the record, for the next try. */
int
install_remove(int root, const char *client, install_fn *said, void *cookie,
    size_t *ret_left, struct err *e)
{
	struct install in = {
		.root = root, .client = client, .said = said, .cookie = cookie
	};
	int rc = install_begin(&in, e), done = 0;

	if (rc == 0) {
		done = install_undo_unplanned(&in, NULL, ret_left, e);
		/* With nothing to undo: what a killed one has left. */
		rc = done > 0 || (done == 0 && in.record.count == 0) ?
		    install_finish(&in, e) : done;
	}
	record_done(&in.record);
	return rc == -1 ? -1 : done;
}
