/* Each peer by itself; then what comes through the ring. */
#include <stdlib.h>
#include <string.h>

#include "doctor/peers_check.h"
#include "doctor/piece.h"
#include "image/media.h"
#include "layout/mem.h"

/* A piece may wait for the line, and for others that want it. */
#define PATIENCE_S	300u

/* A peer that knows others by certificates hangs up on us, who have none.  Its
 * own is of an authority that only peers know. */
static bool
wants_tls(struct peers_visit *v, const struct peer *peer)
{
	struct question q = { .path = "/healthz" };
	struct ask_how how = *v->mirror->how;
	struct answer a = { .body = NULL };
	struct ask one;
	struct err e;
	char *base = xasprintf("https://%s", peer->text);
	bool is_tls = false;

	how.base = base;
	how.ca = how.cert = how.key = NULL;
	if (ask_open(&one, &how, &e) == 0) {
		ask(&one, &q, &a);
		is_tls = a.transport != TRANSPORT_OK &&
		    a.stage == HTTP_AT_CERTIFICATE;
		answer_done(&a);
	}
	ask_close(&one);
	free(base);
	return is_tls;
}

static void
say_no_answer(struct findings *f, const char *who, const struct answer *a)
{
	if (a->stage == HTTP_AT_ANSWER)
		finding_add(f, FINDING_FAIL, "peer", "%s hangs up, or is "
		    "silent (%s): this node is not on that peer's own list, or "
		    "something else listens there. Give all nodes the same "
		    "--nodes", who, a->err.msg);
	else
		finding_add(f, FINDING_FAIL, "peer", "nothing answers at %s "
		    "(%s): pulls wait a second for it, and go on without it. "
		    "Start it, open its port, or take it off the list", who,
		    a->err.msg);
}

static void
check_peer(struct peers_visit *v, const struct peer *peer)
{
	struct findings *f = v->mirror->findings;
	struct question q = { .path = "/healthz" };
	struct ask_how how = *v->mirror->how;
	struct answer a;
	struct ask one;
	struct err e;
	char *base = xasprintf("http://%s", peer->text);

	how.base = base;
	how.ca = how.cert = how.key = NULL;
	if (ask_open(&one, &how, &e) == -1) {
		finding_add(f, FINDING_FAIL, "peer", "%s", e.msg);
		goto out;
	}
	ask(&one, &q, &a);
	if (a.transport != TRANSPORT_OK && a.stage == HTTP_AT_ANSWER &&
	    wants_tls(v, peer))
		finding_add(f, FINDING_OK, "peer", "%s answers, and wants a "
		    "certificate: what it brings is seen below", peer->text);
	else if (a.transport != TRANSPORT_OK)
		say_no_answer(f, peer->text, &a);
	else if (a.status == 200)
		finding_add(f, FINDING_OK, "peer", "%s answers, and reaches "
		    "the mirror", peer->text);
	else if (a.status == 503)
		finding_add(f, FINDING_FAIL, "peer", "%s answers, but does not "
		    "reach the mirror: look at its --mirror, and at firewalls",
		    peer->text);
	else
		finding_add(f, FINDING_FAIL, "peer", "%s answers /healthz with "
		    "%ld: that is no peer of CDR's", peer->text, a.status);
	answer_done(&a);
out:
	ask_close(&one);
	free(base);
}

/* Both come back to us as one of the peers when we ask it. */
static bool
reach_ring(struct peers_visit *v)
{
	struct findings *f = v->mirror->findings;
	struct question q = { .path = "/v2/" };
	struct ask_how how = *v->mirror->how;
	struct answer a;
	struct err e;
	bool is_good;

	how.base = v->ring;
	how.ca = how.cert = how.key = NULL;
	how.patience_s = PATIENCE_S;
	if (ask_open(&v->near, &how, &e) == -1) {
		finding_add(f, FINDING_FAIL, "ring", "%s", e.msg);
		return false;
	}
	ask(&v->near, &q, &a);
	is_good = a.transport == TRANSPORT_OK && a.status == 200;
	if (!is_good && a.transport != TRANSPORT_OK)
		finding_add(f, FINDING_FAIL, "ring", "this node's own peer "
		    "does not answer at %s (%s): start it (scripts/peer), or "
		    "give --ring URL", v->ring, a.err.msg);
	else if (!is_good)
		finding_add(f, FINDING_FAIL, "ring", "%s/v2/: %ld: this node's "
		    "own peer does not answer there", v->ring, a.status);
	answer_done(&a);
	return is_good;
}

