# A tree with a bit of everything that the page tells of an image, from registries of
# its own: tags that moved, names of one digest, a signature that is required and one
# that is not, artifacts of several kinds, an index of which one platform is here.
# Sourced after lib.sh and sync.sh; POSIX sh. Needs cdr, python3, curl, jq and openssl.
#
#   images_tree          makes it: $ROOT, the key $T/shop.pem, and these digests
#     $FIRST $SECOND     what app:latest was, and is
#     $SPARSE $CHART $SBOM $MODEL
# shellcheck shell=sh

images_tree()
{
	start_registry
	ROOT=$T/root CDR_REGISTRIES=$T/all.json
	export ROOT CDR_REGISTRIES
	jq -n --arg at "http://$UPSTREAM" '["docker.io", "ghcr.io", "reg.example:5000",
		"quay.io"] | map({(.): {endpoint: $at}}) | add' >"$CDR_REGISTRIES"
	openssl genpkey -algorithm ed25519 -out "$T/shop.key" 2>/dev/null &&
		openssl pkey -in "$T/shop.key" -pubout -out "$T/shop.pem" ||
		fail "openssl makes no key"

	# All layers but the last are those of the one before.
	FIRST=$(craft index library/app:1.0 --layers 3 --shared 2 --seed app --size 90000)
	craft index library/app:latest --layers 3 --shared 2 --seed app --size 90000 >/dev/null
	craft image library/base:1 --layers 2 --shared 2 --seed app --size 90000 >/dev/null
	craft image team/tool:2.1 --layers 1 --seed tool --size 30000 >/dev/null
	SPARSE=$(craft index library/sparse:1 --layers 1 --size 40000 --seed sparse)
	CHART=$(craft artifact charts/shop:1.2.3_build.7 --layers 1 --size 5000 --seed chart \
		--config-type application/vnd.cncf.helm.config.v1+json \
		--layer-type application/vnd.cncf.helm.chart.content.v1.tar+gzip)
	MODEL=$(craft artifact ai/model:small --size 70000 --seed model --files model.gguf,LICENSE \
		--config-type application/vnd.docker.ai.model.config.v0.1+json)
	craft artifact team/policy:v1 --size 3000 --seed policy --layers 1 \
		--artifact-type application/vnd.example.policy >/dev/null
	cat >"$T/list" <<-LIST
		app:1.0 platform=all referrers=yes
		app:latest platform=all referrers=yes keep=5
		base:1
		sparse:1 platform=linux/arm64
		ai/model:small
		quay.io/team/policy:v1
		ghcr.io/charts/shop:1.2.3_build.7
		reg.example:5000/team/tool:2.1
	LIST
	sync "what there was at first" -i "$T/list"
	sleep 1

	SECOND=$(craft index library/app:1.1 --layers 3 --shared 2 --seed app2 --size 91000 \
		--attestations)
	craft index library/app:latest --layers 3 --shared 2 --seed app2 --size 91000 \
		--attestations >/dev/null
	craft index library/app:1 --layers 3 --shared 2 --seed app2 --size 91000 \
		--attestations >/dev/null
	craft signature library/app --subject "$SECOND" --key "$T/shop.key" >/dev/null
	SBOM=$(craft artifact library/app:sbom --subject "$SECOND" --size 20000 --files sbom.spdx.json \
		--artifact-type application/spdx+json)
	craft signature library/base --subject "$(curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$UPSTREAM/v2/library/base/manifests/1" | tr -d '\r' |
		sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p')" --key "$T/shop.key" >/dev/null
	sed -i "s,^app:latest .*,&  signed=$T/shop.pem,; s/^base:1/& referrers=yes/" "$T/list"
	for _tag in 1.1 1; do
		sed -n "s/^app:latest/app:$_tag/p" "$T/list"
	done >"$T/more"
	echo 'app:gone' | cat "$T/more" - >>"$T/list"
	sync_rc "what has moved since, and one that is not there" 1 -i "$T/list"
	export FIRST SECOND SPARSE CHART MODEL SBOM
}
