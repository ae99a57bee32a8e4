#!/bin/sh
# Files for k3s, RKE2, CRI-O and Talos, which do not run here, written by hand from what
# these programs document (tests/nodes/golden): from each node, cdr node-config makes
# exactly the files that somebody who knows them would have written, says what has to be
# restarted or reloaded, and gives everything back; where it must not, it refuses, and
# touches nothing. For Talos it prints exactly that patch. Files of all nodes with random
# faults (tests/nodes/campaign.py) are refused, and left alone, or come back byte for byte.
. "$(dirname "$0")/../lib.sh"

need cdr python3
R=$T/node

# tree FOLDER: its files, but for CDR's own record.
tree()
{
	(
		cd "$1" || exit
		find . -type f ! -path './etc/cdr/*' ! -name '*.before-cdr' |
			LC_ALL=C sort
	)
}

# config ARG...: with the words of the case.
config()
{
	# shellcheck disable=SC2046 # words
	"$CDR" node-config $(cat "$case/args") --prefix "$R" "$@"
}

for case in "$TOP"/tests/nodes/golden/*/; do
	case=${case%/} name=${case##*/}
	rm -rf "$R" "$T/before"
	mkdir "$T/before"
	[ ! -d "$case/before" ] || cp -R "$case/before/." "$T/before"
	cp -R "$T/before" "$R"
	if [ -e "$case/refused" ]; then
		expect_rc "$name" 2 config --install
		expect_said "... is refused" "$(cat "$case/refused")"
		check "... and nothing is touched" diff -r "$T/before" "$R"
		continue
	fi
	if [ -e "$case/printed" ]; then
		check "$name" config
		sed '/^# /,$d' "$T/stdout" >"$T/patch"
		expect_said "... with what to do" '^# Then: talosctl patch machineconfig --patch @FILE\.$'
		check "... is that patch" diff "$case/printed" "$T/patch"
		expect_rc "... which no file of the node can hold" 2 config --install
		check "... and nothing is touched" diff -r "$T/before" "$R"
		continue
	fi
	check "$name" config --install
	grep -Ev '^(wrote|unchanged) ' "$T/stdout" >"$T/said" || :
	check "... says this and nothing else" diff "$case/said" "$T/said"
	tree "$case/want" >"$T/wanted"
	tree "$R" >"$T/got"
	check "... has these files" diff "$T/wanted" "$T/got"
	while read -r file; do
		check "... $file" diff "$case/want/$file" "$R/$file"
	done <"$T/wanted"
	read -r client _ <"$case/args"
	check "... removed" "$CDR" node-config "$client" --prefix "$R" --remove
	check "... and all is as it was" diff -r "$T/before" "$R"
done

mkdir "$T/campaign"
check "files with random faults" python3 "$TOP/tests/nodes/campaign.py" "$CDR" \
	"$T/campaign" 1 60
