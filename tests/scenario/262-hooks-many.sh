#!/bin/sh
# A thousand hooks at once, and more: each is answered, by 202 or 429, and what they
# say is one look at the image. One that repeats for ever does not keep an image from
# settling, nor watch from the others. What is not on the list costs nothing. A hook
# that is lost is made up for by the clock. watch stays small.
# Waits: for images that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"
. "$TOP/tests/hooks.sh"

need cdr nginx python3 curl
plain_build
upstream
craft image library/app:1 --layers 1 --seed 1 >/dev/null
craft image library/other:1 --layers 1 --seed 2 >/dev/null
printf '%s\n' app:1 other:1 >"$T/list"
hooks_config
hooks_begin
hooks_watch --every 0 --settle-first 2 --settle 2 --settle-most 4
ran "the first run" 1

cat >"$T/flood.py" <<'END'
"""flood.py PORT TOKEN COUNT BODY: so many hooks as fast as they go, on 50 connections;
%d of the body is the number.  Prints how many answers there were of each status."""
import asyncio, collections, sys

port, token, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seen = collections.Counter()
numbers = iter(range(count))


async def client():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for n in numbers:
        body = sys.argv[4].replace("%d", str(n))
        writer.write(f"POST /hook/ci HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer {token}\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.split("content-length: ")
        if len(length) > 1:
            await reader.readexactly(int(length[1].split("\r")[0]))
        seen[head[9:12]] += 1
    writer.close()


async def main():
    await asyncio.gather(*(client() for _ in range(50)))
    print(" ".join(f"{status}:{n}" for status, n in sorted(seen.items())))

asyncio.run(main())
END
port=${HOOKS##*:}
port=${port%/hook}
# of STATUS: how many of the last flood
of()
{
	tr ' ' '\n' <"$T/stdout" | sed -n "s/^$1://p"
}

# While a run is at work, so that they are one however long it takes to send them.
fault '{"listener": "registry", "method": "HEAD", "path": "/other/", "delay_ms": 600000, "times": 1}'
is_asked()
{
	[ "$(hub_count registry HEAD /other/)" -gt 0 ]
}
# Not hub_mark, which waits for the answer to that.
mark()
{
	# shellcheck disable=SC2034 # of hub.sh
	HUB_MARK=$(wc -l <"$T/hub.log")
}
mark
expect_eq "a run that takes long" 202 "$(hook ci -H "Authorization: Bearer $(secret ci)" \
	-d '{"image": "other:1"}')"
soon "is at work" is_asked
two=$(craft image library/app:1 --layers 1 --seed 3)
mark
check "a thousand at once" python3 -S "$T/flood.py" "$port" "$(secret ci)" 1000 \
	'{"image": "app:1", "n": %d}'
expect_eq "all are taken" 1000 "$(of 202)"
kill -TERM "$(child)"
ran "are one run" 3
expect_published "of what was pushed" app:1 "$two"
expect_eq "and one look" 1 "$(hub_count registry HEAD /app/manifests/ 200)"

mark
check "five thousand more" python3 -S "$T/flood.py" "$port" "$(secret ci)" 5000 \
	'{"images": ["app:no-%d", "ghcr.io/nobody/x%d:1", "nobody/other:1"]}'
expect_eq "each is taken, or told to come later" 5000 "$(($(of 202) + $(of 429)))"
taken=$((1001 + $(of 202)))
soon "watch has counted them" watched -q "v.hooks.taken == $taken and v.hooks.matched == 1001"
expect_eq "they cost nothing" "3 0" "$(runs) $(hub_count registry HEAD /)"

# --- for ever -------------------------------------------------------------------------------

# Half a second is less than it settles for: without another bound it never would.
(
	while :; do
		hook ci -H "Authorization: Bearer $(secret ci)" -d '{"image": "app:1"}' >/dev/null
		sleep 0.5
	done
) 2>/dev/null &
forever=$!
defer "process_end $forever"
three=$(craft image library/app:1 --layers 1 --seed 4)
has_three()
{
	[ "$(published app:1)" = "$three" ]
}
check "one that repeats for ever is looked at" wait_for 60 has_three
four=$(craft image library/other:1 --layers 1 --seed 5)
expect_eq "another one meanwhile" 202 "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' \
	-H "Authorization: Bearer $(secret ci)" -d '{"image": "other:1"}' "$HOOKS/ci")"
has_four()
{
	[ "$(published other:1)" = "$four" ]
}
check "is looked at as well" wait_for 60 has_four
process_end $forever

peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$WATCH_PID/status")
[ "$peak" -lt 16384 ] || fail "watch has had $peak KiB"
ok "watch is small"
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0

# --- lost --------------------------------------------------------------------------------------

hooks_watch --every 3 --jitter 0
ran "by the clock" 1
five=$(craft image library/app:1 --layers 1 --seed 6)
has_five()
{
	[ "$(published app:1)" = "$five" ]
}
check "a push that nobody tells of is found" wait_for 60 has_five
kill -TERM "$WATCH_PID"
wait "$WATCH_PID" || :
