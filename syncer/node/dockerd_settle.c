/* An option and daemon.json that say the same thing keep dockerd from starting
 * (quirks.md#dockerd). */
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/dockerd.h"
#include "node/settle.h"

static int
refuse_flag(const struct dockerd *d, struct err *e)
{
	return err_set(e, ERR_INPUT, "/%s:%u: dockerd is started with "
	    DOCKERD_MIRROR " %.200s: with mirrors in /%s as well it would not "
	    "start. Take that option out (and put its mirror into \""
	    "registry-mirrors\" of /%s, if it should stay), run \"systemctl "
	    "daemon-reload\", then this again", d->mirror_at->path,
	    d->mirror_at->line, d->mirror, d->config, d->config);
}

static int
check(const struct dockerd *d, const char *base, struct err *e)
{
	if (d->is_snap)
		return err_set(e, ERR_INPUT, "Docker is a snap here, which "
		    "does not read /" DOCKERD_CONFIG ": put \""
		    "registry-mirrors\": [\"%s\"] into /var/snap/docker/"
		    "current/config/daemon.json by hand, and run \"snap "
		    "restart docker\"", base);
	if (d->config == NULL)
		return err_set(e, ERR_INPUT, "/%s:%u: dockerd is started with "
		    "--config-file %.200s, where cdr cannot follow: put \""
		    "registry-mirrors\": [\"%s\"] in there by hand",
		    d->config_at->path, d->config_at->line, d->config_said,
		    base);
	return d->mirror_at != NULL ? refuse_flag(d, e) : 0;
}

int
dockerd_settle(int root, const struct node_wish *w, struct node_plan *p,
    struct err *e)
{
	struct dockerd d;
	size_t i;
	int rc = 0;

	dockerd_read(root, &d);
	for (i = 0; i < p->count && rc == 0; i++) {
		if (p->files[i].kind != NODE_DAEMON_JSON)
			continue;
		rc = check(&d, w->base, e);
		if (rc == 0) {
			free(p->files[i].path);
			p->files[i].path = xstrdup(d.config);
		}
	}
	/* Of a snap no file below /etc counts. */
	if (rc == 0 && d.is_snap && p->count > 0)
		rc = check(&d, w->base, e);
	dockerd_done(&d);
	return rc;
}
