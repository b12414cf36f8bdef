#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds confab's ids against tiktoken and tokenizers, file by file.

usage: tokens_equal.py CONFAB NAME[,NAME…] FOLDER…      (pip install tiktoken==0.14.0 tokenizers==0.23.3)

CONFAB is the program; a FOLDER is one that tokens_corpus.py made, of which all .txt files are read. Names: cl100k_base,
o200k_base, o200k_harmony, llama3, qwen2.5, qwen3, tekken, deepseek-v3, gemma2, gemma3, and smollm2 if its tokenizer.json
is put beside the other vocabularies as smollm2.json. Bytes that are no UTF-8 are U+FFFD for the peers
too. Exit code 1 at any difference.
"""
import base64
import glob
import os
import subprocess
import sys
import time

FOLDER = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "confab/vocabularies/")


def peer(name):
    if not name.startswith(("cl100k_", "o200k_")):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(f"{FOLDER}{name}.json")
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    import tiktoken
    from tiktoken_ext import openai_public

    with open(f"{FOLDER}{name.split('_')[0]}_base.tiktoken", "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file)}
    openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    return tiktoken.Encoding(**getattr(openai_public, name)()).encode_ordinary


def ours(confab, name, paths):
    done = subprocess.run([confab, "tokens", "--encoding", name, "--ids", *paths], capture_output=True, check=True)
    return [[int(number) for number in line.split()] for line in done.stdout.splitlines()]


def first_difference(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def main():
    confab, names = sys.argv[1], sys.argv[2].split(",")
    files = sorted(path for folder in sys.argv[3:] for path in glob.glob(f"{folder}/**/*.txt", recursive=True))
    different = 0
    for name in names:
        encode, size, tokens, wrong, started = peer(name), 0, 0, 0, time.monotonic()
        for at in range(0, len(files), 16):
            some = files[at:at + 16]
            for path, mine in zip(some, ours(confab, name, some), strict=True):
                with open(path, "rb") as file:
                    data = file.read()
                theirs = encode(data.decode("utf-8", "replace"))
                size, tokens = size + len(data), tokens + len(theirs)
                if mine == theirs:
                    continue
                first = first_difference(mine, theirs)
                wrong += 1
                print(f"{name} {path}: token {first}: {mine[first:first + 5]}, the peer {theirs[first:first + 5]}", flush=True)
        different += wrong
        print(f"{name}: {len(files)} files, {size} bytes, {tokens} tokens, {wrong} files differ ({time.monotonic() - started:.0f} s)", flush=True)
    sys.exit(different > 0)


main()
