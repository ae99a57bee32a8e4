/*
 * manifest_parse on any bytes: the first byte picks what the registry said it
 * is.  What comes out is within the caps and passes the grammars, and a choice
 * by platform holds together.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/manifest.h"
#include "image/select.h"
#include "layout/limits.h"
#include "layout/mem.h"
#include "layout/name.h"

static const char *const types[] = {
	NULL, MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST, MEDIA_DOCKER_LIST,
	MEDIA_DOCKER_MANIFEST, MEDIA_OCI_ARTIFACT, MEDIA_DOCKER_SCHEMA1,
	"text/plain",
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_text(const char *s, size_t room)
{
	size_t i;

	must(memchr(s, '\0', room) != NULL);
	for (i = 0; s[i] != '\0'; i++)
		must(s[i] >= ' ' && s[i] <= '~');
}

static void
check_platform(const struct platform *p)
{
	struct platform again = *p;

	check_text(p->os, sizeof(p->os));
	check_text(p->architecture, sizeof(p->architecture));
	check_text(p->variant, sizeof(p->variant));
	check_text(p->os_version, sizeof(p->os_version));
	platform_normalise(&again);
	must(platform_equal(p, &again));
	must(platform_rank(p, p) > 0);
}

/* Each with a line end, and no more of them than are tried. */
static void
check_urls(const char *s)
{
	size_t count = 0, len;

	for (; *s != '\0'; s += len + 1, count++) {
		len = strcspn(s, "\n");
		must(s[len] == '\n' && len > 0 && len <= URL_MAX);
		must(strspn(s, " ") == 0);
	}
	must(count > 0 && count <= LAYER_URLS_MAX);
}

/* What is never served may be called anything that can be printed. */
static void
check_type(const struct descriptor *d)
{
	const char *s;

	if (d->role == DESCRIPTOR_MANIFEST)
		must(name_is_media_type(d->media_type));
	for (s = d->media_type; *s != '\0'; s++)
		must((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void
check_descriptor(const struct descriptor *d)
{
	check_type(d);
	must(d->urls == NULL || (d->has_urls &&
	    d->role != DESCRIPTOR_MANIFEST));
	if (d->urls != NULL)
		check_urls(d->urls);
	must(d->artifact_type == NULL || name_is_media_type(d->artifact_type));
	must(d->size <= BLOB_BYTES_MAX);
	must(!d->has_attested || d->is_attestation || d->has_platform);
	if (d->has_platform)
		check_platform(&d->platform);
}

static void
check_roles(const struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		check_descriptor(&m->children[i]);
		must((m->children[i].role == DESCRIPTOR_MANIFEST) ==
		    (m->kind == MEDIA_INDEX));
		must(m->children[i].role != DESCRIPTOR_CONFIG ||
		    (i == 0 && m->kind == MEDIA_IMAGE));
	}
}

static void
check_choice(const struct manifest *m, const char *wanted)
{
	struct platform_set set;
	struct err e;
	enum keep *keep = xcalloc(m->count, sizeof(keep[0]));
	bool missing[3];
	size_t i, images, required = 0;

	must(platform_set_parse(wanted, &set, &e) == 0);
	images = select_children(m, &set, keep, missing);
	for (i = 0; i < m->count; i++) {
		required += keep[i] == KEEP_REQUIRED;
		must(!m->children[i].is_attestation ||
		    keep[i] != KEEP_REQUIRED);
		must(!set.all || keep[i] != KEEP_NOT);
	}
	must(images <= required);
	must(set.all || images == required);
	for (i = 0; i < set.count; i++)
		must(missing[i] || images > 0);
	platform_set_done(&set);
	free(keep);
}

static void
check_manifest(const struct manifest *m)
{
	must(m->kind == MEDIA_INDEX || m->kind == MEDIA_IMAGE ||
	    m->kind == MEDIA_ARTIFACT);
	must(media_kind(m->media_type) == m->kind);
	must(m->artifact_type == NULL || name_is_media_type(m->artifact_type));
	must(m->count + m->skipped <= MANIFEST_CHILDREN_MAX);
	check_text(m->skipped_algorithm, sizeof(m->skipped_algorithm));
	must((m->skipped > 0) == (m->skipped_algorithm[0] != '\0'));
	if (m->has_subject)
		check_descriptor(&m->subject);
	check_roles(m);
	if (m->kind != MEDIA_INDEX)
		return;
	check_choice(m, "all");
	check_choice(m, "linux/amd64,linux/arm64,windows/amd64");
	check_choice(m, "linux/arm,windows(10.0)/amd64");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct manifest m;
	struct platform p;
	struct err e = { .code = ERR_NONE };
	const char *text;

	if (len == 0)
		return 0;
	text = (const char *)data + 1;
	len--;
	if (manifest_parse(text, len, types[data[0] % 8], &m, &e) == 0) {
		check_manifest(&m);
		manifest_done(&m);
	} else {
		must(e.code == ERR_DATA || e.code == ERR_LIMIT);
		check_text(e.msg, sizeof(e.msg));
	}
	if (manifest_config_platform(text, len, &p, &e) == 1)
		check_platform(&p);
	return 0;
}
