# shellcheck shell=bash
# What bash offers for cdr when the tabulator is pressed. The program says what fits:
# nothing of its options is repeated here.

# Sets words, without quotes, up to the cursor, and prefix: what of the last one stands
# before that which readline replaces: the last of its separators, or an open quote.
_cdr_words()
{
	local line=${COMP_LINE:0:COMP_POINT} quote='' is_word='' word='' c
	local -i i

	words=()
	prefix=''
	for ((i = 0; i < ${#line}; i++)); do
		c=${line:i:1}
		case $quote$c in
		"''" | '""')
			quote='' ;;
		"'"? | '"'[!\\])
			word+=$c ;;
		\' | \")
			quote=$c
			is_word=1
			prefix=$word ;;
		'"'\\ | \\)
			i+=1
			c=${line:i:1}
			[[ -z $quote || $c == [\"\\\$\`] ]] || word+=\\
			word+=$c
			is_word=1 ;;
		[[:space:]])
			[[ -z $is_word ]] || words+=("$word")
			word='' prefix='' is_word='' ;;
		*)
			word+=$c
			is_word=1
			[[ $COMP_WORDBREAKS != *"$c"* ]] || prefix=$word ;;
		esac
	done
	words=("${words[@]/#~\//$HOME/}" "$word")
}

# _cdr_files BEFORE OPTION: names of files, behind that
_cdr_files()
{
	local typed=${words[${#words[@]} - 1]} name

	compopt -o filenames
	while IFS= read -r name; do
		# With more or less than the name, readline does not find the folder.
		if [[ $prefix != "$1" && -d $name ]]; then
			compopt -o nospace
			name+=/
		fi
		name=$1$name
		COMPREPLY+=("${name#"$prefix"}")
	done < <(compgen "$2" -- "${typed#"$1"}")
}

_cdr()
{
	local IFS=$' \t\n' prefix answer
	local -a words

	_cdr_words
	COMPREPLY=()
	while IFS= read -r answer; do
		case $answer in
		:file*)
			_cdr_files "${answer#*$'\t'}" -f ;;
		:dir*)
			_cdr_files "${answer#*$'\t'}" -d ;;
		?*)
			answer=${answer%%$'\t'*}
			[[ $answer != "$prefix" ]] || continue
			[[ $answer == *[:=] ]] && compopt -o nospace
			COMPREPLY+=("${answer#"$prefix"}") ;;
		esac
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _cdr cdr
