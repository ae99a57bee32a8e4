/* Docker Engine, alone or in a Swarm (quirks.md#dockerd). */
#include <string.h>

#include "layout/mem.h"
#include "node/client.h"

#define CERTS_D	"etc/docker/certs.d"

/* Since Engine 28 certs.d counts for images in containerd's store, which is
 * the usual one since 29. */
static int
check(const struct node_wish *w, bool has_hosts, struct err *e)
{
	size_t i;

	for (i = 0; i < w->registry_count && !has_hosts; i++)
		if (strcmp(w->registries[i], "docker.io") != 0)
			return err_set(e, ERR_INPUT, "dockerd can have mirrors "
			    "of docker.io alone, not of %s: Engine 28 and "
			    "later can, with containerd's image store (give "
			    "--client-version if the version is not known)",
			    w->registries[i]);
	if (for_one_alone(w, "dockerd", e) == -1)
		return -1;
	if (w->only)
		return err_set(e, ERR_INPUT, "--only: dockerd always asks "
		    "Docker Hub for what the mirror does not have: block that "
		    "with a firewall");
	return 0;
}

/* Both places where it is possible: which of them dockerd goes by depends on
 * its image store, and that may change later. */
int
for_dockerd(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	bool has_hosts = w->has_version &&
	    node_version_since(&w->version, 28, 0, 0);
	bool for_hub = w->registry_count == 0;
	size_t i;

	if (check(w, has_hosts, e) == -1)
		return -1;
	for (i = 0; i < w->registry_count; i++)
		if (strcmp(w->registries[i], "docker.io") == 0)
			for_hub = true;
	if (for_hub)
		node_plan_file(p, NODE_DAEMON_JSON,
		    xstrdup("etc/docker/daemon.json"), xstrdup(w->base));
	for_certificates(w, p, CERTS_D);
	if (for_hub && !has_hosts && !w->mirror.https &&
	    !url_is_loopback(&w->mirror))
		node_plan_note(p, "\"docker build\" with BuildKit asks a "
		    "mirror of plain http by https in older engines, and fails "
		    "(20.10 does, 28.5 does not): put \"insecure-registries\""
		    ": [\"%s\"] into daemon.json as well, with http:// in it, "
		    "or give the mirror https", w->base);
	if (!has_hosts) {
		node_plan_note(p, "this is for images of Docker Hub alone: "
		    "other registries can have mirrors since Engine 28, with "
		    "containerd's image store");
		return 0;
	}
	for_hosts_files(w, p, CERTS_D, false);
	node_plan_note(p, "dockerd reads hosts.toml only if it keeps images in "
	    "containerd's store (\"docker info\" says driver-type: "
	    "io.containerd.snapshotter.v1); else mirrors are for Docker Hub "
	    "alone");
	return 0;
}

/* quirks.md#swarm */
int
for_swarm(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	if (for_dockerd(w, p, e) == -1)
		return -1;
	node_plan_note(p, "Swarm pins a service's image by digest: the mirror "
	    "has to keep old digests as long as services use them; \"docker "
	    "service update --image\" moves one to a new digest");
	return 0;
}
