#!/bin/sh
# The unit for systemd is installed with the program's own path in it. systemd takes it,
# finds little to expose, and what it runs is a command line that cdr watch takes, as a
# user without rights.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/watch.sh"

need cdr curl python3 systemd-analyze? root?
ROOT=$T/root
unit=$T/root-of-all/opt/cdr/lib/systemd/system/cdr-watch.service
make -s -C "$TOP" install DESTDIR="$T/root-of-all" PREFIX=/opt/cdr >"$T/make.log" 2>&1 ||
	fail "make install"
expect_eq "nothing is said of another place" "" "$(grep -v '^#' "$unit" | grep /usr/local || :)"
command=$(sed -n 's/^ExecStart=//p' "$unit")
[ -x "$T/root-of-all${command%% *}" ] || fail "there is no ${command%% *}"
ok "it names the program that is installed"

if part "what systemd says of it" systemd-analyze; then
	sed "s,^ExecStart=/opt/cdr/,ExecStart=$T/root-of-all/opt/cdr/," "$unit" >"$T/cdr-watch.service"
	# Where the kernel was told to be quiet, it says only what is worse.
	export SYSTEMD_LOG_LEVEL=warning
	check "systemd takes it" systemd-analyze verify --man=no "$T/cdr-watch.service"
	expect_eq "without a word" "" "$(grep cdr-watch "$T/stderr" || :)"
	check "it says how exposed it is" systemd-analyze security --offline=true --threshold=20 \
		"$T/cdr-watch.service"
fi

# As the unit does, but for the folders.
mkdir "$T/srv"
echo 'localhost:1/app:1' >"$T/images.list"
export CDR_WATCH_OPTIONS="--every 0"
command=$(echo "$command" | sed "s,/etc/cdr/,$T/,; s,\$CDR_WATCH_OPTIONS,$CDR_WATCH_OPTIONS,
	s,^/opt,$T/root-of-all/opt,")
ROOT=$T/srv/cdr
set --
if part "another user" root; then
	chown 65532:65532 "$T/srv"
	HOME=/nonexistent
	set -- setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all
fi
CDR_REGISTRIES=$T/registries.json
echo '{"*": {"max_tries": 1}}' >"$CDR_REGISTRIES"
export CDR_REGISTRIES CDR_ROOT="$ROOT"
# shellcheck disable=SC2086 # words
"$@" $command >"$T/watch.log" 2>&1 &
WATCH_PID=$!
defer "process_end $WATCH_PID"
soon "a run has ended" shows '"running":false,.*"exit_code":1'
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0
