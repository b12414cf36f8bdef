#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tries mockllm with curl: every fault of its table must arrive as its line below says, and what is
# not a fault must be honest. usage: smoke.sh PATH-OF-MOCKLLM
set -u
mock=${1:?usage: smoke.sh PATH-OF-MOCKLLM}
dir=$(mktemp -d)
pid=
passed=0 failed=0
stop() { # a server that does not end with 0 (a sanitizer's finding, too) is a failure
  [ -n "$pid" ] || return 0
  kill "$pid" 2>/dev/null
  wait "$pid" || bad "the server of ${started-} ended with $?: $(head -c 2000 "$dir/err")"
  pid=
}
trap 'stop; rm -rf "$dir"' EXIT

start() { # options... ; sets $url
  stop
  started=$*
  rm -f "$dir/port"
  "$mock" --port-file "$dir/port" --die-with-parent "$@" >"$dir/out" 2>"$dir/err" &
  pid=$!
  for _ in $(seq 6000); do [ -s "$dir/port" ] && break; kill -0 "$pid" 2>/dev/null || break; sleep 0.01; done
  port=$(cat "$dir/port")
  url=http://127.0.0.1:$port
}
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); printf 'FAILED %s\n' "$*"; }
check() { # name, command...
  local name=$1; shift
  if "$@" >/dev/null 2>&1; then ok; else bad "$name"; fi
}
has() { grep -qaF -- "$1" "$dir/got"; }
lacks() { ! has "$1"; }
is_json() { python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$1"; }
size_above() { [ "$(stat -c %s "$1")" -gt "$2" ]; }

schema='{"type":"object","additionalProperties":false,"required":["mood","exchanges","turns"],"properties":{
 "mood":{"enum":["calm","angry"]},"count":{"type":"integer","minimum":3,"maximum":5},
 "exchanges":{"type":"array","minItems":3,"maxItems":3,"items":{"type":"object","required":["Customer","Agent"],
 "properties":{"Customer":{"type":"string","minLength":20,"maxLength":90},"Agent":{"$ref":"#/$defs/line"}}}},
 "turns":{"type":"array","minItems":5,"maxItems":5,"items":{"anyOf":[{"const":"Ann"},{"const":"Bob"}]}},
 "pair":{"type":"array","prefixItems":[{"const":7},{"type":["boolean","null"]}],"items":false},
 "any":{"anyOf":[{"type":"number","minimum":-1,"maximum":1},{"type":"string"}]}},
 "$defs":{"line":{"type":"string","maxLength":120}}}'
messages='[{"role":"system","content":"You write conversations."},{"role":"user","content":"One about \"refunds\", [please] {now}."}]'
chat="{\"model\":\"m-1\",\"messages\":$messages,\"seed\":5,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"c\",\"schema\":$schema}}}"
plain="{\"model\":\"m-1\",\"messages\":$messages,\"seed\":5}"

ask() { # path, body, curl options... ; answer with headers in $dir/got, sets $code and $exit
  local path=$1 body=$2; shift 2
  code=$(curl -sS -i --max-time 60 -o "$dir/got" -w '%{http_code}' -H 'anthropic-version: 2023-06-01' "$@" -d "$body" "$url$path" 2>"$dir/why")
  exit=$?
}
body() { sed '1,/^\r$/d' "$dir/got"; }
content() { body | python3 -c 'import json,sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])'; }

# --- faults: name, curl's exit code, status (- any), text that must be there (optional, ! before: must not)
tried=" "
fault() {
  local name=$1 want_exit=$2 want_code=$3 text=${4-}
  tried="$tried$name "
  start --fault "$name" --late-ms 150 --endless-limit 3000000 --ledger "$dir/ledger-$name"
  : >"$dir/got"
  # Only where nothing more comes is the time short; a busy machine has as much as it likes.
  ask /v1/chat/completions "$chat" --max-time "$([ "$want_exit" = 28 ] && echo 3 || echo 60)"
  if [ "$exit" != "$want_exit" ]; then bad "$name: curl says $exit ($(cat "$dir/why")), not $want_exit"; return; fi
  if [ "$want_code" != - ] && [ "$code" != "$want_code" ]; then bad "$name: status $code, not $want_code"; return; fi
  case $text in
    '') ;;
    '!'*) lacks "${text#!}" || { bad "$name: has ${text#!}"; return; } ;;
    *) has "$text" || { bad "$name: lacks $text"; return; } ;;
  esac
  stop
  grep -q " $name " "$dir/ledger-$name" || { bad "$name: not in the ledger"; return; }
  ok
}
for s in 400 401 402 403 404 405 408 409 413 415 418 422 424 425 429 451 500 501 502 503 504 507 508 520 522 524 529; do
  fault "status-$s" 0 "$s" '"error":{"message":'
