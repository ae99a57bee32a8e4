# Bundles that are made by their format alone, and a site that imports them. For
# scenarios; sourced after lib.sh. It needs cdr, python3 and openssl.
#
#   bundles_begin        a key; sets $SITE, the tree of the site, in memory where there is
#                        room for that: what many small imports wait for is the disk
#   bundle NAME ...      makes one in the folder $T/NAME, signed: tests/bundle.py
#   import ...           cdr import into $SITE, with the key, as "site"
#   leads TAG SEED       e.example/app:TAG is there, with the image of this seed
#   manifest_of SEED     the digest of its manifest
# shellcheck shell=sh

bundles_begin()
{
	uses cdr python3 openssl
	openssl genpkey -algorithm ed25519 -out "$T/key" 2>/dev/null
	chmod 600 "$T/key"
	openssl pkey -in "$T/key" -pubout -out "$T/pub"
	SITE=$T/site
	if [ -w /dev/shm ]; then
		_memory=$(mktemp -d /dev/shm/cdr-site.XXXXXX)
		chmod 755 "$_memory"
		defer "rm -rf '$_memory'"
		SITE=$_memory/site
	fi
	export SITE
}

bundle()
{
	_name=$1
	shift
	python3 -S "$TOP/tests/bundle.py" "$T/$_name" --quiet --key "$T/key" "$@"
}

import()
{
	"$CDR" import -r "$SITE" --key "$T/pub" --site site "$@"
}

manifest_of()
{
	python3 -S -c 'import sys
sys.path.insert(0, sys.argv[1])
import bundle
print(bundle.sha(bundle.make_image(sys.argv[2], int(sys.argv[3]))[0]))' \
		"$TOP/tests" "$1" "${2:-4}"
}

leads()
{
	_at=$(readlink "$SITE/repos/e.example/app/_manifests/$1" || :)
	[ "sha256:${_at##*/}" = "$(manifest_of "$2" ${3+"$3"})" ]
}
