# SPDX-License-Identifier: Apache-2.0
"""The `words` strategy of project-folder.md once more, in Python's re, for comparison.

Reads one JSON object a line: {"text", "separator", "max", "overlap", "min", "exclude"}; writes one
JSON array a line: [[start, end, words], ...] in bytes of UTF-8.
"""
import json
import re
import sys


def pieces_of(text, separator):
    last = 0
    for match in re.finditer(separator, text):
        yield last, match.start()
        last = match.end()
    yield last, len(text)


def split_places(text, separator):
    # finditer and split agree on where they match; this holds split to it.
    pieces = list(pieces_of(text, separator))
    if not re.compile(separator).groups:
        assert [text[a:b] for a, b in pieces] == re.split(separator, text)
    return pieces


def words_of(text, start, end):
    return [(start + m.start(), start + m.end()) for m in re.finditer(r"\S+", text[start:end])]


def chunks(text, separator, maximum, overlap, minimum, exclude):
    out = []          # (first word's start, last word's end)
    tied = []         # whether it may join the one before
    open_pieces = []  # lists of words
    fresh = 0         # how many of them are new
    broken = True

    def count(pieces):
        return sum(len(p) for p in pieces)

    def close():
        nonlocal open_pieces, fresh, broken
        if not fresh:
            return
        out.append((open_pieces[0][0][0], open_pieces[-1][-1][1]))
        tied.append(not broken)
        broken = False
        kept, n = [], 0
        for piece in reversed(open_pieces):
            if n + len(piece) > overlap:
                break
            kept.insert(0, piece)
            n += len(piece)
        if not kept and overlap:
            kept = [Part(open_pieces[-1][-overlap:])]
        open_pieces, fresh = kept, 0

    def add(words):
        nonlocal open_pieces, fresh
        if count(open_pieces) + len(words) > maximum:
            close()
            while open_pieces and count(open_pieces) + len(words) > maximum:
                room = maximum - len(words)
                if isinstance(open_pieces[0], Part) and room > 0:
                    open_pieces[0] = Part(open_pieces[0][-room:])
                else:
                    open_pieces.pop(0)
        open_pieces.append(words)
        fresh += 1

    for start, end in split_places(text, separator):
        if any(re.search(pattern, text[start:end]) for pattern in exclude):
            close()
            open_pieces, fresh, broken = [], 0, True
            continue
        words = words_of(text, start, end)
        if len(words) > maximum:
            close()
            while len(words) > maximum:
                add(words[:maximum])
                words = words[maximum:]
        if words:
            add(words)
    close()
    if len(out) > 1 and tied[-1] and len(words_of(text, *out[-1])) < minimum:
        if len(words_of(text, out[-2][0], out[-1][1])) <= maximum:
            out[-2:] = [(out[-2][0], out[-1][1])]
    return out


class Part(list):
    """The last words of a piece."""


def main():
    for line in sys.stdin:
        case = json.loads(line)
        text = case["text"]
        result = chunks(text, case["separator"], case["max"], case["overlap"], case["min"], case["exclude"])
        at = 0
        places = [0]
        for letter in text:
            at += len(letter.encode())
            places.append(at)
        print(json.dumps([[places[a], places[b], len(words_of(text, a, b))] for a, b in result]))


main()
