/* The table of clients: what is said of them to people.  A new one is a line
 * here and a file for_NAME.c. */
#include <string.h>

#include "node/client.h"
#include "node/containerd.h"
#include "node/settle.h"

/* On a reload dockerd keeps what is no longer in the file. */
#define RESTART	"systemctl restart docker (a reload removes no mirror)"

static const struct node_client clients[] = {
	{ "containerd", "containerd (certs.d)", "containerd", "containerd",
	    for_containerd, "systemctl restart containerd, if config.toml has "
	    "changed (certs.d takes effect at once)", NULL },
	{ "cri-o", "CRI-O (registries.conf.d)", "cri-o", "crio",
	    for_cri_o, "systemctl reload crio (or SIGHUP)", NULL },
	{ "podman", "podman, buildah and skopeo", "podman", "podman",
	    for_podman, "nothing more, it takes effect at once", NULL },
	{ "dockerd", "Docker Engine", "dockerd", "dockerd",
	    for_dockerd, "systemctl reload docker (or SIGHUP)", RESTART },
	{ "swarm", "Docker Engine on a Swarm node", "dockerd", "dockerd",
	    for_swarm, "systemctl reload docker (or SIGHUP), node by node",
	    RESTART },
	{ "k3s", "k3s (registries.yaml)", "k3s", "k3s",
	    for_k3s, "systemctl restart k3s (or k3s-agent)", NULL },
	{ "rke2", "RKE2 (registries.yaml)", "rke2", "rke2",
	    for_rke2, "systemctl restart rke2-server (or rke2-agent)", NULL },
	{ "talos", "Talos (prints a patch)", "talos", NULL,
	    for_talos, "talosctl patch machineconfig --patch @FILE", NULL },
	{ "mesos", "Mesos agents (prints flags)", "mesos", NULL,
	    for_mesos, "restart mesos-agent with these flags", NULL },
	{ "buildkit", "buildkitd (buildkitd.toml)", "buildkit", "buildkitd",
	    for_buildkit, "systemctl restart buildkit", NULL },
};

const struct node_client *
node_clients(size_t i)
{
	return i < sizeof(clients) / sizeof(clients[0]) ? &clients[i] : NULL;
}

/* By the names that people type; "swarm" is dockerd's files with
 * another advice. */
const struct node_client *
node_client_find(const char *name)
{
	size_t i;

	for (i = 0; node_clients(i) != NULL; i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

int
node_client_settle(const struct node_client *c, int root,
    const struct node_wish *w, struct node_plan *p, struct err *e)
{
	if (c->plan == for_containerd)
		return containerd_settle(root, w, p, e);
	if (c->plan == for_dockerd || c->plan == for_swarm)
		return dockerd_settle(root, w, p, e);
	if (c->plan == for_podman || c->plan == for_cri_o)
		return containers_settle(root, w, p, e);
	if (c->plan == for_k3s)
		return k3s_settle(root, w, p, e);
	if (c->plan == for_rke2)
		return rke2_settle(root, w, p, e);
	return 0;
}
