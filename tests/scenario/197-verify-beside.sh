#!/bin/sh
# While syncs bring images and gc removes others, again and again, `cdr verify` finds
# nothing wrong: what comes and goes meanwhile is no fault, and neither are links and
# lists that are about to change. What computes after everybody else holds no lock that
# others wait for.
# Tier: normal
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl strace?
upstream
craft many library/one --count 6 --layers 2 --size 20000 >/dev/null
craft many library/two --count 6 --layers 2 --size 20000 --seed 2 >/dev/null
ROOT=$T/source
seq -f 'one-%04g:latest' 1 6 >"$T/one"
seq -f 'two-%04g:latest' 1 6 >"$T/two"
echo one-0001:latest >>"$T/two"
sync "what is copied from" -i "$T/one" -i "$T/two"
ROOT=$T/root
sync "a tree" --from oci:"$T/source" -i "$T/one"

churn()
{
	while [ ! -e "$T/stop" ]; do
		for _list in two one; do
			"$CDR" sync -q -r "$ROOT" --wait 20 --from oci:"$T/source" -i "$T/$_list"
			"$CDR" gc -q -r "$ROOT" --wait 20 -i "$T/$_list" --keep-unlisted 0 \
				--grace 0 --max-delete 100%
		done
		echo round >>"$T/rounds"
	done
}

churn >"$T/churn.log" 2>&1 &
pid=$!
_end=$(($(date +%s) + 8))
_runs=0
while [ "$(date +%s)" -lt $_end ] || [ ! -s "$T/rounds" ]; do
	for _quick in --quick ''; do
		# shellcheck disable=SC2086 # none, or one
		expect_rc "beside them" 0 "$CDR" verify -r "$ROOT" $_quick
		! grep -E '^(error|warning)' "$T/stderr" >"$T/found" ||
			fail "it has found: $(head -n 1 "$T/found")"
	done
	_runs=$((_runs + 1))
	[ $_runs -le 500 ] || break
done
: >"$T/stop"
wait $pid || fail "the others"
[ -s "$T/rounds" ] || fail "nothing went on meanwhile"
# Who is refused since a status is being written waits, and is not told of it.
[ ! -s "$T/churn.log" ] || fail "the others: $(head -n 1 "$T/churn.log")"
ok "$_runs runs beside $(wc -l <"$T/rounds") rounds"
tree_check "$ROOT"

if part "who holds the lock" strace; then
	tracing
	blob=$(find "$ROOT/blobs" -type f -size +5k | head -n 1)
	chmod u+w "$blob"
	printf X | dd of="$blob" bs=1 seek=3 conv=notrunc 2>/dev/null
	# And links and lists, of each kind.
	ln -sfn ../nowhere "$ROOT/repos/docker.io/library/one-0001/_manifests/latest"
	: >"$ROOT/repos/docker.io/library/one-0002/_tags/list"
	rm "$ROOT/catalog.json"
	find "$ROOT/repos/docker.io/library/one-0003/_manifests" -name 'sha256:*' -delete
	expect_rc "one is bad" 1 strace -f -o "$T/calls" \
		-e trace=sched_setscheduler,flock "$CDR" verify -r "$ROOT"
	expect_said "it is taken out" 'it is in quarantine now'
	for _found in one-0001/_manifests/latest one-0002/_tags/list catalog.json \
	    'one-0003/_manifests/sha256:.* it is not here'; do
		expect_said "it finds $_found" "$_found"
	done
	grep -q 'sched_setscheduler(.*SCHED_IDLE' "$T/calls" || fail "nobody comes last"
	awk '/sched_setscheduler\(/ { last[$1] = 1 }
		/flock\(.*LOCK_EX/ && last[$1] { exit 1 }' "$T/calls" ||
		fail "who comes last makes others wait"
	ok "who comes last makes nobody wait"
fi

# It is slow enough to be looked at: seconds for what is there.
idles()
{
	_child=$(cat "/proc/$pid/task/$pid/children") && [ -n "$_child" ] &&
		grep -q 'nice 19$' "/proc/${_child% }/autogroup"
}

if [ "$(cat /proc/sys/kernel/sched_autogroup_enabled 2>/dev/null)" = 1 ]; then
	cp -a "$ROOT" "$T/free"
	set -- "$CDR" verify -r "$T/free" --limit-rate 40K
	if [ "$(id -u)" = 0 ]; then
		chown -R 65534:65534 "$T/free"
		chmod 755 "$T"
		set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	fi
	for _signal in TERM KILL; do
		rm -f "$T/free/_state/verified"
		setsid "$@" >"$T/stdout" 2>"$T/stderr" </dev/null &
		pid=$!
		wait_for 60 idles
		kill -$_signal $pid
		_rc=0
		wait $pid || _rc=$?
		case $_signal in
		TERM) expect_eq "told to end" 4 $_rc ;;
		KILL) wait_for 60 sh -c "! kill -0 $_child 2>/dev/null" ;;
		esac
	done
	ok "its session has the least weight, and it ends with who began it"
else
	left_out "its session" "this kernel has no autogroups"
fi
