#!/bin/sh
# make deb and make rpm build packages in which lintian and rpmlint find nothing wrong. In a
# fresh Debian with systemd as its first process the Debian package is installed and starts
# nothing. A run of the service mirrors, as its user and with all its restrictions, once
# there is a list; nginx serves that, and its user can write nowhere. An upgrade keeps
# settings and what runs, and begins it anew. What is removed takes its files along, and
# purged, its settings; the images and the list stay.
# Tier: all
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/machine.sh
. "$TOP/tests/machine.sh"

need cdr root root-mount unshare nsenter dh lintian rpmbuild rpm rpmlint nginx curl python3
plain_build
machine_ready || skip "no machine to install in: scripts/install-deps all makes it"
version=$(sed -n 's/^VERSION *= *//p' "$TOP/Makefile")
make -s -C "$TOP" all >"$T/make.log" 2>&1 || fail "make"

# --- what is in them --------------------------------------------------------------------

# Flags of their own are not the matter here; what is compiled is.
export BUILT="$TOP/build"
check "make deb" make -s -C "$TOP" deb SOURCE=1 BUILD="$T/build"
arch=$(dpkg --print-architecture)
as_installed()
{
	# shellcheck disable=SC2031 # not in there
	dpkg-deb -x "$deb" "$T/unpacked" && env AUTOPKGTEST_TMP="$(mktemp -d "$T/adt.XXXXXX")" \
		PORT="$(free_port)" PATH="$T/unpacked/usr/bin:$PATH" \
		sh "$TOP/scripts/packaging/debian/tests/mirror"
}
deb=$T/build/packages/cdr_${version}-1_$arch.deb
[ -f "$deb" ] || fail "there is no $deb"
# A number of Debian's is for who uploads it.
check "lintian finds nothing" lintian --allow-root --pedantic --display-info \
	--suppress-tags initial-upload-closes-no-bugs --fail-on error,warning,info,pedantic \
	"$T/build/packages/cdr_${version}-1_$arch.changes"
check "its own test passes" as_installed
expect_eq "without a word of error, which would be one" "" "$(cat "$T/stderr")"
check "the source package can be unpacked" dpkg-source -x "$T/build/packages/cdr_$version-1.dsc" "$T/source"
sh "$TOP/scripts/packaging/source" "$T/sources"
check "it is the sources, and debian/" diff -r -x debian -x .pc "$T/sources" "$T/source"
check "of which it has that of the sources" diff -r -x changelog -x control -x copyright -x watch \
	"$T/sources/scripts/packaging/debian" "$T/source/debian"
check "make rpm" make -s -C "$TOP" rpm BUILD="$T/build"
rpm=$(echo "$T/build/packages/cdr-$version"-1*.rpm)
rpmlint "$rpm" "$T/build/packages/cdr.spec" >"$T/rpmlint.log" 2>&1 || :
# A name on a signature and on a package is for who signs; its list of licences and its
# idea of compression are of another time, and where Debian's rpm looks for pages, too.
grep -E '^cdr[.a-z0-9_]*(:[0-9]+)?: [WE]: ' "$T/rpmlint.log" | grep -vE \
    -e ' (no-signature|no-packager-tag|invalid-license|manpage-not-compressed|no-manual-page)' \
    -e ' (no-group-tag|no-buildroot-tag|invalid-url|hardcoded-library-path)' >"$T/rpmlint.left" || :
expect_eq "nor does rpmlint" "" "$(cat "$T/rpmlint.left")"
# The same files in the same places, but for what each system has elsewhere.
files()
{
	sed -n 's,/$,,; s,^/lib/systemd,/usr/lib/systemd,; s,\.gz$,,
		/^\/usr\/\(bin\|lib\/sys\|lib\/tmp\|share\/man\|share\/cdr\)\|^\/etc/p' | sort
}
expect_eq "both have the same" "$(dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\.,,; /\/$/d' | files)" \
	"$(rpm -qpl --dump "$rpm" | awk '$5 !~ /^.?04/ { print $1 }' | files)"
expect_eq "settings are somebody's" /etc/cdr/cdr.env "$(rpm -qpc "$rpm")"

