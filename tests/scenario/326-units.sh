#!/bin/sh
# The units for systemd, by reading: systemd takes each of them, also with what their README
# has for drop-ins, and calls none much exposed. What they run makes no call to the kernel
# that they forbid. None writes into the folder below a disk
# that is not mounted. Settings of cdr.env are those that the units use. Timers begin neither
# at the full hour nor all at once. Packages know all units, begin none of them, and
# an upgrade waits for no run; Debian's names whose the files are.
# Tier: normal
. "$(dirname "$0")/../lib.sh"

need cdr python3? strace? systemd-analyze?
cd "$TOP/scripts/systemd"
services=$(echo *.service)
timers=$(echo *.timer)
for unit in $services; do
	expect_eq "$unit waits for the disk" 1 "$(grep -c '^RequiresMountsFor=/srv/cdr$' "$unit")"
	grep -q '^User=cdr\(-serve\)\?$' "$unit" || fail "$unit runs as somebody else"
	case $(sed -n 's/^Type=//p' "$unit") in
	exec) ! grep -q '^Restart=' "$unit" || grep -q '^RestartSec=[1-9]' "$unit" ||
		fail "$unit begins anew without a rest" ;;
	oneshot) [ -f "${unit%.service}.timer" ] || fail "nothing begins $unit" ;;
	*) fail "$unit has no type" ;;
	esac
done
for unit in $timers; do
	[ -f "${unit%.timer}.service" ] || fail "$unit begins nothing"
	grep -q '^OnCalendar=.*:\(17/30\|[1-5][1-9]\)$' "$unit" || fail "$unit: when everybody does"
	for word in RandomizedDelaySec=..*min FixedRandomDelay=yes Persistent=yes; do
		grep -q "^$word\$" "$unit" || fail "$unit: no $word"
	done
done
ok "services and timers"
expect_eq "settings are those that are used" "$(cat -- *.service |
	sed -n 's/^ExecStart=//p' | grep -o 'CDR_[A-Z_]*' | sort -u)" \
	"$(sed -n 's/^#\(CDR_[A-Z_]*\)=.*/\1/p' cdr.env | grep -vx CDR_REGISTRIES | sort -u)"

# --- packages ---------------------------------------------------------------------------

always=$(grep -l '^Type=exec' -- *.service | xargs)
once=$(grep -l '^Type=oneshot' -- *.service | xargs)
# shellcheck disable=SC2086 # words
sorted()
{
	printf '%s\n' "$@" | grep -o 'cdr-[a-z]*\.[a-z]*' | sort | xargs
}
# What debhelper takes care of, and what it does not.
call=$(sed -n '/^override_dh_installsystemd:/,/^$/p' ../packaging/debian/rules | grep -v '^#')
# shellcheck disable=SC2086
expect_eq "Debian's begins anew what runs all the time" "$(sorted $always $timers)" "$(sorted "$call")"
expect_eq "it enables none" 1 "$(echo "$call" | grep -c 'dh_installsystemd --no-enable ')"
# shellcheck disable=SC2086
expect_eq "and ends runs when it goes" "$(sorted $once)" \
	"$(sorted "$(grep 'deb-systemd-invoke stop' ../packaging/debian/prerm)")"
spec=../packaging/rpm/cdr.spec
for pair in "timers $timers" "daemons $always" "runs $once"; do
	# shellcheck disable=SC2046,SC2086 # words
	expect_eq "so does the RPM: ${pair%% *}" "$(sorted ${pair#* })" \
		"$(sorted $(sed -n "s/^%global ${pair%% *} //p" $spec))"
done
for unit in $timers; do
	grep -q "stamp-$unit" ../packaging/debian/postrm || fail "a purge leaves the stamp of $unit"
done

# Whose copyright it is of what is not ours.
expect_eq "Debian's copyright file names what is of others" "$(cd "$TOP" &&
	grep -rliE --exclude-dir=build --exclude-dir=.git 'copyright[ :]+(\(c\) *|© *)?[12][0-9]{3}' . |
	sed 's,^\./,,' | grep -v '^scripts/packaging/debian/' | sort)" \
	"$(sed -n 's/^Files: \([^*]*\)$/\1/p' ../packaging/debian/copyright | sort)"

# --- what systemd says --------------------------------------------------------------------

