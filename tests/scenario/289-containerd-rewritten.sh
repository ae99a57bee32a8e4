#!/bin/sh
# Another program writes containerd's file anew after cdr, without comments, as NVIDIA's
# toolkit does. cdr node-config --remove then takes config_path out all the same, and
# says so; where nothing of cdr's is left, it says that; and where it cannot tell what
# is its own, the file and the backup stay, with the line, until somebody has looked.
. "$(dirname "$0")/../lib.sh"

need cdr python3
R=$T/node
config=$R/etc/containerd/config.toml
backup=$config.before-cdr

anew()
{
	rm -rf "$R"
	mkdir -p "$R/etc/containerd"
	cat >"$config" <<'END'
version = 2

# Of the site.
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"
END
	check "installed" "$CDR" node-config containerd --prefix "$R" \
		--mirror http://10.0.0.5:5000 --install
}

# rewrite [PYTHON]: as go-toml writes it: sorted, indented, without comments.
rewrite()
{
	python3 - "$config" "${1-pass}" <<'END'
import sys, tomllib
name = sys.argv[1]
doc = tomllib.load(open(name, "rb"))
cri = doc["plugins"]["io.containerd.grpc.v1.cri"]
cri["containerd"] = {"default_runtime_name": "nvidia"}
exec(sys.argv[2])
def put(table, path, depth, out):
    plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
    for k in sorted(plain):
        v = plain[k]
        out.write("  " * depth + "%s = %s\n" % (k, '"%s"' % v if isinstance(v, str) else v))
    for k in sorted(k for k in table if isinstance(table[k], dict)):
        here = path + ['"%s"' % k if "." in k else k]
        out.write("\n" + "  " * depth + "[%s]\n" % ".".join(here))
        put(table[k], here, depth + 1, out)
with open(name, "w") as out:
    put(doc, [], 0, out)
END
}

# says PYTHON: what the file says now.
says()
{
	python3 -c '
import sys, tomllib
doc = tomllib.load(open(sys.argv[1], "rb"))
cri = doc["plugins"]["io.containerd.grpc.v1.cri"]
print(eval(sys.argv[2]))' "$config" "$1"
}

anew
rewrite
expect_eq "the marks are gone" 0 "$(grep -c '#' "$config")"
check "another --install" "$CDR" node-config containerd --prefix "$R" \
	--mirror http://10.0.0.6:5000 --install
expect_eq "keeps one config_path" 1 "$(grep -c config_path "$config")"
rewrite
check "--remove" "$CDR" node-config containerd --prefix "$R" --remove
expect_said "says what it did" '^took our lines out of /etc/containerd/config\.toml'
expect_eq "config_path is gone" '{}' "$(says 'cri["registry"]')"
expect_eq "what the program wrote is there" nvidia \
	"$(says 'cri["containerd"]["default_runtime_name"]')"
expect_eq "and nothing of ours" "" "$(find "$R" -name '*cdr*' -o -name certs.d)"

anew
rewrite 'del cri["registry"]'
cp "$config" "$T/theirs"
check "--remove where nothing of ours is left" \
	"$CDR" node-config containerd --prefix "$R" --remove
expect_said "says that" '^found nothing of ours in /etc/containerd/config\.toml'
check "and the file is theirs" cmp "$T/theirs" "$config"

anew
rewrite 'cri["registry"]["config_path"] += ":/etc/docker/certs.d"'
cp "$config" "$T/theirs"
for again in "" " once more"; do
	expect_rc "--remove where it is one of two$again" 1 \
		"$CDR" node-config containerd --prefix "$R" --remove
	expect_said "names the line" '/etc/containerd/config\.toml: line [0-9]*: another program'
	check "... and keeps the file" cmp "$T/theirs" "$config"
	check "... and what was before" grep -q 'Of the site' "$backup"
done
sed -i 's,/etc/containerd/certs\.d:,,' "$config"
check "after somebody has looked" "$CDR" node-config containerd --prefix "$R" --remove
expect_eq "it is their folder" /etc/docker/certs.d \
	"$(says 'cri["registry"]["config_path"]')"
expect_eq "nothing of ours is left" "" "$(find "$R" -name '*cdr*' -o -name certs.d)"

anew
printf 'version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { registry = { config_path = "/etc/containerd/certs.d" } }\n' \
	>"$config"
expect_rc "in an inline table" 1 "$CDR" node-config containerd --prefix "$R" --remove
check "the backup stays" test -s "$backup"
echo '[plugins' >"$config"
expect_rc "in a file that is no TOML any more" 1 \
	"$CDR" node-config containerd --prefix "$R" --remove
expect_said "with its line" 'config\.toml: line 1: '
check "... too" test -s "$backup"

# A drop-in decided, and goes with its program: it does not come back.
anew
check "back" "$CDR" node-config containerd --prefix "$R" --remove
mkdir "$R/etc/containerd/conf.d"
echo 'imports = ["/etc/containerd/conf.d/*.toml"]' | cat - "$config" >"$T/config"
cp "$T/config" "$config"
drop=$R/etc/containerd/conf.d/99-program.toml
printf '[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "x"\n' >"$drop"
install()
{
	"$CDR" node-config containerd --prefix "$R" --mirror http://10.0.0.5:5000 \
		--install
}
check "with a drop-in" install
expect_eq "config_path is there" 1 "$(grep -c config_path "$drop")"
rm "$drop"
check "without it" install
expect_eq "config_path is in the main file" 1 "$(grep -c config_path "$config")"
expect_eq "the drop-in stays away, with its backup" "" \
	"$(ls "$R/etc/containerd/conf.d")"
check "back" "$CDR" node-config containerd --prefix "$R" --remove
check "the main file is theirs" cmp "$T/config" "$config"
