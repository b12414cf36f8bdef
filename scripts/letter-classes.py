#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/tokens/letter_table.c: the class of every code point in Unicode 16, which tiktoken 0.14 and
tokenizers 0.23 use.

usage: pip install regex==2025.7.34; letter-classes.py > src/tokens/letter_table.c
"""
import regex

BLOCK = 128
CLASSES = [("W", r"\p{White_Space}"), ("S", r"\p{S}"), ("P", r"\p{P}"), ("N", r"\p{N}"), ("M", r"\p{M}"),
           ("O", r"[\p{Lm}\p{Lo}]"), ("L", r"\p{Ll}"), ("U", r"[\p{Lu}\p{Lt}]")]
PATTERNS = [(name, regex.compile(pattern)) for name, pattern in CLASSES]


def letter_class(code_point):
    letter = chr(code_point)
    if letter in "\r\n":
        return "R"
    if not 0xD800 <= code_point < 0xE000:
        for name, pattern in PATTERNS:
            if pattern.match(letter):
                return name
    return "x"


def wrapped(numbers):
    lines, line = [], "   "
    for number in numbers:
        item = f" {number},"
        if len(line) + len(item) > 118:
            lines.append(line)
            line = "   "
        line += item
    return "\n".join(lines + [line])


assert not regex.match(r"\p{L}", "\u088f") and regex.match(r"\p{L}", "\u1c89"), "this is not Unicode 16"
blocks, index = {}, []
for start in range(0, 0x110000, BLOCK):
    text = "".join(letter_class(c) for c in range(start, start + BLOCK))
    index.append(blocks.setdefault(text, len(blocks)))
assert len(blocks) <= 256
print("// SPDX-License-Identifier: Apache-2.0\n//\n// Made by scripts/letter-classes.py from Unicode 16.0.\n"
      '#include "tokens/letter_class.h"\n\nconst char letter_blocks[][LETTER_BLOCK] = {')
for text in blocks:
    print(f'    "{text}",')
print("};\n\nconst uint8_t letter_index[0x110000 / LETTER_BLOCK] = {\n" + wrapped(index) + "\n};")
