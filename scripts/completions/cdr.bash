# shellcheck shell=bash
# What bash offers for cdr when the tabulator is pressed. The program says what fits:
# nothing of its options is repeated here.

_cdr()
{
	local line=${COMP_LINE:0:COMP_POINT} IFS=$' \t\n' typed prefix answer
	local -a words

	read -ra words <<<"$line"
	case $line in
	*[[:space:]]) words+=("") ;;
	esac
	typed=${words[${#words[@]} - 1]}
	# readline replaces what stands behind the last of these.
	prefix=${typed%"${typed##*[:=]}"}
	COMPREPLY=()
	while IFS= read -r answer; do
		case $answer in
		:file | :dir)
			compopt -o filenames
			if [[ $answer == :dir ]]; then
				mapfile -t COMPREPLY < <(compgen -d -- "${typed#"$prefix"}")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "${typed#"$prefix"}")
			fi ;;
		?*)
			answer=${answer%%$'\t'*}
			[[ $answer == *[:=] ]] && compopt -o nospace
			COMPREPLY+=("${answer#"$prefix"}") ;;
		esac
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _cdr cdr
