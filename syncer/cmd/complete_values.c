#include <stddef.h>
#include <string.h>

#include "cmd/complete_values.h"

#define PLATFORMS \
	"linux/amd64 linux/arm64 linux/arm/v7 linux/arm/v6 linux/386 " \
	"linux/ppc64le linux/riscv64 linux/s390x windows/amd64"

/* The first that fits; "" is any command.  A comma in front: several may be
 * given, with commas between them. */
static const struct {
	const char *command, *option, *values;
} table[] = {
	{ "cdr sync", "", ":key" },
	{ "cdr watch", "", ":key" },
	{ "cdr rm", "", ":ref" },
	{ "cdr ls", "", ":ref" },
	{ "cdr rollback", "", ":ref" },
	{ "cdr pin", "", ":ref" },
	{ "cdr unpin", "", ":ref" },
	{ "cdr verify", "", ":ref" },
	{ "cdr save", "", ":ref" },
	{ "cdr export", "", ":ref" },
	{ "cdr import", "", ":file" },
	{ "cdr list", "", ":file" },
	{ "cdr node-config", "", ":client" },
	{ "", "", "" },

	{ "cdr watch", "plan", ":none" },
	{ "cdr watch", "json", ":none" },
	{ "cdr watch", "only", ":none" },
	{ "cdr sync", "from", "http:// https:// oci:" },
	{ "cdr watch", "from", "http:// https:// oci:" },
	{ "cdr verify", "from", "http:// https:// oci: bundle:" },
	{ "cdr sync", "gc", "when-needed" },
	{ "cdr watch", "gc", "when-needed" },
	{ "cdr watch", "hooks", ":dir" },
	{ "cdr ls", "history", ":ref" },
	{ "cdr ls", "kind", ":kind" },
	{ "cdr ls", "platform", PLATFORMS },
	{ "cdr save", "platform", PLATFORMS " all" },
	{ "cdr export", "boot", ",amd64 arm64" },
	{ "cdr doctor", "pull", "crictl ctr podman docker k3s" },
	{ "cdr node-config peers", "min-free", "2G 20G" },
	{ "cdr node-config", "registry", "docker.io ghcr.io quay.io "
	  "registry.k8s.io gcr.io mcr.microsoft.com" },

	{ "", "access-log", ":file" },
	{ "", "behind", "http:// https://" },
	{ "", "ca", ":file" },
	{ "", "cache", ":dir" },
	{ "", "client-cert", ":file" },
	{ "", "client-key", ":file" },
	{ "", "client-version", "" },
	{ "", "connections", "" },
	{ "", "every", "10m 30m 1h 6h 24h" },
	{ "", "expires", "7d 30d 90d" },
	{ "", "follow", "30s 1m 10m" },
	{ "", "for", ":file" },
	{ "", "forget", "" },
	{ "", "grace", "0 1h 24h 7d" },
	{ "", "hint-jitter", "" },
	{ "", "hook-config", ":file" },
	{ "", "if-busy", "skip" },
	{ "", "images", ":file" },
	{ "", "in-use", ":file" },
	{ "", "jitter", "" },
	{ "", "jobs", "" },
	{ "", "keep-unlisted", "0 7d 30d 90d forever" },
	{ "", "key", ":file" },
	{ "", "keys", ":dir" },
	{ "", "limit-rate", "500K 1M 10M 100M" },
	{ "", "listen", "" },
	{ "", "listen-hooks", ":file" },
	{ "", "listen-peers", "" },
	{ "", "log", "text json" },
	{ "", "max-bytes", "1G 10G 100G" },
	{ "", "max-delete", "10% 30% 50% 100%" },
	{ "", "max-seq-jump", "" },
	{ "", "max-size", "20G 100G 1T" },
	{ "", "max-time", "30m 1h 4h" },
	{ "", "min-free", "5% 10% 20G" },
	{ "", "mirror", "http:// https://" },
	{ "", "mirror-name", "" },
	{ "", "nodes", ":file" },
	{ "", "notify", ":file" },
	{ "", "only", "" },
	{ "", "output", ":file" },
	{ "", "peer-ca", ":file" },
	{ "", "peer-cert", ":file" },
	{ "", "peer-key", ":file" },
	{ "", "peer-name", "" },
	{ "", "peers", ":file" },
	{ "", "prefix", ":dir" },
	{ "", "registries", ":file" },
	{ "", "require-signed", ":file" },
	{ "", "ring", "http://127.0.0.1:5000" },
	{ "", "root", ":dir" },
	{ "", "run", ":dir" },
	{ "", "self", "" },
	{ "", "settle", "" },
	{ "", "settle-first", "" },
	{ "", "settle-most", "" },
	{ "", "sign", ":file" },
	{ "", "site", "" },
	{ "", "split", "700M 4G" },
	{ "", "to", ":dir" },
	{ "", "to-site", "" },
	{ "", "uplink", "1M 12M 100M" },
	{ "", "wait", "30 10m 2h" },
	{ "", "window", "22:00-06:00" },
};

static const struct {
	const char *key, *values;
} keys[] = {
	{ "platform", "," PLATFORMS " all" },
	{ "tags", "glob: regex: semver:" },
	{ "newest", "1 3 5 10" },
	{ "referrers", "yes no" },
	{ "priority", "" },
	{ "signed", ":file" },
	{ "keep", "0 1 3 5" },
	{ "keep-for", "7d 30d 90d" },
};

const char *
complete_values(const char *command, const char *option)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].option, option) == 0 &&
		    (table[i].command[0] == '\0' ||
		    strcmp(table[i].command, command) == 0))
			return table[i].values;
	return NULL;
}

const char *
complete_key_values(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].values;
	return NULL;
}