part "what systemd says of them" systemd-analyze || exit 0
# Where the kernel was told to be quiet, it says only what is worse.
export SYSTEMD_LOG_LEVEL=warning
mkdir "$T/units"
env DESTDIR="$T/inst" PREFIX=/usr sh "$TOP/scripts/install" >"$T/install.log" 2>&1 || fail "scripts/install"
# says WHAT UNIT...: in $T/units
says()
{
	what=$1
	shift
	for unit; do
		check "$what: $unit" systemd-analyze verify --man=no "$T/units/$unit"
		expect_eq "without a word" "" "$(grep cdr "$T/stderr" || :)"
	done
}
cp "$T"/inst/usr/lib/systemd/system/cdr-* "$T/units/"
sed -i "s,^ExecStart=/usr,ExecStart=$T/inst/usr," "$T/units"/*.service
# shellcheck disable=SC2086 # words
says "as it is" $services $timers
for unit in $services; do
	check "$unit is little exposed" systemd-analyze security --offline=true --threshold=20 \
		"$T/units/$unit"
done
# Each block of the README for the units that its section names.
awk -v to="$T/units" '
/^## / { of = "" }
match($0, /`systemctl edit [^`]*`/) { of = substr($0, RSTART + 16, RLENGTH - 17) }
/^```ini$/ { n++; on = 1; next }
/^```$/ { on = 0 }
on {
	count = split(of, unit, " ")
	for (i = 1; i <= count; i++) {
		folder = to "/" unit[i] ".service.d"
		system("mkdir -p " folder)
		print >>(folder "/" n ".conf")
	}
}' README.md
expect_eq "what the README has for drop-ins" "cdr-serve.service.d/1.conf cdr-serve.service.d/3.conf
cdr-sync.service.d/2.conf cdr-verify.service.d/2.conf
cdr-watch.service.d/2.conf" "$(cd "$T/units" && find . -name '*.conf' |
	sed 's,^\./,,' | sort | xargs -n 2)"
says "with drop-ins" cdr-serve.service cdr-sync.service cdr-verify.service cdr-watch.service
echo 'LogsDirectry=cdr' >>"$T/units/cdr-serve.service.d/3.conf"
check "one that is wrong" systemd-analyze verify --man=no "$T/units/cdr-serve.service"
expect_said "is told" 'cdr-serve.*LogsDirectry'

# --- what they run --------------------------------------------------------------------------

part "calls to the kernel" python3 strace || exit 0
plain_build
SHELF=1 start_registry
craft image library/small:1 --layers 2 --size 100000 >/dev/null
cat >"$T/calls.py" <<'END'
import re, subprocess, sys

def group(name):
    """All calls of a group, with those of the groups in it."""
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True,
        text=True, check=True).stdout.splitlines()[1:]
    for word in map(str.strip, lines):
        if word.startswith("@"):
            yield from group(word)
        elif not word.startswith("#"):
            yield word

unit, trace = sys.argv[1:]
allowed = set()
with open(unit, encoding="utf-8") as file:
    for words in re.findall(r"^SystemCallFilter=(.*)", file.read(), re.M):
        calls = {call for word in words.lstrip("~").split()
            for call in (group(word) if word.startswith("@") else [word])}
        allowed = allowed - calls if words.startswith("~") else allowed | calls
with open(trace, encoding="utf-8", errors="replace") as file:
    made = set(re.findall(r"^[0-9]+ +([a-z_0-9]+)\(", file.read(), re.M))
assert len(made) > 20, made
print(*sorted(made - allowed))
END
export CDR_ROOT="$T/root"
echo "$UPSTREAM/library/small:1" >"$T/list"
for unit in cdr-sync.service cdr-watch.service cdr-gc.service cdr-verify.service; do
	command=$(sed -n "s,^ExecStart=/usr/local/bin/cdr ,,p" "$unit" | sed "s, \\\$CDR_.*,,; s,/etc/cdr/images.list,$T/list,")
	rm -f "$T/trace"
	# shellcheck disable=SC2086 # words
	timeout -s TERM 2 strace -f -qq -o "$T/trace" "$CDR" $command >"$T/traced.log" 2>&1 || :
	grep -q 'exit_group(0)' "$T/trace" || fail "cdr $command: it does not end well"
	expect_eq "$unit allows what cdr ${command%% *} does" "" \
		"$(python3 "$T/calls.py" "$TOP/scripts/systemd/$unit" "$T/trace")"
done
