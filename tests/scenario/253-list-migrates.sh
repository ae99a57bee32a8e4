#!/bin/sh
# Who comes from regsync or skopeo sync gets a list of the same images: platforms, tags
# by expression and by range, referrers. What has no word in a list is named, and no
# password gets into it. What nodes asked nginx for and did not find is in a comment.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl nginx
upstream
for tag in 1.0 1.1 1.2-rc 2.0 latest; do
	craft image "library/app:$tag" --layers 1 --size 500 --seed "$tag" >/dev/null
done
craft index library/multi:1 --platforms linux/amd64,linux/arm64 --layers 1 >/dev/null
tags()
{
	pick '" ".join(v.tags)' "$ROOT/repos/docker.io/library/app/_tags/list"
}

cat >"$T/regsync.yml" <<'END'
version: 1
creds:
- registry: docker.io
  user: somebody
  pass: geheim
defaults:
  parallel: 2
  interval: 60m
sync:
- source: multi:1
  target: registry.example/multi:1
  type: image
  platform: linux/arm64
- source: app
  target: registry.example/app
  type: repository
  tags:
    allow:
    - '1\.\d+'
    - latest
    deny:
    - '1\.0'
END
# shellcheck disable=SC2016 # for the inner shell
expect_rc "regsync.yml" 1 sh -c '"$1" list "$2" >"$3"' - "$CDR" "$T/regsync.yml" "$T/list"
cat >"$T/want" <<END
# $T/regsync.yml:3: creds: see "docker login" and --registries
# $T/regsync.yml:8: interval: see "cdr sync" in a CronJob or a timer
# $T/regsync.yml:22: app: deny: these tags come as well: narrow tags=
app tags=regex:1\\.[0-9]+
app tags=regex:latest
multi:1 platform=linux/arm64
END
check "is a list" cmp "$T/want" "$T/list"
! grep -q geheim "$T/list" "$T/stderr" || fail "the password is there"
sync "a sync takes it" -i "$T/list"
expect_eq "and brings these tags" "1.0 1.1 latest" "$(tags)"
tree_check "$ROOT"

rm -rf "$ROOT"
cat >"$T/skopeo.yml" <<'END'
docker.io:
  images:
    multi: ["1"]
  images-by-tag-regex:
    app: ^[12]\.0$
  images-by-semver:
    library/app: ">= 1.1, < 2"
  credentials:
    username: somebody
    password: geheim
END
# shellcheck disable=SC2016 # for the inner shell
expect_rc "YAML of skopeo sync" 1 sh -c '"$1" list "$2" >"$3"' - "$CDR" "$T/skopeo.yml" \
	"$T/list"
cat >"$T/want" <<END
# $T/skopeo.yml:9: docker.io: credentials: see "docker login"
docker.io/app tags=regex:[12]\\.0
docker.io/library/app tags=semver:>=1.1,<2
docker.io/multi:1
END
check "is a list" cmp "$T/want" "$T/list"
! grep -q geheim "$T/list" "$T/stderr" || fail "the password is there"
sync "a sync takes it" -i "$T/list"
expect_eq "and brings these tags" "1.0 1.1 2.0" "$(tags)"
tree_check "$ROOT"

# --- what nodes have asked for ---------------------------------------------------------

start_nginx "$ROOT" --log "$T/log"
for path in app/manifests/1.0 app/manifests/9 app/manifests/9 'org/x/manifests/1?ns=quay.io'; do
	curl -s -o "$T/body" "http://$MIRROR/v2/$path" || fail "curl"
done
lines()
{
	[ "$(wc -l <"$T/log")" -ge 4 ]
}
wait_for 5 lines
check "nginx's log" "$CDR" list "$T/log"
expect_eq "says what was not found" "# asked for and not found: docker.io/library/app:9 (2)
# asked for and not found: quay.io/org/x:1 (1)" "$(cat "$T/stdout")"
