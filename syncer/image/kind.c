#include <string.h>

#include "image/kind.h"

/* The first that fits, as on the page (kindName in nginx/page/page-text.js). */
static const struct {
	const char *part, *name;
} parts[] = {
	{ "helm.chart", "chart" },
	{ "helm.config", "chart" },
	{ "in-toto", "attestation" },
	{ "provenance", "attestation" },
	{ "attestation", "attestation" },
	{ "simplesigning", "signature" },
	{ "notary", "signature" },
	{ "signature", "signature" },
	{ "sigstore", "signature" },
	{ "spdx", "sbom" },
	{ "cyclonedx", "sbom" },
	{ "sbom", "sbom" },
	{ "syft", "sbom" },
	{ "model", "model" },
	{ "wasm", "wasm" },
	{ "flux", "flux" },
	{ "tekton", "tekton" },
	{ "opa.", "policy" },
	{ "policy", "policy" },
};

static const char *const names[] = {
	"image", "chart", "signature", "attestation", "sbom", "model", "wasm",
	"flux", "tekton", "policy", "artifact",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

const char *
kind_name(const char *type)
{
	size_t i;

	if (type == NULL)
		return "image";
	for (i = 0; i < COUNT(parts); i++)
		if (strstr(type, parts[i].part) != NULL)
			return parts[i].name;
	return "artifact";
}

const char *
kind_of_tag(const char *tag)
{
	static const char begin[] = "sha256-";
	static const struct {
		const char *end, *name;
	} ends[] = {
		{ ".sig", "signature" },
		{ ".att", "attestation" },
		{ ".sbom", "sbom" },
	};
	size_t i;

	if (strncmp(tag, begin, strlen(begin)) != 0)
		return NULL;
	tag += strlen(begin);
	if (strspn(tag, "0123456789abcdef") != 64)
		return NULL;
	for (i = 0; i < COUNT(ends); i++)
		if (strcmp(tag + 64, ends[i].end) == 0)
			return ends[i].name;
	return NULL;
}

const char *
kind_at(size_t i)
{
	return i < COUNT(names) ? names[i] : NULL;
}

bool
kind_is(const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strcmp(names[i], word) == 0)
			return true;
	return false;
}
