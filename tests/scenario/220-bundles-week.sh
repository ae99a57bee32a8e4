#!/bin/sh
# A week of a site without a network. It gets all images of its centre on a stick; then 20
# of them are updated, and each day a bundle goes out, made for what the site had when
# the week began. Five bundles, each in parts on sticks of their own, come in whatever
# order; two are lost, one comes twice, one is for another site, and imports are killed all
# along. A tag never goes back, and never leads to what is not whole; what the site answers
# then brings it to where its centre is, byte by byte. In the long run with 200 images, and
# 200 kills.
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/plenty.sh"

need cdr python3 openssl build/tests/crash.so
images=40 least=10 early=2 stride=400
! in_all || images=200 least=200 early=6 stride=60
seed=${SEED:-$(date +%s)}
echo "with SEED=$seed"
# dice: the next of them, from 0 on, below $1, in $die.
random=$seed
dice()
{
	random=$(((random * 1103515245 + 12345) % 2147483648))
	die=$((random / 65536 % $1))
}

plenty_new "$images" 20 "$images"
centre=$UP site=$ROOT sticks=$T/sticks
mkdir "$sticks"
# No time is lost on a disk where there is another way.
if ! in_all && [ -w /dev/shm ]; then
	site=$(mktemp -d /dev/shm/cdr-220.XXXXXX)
	defer "rm -rf '$site'"
fi
openssl genpkey -algorithm ed25519 -out "$T/key" 2>/dev/null
chmod 600 "$T/key"
openssl pkey -in "$T/key" -pubout -out "$T/centre.pem"
(
	# One more to be for, that nothing is imported into.
	umask 077
	openssl genpkey -algorithm ed25519 -out "$T/rig.key" 2>/dev/null
)
openssl pkey -in "$T/rig.key" -pubout -out "$T/rig.pem"

tags()
{
	(cd "$1/repos" && find . -path '*/_manifests/*' ! -name '*:*' -printf '%P %l\n' | sort)
}

# send NAME OPTION...: a bundle of today, in parts, in a folder of its own.
send()
{
	_name=$1
	shift
	check "the centre makes $_name" "$CDR" export -r "$centre" --site centre --sign "$T/key" \
		--split 128K -i "$T/list" --to "$sticks/$_name" "$@"
	tags "$centre" >"$T/tags.$_name"
	du -bc "$sticks/$_name"/* | tail -n 1 | cut -f 1 >"$T/bytes.$_name"
}

# run CODE PATH...: an import that is killed on the way, again and again, some times early,
# then wherever it may be, later each time; then it goes through.
killed=0
run()
{
	_want=$1 _try=0
	shift
	while :; do
		_try=$((_try + 1))
		dice $((stride * _try))
		_rc=0
		CRASH_KILL=$((_try < early ? _try * 11 : 40 + die)) CRASH_ROOT=$site \
			LD_PRELOAD=$TOP/build/tests/crash.so "$CDR" import -r "$site" --site rig \
			--key "$T/centre.pem" "$@" >"$T/stdout" 2>"$T/stderr" || _rc=$?
		[ $_rc -eq 137 ] || break
		killed=$((killed + 1))
		[ $((killed % 25)) -ne 0 ] || tree_check --dead "$site" >/dev/null
	done
	[ $_rc -eq "$_want" ] || fail "import $*: it ended with $_rc, not $_want"
	ok "import $1, killed $((_try - 1)) times"
}

# Does the site have the tags of that day?
expect_day()
{
	tags "$site" >"$T/tags.now"
	check "$1" cmp "$T/tags.$2" "$T/tags.now"
	tree_check "$site"
}

# shuffled WORD...
shuffled()
{
	for _word; do
		dice 30000
		echo "$die $_word"
	done | sort -n | cut -d ' ' -f 2
}

# --- all of it --------------------------------------------------------------------
send all --to-site rig
parts=$(cd "$sticks/all" && echo ./*.cdr.0*)
left=$(echo "$parts" | wc -w)
# shellcheck disable=SC2086 # words
for part in $(shuffled $parts); do
	left=$((left - 1))
	run $((left > 0)) "$sticks/all/$part"
	[ $left -eq 0 ] || expect_said "it says what is missing" 'missing'
done
expect_day "the site has all of it" all
"$CDR" inventory -r "$site" --site rig --sign "$T/rig.key" >"$T/inventory" || fail "no inventory"

# --- the week ---------------------------------------------------------------------
number=0
for day in 1 2 3 4 5; do
	for _ in 1 2 3 4; do
		number=$((number + 1))
		plenty_move "$(sed -n "${number}p" "$T/list")" "update-$number"
	done
	send day-$day --for "$T/inventory" --keys "$T"
done
send other --to-site port
expect_eq "20 updates" 20 "$(diff "$T/tags.all" "$T/tags.day-5" | grep -c '^>')"

order=$(shuffled 1 2 3 4 5)
came=$(echo "$order" | sed 1,2d)
echo "lost: $(echo "$order" | sed -n 1,2p | paste -s -d ' '); in this order: $(echo "$came" | paste -s -d ' ')"
newest=0
for day in $came; do
	left=$(cd "$sticks/day-$day" && echo ./*.cdr.0* | wc -w)
	for part in $(cd "$sticks/day-$day" && shuffled ./*.cdr.0*); do
		# One after the other; the last one makes it whole.
		left=$((left - 1))
		if [ "$day" -lt "$newest" ]; then
			run 5 "$sticks/day-$day/$part"
		else
			run $((left > 0)) "$sticks/day-$day/$part"
		fi
	done
	if [ "$day" -lt "$newest" ]; then
		expect_day "no tag goes back to day $day" "day-$newest"
	else
		newest=$day
		expect_day "the site is where the centre was on day $day" "day-$day"
	fi
done
# Somebody finds a stick once more, and one for another site.
run 0 "$sticks/day-$newest"
run 0 "$sticks/all"
run 2 "$sticks/other"
expect_day "that changes nothing" "day-$newest"

# --- the answer -------------------------------------------------------------------
"$CDR" inventory -r "$site" --site rig --sign "$T/rig.key" >"$T/inventory" || fail "no inventory"
send answer --for "$T/inventory" --key "$T/rig.pem"
run 0 "$sticks/answer"
expect_day "the site is where its centre is" day-5
check "not one byte is wrong" "$CDR" verify -r "$site"
(cd "$centre" && find blobs -type f -exec sha256sum {} + | sort) >"$T/there"
(cd "$site" && find blobs -type f -exec sha256sum {} + | sort) >"$T/here"
expect_eq "nothing has come that is not the centre's" "" "$(comm -13 "$T/there" "$T/here")"
expect_eq "no import is unfinished" "" "$(ls "$site/_state/import" 2>/dev/null || :)"
[ $killed -ge "$least" ] || fail "only $killed were killed"
full=$(cat "$T/bytes.all")
for name in day-1 day-5 answer; do
	echo "$name: $(cat "$T/bytes.$name") bytes, $((100 * $(cat "$T/bytes.$name") / full))% of a full one"
done
ok "killed $killed times"
