#!/bin/sh
# lint takes nginx's configuration as it is, and says where it uses captures in a way
# that an nginx before 1.31.3 does not survive: a numbered one that is no map's own
# result, a named one in a map, a volatile map (CVE-2026-42533).
# shellcheck disable=SC2016 # nginx's
. "$(dirname "$0")/../lib.sh"

need python3
cd "$TOP" || exit 1
check "the configuration" python3 tests/style.py nginx/*.conf k8s/*/*/*.conf

# complains WHAT LINE: in place of the map's regular expression
complains()
{
	printf 'map $uri $a {\n\tdefault "";\n\t%s\n}\nset $b $a;\n' "$2" >"$T/a.conf"
	expect_rc "$1" 1 python3 tests/style.py "$T/a.conf"
	expect_eq "where" "$T/a.conf:3: $1" "$(cat "$T/stdout")"
}
complains "a named capture in a map" '"~^/(?<x>a)" $x;'
complains "a named capture in a map" "\"~^/(?P<x>a)\" \$x;"
complains "a named capture in a map" "~^/(?'x'a) \$x;"
complains "a volatile map" 'volatile;'
complains "a numbered capture that is no map's result" '/a $1;'
for line in 'set $b $1;' 'rewrite ^(.*)$ /x$1 last;' 'alias /srv/${2};' \
	'map "$1$uri" $b {'; do
	echo "$line" >"$T/a.conf"
	expect_rc "$line" 1 python3 tests/style.py "$T/a.conf"
done
for line in 'map $uri $a { volatile; }' 'map $uri' 'map $uri $a { "~(?<x>a)" $x; }'; do
	echo "$line" >"$T/a.conf"
	expect_rc "a map in another form: $line" 1 python3 tests/style.py "$T/a.conf"
done
printf 'map $uri $a {\n\t"~(?<=/)(a)(?<!b)" $1/x;\n}\nlocation ~ "^/(?<b>a)$" {\n\talias /srv/$b;\n}\n' \
	>"$T/a.conf"
check "look-behind, a map's result, names in a location" python3 tests/style.py "$T/a.conf"
