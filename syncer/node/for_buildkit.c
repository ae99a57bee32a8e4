/* buildkitd: buildkitd.toml (quirks.md#buildkit). */
#include <stdlib.h>

#include "layout/mem.h"
#include "node/client.h"

/* The mirror is named twice: as the mirror of a registry, and as a registry of
 * its own that says how to speak to it. */
int
for_buildkit(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	static const char *const hub[] = { "docker.io" };
	const char *const *names = w->registry_count > 0 ?
	    (const char *const *)w->registries : hub;
	size_t n = w->registry_count > 0 ? w->registry_count : 1, i;
	char *text = xstrdup(NODE_MARK_LINE);

	if (for_one_alone(w, "buildkitd", e) == -1) {
		free(text);
		return -1;
	}
	if (w->only) {
		free(text);
		return err_set(e, ERR_INPUT, "--only: buildkitd always asks "
		    "the registries themselves last");
	}
	for (i = 0; i < n; i++)
		text = for_append(text, xasprintf("\n[registry.\"%s\"]\n"
		    "  mirrors = [\"%s/%s\"]\n", names[i], w->place,
		    names[i]));
	text = for_append(text, xasprintf("\n[registry.\"%s\"]\n%s", w->place,
	    w->mirror.https ? "" : "  http = true\n"));
	if (w->ca_path != NULL)
		text = for_append(text, xasprintf("  ca = [\"%s\"]\n",
		    w->ca_path));
	if (w->cert_path != NULL)
		text = for_append(text, xasprintf(
		    "  [[registry.\"%s\".keypair]]\n"
		    "    key = \"%s\"\n    cert = \"%s\"\n", w->place,
		    w->key_path, w->cert_path));
	node_plan_file(p, NODE_WHOLE, xstrdup("etc/buildkit/buildkitd.toml"),
	    text);
	if (w->registry_count == 0)
		node_plan_note(p, "this is for docker.io alone: name other "
		    "registries with --registry, or take all that a tree has "
		    "with -r ROOT");
	return 0;
}