done
fault quota-429 0 429 insufficient_quota
fault context-400 0 400 context_length_exceeded
fault filter-400 0 400 '"code":"content_filter"'
fault parameter-400 0 400 unsupported_parameter
fault retry-after-one 0 429 'Retry-After: 1'
fault retry-after-zero 0 429 'Retry-After: 0'
fault retry-after-negative 0 429 'Retry-After: -30'
fault retry-after-huge 0 429 'Retry-After: 31536000'
fault retry-after-overflow 0 429 'Retry-After: 99999999999999999999999'
fault retry-after-fraction 0 429 'Retry-After: 0.25'
fault retry-after-garbage 0 429 'Retry-After: soon, I promise'
fault retry-after-empty 0 429 'Retry-After: '
fault retry-after-two 0 429 'Retry-After: 1'
fault retry-after-date 0 429 ' GMT'
fault retry-after-past 0 429 ' GMT'
fault retry-after-far 0 429 ' GMT'
fault retry-after-503 0 503 'Retry-After: 1'
fault html-502 0 502 '<!DOCTYPE html>'
fault hang 28 000 '!HTTP/1.1'
fault late 0 200 '"finish_reason":"stop"'
fault drip 0 200 '"finish_reason":"stop"'
fault drip-forever 28 -
fault stall-head 28 -
fault stall-body 28 200 '!total_tokens'
fault close-at-once 52 000
fault close-head 0 - '!"choices"' # curl takes a head without an end for a whole answer
fault close-body 18 200 '!total_tokens'
fault reset-at-once 56 000
fault reset-body 56 200 '!total_tokens'
fault length-short 0 200 '!system_fingerprint'
fault length-long 18 200 system_fingerprint
fault length-absurd 18 200 system_fingerprint
fault length-garbage 8 -
fault length-two 0 200 'Content-Length: 7'
fault chunk-bad 56 200 '!total_tokens'
fault chunk-cut 18 200 system_fingerprint
fault chunked 0 200 'Transfer-Encoding: chunked'
fault early-hints 0 200 '103 Early Hints'
fault endless-body 0 200 'word word word'
check 'endless-body is long' size_above "$dir/got" 2999999
fault endless-head 56 -
fault endless-chunks 18 200 0123456789abcdef
check 'endless-chunks is long' size_above "$dir/got" 2000000
fault gzip-bomb 0 200 'Content-Encoding: gzip'
bomb=$(body | gzip -dc 2>/dev/null | head -c 50000000 | wc -c)
check 'gzip-bomb inflates' test "$bomb" = 50000000
fault gzip-lie 0 200 'Content-Encoding: gzip'
fault two-answers 0 200
fault http-1.0 0 200 system_fingerprint
fault http-0.9 1 -
fault not-http 1 -
fault status-line 1 -
fault sse-no-end 28 200 'data: {'
fault redirect-302 0 302 'Location: http://127.0.0.1:1/v1'
fault redirect-308 0 308 'Location: http://127.0.0.1:1/v1'
fault redirect-file 0 302 'Location: file:///'
fault empty-200 0 200 'Content-Length: 0'
fault status-204 0 204
fault html-200 0 200 'Content-Type: text/html'
fault html-as-json 0 200 'Content-Type: application/json'
fault type-lie 0 200 'Content-Type: image/png'
fault json-cut 0 200 '!total_tokens'
fault json-null 0 200 null
fault json-tail 0 200 '} trailing'
fault json-array 0 200 '[{"id"'
fault bom 0 200 $'\xef\xbb\xbf{'
fault utf-16 0 200
check 'utf-16 has NUL bytes' test "$(body | tr -dc '\0' | wc -c)" -gt 500
fault deep-json 0 200 '[[[[[[[[['
check 'deep-json is deep' test "$(body | tr -dc '[' | wc -c)" = 100000
fault error-200 0 200 '"error":{'
fault huge-content 0 200 'filler filler'
check 'huge-content is huge' size_above "$dir/got" 100000000
body >"$dir/huge.json"
check 'huge-content is JSON' is_json "$dir/huge.json"
rm -f "$dir/huge.json"
fault invalid-utf8 0 200 $'\xff\xfe'
fault nul-raw 0 200
check 'nul-raw has a NUL byte' test "$(body | tr -dc '\0' | wc -c)" = 1
fault lone-surrogate 0 200 '\ud83d'
fault choices-missing 0 200 '!"choices"'
fault choices-empty 0 200 '"choices":[]'
fault content-null 0 200 '"content":null'
fault wrong-types 0 200 '"content":[1'
fault duplicate-keys 0 200 'the first of two'
fault usage-missing 0 200 '!"usage"'
fault usage-negative 0 200 '"total_tokens":-5'
fault usage-huge 0 200 '"completion_tokens":1e30'
fault usage-string 0 200 '"prompt_tokens":"many"'
fault usage-null 0 200 '"prompt_tokens":null'
fault wrong-model 0 200 '"model":"some-other-model-7b"'
fault nul-escaped 0 200 '\u0000'
fault terminal-escapes 0 200 '\u001b[2J'
fault deep-content 0 200 '[[[[[[[[['
fault content-empty 0 200 '"content":""'
fault content-blank 0 200 '"content":" \n\t'
fault content-same 0 200 'You are welcome.'
fault rambling 0 200 'And then we talked'
fault length-cut 0 200 '"finish_reason":"length"'
fault filter-cut 0 200 '"finish_reason":"content_filter"'
fault refusal 0 200 '"refusal":"I'
fault refusal-text 0 200 "\"content\":\"I'm sorry"
fault fenced 0 200 '```json\n{'
fault think 0 200 '<think>\n'
for name in $("$mock" --list-faults | cut -d' ' -f1); do
  case $tried in *" $name "*) ;; *) bad "$name is not tried here" ;; esac
