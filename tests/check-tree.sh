# Is a tree right? For scenarios; sourced after lib.sh. It needs python3.
#
#   tree_check [--resumable|--dead] ROOT
#
# The check is an independent reading of cdr-layout(5): see check-tree.py.
# shellcheck shell=sh

tree_check()
{
	uses python3
	# Not through check: what the program said stays for expect_said.
	python3 -B -S "$TOP/tests/check-tree.py" "$@" >"$T/tree-check.log" 2>&1 ||
		fail "the tree is right"
	ok "the tree is right ($(tail -n 1 "$T/tree-check.log"))"
}
