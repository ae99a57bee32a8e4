# What scenarios with a real browser share. Sourced, after tests/lib.sh; POSIX sh.
#
#   page_tree NAME KIND [ARGUMENT]   a tree of tests/page/tree.py at $T/NAME, served:
#                                    $at_NAME is its address, also for other programs
#   page_addresses FILTER [JQ-OPTION...]   sets PAGES, from {NAME: address} of all of these
#   page_below HOST:PORT             serves that below a path of another nginx: $BELOW
#   page_tests MODULE [TESTS]        tests/page/MODULE.py, with PAGES of the environment;
#                                    at least so many tests must have run
# shellcheck shell=sh

page_tree()
{
	uses python3 nginx
	check "a tree: $*" python3 "$TOP/tests/page/tree.py" "$2" "$T/$1" "${3-}"
	start_nginx "$T/$1"
	eval "export at_$1=http://\$MIRROR/"
}

page_addresses()
{
	uses jq
	_filter=$1
	shift
	PAGES=$(env | sed -n 's/^at_//p' | jq -nR "$@" '
		[inputs | capture("(?<key>[^=]*)=(?<value>.*)")] | from_entries |
		'"$_filter")
	export PAGES
}

page_below()
{
	uses nginx curl
	_port=$(free_port)
	mkdir "$T/below"
	cat >"$T/below.conf" <<-END
		daemon off; pid $T/below/pid; error_log $T/below/log;
		events { }
		http {
			access_log off;
			client_body_temp_path $T/below/1; proxy_temp_path $T/below/2;
			fastcgi_temp_path $T/below/3; uwsgi_temp_path $T/below/4;
			scgi_temp_path $T/below/5;
			server {
				listen 127.0.0.1:$_port;
				location /a/mirror/ { proxy_pass http://$1/; }
			}
		}
	END
	nginx -c "$T/below.conf" 2>"$T/below.err" &
	defer "process_end $!"
	# shellcheck disable=SC2034 # for who calls it
	BELOW=http://127.0.0.1:$_port/a/mirror/
	wait_for 60 curl -sf -o "$T/none" "$BELOW" || fail "no nginx above it"
}

page_tests()
{
	uses chromium selenium
	_rc=0
	PYTHONDONTWRITEBYTECODE=1 "$SELENIUM" "$TOP/tests/page/$1.py" \
		>"$T/$1.log" 2>&1 || _rc=$?
	cat "$T/$1.log"
	[ $_rc -eq 0 ] || fail "the page is not what it should be"
	[ "$(grep -c '^ok ' "$T/$1.log")" -ge "${2-1}" ] ||
		fail "tests of the page were left out"
}
