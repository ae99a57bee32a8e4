# Cases of the benchmark: what keeps a tree right over the years. Sourced by run, as
# serving.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

# Forgets what the kernel keeps of these files.
cold()
{
	cat >"$work/cold" <<-'END'
	for file; do
		dd if="$file" iflag=nocache count=0 status=none
	done
	END
	# shellcheck disable=SC2016 # expanded each time it is run
	printf 'sh %s/cold $(find %s/blobs -type f)' "$work" "$1"
}

verify_bytes()
{
	sync
	_files="\$(find $work/tree/blobs -type f -size +1M)"
	measure "cdr verify of $(du -smL "$work/tree/blobs" | cut -f 1) MB, nothing in memory" <<-END
	cdr verify | 1 | $(cold "$work/tree"); "$CDR" verify -q -r "$work/tree"
	openssl dgst -sha256 | 1 | $(cold "$work/tree"); openssl dgst -sha256 $_files
	dd, 1 MiB at a time | 1 | $(cold "$work/tree"); for f in $_files; do dd if="\$f" of=/dev/null bs=1M; done
	END
}

# $work/millions, which two cases walk through.
make_millions()
{
	rm -rf "$work/millions"
	say "making a tree of 100,000 tags and a million blobs"
	python3 "$TOP/tests/bench/millions.py" "$work/millions" 100000 10
}

verify_quick()
{
	make_millions
	"$CDR" verify -q -r "$work/millions" --quick
	measure "cdr verify --quick of 100,000 tags and a million blobs, in memory" <<-END
	cdr verify --quick | 1 | "$CDR" verify -q -r "$work/millions" --quick
	find -printf %s | 1 | find "$work/millions" -printf %s
	END
	rm -rf "$work/millions"
}

# What else runs is told by the title: the mirror is one and the same.
serve_beside()
{
	_title=$1
	shift
	for _what in "small blobs|small.gets|/blobs/" "manifests|small.gets|/manifests/sha256:"; do
		_rest=${_what#*|}
		paths_of "${_rest%%|*}" "${_rest#*|}"
		load --title "Served: ${_what%%|*}, 32 connections, $_title" "$@" --connections 32 \
		    -- "nginx on the tree" "http://127.0.0.1:$port" "$MIRROR_PID" "$lists/paths"
	done
}

case_verify()
{
	verify_bytes
	serve_beside "nothing else"
	serve_beside "while cdr verify runs" --during \
	    "while :; do '$CDR' verify -q -r '$work/tree'; done"
	verify_quick
}

# Between two digests of one repository, to and fro; a run is at work where somebody has
# its lock.
rollback()
{
	_tree=$work/millions
	cat >"$work/back" <<-'END'
	at=$(readlink "$2/_manifests/v00000")
	for to in "$2"/_manifests/sha256:*; do
		case $to in
		*"${at##*/}") ;;
		*) break ;;
		esac
	done
	exec "$1" rollback -r "${2%%/repos/*}" "${2##*/repos/}:v00000" "${to##*/}"
	END
	_back="sh $work/back '$CDR' $_tree/repos/docker.io/library/app0000"
	eval "$_back" >"$work/home/back.log"
	measure "cdr rollback of one of 100,000 tags, and the lists of the tree" <<-END
	cdr rollback | 1 | $_back
	END
	flock -F "$_tree/_state/lock" sleep 600 &
	_pid=$!
	measure "cdr rollback of one of 100,000 tags, while a run is at work" <<-END
	cdr rollback | 1 | $_back
	END
	kill "$_pid"
}

# With -n: nothing of the tree is to be other for the next round.
case_gc()
{
	make_millions
	"$CDR" gc -q -n -r "$work/millions"
	measure "cdr gc of 100,000 tags and a million blobs, in memory: nothing goes" <<-END
	cdr gc -n | 1 | "$CDR" gc -q -n -r "$work/millions"
	find -printf %s | 1 | find "$work/millions" -printf %s
	END
	rollback
	rm -rf "$work/millions"
}
