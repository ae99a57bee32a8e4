/*
 * Changing a node's files and taking it back, whatever happens in between: a
 * kill at any step, an edit by hand, another client with the same file.  What
 * is to be undone is written down before it is done.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "layout/mem.h"
#include "node/install.h"
#include "node/record.h"
#include "node/under.h"

#define SAVED_SUFFIX	".before-cdr"

struct install {
	int root;
	const char *client;
	struct record record;
	install_fn *said;
	void *cookie;
};

/* One file as it is found. */
struct found {
	char *now;		/* NULL: absent */
	struct stat st;
	char *base;		/* without us; NULL: absent */
	bool edited;		/* in the record, and changed since */
	bool is_fresh;		/* in the record, and nothing of ours in it */
	char *next;		/* what it is to hold */
};

static void
found_done(struct found *f)
{
	free(f->now);
	free(f->base);
	free(f->next);
}

/* The digest of what we wrote is in the record, not the text: it
 * may hold a key. */
static bool
is_as_written(const struct record_file *r, const char *text)
{
	struct digest d;

	digest_of(r->written.alg, text, strlen(text), &d);
	return digest_equal(&d, &r->written);
}

static int
begin(struct install *in, struct err *e)
{
	/* The root folder itself is the lock: it leaves nothing behind. */
	if (flock(in->root, LOCK_EX | LOCK_NB) == -1)
		return err_set(e, ERR_STORE, "another cdr node-config is "
		    "running here: try again when it has ended");
	under_remove_rest(in->root, RECORD_PATH);
	return record_read(in->root, &in->record, e);
}

/* What the file would be without us, where the record has it. */
static int
look_at_ours(struct install *in, const struct record_file *r, struct found *f,
    struct err *e)
{
	if (f->now == NULL)
		return 0;	/* somebody removed it: begin anew */
	if (r->saved != NULL &&
	    under_read(in->root, r->saved, &f->base, NULL, e) == -1)
		return -1;
	/* As we left it, or as it was when a run was killed before it wrote. */
	if (f->base != NULL ? (is_as_written(r, f->now) && !r->edited) ||
	    strcmp(f->base, f->now) == 0 :
	    r->saved == NULL && is_as_written(r, f->now))
		return 0;
	free(f->base);
	f->base = NULL;
	f->edited = true;
	return node_unmerge(r->kind, r->path, f->now, r->text, &f->base, e);
}

/* The second name that the file would get must be free. */
static int
look_at_backup(struct install *in, const struct node_file *file,
    const struct found *f, struct err *e)
{
	char *saved, *text;
	int rc;

	if (strcmp(f->now, f->next) == 0)
		return 0;
	saved = xasprintf("%s" SAVED_SUFFIX, file->path);
	rc = under_read(in->root, saved, &text, NULL, e);
	if (rc == 1) {
		free(text);
		rc = err_set(e, ERR_INPUT, "/%s: is in the way: cdr would keep "
		    "the file as it is now under that name. Move it away",
		    saved);
	}
	free(saved);
	return rc;
}

/* Certificates for podman are CRI-O's as well, if they are the same. */
static bool
can_share(const struct record_file *other, const struct node_file *file,
    const char *now)
{
	return other->kind == NODE_WHOLE && file->kind == NODE_WHOLE &&
	    strcmp(now, file->text) == 0 && is_as_written(other, now);
}

/* Nothing is written here: all files of a plan are looked at before the
 * first is touched. */
static int
look(struct install *in, const struct node_file *file, struct found *f,
    struct err *e)
{
	struct record_file *r = record_find(&in->record, in->client,
	    file->path), *other = record_find(&in->record, NULL, file->path);
	int rc = under_read(in->root, file->path, &f->now, &f->st, e);

	if (rc == -1)
		return -1;
	if (r != NULL) {
		if (look_at_ours(in, r, f, e) == -1)
			return -1;
		f->is_fresh = f->edited && strcmp(f->base, f->now) == 0;
	} else if (rc == 1) {
		if (other != NULL && !can_share(other, file, f->now))
			return err_set(e, ERR_INPUT, "/%s: cdr wrote it for "
			    "another client: run --remove for that client "
			    "first", file->path);
		f->base = xstrdup(f->now);
	}
	if (node_merge(file->kind, file->path, f->base, file->text,
	    &f->next, e) == -1)
		return -1;
	/* The record takes no other paths: see record.c. */
	if (strncmp(file->path, "etc/", 4) != 0 && (f->now == NULL ||
	    strcmp(f->now, f->next) != 0))
		return err_set(e, ERR_INPUT, "/%s: the client reads this file, "
		    "and cdr writes below /etc alone: put in by hand what this "
		    "command prints without --install", file->path);
	return r == NULL && rc == 1 ? look_at_backup(in, file, f, e) : 0;
}

/* They are noted before they are made: a kill in between leaves a note about
 * nothing, and no folder that nobody knows of. */
static void
missing_dir(void *cookie, const char *path)
{
	struct install *in = cookie;

	record_add_dir(&in->record, path);
}

/*
 * The record, then the folders, then a second name for what is there, and only
 * then the file: wherever this is cut short, undo finds what to do.
 */
static int
make_ready(struct install *in, const struct record_file *r, bool is_new,
    struct err *e)
{
	/* A backup of an older time: the file has gone on without us. */
	if (is_new && r->saved != NULL &&
	    under_remove(in->root, r->saved, e) == -1)
		return -1;
	if (record_write(in->root, &in->record, e) == -1 ||
	    under_make_dirs(in->root, r->path, e) == -1)
		return -1;
	return is_new && r->saved != NULL ?
	    under_link(in->root, r->path, r->saved, e) : 0;
}

