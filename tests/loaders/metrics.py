#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""metrics.py CONFAB PROJECT: compares what `confab report --json` says of the newest run of the project folder PROJECT with what
other people's implementations say of the same texts: Self-BLEU with nltk, MATTR with LexicalRichness, the compression ratio
with python-zstandard, entropy with scipy. Also the same ratio with gzip, as the paper has it, for comparison.

Run by hand: python -m venv v && v/bin/pip install nltk lexicalrichness zstandard scipy
"""
import collections
import gzip
import json
import pathlib
import re
import sqlite3
import subprocess
import sys

import nltk.translate.bleu_score as bleu
import scipy.stats
import zstandard
from lexicalrichness import LexicalRichness


def main(confab, project):
    report = json.loads(subprocess.run([confab, "report", "-q", "-p", project, "--json"], check=True, capture_output=True).stdout)
    journal = pathlib.Path(project) / ".confab" / f"{report['run']}.db"
    lines = subprocess.run([confab, "export", "-q", "-p", project, "-f", "jsonl", "-o", "-"], check=True, capture_output=True).stdout
    texts = ["\n".join(m["content"] for m in json.loads(line)["messages"] if m["role"] != "system") for line in lines.splitlines()]
    # The normal form: lower case, an apostrophe inside a word vanishes, other punctuation ends it.
    words = [re.findall(r"[^\W_]+", re.sub(r"(?<=\w)['\u2019](?=\w)", "", text.lower())) for text in texts]
    if len(texts) > 200:
        sys.exit("Self-BLEU is of 200 sampled conversations: give a run of at most 200")
    smooth = bleu.SmoothingFunction().method1
    joined = "".join(texts).encode()
    compressor = zstandard.ZstdCompressor(level=3)
    stream = compressor.compressobj()
    packed = b"".join(stream.compress(text.encode()) for text in texts) + stream.flush()
    long = [" ".join(w) for w in words if len(w) >= 50]
    theirs = {
        "self_bleu_4": ("nltk", sum(bleu.sentence_bleu(words[:i] + words[i + 1:], w, smoothing_function=smooth)
                                    for i, w in enumerate(words)) / len(words)),
        "mattr_50": ("LexicalRichness", sum(LexicalRichness(text, preprocessor=None, tokenizer=str.split).mattr(50) for text in long) / len(long)
                     if long else None),
        "compression_ratio": ("zstandard", len(joined) / len(packed)),
    }
    drawn = [json.loads(d) for (d,) in sqlite3.connect(journal).execute("select drawn from kept")]
    for name in report["coverage"]:
        values = collections.Counter(d[name] for d in drawn if isinstance(d.get(name), str))
        if values and name != "document":
            theirs[f"entropy.{name}"] = ("scipy", scipy.stats.entropy(list(values.values()), base=2))
    worst = 0
    for name, (who, value) in theirs.items():
        if value is None:
            continue
        ours = report["metrics"][name]
        far = abs(ours - value) / max(abs(value), 1e-12)
        worst = max(worst, far)
        print(f"{name:24} confab {ours:.9f}  {who} {value:.9f}  apart by {far:.1e}")
    print(f"compression with gzip -9, for comparison: {len(joined) / len(gzip.compress(joined)):.3f}")
    sys.exit(worst > 0.001)


main(*sys.argv[1:])
