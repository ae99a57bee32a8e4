/* The statement: what a bundle is. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle/record.h"
#include "bundle/statement.h"
#include "layout/digest_set.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"
#include "layout/pins.h"

struct parse {
	struct records r;
	struct statement s;
	size_t image_room, part_room, manifest_room;
	struct digest_set images;	/* their references, hashed */
	struct digest_set manifests;	/* of the image that is read */
	struct digest_set parts;	/* their names, hashed, in one case */
};

static bool
is_to(const char *name)
{
	return strcmp(name, "*") == 0 || bundle_is_site(name);
}

bool
statement_is_platforms(const char *text)
{
	size_t i, len = strlen(text);

	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= BUNDLE_PLATFORMS_MAX &&
	    strcmp(text, "-") != 0;
}

/* False: it is there already. */
static bool
note(struct digest_set *set, const char *text)
{
	struct digest digest;

	digest_of(DIGEST_SHA256, text, strlen(text), &digest);
	return digest_set_add(set, &digest, set);
}

/* DIGEST SIZE TYPE, from word ${at} on. */
static int
read_id(struct parse *p, size_t at, struct statement_manifest *ret,
    struct err *e)
{
	if (records_digest(&p->r, at, &ret->digest, e) == -1 ||
	    records_number(&p->r, at + 1, MANIFEST_BYTES_MAX, &ret->size,
	    e) == -1)
		return -1;
	if (!name_is_manifest_type(p->r.words[at + 2]))
		return records_fail(&p->r, ERR_DATA, e, "word %zu is no type "
		    "of a manifest", at + 3);
	if (!digest_set_add(&p->manifests, &ret->digest, p))
		return records_fail(&p->r, ERR_DATA, e, "the image has that "
		    "manifest already");
	ret->media_type = xstrdup(p->r.words[at + 2]);
	return 0;
}

static struct statement_image *
new_image(struct parse *p)
{
	struct statement *s = &p->s;

	if (s->image_count == p->image_room) {
		p->image_room = p->image_room == 0 ? 64 : 2 * p->image_room;
		s->images = xreallocarray(s->images, p->image_room,
		    sizeof(*s->images));
	}
	memset(&s->images[s->image_count], 0, sizeof(*s->images));
	p->manifest_room = 0;
	digest_set_done(&p->manifests);
	return &s->images[s->image_count++];
}

/* Only names as they are in the tree, with a registry, so that there is one way
 * to write them. */
static int
read_reference(struct parse *p, struct statement_image *image, struct err *e)
{
	struct full_name name;
	struct digest digest;
	struct err ignored;

	if (!full_name_split(p->r.words[1], &name))
		return records_fail(&p->r, ERR_DATA, e, "word 2 is no full "
		    "reference, such as docker.io/library/nginx:1.27");
	if (!note(&p->images, p->r.words[1]))
		return records_fail(&p->r, ERR_DATA, e, "the image was there "
		    "already");
	image->registry = xstrdup(name.registry);
	image->repository = xstrdup(name.repository);
	if (name_is_tag(name.reference)) {
		image->tag = xstrdup(name.reference);
		return 0;
	}
	if (digest_parse(name.reference, &digest, &ignored) == -1 ||
	    !digest_equal(&digest, &image->root.digest))
		return records_fail(&p->r, ERR_DATA, e, "the reference has "
		    "another digest");
	return 0;
}

static int
read_image(struct parse *p, struct err *e)
{
	struct statement_image *image;
	const char *platforms = p->r.words[5];

	if (p->s.image_count >= BUNDLE_IMAGES_MAX)
		return records_fail(&p->r, ERR_LIMIT, e, "more than %u images",
		    BUNDLE_IMAGES_MAX);
	image = new_image(p);
	if (read_id(p, 2, &image->root, e) == -1 ||
	    read_reference(p, image, e) == -1)
		return -1;
	if (strcmp(platforms, "-") == 0)
		platforms = "";
	else if (!statement_is_platforms(platforms))
		return records_fail(&p->r, ERR_LIMIT, e, "platforms of more "
		    "than %u bytes", BUNDLE_PLATFORMS_MAX);
	image->platforms = xstrdup(platforms);
	return 0;
}

/* Right behind the image. */
static bool
is_hold(const struct parse *p)
{
	const struct statement_image *image;

	if (p->s.image_count == 0 || p->s.part_count > 0)
		return false;
	image = &p->s.images[p->s.image_count - 1];
	return image->count == 0 && !image->is_held && image->tag != NULL &&
	    records_at(&p->r, "held", 1);
}

