/* What is in a registries.yaml besides us decides where pulls go. */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/settle.h"
#include "node/rancher_conf.h"
#include "node/rancher_yaml.h"
#include "node/under.h"

static void
ignore(void *cookie, const char *text)
{
	(void)cookie;
	(void)text;
}

/* It changes the names in what the mirror is asked as well. */
static int
check_rewrite(const char *path, const struct node_entry *entry, struct err *e)
{
	char number[16] = "";

	if (entry->line > 0)
		snprintf(number, sizeof(number), "%u:", entry->line);
	return err_set(e, ERR_INPUT, "/%s:%s \"%.200s\" has a rewrite, which "
	    "would change what this mirror is asked for: take it out, or "
	    "name other registries with --registry", path, number,
	    entry->prefix);
}

/* "*" is for those that have no entry of their own. */
static void
note_others(const struct node_entries *l, const struct node_wish *w,
    const char *path, struct node_plan *p)
{
	char *names = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct node_entry *one = &l->list[i];

		if (strcmp(one->prefix, "*") == 0 ||
		    strcmp(one->prefix, w->place) == 0 ||
		    (one->lead_count > 0 &&
		    strcmp(one->leads[0].to, w->base) == 0))
			continue;
		longer = xasprintf("%s%s%.200s", names,
		    names[0] == '\0' ? "" : ", ", one->prefix);
		free(names);
		names = longer;
	}
	if (names[0] != '\0')
		node_plan_note(p, "/%s has entries of their own for these "
		    "registries, so \"*\" does not count for them: %.700s. "
		    "Name them with --registry, if they should use the mirror",
		    path, names);
	free(names);
}

static int
check_entries(const struct node_entries *l, const struct node_wish *w,
    const char *path, struct node_plan *p, struct err *e)
{
	const struct node_entry *one;
	size_t i, k;

	for (i = 0; i < l->count; i++) {
		one = &l->list[i];
		for (k = 0; k < w->registry_count; k++)
			if (one->rewrites &&
			    strcmp(one->prefix, w->registries[k]) == 0)
				return check_rewrite(path, one, e);
		if (one->rewrites && w->registry_count == 0 &&
		    strcmp(one->prefix, "*") == 0)
			return check_rewrite(path, one, e);
	}
	if (w->registry_count == 0)
		note_others(l, w, path, p);
	return 0;
}

static int
settle(int root, const struct node_wish *w, struct node_plan *p,
    const char *name, struct err *e)
{
	struct node_entries entries = { .count = 0 };
	char *path, *text = NULL;
	size_t i;
	int rc;

	if (rancher_conf_path(root, name, &path, e) == -1)
		return -1;
	for (i = 0; i < p->count; i++) {
		if (p->files[i].kind != NODE_REGISTRIES_YAML)
			continue;
		free(p->files[i].path);
		p->files[i].path = xstrdup(path);
	}
	rc = under_read(root, path, &text, NULL, e);
	if (rc == 1) {
		rancher_conf_read(name, path, text, &entries, ignore, NULL);
		rc = check_entries(&entries, w, path, p, e);
	}
	node_entries_done(&entries);
	free(text);
	free(path);
	return rc;
}

int
k3s_settle(int root, const struct node_wish *w, struct node_plan *p,
    struct err *e)
{
	return settle(root, w, p, "k3s", e);
}

int
rke2_settle(int root, const struct node_wish *w, struct node_plan *p,
    struct err *e)
{
	return settle(root, w, p, "rke2", e);
}
