#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Token ids a second on one thread, beside the peers, in one run: MB/s cold, then with caches warm from the same text.

usage: tokens_speed.py BUILD CORPUS [NAME…]
       (pip install tiktoken==0.14.0 tokenizers==0.23.3 gigatoken==0.10.0 quicktok-v1==0.4.0)

BUILD holds tokens-bench (cmake --build … --target tokens-bench), CORPUS is what tokens_corpus.py made. Documents have 64 KiB; the
chat case has 100,000 messages of 114 bytes. Seconds are the process's own, so that other programs count less. confab and gigatoken
run in turn, ROUNDS processes each, of which the medians are given, and the median of the ratios pair by pair; the slower peers
run once. A peer that does not give as many ids is marked with !.
"""
import base64
import glob
import json
import os
import statistics
import subprocess
import sys
import time

FOLDER = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "confab/vocabularies/")
SIZE, MESSAGE, MESSAGES, SLOW, ROUNDS = 65536, 114, 100_000, 4_000_000, 5


def text_of(folder, most):
    data = b""
    for path in sorted(glob.glob(f"{folder}/*.txt")):
        with open(path, "rb") as file:
            data += file.read()
        if len(data) >= most:
            break
    return data[:most].decode("utf-8", "ignore").encode()


def documents(data, size):
    parts, at = [], 0
    while at < len(data):
        end = min(at + size, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[at:end])
        at = end
    return parts


def gigatoken(name):
    import gigatoken

    def load():
        path = FOLDER + name
        return gigatoken.Tokenizer.from_tiktoken(path + ".tiktoken") if name.endswith("_base") else gigatoken.Tokenizer(path + ".json")

    load().encode(b"The kettle is on the stove. " * 1000)  # what it does once a process
    return load().encode, False


def quicktok(name):
    import quicktok

    encoding = quicktok.get_encoding(name)
    return lambda text: encoding.encode_batch([text])[0], True


def reference(name):
    if not name.endswith("_base"):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(f"{FOLDER}{name}.json")
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids, True
    import tiktoken
    from tiktoken_ext import openai_public

    with open(f"{FOLDER}{name}.tiktoken", "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file)}
    openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    return tiktoken.Encoding(**getattr(openai_public, name)()).encode_ordinary, True


def measure(make, name, parts):
    """MB/s cold and warm, and ids."""
    encode, as_text = make(name)
    size = sum(map(len, parts))
    parts = [part.decode() for part in parts] if as_text else parts
    speeds = []
    for _ in range(2):
        started = time.process_time()
        ids = sum(len(encode(part)) for part in parts)
        speeds.append(size / (time.process_time() - started) / 1e6)
    return speeds, ids


def in_a_process(peer, name, path, size):
    """Each peer in a process of its own: one does not warm the memory of the next. Cold, warm, ids; or None."""
    done = subprocess.run([sys.executable, __file__, "--peer", peer, name, path, str(size)], capture_output=True, text=True)
    if done.returncode:
        return None
    (cold, warm), ids = json.loads(done.stdout)
    return cold, warm, ids


def confab(build, name, path, size):
    found = json.loads(subprocess.run([f"{build}/tokens-bench", name, path, str(size)], capture_output=True, check=True).stdout)
    return found["cold"], found["warm"], found["tokens"], found["load_ms"]


def shown(peer, runs, ours):
    if not all(runs):
        return f"  {peer} -"
    cold, warm = (statistics.median(run[i] for run in runs) for i in (0, 1))
    ratios = [[our[i] / run[i] for our, run in zip(ours, runs)] for i in (0, 1)]
    different = "" if peer == "reference" or runs[0][2] == ours[0][2] else "!"
    return f"  {peer} {cold:5.1f} /{warm:6.1f}{different} (x {statistics.median(ratios[0]):.2f} / {statistics.median(ratios[1]):.2f})"


def row(build, name, case, data, size):
    path = f"/tmp/confab-tokens-{os.getpid()}.txt"
    with open(path, "wb") as file:
        file.write(data)
    confab(build, name, path, size)  # builds the vocabulary
    pairs = [(confab(build, name, path, size), in_a_process("gigatoken", name, path, size)) for _ in range(ROUNDS)]
    ours = [pair[0] for pair in pairs]
    cold, warm, load = (statistics.median(run[i] for run in ours) for i in (0, 1, 3))
    line = f"{name:12} {case:13} {len(data) / 1e6:5.1f} MB  load {load:5.1f} ms  confab {cold:6.1f} /{warm:6.1f}"
    line += shown("gigatoken", [pair[1] for pair in pairs], ours)
    for peer in ("quicktok", "reference"):
        line += shown(peer, [in_a_process(peer, name, path, size)], ours)
    os.remove(path)
    print(line, flush=True)


def main():
    if sys.argv[1] == "--peer":
        peer, name, path, size = sys.argv[2:]
        with open(path, "rb") as file:
            data = file.read()
        data = data[:SLOW].decode("utf-8", "ignore").encode() if peer == "reference" else data
        print(json.dumps(measure(globals()[peer], name, documents(data, int(size)))))
        return
    build, corpus = sys.argv[1:3]
    cases = {case: text_of(f"{corpus}/{case}", 16_000_000) for case in ("prose", "code", "multilingual")}
    for name in sys.argv[3:] or ["o200k_base", "cl100k_base", "qwen3", "llama3", "gemma3"]:
        for case, data in cases.items():
            row(build, name, case, data, SIZE)
        row(build, name, "chat", cases["prose"][: MESSAGE * MESSAGES], MESSAGE)


main()
