#!/bin/sh
# What tests/bench/paper calculates of what it has measured is right: the bound of each
# method, medians of the rounds in which nobody else was at work, the straight line through
# the sizes, ratios and aims. Its table and its plot have all of it, and its page takes them.
# Tier: normal
. "$(dirname "$0")/../lib.sh"

need python3

check "the calculations" python3 -S "$TOP/tests/bench/paper/check.py" "$T"

run=$TOP/tests/bench/paper/run
check "the plan says how long it takes" sh "$run" --plan --out "$T/out" --work "$T/work"
expect_said "cells and time" '^138 cells of 138 to measure: some [0-9]+ minutes, and [0-9]+ GB'
check "what is there already is not measured again" sh "$run" --plan --sizes 133,670 \
	--rounds 2 --methods baseline,3 --out "$T/measured" --work "$T/work"
expect_said "what is left" '^3 cells of 8 to measure'
expect_said "what gave up is left" '^  3, 670 MB'
expect_rc "a method that is none" 2 sh "$run" --methods 4
expect_rc "a size that is none" 2 sh "$run" --sizes 0
expect_rc "nothing to show" 1 sh "$run" --show --out "$T/empty" --work "$T/work"
check "what was measured is shown" sh "$run" --show --out "$T/measured" --work "$T/work"
expect_said "the baseline's row" '^\| baseline: each node from the hub \| 133 \| 14\.0 \(13\.0-15\.0\) \| 1\.00 \|'
expect_said "why one gave up" 'gave up: not over after 99 s'
