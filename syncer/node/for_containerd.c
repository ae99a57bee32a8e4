/* containerd: certs.d/<registry>/hosts.toml, and config.toml that points there
 * (quirks.md#containerd). */
#include "layout/mem.h"
#include "node/client.h"

#define CERTS_D	"etc/containerd/certs.d"

/* "version = 3" is for 2.x alone; 1.x reads 2, and 2.x does as well: where the
 * version is not known it is 2. */
int
for_containerd(const struct node_wish *w, struct node_plan *p, struct err *e)
{
	bool is_two = w->has_version &&
	    node_version_since(&w->version, 2, 0, 0);
	/* 1.x and 2.0.0 do not know it (quirks.md#dial-timeout). */
	bool has_dial_timeout = w->has_version &&
	    node_version_since(&w->version, 2, 1, 0);

	if (for_too_old(w, "containerd", 1, 5, 0, "certs.d", e) == -1 ||
	    (!is_two && for_no_ipv6(w, "containerd before 2.0 cannot read a "
	    "hosts.toml with an IPv6 address, and asks the registries (if it "
	    "is 2.0 or later, say so with --client-version)", e) == -1))
		return -1;
	node_plan_file(p, NODE_CONTAINERD_TOML,
	    xstrdup("etc/containerd/config.toml"),
	    xstrdup(is_two ? "3" : "2"));
	for_hosts_files(w, p, CERTS_D, has_dial_timeout);
	if (!has_dial_timeout && !w->only)
		node_plan_note(p, "a mirror that is switched off delays each "
		    "pull by 30 s: containerd 2.1 and later can have a "
		    "dial_timeout");
	node_plan_note(p, "ctr reads certs.d only with --hosts-dir /" CERTS_D
	    "; crictl and kubelet need no option");
	return 0;
}
