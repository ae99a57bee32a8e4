#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/layout_index.h"
#include "image/pattern.h"
#include "layout/fsutil.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "source/oci_layout.h"

static void
take(struct gather *g, const struct layout_entry *entry)
{
	char digest[DIGEST_TEXT_MAX], *ref;

	digest_text(&entry->digest, digest);
	if (entry->registry == NULL) {
		gather_left(g, 0, "%.150s (%s) has no full name",
		    entry->tag == NULL ? "an image" : entry->tag, digest);
		return;
	}
	/* They come with what they are about. */
	if (entry->tag != NULL && tag_is_signature(entry->tag))
		return;
	ref = xasprintf("%s/%s%s%s", entry->registry, entry->repository,
	    entry->tag != NULL ? ":" : "@", entry->tag != NULL ? entry->tag :
	    digest);
	gather_image(g, 0, ref, "");
	free(ref);
}

/* A tree of very many images has an index that is never here as a whole. */
static int
feed(int fd, struct layout_reader *reader, struct err *e)
{
	char *buf = xmalloc(STREAM_BUFFER);
	size_t all = 0;
	ssize_t got = 0;
	int rc = 0;

	while (rc == 0 && (got = read(fd, buf, STREAM_BUFFER)) > 0) {
		all += (size_t)got;
		rc = all > LAYOUT_INDEX_BYTES_MAX ? err_set(e, ERR_LIMIT,
		    "more than %u bytes", LAYOUT_INDEX_BYTES_MAX) :
		    layout_index_feed(reader, buf, (size_t)got, e);
	}
	if (rc == 0 && got == -1)
		rc = err_sys(e, "cannot be read");
	free(buf);
	return rc;
}

static int
read_index(struct gather *g, int dir, struct err *e)
{
	struct layout_reader *reader;
	struct layout_index index;
	size_t i;
	int fd, rc = fs_open_file(dir, "index.json", O_RDONLY, &fd, e);

	if (rc == 0)
		return err_set(e, ERR_INPUT, "there is none");
	if (rc == -1)
		return -1;
	reader = layout_index_new();
	rc = feed(fd, reader, e);
	close(fd);
	if (rc == 0)
		rc = layout_index_end(reader, &index, e);
	layout_index_free(reader);
	if (rc == -1)
		return -1;
	for (i = 0; i < index.count; i++)
		take(g, &index.entries[i]);
	layout_index_done(&index);
	return 0;
}

int
oci_layout_read(struct gather *g, const char *folder, struct err *e)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	char *text = NULL;
	size_t len;

	if (dir == -1)
		return err_sys(e, "%s", folder);
	rc = fs_read_file(dir, "oci-layout", CONFIG_BYTES_MAX, &text, &len, e);
	if (rc == 1 && layout_version(text, len, e) == -1)
		rc = -1;
	free(text);
	if (rc == -1)
		err_wrap(e, "%s/oci-layout", folder);
	if (rc == 1 && read_index(g, dir, e) == -1)
		rc = err_wrap(e, "%s/index.json", folder);
	close(dir);
	return rc;
}
