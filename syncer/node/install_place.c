/* A client that would not start with a file shall not find it. */
#include <stdlib.h>

#include "layout/mem.h"
#include "node/ask.h"
#include "node/install_internal.h"
#include "node/under.h"

static int
ask(struct install *in, const struct node_file *file, const char *at,
    struct err *e)
{
	int rc = in->ask(in->cookie, file, at, e);

	in->is_refused = rc == -1;
	return rc;
}

/* What a killed run has left is written over, or goes with the file
 * (install_undo). */
static int
ask_of_copy(struct install *in, const struct node_file *file,
    const struct found *f, struct err *e)
{
	char *at = xasprintf("%s" NODE_ASKED, file->path);
	struct err ignored;
	int rc = under_write(in->root, at, f->next,
	    f->now != NULL ? &f->st : NULL, file->mode, e);

	if (rc == 0)
		rc = ask(in, file, at, e);
	(void)under_remove(in->root, at, &ignored);
	free(at);
	return rc;
}

static int
put_back(struct install *in, const struct node_file *file,
    const struct found *f, struct err *e)
{
	return f->now == NULL ? under_remove(in->root, file->path, e) :
	    under_write(in->root, file->path, f->now, &f->st, file->mode, e);
}

bool
install_asks(const struct install *in, const struct node_file *file)
{
	return in->ask != NULL && file->kind != NODE_WHOLE;
}

int
install_place(struct install *in, const struct node_file *file,
    struct found *f, struct err *e)
{
	bool asks = install_asks(in, file);
	struct err why;

	if (asks && file->read_by == NULL &&
	    ask_of_copy(in, file, f, e) == -1)
		return -1;
	if (under_write(in->root, file->path, f->next,
	    f->now != NULL ? &f->st : NULL, file->mode, e) == -1)
		return -1;
	if (!asks || file->read_by == NULL ||
	    ask(in, file, file->read_by, e) == 0)
		return 0;
	/* Where it is new to us, its backup comes back instead. */
	if (put_back(in, file, f, &why) == -1) {
		in->is_refused = false;
		*e = why;
	}
	return -1;
}
