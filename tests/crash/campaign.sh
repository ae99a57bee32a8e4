# For scenarios, sourced after sync.sh: two trees to copy from, and the campaign upon
# them.
#
#   campaign OPTION...     tests/crash/campaign.py; prints its counts
#   campaign_of FILE OPTION...   another one of the folder, on the same trees
# shellcheck shell=sh

# _versions SEED: all tags lead to other images.
_versions()
{
	craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 1 \
		--size 2000 --seed "$1" >/dev/null
	craft image library/one:1 --layers 2 --size 3000 --seed "$1" >/dev/null
	craft many library/app:1 --count 3 --layers 2 --shared 1 --size 2000 \
		--seed "$1" >/dev/null
}

campaign()
{
	campaign_of campaign.py "$@"
}

campaign_of()
{
	uses cdr python3 curl build/tests/crash.so
	case $CDR in
	*/asan/*) skip "the sanitizers have to be loaded first" ;;
	esac
	upstream
	_file=$1
	shift
	_options=$*
	set -- app:1 platform=all one:1 platform=all app-0001:1 platform=all \
		app-0002:1 platform=all app-0003:1 platform=all
	for _version in 1 2; do
		_versions $_version
		# shellcheck disable=SC2034 # for sync
		ROOT=$T/source-$_version
		sync "what is copied from, $_version" "$@"
	done
	# Where there is a file system in memory, no time is lost on the disk.
	_work=$(mktemp -d "$(test -w /dev/shm && echo /dev/shm ||
		echo "$T")/cdr-crash.XXXXXX")
	defer "rm -rf '$_work'"
	# shellcheck disable=SC2086 # several words
	check "the campaign" python3 -B "$TOP/tests/crash/$_file" $_options "$CDR" \
		"$TOP/build/tests/crash.so" "$_work" "$T/source-1" "$T/source-2" "$@"
	cat "$T/stdout"
}
