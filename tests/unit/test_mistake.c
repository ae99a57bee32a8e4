#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/mistake.h"

/* As libcurl 7.88 with OpenSSL 3.0 says it, and others have said it; and a word
 * of what has to be told. */
static const struct {
	const char *message;
	int is_final;		/* -1: it is no mistake */
	const char *says;
} messages[] = {
	{ "error:0A00010B:SSL routines::wrong version number", 1, "http://" },
	{ "error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
	    1, "http://" },
	{ "error:0A0000C6:SSL routines::packet length too long", 1,
	    "http://" },
	{ "Received HTTP/0.9 when not allowed", 1, "https://" },
	{ "SSL certificate problem: self-signed certificate", 1, "ca_file" },
	{ "SSL certificate problem: self signed certificate in certificate "
	    "chain", 1, "ca_file" },
	{ "SSL certificate problem: unable to get local issuer certificate",
	    1, "SSL_CERT_FILE" },
	{ "error setting certificate file: /etc/ssl/certs/ca-certificates.crt",
	    1, "ca-certificates" },
	{ "error setting certificate verify locations:  CAfile: /x CApath: "
	    "none", 1, "ca-certificates" },
	{ "SSL certificate problem: certificate has expired", 1, "renewed" },
	{ "SSL certificate problem: certificate is not yet valid", 1,
	    "clock" },
	{ "SSL: no alternative certificate subject name matches target host "
	    "name 'h.example'", 1, "another name" },
	{ "SSL: certificate subject name 'x' does not match target host name "
	    "'y'", 1, "another name" },
	{ "error:0A000102:SSL routines::unsupported protocol", 1, "too old" },
	{ "error:0A00042E:SSL routines::tlsv1 alert protocol version", 1,
	    "too old" },
	{ "OpenSSL/3.0.19: error:0A00014D:SSL routines::legacy sigalg "
	    "disallowed or unsupported", 1, "too old" },
	{ "error:0A00018A:SSL routines::dh key too small", 1, "too old" },
	{ "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert "
	    "certificate required, errno 0", 1, "client_cert" },
	{ "error:0A000412:SSL routines::sslv3 alert bad certificate", 1,
	    "client_cert" },
	{ "error:0A000410:SSL routines::sslv3 alert handshake failure", 1,
	    "client_cert" },
	{ "Could not resolve host: h.example", 0, "name" },
	{ "Could not resolve proxy: p.example", 0, "proxy" },
	{ "OpenSSL SSL_connect: Connection reset by peer in connection to "
	    "h.example:443 ", -1, NULL },
	{ "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:443", -1,
	    NULL },
	{ "Failed to connect to h.example port 443 after 1 ms: Couldn't "
	    "connect to server", -1, NULL },
	{ "Recv failure: Connection reset by peer", -1, NULL },
	{ "transfer closed with 100 bytes remaining to read", -1, NULL },
	{ "Operation too slow. Less than 32 bytes/sec transferred the last 30 "
	    "seconds", -1, NULL },
	{ "HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)",
	    -1, NULL },
	{ "", -1, NULL },
};

static void
test_messages(void **state)
{
	const struct mistake *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		m = mistake_find(messages[i].message);
		if ((m == NULL) != (messages[i].is_final == -1))
			fail_msg("%s", messages[i].message);
		if (m == NULL)
			continue;
		assert_int_equal(m->is_final, messages[i].is_final);
		if (strstr(m->advice, messages[i].says) == NULL)
			fail_msg("%s: %s", messages[i].message, m->advice);
	}
}

static void
test_proxies(void **state)
{
	static const long later[] = { 408, 429, 500, 502, 503, 504 };
	static const long never[] = { 302, 400, 403, 404, 405, 407, 451 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		assert_false(mistake_of_proxy(later[i])->is_final);
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_true(mistake_of_proxy(never[i])->is_final);
	assert_non_null(strstr(mistake_of_proxy(407)->advice, "password"));
	assert_non_null(strstr(mistake_of_proxy(403)->advice, "no_proxy"));
}

static const struct {
	long status;
	const char *body, *says;
} answers[] = {
	{ 400, "<html>\n<head><title>400 The plain HTTP request was sent to "
	    "HTTPS port</title></head>", "https://" },
	{ 400, "Client sent an HTTP request to an HTTPS server.\n",
	    "https://" },
	{ 400, "Reason: You're speaking plain HTTP to an SSL-enabled server "
	    "port.<br />", "https://" },
	{ 400, "{\"errors\":[]}", NULL }, { 400, "", NULL },
	{ 404, "Client sent an HTTP request to an HTTPS server.", NULL },
	{ 407, "", "http_proxy" }, { 511, "", "log in" }, { 403, "", NULL },
	{ 500, "", NULL },
};

static void
test_answers(void **state)
{
	const struct mistake *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		m = mistake_of_answer(answers[i].status, answers[i].body);
		if ((m == NULL) != (answers[i].says == NULL))
			fail_msg("%ld %s", answers[i].status, answers[i].body);
		if (m != NULL)
			assert_non_null(strstr(m->advice, answers[i].says));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
