/* From the name to an answer. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/patient.h"
#include "layout/mem.h"

/* Does the same place answer when it is spoken to in the other way? */
static bool
speaks(struct patient *p, const char *scheme)
{
	const char *place = strstr(p->how->base, "://") + 3;
	struct ask_how how = { .mark = p->how->mark, .stop_fd =
	    p->how->stop_fd };
	struct question q = { .path = "/v2/" };
	struct answer a;
	struct ask other;
	struct err e;
	char *base;
	bool yes = false;

	/* A port that was not written is the other scheme's own. */
	if (strchr(place, ':') == NULL)
		return false;
	base = xasprintf("%s://%s", scheme, place);
	how.base = base;
	if (ask_open(&other, &how, &e) == 0) {
		ask(&other, &q, &a);
		/* A certificate that we do not know is TLS all the same. */
		yes = a.transport == TRANSPORT_OK ||
		    a.stage == HTTP_AT_CERTIFICATE;
		answer_done(&a);
	}
	ask_close(&other);
	free(base);
	return yes;
}

/* How far it came tells what to look at first; the message says it in words. */
static void
no_answer(struct patient *p, const struct answer *a)
{
	struct findings *f = p->findings;
	const char *base = p->how->base, *why = a->err.msg;

	switch (a->stage) {
	case HTTP_AT_NAME:
		finding_add(f, FINDING_FAIL, "dns", "%s has no address here "
		    "(%s): check the name. A node cannot resolve the names of "
		    "a cluster's services: use an IP address", p->mirror->host,
		    why);
		break;
	case HTTP_AT_CONNECT:
		finding_add(f, FINDING_FAIL, "connect", "nothing answers at %s "
		    "(%s): check that nginx runs, that it listens on that "
		    "address and port, and that no firewall keeps nodes out",
		    base, why);
		break;
	case HTTP_AT_TLS:
		if (p->mirror->https && speaks(p, "http"))
			finding_add(f, FINDING_FAIL, "tls", "the mirror speaks "
			    "plain http there, not TLS: write http:// instead "
			    "of https://");
		else
			finding_add(f, FINDING_FAIL, "tls",
			    "TLS with %s failed (%s)", base, why);
		break;
	case HTTP_AT_CERTIFICATE:
		finding_add(f, FINDING_FAIL, "tls", "the certificate of %s is "
		    "not accepted (%s): name the CA that signed it with --ca "
		    "FILE (for node-config too), or give nginx a certificate "
		    "that is valid for %s", base, why, p->mirror->host);
		break;
	case HTTP_AT_ANSWER:
		if (!p->mirror->https && speaks(p, "https"))
			finding_add(f, FINDING_FAIL, "tls", "the mirror speaks "
			    "TLS there, not plain http: write https:// instead "
			    "of http://");
		else
			finding_add(f, FINDING_FAIL, "http", "no valid answer "
			    "from %s (%s): check that nginx listens there, and "
			    "nothing else", base, why);
		break;
	}
}

/* The errors that a mirror must not have (quirks.md#errors-of-a-mirror), with
 * what stands behind each of them most often. */
bool
reach_refused(struct patient *p, const char *check, const char *path,
    const struct answer *a)
{
	struct findings *f = p->findings;

	if (a->transport != TRANSPORT_OK)
		finding_add(f, FINDING_FAIL, check,
		    "%s: the answer broke off (%s): look at nginx's error log",
		    path, a->err.msg);
	else if (a->status == 401 || a->status == 407)
		finding_add(f, FINDING_FAIL, "auth", "%s: %ld, it asks for a "
		    "password: a node would send a pod's pull secret to it. "
		    "Remove the password, also from a proxy in between, and "
		    "limit access by address or client certificate", path,
		    a->status);
	else if (a->status >= 300 && a->status < 400)
		finding_add(f, FINDING_FAIL, "redirect", "%s: %ld, it "
		    "redirects to \"%s\": use the address where nginx itself "
		    "answers, or stop the proxy in between from redirecting",
		    path, a->status, a->location);
	else if (a->status == 429)
		finding_add(f, FINDING_FAIL, check, "%s: 429, from \"%s\": too "
		    "many requests at once from this address, which many nodes "
		    "may share. nginx limits each address (cdr-limits.conf; "
		    "$cdr_limits or scripts/serve --no-limits turns that off)",
		    path, a->server);
	else if (a->status == 403 || a->status >= 500)
		finding_add(f, FINDING_FAIL, check, "%s: %ld, from \"%s\": "
		    "nginx with CDR's configuration never answers that. Look "
		    "for a proxy in between, and at its log", path, a->status,
		    a->server);
	else
		return false;
	return true;
}

/* A server of TLS says in plain words, with 400, that it is one. */
static bool
is_really_tls(struct patient *p, const struct answer *a)
{
	if (a->status != 400 || p->mirror->https || !speaks(p, "https"))
		return false;
	finding_add(p->findings, FINDING_FAIL, "tls", "the mirror speaks TLS "
	    "there, not plain http: write https:// instead of http://");
	return true;
}

/* All three steps are told once the last one is known: a certificate that is
 * good implies the rest. */
static void
say_reached(struct patient *p, const struct answer *a)
{
	const char *ca = p->how->ca, *cert = p->how->cert;
	struct findings *f = p->findings;

	finding_add(f, FINDING_OK, "dns", "%s is %s", p->mirror->host,
	    a->peer);
	finding_add(f, FINDING_OK, "connect", "port %u answers",
	    p->mirror->port);
	if (p->mirror->https)
		finding_add(f, FINDING_OK, "tls", "the certificate is good%s%s"
		    "%s%s", ca != NULL ? ", checked with " : "",
		    ca != NULL ? ca : "",
		    cert != NULL ? "; shown to the mirror: " : "",
		    cert != NULL ? cert : "");
}

/* /v2/ is what dockerd and podman ask first. */
bool
reach_check(struct patient *p)
{
	struct question q = { .path = "/v2/" };
	struct findings *f = p->findings;
	struct answer a;
	bool is_good = false;

	assert(strstr(p->how->base, "://") != NULL);
	ask(&p->ask, &q, &a);
	if (a.transport != TRANSPORT_OK) {
		no_answer(p, &a);
	} else if (!is_really_tls(p, &a)) {
		say_reached(p, &a);
		if (reach_refused(p, "ping", q.path, &a))
			;
		else if (a.is_page)
			finding_add(f, FINDING_FAIL, "ping", "%s", a.why.msg);
		else if (a.status != 200)
			finding_add(f, FINDING_FAIL, "ping", "/v2/: %ld, from "
			    "\"%s\": that is not a registry. Check the port, "
			    "and that nginx has CDR's configuration", a.status,
			    a.server);
		else
			is_good = true;
	}
	/* quirks.md#api-version */
	if (is_good && a.api[0] == '\0')
		finding_add(f, FINDING_WARN, "ping", "/v2/ answers without "
		    "Docker-Distribution-Api-Version: Docker 20.10 and older "
		    "look for it; CDR's nginx files send it");
	else if (is_good)
		finding_add(f, FINDING_OK, "ping", "/v2/ answers");
	answer_done(&a);
	return is_good;
}
