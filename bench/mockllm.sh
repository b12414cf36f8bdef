#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How fast the mock API is, so that it is never the mock that a benchmark measures. Needs wrk.
# usage: bench/mockllm.sh PATH-OF-MOCKLLM [SECONDS]
# The last column is what one core would answer a second if it did nothing else: answers by the
# CPU time that the server used. wrk has the other core, so on a quiet machine both columns agree.
set -eu
mock=${1:?usage: bench/mockllm.sh PATH-OF-MOCKLLM [SECONDS]}
seconds=${2:-5}
dir=$(mktemp -d)
pid=
stop() { [ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; pid=; }; }
trap 'stop; rm -rf "$dir"' EXIT
ulimit -n "$(ulimit -Hn)"

# 2,000 requests of 3 KB that differ in their seed, made before the clock starts.
cat >"$dir/chat.lua" <<'E2'
local words = string.rep("The customer asks about a refund for an order that came late. ", 40)
local schema = '{"type":"object","additionalProperties":false,"required":["exchanges"],"properties":{"exchanges":{"type":"array",' ..
  '"minItems":3,"maxItems":3,"items":{"type":"object","additionalProperties":false,"required":["Customer","Agent"],"properties":{' ..
  '"Customer":{"type":"string","minLength":1,"maxLength":300},"Agent":{"type":"string","minLength":1,"maxLength":300}}}}}}'
local requests, n = {}, 0
init = function()
  for i = 1, 2000 do
    requests[i] = wrk.format("POST", "/v1/chat/completions", {["Content-Type"] = "application/json", ["Authorization"] = "Bearer k"},
      '{"model":"mock-model","messages":[{"role":"system","content":"You write."},{"role":"user","content":"' .. words ..
      '"}],"temperature":0.7,"seed":' .. i .. ',"response_format":{"type":"json_schema","json_schema":{"name":"c","strict":true,"schema":' ..
      schema .. '}}}')
  end
end
request = function()
  n = n % 2000 + 1
  return requests[n]
end
E2

cpu_ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }
run() { # name, connections, server options...
  local name=$1 connections=$2; shift 2
  "$mock" --port-file "$dir/port" --die-with-parent "$@" >/dev/null &
  pid=$!
  while [ ! -s "$dir/port" ]; do sleep 0.01; done
  wrk -t1 -c "$connections" -d "$seconds" --timeout 10s --latency -s "$dir/chat.lua" "http://127.0.0.1:$(cat "$dir/port")" >"$dir/wrk"
  local ticks most p50 p99
  ticks=$(cpu_ticks)
  most=$(curl -s "http://127.0.0.1:$(cat "$dir/port")/_stats" | sed 's/.*"max_in_flight":\([0-9]*\).*/\1/')
  p50=$(awk '$1 == "50%" {print $2}' "$dir/wrk")
  p99=$(awk '$1 == "99%" {print $2}' "$dir/wrk")
  awk -v name="$name" -v hz="$(getconf CLK_TCK)" -v ticks="$ticks" -v most="$most" -v p50="$p50" -v p99="$p99" '
    /requests in/ {n = $1} /Requests\/sec/ {rate = $2} /Socket errors/ {errors = $0} /Non-2xx/ {errors = errors $0}
    END {printf "%-34s %9.0f/s  p50 %8s  p99 %8s  waiting %6d  %9.0f/s a core %s\n", name, rate, p50, p99, most, n / (ticks / hz), errors}' "$dir/wrk"
  rm -f "$dir/port"
  stop
}
run 'no delay, 64 connections' 64
run 'no delay, 64, with a ledger' 64 --ledger "$dir/ledger"
run 'no delay, 64, a tenth faulty' 64 --faults 0.1 --faults-exclude transport,framing,huge-content,late,drip,early-hints
run 'no delay, 1024 connections' 1024
run '200 ms, 256 connections' 256 --delay-ms 200
run '500 ms, 4096 connections' 4096 --delay-ms 500
run '1 s, 10000 connections' 10000 --delay-ms 1000
