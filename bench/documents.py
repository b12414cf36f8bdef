# SPDX-License-Identifier: Apache-2.0
"""Speed of reading documents beside their peers: documents.py CONFAB FOLDER [ROUNDS]

FOLDER holds pdf, docx and html files, at any depth. Each kind is read by confab (a first start, on one processor
and on all of them) and by the peers that are installed (pip install pypdfium2 pypdf python-docx html2text), in turn, the
best of ROUNDS. A peer's own start is not counted. confab's is, and once more not: less what a project without documents takes.
PDF files are read by confab with pdftotext and, where pypdfium2 is installed, with its library too.
"""
import glob
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time


def module(name):
    try:
        return __import__(name)
    except ImportError:
        return None


def pdftotext(path):
    subprocess.run(["pdftotext", "-enc", "UTF-8", path, "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def pypdfium2(path):
    document = module("pypdfium2").PdfDocument(path)
    for page in document:
        page.get_textpage().get_text_range()


def pypdf(path):
    for page in module("pypdf").PdfReader(path).pages:
        page.extract_text()


def python_docx(path):
    document = module("docx").Document(path)
    [p.text for p in document.paragraphs]
    [cell.text for table in document.tables for row in table.rows for cell in row.cells]


def html2text(path):
    module("html2text").html2text(open(path, encoding="utf-8", errors="replace").read())


PEERS = {
    "pdf": [("pdftotext", None, pdftotext), ("pypdfium2", "pypdfium2", pypdfium2), ("pypdf", "pypdf", pypdf)],
    "docx": [("python-docx", "docx", python_docx)],
    "html": [("html2text", "html2text", html2text)],
}


def by_peer(read, files):
    start = time.perf_counter()
    for path in files:
        try:
            read(path)
        except Exception:  # a broken file is part of the work
            pass
    return time.perf_counter() - start


def pdfium_library():
    found = module("pypdfium2_raw")
    return found and os.path.join(os.path.dirname(found.__file__), "libpdfium.so")


def by_confab(confab, project, processors, pdfium="off"):
    shutil.rmtree(os.path.join(project, ".confab"), ignore_errors=True)
    start = time.perf_counter()
    subprocess.run([confab, "chunks", "-p", project, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "CONFAB_PDFIUM": pdfium}, preexec_fn=lambda: os.sched_setaffinity(0, processors))
    return time.perf_counter() - start


def project_of(files, folder):
    os.makedirs(os.path.join(folder, "prompting"))
    os.makedirs(os.path.join(folder, "knowledge"))
    for name in "system-prompt.txt", "user-prompt.txt":
        open(os.path.join(folder, "prompting", name), "w").write("{knowledge}\n")
    for i, path in enumerate(files):
        shutil.copy(path, os.path.join(folder, "knowledge", f"{i:05}{os.path.splitext(path)[1]}"))


def measure(kind, files, confab, rounds):
    every = os.sched_getaffinity(0)
    one = {min(every)}
    best = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        project_of(files, os.path.join(folder, "p"))
        project_of([], os.path.join(folder, "empty"))
        project, empty = os.path.join(folder, "p"), os.path.join(folder, "empty")
        rows = [("confab, one processor", lambda: by_confab(confab, project, one)), ("its start", lambda: by_confab(confab, empty, one)),
                (f"confab, {len(every)} processors", lambda: by_confab(confab, project, every))]
        if kind == "pdf" and pdfium_library():
            rows.append(("confab by PDFium", lambda: by_confab(confab, project, one, pdfium_library())))
            rows.append((f"the same, {len(every)} processors", lambda: by_confab(confab, project, every, pdfium_library())))
        for name, needs, read in PEERS[kind]:
            if needs is None or module(needs):
                rows.append((name, lambda read=read: by_peer(read, files)))
        for _ in range(rounds):
            for name, run in rows:
                best[name] = min(best.get(name, 1e9), run())
    ours = best["confab, one processor"]
    alone = ours - best.pop("its start")
    best["confab, start aside"] = alone
    print(f"{kind}: {len(files)} files       files/s   times confab's time   times that without its start")
    for name, spent in best.items():
        print(f"  {name:22} {len(files) / spent:9.1f} {spent / ours:21.2f} {spent / alone:30.2f}", flush=True)


def main():
    logging.disable()
    confab, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    for kind in PEERS:
        files = sorted(glob.glob(os.path.join(folder, "**", "*." + kind), recursive=True))
        if files:
            measure(kind, files, confab, rounds)


main()