static int
read_manifest(struct parse *p, struct err *e)
{
	struct statement_image *image;

	if (p->s.image_count == 0)
		return records_fail(&p->r, ERR_DATA, e, "it belongs to no "
		    "image");
	image = &p->s.images[p->s.image_count - 1];
	if (image->count + 1 >= IMAGE_MANIFESTS_MAX)
		return records_fail(&p->r, ERR_LIMIT, e, "an image of more "
		    "than %u manifests", IMAGE_MANIFESTS_MAX);
	if (image->count == p->manifest_room) {
		p->manifest_room = p->manifest_room == 0 ? 4 :
		    2 * p->manifest_room;
		image->manifests = xreallocarray(image->manifests,
		    p->manifest_room, sizeof(*image->manifests));
	}
	memset(&image->manifests[image->count], 0, sizeof(*image->manifests));
	return read_id(p, 1, &image->manifests[image->count++], e);
}

/* On FAT "A.cdr.001" and "a.cdr.001" are one file. */
static int
read_name(struct parse *p, struct statement_part *part, struct err *e)
{
	char lower[BUNDLE_FILE_MAX + 1], *c;

	if (!bundle_is_file(p->r.words[1]))
		return records_fail(&p->r, ERR_DATA, e, "word 2 is no name of "
		    "a part");
	snprintf(part->name, sizeof(part->name), "%s", p->r.words[1]);
	snprintf(lower, sizeof(lower), "%s", part->name);
	for (c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	if (!note(&p->parts, lower))
		return records_fail(&p->r, ERR_DATA, e, "the part was there "
		    "already");
	return 0;
}

static int
read_part(struct parse *p, struct err *e)
{
	struct statement *s = &p->s;
	struct statement_part *part;

	if (s->part_count >= BUNDLE_PARTS_MAX)
		return records_fail(&p->r, ERR_LIMIT, e, "more than %u parts",
		    BUNDLE_PARTS_MAX);
	if (s->part_count == p->part_room) {
		p->part_room = p->part_room == 0 ? 4 : 2 * p->part_room;
		s->parts = xreallocarray(s->parts, p->part_room,
		    sizeof(*s->parts));
	}
	part = &s->parts[s->part_count];
	memset(part, 0, sizeof(*part));
	s->part_count++;
	if (read_name(p, part, e) == -1 ||
	    records_number(&p->r, 2, BUNDLE_PART_BYTES_MAX, &part->bytes,
	    e) == -1 ||
	    records_number(&p->r, 3, BUNDLE_TEXT_MAX, &part->objects,
	    e) == -1 ||
	    records_number(&p->r, 4, BUNDLE_TEXT_MAX, &part->table_size,
	    e) == -1)
		return -1;
	return records_digest(&p->r, 5, &part->table, e);
}

static int
read_body(struct parse *p, struct err *e)
{
	int rc = 0;

	while (rc == 0) {
		if (records_at(&p->r, "image", 6) && p->s.part_count == 0)
			rc = read_image(p, e);
		else if (is_hold(p))
			p->s.images[p->s.image_count - 1].is_held = true;
		else if (records_at(&p->r, "manifest", 4) &&
		    p->s.part_count == 0)
			rc = read_manifest(p, e);
		else if (records_at(&p->r, "part", 6))
			rc = read_part(p, e);
		else
			return records_end(&p->r, e);
		if (rc == 0)
			rc = records_next(&p->r, e);
	}
	return -1;
}

/* The two that may be absent; the line behind them is read, too. */
static int
read_optional(struct parse *p, struct err *e)
{
	struct statement *s = &p->s;

	if (records_next(&p->r, e) == -1)
		return -1;
	if (records_at(&p->r, "expires", 2)) {
		if (records_time(&p->r, 1, &s->expires, e) == -1 ||
		    records_next(&p->r, e) == -1)
			return -1;
	}
	if (!records_at(&p->r, "list", 2))
		return 0;
	if (!bundle_is_site(p->r.words[1]))
		return records_fail(&p->r, ERR_DATA, e, "word 2 is no name of "
		    "a list");
	snprintf(s->list, sizeof(s->list), "%s", p->r.words[1]);
	return records_next(&p->r, e);
}

static int
read_all(struct parse *p, struct err *e)
{
	struct statement *s = &p->s;

	if (records_next(&p->r, e) == -1)
		return -1;
	if (!records_at(&p->r, "cdr-bundle", 2))
		return records_fail(&p->r, ERR_DATA, e, "it is no statement "
		    "of a bundle");
	if (strcmp(p->r.words[1], "1") != 0)
		return records_fail(&p->r, ERR_DATA, e, "it is of a version "
		    "other than 1");
	if (records_word(&p->r, "id", s->id, sizeof(s->id), bundle_is_id,
	    e) == -1 ||
	    records_word(&p->r, "from", s->from, sizeof(s->from),
	    bundle_is_site, e) == -1 ||
	    records_word(&p->r, "to", s->to, sizeof(s->to), is_to, e) == -1 ||
	    records_word_number(&p->r, "seq", BUNDLE_SEQ_MAX, &s->seq,
	    e) == -1)
		return -1;
	if (s->seq == 0)
		return records_fail(&p->r, ERR_DATA, e, "seq begins with 1");
	if (records_word_time(&p->r, "created", &s->created, e) == -1 ||
	    read_optional(p, e) == -1)
		return -1;
	return read_body(p, e);
}

int
statement_parse(const char *buf, size_t len, struct statement *ret,
    struct err *e)
{
	struct parse p;
	int rc = -1;

	memset(&p, 0, sizeof(p));
	if (records_open(&p.r, "the statement", buf, len, e) == -1)
		goto out;
	if (read_all(&p, e) == -1)
		goto out;
	*ret = p.s;
	memset(&p.s, 0, sizeof(p.s));
	rc = 0;
out:
	statement_done(&p.s);
	digest_set_done(&p.images);
	digest_set_done(&p.manifests);
	digest_set_done(&p.parts);
	records_close(&p.r);
	return rc;
}

void
statement_done(struct statement *s)
{
	struct statement_image *image;
	size_t i, j;

	for (i = 0; i < s->image_count; i++) {
		image = &s->images[i];
		free(image->registry);
		free(image->repository);
		free(image->tag);
		free(image->platforms);
		free(image->root.media_type);
		for (j = 0; j < image->count; j++)
			free(image->manifests[j].media_type);
		free(image->manifests);
	}
	free(s->images);
	free(s->parts);
	memset(s, 0, sizeof(*s));
}

static void
print_image(const struct statement_image *image, FILE *out)
{
	char name[FULL_NAME_MAX], text[DIGEST_TEXT_MAX];
	const struct statement_manifest *m;
	size_t i;

	digest_text(&image->root.digest, text);
	full_name(image->registry, image->repository,
	    image->tag != NULL ? image->tag : text, name);
	fprintf(out, "image %s %s %llu %s %s\n", name, text,
	    (unsigned long long)image->root.size, image->root.media_type,
	    image->platforms[0] != '\0' ? image->platforms : "-");
	if (image->is_held)
		fputs("held\n", out);
	for (i = 0; i < image->count; i++) {
		m = &image->manifests[i];
		fprintf(out, "manifest %s %llu %s\n",
		    digest_text(&m->digest, text),
		    (unsigned long long)m->size, m->media_type);
	}
}

void
statement_print(const struct statement *s, FILE *out)
{
	char text[DIGEST_TEXT_MAX];
	const struct statement_part *part;
	size_t i;

	fprintf(out, "cdr-bundle 1\nid %s\nfrom %s\nto %s\nseq %llu\n"
	    "created ", s->id, s->from, s->to, (unsigned long long)s->seq);
	record_print_time(out, s->created);
	if (s->expires != 0) {
		fputs("\nexpires ", out);
		record_print_time(out, s->expires);
	}
	fputc('\n', out);
	if (s->list[0] != '\0')
		fprintf(out, "list %s\n", s->list);
	for (i = 0; i < s->image_count; i++)
		print_image(&s->images[i], out);
	for (i = 0; i < s->part_count; i++) {
		part = &s->parts[i];
		fprintf(out, "part %s %llu %llu %llu %s\n", part->name,
		    (unsigned long long)part->bytes,
		    (unsigned long long)part->objects,
		    (unsigned long long)part->table_size,
		    digest_text(&part->table, text));
	}
	fputs("end\n", out);
}

/* Of a part: the word, its name, three numbers of twenty digits, the digest. */
#define PART_LINE_MAX	(sizeof("part ") + BUNDLE_FILE_MAX + 3 * 21 + \
			    DIGEST_TEXT_MAX + 1)

uint64_t
statement_bytes_max(const struct statement *s, size_t parts)
{
	struct statement bare = *s;
	char *text = NULL;
	size_t len = 0;
	FILE *out = xtext_open(&text, &len);

	bare.part_count = 0;
	statement_print(&bare, out);
	xtext_close(out);
	free(text);
	return (uint64_t)len + (uint64_t)parts * PART_LINE_MAX;
}
