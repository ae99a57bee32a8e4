/* What comes through the receiver's socket: cut anywhere it is the same
 * request, and never one without the secret. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/hook.h"
#include "layout/mem.h"
#include "watch/scgi.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* One of each kind.  Their secrets are in no corpus. */
static struct hooks *
make_hooks(void)
{
	static const char config[] =
	    "{\"u\": {\"url_secret_file\": \"s\"},"
	    "\"h\": {\"hmac_secret_file\": \"s\"},"
	    "\"n\": {\"hmac_sha1_secret_file\": \"s\"},"
	    "\"a\": {\"authorization_file\": \"s\"},"
	    "\"b\": {\"bearer_file\": \"s\"},"
	    "\"c\": {\"basic_file\": \"c\"},"
	    "\"d\": {\"header_file\": \"s\", \"header\": \"X-D\"}}";
	static const char secret[] = "3c1bd0c4f8b64a7e9e0d5a2f7c6b1a90";
	char folder[] = "/tmp/cdr-fuzz.XXXXXX", path[64];
	const char *names[] = { "config", "s", "c" };
	struct hooks *h = NULL;
	struct err e;
	size_t i;
	FILE *f;

	must(mkdtemp(folder) != NULL);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		f = fopen(path, "w");
		must(f != NULL);
		fprintf(f, "%s%s", i == 2 ? "user:" : "",
		    i == 0 ? config : secret);
		fclose(f);
	}
	snprintf(path, sizeof(path), "%s/config", folder);
	must(hooks_read(path, &h, &e) == 0);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return h;
}

static void
on_event(void *cookie, const struct hook_event *event)
{
	(void)cookie;
	(void)event;
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hooks *hooks;
	char *buf = xmalloc(size + 1);
	size_t cut, whole = 0, sooner = 0;
	struct hook_request request;
	struct scgi_request r;
	struct hook_note note;
	int rc, last = 0;

	if (hooks == NULL)
		hooks = make_hooks();
	if (size > 0)
		memcpy(buf, data, size);
	for (cut = 0; cut <= size; cut += cut < 256 ? 1 : 97) {
		rc = scgi_size(buf, cut, &sooner);
		/* What is told stays so. */
		must(last == 0 || rc == last);
		last = rc;
	}
	rc = scgi_size(buf, size, &whole);
	must(last == 0 || (rc == last && (rc == -1 || whole == sooner)));
	if (rc == 1 && whole <= size && scgi_parse(buf, whole, &r) == 0) {
		must(r.body + r.len == buf + whole && buf[whole] == '\0');
		request = (struct hook_request){
			.method = r.method, .path = r.uri,
			.headers = r.headers, .body = r.body, .len = r.len,
		};
		hooks_call(hooks, &request, on_event, NULL, &note);
		must(note.status == 401 || note.status == 405 ||
		    note.status == 400);
		must(note.events == 0 && note.form == NULL);
	}
	free(buf);
	return 0;
}
