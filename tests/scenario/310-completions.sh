#!/bin/sh
# What shells offer when the tabulator is pressed: commands, all options of each that
# --help names and no others, their values, which the program then takes, keys of a
# list, and images of the tree. bash, zsh and fish are real ones, with the files that
# "make install" puts in place; one that is not here is left out, by name.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
need cdr python3 bash zsh? fish?
cd "$T"
mkdir bin here
ln -s "$CDR" bin/cdr
PATH=$T/bin:$PATH
export PATH

COMMANDS="sync watch doctor gc rm ls rollback pin unpin verify inventory save export import list
	node-config"

# asked WORD...: what fits in the place of the last one
asked()
{
	cdr __complete "$@" >answer || fail "cdr __complete $*: it ended with $?"
}

# --- against the program's own words ------------------------------------------------
asked ''
# shellcheck disable=SC2086 # words
expect_eq "all commands that --help lists" "$(cdr --help |
	sed -n 's/^  \([a-z-]*\)  .*/\1/p' | sort)" "$(printf '%s\n' $COMMANDS | sort)"
# shellcheck disable=SC2086
expect_eq "all commands are offered, and help" \
	"$(printf '%s\n' $COMMANDS help --help --version | sort)" "$(cut -f 1 answer | sort)"
! grep -qE '	$' answer || fail "a command does not say what it does"

# Those at the beginning of a line of --help, and others in that line.
options_of()
{
	cdr "$@" --help | sed -n 's/^ *-\([^ ].*\)/-\1/p' |
		grep -oE '^(-[a-z], )?--[a-z-]+|[^-a-z]--[a-z-]+ [A-Z]' | grep -oE -e '--[a-z-]+' | sort -u
}

for command in $COMMANDS "node-config peers"; do
	# shellcheck disable=SC2086
	options_of $command >want
	if [ "$command" = watch ]; then
		{
			cat want
			options_of sync | grep -vxE -e '--(plan|json|only)'
		} | sort -u >both
		mv both want
	fi
	# shellcheck disable=SC2086
	asked $command --
	cut -f 1 answer | sort >got
	diff want got >&2 || fail "cdr $command: --help and completion differ"
done
ok "each command: all options of --help, and no others"

asked ls --kind ''
expect_eq "kinds: those of --help" "$(cdr ls --help | tr '\n' ' ' |
	sed 's/.*--kind KIND *only these: \([^;]*\) *--platform.*/\1/' | tr -d , | xargs)" \
	"$(cut -f 1 answer | xargs)"

# What is offered in the place of a value is taken by the parser, which reads it before
# it comes to --help: the first values of all options at once, then the second ones. Names
# of files, and beginnings of URLs, are for the shell.
number=0
for command in $COMMANDS "node-config peers"; do
	: >words
	# shellcheck disable=SC2086
	cdr $command --help | grep -oE -e '--[a-z-]+[ =][A-Z]' | sed 's/[ =].*//' | sort -u >options
	while read -r option; do
		# shellcheck disable=SC2086
		asked $command "$option" ''
		! grep -q '^:unknown' answer || fail "cdr $command $option: no values are known"
		awk -F '\t' -v option="$option" '!/^:/ && $1 !~ /[:\/]$/ {
			print ++n, option "=" $1 }' answer >>words
		number=$((number + 1))
	done <options
	row=1
	while grep -q "^$row " words; do
		# shellcheck disable=SC2046,SC2086
		cdr $command $(sed -n "s/^$row //p" words) --help >/dev/null 2>said ||
			fail "cdr $command: what is offered is not taken: $(cat said)"
		row=$((row + 1))
	done
done
[ $number -gt 60 ] || fail "only $number options take a value"
ok "$number options: what is offered is taken"

asked sync app ''
expect_eq "keys of a list" "$(cdr sync app nokey=1 2>&1 |
	sed -n 's/.*the keys are //p' | tr -d ' ' | tr ',' '\n' | sort)" \
	"$(cut -f 1 answer | tr -d = | sort)"
cut -f 1 answer >keys
while read -r key; do
	asked sync app "$key"
	! grep -q '^:unknown' answer || fail "$key: no values are known"
	grep -vE '^:|:	' answer | cut -f 1 >values || :
	[ -s values ] || continue
	awk '{ print "app" NR " tags=glob:* " $1 }' values >list
	expect_rc "$key: its values are right" 3 cdr gc -n -r none -i list
done <keys

