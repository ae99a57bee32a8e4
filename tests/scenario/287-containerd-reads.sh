#!/bin/sh
# What cdr node-config writes into a node's files is read by containerd itself as it
# was meant, in both of its generations: "containerd config dump" says config_path,
# and all else that it says is what it said before; after --remove that as well. What
# cdr refuses as no configuration is refused by containerd, too.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/newer.sh"
. "$TOP/tests/containerd-nodes.sh"

need cdr root containerd newer/containerd

# dump GENERATION TO: what containerd makes of $R. It has no other root: absolute
# names are made those below $R, in copies.
dump()
{
	rm -rf "$T/dumped"
	cp -R "$R/." "$T/dumped"
	find "$T/dumped/etc/containerd" -name '*.toml' ! -path '*/certs.d/*' \
		-exec sed -i "s,[\"']/etc/containerd/\([^\"':]*\.toml\)[\"'],'$T/dumped/etc/containerd/\1',g" {} +
	case $1 in
	1) set -- "$2" containerd ;;
	2) set -- "$2" newer_run containerd ;;
	esac
	_to=$1
	shift
	"$@" --config "$T/dumped/etc/containerd/config.toml" config dump \
		>"$_to" 2>"$T/dump.stderr" || return 1
	# What names the copies is not of interest.
	sed -i "/^imports/d" "$_to"
}

# path_in FILE: config_path of the CRI plugin, or of its images.
path_in()
{
	awk '/^ *\[plugins\./ { in_it = $0 ~ /(grpc\.v1\.cri|cri\.v1\.images)["\047]\.registry\]/ }
	in_it && $1 == "config_path" { gsub(/["\047]/, "", $3); print $3 }' "$1"
}

pathless()
{
	grep -v '^ *config_path = ' "$1"
}

reads()
{
	[ "$5" != - ] || return 0
	rm -rf "$T/of"
	mkdir "$T/of"
	for _gen in $(echo "$5" | sed 's/./& /g'); do
		check "$1: containerd $_gen reads it" dump "$_gen" "$T/of/$_gen"
	done
	config --mirror $MIRROR_URL --install >"$T/stdout" 2>"$T/stderr" ||
		fail "$1: node-config"
	for _gen in $(echo "$5" | sed 's/./& /g'); do
		check "... and with cdr's lines" dump "$_gen" "$T/of/new"
		case :$(path_in "$T/of/new"): in
		*:/etc/containerd/certs.d:*) ok "... goes by certs.d" ;;
		*) fail "... config_path is $(path_in "$T/of/new")" ;;
		esac
		pathless "$T/of/$_gen" >"$T/of/a"
		pathless "$T/of/new" >"$T/of/b"
		check "... and all else is as it was" diff "$T/of/a" "$T/of/b"
	done
}
each_node reads

# no_toml NAME: is it none for the newer one?
for name in bom duplicate-key duplicate-table import-broken; do
	rm -rf "$R"
	cp -R "$NODES/$name" "$R"
	! dump 2 "$T/none" || fail "containerd reads $name"
	ok "containerd does not read $name"
done
