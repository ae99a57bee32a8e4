/*
 * What a peer's nginx is told, in files that nginx/peer.conf includes: the
 * ring, who may ask, where to listen, the cache, certificates.  The rest, which
 * is the same for all, is in nginx/cdr-peer*.conf.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout/mem.h"
#include "node/client.h"
#include "node/peers.h"

#define MIB		((uint64_t)1 << 20)
/* How many slices may be on the way from the mirror at once before an owner
 * that is silent is taken for one that hangs.  Three nodes that pull three
 * blobs each want nine, and the line is not shared evenly: with nine here,
 * peers that were well lost their place, and a third of the bytes came
 * twice. */
#define SLICES_AT_ONCE	15u
#define PATIENCE_MIN_S	3u
#define PATIENCE_MAX_S	300u

/* A request has one slice after the other, so small ones cost time where the
 * line is thick; and all who want a slice wait until it is there, so large ones
 * do where it is thin.  Each is on its way for a second or less. */
uint64_t
peers_slice(uint64_t uplink)
{
	return uplink >= 4 * MIB ? 4 * MIB : uplink >= MIB ? MIB : MIB / 4;
}

unsigned
peers_patience(uint64_t uplink)
{
	uint64_t s = SLICES_AT_ONCE * peers_slice(uplink) / uplink;

	return s < PATIENCE_MIN_S ? PATIENCE_MIN_S : s > PATIENCE_MAX_S ?
	    PATIENCE_MAX_S : (unsigned)s;
}

static void
put_file(struct node_plan *p, const char *name, char *text)
{
	node_plan_file(p, NODE_WHOLE, xasprintf(PEER_DIR "/%s", name),
	    for_append(xstrdup(NODE_MARK_LINE), text));
}

/* --- certificates -------------------------------------------------------- */

/* ${name} is on the other side's certificate. */
static char *
tls_client(const char *ca, const char *cert, const char *key, const char *name)
{
	char *text = xasprintf("proxy_ssl_server_name on;\n"
	    "proxy_ssl_name %s;\n"
	    "proxy_ssl_protocols TLSv1.2 TLSv1.3;\n"
	    "proxy_ssl_verify on;\n"
	    "proxy_ssl_verify_depth 4;\n"
	    "proxy_ssl_trusted_certificate %s;\n", name,
	    ca != NULL ? ca : PEER_SYSTEM_CA);

	if (cert != NULL)
		text = for_append(text, xasprintf("proxy_ssl_certificate %s;\n"
		    "proxy_ssl_certificate_key %s;\n", cert, key));
	return text;
}

static char *
to_mirror(const struct peers_wish *w)
{
	const struct node_wish *m = &w->mirror;

	return m->mirror.https ? tls_client(m->ca_path, m->cert_path,
	    m->key_path, w->mirror_name) : xstrdup("");
}

/* Other peers know this node by the address that is on the list; of a list of
 * both families nobody can say which one leads where. */
static char *
to_peers(const struct peers_wish *w)
{
	bool six = strchr(w->self, ':') != NULL;
	char *text = xasprintf("proxy_bind %s;\n", w->self);
	size_t i;

	for (i = 0; i < w->ring.count; i++)
		if ((strchr(w->ring.list[i].address, ':') != NULL) != six)
			text[0] = '\0';
	return w->peer_cert != NULL ? for_append(text, tls_client(w->peer_ca,
	    w->peer_cert, w->peer_key, w->peer_name)) : text;
}

/* --- the rest ------------------------------------------------------------ */

static void
put_ring(FILE *f, const struct peers_wish *w)
{
	size_t i;

	fprintf(f, "upstream cdr_ring {\n\tzone cdr_ring %zuk;\n"
	    "\thash $cdr_digest$cdr_slot_range consistent;\n",
	    128 + 2 * w->ring.count);
	for (i = 0; i < w->ring.count; i++)
		fprintf(f, "\tserver %s max_fails=1 fail_timeout=60s;\n",
		    w->ring.list[i].text);
	fprintf(f, "}\n");
}

/* Several addresses of a mirror take turns. */
static void
put_mirror(FILE *f, const struct peers_wish *w)
{
	size_t i;

	fprintf(f, "map \"\" $cdr_mirror {\n\tdefault %s://cdr_mirror;\n}\n"
	    "map \"\" $cdr_mirror_host {\n\tdefault %s;\n}\n",
	    w->mirror.mirror.https ? "https" : "http", w->mirror.place);
	fprintf(f, "upstream cdr_mirror {\n\tzone cdr_mirror 64k;\n");
	for (i = 0; i < w->origin.count; i++)
		fprintf(f, "\tserver %s fail_timeout=10s;\n",
		    w->origin.list[i].text);
	/* Its congestion window stays open from slice to slice. */
	fprintf(f, "\tkeepalive 16;\n}\n");
}

