#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cmd/guess.h"

/* The words that a text is about, with a blank before and behind each. */
struct hint {
	const char *words;
	const char *text;
};

static bool
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *at = words;

	if (len == 0 || strchr(word, ' ') != NULL)
		return false;
	while ((at = strstr(at, word)) != NULL) {
		if (at > words && at[-1] == ' ' && at[len] == ' ')
			return true;
		at++;
	}
	return false;
}

static const char *
find(const struct hint *hints, const char *word)
{
	for (; hints->words != NULL; hints++)
		if (has_word(hints->words, word))
			return hints->text;
	return NULL;
}

/* --- commands ---------------------------------------------------------- */

static const struct hint commands[] = {
	{ " pull copy cp mirror get fetch update add download run clone ",
	  "'cdr sync REF' mirrors an image, and nodes pull it from nginx" },
	{ " serve server start up http web nginx daemon registry proxy listen ",
	  "nginx serves the tree, without cdr: cdr-serve ROOT begins one" },
	{ " images image catalog tags tree show ps search find repos dir ",
	  "'cdr ls' says what is here" },
	{ " delete del remove rmi untag erase ",
	  "'cdr rm REF' takes an image out" },
	{ " prune clean cleanup purge garbage-collect collect vacuum expire ",
	  "'cdr gc' removes what nothing keeps" },
	{ " check fsck scrub validate audit repair fix heal ",
	  "'cdr verify' finds what is wrong in the tree, and --repair mends "
	  "it" },
	{ " status info state stat stats metrics df du ",
	  "'cdr ls' says what is here; how runs went is in ROOT/status" },
	{ " inspect manifest digest describe ",
	  "'cdr ls --json FILTER' tells more of an image" },
	{ " history log logs ", "'cdr ls --history REF' tells what a tag was" },
	{ " plan diff dry-run preview ",
	  "'cdr sync --plan' says what a run would do" },
	{ " load unpack restore ", "'cdr import PATH' takes over bundles; the "
	  "file of 'cdr save' is for docker load, podman load, ctr import" },
	{ " backup dump bundle pack package send ",
	  "'cdr export' writes a bundle for another site, 'cdr save' one tar "
	  "file" },
	{ " archive tar ", "'cdr save REF -o FILE' writes one tar file" },
	{ " push publish upload ", "cdr pushes to no registry: nodes pull from "
	  "nginx, which serves the tree" },
	{ " login logout auth ", "credentials are those of docker login: "
	  "$DOCKER_CONFIG/config.json" },
	{ " init create new mkdir ",
	  "'cdr sync' makes the tree; 'cdr list' makes an image list" },
	{ " config configure setup install node nodes hosts ",
	  "'cdr node-config CLIENT' makes a node pull from the mirror" },
	{ " cron schedule loop timer poll follow webhook hooks ",
	  "'cdr watch' syncs by the clock and after pushes" },
	{ " revert undo back downgrade previous ",
	  "'cdr rollback REF' sets a tag back" },
	{ " hold freeze lock ", "'cdr rollback REF -0' holds a tag where it "
	  "is" },
	{ " release unhold unlock unfreeze ",
	  "'cdr rollback --release REF' lets a tag go" },
	{ " keep protect ", "'cdr pin REF' keeps an image" },
	{ " unkeep unprotect ", "'cdr unpin REF' lets it go" },
	{ " test diagnose debug ping why troubleshoot ",
	  "'cdr doctor' finds out why a node does not pull from the mirror" },
	{ " scan extract convert generate ",
	  "'cdr list SOURCE' makes an image list out of manifests and others" },
	{ " peer peers p2p ring ", "'cdr node-config peers' makes a node a "
	  "peer" },
	{ " man usage options commands ", "'cdr --help' lists the commands" },
	{ " completion completions complete ", "make install puts the "
	  "completions of bash, zsh and fish in place" },
	{ NULL, NULL }
};

const char *
guess_command(const char *word)
{
	return find(commands, word);
}

/* --- options ----------------------------------------------------------- */

