#!/bin/sh
# While scripts/install-deps installs, packages start no service, what ran before
# may go on; what came is off at boot; and the machine's own policy-rc.d is back
# afterwards as it was: also when apt fails, on SIGTERM, and after a kill -9.
. "$(dirname "$0")/../lib.sh"

need root deb-systemd-helper

# /usr, /etc and /run as seen by this scenario alone (unshare makes its mounts
# private): nothing real is touched.
cat >"$T/apart" <<'EOF'
set -eu
mkdir -p "$T/fs"
mount -t tmpfs tmpfs "$T/fs"
for dir in usr etc; do
	mkdir "$T/fs/$dir" "$T/fs/$dir.work"
	mount -t overlay overlay \
	    -o "lowerdir=/$dir,upperdir=$T/fs/$dir,workdir=$T/fs/$dir.work" "/$dir"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /lib/systemd/system /etc/systemd/system
rm -f /usr/sbin/policy-rc.d /usr/sbin/policy-rc.d.before-cdr
if [ -f "$T/policy" ]; then
	cp -p "$T/policy" /usr/sbin/policy-rc.d
fi
export PATH="$T/bin:$PATH"
rc=0
sh -eu "$T/script" || rc=$?
ls -d /usr/sbin/policy-rc.d* >"$T/left" 2>/dev/null || :
ls -R /etc/systemd/system >"$T/units"
if [ -f /usr/sbin/policy-rc.d ]; then
	cp -p /usr/sbin/policy-rc.d "$T/policy.after"
fi
exit $rc
EOF
apart()
{
	unshare -m env T="$T" TOP="$TOP" sh "$T/apart"
}
echo : >"$T/script"
apart >"$T/unshare.log" 2>&1 || skip "no mount namespace with overlays here"

mkdir "$T/bin"
stub()
{
	{ echo '#!/bin/sh'; cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
# What a package does: bring a unit, enable it, ask the policy, start.
stub apt-get <<'EOF'
case $* in *update*) exit 0 ;; esac
echo "[Unit]" >/lib/systemd/system/cdr-new.service
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -sf /lib/systemd/system/cdr-new.service /etc/systemd/system/multi-user.target.wants
for unit in cdr-new.service cdr-new runs.service runs; do
	rc=0
	/usr/sbin/policy-rc.d --quiet "$unit" start || rc=$?
	echo "$unit $rc"
done >"$T/asked"
case $(cat "$T/mode") in
fail) exit 100 ;;
slow) sleep 2 ;;
esac
EOF
stub systemctl <<'EOF'
case $* in list-units*) echo "runs.service loaded active running it runs" ;; esac
EOF
install_apart()
{
	rm -f "$T/left" "$T/units" "$T/asked" "$T/policy.after"
	echo "$1" >"$T/mode"
	apart
}
cat >"$T/script" <<'EOF'
sh "$TOP/scripts/install-deps" --as-root some-package
EOF
answers() { paste -s -d , "$T/asked"; }
same_policy()
{
	cmp "$T/policy" "$T/policy.after" &&
	[ "$(stat -c '%a %Y' "$T/policy")" = "$(stat -c '%a %Y' "$T/policy.after")" ] &&
	[ "$(cat "$T/left")" = /usr/sbin/policy-rc.d ]
}

check "no policy on this machine: it installs" install_apart well
expect_eq "new ones may not start, what runs may" \
    "cdr-new.service 101,cdr-new 101,runs.service 0,runs 0" "$(answers)"
expect_eq "no policy is left" "" "$(cat "$T/left")"
expect_rc "the new unit is not enabled" 1 grep cdr-new "$T/units"

# The owner's policy: nothing may be started or restarted.
printf '#!/bin/sh\n# of the owner\nexit 101\n' >"$T/policy"
chmod 751 "$T/policy"
touch -d 2020-02-02 "$T/policy"
check "the owner has a policy: it installs" install_apart well
expect_eq "which is asked about what runs" \
    "cdr-new.service 101,cdr-new 101,runs.service 101,runs 101" "$(answers)"
check "and is back as it was" same_policy

expect_rc "apt fails" 1 install_apart fail
check "the policy is back" same_policy
expect_rc "the new unit is not enabled" 1 grep cdr-new "$T/units"

cat >"$T/script" <<'EOF'
sh "$TOP/scripts/install-deps" --as-root some-package &
pid=$!
until grep -qs 'runs ' "$T/asked"; do sleep 0.1; done
kill -TERM $pid
wait $pid
EOF
expect_rc "SIGTERM while apt works" 143 install_apart slow
check "the policy is back" same_policy
expect_rc "the new unit is not enabled" 1 grep cdr-new "$T/units"

cat >"$T/script" <<'EOF'
sh "$TOP/scripts/install-deps" --as-root some-package &
pid=$!
until grep -qs 'runs ' "$T/asked"; do sleep 0.1; done
kill -KILL $pid
wait $pid || :
[ -f /usr/sbin/policy-rc.d.before-cdr ]
sh "$TOP/scripts/install-deps" --as-root some-package
EOF
check "kill -9, and a run after it" install_apart slow
check "the policy is back" same_policy
