/*
 * Changing a node's files and taking it back, whatever happens in between: a
 * kill at any step, an edit by hand, another client with the same file.  What
 * is to be undone is written down before it is done.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layout/mem.h"
#include "node/ask.h"
#include "node/install_internal.h"
#include "node/under.h"

/* The second name that the file would get must be free. */
static int
look_at_backup(struct install *in, const struct node_file *file,
    const struct found *f, struct err *e)
{
	char *saved, *text;
	int rc;

	if (strcmp(f->now, f->next) == 0)
		return 0;
	saved = xasprintf("%s" RECORD_SAVED, file->path);
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
	    strcmp(now, file->text) == 0 && install_is_as_written(other, now);
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
		if (install_look_at_ours(in, r, f, e) == -1)
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
	if (!record_takes(file->kind, file->path) && (f->now == NULL ||
	    strcmp(f->now, f->next) != 0))
		return err_set(e, ERR_INPUT, "/%s: the client reads this file, "
		    "and cdr writes none among the system's own, nor one whose "
		    "name is not that of a configuration: put in by hand what "
		    "this command prints without --install", file->path);
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

/* What the record has of it, for forget; a client of NULL: nothing. */
static struct record_file
remember(struct install *in, const struct node_file *file)
{
	const struct record_file *r = record_find(&in->record, in->client,
	    file->path);
	struct record_file copy = { 0 };

	if (r == NULL)
		return copy;
	copy = *r;
	copy.client = xstrdup(r->client);
	copy.path = xstrdup(r->path);
	copy.text = xstrdup(r->text);
	copy.saved = r->saved != NULL ? xstrdup(r->saved) : NULL;
	return copy;
}

static void
say_nothing(void *cookie, const char *what, const char *path)
{
	(void)cookie;
	(void)what;
	(void)path;
}

/* The client has refused it: the record and the node are as they were. */
static void
forget(struct install *in, const struct node_file *file,
    struct record_file *before, struct err *e)
{
	struct record_file *r = record_find(&in->record, in->client,
	    file->path), ours;
	install_fn *said = in->said;
	struct err why;
	int rc = 1;

	in->said = say_nothing;
	if (before->client != NULL) {
		ours = *r;
		*r = *before;
		*before = ours;
	} else {
		rc = install_undo(in, r, false, &why);
		if (rc == 1)
			record_drop(&in->record, r);
	}
	in->said = said;
	if (rc == 1 && install_finish(in, &why) == 0)
		return;
	in->is_refused = false;
	*e = why;
}

/* Is there nothing that forget could go back to?  Nothing of ours is in place,
 * or nobody has agreed to it yet: a run was killed. */
static bool
is_begun(const struct record_file *known, const struct found *f)
{
	if (f->now == NULL)
		return known->saved == NULL;
	return known->pending || (f->base != NULL &&
	    strcmp(f->base, f->now) == 0);
}

/* One file.  What is in place already counts as done, so that a run that was
 * killed can be repeated. */
static int
apply(struct install *in, const struct node_file *file, struct found *f,
    struct err *e)
{
	const struct record_file *known = record_find(&in->record, in->client,
	    file->path);
	bool is_known = known != NULL, is_pending = is_known && known->pending;
	bool is_new = !is_known || f->is_fresh;
	bool is_same = f->now != NULL && strcmp(f->now, f->next) == 0;
	/* It is ours: another client has it, or its mark says so, and the
	 * record is lost. */
	bool is_ours = !is_known && f->now != NULL &&
	    (record_find(&in->record, NULL, file->path) != NULL ||
	    strncmp(f->now, NODE_MARK, strlen(NODE_MARK)) == 0);
	struct record_file *r, before = { 0 };
	int rc;

	assert(f->next != NULL);
	if (is_same && (is_known || !is_ours) && !is_pending) {
		in->said(in->cookie, "unchanged", file->path);
		return 0;
	}
	/* The record first: what it names and is not there is no harm. */
	if (under_missing_dirs(in->root, RECORD_PATH, missing_dir, in, e) ==
	    -1 || under_make_dirs(in->root, RECORD_PATH, e) == -1 ||
	    under_missing_dirs(in->root, file->path, missing_dir, in, e) == -1)
		return -1;
	if (is_known && !is_begun(known, f))
		before = remember(in, file);
	r = record_for(in, file);
	set_written(in, file->path, f->next);
	r->edited = !f->is_fresh && (r->edited || f->edited);
	r->pending = install_asks(in, file) && file->read_by != NULL;
	if (is_new && !is_ours && f->now != NULL) {
		free(r->saved);
		r->saved = xasprintf("%s" RECORD_SAVED, r->path);
	}
	rc = make_ready(in, r, is_new, e);
	if (rc == 0 && (!is_same || is_pending))
		rc = install_place(in, file, f, e);
	if (rc == -1 && in->is_refused)
		forget(in, file, &before, e);
	record_file_done(&before);
	if (rc == 0 && r->pending) {
		r->pending = false;
		rc = record_write(in->root, &in->record, e);
	}
	if (rc == -1)
		return -1;
	in->said(in->cookie, is_same ? "unchanged" : "wrote", file->path);
	return 0;
}

/* Until the first file is touched every failure is one of the input: nothing
 * has changed. */
int
install_write(int root, const char *client, const struct node_plan *plan,
    install_fn *said, install_ask_fn *ask, void *cookie, size_t *ret_left,
    struct err *e)
{
	struct install in = {
		.root = root, .client = client, .said = said, .ask = ask,
		.cookie = cookie
	};
	struct found *found = xcalloc(plan->count + 1, sizeof(*found));
	size_t i;
	int rc = install_begin(&in, e);

	for (i = 0; rc == 0 && i < plan->count; i++)
		rc = look(&in, &plan->files[i], &found[i], e);
	if (rc == -1 && e->code != ERR_STORE)
		e->code = ERR_INPUT;	/* nothing was touched */
	for (i = 0; rc == 0 && i < plan->count; i++) {
		rc = apply(&in, &plan->files[i], &found[i], e);
		if (rc == -1 && e->code == ERR_INPUT && !in.is_refused)
			e->code = ERR_SYS;
	}
	if (rc == 0)
		rc = install_undo_unplanned(&in, plan, ret_left, e);
	if (rc >= 0 && (rc > 0 || in.record.count == 0))
		rc = install_finish(&in, e);
	for (i = 0; i < plan->count; i++)
		install_found_done(&found[i]);
	free(found);
	record_done(&in.record);
	return rc == -1 ? -1 : 0;
}