done

# --- honest answers
start --ledger "$dir/ledger" --models m-1,m-2
ask /v1/chat/completions "$chat" -H 'x-confab-item: 12 a'
check 'answers 200' test "$code" = 200
content >"$dir/content"
check 'the schema is filled' python3 - "$dir/content" <<'P'
import json,sys
c=json.load(open(sys.argv[1]))
assert c["mood"] in ("calm","angry") and len(c["exchanges"])==3
for e in c["exchanges"]: assert 20<=len(e["Customer"])<=90 and 0<len(e["Agent"])<=120
assert 3<=c.get("count",3)<=5 and -1<=c.get("any",0)<=1
assert c["turns"]==["Ann","Bob","Ann","Bob","Ann"]
if "pair" in c: assert c["pair"][0]==7 and isinstance(c["pair"][1],bool) and len(c["pair"])==2
P
cp "$dir/content" "$dir/first"
ask /v1/chat/completions "$chat" --http1.1 -H 'Transfer-Encoding: chunked'
content >"$dir/content"
check 'the same request gives the same answer, chunked too' cmp "$dir/content" "$dir/first"
ask /v1/chat/completions "${chat/\"seed\":5/\"seed\":6}"
content >"$dir/content"
check 'another seed gives another answer' test "$(cmp -s "$dir/content" "$dir/first"; echo $?)" = 1
ask /v1/chat/completions "$plain"
check 'lines without a schema' has 'Customer: '
ask /v1/messages "{\"model\":\"m-1\",\"max_tokens\":500,\"messages\":$messages,\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":$schema}}}"
check 'Anthropic: schema' has '"text":"{\"mood\":'
ask /v1/messages "{\"model\":\"m-1\",\"max_tokens\":500,\"messages\":$messages,\"tools\":[{\"name\":\"write\",\"input_schema\":$schema}]}"
check 'Anthropic: tool' has '"name":"write","input":{"mood":'
ask /v1/messages "{\"model\":\"m-1\",\"messages\":$messages}"
check 'Anthropic: max_tokens is required' test "$code" = 400
ask /api/chat "{\"model\":\"m-1\",\"stream\":false,\"messages\":$messages,\"format\":$schema}"
check 'Ollama: schema' has '"content":"{\"mood\":'
ask /api/chat "{\"model\":\"m-1\",\"messages\":$messages}"
check 'Ollama: streams unless told' has 'application/x-ndjson'
ask /generate "{\"inputs\":\"hello\",\"parameters\":{\"seed\":1,\"details\":true,\"grammar\":{\"type\":\"json\",\"value\":$schema}}}"
check 'TGI: grammar' has '{"generated_text":"{\"mood\":'
ask /v1/embeddings '{"input":["one two","one"],"dimensions":16}'
check 'embeddings' has '"index":1,"embedding":['
ask /v1/chat/completions "${plain/{/{\"stream\":true,}"
check 'OpenAI: stream' has 'data: [DONE]'
ask /v1/chat/completions '{"model":'
check 'broken JSON is 400' test "$code" = 400
ask /v1/nothing "$plain"
check 'an unknown path is 404' test "$code" = 404
for path in /health /v1/models /api/tags /info /v1/models/m-2; do
  check "GET $path" curl -sf "$url$path"
