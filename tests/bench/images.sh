# Cases of the benchmark: very many images. Sourced by run, as syncing.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

plenty=$TOP/tests/hub/plenty.py

# start_plenty COUNT: an upstream of so many tags, and nginx on it: sets $from, and
# makes $lists/plenty.list and plenty.heads.
start_plenty()
{
	rm -rf "${work:?}/plenty" "${work:?}/plenty-synced"
	python3 "$plenty" make "$work/plenty" "$1"
	python3 "$plenty" list "$work/plenty" >"$lists/plenty.list"
	from=127.0.0.1:$(free_port)
	mirror=$MIRROR_PID
	mirror_start "$work/plenty" "$from" "$work/home/plenty.log" --no-limits
	LIKE_PIDS="$LIKE_PIDS $MIRROR_PID"
	MIRROR_PID=$mirror
	sed "s,^\(.*\):\(.*\),url = \"http://$from/v2/\1/manifests/\2\"," \
	    "$lists/plenty.list" >"$lists/plenty.heads"
}

# For the shell that measure.py starts: each of these files by itself.
# shellcheck disable=SC2016
dd_each='n=0; while read -r f; do n=$((n + 1)); dd if="$f" of="$OUT/$n" bs=1M conv=fsync status=none; done'

# images_at COUNT TITLE ROUNDS
images_at()
{
	start_plenty "$1"
	plenty_sync="$CDR sync -q --from http://$from"
	measure "$2 images, 50 different ones, cold, from nginx" 1 <<END
cdr sync, durable | 1 | $plenty_sync -r "\$OUT" -i $lists/plenty.list
END
	$plenty_sync -r "$work/plenty-synced" -i "$lists/plenty.list"
	measure "$2 images, unchanged" "$3" <<END
cdr sync | 1 | $plenty_sync -r $work/plenty-synced -i $lists/plenty.list
curl: as many HEAD, the floor | 1 | $curl -I -K $lists/plenty.heads
END
	one=$(head -n 1 "$lists/plenty.list")
	mark=$work/home/mark
	move="touch $mark; python3 $plenty move $work/plenty $one \$(date +%s%N)"
	sh -c "$move" >/dev/null
	measure "$2 images, one of them changed: cdr sync of that one" "$3" <<END
cdr sync | 1 | $plenty_sync -r $work/plenty-synced $one
(which files it wrote) | 1 | find $work/plenty-synced -path $work/plenty-synced/_state -prune -o -type f -newer $mark -print >$lists/written
dd conv=fsync of each of these files | 1 | $dd_each <$lists/written
(upstream changes it once more) | 1 | $move
END
}

case_images()
{
	images_at 20000 20,000 5
}

case_images100k()
{
	images_at 100000 100,000 3
}