# With the macros of systems of that family.
family()
{
	rpmspec -P --define 'systemd_post() POST %*' --define 'systemd_preun() PREUN %*' \
		--define 'systemd_postun_with_restart() POSTUN %*' \
		--define 'systemd_requires Requires(post): FAMILY' "$T/build/packages/cdr.spec"
}
check "the spec takes the family's macros" family
expect_eq "each of them" "Requires(post): FAMILY
POST cdr-sync.timer cdr-gc.timer cdr-verify.timer cdr-watch.service cdr-serve.service
PREUN cdr-sync.timer cdr-gc.timer cdr-verify.timer cdr-watch.service cdr-serve.service cdr-sync.service cdr-gc.service cdr-verify.service
POSTUN cdr-watch.service cdr-serve.service" "$(grep -E 'FAMILY|^(POST|PREUN|POSTUN) ' "$T/stdout")"
expect_eq "and no other" "" "$(grep systemctl "$T/stdout" || :)"

# rpm takes it, and gives all of it back.
check "rpm installs it" rpm --root "$T/rpm" --nodeps --noscripts -i "$rpm"
[ -x "$T/rpm/usr/bin/cdr" ] || fail "and there is no cdr"
echo '# mine' >>"$T/rpm/etc/cdr/cdr.env"
check "rpm removes it" rpm --root "$T/rpm" --nodeps --noscripts -e cdr
expect_eq "but for settings that were changed" "$T/rpm/etc/cdr/cdr.env.rpmsave" \
	"$(find "$T/rpm/etc" "$T/rpm/usr" ! -type d | grep -v '^[^ ]*/rpm/usr/lib/sysimage')"

# --- a machine ----------------------------------------------------------------------------

machine_new
machine_boot
cp "$deb" "$T/machine/root/cdr.deb"
check "dpkg installs it" machine dpkg -i /root/cdr.deb
timers='cdr-sync.timer cdr-gc.timer cdr-verify.timer'
for unit in $timers cdr-watch.service cdr-serve.service cdr-sync.service cdr-gc.service \
    cdr-verify.service; do
	expect_eq "$unit is off" inactive "$(machine systemctl is-active "$unit" || :)"
	! grep -q '^\[Install\]' "$T/machine/lib/systemd/system/$unit" ||
		expect_eq "$unit is not enabled" disabled "$(machine systemctl is-enabled "$unit" || :)"
	check "systemd has nothing to say of $unit" machine SYSTEMD_LOG_LEVEL=warning \
		systemd-analyze verify --man=no "/lib/systemd/system/$unit"
	expect_eq "of $unit" "" "$(grep cdr "$T/stderr" || :)"
done
expect_eq "the tree's folder is there" "cdr:cdr 755" \
	"$(machine stat -c '%U:%G %a' /srv/cdr)"

# Without a list there is nothing to do, and that is no failure.
check "a run without a list" machine systemctl start cdr-sync
expect_eq "is passed over" "no " "$(machine systemctl show -p ConditionResult --value cdr-sync) $(
	machine ls /srv/cdr)"
for run in gc verify; do
	check "$run without a tree" machine systemctl start cdr-$run
	expect_eq "is passed over, too" "inactive " "$(machine systemctl is-active cdr-$run || :) $(
		machine ls /srv/cdr)"
done

start_registry
craft image library/small:1 --layers 2 --size 100000 >/dev/null
echo "$UPSTREAM/library/small:1" >"$T/machine/etc/cdr/images.list"
echo '{"*": {"max_tries": 2}}' >"$T/machine/etc/cdr/registries.json"
address=127.0.0.1:$(free_port)
cat >>"$T/machine/etc/cdr/cdr.env" <<END
CDR_REGISTRIES=/etc/cdr/registries.json
CDR_SERVE_ADDRESS=$address
END
unit_log()
{
	machine journalctl --no-pager -u "$1" >"$T/$1.log" 2>&1 || :
}
# nginx first: it waits until there is a tree.
check "nginx is begun" machine systemctl enable --now cdr-serve
if ! machine systemctl start cdr-sync 2>"$T/stderr"; then
	unit_log cdr-sync
	fail "a run"
fi
ok "a run with a list"
expect_eq "the tree is its user's" "cdr 444" "$(machine stat -c '%U %a' /srv/cdr/status/status.json)"
answers()
{
	[ "$(curl -sS -o /dev/null -w '%{http_code}' \
		"http://$address/v2/${UPSTREAM%:*}_${UPSTREAM#*:}/library/small/manifests/1")" = 200 ]
}
if ! wait_for 60 answers; then
	unit_log cdr-serve
	fail "nginx does not serve"
fi
ok "nginx serves it"
expect_eq "with its page" 200 "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/")"
unit_log cdr-serve
expect_eq "it complains of nothing" "" \
	"$(grep -E 'alert|emerg|crit|\[error\]|\[warn\]' "$T/cdr-serve.log" || :)"