done
big=$(head -c 3000000 /dev/zero | tr '\0' 'x')
printf '{"model":"m-1","messages":[{"role":"user","content":"%s"}]}' "$big" >"$dir/big.json"
ask /v1/chat/completions "@$dir/big.json" -H 'Expect: 100-continue'
check 'a body of 3 MB' test "$code" = 200
check 'Expect is answered' has '100 Continue'
request=$(printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n%s' "${#plain}" "$plain")
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf '%s%s%sGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$request" "$request" "$request" >&3
timeout 60 cat <&3 >"$dir/got"
exec 3>&-
check 'four requests in one write' test "$(grep -ao 'HTTP/1.1 200' "$dir/got" | wc -l)" = 4
curl -s "$url/_stats" >"$dir/got"
check 'counts' is_json "$dir/got"
check 'nothing in flight' has '"in_flight":0'
lines=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["requests"])' "$dir/got")
stop # SIGTERM; it must end with 0
check 'a ledger line for each request' test "$(wc -l <"$dir/ledger")" = "$lines"
check 'the item is in the ledger' grep -q ' 12_a$' "$dir/ledger"
check 'ledger lines have 13 fields' test -z "$(awk 'NF!=13' "$dir/ledger")"

# --- options
start --key secret --strict-model --refuse min_p,logprobs --check-json --max-body 5000 --models m-1
ask /v1/chat/completions "$plain"
check 'no key: 401' test "$code" = 401
ask /v1/chat/completions "$plain" -H 'Authorization: Bearer secret'
check 'Bearer' test "$code" = 200
ask /v1/chat/completions "$plain" -H 'x-api-key: secret'
check 'x-api-key' test "$code" = 200
ask /v1/chat/completions "${plain/m-1/m-9}" -H 'x-api-key: secret'
check '--strict-model' test "$code" = 404
ask /v1/chat/completions "${plain/{/{\"min_p\":0.1,}" -H 'x-api-key: secret'
check '--refuse' test "$code" = 400
ask /v1/chat/completions "${plain/\"seed\":5/\"seed\":[1,}]}" -H 'x-api-key: secret'
check '--check-json' test "$code" = 400
ask /v1/chat/completions "@$dir/big.json" -H 'x-api-key: secret' -H 'Expect:'
check '--max-body' test "$code" = 413

