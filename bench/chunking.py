# SPDX-License-Identifier: Apache-2.0
"""The peers of chunking.c on the same text: chunking.py FILE MB…

re.split packing always; chonkie, semantic-text-splitter and LangChain where they are installed
(pip install chonkie semantic-text-splitter langchain-text-splitters tiktoken==0.14.0). Those that cut by
tokens count with o200k_base from $XDG_DATA_HOME/confab/vocabularies. A peer that needed more than SLOW
seconds for one size is left out of larger ones, where it would need minutes or hours.
"""
import base64
import os
import re
import sys
import time

FOLDER = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "confab/vocabularies/")
MOST, LARGEST = 60, 200  # seconds, by the size before; MB


def repeat(path, megabytes):
    text = open(path, encoding="utf-8", newline="").read() + "\n\n"
    size = len(text.encode())
    return (text * (megabytes * 1000000 // size + 1)).encode()[: megabytes * 1000000].decode("utf-8", "ignore")


def words_in(chunk):
    return len(chunk.split())


def packed(text, maximum=500):
    chunks, open_pieces, n = [], [], 0
    for piece in re.split(r"(?<=[.!?])\s+", text):
        words = words_in(piece)
        if open_pieces and n + words > maximum:
            chunks.append(" ".join(open_pieces))
            open_pieces, n = [], 0
        open_pieces.append(piece)
        n += words
    chunks.append(" ".join(open_pieces))
    return chunks


def o200k_base():
    import tiktoken
    from tiktoken_ext import openai_public

    with open(f"{FOLDER}o200k_base.tiktoken", "rb") as file:
        ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file)}
    openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    encoding = tiktoken.Encoding(**openai_public.o200k_base())
    tiktoken.get_encoding = lambda *_: encoding
    return encoding


def tokens_in(encoding):
    return lambda chunk: len(encoding.encode_ordinary(chunk))


# Each gives what cuts a text, and what measures a chunk.

def re_split():
    return packed, words_in


def chonkie_recursive():
    from chonkie import RecursiveChunker

    chunker = RecursiveChunker("word", chunk_size=500)
    return lambda text: [chunk.text for chunk in chunker.chunk(text)], words_in


def chonkie_fast():
    from chonkie import FastChunker

    chunker = FastChunker(chunk_size=1000)
    return lambda text: [chunk.text for chunk in chunker.chunk(text)], lambda chunk: len(chunk.encode("utf-8", "surrogateescape"))


def chonkie_token():
    from chonkie import TokenChunker

    encoding = o200k_base()
    chunker = TokenChunker(encoding, chunk_size=500, chunk_overlap=50)
    return lambda text: [chunk.text for chunk in chunker.chunk(text)], tokens_in(encoding)


def splitter_characters():
    from semantic_text_splitter import TextSplitter

    return TextSplitter(1000).chunks, len


def splitter_tokens():
    from semantic_text_splitter import TextSplitter

    encoding = o200k_base()
    return TextSplitter.from_callback(tokens_in(encoding), 500, overlap=50).chunks, tokens_in(encoding)


def langchain_characters():
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=0).split_text, len


def langchain_tokens():
    from langchain_text_splitters import TokenTextSplitter

    encoding = o200k_base()
    return TokenTextSplitter(encoding_name="o200k_base", chunk_size=500, chunk_overlap=50, disallowed_special=()).split_text, tokens_in(encoding)


PEERS = {
    "re.split packing, 500 words": re_split,
    "chonkie Recursive, 500 words": chonkie_recursive,
    "chonkie Fast, 1,000 bytes": chonkie_fast,
    "semantic-text-splitter, 1,000 characters": splitter_characters,
    "LangChain Recursive, 1,000 characters": langchain_characters,
    "chonkie Token, 500+50 tokens": chonkie_token,
    "semantic-text-splitter, 500+50 tokens": splitter_tokens,
    "LangChain Token, 500+50 tokens": langchain_tokens,
}


def measure(name, cut, count, text):
    size = len(text.encode())
    start = time.perf_counter()
    chunks = list(cut(text))
    spent = time.perf_counter() - start
    # A sample of the chunks, with the longest ones: counting all again can take longer than cutting.
    longest = sorted(chunks, key=len)[-200:]
    print(f"{name:42} {size // 1000000:5} MB  {size / spent / 1e6:8.1f} MB/s  {len(chunks):8} chunks  largest {max(map(count, longest))}", flush=True)
    return spent


def run(name, make, sizes):
    try:
        cut, count = make()
    except (ImportError, OSError) as fault:
        print(f"{name:42} not measured: {fault}")
        return
    expected = 0
    for megabytes, path in sizes:
        if expected * megabytes > MOST or megabytes > LARGEST:
            print(f"{name:42} {megabytes:5} MB  not measured: it would take {expected * megabytes:.0f} s or more")
            continue
        try:
            expected = measure(name, cut, count, repeat(path, megabytes)) / megabytes
        except Exception as fault:  # a peer's own; the others still run
            print(f"{name:42} {megabytes:5} MB  failed: {fault!r:.100}", flush=True)


def main():
    sizes = [(int(megabytes), sys.argv[1]) for megabytes in sys.argv[2:]]
    for name, make in PEERS.items():
        run(name, make, sizes)


main()