/* With certificates everybody may ask who has one of the peers'. */
static void
put_askers(FILE *f, const struct peers_wish *w)
{
	size_t i;

	fprintf(f, "map \"\" $cdr_scheme {\n\tdefault %s;\n}\n",
	    w->peer_cert != NULL ? "https" : "http");
	if (w->peer_cert != NULL) {
		fprintf(f, "map $ssl_client_verify $cdr_may_ask {\n"
		    "\tdefault \"\";\n\tSUCCESS 1;\n}\n");
		return;
	}
	fprintf(f, "geo $cdr_may_ask {\n\tdefault \"\";\n");
	for (i = 0; i < w->ring.count; i++)
		if (i == 0 || strcmp(w->ring.list[i].address,
		    w->ring.list[i - 1].address) != 0)
			fprintf(f, "\t%s 1;\n", w->ring.list[i].address);
	fprintf(f, "}\n");
}

static void
put_caches(FILE *f, const struct peers_wish *w)
{
	/* 8000 objects for each MiB of keys; memory is taken when they come. */
	fprintf(f, "proxy_cache_path %s/owned levels=1:2 use_temp_path=off "
	    "keys_zone=cdr_peer:32m inactive=3650d", w->cache);
	if (w->min_free > 0)
		fprintf(f, " min_free=%" PRIu64 "k", w->min_free >> 10);
	if (w->max_size > 0)
		fprintf(f, " max_size=%" PRIu64 "k", w->max_size >> 10);
	fprintf(f, " manager_files=1000 manager_threshold=500ms;\n");
	/* What is gone before the system writes it costs no disk. */
	fprintf(f, "proxy_cache_path %s/near levels=1:2 use_temp_path=off "
	    "keys_zone=cdr_near:1m inactive=10s max_size=256m;\n", w->cache);
}

static void
put_servers(FILE *f, const struct peers_wish *w)
{
	bool six = strchr(w->self, ':') != NULL;

	fprintf(f, "upstream cdr_pieces {\n"
	    "\tserver unix:%s/ring.sock max_fails=0;\n"
	    "\tserver unix:%s/last.sock max_fails=0 backup;\n"
	    "\tkeepalive 32;\n}\n"
	    "upstream cdr_nobody {\n\tserver 127.0.0.1:9 down;\n}\n"
	    "upstream cdr_self {\n\tserver %s%s%s:%u;\n}\n", w->run,
	    w->run, six ? "[" : "", w->self, six ? "]" : "", w->self_port);
	fprintf(f, "\nserver {\n\tlisten %s;\n"
	    "\tslice %" PRIu64 "k;\n"
	    "\tinclude cdr-peer-clients.conf;\n}\n", w->listen,
	    peers_slice(w->uplink) >> 10);
	fprintf(f, "\nserver {\n\tlisten unix:%s/ring.sock;\n"
	    "\tproxy_read_timeout %us;\n"
	    "\tinclude cdr-peer-ring.conf;\n}\n",
	    w->run, peers_patience(w->uplink));
	fprintf(f, "\nserver {\n\tlisten unix:%s/last.sock;\n"
	    "\tinclude cdr-peer-last.conf;\n}\n", w->run);
	fprintf(f, "\nserver {\n\tlisten %s%s;\n", w->listen_peers,
	    w->peer_cert != NULL ? " ssl" : "");
	if (w->peer_cert != NULL)
		fprintf(f, "\tssl_certificate %s;\n"
		    "\tssl_certificate_key %s;\n"
		    "\tssl_client_certificate %s;\n"
		    "\tssl_verify_client on;\n\tssl_verify_depth 4;\n"
		    "\tssl_protocols TLSv1.2 TLSv1.3;\n"
		    "\tssl_conf_command VerifyMode Require;\n"
		    "\tssl_session_cache shared:cdr:1m;\n"
		    "\tssl_session_tickets off;\n", w->peer_cert, w->peer_key,
		    w->peer_ca);
	fprintf(f, "\tinclude cdr-peer-owner.conf;\n}\n");
}

static char *
peer_conf(const struct peers_wish *w)
{
	char *text = NULL;
	size_t len;
	FILE *f = xtext_open(&text, &len);

	put_mirror(f, w);
	put_ring(f, w);
	put_askers(f, w);
	fprintf(f, "map $cdr_digest $cdr_bad_since {\n\tdefault \"\";\n"
	    "\tinclude peer/bad.conf;\n}\n");
	put_caches(f, w);
	put_servers(f, w);
	xtext_close(f);
	return text;
}

int
peers_plan(const struct peers_wish *w, struct node_plan *p, struct err *e)
{
	if (w->ring.count == 0 || w->origin.count == 0)
		return err_set(e, ERR_INPUT, "%s has no address",
		    w->ring.count == 0 ? "the ring" : "the mirror");
	put_file(p, "to-mirror.conf", to_mirror(w));
	put_file(p, "to-peers.conf", to_peers(w));
	put_file(p, "bad.conf", xstrdup(w->bad != NULL ? w->bad : ""));
	put_file(p, "peer.conf", peer_conf(w));
	return 0;
}

void
peers_wish_done(struct peers_wish *w)
{
	char **texts[] = { &w->listen, &w->listen_peers, &w->self, &w->cache,
	    &w->run, &w->mirror_name, &w->peer_ca, &w->peer_cert,
	    &w->peer_key, &w->peer_name };
	size_t i;

	node_wish_done(&w->mirror);
	peers_done(&w->ring);
	peers_done(&w->origin);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}
