/*
 * Versions as programs print them: "containerd github.com/containerd/containerd
 * v1.7.2 <commit>", "Docker version 28.5.2, build ...", "k3s version
 * v1.31.6+k3s1".
 */
#include <stdio.h>
#include <string.h>

#include "node/version.h"
#include "registry/ascii.h"

#define NUMBER_MAX	100000u

/* Return what is behind the number, or NULL if there is none, or too big a
 * one. */
static const char *
take_number(const char *p, unsigned *ret)
{
	unsigned n = 0;

	if (!ascii_is_digit(*p))
		return NULL;
	for (; ascii_is_digit(*p); p++) {
		n = 10 * n + (unsigned)(*p - '0');
		if (n > NUMBER_MAX)
			return NULL;
	}
	*ret = n;
	return p;
}

/* What is behind the three numbers, such as "-rc.1" or "+k3s1",
 * does not count. */
static int
read_word(const char *p, struct node_version *ret)
{
	struct node_version v = { 0 };

	if (*p == 'v')
		p++;
	p = take_number(p, &v.major);
	if (p == NULL || *p != '.')
		return 0;
	p = take_number(p + 1, &v.minor);
	if (p == NULL)
		return 0;
	if (*p == '.' && ascii_is_digit(p[1]) &&
	    take_number(p + 1, &v.patch) == NULL)
		return 0;
	*ret = v;
	return 1;
}

/* The first word that looks like one. */
int
node_version_find(const char *text, struct node_version *ret)
{
	static const char blank[] = " \t\r\n";

	for (text += strspn(text, blank); *text != '\0';
	    text += strspn(text, blank)) {
		if (read_word(text, ret))
			return 1;
		text += strcspn(text, blank);
	}
	return 0;
}

bool
node_version_since(const struct node_version *v, unsigned major,
    unsigned minor, unsigned patch)
{
	if (v->major != major)
		return v->major > major;
	if (v->minor != minor)
		return v->minor > minor;
	return v->patch >= patch;
}

char *
node_version_text(const struct node_version *v, char buf[NODE_VERSION_TEXT_MAX])
{
	snprintf(buf, NODE_VERSION_TEXT_MAX, "%u.%u.%u", v->major, v->minor,
	    v->patch);
	return buf;
}
