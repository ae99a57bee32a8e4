#ifndef CDR_LIMITS_H
#define CDR_LIMITS_H

/*
 * Every number that comes from outside meets one of these.  They are generous
 * for anything real and small enough that nothing hostile hurts.
 */

/* What registries and clients support (quirks.md#size-of-a-manifest). */
#define MANIFEST_BYTES_MAX	(4u << 20)
/* Descriptors in one manifest or index. */
#define MANIFEST_CHILDREN_MAX	4096u
/* Addresses of one foreign layer that are tried. */
#define LAYER_URLS_MAX		8u
/* Indexes inside indexes (quirks.md#nested-indexes). */
#define MANIFEST_DEPTH_MAX	8u
/* Manifests that one tag reaches. */
#define IMAGE_MANIFESTS_MAX	16384u
/* 1 TiB in one blob. */
#define BLOB_BYTES_MAX		((uint64_t)1 << 40)
/* A configuration that is read, for its platform or its age; real ones are some
 * KiB. */
#define CONFIG_BLOB_MAX		(4u << 20)
/* Nesting of JSON arrays and objects. */
#define JSON_DEPTH_MAX		64u
/* Values and keys in one JSON text: some 30 members for each descriptor. */
#define JSON_VALUES_MAX		(64u * MANIFEST_CHILDREN_MAX)

/* Names: a registry or repository, a tag, a media type (RFC 6838). */
#define REGISTRY_NAME_MAX	255u
#define REPOSITORY_NAME_MAX	255u
#define TAG_MAX			128u
#define MEDIA_TYPE_MAX		255u
/* One list of referrers; one descriptor in it, with its annotations. */
#define REFERRERS_BYTES_MAX	(4u << 20)
#define REFERRER_BYTES_MAX	(64u << 10)
/* A path inside the store, from ROOT. */
#define STORE_PATH_MAX		1280u

/* The image list. */
#define LIST_BYTES_MAX		(64u << 20)
#define LIST_LINE_MAX		4096u
#define LIST_ENTRIES_MAX	1000000u
#define LIST_COMPLAINTS_MAX	100u
#define PLATFORMS_MAX		64u
/* tags=: the text, and what a range and a regular expression are made of. */
#define TAG_PATTERN_MAX		256u
#define VERSION_TERMS_MAX	32u
#define REGEX_NODES_MAX		512u
#define REGEX_DEPTH_MAX		16u
#define REGEX_REPEATS_MAX	4u
#define REGEX_REPEAT_MAX	TAG_MAX
#define NEWEST_MAX		100000u
/* newest=: tags of one line that are no versions, which are looked at. */
#define DATED_TAGS_MAX		1000u
#define PRIORITY_MAX		1000
#define REFERRER_TYPES_MAX	32u
/* keep=: a history has 200 lines; and what holds where nothing is said.
 * keep-for=: ten years. */
#define KEEP_MAX		199u
#define KEEP_DEFAULT		1u
#define KEEP_FOR_MAX_S		(3650u * 24 * 3600)

/* What lists are made of: one file; of YAML the nesting (a custom resource's
 * definition may have 60 levels), the length of a text, and anchors of a
 * document; images in all; what could not be taken over and is told, and names
 * that nodes have asked for. */
#define SOURCE_BYTES_MAX	(256u << 20)
#define YAML_DEPTH_MAX		128u
#define YAML_TEXT_MAX		8192u
#define YAML_ANCHORS_MAX	256u
#define SOURCE_IMAGES_MAX	LIST_ENTRIES_MAX
#define SOURCE_LEFT_MAX		1000u
#define SOURCE_ASKED_MAX	10000u

/* Images whose last listing nobody knows: _state/unlisted. */
#define UNLISTED_BYTES_MAX	(64u << 20)

/* What is in use: one file, such as all pods of a large cluster; one object in
 * it, and of a text one word; how many names in all. */
#define USE_BYTES_MAX		(256u << 20)
#define USE_OBJECT_MAX		(4u << 20)
#define USE_WORD_MAX		1024u
#define USE_NAMES_MAX		1000000u

/* Listing the tags of a repository: one page, all pages. */
#define TAGS_PAGE_BYTES_MAX	(64u << 20)
#define TAGS_MAX		1000000u
/* Names of those that one line matches, all together. */
#define TAGS_BYTES_MAX		(16u << 20)
#define TAG_PAGES_MAX		20000u
#define TAG_PAGES_EMPTY_MAX	16u
#define TAG_PAGE_ENTRIES	1000u
/* Link headers of one page that are looked at. */
#define LINKS_MAX		8u

