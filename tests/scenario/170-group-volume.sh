#!/bin/sh
# A tree on a volume whose folder belongs to a group is written by one user of that
# group after the other, as OpenShift has it: what is good enough already is no error,
# what is made is the group's as well, and a blob that one of them has begun is
# continued by the next. All can read it. On a volume that is one user's alone another
# one is told in one line whose it is, and what to do; that helps. What the kubelet
# makes of modes, and a tree that was made private before, do as well.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl root setpriv
upstream
craft image library/one:1 --size 100000 >/dev/null
two=$(craft image library/two:1 --seed 2)
big=$(craft image library/big:1 --seed big --layers 1 --size 400000 --json | tee "$T/objects" |
	pick 'v[-1].digest')
layer=$(made layer)

G=40000
# as UID GROUPS COMMAND...: without any right of root's
as()
{
	_uid=$1 _groups=$2
	shift 2
	setpriv --reuid "$_uid" --regid "${_groups%%,*}" --groups "$_groups" \
		--inh-caps=-all --bounding-set=-all --no-new-privs "$@"
}
# by UID GROUPS "what" CODE ARG...
by()
{
	_uid=$1 _groups=$2 _title=$3 _code=$4
	shift 4
	expect_rc "$_title" "$_code" as "$_uid" "$_groups" env HOME=/nonexistent \
		"$CDR" sync -r "$ROOT" "$@"
}
# What the users have to reach: the program, the settings, the volume.
chmod 755 "$T" && chmod 644 "$CDR_REGISTRIES"
# Where the program lies may be closed to others.
cp "$CDR" "$T/cdr" && chmod 755 "$T/cdr"
CDR=$T/cdr
as 40001 40001 "$CDR" --version >/dev/null || skip "another user cannot run $CDR"

modes() # kinds and modes of the tree, without blobs on their way
{
	find "$ROOT" -path "$ROOT/_state/*" -o ! -type l -printf '%y %m\n' | sort -u | xargs
}
readable() # by somebody who is in none of the groups
{
	as 49999 49999 find -L "$ROOT/blobs" "$ROOT/repos" "$ROOT/status" -type f \
		-exec cat {} + >/dev/null || fail "others cannot read it"
}

# volume MODE OWNER: a new volume; the tree is a folder in it, or the volume itself
volume()
{
	rm -rf "$T/volume"
	mkdir "$T/volume"
	chown "$2" "$T/volume"
	chmod "$1" "$T/volume"
	ROOT=$T/volume${3-}
}

for where in "" /cdr; do
	for group in "40001,$G 40002,$G" "$G $G" "0 0"; do
		first=${group% *} second=${group#* }
		case $group in "0 0") volume 775 0:0 "$where" ;; *) volume 2775 0:$G "$where" ;; esac
		by 40001 "$first" "the volume${where:+ with the tree in it}, $group: the first user" 0 one:1
		by 40002 "$second" "another user of the group" 0 one:1 two:1
		expect_said "one is unchanged, one is new" '1 unchanged, 1 updated, 0 failed'
		expect_published "two:1" two:1 "$two"
		craft image library/two:1 --seed "3$where$group" >/dev/null
		by 40001 "$first" "the first one again" 0 one:1 two:1
		readable
		tree_check "$ROOT"
		two=$(craft image library/two:1 --seed 2)
	done
done
expect_eq "folders are the group's, files are nobody's to write" "d 770 d 775 f 444" "$(modes)"

# Cut off by one of them, continued by the other one.
volume 2775 0:$G
fault "{\"listener\": \"cdn\", \"path\": \"$(echo "$layer" | cut -c 8-)\", \"stall\": 300000}"
as 40001 "40001,$G" env HOME=/nonexistent timeout -s KILL 3 "$CDR" sync -r "$ROOT" big:1 >/dev/null 2>&1 || :
[ -n "$(find "$ROOT/_state/partial" -type f -size +100k)" ] || fail "nothing was begun"
no_faults
hub_mark
by 40002 "40002,$G" "a blob that another user has begun" 0 big:1
expect_published "is published" big:1 "$big"
hub_since | grep -q 'bytes=[1-9][0-9]*-' || fail "it was asked for anew"
readable
tree_check "$ROOT"
expect_rc "cdr ls by somebody else" 0 as 49999 49999 "$CDR" ls -r "$ROOT"

# The same, as kubelet leaves modes: rw for the group, whatever they were.
volume 755 40001:40001
by 40001 40001 "a private volume" 0 one:1
expect_eq "private modes" "d 700 d 755 f 444" "$(modes)"
fault "{\"listener\": \"cdn\", \"path\": \"$(echo "$layer" | cut -c 8-)\", \"stall\": 300000}"
as 40001 40001 env HOME=/nonexistent timeout -s KILL 3 "$CDR" sync -r "$ROOT" big:1 >/dev/null 2>&1 || :
no_faults
find "$ROOT" -exec chown -h :$G {} +
find "$ROOT" -type d -exec chmod g+rwxs {} + -o -type f -exec chmod g+rw {} +
by 40002 "40002,$G" "another user, once kubelet has been there" 0 one:1 big:1
expect_published "what was begun is published" big:1 "$big"
readable
by 40001 "40001,$G" "and the first one again" 0 one:1 big:1 two:1

# One user's alone: another one is told, and nothing has changed.
volume 755 40001:40001 /cdr
by 40001 40001 "a volume of one user" 0 one:1
find "$ROOT" -printf '%p %u:%g %m %T@\n' >"$T/before"
for who in "40002 40002" "40002 40001"; do
	by "${who% *}" "${who#* }" "another one, $who" 3 one:1
	expect_said "is told whose it is" "^error: $ROOT: (it|_state) belongs to user 40001 and group 40001, mode 0(755|700), and this is user 40002"
	expect_said "and what to do" "run it as that user, or let a group of both write: chgrp -R GROUP $ROOT; chmod -R g\+rwX $ROOT$"
	expect_eq "in one line" 1 "$(wc -l <"$T/stderr")"
done
find "$ROOT" -printf '%p %u:%g %m %T@\n' | cmp - "$T/before" || fail "something has changed"
chgrp -R $G "$ROOT"
chmod -R g+rwX "$ROOT"
by 40002 "40002,$G" "that helps" 0 one:1 two:1
readable

volume 755 0:0
by 40002 40002 "a volume that is root's" 3 one:1
expect_said "is told" 'it belongs to user 0 and group 0, mode 0755, and this is user 40002'
volume 755 0:0 /cdr
by 40002 40002 "no right to make the folder" 3 one:1
expect_said "is told whose the volume is, and what to do" \
	"$ROOT: cannot make it: the folder ${ROOT%/*} belongs to user 0 and group 0, mode 0755, and this is user 40002 in group 40002: chgrp 40002 ${ROOT%/*}; chmod g\+rwx ${ROOT%/*}$"
