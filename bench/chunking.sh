#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed of cutting beside its peers, on one text: bench/chunking.sh FILE [MB…]
# $PYTHON names the interpreter that has the peers (bench/chunking.py).
set -eu
cd "$(dirname "$0")/.."
file=$1
shift
[ $# -gt 0 ] || set -- 1 8 37
cmake --preset release >/dev/null
cmake --build build/release --target chunking-bench
for case in "words 500" "characters 1000" "markdown 500" "tokens 500+50"; do
  build/release/chunking-bench $case "$file" "$@"
done
"${PYTHON:-python3}" bench/chunking.py "$file" "$@"