for run in gc verify; do
	if ! machine systemctl start cdr-$run 2>"$T/stderr"; then
		unit_log cdr-$run
		machine systemctl status cdr-$run >>"$T/cdr-$run.log" 2>&1 || :
		fail "cdr-$run"
	fi
	ok "cdr-$run"
done
expect_eq "both have looked" "cdr 444 cdr 444" \
	"$(machine stat -c '%U %a' /srv/cdr/status/gc.json /srv/cdr/status/verify.json | xargs)"

# --- what the README has for drop-ins ------------------------------------------------------

# drop_in UNIT HEADING: what stands there
drop_in()
{
	mkdir -p "$T/machine/etc/systemd/system/$1.service.d"
	awk -v from="## $2" '
	/^## / { here = $0 == from }
	/^```ini$/ { on = here; next }
	/^```$/ { on = 0 }
	on' "$TOP/scripts/systemd/README.md" >"$T/machine/etc/systemd/system/$1.service.d/test.conf"
	[ -s "$T/machine/etc/systemd/system/$1.service.d/test.conf" ] || fail "nothing for $2"
	machine systemctl daemon-reload
}
no_drop_in()
{
	rm -r "$T/machine/etc/systemd/system/$1.service.d"
	machine systemctl daemon-reload
}
# setting LINE: in cdr.env, until it is put back
cp "$T/machine/etc/cdr/cdr.env" "$T/cdr.env"
setting()
{
	echo "$1" >>"$T/machine/etc/cdr/cdr.env"
}

drop_in cdr-serve "A log"
setting 'CDR_SERVE_OPTIONS="--log /var/log/cdr/access.log"'
setting 'CDR_SYNC_OPTIONS="--access-log /var/log/cdr/access.log"'
check "nginx writes a log" machine systemctl restart cdr-serve
logged()
{
	answers && [ -s "$T/machine/var/log/cdr/access.log" ]
}
check "into a folder of its own" wait_for 60 logged
check "a run reads it" machine systemctl start cdr-sync
expect_eq "and counts it" 1 "$(pick 'min(1, sum(d.requests for d in v.days))' \
	"$T/machine/srv/cdr/status/traffic.json")"
no_drop_in cdr-serve
cp "$T/cdr.env" "$T/machine/etc/cdr/cdr.env"

