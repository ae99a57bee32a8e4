/*
 * What lies on a stick as a part: read by its head, then member by member, once
 * with all its bytes and once with some of them skipped.  Both find the same
 * members, with the names that a bundle has, each once, and as many bytes as
 * each says.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle/part_read.h"
#include "bundle/stick.h"
#include "bundle/tarfile.h"
#include "layout/digest_set.h"
#include "layout/limits.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_member(const struct part_member *m, struct digest_set *seen)
{
	struct digest digest, name;
	uint64_t offset;
	bool is_piece;

	must(m->size <= TARFILE_MEMBER_MAX);
	digest_of(DIGEST_SHA256, m->name, strlen(m->name), &name);
	must(digest_set_add(seen, &name, NULL));
	must(strcmp(m->name, BUNDLE_STATEMENT) == 0 ||
	    strcmp(m->name, BUNDLE_SIGNATURE) == 0 ||
	    strcmp(m->name, BUNDLE_TABLE) == 0 ||
	    bundle_member_parse(m->name, &digest, &is_piece, &offset) == 1);
}

/* How many members there are, and how it ends. */
static size_t
read_members(int fd, bool all, int *ret_end)
{
	struct digest_set seen = { .count = 0 };
	struct part_member m;
	struct part *p;
	struct err e;
	const void *bytes;
	size_t count = 0, len;
	uint64_t got;
	int rc;

	must(lseek(fd, 0, SEEK_SET) == 0);
	must(part_open(fd, "part", &p, &e) == 0);
	while ((rc = part_next(p, &m, &e)) == 1) {
		check_member(&m, &seen);
		count++;
		got = 0;
		while ((all || count % 2 == 0) &&
		    (rc = part_data(p, &bytes, &len, &e)) == 1)
			got += len;
		must(rc != 0 || got == m.size);
		if (rc == -1)
			break;
	}
	if (rc == -1) {
		must(e.code != ERR_NONE && part_has_failed(p));
		must(part_next(p, &m, &e) == -1);
	} else {
		must(part_next(p, &m, &e) == 0);
	}
	part_close(p);
	digest_set_done(&seen);
	*ret_end = rc;
	return count;
}

static void
read_head(int fd)
{
	struct stick_head h;
	struct part *p;
	struct err e;

	must(lseek(fd, 0, SEEK_SET) == 0);
	must(part_open(fd, "part", &p, &e) == 0);
	if (stick_head_read(p, &h, &e) == 1) {
		must(h.statement != NULL && h.table != NULL);
		must(h.statement_len <= BUNDLE_TEXT_MAX);
		must(h.table_len <= BUNDLE_TEXT_MAX);
		must(h.signature_len <= BUNDLE_SIGNATURE_MAX);
		stick_head_done(&h);
	}
	part_close(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("part", 0), whole, skipped;
	size_t count;

	must(fd != -1 && write(fd, data, size) == (ssize_t)size);
	count = read_members(fd, true, &whole);
	must(read_members(fd, false, &skipped) == count && whole == skipped);
	read_head(fd);
	close(fd);
	return 0;
}