# --- what is in the tree ------------------------------------------------------------
tree_new "$T/root"
# image REPOSITORY TAG: one that a run has published
image()
{
	_id=$(tree_image "$1" "$2" "$2")
	mkdir -p "$TREE/repos/$1/_history"
	echo "2026-11-30T00:00:00Z $_id" >"$TREE/repos/$1/_history/$2"
}
image docker.io/library/app 1.0
image docker.io/library/app 2.0
image ghcr.io/org/tool v3
tree_lists
for command in rm ls rollback pin unpin verify save export; do
	asked $command -r "$T/root" ''
	expect_eq "cdr $command: images of the tree" "app:1.0 app:2.0 ghcr.io/org/tool:v3" \
		"$(cut -f 1 answer | xargs)"
done
asked ls -r "$T/root" docker.io/library/app:2
expect_eq "also by the full name" docker.io/library/app:2.0 "$(cut -f 1 answer)"
CDR_ROOT=$T/root
export CDR_ROOT
asked ls --history gh
expect_eq "also of the environment" ghcr.io/org/tool:v3 "$(cut -f 1 answer)"
# Several, with commas: none of them twice. A list is no image, behind which keys stand.
asked sync app platform=linux/amd64,linux/a
expect_eq "the next one of several" "platform=linux/amd64,linux/arm64
platform=linux/amd64,linux/arm/v7
platform=linux/amd64,linux/arm/v6" "$(cut -f 1 answer)"
asked export --boot amd64,
expect_eq "and no other" "amd64,arm64" "$(cut -f 1 answer)"
asked sync -i list ''
expect_eq "nothing stands behind a list alone" "" "$(cat answer)"
asked sync --from=oci:x
expect_eq "a folder, and what is in front of it" ":dir	--from=oci:" "$(cat answer)"
CDR_ROOT=$T/none
asked rm ''
expect_eq "nothing, and no complaint, without one" "" "$(cat answer)"
[ ! -e "$T/none" ] || fail "it made a tree"
CDR_ROOT=$T/root
asked no-such-command ''
expect_eq "nothing for what is none" "" "$(cat answer)"

# --- shells ---------------------------------------------------------------------------
# An image that was asked for by its digest; names that shells have to quote; a tree that
# only a tilde leads to.
_id=$(tree_image ghcr.io/org/other old other)
mkdir -p "$TREE/repos/ghcr.io/org/other/_history"
rm "$TREE/repos/ghcr.io/org/other/_manifests/old"
echo "2026-11-30T00:00:00Z $_id" >"$TREE/repos/ghcr.io/org/other/_history/$_id"
tree_lists
mv "$T/root" "$HOME/tree"
ln -s "$HOME/tree" "$T/root"
mkdir -p "here/two words"
ln -s "$HOME/tree" "here/two words/tree"
mkdir -p here/folder here/b@c:d
: >here/file.txt
: >"here/my list.txt"
: >here/at@home.txt
cd here

# all_of SHELL: all that shells have to do: a command, an option, a value behind "=", a
# key with "/" in its value, an image with ":", names of files and of folders
mkdir "$T/build"
ln -s "$CDR" "$T/build/cdr"
check "they are installed" env DESTDIR="$T/inst" PREFIX=/usr BUILD="$T/build" sh "$TOP/scripts/install"
SHARE=$T/inst/usr/share
XDG_DATA_DIRS=$SHARE:/usr/share
export XDG_DATA_DIRS

all_of()
{
	check "completion in $1" python3 "$TOP/tests/terminal.py" \
		-x 'cdr roll' 'cdr rollback' \
		-x 'cdr gc --keep' '[-]-keep-unlisted' \
		-x 'cdr sync --log=js' '[-]-log=json' \
		-x 'cdr sync x platform=linux/s3' 'platform=linux/s390x' \
		-x 'cdr ls ap' '1[.]0[^$]*2[.]0' \
		-x 'cdr ls ghcr.io/org/tool:' 'tool:v3' \
		-x 'cdr sync -i fi' '[-]i file[.]txt' \
		-x 'cdr export --to fo' '[-]-to folder' \
		-x 'cdr sync --from=oci:fo' '[-]-from=oci:folder' \
		-x 'cdr sync --from oci:fo' '[-]-from oci:folder' \
		-x 'cdr sync x platform=linux/amd64,linux/s3' 'linux/amd64,linux/s390x' \
		-x 'cdr ls ghcr.io/org/other@' 'other@sha256:[0-9a-f]{64}' \
		-x 'cdr ls ghcr.io/org/other@sha256:' 'other@sha256:[0-9a-f]{64}' \
		-x 'cdr ls "ghcr.io/org/tool:' '"ghcr.io/org/tool:v3"' \
		-x "cdr ls 'gh""cr.io/org/to" "'ghcr.io/org/tool:v3'" \
		-x 'cdr ls -r ~/tree ghcr.io/org/to' 'tool:v3' \
		-x 'cdr ls --root=/nowhere -r ~/tr' '[~]/tree' \
		-x 'cdr ls -r two\ words/tree ghcr.io/org/to' 'tool:v3' \
		-x 'cdr sync -i my' '[-]i my\\ list[.]txt' \
		-x 'cdr sync -i "my' '[-]i "my list[.]txt"' \
		-x 'cdr sync -i my\ l' '[-]i my\\ list[.]txt' \
		-x 'cdr sync --images=my' '[-]-images=my\\ list[.]txt' \
		-x 'cdr sync -i my\ list.txt --log=js' '[-]-log=json' \
		-x 'cdr sync -i at@h' '[-]i at@home[.]txt' \
		-x 'cdr export --to two' '[-]-to two\\ words/' \
		-x 'cdr export --to b@' '[-]-to b@c\\?:d/' \
		200 "$T/$1"
	cat "$T/stdout"
}