/* Certificates of authorities, all together, and files of one folder. */
#define AUTHORITIES_BYTES_MAX	(8u << 20)
#define AUTHORITIES_FILES_MAX	4096u

/* Files that people write: credentials, registries. */
#define CONFIG_BYTES_MAX	(1u << 20)
/* What a credential helper prints. */
#define HELPER_BYTES_MAX	(64u << 10)

/* Signatures: a public key, as PEM; how many keys a run knows; one signature's
 * payload; what is looked at, and fetched, of one image's. */
#define PUBKEY_BYTES_MAX	(64u << 10)
#define PUBKEYS_MAX		1000u
#define SIGNATURE_BYTES_MAX	(4u << 20)
#define SIGNATURES_MAX		1000u
#define SIGNATURES_BYTES_MAX	((uint64_t)64 << 20)

/* index.json of a layout that is copied from: a tree of 100,000 tags has some
 * 40 MiB. */
#define LAYOUT_INDEX_BYTES_MAX	(128u << 20)
#define LAYOUT_ENTRIES_MAX	200000u

/* What a node's clients read: one file; URLs and registries in it. */
#define NODE_FILE_BYTES_MAX	(4u << 20)
#define NODE_REGISTRIES_MAX	1000u
#define NODE_USES_MAX		4096u
#define NODE_RECORDS_MAX	4096u
#define NODE_WORDS_MAX		20000u	/* that a service is started with, and
					 * settings of its unit */
#define NODE_TOML_MAX		20000u	/* keys and values of a file */
#define NODE_TOML_DEPTH_MAX	32u
#define NODE_IMPORTS_MAX	256u	/* files that a config.toml imports */
/* A ring: its members, a name that stands for some of them, and what is
 * remembered of objects that the mirror once found to be bad. */
#define PEERS_MAX		1000u
#define PEER_NAME_MAX		253u
#define PEER_RUN_MAX		90u	/* sun_path has room for 107 */
#define PEER_BAD_MAX		10000u
/* One line of an access log, and how much is read of its end. */
#define LOG_LINE_MAX		16384u
#define LOG_BYTES_MAX		(64u << 20)

/* Hooks: the body of one, events in it, a secret; connections of nginx at once,
 * how long each may take, and what they all may have sent so far; of a request
 * all headers, their bytes and how many.  What is remembered of a line of the
 * list, and in how many REFs a run is told of it.  Files that were dropped, in
 * one look, and after how many bytes of them others have their turn. */
#define HOOK_BODY_MAX		(1u << 20)
#define HOOK_EVENTS_MAX		1000u
#define HOOK_SECRET_MIN		16u
#define HOOK_SECRET_MAX		1024u
#define HOOKS_MAX		256u
#define RECEIVER_CONNECTIONS_MAX	128u
#define RECEIVER_TIMEOUT_MS	10000
#define RECEIVER_BYTES_MAX	(8u << 20)
#define SCGI_HEAD_MAX		(64u << 10)
#define SCGI_HEADERS_MAX	200u
#define HINT_TAGS_MAX		32u
#define HINTS_RUN_MAX		1000u
#define SPOOL_FILES_MAX		1000u
#define SPOOL_BYTES_MAX		(4u << 20)
/* Children that are told of what is published; what waits for one of them. */
#define NOTIFY_CHILDREN_MAX	1000u
#define NOTIFY_NAME_MAX		64u
#define NOTIFY_WAITING_MAX	10000u
#define NOTIFY_BYTES_MAX	(16u << 20)

/* HTTP. */
#define REDIRECTS_MAX		10u
#define TOKEN_BYTES_MAX		(64u << 10)
#define TOKEN_LIFETIME_MIN_S	1
#define TOKEN_LIFETIME_STANDARD_S	60
#define TOKEN_LIFETIME_MAX_S	(24 * 3600)
#define ERROR_BODY_BYTES_MAX	(16u << 10)
#define HEADER_BYTES_MAX	(256u << 10)
#define URL_MAX			8192u
#define CHALLENGES_MAX		8u
#define RETRY_AFTER_MAX_S	(7 * 24 * 3600)

/* keep/pins: 100,000 names. */
#define PINS_BYTES_MAX		(16u << 20)

/* Bundles: a statement, a table, an inventory; a line of one of them; what is
 * counted in them.  A signature, in whatever form. */
