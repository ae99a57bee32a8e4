#!/bin/sh
# All that the documents tell to type is there: subcommands, options and their values,
# scripts, targets of make, units, manifests, files. What is not there is named with its line.
. "$(dirname "$0")/../lib.sh"

need cdr python3
cd "$TOP"
commands()
{
	python3 -S tests/commands.py "$CDR" "$@"
}

# All of them but for what tells of other versions, and of the tests.
git ls-files --cached --others --exclude-standard >"$T/files" 2>/dev/null || find . -type f -not -path './build/*' | sed 's,^\./,,' >"$T/files"
grep -E '^(README|CONTRIBUTING|SECURITY)\.md$|^(boot|k8s|layout|nginx|scripts|syncer)/.*(\.md|\.[1-8]|\.env|\.service|\.timer)$' \
	"$T/files" >"$T/documents"
# shellcheck disable=SC2046 # words
check "what documents tell to type is there" commands $(cat "$T/documents")
for file in README.md k8s/README.md nginx/README.md scripts/tutorials/airgap.md \
    scripts/tutorials/compose.md scripts/tutorials/systemd.md syncer/cdr.1 scripts/systemd/cdr.env; do
	grep -q "^[1-9][0-9]* commands in $file\$" "$T/stdout" || fail "$file: no command is found in it"
done
total=$(awk '{ n += $1 } END { print n }' "$T/stdout")
[ "$total" -ge 250 ] || fail "only $total commands are found"
ok "$total commands"

# Each line of these is wrong.
mkdir "$T/wrong"
cat >"$T/wrong/wrong.md" <<'END'
Text with `cdr sync --made-up` and `cdr ls --root`.

    cdr synchronise -i images.list
    sudo cdr gc --keep-unlisted 30d --min-fee 10%    # a comment
    a | cdr gc --keep-unlisted 30q
    cdr sync -Z app:1
    CDR_ROOT=/x cdr watch -i list \
        --evry 5m
    docker run --rm localhost/cdr gc --dry-ran

```sh
cdr-serve --tsl a b /srv/cdr
scripts/demo --twice
scripts/demonstrate
k8s/image/build -q
make imagine
make image OUTPTU=cdr.tar
systemctl enable --now cdr-snyc.timer
kubectl apply -k k8s/overlays/egde
kubectl -n cdr create job --from=cronjob/cdr-snyc first
cp nginx/nignx.conf /usr/local/share/cdr/nginx/cdr.cnof
    command: [watch, -i, /etc/cdr/images.list, --evrey, 5m]
docker run --rm reg.example/cdr:0.1.0 gc --dry-rnu
```
Text with `cdr sync
--broken-off`, and `cdr ls --behind-it`
END
cat >"$T/wrong/wrong.1" <<'END'
.Bd -literal
$ cdr sync --plans x
.Ed
.Dl cdr lsd
.Ic cdr sync Fl Fl made-up ,
.Pa nginx/nothing.md
.Pq Ql cdr watch \-\-listen-hoks Ar SOCK
END
echo '#CDR_GC_OPTIONS="--keep-unlsted 3d"' >"$T/wrong/wrong.env"
# shellcheck disable=SC2016 # for systemd
echo 'ExecStart=/usr/local/bin/cdr verify --max-tme=2h $MORE' >"$T/wrong/wrong.service"
expect_rc "what is not there" 1 commands "$T/wrong"/wrong.*
for line in md:1:.*--made-up md:3:.*synchronise md:4:.*--min-fee md:5:.*30q md:6:.*Z md:7:.*--evry \
    md:9:.*--dry-ran md:12:.*--tsl md:13:.*--twice md:14:.*demonstrate md:15:.*-q md:16:.*imagine \
    md:17:.*OUTPTU md:18:.*cdr-snyc.timer md:19:.*egde md:20:.*cdr-snyc md:21:.*nignx.conf \
    md:21:.*cdr.cnof md:22:.*--evrey md:23:.*--dry-rnu md:25:.*--broken-off md:26:.*--behind-it \
    1:2:.*--plans 1:4:.*lsd 1:5:.*--made-up 1:6:.*nothing.md 1:7:.*--listen-hoks env:1:.*--keep-unlsted service:1:.*--max-tme; do
	expect_said "$line" "/wrong\\.$line"
done
expect_eq "and nothing else" 30 "$(grep -c '/wrong\.[a-z0-9]*:[0-9]*: ' "$T/stdout")"
