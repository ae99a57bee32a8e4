# A case of the benchmark: bundles for sites without a network. Sourced by run, as
# serving.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

_mega()
{
	awk -v bytes="$1" 'BEGIN { printf "%.1f", bytes / 1000000 }'
}

_bundle_bytes()
{
	du -bc "$@" | awk 'END { print $1 }'
}

# Five days of a centre; the sticks of days 2 and 4 get lost.
bundles_week()
{
	_week=$work/week
	_centre=$_week/centre
	rm -rf "$_week"
	mkdir "$_week"
	say "playing a week of bundles"
	python3 -S "$TOP/tests/bench/week.py" make "$_centre" >"$_week/list"
	"$CDR" export -q -r "$_centre" --site centre --to-site rig -i "$_week/list" --to "$_week/full"
	"$CDR" import -q -r "$_week/rig" --site rig --unsigned "$_week/full"
	"$CDR" inventory -r "$_week/rig" --site rig >"$_week/inventory"
	for _day in 1 2 3 4 5; do
		python3 -S "$TOP/tests/bench/week.py" day "$_centre" $_day >"$_week/list"
		"$CDR" export -q -r "$_centre" --site centre --for "$_week/inventory" \
		    -i "$_week/list" --to "$_week/day$_day"
		case $_day in
		2 | 4) continue ;;
		esac
		"$CDR" import -q -r "$_week/rig" --site rig --unsigned "$_week/day$_day"
	done
	"$CDR" inventory -r "$_week/rig" --site rig >"$_week/inventory"
	"$CDR" export -q -r "$_centre" --site centre --for "$_week/inventory" \
	    -i "$_week/list" --to "$_week/answer"
	"$CDR" verify -q -r "$_week/rig"
	{
		printf '### Bundles of a week: 200 images, 4 updates a day; days 2 and 4 are lost. MB\n\n'
		printf '| day | all of it | cdr, for what the site had on day 0 | by the history of the sender | after a loss | by name | moved tags that it does not see |\n'
		printf '|---|---|---|---|---|---|---|\n'
		python3 -S "$TOP/tests/bench/week.py" rules "$_centre.notes" |
		while read -r _day _all _new _named _moved; do
			# What comes after a loss has to have all: there is no telling what is there.
			_after=$_new
			case $_day in
			3 | 5) _after=$_all ;;
			esac
			printf '| %s%s | %s | %s | %s | %s | %s | %s |\n' "$_day" \
			    "$(case $_day in 2 | 4) echo ', lost' ;; esac)" "$(_mega "$_all")" \
			    "$(_mega "$(_bundle_bytes "$_week/day$_day"/*)")" "$(_mega "$_new")" \
			    "$(_mega "$_after")" "$(_mega "$_named")" "$_moved"
		done
		printf '| the next one, by an inventory | | %s | | | | |\n\n' \
		    "$(_mega "$(_bundle_bytes "$_week/answer"/*)")"
	} >>"$work/results.md"
	rm -rf "$_week"
}

# The kernel is to keep nothing of the files that a list names; in one process, since there
# may be thousands.
_forget()
{
	cat >"$work/home/forget.py" <<-'END'
	import os, sys
	with open(sys.argv[1], encoding="utf-8") as names:
	    for name in names:
	        fd = os.open(name.rstrip(), os.O_RDONLY)
	        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
	        os.close(fd)
	END
}

# bundles_rate TITLE LIST...: one way and the other, beside cp of the same bytes.
bundles_rate()
{
	_title=$1
	shift
	_stick=$work/stick
	_named=$(printf -- '-i %s ' "$@")
	rm -rf "$_stick"
	# shellcheck disable=SC2086 # options
	"$CDR" export -q -r "$work/tree" --site centre --sign "$work/home/centre.key" $_named \
	    --to "$_stick" --split 4G
	# The files that it has read.
	tar -tf "$_stick"/*.001 | sed -n 's,^blobs/,,p' | sed 's,+.*,,' | sort -u |
	    sed "s,^,$work/tree/blobs/," >"$work/home/read"
	_size=$(_mega "$(_bundle_bytes "$_stick"/*)")
	_arrived=$work/arrived
	rm -rf "$_arrived"
	"$CDR" import -q -r "$_arrived" --site rig --key "$work/home/centre.pem" "$_stick"
	find "$_stick" "$_arrived" -type f | cat "$work/home/read" - >"$work/home/forget"
	_cold="python3 -S $work/home/forget.py $work/home/forget"
	sync
	measure "cdr export of $_title, $_size MB, nothing in memory" <<-END
	cdr export --sign | 1 | $_cold; "$CDR" export -q -r "$work/tree" --site centre --sign "$work/home/centre.key" $_named --split 4G --to "\$OUT/stick"
	cp --reflink=never, then sync | 1 | $_cold; xargs -a "$work/home/read" cp -L --reflink=never -t "\$OUT"; sync -f "\$OUT"
	END
	measure "cdr import of the same, nothing in memory" <<-END
	cdr import --key | 1 | $_cold; "$CDR" import -q -r "\$OUT/root" --site rig --key "$work/home/centre.pem" "$_stick"
	cp --reflink=never, then sync | 1 | $_cold; cp --reflink=never "$_stick"/* "\$OUT"; sync -f "\$OUT"
	cp -a of what it makes, then sync | 1 | $_cold; cp -a --reflink=never "$_arrived" "\$OUT"; sync -f "\$OUT"
	tar x, then sync | 1 | $_cold; cat "$_stick"/*.cdr.0* | tar -xif - -C "\$OUT"; sync -f "\$OUT"
	END
	rm -rf "$_stick" "$_arrived"
}

case_bundles()
{
	openssl genpkey -algorithm ed25519 -out "$work/home/centre.key" 2>/dev/null
	chmod 600 "$work/home/centre.key"
	openssl pkey -in "$work/home/centre.key" -pubout -out "$work/home/centre.pem"
	_forget
	bundles_week
	bundles_rate "two large images" "$lists/big.list" "$lists/thin.list"
	bundles_rate "500 small images" "$lists/small.list"
}
