#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the texts that tokens_equal.py and tokens_speed.py read, from Debian's packages and from what is installed.

usage: tokens_corpus.py OUT

OUT/prose, OUT/code and OUT/multilingual get files of about a megabyte, OUT/adversarial what tokenizers trip over:
every code point in several surroundings, bytes that are no UTF-8, a megabyte of one letter, joiners, damaged texts.
"""
import glob
import gzip
import html
import os
import random
import re
import subprocess
import sys

LANGUAGES = "cs de es fi fr hu ja pl ru tr uk zh".split()
PACKAGES = ["linux-doc-6.1", "python3.11-doc", "perl-doc", "debian-handbook"] + [f"manpages-{x}" for x in LANGUAGES]
PIECES = ["'s", "'S", "'\u017f", "'LL", "'re", "'Ve", "'d", "don't", "I'M", "\u0149", "\u00df", "\u017f", "\u212a", " ", "  ", "\n", "\r\n", "\t",
          " \n", "\n ", "a", "A", "\u00e9", "\u00c9", "\u01c5", "\u02b0", "\u4e2d", "\u6587", "\u304b", "\u30ab", "\ud55c", "1", "23", "456",
          "\u0663", "\u2167", "\u00bd", "\u2082", "!", "?!", "...", "/", "//", "\n/", "_", "$", "\u20ac", "+", "\u0301", "\u0308", "\u20dd", "\ufeff",
          "\x85", "\xa0", "\u3000", "\u200b", "\u200d", "\x00", "\x7f", "\x1b", "\U0001f642", "\U0001f1e9\U0001f1ea", "<|endoftext|>", "<|im_start|>",
          "<s>", "</s>", "[INST]", "<unused3>", "<table>", "\u2581", "\u2581\u2581", "\ue000", "\U0010ffff", "\u0995", "\u0e01", "\u093e", "\u1100",
          "\u1161", "\u11a8", "\uac00", "\u3099", "\u304c", "\uff21", "\ufb05", "\ufb06", "\u0130", "i\u0307", "word", " Word", "wordWord", "WORDword"]


def read(path):
    try:
        data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
        text = data.decode()
    except (OSError, UnicodeDecodeError, EOFError):
        return ""
    return html.unescape(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", "", text)) if path.endswith(".html") else text


def write(out, kind, paths, most):
    """Files of about a megabyte from the texts of many."""
    os.makedirs(f"{out}/{kind}", exist_ok=True)
    part, size, total, number = [], 0, 0, 0
    random.Random(kind).shuffle(paths)
    for path in paths:
        text = read(path)
        part.append(text)
        size += len(text.encode())
        if size < 1 << 20:
            continue
        with open(f"{out}/{kind}/{number:03}.txt", "w", encoding="utf-8", newline="") as file:
            file.write("".join(part))
        total, number, part, size = total + size, number + 1, [], 0
        if total >= most:
            break
    print(f"{kind}: {number} files, {total} bytes")


def find(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))


def write_adversarial(out):
    os.makedirs(f"{out}/adversarial", exist_ok=True)
    every = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
    joined = {"all": "", "space": " ", "letter": "a", "line": "\n", "capital": "A", "blanks": "  ", "digit": "1", "dot": ".", "apostrophe": "x'"}
    files = {f"every-{name}": between.join(every) for name, between in joined.items()}
    files["every-inside"] = "".join(f"A{c}b" for c in every)
    files["one-letter"] = "a" * 1_000_000
    files["spaces"] = " " * 100_000 + "x"
    files["lines"] = "\n" * 100_000
    files["joiners"] = "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20_000 + "a\u200db\u200c" * 20_000
    files["white"] = "".join(random.Random(1).choices(" \n\r\t\xa0\u3000\u2028", k=200_000))
    files["surrogates"] = b"\xed\xa0\x80abc\xed\xb0\x80 \xf0\x9f\x98" + b"\xff\xfe\x80" * 1000 + b"end\xc3"
    files["bytes"] = random.Random(2).randbytes(300_000)
    for k in range(60):
        files[f"pieces-{k:02}"] = "".join(random.Random(100 + k).choices(PIECES, k=20_000))
    for k in range(20):
        r = random.Random(500 + k)
        files[f"mixed-{k:02}"] = "".join(r.choice(every) if r.random() < 0.3 else r.choice(PIECES) for _ in range(15_000))
        damaged = bytearray("".join(r.choices(PIECES, k=10_000)).encode())
        for _ in range(500):
            damaged[r.randrange(len(damaged))] = r.randrange(256)
        files[f"damaged-{k:02}"] = bytes(damaged)
    for name, text in files.items():
        with open(f"{out}/adversarial/{name}.txt", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
    print(f"adversarial: {len(files)} files, {sum(os.path.getsize(p) for p in glob.glob(out + '/adversarial/*'))} bytes")


def main():
    out = os.path.abspath(sys.argv[1])
    packages = f"{out}/packages"
    if not os.path.isdir(packages):
        os.makedirs(packages)
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=packages, check=True)
        for path in glob.glob(f"{packages}/*.deb"):
            subprocess.run(["dpkg-deb", "-x", path, packages], check=True)
    share = f"{packages}/usr/share"
    write(out, "prose", find(f"{share}/doc/linux-doc*/html/_sources/**/*.txt", f"{share}/doc/python3*/html/**/*.txt", f"{share}/**/*.pod",
                             f"{share}/doc/debian-handbook/html/en-US/**/*.html", f"{share}/doc/python3*/html/**/*.html"), 34_000_000)
    write(out, "code", find("/usr/include/**/*.h*", "/usr/lib/python3*/**/*.py", "/usr/share/perl/**/*.pm", "/usr/local/lib/**/*.py",
                            "/usr/share/nodejs/**/*.js", "/usr/lib/node_modules/**/*.js", sys.prefix + "/lib/**/*.py", "/usr/local/go/src/**/*.go"), 34_000_000)
    write(out, "multilingual", find(f"{share}/man/*/**/*.gz", *(f"{share}/doc/debian-handbook/html/{x}*/**/*.html" for x in
                                    "ar-MA cs-CZ da-DK de-DE el-GR es-ES fa-IR fr-FR hr-HR id-ID it-IT ja-JP ko-KR nb-NO nl-NL pl-PL pt-BR ro-RO ru-RU sv-SE tr-TR vi-VN zh-CN zh-TW".split())), 34_000_000)
    write_adversarial(out)


main()