/* Does it come right when its owner asks the mirror again? */
static bool
manifest_anew(struct peers_visit *v, const char *path)
{
	struct question q = {
		.path = path, .accept = MEDIA_ACCEPT,
		.header = "X-Cdr-Refetch: 1"
	};
	struct digest got;
	struct answer a;
	bool is_right;

	ask(&v->near, &q, &a);
	digest_of(v->mirror->digest.alg, a.body, a.len, &got);
	is_right = a.transport == TRANSPORT_OK && a.status == 200 &&
	    digest_equal(&got, &v->mirror->digest);
	answer_done(&a);
	return is_right;
}

static void
say_other_manifest(struct peers_visit *v, const char *name, const char *path,
    const char *by)
{
	bool is_mended = v->anew && manifest_anew(v, path);

	finding_add(v->mirror->findings, is_mended ? FINDING_WARN :
	    FINDING_FAIL, "ring", "manifest %s comes with other bytes from "
	    "%s%s", name, by, is_mended ? "; fetched anew, and right now" :
	    v->anew ? "; fetched anew, and wrong still: take that peer out of "
	    "the ring, and look at its disk and memory" :
	    "; --anew has it fetched anew");
}

static void
ring_manifest(struct peers_visit *v)
{
	struct patient *p = v->mirror;
	char text[DIGEST_TEXT_MAX];
	char *path = shapes_path(&p->image, p->shape, "manifests",
	    digest_text(&p->digest, text));
	struct question q = {
		.path = path, .accept = MEDIA_ACCEPT,
		.header = "X-Cdr-Refetch: near"
	};
	struct digest got;
	struct answer a;
	const char *by;

	ask(&v->near, &q, &a);
	by = piece_by(a.peer_by) ? a.peer_by : "the mirror";
	digest_of(p->digest.alg, a.body, a.len, &got);
	if (a.transport != TRANSPORT_OK || a.status != 200)
		finding_add(p->findings, FINDING_FAIL, "ring", "manifest %s: "
		    "%ld %s through the ring, but the mirror has it", text,
		    a.status, a.transport != TRANSPORT_OK ? a.err.msg : "");
	else if (!digest_equal(&got, &p->digest))
		say_other_manifest(v, text, path, by);
	else
		finding_add(p->findings, FINDING_OK, "ring", "manifest %s: "
		    "its bytes come from %s", text, by);
	answer_done(&a);
	free(path);
}

static void
ring_blobs(struct peers_visit *v)
{
	struct manifest child = { .count = 0 };
	const struct manifest *m = &v->mirror->manifest;
	size_t i;

	if (m->kind == MEDIA_INDEX)
		m = blob_find_child(v->mirror, &child) ? &child : NULL;
	for (i = 0; m != NULL && i < m->count && !v->near.stopped &&
	    !v->mirror->ask.stopped; i++)
		if (m->children[i].role != DESCRIPTOR_MANIFEST &&
		    !m->children[i].has_urls && m->children[i].size > 0)
			ring_blob(v, &m->children[i].digest,
			    m->children[i].size);
	if (m == &child)
		manifest_done(&child);
}

void
peers_check(struct peers_visit *v)
{
	size_t i;

	for (i = 0; i < v->peers->count &&
	    !findings_stopped(v->mirror->findings); i++)
		check_peer(v, &v->peers->list[i]);
	if (reach_ring(v)) {
		ring_manifest(v);
		ring_blobs(v);
	}
	ask_close(&v->near);
}
