# SPDX-License-Identifier: Apache-2.0
"""What becomes of real documents: real_documents.py CONFAB MOST FOLDER...

Takes at most MOST documents of each kind from the folders, reads them in one project, and prints by kind how many were
read, how many words they have, and each reason why one was not.
"""
import collections
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

KINDS = ("txt", "md", "html", "htm", "pdf", "docx", "odt", "epub", "csv", "json", "jsonl", "srt", "vtt")


def find(folders, most):
    kinds, seen = collections.defaultdict(list), set()
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in sorted(names):
                kind, path = name.rpartition(".")[2].lower(), os.path.join(root, name)
                if kind not in KINDS or len(kinds[kind]) >= most or not os.path.isfile(path) or os.path.getsize(path) == 0:
                    continue
                digest = hashlib.sha256(open(path, "rb").read()).digest()
                if digest not in seen:
                    seen.add(digest)
                    kinds[kind].append(path)
    return kinds


def read(confab, kinds, folder):
    for name in "system-prompt.txt", "user-prompt.txt":
        os.makedirs(os.path.join(folder, "prompting"), exist_ok=True)
        open(os.path.join(folder, "prompting", name), "w").write("{knowledge}\n")
    for kind, paths in kinds.items():
        os.makedirs(os.path.join(folder, "knowledge", kind))
        for i, path in enumerate(paths):
            shutil.copy(path, os.path.join(folder, "knowledge", kind, f"{i:05}-{os.path.basename(path)}"))
    start = time.perf_counter()
    out = subprocess.run([confab, "chunks", "-p", folder, "--json"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["documents"], time.perf_counter() - start


def main():
    confab, most, folders = os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    kinds = find(folders, most)
    with tempfile.TemporaryDirectory() as folder:
        documents, spent = read(confab, kinds, folder)
    print(f"{sum(map(len, kinds.values()))} documents in {spent:.1f} s\nkind   files   read      words")
    reasons = collections.Counter()
    for kind in kinds:
        of_kind = [d for d in documents if d["document"].startswith(kind + "/")]
        good = [d for d in of_kind if d["chunks"]]
        print(f"{kind:5} {len(kinds[kind]):6} {len(good):6} {sum(d['words'] for d in good):10}")
        for d in of_kind:
            if not d["chunks"]:
                reasons[kind, "; ".join(d["warnings"])] += 1
    for (kind, reason), n in sorted(reasons.items()):
        print(f"not read: {n:4} {kind:5} {reason}")


main()
