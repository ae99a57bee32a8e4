#!/bin/sh
# On stable storage before anything is built upon it: each file is fsynced before it
# gets its name, each folder before the tag moves, and the tag's folder after that.
# Seen in the system calls of a first sync, of a tag that moves, and of one that goes
# on after a run that was killed, whose names may not be durable: there all is synced
# once. A file that cannot be synced gets no name, and its bytes are not used again.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl strace
tracing
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
calls=fsync,syncfs,renameat,renameat2,mkdirat,openat,symlinkat,write,pwrite64
tag=repos/docker.io/library/app/_manifests/1

# traced "what": a sync that must succeed, into $T/trace.
traced()
{
	check "$1" strace -f -y -s 0 -qq -o "$T/trace" -e trace=$calls \
		-e 'signal=none' "$CDR" sync -q -r "$ROOT" app:1 platform=all
}

in_order()
{
	check "$1: in order" python3 -B "$TOP/tests/check-order.py" "$ROOT" $tag \
		"$T/trace"
	cat "$T/stdout"
}

# first PATTERN: the line of the trace where it is first.
first()
{
	grep -n -m 1 -e "$1" "$T/trace" | cut -d : -f 1
}

traced "a first sync"
in_order "a first sync"
[ "$(first "fsync([0-9]*<$T>)")" -lt "$(first "$tag")" ] ||
	fail "ROOT's own name is not durable"
ok "ROOT's own name is durable"
expect_eq "nothing is left over, so nothing else is synced" "" \
	"$(first 'syncfs(')"

craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 2 \
	--seed 2 >/dev/null
traced "a tag moves"
in_order "a tag moves"
[ "$(first '_default/sha256:')" -lt "$(first "$tag")" ] ||
	fail "the tag is there before what stands in for its index"
# The check can fail: without one of the calls it does.
for call in ' fsync(.*_state/tmp/' ' fsync(.*_state/partial/' \
    ' fsync(.*/app/_manifests>'; do
	sed "$(first "$call")d" "$T/trace" >"$T/trace.less"
	expect_rc "it is seen when there is no$call" 1 python3 -B \
		"$TOP/tests/check-order.py" "$ROOT" $tag "$T/trace.less"
done

craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 2 \
	--seed 3 >/dev/null
expect_rc "a run is killed" 137 strace -f -qq -o "$T/trace" -e trace=renameat \
	-e inject=renameat:signal=KILL:when=4 \
	"$CDR" sync -q -r "$ROOT" app:1 platform=all
traced "the run behind it"
in_order "the run behind it"
[ "$(first 'syncfs(')" -lt "$(first ' renameat')" ] ||
	fail "what the one before did is not made durable"
ok "what the one before did is made durable"
traced "and one more"
expect_eq "once" "" "$(first 'syncfs(')"
tree_check "$ROOT"

# --- a disk that cannot keep what it is given ---------------------------------------

old=$(published app:1)
layer=$(craft image library/app:1 --layers 1 --size 300000 --seed 4 --json |
	pick 'o.digest for o in v if o.kind == "layer"')
expect_rc "a layer cannot be synced" 1 strace -f -qq -o /dev/null \
	-P "$ROOT/_state/partial/$layer" -e trace=fsync \
	-e inject=fsync:error=EIO:when=1 "$CDR" sync -q -r "$ROOT" app:1
expect_said "it says so" 'error: .*app:1: .*cannot sync: Input/output error'
expect_published "the tag is where it was" app:1 "$old"
here "$layer" && fail "the layer has a name"
tree_check --resumable "$ROOT"
hub_mark
sync "a disk that can" app:1
# What could not be synced is in memory at best.
expect_eq "the layer comes from the registry again" "-" "$(hub_since |
	awk -F '\t' -v l="${layer#sha256:}" '$2 == "cdn" && $4 ~ l { print $6 }')"
tree_check "$ROOT"