# So slow that nothing is given back while this runs.
start --rate 0.001 --rate-burst 3 --ratelimit-headers --retry-after date
codes=
for _ in 1 2 3 4 5; do ask /v1/chat/completions "$plain"; codes="$codes $code"; done
check '--rate lets the burst pass' test "$codes" = ' 200 200 200 429 429'
check 'Retry-After as a date' has ' GMT'
check 'rate limit headers' has 'x-ratelimit-remaining-requests: 0'
start --rate 0.001 --rate-burst 1 --retry-after none
ask /v1/chat/completions "$plain"; ask /v1/chat/completions "$plain"
check '--retry-after none' lacks 'Retry-After'
start --token-rate 0.001 --token-burst 150
ask /v1/chat/completions "$plain"; ask /v1/chat/completions "$plain"; ask /v1/chat/completions "$plain"
check '--token-rate' test "$code" = 429

start --delay-ms 200
took=$(curl -s -o /dev/null -w '%{time_starttransfer}' -d "$plain" "$url/v1/chat/completions")
check "--delay-ms 200 took $took s" awk -v t="$took" 'BEGIN { exit !(t >= 0.2) }'
start --delay-ms lognormal:20:0.3 --threads 2
ask /v1/chat/completions "$plain"
check 'lognormal delay, two threads' test "$code" = 200
printf 'Customer: Is this fixed?\nAgent: It is.' >"$dir/a"
printf 'second' >"$dir/b"
start --fixed "$dir/a" --fixed "$dir/b"
ask /v1/chat/completions "$plain"; check '--fixed, first' has '"content":"Customer: Is this fixed?\nAgent: It is."'
ask /v1/chat/completions "$plain"; check '--fixed, second' has '"content":"second"'
start --fixed-body "$dir/a"
ask /v1/chat/completions "$plain"; check '--fixed-body' test "$(body)" = "$(cat "$dir/a")"
start --honour-max-tokens --participants 'Ann,Bob,Cy' --exchanges 3 --label 'mood=calm|angry'
ask /v1/chat/completions "$plain"; check 'three participants' has '\nCy: '
check '--label' has '"content":"mood: '
ask /v1/chat/completions "${plain/{/{\"max_tokens\":20,}"
check '--honour-max-tokens' has '"finish_reason":"length"'
start --tls-self-signed
url=https://127.0.0.1:$port
ask /v1/chat/completions "$plain"; check 'TLS that does not verify' test "$exit" = 60
ask /v1/chat/completions "$chat" -k; check 'TLS all the same' test "$code" = 200

# --- the choice of faults: repeatable, of the asked share, and a retry may heal
share() {
  start --faults 0.3 --fault-seed "$1" --fault status-503 --ledger "$dir/share-$2"
  for i in $(seq 200); do
    printf '{"model":"m","messages":[{"role":"user","content":"%s"}]}' "$((i % 150))" >"$dir/ask-$i"
    [ "$i" = 1 ] || echo next
    printf 'url = "%s/v1/chat/completions"\ndata = "@%s"\noutput = /dev/null\n' "$url" "$dir/ask-$i"
  done >"$dir/config"
  curl -s -K "$dir/config"
  stop
  awk '{print $12, $7}' "$dir/share-$2" >"$dir/faults-$2"
}
share 1 a; share 1 b; share 2 c
check 'the seed decides the faults' cmp "$dir/faults-a" "$dir/faults-b"
check 'another seed, other faults' test "$(cmp -s "$dir/faults-a" "$dir/faults-c"; echo $?)" = 1
n=$(grep -c status-503 "$dir/faults-a")
check "a share of 0.3: $n of 200" test "$n" -gt 35 -a "$n" -lt 90
check 'an unknown fault is refused' test "$("$mock" --fault nonsense >/dev/null 2>&1; echo $?)" = 1
check 'an unknown option is refused' test "$("$mock" --nonsense >/dev/null 2>&1; echo $?)" = 2

# --- it ends with the process that started it
bash -c '"$0" --port-file "$1" --die-with-parent >/dev/null & echo $! >"$2"; while [ ! -s "$1" ]; do sleep 0.01; done' "$mock" "$dir/port2" "$dir/pid2"
for _ in $(seq 6000); do # where nobody collects orphans it stays as a zombie
  state=$(sed -n 's/^State:.//p' "/proc/$(cat "$dir/pid2")/status" 2>/dev/null)
  [ -z "${state#Z*}" ] && break
  sleep 0.01
done
check '--die-with-parent' test -z "${state#Z*}"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