# The network is this machine's: a port that nothing has.
low=$(python3 -S -c '
import socket
for port in range(1023, 600, -1):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
            print(port)
            break
        except OSError:
            pass
')
sed "s/^CDR_SERVE_ADDRESS=.*/CDR_SERVE_ADDRESS=127.0.0.1:$low/" "$T/cdr.env" >"$T/machine/etc/cdr/cdr.env"
machine systemctl restart cdr-serve
refused()
{
	unit_log cdr-serve
	grep -q "127.0.0.1:$low: Permission denied" "$T/cdr-serve.log"
}
check "a port below 1024 is not for everybody" wait_for 60 refused
drop_in cdr-serve "A port below 1024"
check "it is with the drop-in" machine systemctl restart cdr-serve
low_answers()
{
	curl -fsS -o /dev/null "http://127.0.0.1:$low/healthz"
}
check "nginx is there" wait_for 60 low_answers
no_drop_in cdr-serve
cp "$T/cdr.env" "$T/machine/etc/cdr/cdr.env"
check "as before" machine systemctl restart cdr-serve

# Not in every machine can systemd mount what it hands over.
cat >"$T/machine/etc/systemd/system/control.service" <<'END'
[Service]
Type=oneshot
User=cdr
LoadCredential=x:/etc/hostname
ExecStart=/bin/sh -c 'cat "$CREDENTIALS_DIRECTORY/x"'
END
machine systemctl daemon-reload
if machine systemctl start control 2>"$T/stderr"; then
	drop_in cdr-sync Credentials
	echo '{"auths": {"x.example": {"auth": "!"}}}' >"$T/machine/etc/cdr/config.json"
	chmod 600 "$T/machine/etc/cdr/config.json"
	echo "x.example/y:1" >>"$T/machine/etc/cdr/images.list"
	expect_rc "a file of root's alone" 1 machine systemctl start cdr-sync
	unit_log cdr-sync
	check "is read" grep 'x\.example.*auth' "$T/cdr-sync.log"
	sed -i /x.example/d "$T/machine/etc/cdr/images.list"
	rm "$T/machine/etc/cdr/config.json"
	no_drop_in cdr-sync
	machine systemctl start cdr-sync
else
	left_out "credentials of root's alone" "systemd hands over none in the machine"
fi
rm "$T/machine/etc/systemd/system/control.service"
machine systemctl daemon-reload

# --- restrictions -------------------------------------------------------------------------

# With what a unit says, and another program.
as_unit()
{
	_unit=$1
	shift
	mkdir -p "$T/machine/run-as"
	{
		sed -n '/^\[Service\]/,/^\[/p' "$T/machine/lib/systemd/system/$_unit.service" |
			grep -vE '^(\[Install|Exec|Restart|Type|Success|KillMode)'
		echo "Type=oneshot"
		printf 'ExecStart=/bin/sh -c "%s"\n' "$*"
	} >"$T/machine/etc/systemd/system/probe.service"
	machine systemctl daemon-reload
	machine systemctl start probe 2>/dev/null
}
expect_rc "who serves may not write the tree" 1 as_unit cdr-serve 'echo x >/srv/cdr/x'
expect_rc "nor anywhere else" 1 as_unit cdr-serve 'echo x >/var/tmp/x && echo x >/etc/x'
check "who mirrors may write the tree" as_unit cdr-sync 'echo x >/srv/cdr/x && rm /srv/cdr/x'
expect_rc "and not the settings" 1 as_unit cdr-sync 'echo x >/etc/cdr/x'
expect_rc "nor see others' processes" 1 as_unit cdr-sync 'ls /proc/1'
rm -f "$T/machine/etc/systemd/system/probe.service"
machine systemctl daemon-reload
for unit in cdr-sync cdr-watch cdr-serve; do
	check "systemd calls $unit little exposed" machine systemd-analyze security --offline=true \
		--threshold=20 "/lib/systemd/system/$unit.service"
done

# --- an upgrade, the end ------------------------------------------------------------------

check "the timer is switched on" machine systemctl enable --now cdr-sync.timer
check "watch runs, too" machine systemctl start cdr-watch
watched()
{
	grep -q '"running":false.*"exit_code":0' "$T/machine/srv/cdr/status/watch.json"
}
check "and has a run" wait_for 60 watched
# The next version, which has other settings.
dpkg-deb -R "$deb" "$T/next"
sed -i "s/^Version: .*/Version: $version+1/" "$T/next/DEBIAN/control"
echo '# new here' >>"$T/next/etc/cdr/cdr.env"
dpkg-deb --root-owner-group -b "$T/next" "$T/machine/root/next.deb" >/dev/null
# A run that takes its time.
mkdir "$T/machine/etc/systemd/system/cdr-verify.service.d"
cat >"$T/machine/etc/systemd/system/cdr-verify.service.d/long.conf" <<'END'
[Service]
ExecStart=
ExecStart=/bin/sh -c 'trap "exit 4" TERM; sleep 3600 & wait'
END
machine systemctl daemon-reload
machine systemctl start --no-block cdr-verify
verify_runs()
{
	[ "$(machine systemctl show -p MainPID --value cdr-verify)" != 0 ]
}
check "a run is on" wait_for 60 verify_runs
run=$(machine systemctl show -p MainPID --value cdr-verify)
was=$(machine systemctl show -p MainPID --value cdr-serve)
check "an upgrade" machine dpkg --force-confdef --force-confold -i /root/next.deb
expect_eq "settings are kept" "CDR_SERVE_ADDRESS=$address" "$(grep ^CDR_SERVE "$T/machine/etc/cdr/cdr.env")"
check "nginx runs" wait_for 60 answers
[ "$was" != "$(machine systemctl show -p MainPID --value cdr-serve)" ] ||
	fail "nginx is the old one"
ok "anew"
expect_eq "the run goes on" "$run" "$(machine systemctl show -p MainPID --value cdr-verify)"
expect_eq "what was on is on" "enabled disabled enabled" \
	"$(machine systemctl is-enabled cdr-serve cdr-watch cdr-sync.timer | xargs)"

check "it is removed" machine dpkg -r cdr
for unit in cdr-serve cdr-watch cdr-verify cdr-sync.timer; do
	expect_eq "$unit is over" inactive "$(machine systemctl is-active $unit || :)"
done
rm -r "$T/machine/etc/systemd/system/cdr-verify.service.d"
check "it is purged" machine dpkg -P cdr
expect_eq "what stays is the site's" "/etc/cdr/images.list /etc/cdr/registries.json" \
	"$(machine find /etc /usr /lib /var/lib/systemd -path '*cdr*' ! -name '*cdrom*' \
		! -type d | sort | xargs)"
check "with the images" machine test -f /srv/cdr/oci-layout
check "it can be installed again" machine dpkg -i /root/cdr.deb
