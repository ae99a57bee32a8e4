# Nodes as people have them: tests/nodes/containerd, and what node-config makes of
# each. Sourced; POSIX sh.
#
#   each_node FUNCTION   for each line of the table: $R is a copy of its folder, and
#                        FUNCTION NAME VERSION RESULT WHAT DUMPS is called
#   state                every name below $R with what stat and sha256sum say of it.
#                        A folder's own time says that something was once in it, and
#                        is not asked for
#   config ARG...        cdr node-config containerd, below $R, of that version
#   $MIRROR_URL          where nobody is
# shellcheck shell=sh

NODES=$TOP/tests/nodes/containerd
R=$T/node
# shellcheck disable=SC2034 # for the scenario
MIRROR_URL=http://10.0.0.5:5000

state()
{
	(
		cd "$R" || exit
		find . ! -type d -exec stat -c '%n %F %a %u %g %Y' {} + |
			LC_ALL=C sort
		find . -type d -exec stat -c '%n %F %a %u %g' {} + | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
	)
}

each_node()
{
	while IFS='	' read -r _name _version _result _what _dumps <&9; do
		case $_name in '#'*) continue ;; esac
		rm -rf "$R"
		cp -R "$NODES/$_name" "$R"
		find "$R" -type f -exec touch -d 2001-02-03T04:05:06 {} +
		"$1" "$_name" "$_version" "$_result" "$_what" "$_dumps"
	done 9<"$NODES/table"
}

config()
{
	if [ "$_version" = - ]; then
		"$CDR" node-config containerd --prefix "$R" "$@"
	else
		"$CDR" node-config containerd --prefix "$R" \
			--client-version "$_version" "$@"
	fi
}