/* Its text is what is to be taken out of a shared file again; of a file that is
 * ours alone there is nothing to say. */
static struct record_file *
record_for(struct install *in, const struct node_file *file)
{
	struct record_file *r = record_find(&in->record, in->client,
	    file->path);

	if (r == NULL) {
		r = record_add(&in->record);
		r->client = xstrdup(in->client);
		r->path = xstrdup(file->path);
		r->text = xstrdup("");
	}
	r->kind = file->kind;
	free(r->text);
	r->text = xstrdup(file->kind == NODE_WHOLE ? "" : file->text);
	return r;
}

/* The digest in all records of a file: whoever goes last has to know it. */
static void
set_written(struct install *in, const char *path, const char *text)
{
	struct digest d;
	size_t i;

	digest_of(DIGEST_SHA256, text, strlen(text), &d);
	for (i = 0; i < in->record.count; i++)
		if (strcmp(in->record.files[i].path, path) == 0)
			in->record.files[i].written = d;
}

/* One file.  What is in place already counts as done, so that a run that was
 * killed can be repeated. */
static int
apply(struct install *in, const struct node_file *file, struct found *f,
    struct err *e)
{
	bool is_known = record_find(&in->record, in->client, file->path) !=
	    NULL;
	bool is_new = !is_known || f->is_fresh;
	bool is_same = f->now != NULL && strcmp(f->now, f->next) == 0;
	/* It is ours: another client has it, or its mark says so, and the
	 * record is lost. */
	bool is_ours = !is_known && f->now != NULL &&
	    (record_find(&in->record, NULL, file->path) != NULL ||
	    strncmp(f->now, NODE_MARK, strlen(NODE_MARK)) == 0);
	struct record_file *r;

	assert(f->next != NULL);
	if (is_same && (is_known || !is_ours)) {
		in->said(in->cookie, "unchanged", file->path);
		return 0;
	}
	/* The record first: what it names and is not there is no harm. */
	if (under_missing_dirs(in->root, RECORD_PATH, missing_dir, in, e) ==
	    -1 || under_make_dirs(in->root, RECORD_PATH, e) == -1 ||
	    under_missing_dirs(in->root, file->path, missing_dir, in, e) == -1)
		return -1;
	r = record_for(in, file);
	set_written(in, file->path, f->next);
	r->edited = !f->is_fresh && (r->edited || f->edited);
	if (is_new && !is_ours && f->now != NULL) {
		free(r->saved);
		r->saved = xasprintf("%s" SAVED_SUFFIX, r->path);
	}
	if (make_ready(in, r, is_new, e) == -1)
		return -1;
	if (!is_same && under_write(in->root, file->path, f->next,
	    f->now != NULL ? &f->st : NULL, file->mode, e) == -1)
		return -1;
	in->said(in->cookie, is_same ? "unchanged" : "wrote", file->path);
	return 0;
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

/* A file that somebody has removed comes back with --remove alone: to another
 * --install it is one that has left the node, such as a drop-in whose program
 * is no longer there.  Return 1 when it is undone, 0 when it has to stay (the
 * reason is in ${e}), -1 when something failed. */
static int
undo(struct install *in, struct record_file *r, bool is_gone_for_good,
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
	under_remove_rest(in->root, r->path);
	if (rc == 1 && look_at_ours(in, r, &f, e) == -1) {
		found_done(&f);
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
	found_done(&f);
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
static int
finish(struct install *in, struct err *e)
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

/*
 * Undo what the client has and ${plan} (NULL: nothing) has not.  From the last
 * to the first: what was made last is in nobody's way.  The record is written
 * after each, so that a kill costs one repetition.
 */
static int
undo_unplanned(struct install *in, const struct node_plan *plan,
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
		rc = undo(in, r, plan != NULL, e);
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

/* Until the first file is touched every failure is one of the input: nothing
 * has changed. */
int
install_write(int root, const char *client, const struct node_plan *plan,
    install_fn *said, void *cookie, size_t *ret_left, struct err *e)
{
	struct install in = {
		.root = root, .client = client, .said = said, .cookie = cookie
	};
	struct found *found = xcalloc(plan->count + 1, sizeof(*found));
	size_t i;
	int rc = begin(&in, e);

	for (i = 0; rc == 0 && i < plan->count; i++)
		rc = look(&in, &plan->files[i], &found[i], e);
	if (rc == -1 && e->code != ERR_STORE)
		e->code = ERR_INPUT;	/* nothing was touched */
	for (i = 0; rc == 0 && i < plan->count; i++) {
		rc = apply(&in, &plan->files[i], &found[i], e);
		if (rc == -1 && e->code == ERR_INPUT)
			e->code = ERR_SYS;
	}
	if (rc == 0)
		rc = undo_unplanned(&in, plan, ret_left, e);
	if (rc >= 0 && (rc > 0 || in.record.count == 0))
		rc = finish(&in, e);
	for (i = 0; i < plan->count; i++)
		found_done(&found[i]);
	free(found);
	record_done(&in.record);
	return rc == -1 ? -1 : 0;
}

/* What cannot be taken back stays in the record, for the next try. */
int
install_remove(int root, const char *client, install_fn *said, void *cookie,
    size_t *ret_left, struct err *e)
{
	struct install in = {
		.root = root, .client = client, .said = said, .cookie = cookie
	};
	int rc = begin(&in, e), done = 0;

	if (rc == 0) {
		done = undo_unplanned(&in, NULL, ret_left, e);
		/* With nothing to undo: what a killed one has left. */
		rc = done > 0 || (done == 0 && in.record.count == 0) ?
		    finish(&in, e) : done;
	}
	record_done(&in.record);
	return rc == -1 ? -1 : done;
}
