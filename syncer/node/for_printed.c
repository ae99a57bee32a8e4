/* Clients whose configuration is not in files of the node that we could write:
 * Talos (quirks.md#talos) and Mesos (quirks.md#mesos). */
#include <stdlib.h>
#include <string.h>

#include "layout/base64.h"
#include "layout/mem.h"
#include "node/client.h"

/* One file's lines, each behind four blanks, as a YAML block. */
static char *
block(const char *text)
{
	char *out = xstrdup("");
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		out = for_append(out, xasprintf("    %.*s\n", (int)len, text));
	}
	return out;
}

/* Talos from 1.12 on. */
static char *
new_documents(const struct node_wish *w, const char *const *names, size_t n)
{
	char *text = xstrdup("");
	size_t i;

	for (i = 0; i < n; i++)
		text = for_append(text, xasprintf("---\napiVersion: v1alpha1\n"
		    "kind: RegistryMirrorConfig\nname: \"%s\"\nendpoints:\n"
		    "  - url: \"%s\"\n%s", names[i], w->base,
		    w->only ? "skipFallback: true\n" : ""));
	if (w->ca == NULL)
		return text;
	text = for_append(text, xasprintf("---\napiVersion: v1alpha1\n"
	    "kind: RegistryTLSConfig\nname: \"%s\"\nca: |-\n", w->place));
	return for_append(text, block(w->ca));
}

/* Talos before 1.12, and where the version is not known. */
static char *
machine_patch(const struct node_wish *w, const char *const *names, size_t n)
{
	char *text = xstrdup("machine:\n  registries:\n    mirrors:\n");
	char *ca;
	size_t i;

	for (i = 0; i < n; i++)
		text = for_append(text, xasprintf("      \"%s\":\n"
		    "        endpoints:\n          - \"%s\"\n%s", names[i],
		    w->base, w->only ? "        skipFallback: true\n" : ""));
	if (w->ca == NULL)
		return text;
	ca = base64_encode(w->ca, strlen(w->ca));
	text = for_append(text, xasprintf("    config:\n      \"%s\":\n"
	    "        tls:\n          ca: %s\n", w->place, ca));
	free(ca);
	return text;
}

/* The machine's configuration is applied over the network, and has no file
 * on the node. */
int
for_talos(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	static const char *const all[] = { "*" };
	const char *const *names = w->registry_count > 0 ?
	    (const char *const *)w->registries : all;
	size_t n = w->registry_count > 0 ? w->registry_count : 1;

	if (for_one_alone(w, "Talos", e) == -1)
		return -1;
	if (w->key_path != NULL)
		return err_set(e, ERR_INPUT, "--client-key: a patch for Talos "
		    "would show the key: make the patch without it, and add "
		    "clientIdentity by hand");
	/* Documents of their own since 1.12; the old place still counts. */
	p->printed = w->has_version &&
	    node_version_since(&w->version, 1, 12, 0) ?
	    new_documents(w, names, n) : machine_patch(w, names, n);
	return 0;
}

int
for_mesos(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	if (for_one_alone(w, "a Mesos agent", e) == -1)
		return -1;
	if (w->registry_count > 1 || (w->registry_count == 1 &&
	    strcmp(w->registries[0], "docker.io") != 0))
		return err_set(e, ERR_INPUT, "--registry: a Mesos agent has "
		    "one registry, docker.io, for names without a registry: "
		    "for others write MIRROR/ghcr.io/org/app in the task");
	if (w->ca_path != NULL || w->key_path != NULL)
		return err_set(e, ERR_INPUT, "a Mesos agent takes "
		    "certificates from the system alone: put the CA there "
		    "(update-ca-certificates), and leave out --ca and "
		    "--client-cert");
	p->printed = xasprintf("# Flags of mesos-agent:\n"
	    "--docker_registry=%s\n"
	    "# or, in its environment:\n"
	    "MESOS_DOCKER_REGISTRY=%s\n", w->base, w->base);
	node_plan_note(p, "the Mesos containerizer knows neither indexes nor "
	    "OCI manifests, and checks no digest; it asks no other registry");
	return 0;
}