#define BUNDLE_TEXT_MAX		(64u << 20)
#define BUNDLE_LINE_MAX		4096u
#define BUNDLE_IMAGES_MAX	200000u
#define BUNDLE_PARTS_MAX	100000u
#define BUNDLE_PART_BYTES_MAX	((uint64_t)1 << 50)
#define BUNDLE_PLATFORMS_MAX	2048u
#define BUNDLE_SEQ_MAX		((uint64_t)1000000000000000)
#define BUNDLE_SENDERS_MAX	10000u
#define BUNDLE_SIGNATURE_MAX	(64u << 10)

/* What is read or written of a file of the tree at once. */
#define STREAM_BUFFER		(64u << 10)

/* _state/condemned: a line, and all of them. */
#define CONDEMNED_LINE_MAX	1024u
#define CONDEMNED_LINES_MAX	3000000u
/* An age in it, in seconds: twenty years. */
#define CONDEMNED_AGE_MAX	(20u * 366 * 24 * 3600)

/* index.json and manifest.json of a file of images: what containerd reads. */
#define SAVE_JSON_MAX		(20u << 20)

/* _state/bundles: which bundles have come. */
#define LEDGER_BYTES_MAX	(4u << 20)

/* status/: one file; its first line; a line of status.json; images in it. */
#define STATUS_BYTES_MAX	(256u << 20)
#define STATUS_HEAD_MAX		(64u << 10)
#define STATUS_LINE_MAX		8192u
#define STATUS_IMAGES_MAX	200000u
/* Groups of images that were listed together. */
#define STATUS_GROUPS_MAX	16u
/* Lists that are mirrored into one tree, as far as they are told apart. */
#define STATUS_LISTS_MAX	64u
#define STATUS_GROUP_ID_MAX	1000000000u
/* So many bytes of lines may stand beside NAME-earlier.json, or without one. */
#define STATUS_CHANGED_MIN	(256u << 10)
#define STATUS_ERROR_MAX	400u
/* The name of a key there; and a digest, or such a name, with its end. */
#define VERIFIED_NAME_MAX	128u
#define VERIFIED_TEXT_MAX	160u
/* What a key is known by, with its end: as many digits of its SHA-256. */
#define KEY_ID_MAX		33u
/* status/blobs.json: a line, and the blobs and platforms in it; history.json:
 * its points; summary.json: its failures and registries. */
#define HOLDING_LINE_MAX	(512u << 10)
#define HOLDING_BLOBS_MAX	8192u
#define HOLDING_PLATFORMS_MAX	256u
#define HOLDING_KIND_MAX	255u
#define HISTORY_POINTS_MAX	500u
#define HISTORY_FILE_MAX	(256u << 10)
#define SUMMARY_FAILURES_MAX	200u
/* status/runs.json: runs, and what is told of an error of one of them. */
#define RUNS_MAX		50u
#define RUN_ERROR_MAX		200u
/* status/traffic.json: days; how much of a log is read at once; and how many
 * that it was before it was rotated are looked at. */
#define TRAFFIC_DAYS_MAX	90u
#define TRAFFIC_BYTES_MAX	(256u << 20)
#define ROTATED_MAX		1000u
/* status/unlisted.json and held.json: images in them. */
#define UNLISTED_MAX		10000u
#define HELD_MAX		10000u
/* boot/ of a stick: architectures and a name of one; files of "make boot", and
 * folders in folders. */
#define BOOT_ARCHES_MAX		8u
#define BOOT_ARCH_MAX		32u
#define BOOT_FILES_MAX		10000u
#define BOOT_DEPTH_MAX		16u
/* status/bundles.json: senders and sites, bundles that wait for parts, and how
 * many parts and images each of these names. */
#define BUNDLE_STATUS_STREAMS	64u
#define BUNDLE_STATUS_WAITS	16u
#define BUNDLE_STATUS_NAMED	4u
/* status/metrics: images with series of their own; failed ones, if there are
 * more; and repositories. */
#define METRICS_IMAGES_MAX	1000u
#define METRICS_FAILED_MAX	200u
#define METRICS_REPOSITORIES_MAX	500u
#define SUMMARY_REGISTRIES_MAX	64u
/* status/bad: its lines, a word that says what is wrong, and all of it. */
#define STORE_BAD_MAX		10000u
#define STORE_BAD_WHAT_MAX	32u
#define STORE_BAD_BYTES_MAX	(16u << 20)

#endif
