#!/bin/sh
# Manifests that are too much: over 4 MiB, nested too deep, JSON made to hurt, the
# old schema 1. Each fails with a message that says what it is, in little time
# and memory; what is just within the limits is mirrored; the others of the list
# are, too.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
good=$(craft image library/good:1)
mib4=4194304

# Address space for eight threads, and not for much more. AddressSanitizer alone
# takes terabytes of it.
space=700000
! grep -aq __asan_init "$CDR" || space=unlimited

# refused "what" TAG REGEX [GETS]: in bounded memory, and in seconds.
refused()
{
	hub_mark
	# shellcheck disable=SC2016
	within 20 expect_rc "$1" 1 sh -c 'ulimit -v "$1"; shift; exec "$@"' sh $space \
		"$CDR" sync -r "$ROOT" "odd:$2" good:1
	expect_said "$1: the message" "error: docker.io/library/odd:$2: .*$3"
	expect_published "$1: not published" "odd:$2" nothing
	expect_published "$1: the other one is" good:1 "$good"
	[ "$(hub_count registry GET 'odd/manifests')" -le "${4:-2}" ] ||
		fail "$1: asked for again and again"
}

fits()
{
	within 20 sync "$1" "odd:$2"
	expect_published "$1: published" "odd:$2" "$3"
}

fits "4 MiB" four "$(overlay huge-manifest library/odd:four --bytes $mib4)"
overlay huge-manifest library/odd:five --bytes $((mib4 + 1)) >/dev/null
refused "4 MiB and a byte" five 'manifest .*larger than 4194304 bytes'
fault '{"path": "odd/manifests/sha256", "framing": "chunked", "extra": 50000000}'
refused "no end of it" five 'manifest .*larger than 4194304 bytes'
fault '{"path": "odd/manifests/sha256", "body": ""}'
refused "nothing" five 'manifest '
no_faults

fits "indexes in indexes, eight deep" eight "$(overlay nested library/odd:eight --depth 8)"
overlay nested library/odd:nine --depth 9 >/dev/null
refused "nine deep" nine 'nested' 12
overlay nested library/odd:forty --depth 40 >/dev/null
refused "forty deep" forty 'nested' 12

for shape in nesting children layers; do
	overlay bomb "library/odd:$shape" --shape $shape --count 5000 >/dev/null
	refused "5000 of $shape" $shape '(deeper than|more than [0-9]+)'
done
overlay bomb library/odd:keys --shape keys --count 140000 >/dev/null
refused "140000 keys" keys 'more than [0-9]+ values'

overlay schema1 library/odd:schema1 >/dev/null
refused "schema 1" schema1 'schema 1.*(newer|again)'

# Bytes that are no manifest, or two at once.
# odd TAG TEXT
odd()
{
	mkdir -p "$T/overlay/library/odd/manifests"
	printf %s "$2" >"$T/overlay/library/odd/manifests/$1"
	cp "$T/overlay/library/odd/manifests/$1" \
		"$T/overlay/library/odd/manifests/sha256:$(printf %s "$2" | sha256sum | cut -d ' ' -f 1)"
}
config='{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:'$(printf x | sha256sum | cut -d ' ' -f 1)'","size":1}'
odd html '<html>Please sign in</html>'
refused "a web page" html 'manifest .*JSON'
odd array '[]'
refused "an array" array 'manifest .*not an object'
odd both "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":$config,\"layers\":[],\"manifests\":[]}"
refused "an index and an image" both 'ambiguous'
odd twice "{\"schemaVersion\":2,\"config\":$config,\"layers\":[],\"layers\":[]}"
refused "a key twice" twice 'JSON'
odd type "{\"schemaVersion\":2,\"mediaType\":\"application/../../../etc\",\"config\":$config,\"layers\":[]}"
refused "a media type that climbs" type 'mediaType'
odd digest "{\"schemaVersion\":2,\"config\":$(echo "$config" | sed 's/sha256:[0-9a-f]*/sha256:..\/..\/x/'),\"layers\":[]}"
refused "a digest that climbs" digest 'digest'
odd size "{\"schemaVersion\":2,\"config\":$(echo "$config" | sed 's/"size":1/"size":-1/'),\"layers\":[]}"
refused "a negative size" size 'size'
odd huge "{\"schemaVersion\":2,\"config\":$(echo "$config" | sed 's/"size":1/"size":9000000000000000000/'),\"layers\":[]}"
refused "a size beyond all disks" huge 'size'
tree_check "$ROOT"
