/* What a peer remembers of objects that the mirror found to be bad: asked of
 * the mirror each time. */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/node_peers.h"
#include "doctor/ask.h"
#include "layout/mem.h"
#include "node/peers_bad.h"
#include "node/under.h"

/* What it says at ${path}, behind what is in ${ret}.  404: nothing. */
static int
ask_list(struct ask *mirror, const char *path, char **ret, struct err *e)
{
	struct question q = { .path = path };
	struct answer a;
	char *before = *ret, *lines;
	int rc = 0;

	ask(mirror, &q, &a);
	if (a.transport != TRANSPORT_OK) {
		rc = err_set(e, ERR_NET, "%s", a.err.msg);
	} else if (a.status == 200) {
		lines = xstrdup(a.body);
		*ret = xasprintf("%s\n%s", before == NULL ? "" : before,
		    lines);
		free(lines);
		free(before);
	} else if (a.status != 404) {
		rc = err_set(e, ERR_NET, "status %ld", a.status);
	}
	answer_done(&a);
	return rc;
}

/* What is bad, and what was: who looks twice a minute misses what is mended at
 * once.  Certificates are this machine's files, also with --prefix.  Return 0,
 * or -1 with ${e} set. */
static int
ask_mirror(const struct peers_wish *w, char **ret, struct err *e)
{
	const struct node_wish *m = &w->mirror;
	/* As nginx does: there, and with that name on the certificate. */
	char *named = w->mirror_name == NULL || !m->mirror.https ? NULL :
	    xasprintf("https://%s:%u", w->mirror_name, m->mirror.port);
	char *at = named == NULL ? NULL : xasprintf("%s:%u", m->mirror.host,
	    m->mirror.port);
	struct ask_how how = {
		.base = named != NULL ? named : m->base, .at = at,
		.ca = m->ca_path, .cert = m->cert_path,
		.key = m->key_path, .mark = "peers", .stop_fd = cmd_stop_fd()
	};
	struct ask mirror;
	int rc = ask_open(&mirror, &how, e);

	if (rc == 0)
		rc = ask_list(&mirror, "/mended", ret, e);
	/* Of one digest the latest time counts, whichever list it is on. */
	if (rc == 0)
		rc = ask_list(&mirror, "/bad", ret, e);
	ask_close(&mirror);
	free(named);
	free(at);
	return rc == -1 ? err_wrap(e, "%s/bad: what is bad there is not known "
	    "now", m->base) : 0;
}

int
node_bad(int root, const struct peers_wish *w, char **ret, struct err *trouble,
    struct err *e)
{
	char *now = NULL, *mirror = NULL;

	if (under_read(root, PEER_BAD, &now, NULL, e) == -1)
		return -1;
	trouble->code = ERR_NONE;
	if (ask_mirror(w, &mirror, trouble) == -1)
		trouble->code = ERR_NET;
	*ret = peers_bad(now, mirror);
	free(now);
	free(mirror);
	return 0;
}
