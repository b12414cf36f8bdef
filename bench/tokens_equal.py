#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds confab's ids against tiktoken and tokenizers, file by file, and compares their speed with tokens-bench.

usage: tokens_equal.py BUILD NAME[,NAME…] FILE…      (pip install tiktoken==0.14.0 tokenizers==0.23.3)

BUILD holds confab and, for speed, tokens-bench. Names: cl100k_base, o200k_base, llama3, qwen2.5, qwen3, tekken,
deepseek-v3, gemma2, gemma3. Bytes that are no UTF-8 are U+FFFD for the peers too. Exit code 1 at any difference.
"""
import base64
import os
import subprocess
import sys
import time

FOLDER = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "confab/vocabularies/")


def peer(name):
    if not name.endswith("_base"):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(f"{FOLDER}{name}.json")
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    import tiktoken
    from tiktoken_ext import openai_public

    with open(f"{FOLDER}{name}.tiktoken", "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file)}
    openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    return tiktoken.Encoding(**getattr(openai_public, name)()).encode_ordinary


def ours(build, name, path):
    done = subprocess.run([f"{build}/confab", "tokens", "--encoding", name, "--ids", path], capture_output=True, check=True)
    return [int(number) for number in done.stdout.split()]


def first_difference(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def main():
    build, names, files = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    different = 0
    for name in names:
        encode, size, seconds = peer(name), 0, 0.0
        for path in files:
            with open(path, "rb") as file:
                data = file.read()
            text = data.decode("utf-8", "replace")
            started = time.perf_counter()
            theirs = encode(text)
            seconds += time.perf_counter() - started
            size += len(data)
            mine = ours(build, name, path)
            if mine != theirs:
                at = first_difference(mine, theirs)
                different += 1
                print(f"{name} {path}: token {at}: {mine[at:at + 5]}, the peer {theirs[at:at + 5]}")
        print(f"{name}: {len(files)} files, {size} bytes, {different} different so far; the peer {size / seconds / 1e6:.1f} MB/s")
        if os.path.exists(f"{build}/tokens-bench"):
            for path in files[:3]:
                print("  tokens-bench", path, subprocess.run([f"{build}/tokens-bench", name, path], capture_output=True, text=True).stdout.strip())
    sys.exit(different > 0)


main()
