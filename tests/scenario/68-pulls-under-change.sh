#!/bin/sh
# While runs of cdr sync publish, tags move and tags go, as fast as they can, thousands
# of pulls by many clients at once see whole images only: each manifest, child and
# blob is there when it is asked for, and has the bytes of its digest; a tag that has
# gone is a 404 and nothing else. The same tree then serves from a read-only mount and
# from a copy that rsync made.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl rsync root?
upstream
# Five versions of one tag, of each shape that a tag can have; others that come new.
one=$(craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 --size 3000)
two=$(craft index library/app:2 --docker --platforms linux/amd64,linux/arm64 --layers 1 \
	--size 3000 --seed 2)
three=$(craft image library/app:3 --layers 3 --size 3000 --seed 3)
four=$(craft image library/app:4 --docker --layers 1 --size 3000 --seed 4)
craft many library/new:1 --count 60 --layers 2 --size 2000 --seed 6 >"$T/many"
sync "a first version" -q "app:1@$one" "app:gone@$two" platform=all
start_nginx "$ROOT"

# Pulls of all that there is, by the catalog and by tags, until told to stop. Some
# accept no index, as Mesos does.
cat >"$T/pull.py" <<'END'
import asyncio, hashlib, json, os, sys, time

address, over, clients, enough = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
gone = "gone"
host, port = address.split(":")
MESOS = ("application/vnd.docker.distribution.manifest.v2+json,"
         "application/vnd.docker.distribution.manifest.v1+prettyjws")
INDEXES = ("index.v1+json", "list.v2+json")
bad, counts, seen = [], {"pulls": 0, "requests": 0, "absent": 0, "narrow": 0}, set()


class Client:
    def __init__(self, number):
        self.accept = MESOS if number % 8 == 7 else "*/*"
        self.streams = None

    async def get(self, path):
        counts["requests"] += 1
        if self.streams is None:
            self.streams = await asyncio.open_connection(host, port)
        reader, writer = self.streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: m\r\nAccept: {self.accept}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (l.partition(": ") for l in head[1:] if l)}
        body = await reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, body

    def check(self, path, digest, answer):
        status, headers, body = answer
        have = "sha256:" + hashlib.sha256(body).hexdigest()
        if status != 200 or have != (digest or have) or \
                headers.get("docker-content-digest") != have:
            bad.append(f"{path}: {status} {have} {headers.get('docker-content-digest')}")
            return None
        return have

    async def manifest(self, repo, ref):
        path = f"/v2/{repo}/manifests/{ref}"
        answer = await self.get(path)
        by_digest = ref if ":" in ref else None
        if answer[0] == 404 and ref == gone:
            counts["absent"] += 1
            return
        digest = self.check(path, by_digest, answer)
        if digest is None:
            return
        kind, value = answer[1]["content-type"], json.loads(answer[2])
        if value.get("mediaType", kind) != kind:
            bad.append(f"{path}: {kind} for {value['mediaType']}")
        if not by_digest:
            seen.add((self.accept, digest))
            counts["narrow"] += self.accept == MESOS and "manifest.v2" in kind
        for child in value.get("manifests", []):
            await self.manifest(repo, child["digest"])
        for blob in value.get("layers", []) + [value[k] for k in ("config",) if k in value]:
            path = f"/v2/{repo}/blobs/{blob['digest']}"
            answer = await self.get(path)
            if self.check(path, blob["digest"], answer) and len(answer[2]) != blob["size"]:
                bad.append(f"{path}: {len(answer[2])} bytes")

    async def run(self, number):
        while not os.path.exists(over) and len(bad) < 20:
            refs = [("library/app", "1"), ("library/app", gone)]
            status, _, body = await self.get("/v2/_catalog")
            names = json.loads(body)["repositories"]
            # A repository of the catalog has tags, and each of them is an image.
            name = names[(number + counts["pulls"]) % len(names)]
            status, _, body = await self.get(f"/v2/{name}/tags/list")
            tags = [t for t in json.loads(body)["tags"] if t != gone]
            refs += [(name, t) for t in tags[:1]]
            for repo, ref in refs:
                await self.manifest(repo, ref)
                counts["pulls"] += 1
                if counts["pulls"] == enough:
                    open(f"{over}.soon", "w").close()


