/* The table of clients: what is said of them to people.  A new one is a line
 * here and a file for_NAME.c. */
#include <string.h>

#include "node/client.h"

/* On a reload dockerd keeps what is no longer in the file. */
#define RESTART	"systemctl restart docker: a reload takes no mirror away"

static const struct node_client clients[] = {
	{ "containerd", "containerd, by certs.d", "containerd", "containerd",
	    for_containerd, "what is in certs.d counts at once; after a change "
	    "of config.toml: systemctl restart containerd", NULL },
	{ "cri-o", "CRI-O, by registries.conf.d", "cri-o", "crio",
	    for_cri_o, "systemctl reload crio (or SIGHUP)", NULL },
	{ "podman", "podman, buildah and skopeo", "podman", "podman",
	    for_podman, "counts at once", NULL },
	{ "dockerd", "Docker Engine", "dockerd", "dockerd",
	    for_dockerd, "systemctl reload docker (or SIGHUP)", RESTART },
	{ "swarm", "Docker Engine on a Swarm node", "dockerd", "dockerd",
	    for_swarm, "systemctl reload docker (or SIGHUP), node by node",
	    RESTART },
	{ "k3s", "k3s, by registries.yaml", "k3s", "k3s",
	    for_k3s, "systemctl restart k3s (or k3s-agent)", NULL },
	{ "rke2", "RKE2, by registries.yaml", "rke2", "rke2",
	    for_rke2, "systemctl restart rke2-server (or rke2-agent)", NULL },
	{ "talos", "Talos, a patch to be printed", "talos", NULL,
	    for_talos, "talosctl patch machineconfig --patch @FILE", NULL },
	{ "mesos", "Mesos agents, flags to be printed", "mesos", NULL,
	    for_mesos, "restart mesos-agent with them", NULL },
	{ "buildkit", "buildkitd, by buildkitd.toml", "buildkit", "buildkitd",
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
