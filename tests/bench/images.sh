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

# dd_each TREE MARK: for the shell that measure.py starts: what a run has written since
# then, each file by itself.
dd_each()
{
	# shellcheck disable=SC2016
	printf 'n=0; find %s -path %s/_state -prune -o -type f -newer %s -print | ' "$1" "$1" "$2"
	# shellcheck disable=SC2016
	echo 'while read -r f; do n=$((n + 1)); dd if="$f" of="$OUT/$n" bs=1M conv=fsync status=none; done'
}

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
dd conv=fsync of each file that this wrote | 1 | $(dd_each "$work/plenty-synced" "$mark")
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
