#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/site.h"

/* The first one has to be a letter or a digit. */
char *
site_fit(const char *text, char buf[BUNDLE_SITE_MAX + 1])
{
	char one[2] = "";
	size_t n = 0;

	for (; *text != '\0' && n < BUNDLE_SITE_MAX; text++) {
		one[0] = *text;
		if (bundle_is_site(one))
			buf[n++] = *text;
		else if (n > 0)
			buf[n++] = strchr("-_.", *text) != NULL ? *text : '-';
	}
	buf[n] = '\0';
	return buf;
}

int
site_name(const char *wanted, char buf[BUNDLE_SITE_MAX + 1], struct err *e)
{
	const char *name = wanted != NULL ? wanted : getenv("CDR_SITE");
	char host[256] = "";

	if (name != NULL && (wanted != NULL || name[0] != '\0')) {
		if (!bundle_is_site(name))
			return err_set(e, ERR_INPUT, "%s is no name of a "
			    "site: 1 to %u letters, digits, \"-\", \"_\" and "
			    "\".\", a letter or a digit first",
			    wanted != NULL ? "--site" : "CDR_SITE",
			    BUNDLE_SITE_MAX);
		snprintf(buf, BUNDLE_SITE_MAX + 1, "%s", name);
		return 0;
	}
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	if (site_fit(host, buf)[0] == '\0')
		return err_set(e, ERR_INPUT, "this host has no name: say "
		    "--site NAME");
	return 0;
}