async def main():
    await asyncio.gather(*(Client(n).run(n) for n in range(clients)))

began = time.monotonic()
asyncio.run(main())
print(f"{counts['pulls']} pulls, {counts['requests']} requests, {counts['absent']} absent, "
      f"{counts['narrow']} without an index, {len(seen)} answers, "
      f"{time.monotonic() - began:.1f} s")
print("\n".join(bad))
sys.exit(1 if bad else 0)
END
python3 "$T/pull.py" "$MIRROR" "$T/over" 64 3000 >"$T/pull.log" 2>&1 &
PULLS=$!
defer "process_end $PULLS"

# By hand, and by rename, is how a tag goes today, and how it comes back.
tags=$ROOT/repos/docker.io/library/app/_manifests
moves=0
until=$(($(date +%s) + 6))
while [ "$(date +%s)" -lt $until ] || [ ! -e "$T/over.soon" ]; do
	! process_over "$PULLS" || break
	for digest in "$two" "$three" "$four" "$one"; do
		rm "$tags/gone"
		moves=$((moves + 1))
		"$CDR" sync -q -r "$ROOT" "app:1@$digest" platform=all \
			"$(sed -n "$((moves % 60 + 1))s/ .*//p" "$T/many")" \
			>"$T/stdout" 2>"$T/stderr" || fail "sync number $moves"
		ln -s "$(readlink "$tags/$two")" "$ROOT/_state/tmp/back"
		mv -T "$ROOT/_state/tmp/back" "$tags/gone"
	done
done
: >"$T/over"
wait $PULLS || fail "what clients saw: $(sed -n 2,4p "$T/pull.log")"
ok "$moves moves; $(head -n 1 "$T/pull.log")"
# Readers that saw no change, or few of them, have proved little.
awk '{ exit !($1 >= 3000 && $5 >= 1 && $7 >= 1 && $10 >= 8) }' "$T/pull.log" ||
	fail "few pulls, or no change among them"
[ $moves -ge 8 ] || fail "few moves"
# The lists are those of the run that had the tag before.
sync "the tag that came back moves" -q "app:gone@$four" platform=all
tree_check "$ROOT"
# A tag that goes between two looks at it is told there, and was a 404.
expect_eq "nothing in the error log is grave" '' \
	"$(grep -E '\[(crit|alert|emerg)\]' "$T/nginx.log" |
	grep -v ' realpath() .*/_manifests/gone" failed (2:' || :)"

# pulled "what": all that is in the tree, from $MIRROR, once
pulled()
{
	rm -f "$T/over" "$T/over.soon"
	python3 "$T/pull.py" "$MIRROR" "$T/over" 8 100 >"$T/pull.log" 2>&1 &
	PULLS=$!
	wait_for 20 test -e "$T/over.soon" || :
	: >"$T/over"
	wait $PULLS || fail "$1: $(sed -n 2,4p "$T/pull.log")"
	ok "$1: $(head -n 1 "$T/pull.log")"
	awk '{ exit !($1 >= 100 && $5 == 0) }' "$T/pull.log" || fail "$1: few pulls"
}

# A copy that rsync makes, of all and then of all that is served.
rsync -a "$ROOT/" "$T/copy/"
tree_check "$T/copy"
rsync -a --exclude /_state "$ROOT/" "$T/served/"
process_end "$MIRROR_PID"
mv "$ROOT" "$T/away"
start_nginx "$T/served"
pulled "a copy by rsync, of what is served"

# A read-only mount, by a user who cannot write there anyway.
process_end "$MIRROR_PID"
mkdir "$T/ro"
part "a read-only mount" root || exit 0
if ! { mount --bind "$T/copy" "$T/ro" && mount -o remount,bind,ro "$T/ro"; } \
    2>"$T/mount.log"; then
	left_out "a read-only mount" "nothing can be mounted here"
	exit 0
fi
defer "umount '$T/ro'"
expect_rc "it is read-only" 1 touch "$T/ro/x"
start_nginx "$T/ro"
pulled "a read-only mount"
expect_rc "cdr sync says that it cannot write there" 3 "$CDR" sync -r "$T/ro" "app:1@$one"
expect_said "and why" '[Rr]ead-only'
check "cdr ls reads it" "$CDR" ls -r "$T/ro"
expect_said "what is there" 'docker.io/library/app:1 '
