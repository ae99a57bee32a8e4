#include <stdlib.h>
#include <string.h>

#include "layout/fsutil.h"
#include "layout/mem.h"
#include "node/dockerd.h"
#include "node/under.h"
#include "node/wish.h"

#define SNAP	"var/snap/docker"

/* Of the folders of a snap's revisions the newest is the one that runs, but
 * for a moment; "current" is a link. */
static bool
find_snap(int root, struct dockerd *d)
{
	char **names = NULL, *end;
	size_t count = 0, i;
	unsigned long best = 0, n;
	struct err ignored;

	(void)under_list(root, SNAP, &names, &count, &ignored);
	for (i = 0; i < count; i++) {
		n = strtoul(names[i], &end, 10);
		if (end != names[i] && *end == '\0' && n > best)
			best = n;
	}
	fs_list_free(names, count);
	if (best == 0)
		return false;
	d->is_snap = true;
	d->config = xasprintf(SNAP "/%lu/config/daemon.json", best);
	return true;
}

/* What others than systemd start goes by a file of a fixed name. */
static void
read_words(int root, struct dockerd *d)
{
	static const char *const files[] = {
		"etc/default/docker", "etc/sysconfig/docker",
		"etc/conf.d/docker"
	};
	size_t i;

	units_read(root, "docker.service", &d->words);
	if (d->words.unit != NULL || find_snap(root, d))
		return;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		units_read_assigned(root, files[i], &d->words);
}

/* The last one counts. */
static void
find_config(struct dockerd *d)
{
	const struct unit_word *word;
	const char *value;
	struct err ignored;
	size_t at = 0;

	while ((word = units_flag(&d->words, "--config-file", &at, &value)) !=
	    NULL) {
		d->config_at = word;
		d->config_said = value;
	}
	if (d->is_snap)
		return;
	if (d->config_at == NULL)
		d->config = xstrdup(DOCKERD_CONFIG);
	else if (node_wish_path("", d->config_said, &ignored) == 0)
		d->config = xstrdup(d->config_said +
		    strspn(d->config_said, "/"));
}

void
dockerd_read(int root, struct dockerd *ret)
{
	size_t at = 0;

	*ret = (struct dockerd){ .config = NULL };
	read_words(root, ret);
	find_config(ret);
	ret->mirror_at = units_flag(&ret->words, DOCKERD_MIRROR, &at,
	    &ret->mirror);
}

void
dockerd_done(struct dockerd *d)
{
	free(d->config);
	units_done(&d->words);
	*d = (struct dockerd){ .config = NULL };
}
