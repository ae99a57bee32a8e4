#!/bin/sh
# The bytes of a large tree are verified night by night. With --max-time and
# --limit-rate a run stops in time, with 0, says how far it is, and the next one goes on
# there; one that is killed loses ten seconds at most; one that is told to end ends with
# 4. A pass that has come to its end is a pass, in status/verify.json too. A note that
# makes no sense begins anew. What nodes use stays in the page cache, and what verify has
# read is not there afterwards. A tree on which a sync is at work can be verified.
# Tier: normal
# Waits: for nights to end.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
plain_build
upstream
craft many library/many --count 14 --layers 2 --size 65536 >/dev/null
sync "a tree" $(seq -f 'many-%04g:latest' 1 14)
blobs=$(find "$ROOT/blobs/sha256" -type f | wc -l)
bytes=$(find "$ROOT/blobs/sha256" -type f -printf '%s\n' | awk '{n += $1} END {print n}')

verify()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" verify -r "$ROOT" "$@"
}

status()
{
	pick "$1" "$ROOT/status/verify.json"
}

# --- nights ------------------------------------------------------------------------

nights=0
whole=false
while [ "$whole" != true ]; do
	nights=$((nights + 1))
	[ $nights -le 12 ] || fail "it never comes to an end"
	# Without an end all of it would be read in one.
	verify "night $nights" 0 --max-time 1 --limit-rate 450K
	expect_eq "the first pass" 1 "$(status 'v["pass"]["number"]')"
	whole=$(status 'v["pass"]["whole"]')
	[ "$whole" = true ] || expect_said "it says how far it is" "pass 1 is at [0-9]*%"
done
[ $nights -ge 3 ] || fail "$nights nights: it was not slowed down"
expect_eq "each blob once" "$blobs" "$(status 'v["pass"]["files"]')"
expect_eq "all of their bytes" "$bytes" "$(status 'v["pass"]["bytes"]')"
expect_eq "bytes of that and manifests" true \
	"$(status "v['counters']['bytes'] >= $bytes")"
expect_eq "verified since the pass began" true \
	"$(status 'v["oldest"] == v["pass"]["started"]')"
verify "the next night begins anew" 0
expect_eq "the second pass" 2 "$(status 'v["pass"]["number"]')"

# --- one that takes longer than a night ----------------------------------------------

craft image library/huge:1 --layers 2 --size 1200000 >/dev/null
HUGE=$T/huge
check "a tree of large blobs" "$CDR" sync -r "$HUGE" huge:1
nights=0
until [ "$(pick 'v["pass"]["whole"]' "$HUGE/status/verify.json" 2>/dev/null)" = true ]; do
	nights=$((nights + 1))
	[ $nights -le 4 ] || fail "it never comes to an end"
	check "night $nights" "$CDR" verify -r "$HUGE" --max-time 1 --limit-rate 600K
done
[ $nights -ge 2 ] || fail "$nights nights: it was not slowed down"

# --- ended, killed, damaged --------------------------------------------------------

# reads: has it begun to read? A child of it may do the work.
reads()
{
	for _who in $pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
		readlink "/proc/$_who/fd"/* 2>/dev/null | grep -q "^$ROOT/blobs/" && return 0
	done
	return 1
}

"$CDR" verify -r "$ROOT" --limit-rate 450K >"$T/stdout" 2>"$T/stderr" &
pid=$!
wait_for 30 reads
# Some of them.
sleep 0.7
kill -TERM $pid
_rc=0
wait $pid || _rc=$?
expect_eq "told to end" 4 $_rc
expect_said "it goes on" "pass 3 is at [0-9]*%"
grep -q '^cursor sha256:' "$ROOT/_state/verified" || fail "there is no cursor"
cp "$ROOT/_state/verified" "$T/verified"
"$CDR" verify -r "$ROOT" --limit-rate 450K >"$T/stdout" 2>"$T/stderr" &
pid=$!
wait_for 30 reads
sleep 0.4
kill -KILL $pid
wait $pid 2>/dev/null || :
verify "after one that was killed" 0
expect_said "it has gone on" "pass 3 has come to its end"
expect_eq "each blob once" "$blobs" "$(status 'v["pass"]["files"]')"
for _text in '' 'verified 2' 'verified 1\npass 7\n' "$(head -c 1500 /dev/zero | tr '\0' a)" \
	'verified 1\npass 7\nstarted 1\nbefore 1\nfiles 1\nbytes 1\ncursor sha256:12\n'; do
	printf '%b' "$_text" >"$ROOT/_state/verified"
	verify "a note that makes no sense" 0
	expect_said "it begins anew" "pass 1 has come to its end"
done
rm "$ROOT/_state/verified"
mkfifo "$ROOT/_state/verified"
verify "and what is no file" 0
expect_said "it begins anew" "pass 1 has come to its end"

# --- beside a sync -----------------------------------------------------------------

craft image library/late:1 --layers 1 >/dev/null
fault '{"listener": "cdn", "delay_ms": 3000, "times": 1}'
hub_mark
"$CDR" sync -r "$ROOT" late:1 >"$T/first.log" 2>&1 &
pid=$!
wait_for 10 test -e "$ROOT/_state/unclean"
verify "a sync is at work" 0
verify "nothing is to be mended" 0 --repair
rm -f "$(find "$ROOT/blobs/sha256" -type f | sort | head -n 1)"
kill -0 $pid || fail "the sync has ended"
verify "something is to be mended" 1 --repair
expect_said "and has to wait" "nothing has been fetched: .*another cdr is writing"
verify "it waits" 0 --repair --wait 20
wait $pid
tree_check "$ROOT"

# --- the page cache ----------------------------------------------------------------

resident()
{
	python3 -B - "$ROOT/blobs/sha256" <<-'END'
	import ctypes, mmap, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	libc.mmap.restype = ctypes.c_void_p
	libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
			      ctypes.c_int, ctypes.c_long]
	libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
	here = []
	for name in sorted(os.listdir(sys.argv[1])):
	    path = os.path.join(sys.argv[1], name)
	    size = os.lstat(path).st_size
	    if os.path.islink(path) or size < 60000:
	        continue
	    fd = os.open(path, os.O_RDONLY)
	    at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
	    pages = ctypes.create_string_buffer((size + 4095) // 4096)
	    libc.mincore(at, size, pages)
	    here.append(sum(b & 1 for b in pages.raw) * 100 // len(pages.raw))
	    os.close(fd)
	print(*here)
	END
}

python3 -B - "$ROOT/blobs/sha256" <<-'END'
import os, sys
for number, name in enumerate(sorted(os.listdir(sys.argv[1]))):
    path = os.path.join(sys.argv[1], name)
    if os.path.islink(path) or os.lstat(path).st_size < 60000:
        continue
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    if number % 2:
        os.pread(fd, 1 << 20, 0)
    os.close(fd)
END
resident >"$T/before"
case " $(cat "$T/before") " in
*" 0 "*" 100 "* | *" 100 "*" 0 "*) ;;
*) ok "the page cache: left out, this file system does not tell"; exit 0 ;;
esac
verify "some are in memory, some are not" 0
resident >"$T/after"
expect_eq "the same are afterwards" "$(cat "$T/before")" "$(cat "$T/after")"
