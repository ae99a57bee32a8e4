/* What a peer remembers of objects that the mirror found to be bad: asked of
 * the mirror each time. */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/node_peers.h"
#include "doctor/ask.h"
#include "node/peers_bad.h"
#include "node/under.h"
#include "report/report.h"

/* Without --prefix or with it: certificates are this machine's files. */
static char *
ask_mirror(const struct peers_wish *w)
{
	const struct node_wish *m = &w->mirror;
	struct ask_how how = {
		.base = m->base, .ca = m->ca_path, .cert = m->cert_path,
		.key = m->key_path, .mark = "peers", .stop_fd = cmd_stop_fd()
	};
	struct question q = { .path = "/bad" };
	struct answer a;
	char *text = NULL;
	struct ask ask_it;
	struct err e;

	if (ask_open(&ask_it, &how, &e) == 0) {
		ask(&ask_it, &q, &a);
		if (a.status == 200) {
			text = a.body;
			a.body = NULL;
		}
		answer_done(&a);
	}
	ask_close(&ask_it);
	return text;
}

int
node_bad(int root, const struct peers_wish *w, char **ret, struct err *e)
{
	char *now = NULL, *mirror;

	if (under_read(root, PEER_BAD, &now, NULL, e) == -1)
		return -1;
	mirror = ask_mirror(w);
	*ret = peers_bad(now, mirror);
	free(now);
	free(mirror);
	return 0;
}