static const struct hint sync_options[] = {
	{ " dry-run dryrun simulate what-if no-act n diff preview ",
	  "--plan says what a run would do" },
	{ " arch os platforms p a override-arch override-os ",
	  "write platform=linux/arm64 behind the image, or in the list" },
	{ " all all-platforms multi-arch multi-platform all-tags ",
	  "write platform=all, or tags=glob:*, behind the image" },
	{ " tag include exclude regex glob semver t ",
	  "write tags=glob:1.2* behind the image, without a tag" },
	{ " output out dest destination dir directory target to path data "
	  "data-dir store storage o d volume ", "--root ROOT says where" },
	{ " file image image-list input f l ", "--images LIST names a file; an "
	  "image is written without an option" },
	{ " config conf configuration c settings ", "--images LIST has the "
	  "images, --registries FILE the settings of registries" },
	{ " mirror source src upstream registry url remote ",
	  "--from URL copies from another mirror; a registry is the first part "
	  "of an image's name" },
	{ " insecure plain-http http tls-verify skip-tls-verify tls ca "
	  "insecure-registry src-tls-verify k ca-file cert key ",
	  "\"endpoint\": \"http://...\" or \"ca_file\" of a registry stands in "
	  "the file of --registries" },
	{ " user username password creds auth authfile credentials u token ",
	  "credentials are those of docker login: "
	  "$DOCKER_CONFIG/config.json" },
	{ " proxy ", "$https_proxy and $no_proxy in the environment say so" },
	{ " retry retries max-retries retry-times attempts max-tries ",
	  "\"max_tries\" in the file of --registries says so" },
	{ " timeout ", "\"stall_timeout_s\" in the file of --registries says "
	  "so" },
	{ " concurrency parallel workers threads j max-concurrent ",
	  "--jobs N says how many images, --connections N how many "
	  "connections" },
	{ " every interval period schedule loop daemon repeat watch ",
	  "'cdr watch --every T' syncs by the clock" },
	{ " delete prune cleanup clean remove purge ",
	  "--gc removes what nothing keeps, at the end of a run" },
	{ " bandwidth rate bwlimit limit rate-limit max-rate speed ",
	  "--limit-rate SIZE says how many bytes a second" },
	{ " sign verify signature policy cosign signed ",
	  "--require-signed KEY, or signed=KEY behind an image, says so" },
	{ " hours time between ", "--window HH:MM-HH:MM says when" },
	{ NULL, NULL }
};

static const struct hint gc_options[] = {
	{ " plan simulate what-if no-act preview ", "-n says what would go" },
	{ " older-than age days until ttl unused untagged "
	  "delete-untagged ",
	  "--keep-unlisted T removes what no list has had for so long" },
	{ " keep keep-last history ", "keep=N in the list says how much of a "
	  "tag's history stays" },
	{ " all a now force f yes y ", "it asks nothing; --keep-unlisted 0 and "
	  "--grace 0 remove at once what no list has" },
	{ " quota size max disk ", "--max-size SIZE and --min-free SIZE say "
	  "so" },
	{ " file list images-file ", "--images LIST names the list" },
	{ NULL, NULL }
};

static const struct hint rm_options[] = {
	{ " dry-run plan n ", "it has none: 'cdr ls FILTER' shows what is "
	  "here" },
	{ " all a ", "each image is named; 'cdr gc' removes what no list "
	  "has" },
	{ " force f yes y ", "it asks nothing; 'cdr unpin' lets go what is "
	  "pinned" },
	{ NULL, NULL }
};

static const struct hint ls_options[] = {
	{ " filter image name i match grep reference f ",
	  "write a FILTER without an option: cdr ls nginx" },
	{ " format output o template ", "--wide prints more columns, "
	  "--json all of it" },
	{ " l long details show-labels ", "--wide prints more columns" },
	{ " no-trunc digests no-truncate ", "--json has whole digests" },
	{ " all a A all-namespaces tags t platforms ",
	  "it lists all of that already" },
	{ " type kinds media-type artifact-type ", "--kind KIND says which" },
	{ " arch p os ", "--platform P says which" },
	{ " pins ", "--pinned lists what is pinned" },
	{ " holds hold ", "--held lists what is held" },
	{ " stale orphaned dangling left old ",
	  "--unlisted lists what has left its list" },
	{ " n names name-only names-only ", "--quiet prints references only" },
	{ NULL, NULL }
};

static const struct hint verify_options[] = {
	{ " fix mend heal ", "--repair mends" },
	{ " fast structure ", "--quick reads no blobs" },
	{ " dry-run plan n ", "--quick looks without taking anything out" },
	{ " image i ", "an image is written without an option" },
	{ NULL, NULL }
};

static const struct hint export_options[] = {
	{ " dry-run n simulate preview ", "--plan says what would be "
	  "written" },
	{ " output o out dest dir d directory destination target file ",
	  "--to DIR says where" },
	{ " inventory since delta base incremental have ",
	  "--for FILE names what the site has" },
	{ " size max-size part part-size ", "--split SIZE cuts it" },
	{ " platform arch ", "it has what the tree has of an image" },
	{ NULL, NULL }
};

static const struct hint import_options[] = {
	{ " from source src dir path i input file f bundle ",
	  "write the PATH without an option" },
	{ " insecure no-verify skip-verify trust-all force ",
	  "--unsigned takes anybody's" },
	{ " pub pubkey public-key verify-key trust ", "--key PUB says whose" },
	{ " dry-run plan n ", "it has none; it may be run again at any time" },
	{ NULL, NULL }
};

static const struct hint save_options[] = {
	{ " file f out dest to ", "-o FILE says where" },
	{ " arch os p ", "--platform P says which" },
	{ " all all-platforms multi-arch ", "--platform all takes all" },
	{ " compress gzip z ", "-o - writes to a pipe: | gzip >FILE.tar.gz" },
	{ " images i list ", "images are named without an option" },
	{ NULL, NULL }
};

static const struct hint list_options[] = {
	{ " file f from source src input ", "write the SOURCE without an "
	  "option" },
	{ " output o out ", "it prints the list: >FILE" },
	{ NULL, NULL }
};

