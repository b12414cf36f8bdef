#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk that really fills up, and one that becomes read-only, under a run; then both are mended.
#   mounted.sh CONFAB MOCKLLM      needs root; ends with 77 (skipped) where it may not mount
set -u
if [ "${3:-}" != inside ]; then
  [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null || exit 77
  exec unshare --mount "$0" "$1" "$2" inside
fi
confab=$1 mock=$2
work=$(mktemp -d)
mount -t tmpfs -o size=3m confab-test "$work" || exit 77
port=$(mktemp -d)
trap 'kill $server 2>/dev/null; umount -l "$work"; rm -rf "$work" "$port"' EXIT
"$mock" --port 0 --port-file "$port/port" --delay-ms 5 --die-with-parent >/dev/null &
server=$!
until [ -s "$port/port" ]; do sleep 0.02; done
export LLM_API_URL="http://127.0.0.1:$(cat "$port/port")" LLM_NAME=mock-model NO_COLOR=1
unset LLM_API_KEY
mkdir -p "$work/p/prompting"
echo "You write chats." >"$work/p/prompting/system-prompt.txt"
echo "Write a chat of {exchanges} exchanges." >"$work/p/prompting/user-prompt.txt"

faults=0
wrong() { echo "wrong: $*"; faults=$((faults + 1)); }
call() { timeout 120 "$confab" "$@" -p "$work/p" --yes --progress none -j 8 >"$port/out" 2>"$port/err"; }
number() { "$confab" status -p "$work/p" --json | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }

call run -n 3000 -x 2 --seed 1
code=$?
[ $code = 8 ] || wrong "a full disk ends with $code: $(tail -3 "$port/err")"
grep -q "^error\[" "$port/err" || wrong "no error is said"
kept=$(number kept)
[ "$kept" -gt 0 ] || wrong "nothing of the full disk can be read"
echo "full after $kept conversations: $(grep -m1 '^error' "$port/err")"
call resume
[ $? = 8 ] || wrong "it is still full, and a resume ends otherwise"
mount -o remount,size=64m "$work"

call resume &
resumed=$!
sleep 0.5
mount -o remount,ro "$work" 2>/dev/null || mount -o remount,ro,force "$work" 2>/dev/null
if grep -q " $work tmpfs ro" /proc/mounts; then
  wait $resumed
  code=$?
  [ $code = 8 ] || wrong "a read-only disk ends with $code: $(tail -3 "$port/err")"
  echo "read-only after $(number kept) conversations: $(grep -m1 '^error' "$port/err")"
  mount -o remount,rw "$work"
else
  # Files that are open for writing keep it from being remounted: it is so from the start instead.
  wait $resumed
fi
call resume
code=$?
[ $code = 0 ] || wrong "mended, and it ends with $code: $(tail -3 "$port/err")"
[ "$(number kept)" = 3000 ] || wrong "$(number kept) of 3000 kept"
mount -o remount,ro "$work"
call run -n 5 -x 2 --seed 2
code=$?
[ $code = 8 ] || wrong "a new run on a read-only disk ends with $code: $(tail -3 "$port/err")"
echo "read-only from the start: $(grep -m1 '^error' "$port/err")"
[ "$(number kept)" = 3000 ] || wrong "status cannot be read on a read-only disk"
[ $faults = 0 ] && echo "all 3000 are kept in the end"
exit $((faults > 0))
