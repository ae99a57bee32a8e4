#!/bin/sh
# Somebody else can write to the volume, and puts a pipe, a link, a folder, a socket
# or a huge file in the place of a file of the tree. No run waits for it, nothing
# that a link leads to is changed, and one image fails at most; or the tree is refused,
# and the file is named. Without it the next run makes all well. (Each place and each
# kind, without the program: test_planted.)
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/app:1 --layers 1 >/dev/null
craft image library/other:1 --layers 1 --seed 2 >/dev/null
sync "a tree" app:1 other:1
cp -a "$ROOT" "$T/clean"
craft image library/app:1 --layers 1 --seed 3 >/dev/null
large=$(craft image library/other:1 --layers 1 --size 300000 --seed 4 --json |
	pick 'o.digest for o in v if o.kind == "layer"')
echo precious >"$T/victim"
mkdir "$T/folder"
echo precious >"$T/folder/victim"
tried=0
kinds='pipe link folder'
if in_all; then
	kinds="$kinds nowhere away socket huge"
fi

# plant KIND PATH, in a fresh tree
plant()
{
	rm -rf "$ROOT"
	cp -a "$T/clean" "$ROOT"
	_at=$ROOT/$2
	mkdir -p "$(dirname "$_at")"
	rm -f "$_at"
	case $1 in
	pipe) mkfifo "$_at" ;;
	link) ln -s "$T/victim" "$_at" ;;
	nowhere) ln -s "$T/none" "$_at" ;;
	away) ln -s "$T/folder" "$_at" ;;
	folder)
		mkdir -p "$_at/deep"
		ln -s "$T/folder" "$_at/deep/link" ;;
	socket) (cd "$(dirname "$_at")" && python3 -S -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "./${_at##*/}") ;;
	huge) truncate -s 1T "$_at" ;;
	esac
}

# planted CODES NAMED PATH: the kinds there; the run ends with one of these codes, and
# if not with 0 it names the file
planted()
{
	for kind in $kinds; do
		plant $kind "$3"
		_rc=0
		timeout -k 1 20 "$CDR" sync -r "$ROOT" app:1 other:1 >"$T/stdout" \
			2>"$T/stderr" || _rc=$?
		case " $1 " in
		*" $_rc "*) ;;
		*) fail "$kind at $3: it ends with $_rc" ;;
		esac
		[ $_rc -eq 0 ] || grep -qF "$2" "$T/stderr" ||
			fail "$kind at $3: it does not say where"
		timeout -k 1 20 "$CDR" ls -r "$ROOT" >/dev/null 2>&1 || [ $_rc -eq 3 ] ||
			fail "$kind at $3: cdr ls ends with $?"
		[ "$(cat "$T/victim" "$T/folder/victim")" = 'precious
precious' ] && [ ! -e "$T/none" ] && [ "$(ls "$T/folder")" = victim ] ||
			fail "$kind at $3: it has been followed"
		# One that is gone by then was not planted well.
		[ $_rc -eq 0 ] || rm -rf "${ROOT:?}/$3"
		[ -f "$ROOT/cdr-layout" ] || echo 2 >"$ROOT/cdr-layout"
		chmod 444 "$ROOT/cdr-layout"
		"$CDR" sync -q -r "$ROOT" app:1 other:1 >"$T/stdout" 2>"$T/stderr" ||
			fail "$kind at $3: the next run"
		tree_check --resumable "$ROOT" >"$T/last"
		tried=$((tried + 1))
	done
	ok "planted at $3"
}

repo=repos/docker.io/library/app
planted 3 cdr-layout cdr-layout
planted '0 3' _state/lock _state/lock
planted '0 3' _state/keep.lock _state/keep.lock
planted 0 - _state/unclean
planted 0 - _state/dirty
planted 0 - _state/tmp/0
planted 0 - "_state/partial/$large"
planted 0 - "_state/partial/$large.ranges"
planted '0 1' "$repo/_history/1" $repo/_history/1
planted 1 "$repo/_held/1" $repo/_held/1
planted '0 1' "$repo/_manifests/1" $repo/_manifests/1
echo "$tried planted"

# --- a folder that somebody brings ---------------------------------------------------

for kind in pipe link socket huge; do
	for file in oci-layout cdr-layout repos/docker.io/library/app/_tags/list; do
		plant $kind $file
		mv "$ROOT" "$T/brought"
		_rc=0
		timeout -k 1 20 "$CDR" sync -r "$T/new" --from "oci:$T/brought" app \
			'tags=glob:*' >"$T/stdout" 2>"$T/stderr" || _rc=$?
		case $_rc in
		1 | 2) ;;
		*) fail "$kind at $file of what is brought: it ends with $_rc" ;;
		esac
		grep -qF "$file" "$T/stderr" || [ $kind = huge ] ||
			fail "$kind at $file of what is brought: it does not say where"
		rm -rf "$T/brought"
	done
done
ok "nor does a folder that is brought make it wait"
