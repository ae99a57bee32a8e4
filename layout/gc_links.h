#ifndef CDR_GC_LINKS_H
#define CDR_GC_LINKS_H

#include "fsutil.h"
#include "gc_internal.h"

/* Shared by gc_links.c, gc_references.c and gc_digests.c: a repository, and the
 * names of one of its folders that go. */
struct links {
	struct gc_sweep *s;
	struct gc_repository r;
	const char *folder;		/* that is walked through */
	char **names;			/* what goes of it */
	size_t count, room;
	size_t left;			/* names that stay in it */
};

void links_add(struct links *, const char *);
void links_forget(struct links *);

/* links_each(w, folder, fn, e): with ${w} as the cookie. */
int links_each(struct links *, const char *, fs_each_fn *, struct err *);

/* links_path(w, folder, name, buf): ${name} "": the folder itself. */
char *links_path(const struct links *, const char *, const char *,
    char buf[STORE_PATH_MAX]);
bool links_has(const struct links *, const char *, const char *);

/* links_loses(w, reference): does it go? */
bool links_loses(const struct links *, const char *);

/* links_remove(w, folder, name, e): it goes, if it is ours.  links_drop: what
 * is about nothing that is there; told, and removed if that is asked for. */
int links_remove(struct links *, const char *, const char *, struct err *);
int links_drop(struct links *, const char *, const char *, struct err *);

/* links_sweep_references(s, registry, repository, e), links_sweep_digests: the
 * two rounds, as store_repository_fn. */
int links_sweep_references(void *, const char *, const char *, struct err *);
int links_sweep_digests(void *, const char *, const char *, struct err *);

#endif
