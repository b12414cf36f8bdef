# SPDX-License-Identifier: Apache-2.0
# What the set-up scripts share; each sources it first. Data goes to standard output, everything said to standard error.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}/confab
model=$data/models/SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
server=$data/server

say() { printf '%s\n' "$*" >&2; }

# fail WHAT [HINT]
fail() {
  say "error: $1"
  [ -z "${2:-}" ] || say "hint: $2"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# step NAME COMMAND…: one line for a step that takes a while. What it printed is shown only when it fails, and then the
# script ends. (Not to be called where bash ignores `set -e`, such as before `||`.)
step() {
  local name=$1 started=$SECONDS log status
  shift
  log=$(mktemp)
  printf '%-34s' "$name" >&2
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  status=$?
  set -e
  [ "$status" = 0 ] && say "done, $((SECONDS - started)) s" || { say "failed"; tail -n 40 "$log" >&2; }
  rm -f "$log"
  [ "$status" = 0 ] || exit "$status"
}

# ask QUESTION: yes or no, on a terminal only; without one the answer is no.
ask() {
  local answer
  { [ -t 0 ] && [ -t 2 ]; } || return 1
  printf '%s [Y/n] ' "$1" >&2
  read -r answer || return 1
  case $answer in '' | [Yy]*) return 0 ;; *) return 1 ;; esac
}

# The cores that this process may use.
cores() { nproc 2>/dev/null || echo 2; }
