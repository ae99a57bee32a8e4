/* What is in effect of the files that containerd reads. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/containerd_internal.h"
#include "node/containerd_toml.h"

static void
put_place(struct containerd_place *at, const struct containerd_file *f,
    const struct toml *t, const char *word)
{
	if (at->file == NULL && t != NULL)
		*at = (struct containerd_place){
			.file = f, .line = t->line, .word = word
		};
}

/* An import without a version of its own may have the sections of either. */
static const struct toml *
section_of(const struct containerd_file *f, bool any)
{
	const struct toml *s = containerd_section(f->doc, f->version);

	if (s == NULL && any && f->version > 0)
		s = containerd_section(f->doc, f->version == 2 ? 3 : 2);
	return s;
}

static void
find_old(struct containerd *c, const struct containerd_file *f, bool is_import)
{
	struct containerd_old old;

	containerd_old_read(section_of(f, is_import), &old);
	if (c->mirror.file == NULL && old.mirror != NULL)
		c->endpoint = old.endpoint;
	put_place(&c->mirror, f, old.mirror, old.mirror == NULL ? NULL :
	    old.mirror->key);
	put_place(&c->tls, f, old.tls, old.tls == NULL ? NULL : old.tls->key);
}

/* The lists of all files are one. */
static void
find_disabled(struct containerd *c, const struct containerd_file *f)
{
	static const char *const names[] = {
		"cri", "io.containerd.grpc.v1.cri",
		"io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"
	};
	const struct toml *list = toml_get(f->doc, "disabled_plugins"), *one;
	size_t i;

	for (one = list == NULL ? NULL : list->child; one != NULL;
	    one = one->next)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (toml_string(one) != NULL &&
			    strcmp(one->text, names[i]) == 0)
				put_place(&c->disabled, f, one, one->text);
}

/* The plugin pulls as older releases do when one of its settings needs that. */
static bool
pulls_itself(const struct toml *t)
{
	static const struct {
		const char *key, *usual;
	} settings[] = {
		{ "use_local_image_pull", "false" },
		{ "discard_unpacked_layers", "false" },
		{ "image_pull_with_sync_fs", "false" },
		{ "disable_snapshot_annotations", "true" },
		{ "max_concurrent_downloads", "3" },
	};
	size_t i;

	for (; t != NULL; t = t->next) {
		for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			if (strcmp(t->key, settings[i].key) == 0 &&
			    strcmp(t->text, settings[i].usual) != 0)
				return true;
		if ((strcmp(t->key, "configs") == 0 ||
		    strcmp(t->key, "auths") == 0) && t->child != NULL)
			return true;
		if (pulls_itself(t->child))
			return true;
	}
	return false;
}

static void
find_path(struct containerd *c, const struct containerd_file *f)
{
	const struct toml *section = section_of(f, f != &c->files[0]), *value;

	value = toml_get(toml_get(section, "registry"), "config_path");
	if (section != NULL)
		c->path_1 = toml_string(value);
	if (toml_string(value) != NULL)
		c->path_2 = value->text;
}

void
containerd_evaluate(struct containerd *c)
{
	static const struct containerd_place none;
	const struct containerd_file *f;
	const struct toml *section;
	bool by_itself = false;
	size_t i;

	c->path_1 = c->path_2 = c->endpoint = NULL;
	c->mirror = c->tls = c->disabled = c->higher = none;
	c->is_two = c->is_two || (c->count > 0 && c->files[0].version > 2);
	for (i = 0; i < c->count; i++) {
		f = &c->files[i];
		find_old(c, f, i > 0);
		if (!f->counts)
			continue;
		find_path(c, f);
		find_disabled(c, f);
		section = section_of(f, i > 0);
		by_itself = by_itself || (section != NULL &&
		    pulls_itself(section->child));
		if (f->version > c->files[0].version)
			put_place(&c->higher, f, toml_get(f->doc, "version"),
			    "version");
	}
	c->is_list = c->path_2 != NULL && strchr(c->path_2, ':') != NULL &&
	    !by_itself;
}

bool
containerd_reads(const struct containerd *c)
{
	return containerd_looks(c->path_2, CONTAINERD_CERTS_D) && (c->is_two ||
	    containerd_looks(c->path_1, CONTAINERD_CERTS_D));
}

int
containerd_put(struct containerd *c, size_t i, const char *text, struct err *e)
{
	struct containerd_file *f = &c->files[i];
	struct toml *doc;

	if (toml_read(f->path, text, &doc, e) == -1)
		return -1;
	toml_free(f->doc);
	free(f->text);
	f->doc = doc;
	f->text = xstrdup(text);
	containerd_evaluate(c);
	return 0;
}

/* The last one that has a say: of 1.x whose section takes the place of the
 * others', of 2.x whose config_path does. */
size_t
containerd_target(const struct containerd *c)
{
	const struct toml *section;
	size_t target = 0, i;

	for (i = 0; i < c->count; i++) {
		section = section_of(&c->files[i], i > 0);
		if (c->files[i].counts && section != NULL && (!c->is_two ||
		    toml_get(toml_get(section, "registry"), "config_path") !=
		    NULL))
			target = i;
	}
	return target;
}