printf '#!/bin/sh\nexec bash --noprofile --rcfile "%s" -i\n' "$T/bashrc" >"$T/bash"
# Debian's bash-completion finds it by itself, when it is needed.
bash_completion=/usr/share/bash-completion/bash_completion
[ -f $bash_completion ] || {
	left_out "bash loads it by itself" "no bash-completion here"
	bash_completion=$SHARE/bash-completion/completions/cdr
}
printf 'PS1="$ "\nbind "set bell-style none"\n. "%s"\n' "$bash_completion" >"$T/bashrc"
chmod +x "$T/bash"
all_of bash
# Some have taken separators out.
echo 'COMP_WORDBREAKS=" \"'"'"'><=;|&("' >>"$T/bashrc"
check "completion in bash, with other separators" python3 "$TOP/tests/terminal.py" \
	-x 'cdr ls ghcr.io/org/tool:' 'tool:v3' \
	-x 'cdr ls ghcr.io/org/other@sha256:' 'other@sha256:[0-9a-f]{64}' \
	-x 'cdr sync --log=js' '[-]-log=json' \
	-x 'cdr sync --from=oci:fo' '[-]-from=oci:folder/' \
	-x 'cdr sync -i at@h' '[-]i at@home[.]txt' \
	200 "$T/bash"

if part "completion in zsh" zsh; then
	mkdir "$T/zdot"
	# shellcheck disable=SC2016
	printf 'PS1="$ "\nfpath=("%s" $fpath)\nautoload -Uz compinit\ncompinit -u -D\n' \
		"$SHARE/zsh/site-functions" >"$T/zdot/.zshrc"
	printf '#!/bin/sh\nZDOTDIR="%s" exec zsh -i -d\n' "$T/zdot" >"$T/zsh"
	chmod +x "$T/zsh"
	all_of zsh
fi

if part "completion in fish" fish; then
	# It says by itself what it would offer, without a terminal.
	fish_offers()
	{
		fish -c "complete -C '$1'" \
			>"$T/shown" 2>"$T/err" || fail "fish, \"$1\": it failed"
		[ ! -s "$T/err" ] || fail "fish, \"$1\": $(cat "$T/err")"
		grep -qE -e "^$2" "$T/shown" || fail "fish, \"$1\": it does not offer $2"
		ok "fish: $1"
	}
	fish_offers 'cdr roll' 'rollback'
	fish_offers 'cdr gc --keep' '--keep-unlisted	what no list'
	fish_offers 'cdr sync --log=js' '[-]-log=json'
	fish_offers 'cdr sync x platform=linux/s3' 'platform=linux/s390x'
	fish_offers 'cdr ls app:' 'app:1\.0'
	fish_offers 'cdr ls ghcr.io/org/tool:' 'ghcr.io/org/tool:v3'
	fish_offers 'cdr sync -i fi' 'file\.txt'
	fish_offers 'cdr export --to fo' 'folder/'
	fish_offers 'cdr sync --from=oci:fo' '--from=oci:folder/'
	fish_offers 'cdr sync -i my' 'my list\.txt'
	fish_offers 'cdr sync -i "my' 'my list\.txt'
	fish_offers 'cdr sync --images=my\\ l' '--images=my list\.txt'
	fish_offers 'cdr export --to b@' 'b@c:d/'
	fish_offers 'cdr ls -r ~/tree ghcr.io/org/to' 'ghcr.io/org/tool:v3'
	fish_offers 'cdr ls ghcr.io/org/other@' 'ghcr.io/org/other@sha256:[0-9a-f]{64}'
	fish_offers 'cdr sync x platform=linux/amd64,linux/s3' 'platform=linux/amd64,linux/s390x'
fi
