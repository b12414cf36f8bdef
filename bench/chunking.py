# SPDX-License-Identifier: Apache-2.0
"""The peers of chunking.c on the same text: chunking.py FILE MB…

re.split packing always; semantic-text-splitter and chonkie where they are installed
(pip install semantic-text-splitter chonkie).
"""
import re
import sys
import time


def repeat(path, megabytes):
    text = open(path, encoding="utf-8").read() + "\n\n"
    size = len(text.encode())
    return (text * (megabytes * 1000000 // size + 1)).encode()[: megabytes * 1000000].decode("utf-8", "ignore")


def packed(text, maximum=500):
    chunks, open_pieces, n = [], [], 0
    for piece in re.split(r"(?<=[.!?])\s+", text):
        words = len(piece.split())
        if open_pieces and n + words > maximum:
            chunks.append(" ".join(open_pieces))
            open_pieces, n = [], 0
        open_pieces.append(piece)
        n += words
    chunks.append(" ".join(open_pieces))
    return chunks


def peers():
    yield "re.split packing, 500 words", packed, lambda c: len(c.split())
    try:
        from semantic_text_splitter import TextSplitter
        splitter = TextSplitter(1000)
        yield "semantic-text-splitter, 1,000 characters", splitter.chunks, len
    except ImportError:
        pass
    try:
        from chonkie import RecursiveChunker
        recursive = RecursiveChunker(tokenizer="word", chunk_size=500) if "tokenizer" in RecursiveChunker.__init__.__code__.co_varnames else RecursiveChunker(tokenizer_or_token_counter="word", chunk_size=500)
        yield "chonkie Recursive, 500 words", lambda t: [c.text for c in recursive.chunk(t)], lambda c: len(c.split())
    except Exception as fault:
        print("chonkie:", fault)


def main():
    for megabytes in map(int, sys.argv[2:]):
        text = repeat(sys.argv[1], megabytes)
        size = len(text.encode())
        for name, chunk, measure in peers():
            start = time.perf_counter()
            chunks = list(chunk(text))
            spent = time.perf_counter() - start
            print(f"{name:45} {megabytes:5} MB  {size / spent / 1e6:8.1f} MB/s  {len(chunks):8} chunks  largest {max(map(measure, chunks))}", flush=True)


main()