static const struct hint inventory_options[] = {
	{ " output o out file f to ", "it prints the inventory: >FILE" },
	{ " key k ", "--sign KEY signs it" },
	{ NULL, NULL }
};

static const struct hint rollback_options[] = {
	{ " to digest ", "write the DIGEST behind the tag" },
	{ " steps n count back ", "write -N behind the tag" },
	{ " hold ", "-0 holds it where it is" },
	{ " unhold ", "--release holds it no more" },
	{ " list history ", "'cdr ls --history REF' tells what it was" },
	{ NULL, NULL }
};

static const struct hint pin_options[] = {
	{ " list l ls all a ", "'cdr pin' without an image lists what is "
	  "pinned" },
	{ " remove delete d rm ", "'cdr unpin REF' lets it go" },
	{ NULL, NULL }
};

static const struct hint node_options[] = {
	{ " url server endpoint registry-mirror host m mirrors address ",
	  "--mirror URL says where nginx listens" },
	{ " apply write yes y save output o f w ", "--install writes the "
	  "files" },
	{ " uninstall delete undo reset ", "--remove undoes it" },
	{ " client runtime type t ", "the client is written without an "
	  "option" },
	{ " dry-run plan n print show ", "it writes nothing without "
	  "--install" },
	{ " cert certificate cacert ca-cert ", "--ca FILE, --client-cert FILE "
	  "and --client-key FILE name them" },
	{ " insecure skip-verify tls-verify k ", "--mirror http://... is "
	  "without TLS; --ca FILE names the mirror's CA" },
	{ " version ", "--client-version V says so" },
	{ NULL, NULL }
};

static const struct hint doctor_options[] = {
	{ " url server endpoint host m address u ", "--mirror URL says where "
	  "nginx listens" },
	{ " image i ", "the image is written without an option" },
	{ " fix repair ", "it changes nothing, and says what to do" },
	{ " root r ", "--prefix DIR is another node's root; cdr doctor asks "
	  "the mirror, and does not read its tree: cdr verify does" },
	{ " client runtime ", "--pull CLIENT makes it pull" },
	{ " insecure skip-verify k ", "--ca FILE names the mirror's CA" },
	{ " log ", "--access-log FILE names nginx's log" },
	{ NULL, NULL }
};

static const struct {
	const char *command;
	const struct hint *hints;
} of_commands[] = {
	{ "cdr sync", sync_options },
	{ "cdr watch", sync_options },
	{ "cdr gc", gc_options },
	{ "cdr rm", rm_options },
	{ "cdr ls", ls_options },
	{ "cdr verify", verify_options },
	{ "cdr export", export_options },
	{ "cdr import", import_options },
	{ "cdr save", save_options },
	{ "cdr list", list_options },
	{ "cdr inventory", inventory_options },
	{ "cdr rollback", rollback_options },
	{ "cdr pin", pin_options },
	{ "cdr unpin", pin_options },
	{ "cdr node-config", node_options },
	{ "cdr node-config peers", node_options },
	{ "cdr doctor", doctor_options },
};

const char *
guess_option(const char *command, const char *word)
{
	const char *text = NULL;
	size_t i;

	for (i = 0; i < sizeof(of_commands) / sizeof(of_commands[0]); i++)
		if (strcmp(command, of_commands[i].command) == 0)
			text = find(of_commands[i].hints, word);
	return text;
}

/* What one program calls this, another one calls that: two with one meaning in
 * the place of a text. */
static const struct hint others[] = {
	{ " debug trace ", "verbose" },
	{ " silent s ", "quiet" },
	{ " usage ? H ", "help" },
	{ " dir directory path data store storage data-dir d R ", "root" },
	{ " format output o template log-format j ", "json" },
	{ " log-format format log-type ", "log" },
	{ " file list image images-file f l ", "images" },
	{ " simulate what-if no-act preview dry dryrun plan ", "dry-run" },
	{ " ca-file cacert ca-cert cafile ", "ca" },
	{ " cert client-certificate certificate ", "client-cert" },
	{ " key client-private-key private-key ", "client-key" },
	{ " timeout w block ", "wait" },
	{ NULL, NULL }
};

const char *
guess_other(const char *word, size_t *from)
{
	const struct hint *h;

	for (h = others + *from; h->words != NULL; h++) {
		++*from;
		if (has_word(h->words, word))
			return h->text;
	}
	return NULL;
}

/* --- clients ----------------------------------------------------------- */

static const struct hint clients[] = {
	{ " docker docker-ce moby docker-desktop docker-engine dockerd-ce ",
	  "Docker Engine is dockerd" },
	{ " crio cri_o openshift okd ", "it is cri-o" },
	{ " ctr nerdctl crictl kubelet kubernetes k8s kubeadm kind eks gke "
	  "aks k0s microk8s ", "most nodes of Kubernetes have containerd" },
	{ " skopeo buildah ", "podman is for these, too" },
	{ " buildkitd buildx docker-buildx ", "it is buildkit" },
	{ " k3d ", "it is k3s" },
	{ " peer ring p2p ", "it is peers" },
	{ " talosctl ", "it is talos" },
	{ NULL, NULL }
};

const char *
guess_client(const char *word)
{
	return find(clients, word);
}
