#!/bin/sh
# nginx, as a container runs it, is told to stop while clients read at several rates.
# Its network goes away in the moment in which its first process ends, as a pod's does.
# What can be sent within the time arrives whole; an answer that takes longer ends, and
# its client knows at once. Nobody waits for the time to be over when all has been sent.
# Waits: slow clients
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl nginx root nsenter unshare ip
upstream
craft image library/big:1 --layers 1 --size 60000000 >/dev/null
sync "a tree" big:1
blob=$(find "$ROOT/blobs/sha256" -type f -size +10M)
digest=${blob##*/}

# A namespace of its own, and a wire to it.
unshare -n sleep 600 &
space=$!
defer "kill $space 2>/dev/null || :"
id=$(printf '%x' $$)
apart()
{
	[ "$(readlink /proc/$space/ns/net)" != "$(readlink /proc/self/ns/net)" ]
}
wait_for 20 apart
inside()
{
	nsenter -t "$space" -n "$@"
}

# pod ARGUMENT...: nginx/cdr-run.sh with these, in there; $pod is its process.
pod()
{
	ip link add "cdr$id" type veth peer name pod netns "$space" ||
		skip "no wire can be made here"
	defer "ip link del cdr$id 2>/dev/null || :"
	ip addr add 198.18.77.1/30 dev "cdr$id"
	ip link set "cdr$id" up
	inside ip addr add 198.18.77.2/30 dev pod
	inside ip link set pod up
	rm -rf "$T/run"
	mkdir -p "$T/run/temp" "$T/etc"
	cp -R "$TOP/nginx/." "$T/etc"
	sed -i "s,default /srv/cdr;,default $ROOT;," "$T/etc/cdr.conf"
	rm -rf "$T/etc/njs"
	( exec nsenter -t "$space" -n sh "$TOP/nginx/cdr-run.sh" "$@" 5000 -- nginx \
		-e stderr -p "$T/run" -c "$T/etc/nginx.conf" -g 'daemon off;' ) \
		>"$T/pod.log" 2>&1 &
	pod=$!
	wait_for 20 curl -s -o /dev/null http://198.18.77.2:5000/v2/
	( while kill -0 $pod 2>/dev/null; do sleep 0.02; done; ip link del "cdr$id" ) &
	taker=$!
}

# pull NAME RATE: a client that reads as slowly as that, from its socket too.
pull()
{
	python3 -B - "$T/$1" "$2" "$digest" <<-'END' &
	import hashlib, socket, sys, time
	path, rate, digest = sys.argv[1], int(sys.argv[2]), sys.argv[3]
	said = "silence"
	try:
	    s = socket.create_connection(("198.18.77.2", 5000))
	    s.settimeout(45)
	    s.sendall(b"GET /v2/library/big/blobs/sha256:%s HTTP/1.1\r\nHost: x\r\n"
	              b"Connection: close\r\n\r\n" % digest.encode())
	    head = b""
	    while not head.endswith(b"\r\n\r\n"):
	        head += s.recv(1)
	    hashed, got, start = hashlib.sha256(), 0, time.monotonic()
	    while more := s.recv(min(65536, rate)):
	        if got == 0:
	            open(path + ".begun", "w").close()
	        got += len(more)
	        hashed.update(more)
	        time.sleep(max(0, got / rate - (time.monotonic() - start)))
	    said = "whole" if hashed.hexdigest() == digest else "short"
	except TimeoutError:
	    pass
	except OSError as problem:
	    said = "reset" if isinstance(problem, ConnectionResetError) else str(problem)
	with open(path, "w") as file:
	    file.write(said + "\n")
	END
	eval "$1=\$!"
	wait_for 20 test -e "$T/$1.begun"
}

# ended NAME: waits for that client; what it says is in a file of that name.
ended()
{
	eval "wait \$$1" || :
}

pod -g 60
pull fast 30000000
pull slow 7000000
kill -TERM $pod
refuses()
{
	! curl -s -m 1 -o /dev/null http://198.18.77.2:5000/v2/
}
wait_for 20 refuses
ok "it takes no new pulls"
wait $pod || fail "it ended with an error: $(cat "$T/pod.log")"
wait $taker || :
for name in fast slow; do
	ended $name
	expect_eq "a $name client has all of it" whole "$(cat "$T/$name")"
done

pod -g 16
pull late 2000000
kill -TERM $pod
_from=$(date +%s)
wait $pod || fail "it ended with an error: $(cat "$T/pod.log")"
wait $taker || :
ended late
case $(cat "$T/late") in
short | reset) ok "who would take too long is told" ;;
*) fail "who would take too long: $(cat "$T/late")" ;;
esac

pod -g 600 -l 1
kill -TERM $pod
wait $pod
wait $taker || :
[ $(($(date +%s) - _from)) -lt 500 ] || fail "it waits for nobody"
ok "with nobody there it is over soon"

# What a shell has begun in the background does not hear of QUIT.
pod -g 600 -l 500
again()
{
	kill -TERM $pod
	! kill -0 $pod
}
wait_for 60 again
wait $taker || :
ok "told twice, it does not wait for others to leave"
nginx_of()
{
	pgrep -P $pod nginx
}
pod
# shellcheck disable=SC2046 # words
kill -KILL "$(nginx_of)" $(pgrep -P "$(nginx_of)")
expect_rc "when nginx dies, so does it" 137 wait $pod
