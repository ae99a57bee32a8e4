# What a script knows of a file that it sources, for shellcheck: the functions, which do
# nothing, and end it if they always do; the variables that are set, to one word or
# to anything, and those that are read; what else is sourced. shellcheck looks at all that a
# script sources as if it stood in the script: with the file itself, each scenario takes
# six times as long, and the file is looked at three hundred times.

function tell_function()
{
	if (name != "")
		printf "%s()\n{\n\t%s\n}\n", name, ends && !returns ? "exit 1" : ":"
	name = ""
}

/^[A-Za-z_][A-Za-z_0-9]*\(\)$/ {
	name = substr($0, 1, length($0) - 2)
	returns = 0
	next
}
/^}/ { tell_function() }
/^# shellcheck source=/ || /^\. / || /^set -/ { print }
/(^|[ \t])return($|[ ;])/ { returns = 1 }

{
	ends = /^\texit/
	line = $0
	while (match(line, /[$]\{?[A-Za-z_][A-Za-z_0-9]*/)) {
		word = substr(line, RSTART, RLENGTH)
		gsub(/[${]/, "", word)
		is_read[word]
		line = substr(line, RSTART + RLENGTH)
	}
	line = $0
	while (match(line, /(^|[ \t;({])[A-Za-z_][A-Za-z_0-9]*=/)) {
		word = substr(line, RSTART, RLENGTH - 1)
		gsub(/[ \t;({]/, "", word)
		line = substr(line, RSTART + RLENGTH)
		is_set[word]
		if (line !~ /^([A-Za-z0-9_.:\/-]*|[$][!?$])($|[ ;)])/)
			is_any[word]
	}
}

END {
	for (word in is_set)
		print word (word in is_any ? "=$1" : "=$!")
	for (word in is_read)
		print ": \"$" word "\""
}
