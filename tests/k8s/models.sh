# Kubernetes' types, from npm, below build/cache/k8s-models. Sourced; POSIX sh.
#
#   models_fetch           installs them where they are missing. scripts/install-deps
#                          test does this: needs the network and npm
#   models_need            the scenario is skipped, by name, without them
#   models_check FILE.mts  compiles FILE, a program of tests/k8s/manifest_types.py
# shellcheck shell=sh

MODELS_PACKAGES='kubernetes-models@5.1.0 @kubernetes-models/apimachinery@3.0.2
	@kubernetes-models/base@6.0.1 @kubernetes-models/prometheus-operator@6.0.0
	typescript@5.9.3'

MODELS=$TOP/build/cache/k8s-models

_models_stamp()
{
	# shellcheck disable=SC2086 # words
	echo $MODELS_PACKAGES
}

models_ready()
{
	{ read -r _models_has <"$MODELS/stamp"; } 2>/dev/null &&
		[ "$_models_has" = "$(_models_stamp)" ]
}

# Only types are read, and only the compiler is run: no package's scripts are.
models_fetch()
{
	! models_ready || return 0
	command -v npm >/dev/null || {
		echo "there is no npm" >&2
		return 1
	}
	rm -rf "$MODELS"
	mkdir -p "$MODELS"
	# By itself npm tries for ten minutes, and says nothing.
	# shellcheck disable=SC2086 # words
	timeout 180 npm install --fetch-retries 1 --fetch-timeout 60000 --prefix "$MODELS" --no-save --no-package-lock \
		--ignore-scripts --no-audit --no-fund $MODELS_PACKAGES \
		>"$MODELS/log" 2>&1 </dev/null || return 1
	_models_stamp >"$MODELS/stamp"
}

models_need()
{
	uses node
	models_ready ||
		skip "no Kubernetes types here: scripts/install-deps test fetches them"
}

# node finds packages from where the file is.
models_check()
{
	ln -sfn "$MODELS/node_modules" "${1%/*}/node_modules"
	node "$MODELS/node_modules/typescript/bin/tsc" --noEmit --strict \
		--skipLibCheck --module nodenext --moduleResolution nodenext \
		--target es2022 "$1"
}
