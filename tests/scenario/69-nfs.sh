#!/bin/sh
# A tree on NFS, a real one: cdr sync makes it and keeps it there, and nginx serves it
# from there, also from a mount that is read-only. Every byte that is pulled from it
# is compared. The server and the client are Linux' own, of a small machine of their
# own (User-Mode Linux), so that this one's kernel and exports do not matter.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr root nginx python3 curl linux.uml busybox

# Its processes have not enough addresses for AddressSanitizer.
plain=$TOP/build/cdr
[ -x "$plain" ] || skip "no build/cdr"
upstream
craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 1 \
	>/dev/null
craft artifact library/app:sbom --artifact-type a/b --subject \
	"$(craft image library/app:2 --layers 2 --seed 2)" >/dev/null
craft many library/many:1 --count 3 --layers 1 --size 2000 --seed 6 >"$T/many"
images="app:1 app:2 app:sbom $(sed 's/ .*//' "$T/many" | paste -s -d ' ') platform=all"
# shellcheck disable=SC2086 # words
sync "what is to be had" -q $images

# The whole life of that machine. Its root is this one's, read-only.
cat >"$T/init" <<'END'
#!/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C.UTF-8 TMPDIR=/run HOME=/run
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
ln -s "$BUSYBOX_FILE" /run/busybox
echo "begin"

end()
{
	echo "end: $*"
	/run/busybox poweroff -f
	sleep 60
}

# load NAME: a module behind those that it needs
modules=/usr/lib/uml/modules/$(uname -r)
load()
{
	for file in $(sed -n "s,^\(kernel/.*/$1\.ko\):,\1,p" \
	    "$modules/modules.dep" | tr ' ' '\n' | sed '1!G;h;$!d'); do
		/run/busybox insmod "$modules/$file" 2>/run/insmod
	done
}
load nfsd
load nfsv4
ip link set lo up || end "no loopback"

# What exportfs and rpc.nfsd would say to the kernel: NFS 4 alone, and one export
# for 127.0.0.1, writable, for root too. (nfsd(7), exports(5).)
mkdir /mnt/disk /mnt/nfs /mnt/ro
mount -t tmpfs tmpfs /mnt/disk
chmod 755 /mnt/disk
mount -t nfsd nfsd /proc/fs/nfsd || end "no nfsd"
never=2147483647
echo "nfsd 127.0.0.1 $never test" >/proc/net/rpc/auth.unix.ip/channel
echo "test /mnt/disk $never 9218 65534 65534 0" >/proc/net/rpc/nfsd.export/channel
echo "test 1 \\x00000000 $never /mnt/disk" >/proc/net/rpc/nfsd.fh/channel
echo "-2 -3 +4" >/proc/fs/nfsd/versions
echo 10 >/proc/fs/nfsd/nfsv4gracetime
echo tcp 2049 >/proc/fs/nfsd/portlist
echo 4 >/proc/fs/nfsd/threads
echo Y >/proc/fs/nfsd/v4_end_grace
options=addr=127.0.0.1,clientaddr=127.0.0.1,vers=4.2,sec=sys
mount -i -t nfs4 -o "$options" 127.0.0.1:/ /mnt/nfs || end "no mount"
grep ' /mnt/nfs nfs4 ' /proc/mounts || end "no NFS"

# serve ROOT PORT: and where it is
serve()
{
	sh "$TOP/scripts/serve" "$1" "127.0.0.1:$2" </dev/null >"/run/$2" 2>&1 &
	echo $! >"/run/$2.pid"
	for _ in $(seq 100); do
		! grep -q ' on http' "/run/$2" || break
		sleep 0.1
	done
	grep ' on http' "/run/$2" || end "$(cat "/run/$2")"
}

# mirror ROOT PORT: all of it, from there; nothing but what differs is printed
mirror()
{
	printf '{"docker.io": {"endpoint": "http://127.0.0.1:%s"}}' "$2" >/run/registries
	# shellcheck disable=SC2086 # words
	"$PLAIN" sync -q -r "$1" --registries /run/registries $IMAGES ||
		end "cdr sync to $1 ends with $?"
	for part in blobs manifests; do
		diff -r "$UPSTREAM_TREE/$part" "$1/$part" >/run/differ ||
			end "$(head -n 3 /run/differ)"
	done
}
serve "$UPSTREAM_TREE" 5001
mirror /mnt/nfs/root 5001
python3 -B "$TOP/tests/check-tree.py" /mnt/nfs/root || end "it is not right"
echo "step: $(cut -d " " -f 1 /proc/uptime) s: cdr sync makes a tree on NFS"
mirror /mnt/nfs/root 5001
echo "step: $(cut -d " " -f 1 /proc/uptime) s: and finds it unchanged"
kill "$(cat /run/5001.pid)"
serve /mnt/nfs/root 5002
mirror /run/again 5002
echo "step: $(cut -d " " -f 1 /proc/uptime) s: nginx serves it from there"

# One writer, also where it is NFS that locks.
( exec 9>>/mnt/nfs/root/_state/lock; flock 9; touch /run/held; sleep 4 ) &
while [ ! -e /run/held ]; do sleep 0.1; done
# shellcheck disable=SC2086 # words
"$PLAIN" sync -r /mnt/nfs/root --registries /run/registries $IMAGES \
	2>/run/locked
[ $? -eq 3 ] || end "a second writer: $(cat /run/locked)"
wait $!
echo "step: $(cut -d " " -f 1 /proc/uptime) s: a second writer is refused"

mount -i -t nfs4 -o "ro,$options" 127.0.0.1:/ /mnt/ro || end "no ro mount"
! touch /mnt/ro/root/x 2>/run/touch || end "it can be written"
kill "$(cat /run/5002.pid)"
serve /mnt/ro/root 5003
mirror /run/third 5003
echo "step: $(cut -d " " -f 1 /proc/uptime) s: and from a mount that is read-only"
end "all well"
END
{
	sed 1q "$T/init"
	printf 'TOP=%s PLAIN=%s BUSYBOX_FILE=%s UPSTREAM_TREE=%s\n' "$TOP" "$plain" \
		"$BUSYBOX_HERE" "$ROOT"
	echo "IMAGES='$images'"
	sed 1d "$T/init"
} >"$T/init.whole"
chmod 755 "$T/init.whole"
mkdir "$T/uml"
TMPDIR=$T/uml HOME=$T/uml timeout -k 5 120 linux.uml mem=512M umid="cdr$$" \
	uml_dir="$T/uml" root=/dev/root rootfstype=hostfs rootflags=/ ro \
	init="$T/init.whole" con0=null,fd:1 con=null quiet \
	</dev/null >"$T/uml.log" 2>&1 || :
tr -d '\r' <"$T/uml.log" | sed -n 's/^step: /ok /p'
case $(tr -d '\r' <"$T/uml.log" | sed -n 's/^end: //p') in
'all well') ok "the tree on NFS, $(grep -o 'vers=[0-9.]*' "$T/uml.log" | head -n 1)" ;;
'')
	! grep -q '^begin' "$T/uml.log" || fail "it ends half way"
	skip "that machine does not start: $(grep -m 1 -E 'failed, errno|panic' \
	    "$T/uml.log" || tail -n 1 "$T/uml.log")" ;;
*) fail "the tree on NFS" ;;
esac
