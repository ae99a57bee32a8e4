#!/bin/sh
# Servers, libcurl and helpers repeat what they were sent: a password, its base64, a
# bearer token, a refresh token, in errors' bodies, in headers, in a proxy's page, in
# whatever form. None of it reaches the log (text or JSON), status/ or the output of
# doctor. What a token server or a redirect's target says is in the log alone. Where a
# password is too short to be told from other text, no outsider is quoted.
. "$(dirname "$0")/../lib.sh"

need cdr python3
USER_NAME=elisabeth PASSWORD='Corr3ct/h0rse+b&tt"ry' SHORT=Ab3
mkdir -m 700 "$T/config"
export DOCKER_CONFIG="$T/config"
echo "token plain" >"$T/mode"
python3 "$TOP/tests/hub/echo.py" --ready "$T/ready" --mode "$T/mode" >"$T/echo.log" 2>&1 &
echo_pid=$!
defer "process_end $echo_pid"
wait_for 10 test -s "$T/ready"
reg=127.0.0.1:$(cat "$T/ready")
token=$(sed -n 's/^TOKEN = "\(.*\)"$/\1/p' "$TOP/tests/hub/echo.py")
echo '{"'"$reg"'": {"max_tries": 1}}' >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"

# login JSON: the entry of config.json
login()
{
	echo '{"auths": {"'"$reg"'": '"$1"'}}' >"$T/config/config.json"
}
basic=$(printf '%s:%s' "$USER_NAME" "$PASSWORD" | base64 -w 0)
python3 - "$T/needles" "$USER_NAME" "$PASSWORD" "$token" <<'PY'
import base64, sys
path, user, password, token = sys.argv[1:]
basic = base64.b64encode(f"{user}:{password}".encode()).decode()
# Pieces that say something; each in lower case.
with open(path, "w") as f:
	for secret in (password, basic, token, "refresh-me-1234567"):
		for i in range(0, len(secret) - 7):
			f.write(secret[i:i + 8].lower() + "\n")
		f.write("".join(f"%{b:02x}" for b in secret.encode())[3:27] + "\n")
		f.write("".join(f"&#{ord(c)};" for c in secret)[6:36].lower() + "\n")
		for pad in ("", "x", "xy"):
			f.write(base64.b64encode((pad + secret).encode()).decode()[8:16].lower()
				+ "\n")
PY

# clean "what" FILE...: not a piece of any of them
clean()
{
	_clean=$1
	shift
	for _file; do
		tr '[:upper:]' '[:lower:]' <"$_file" >"$T/lower"
		! grep -F -f "$T/needles" "$T/lower" ||
			fail "$_clean: a secret is in ${_file##*/}"
	done
}
# By its digest one is asked for by GET, which has a body; a tag by HEAD.
pinned=$reg/app:2@sha256:$(printf '%064d' 2)
# silent "what": run with both logs, and look at everything
silent()
{
	for _log in text json; do
		_rc=0
		"$CDR" sync -v --log "$_log" -r "$T/root" "$reg/app:1" "$pinned" \
			>"$T/out.$_log" 2>&1 || _rc=$?
		[ $_rc -eq 1 ] || fail "$1: ended with $_rc"
		clean "$1" "$T/out.$_log" "$T/root/status/status.json" \
			"$T/root/status/summary.json" "$T/root/status/metrics"
	done
	ok "$1"
}
# echoes WHO FORM...
echoes()
{
	_who=$1
	shift
	for _form; do
		echo "$_who $_form" >"$T/mode"
		silent "$_who, $_form"
	done
}

login '{"auth": "'"$basic"'"}'
echoes token plain json percent html base64 lower upper wrap cut
grep -q 'the token server that answers 403 says: ' "$T/out.text" ||
	fail "the log has none of its words"
! grep -q 'you sent' "$T/root/status/status.json" || fail "status/ has its words"
echoes registry plain json percent html base64 lower upper wrap cut
echo "registry plain" >"$T/mode"
silent "a registry's words"
grep -q 'you sent Bearer \*\*\*' "$T/root/status/status.json" ||
	fail "they are not there without the token"
echoes header WWW-Authenticate Location Docker-Content-Digest Content-Type Warning \
	Docker-Distribution-Api-Version Retry-After RateLimit-Remaining Link Content-Range
echoes other json percent plain
grep -q 'words-of-another-host' "$T/out.json" || fail "the log has none of its words"
! grep -q 'words-of-another-host' "$T/root/status/status.json" ||
	fail "status/ has the words of another host"
ok "other hosts' words are in the log alone"

login '{"identitytoken": "refresh-me-1234567"}'
echoes token plain json percent
login '{"registrytoken": "refresh-me-1234567"}'
echoes registry plain json percent
login '{"auth": "'"$basic"'"}'

# --- proxies ----------------------------------------------------------------------

pw=$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], ""))' \
	"$PASSWORD")
echo '{"reg.example": {"max_tries": 1, "endpoint": "http://reg.example"}}' \
	>"$T/registries.json"
for form in plain json percent; do
	echo "proxy $form" >"$T/mode"
	_rc=0
	http_proxy="http://$USER_NAME:$pw@$reg" "$CDR" sync -v -r "$T/root" \
		reg.example/app:1 "reg.example/${pinned#*/}" \
		>"$T/out.proxy" 2>&1 || _rc=$?
	[ $_rc -eq 1 ] || fail "a proxy: ended with $_rc"
	grep -q 'you sent' "$T/out.proxy" || fail "it was not asked"
	clean "a proxy, $form" "$T/out.proxy" "$T/root/status/status.json"
	_rc=0
	http_proxy="http://$USER_NAME:$pw@$reg" "$CDR" doctor \
		--mirror http://mirror.example:5000 \
		>"$T/out.doctor" 2>&1 || _rc=$?
	[ $_rc -ne 0 ] || fail "doctor finds no fault"
	grep -q "mirror.example:5000" "$T/out.doctor" || fail "doctor has not asked"
	clean "doctor, $form" "$T/out.doctor"
	ok "a proxy, and doctor behind it, $form"
done

# --- helpers ----------------------------------------------------------------------

mkdir "$T/bin"
cat >"$T/bin/docker-credential-echo" <<'SH'
#!/bin/sh
echo "cannot unlock with $(cat "$T/password")" >&2
exit 1
SH
chmod +x "$T/bin/docker-credential-echo"
printf '%s' "$PASSWORD" >"$T/password"
echo '{"'"$reg"'": {"max_tries": 1}}' >"$T/registries.json"
echo '{"credHelpers": {"'"$reg"'": "echo"}, "auths": {"'"$reg"'": {"auth": "'"$basic"'"}}}' \
	>"$T/config/config.json"
PATH=$T/bin:$PATH
echo "registry plain" >"$T/mode"
silent "a helper's words"
grep -q 'docker-credential-echo get .*cannot unlock with \*\*\*' "$T/out.text" ||
	fail "the log has nothing of it"

# --- short ones -------------------------------------------------------------------

login '{"auth": "'"$(printf '%s:%s' "$USER_NAME" "$SHORT" | base64 -w 0)"'"}'
echo "token plain" >"$T/mode"
rm -rf "$T/root"
silent "a short password"
! grep -q "$SHORT\|you sent" "$T/out.text" "$T/out.json" "$T/root/status/status.json" ||
	fail "somebody is quoted"
grep -q 'left out: a secret here is too short' "$T/out.text" || fail "it does not say why"
ok "nobody is quoted"
