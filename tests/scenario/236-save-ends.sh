#!/bin/sh
# However "cdr save" ends, there is no half file, and what was there before stays:
# wrong bytes in the tree are found while they are copied, a blob that somebody has
# put a link in the place of is none, a signal ends it with 4, a disk without room is
# told before anything is written. While it reads, gc takes nothing away; while gc
# takes away, it waits as long as --wait says.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr python3
ROOT=$T/root HUB=docker.io/library
tree_new "$ROOT"
app=$(tree_image $HUB/app 1 1)
other=$(tree_image $HUB/other 1 2)
mkdir "$T/place"
# as_before "what": in the place is what was there, and nothing else
as_before()
{
	expect_eq "$1: nothing else is there" x.tar "$(ls -A "$T/place")"
	expect_eq "$1: what was there stays" before "$(cat "$T/place/x.tar")"
}
ends()
{
	_code=$1 _regex=$2
	shift 2
	echo before >"$T/place/x.tar"
	expect_rc "cdr save $*" "$_code" "$CDR" save -r "$ROOT" "$@" -o "$T/place/x.tar"
	expect_said "it says why" "$_regex"
	as_before "after that"
}
# file DIGEST: where it is
file()
{
	readlink -f "$ROOT/blobs/${1%:*}/${1#*:}"
}
# spoil FILE: one bit of it
spoil()
{
	chmod u+w "$1"
	python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-2] ^= 1
open(sys.argv[1], "wb").write(data)' "$1"
}

# --- wrong bytes ------------------------------------------------------------------

layer=$(pick 'v["layers"][0]["digest"]' "$(file "$app")")
cp "$(file "$layer")" "$T/layer"
spoil "$(file "$layer")"
ends 1 "^error: .*/x.tar: $layer: its bytes in the tree are others; 'cdr verify --repair'" \
	other:1 app:1
rm -f "$ROOT/blobs/sha256/${layer#*:}"
ln -s "$T/layer" "$ROOT/blobs/sha256/${layer#*:}"
ends 1 "^error: $HUB/app:1: blob $layer is not here" app:1
rm "$ROOT/blobs/sha256/${layer#*:}"
cp "$T/layer" "$ROOT/blobs/sha256/${layer#*:}"
check "it is mended" "$CDR" save -r "$ROOT" app:1 -o "$T/good.tar"
cp "$(file "$app")" "$T/manifest"
sed 's/{"schema/{ "schema/' "$T/manifest" >"$T/longer"
cp -f "$T/longer" "$(file "$app")"
ends 1 "^error: .*/x.tar: $app: its bytes in the tree are others" app:1
cp -f "$T/manifest" "$(file "$app")"
chmod 444 "$(file "$app")"

# --- a large one ------------------------------------------------------------------

# large REPO COUNT SIZE: so many layers that are one hole each; not their digests
large()
{
	_layers=''
	_number=0
	while [ $_number -lt "$2" ]; do
		_hex=$(printf %064d $((_number + $3)))
		truncate -s "$3" "$ROOT/blobs/sha256/$_hex"
		_layers="$_layers${_layers:+,}{\"mediaType\":\"$OCI_LAYER\",\"digest\":\"sha256:$_hex\",\"size\":$3}"
		_number=$((_number + 1))
	done
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
		"$OCI_MANIFEST" "$(pick 'json.dumps(v["config"])' "$(file "$other")")" \
		"$_layers" >"$T/large"
	tree_tag "$1" 1 "$(tree_manifest "$1" "$OCI_MANIFEST" "$T/large")"
}
# begins COMMAND...: in the background, until it has begun to read
has_begun()
{
	grep -q '^rchar: [0-9]\{8\}' "/proc/$pid/io"
}
begins()
{
	"$@" 2>"$T/stderr" &
	pid=$!
	wait_for 10 has_begun
}
: >"$ROOT/_state/keep.lock"
large $HUB/large 1 4294967296
echo before >"$T/place/x.tar"
begins "$CDR" save -r "$ROOT" large:1 -o "$T/place/x.tar"
as_before "while it is written"
expect_rc "gc would have to wait" 1 flock -n -x "$ROOT/_state/keep.lock" true
kill -TERM "$pid"
rc=0
wait "$pid" || rc=$?
expect_eq "a signal ends it" 4 "$rc"
as_before "after the signal"
begins "$CDR" save -r "$ROOT" large:1 -o "$T/place/x.tar"
kill -KILL "$pid"
wait "$pid" || :
expect_eq "killed: what was there stays" before "$(cat "$T/place/x.tar")"
expect_eq "killed: nobody takes what is left for a file of images" "" \
	"$(find "$T/place" -type f ! -name x.tar ! -name '.*')"
rm -rf "$T/place"
mkdir "$T/place"
mkfifo "$T/fifo"
"$CDR" save -r "$ROOT" large:1 -o - 2>"$T/stderr" >"$T/fifo" &
pid=$!
head -c 3000000 "$T/fifo" >/dev/null
rc=0
wait "$pid" || rc=$?
expect_eq "a reader that goes" 3 "$rc"
expect_said "that is told" '^error: -: cannot write the tar file: Broken pipe'
rc=0
"$CDR" save -r "$ROOT" app:1 -o - 2>"$T/stderr" >/dev/full || rc=$?
expect_eq "a full device" 3 "$rc"
expect_said "that is told" 'No space left on device'

# --- no room ----------------------------------------------------------------------

least=$(($(stat -f -c '%a * %S' "$T") / 8589934591 + 2))
if [ $least -lt 500 ]; then
	large $HUB/huge $least 8589934591
	ends 3 "^error: .*/x.tar: it will have [0-9]* bytes, and its file system has room for [0-9]*" \
		huge:1
else
	left_out "a disk that is too small" "there is room for $least times 8 GiB"
fi
echo before >"$T/place/x.tar"
expect_rc "a file that may not be so large" 3 sh -c 'trap "" XFSZ; ulimit -f 8; exec "$@"' \
	sh "$CDR" save -r "$ROOT" app:1 -o "$T/place/x.tar"
expect_said "that is told" 'cannot write the tar file: File too large'
as_before "after that"

# --- gc ---------------------------------------------------------------------------

exec 9<"$ROOT/_state/keep.lock"
flock -x 9
ends 3 '^error: .*is being removed from this tree' app:1
(sleep 1 && flock -u 9) &
check "it waits" "$CDR" save -r "$ROOT" --wait 20 app:1 -o "$T/place/x.tar"
check "and has all of it then" cmp "$T/good.tar" "$T/place/x.tar"
