#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed of cutting beside its peers, on one text: bench/chunking.sh FILE [MB…]
set -eu
cd "$(dirname "$0")/.."
file=$1
shift
[ $# -gt 0 ] || set -- 1 8 37
cmake --preset release >/dev/null
cmake --build build/release --target confab_knowledge
lib=build/release/src
cc -std=c17 -O2 -D_GNU_SOURCE -Isrc bench/chunking.c $lib/knowledge/libconfab_knowledge.a $lib/text/libconfab_text.a \
  $lib/base/libconfab_base.a $(pkg-config --libs libpcre2-8 icu-uc libxml-2.0 libarchive sqlite3 jansson libxxhash libcrypto) -lm \
  -o build/release/chunking
for case in "words 500" "characters 1000" "markdown 500" "tokens 500"; do
  build/release/chunking $case "$file" "$@"
done
python3 bench/chunking.py "$file" "$@"
