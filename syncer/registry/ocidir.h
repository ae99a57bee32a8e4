#ifndef CDR_REGISTRY_OCIDIR_H
#define CDR_REGISTRY_OCIDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "image/ref.h"
#include "layout/digest.h"
#include "layout/err.h"
#include "layout/limits.h"

/*
 * An OCI image layout on disk (image-spec image-layout.md), or a tree of
 * cdr-layout(5), which is one too, asked as a registry is.  Nothing in it is
 * trusted: what comes out is bytes, for others to check by digest.  No path
 * leads out of it, and only regular files are read.
 */
struct ocidir;

/* ocidir_open(path, ret, e): 0, or -1 with ${e} set (ERR_INPUT).  What
 * index.json says is read here, once.  ocidir_close accepts NULL. */
int ocidir_open(const char *, struct ocidir **, struct err *);
void ocidir_close(struct ocidir *);

/* ocidir_own(dir, registry, repository): tags without a repository are of this
 * one. */
void ocidir_own(struct ocidir *, const char *, const char *);

/* What is asked for, in the words of the distribution-spec. */
struct ocidir_question {
	const char *registry, *repository;
	const char *kind;	/* "manifests", "blobs", "tags", "referrers" */
	const char *reference;	/* a tag, "alg:hex"; "list" for tags */
};

/* All zero but for fd -1 before; ocidir_answer_done releases. */
struct ocidir_answer {
	int fd;			/* a regular file, or -1: */
	char *body;		/* NULL: none */
	uint64_t size;		/* bytes of what is there */
	struct digest digest;
	bool has_digest;
	char media_type[MEDIA_TYPE_MAX + 1];	/* "": not known */
};

/*
 * ocidir_ask(dir, question, ret, e): from any thread; it reads from the disk.
 * Return 0, or -1 with ${e} set: ERR_NOT_FOUND where it is not there, else it
 * cannot be read.
 */
int ocidir_ask(struct ocidir *, const struct ocidir_question *,
    struct ocidir_answer *, struct err *);
void ocidir_answer_done(struct ocidir_answer *);

#endif
