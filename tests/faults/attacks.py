#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents that are made to do harm, each in a project of its own beside a good one.

usage: attacks.py CONFAB [--sanitized] [--only NAME]

Prints what each got: time, the most memory that confab or its converter held, and what was said. Fails where one takes
more than 2 seconds or 64 MB, where confab does not end in order, or where the good document beside it is not read.
--sanitized: a build whose sanitizers take memory and time of their own, so only the rest is asked.
"""
import argparse
import io
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from pdf_file import pdf_file  # noqa: E402

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SECONDS, MEGABYTES = 2, 64


def archive(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in parts:
            z.writestr(name, data)
    return out.getvalue()


def docx(body, *more):
    return archive([("[Content_Types].xml", "<Types/>"), ("word/document.xml", body), *more])


def word(inside, before=""):
    return f"{before}<w:document {WORD}><w:body>{inside}</w:body></w:document>"


def paragraph(text, style=""):
    return f"<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"


def laughs():
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    return docx(word(paragraph("&a9;"), f'<!DOCTYPE w [<!ENTITY a0 "ha">{entities}]>'))


def epub(href, package="p.opf", more=()):
    items = "".join(f'<item id="{one}" href="{one}"/>' for one in (href, *more))
    spine = "".join(f'<itemref idref="{one}"/>' for one in (href, *more))
    return archive([("mimetype", "application/epub+zip"),
                    ("META-INF/container.xml", f'<container><rootfiles><rootfile full-path="{package}"/></rootfiles></container>'),
                    (package, f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>")])


TEXT = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'


def odt(inside):
    return archive([("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", f"<text {TEXT}>{inside}</text>")])


def pdf(content, extra=b"", trailer=b""):
    packed = zlib.compress(content, 9)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>",
               b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", extra or b"null"]
    return pdf_file(objects, trailer)


def form(content):
    return b"<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<</XObject<</X 6 0 R>>>>/Length %d>>stream\n%s\nendstream" % (len(content), content)


LETTERS = b"BT /F 9 Tf 9 0 0 9 1 1 Tm (x) Tj ET\n"
LOCK = b"/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>/ID[(a)(a)]" % (b"o" * 32, b"u" * 32)
STYLE = '<w:pPr><w:pStyle w:val="x"/></w:pPr>'

# Name of the file: its bytes, or a function that puts it at a path.
ATTACKS = {
    "bomb.docx": lambda: docx(word(paragraph(" " * (200 << 20)))),
    "bomb-of-text.docx": lambda: docx(word(paragraph("ha " * (60 << 20)))),
    "bomb-of-styles.docx": lambda: docx(word(paragraph("x", STYLE)), ("word/styles.xml", "<w:styles>" + " " * (200 << 20))),
    "many-styles.docx": lambda: docx(word(paragraph("x", STYLE) * 20000), ("word/styles.xml", f"<w:styles {WORD}>" + "".join(
        f'<w:style w:styleId="{i}"><w:name w:val="heading 1"/></w:style>' for i in range(60000)) + "</w:styles>")),
    "entries.docx": lambda: archive([(f"{i}", "") for i in range(60000)] + [("word/document.xml", word(""))]),
    "laughs.docx": laughs,
    "external.docx": lambda: docx(word(paragraph("&a;"), '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
    "deep.docx": lambda: docx(word("<w:tbl><w:tr><w:tc>" * 300000)),
    "parents.docx": lambda: docx(word(paragraph("Read.")), ("../../../../tmp/confab-was-here", "no"), ("/etc/confab-was-here", "no")),
    "parents.epub": lambda: epub("../../../../../../etc/passwd"),
    "cut.docx": lambda: docx(word(paragraph("x")))[:-40],
    "attributes.html": lambda: b"<p " + b"".join(b'a%d="1" ' % i for i in range(400000)) + b">x",
    "deep.html": lambda: b"<div><table><tr><td><ul><li>" * 300000,
    "open-tag.html": lambda: b"<a title='" + b"x" * (7 << 20),
    "bad-letters.html": lambda: b"<meta charset=utf-8>" + b"\xff" * (7 << 20),
    "list-names.odt": lambda: odt(f'<text:list text:style-name="{"x" * 1000000}"><text:list-item>'
                                  + "<text:list><text:list-item><text:p>x</text:p></text:list-item></text:list>" * 15000 + "</text:list-item></text:list>"),
    "long-names.epub": lambda: epub("a.xhtml", "d/" * 30000 + "p.opf", [f"{i}.xhtml" for i in range(1500)]),
    "letters.pdf": lambda: pdf(LETTERS * 3000000),
    "itself.pdf": lambda: pdf(b"/X Do", form(b"/X Do " * 100)),
    "lines.pdf": lambda: pdf(b"0 0 m 9 9 l S\n" * 6000000),
    "password.pdf": lambda: pdf(LETTERS, trailer=LOCK),
    "broken.pdf": lambda: b"%PDF-1.7\n" + os.urandom(200000),
    "deep.json": lambda: b"[" * 5000000,
    "open-quote.csv": lambda: b'a,b\n"' + b"x,\n" * 5000000,
    "lines.srt": lambda: b"00:00:01,000 --> 00:00:02,000\n" + b"la\n" * 5000000,
    "cues.srt": lambda: (b"00:00:01 --> 00:00:02\n" + b"la\n" * 60) * 70000,
    "tags.srt": lambda: b"00:00:01,000 --> 00:00:02,000\n" + b"<" * 5000000,
    "zeros.txt": lambda: bytes(47 << 20),
    "letters.txt": lambda: b"x" * (47 << 20),
    "spaces.txt": lambda: b" " * (47 << 20),
    "half.txt": lambda: b"\xff\xfe" + b"a\0" * 5000000 + b"\0\xd8",
    "sparse.txt": lambda path: os.truncate(path, 2 << 30),
    "endless.txt": lambda path: (path.unlink(), os.symlink("/dev/zero", path)),
    "outside.txt": lambda path: (path.unlink(), os.symlink("/etc/passwd", path)),
    "loop.txt": lambda path: (path.unlink(), os.symlink("loop.txt", path)),
    "pipe.txt": lambda path: (path.unlink(), os.mkfifo(path)),
}


def make(attack, path):
    if attack.__code__.co_argcount:
        path.touch()
        attack(path)
    else:
        data = attack()
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def project_with(folder, name):
    for part in "prompting", "knowledge":
        (folder / part).mkdir()
    for prompt in "system-prompt.txt", "user-prompt.txt":
        (folder / "prompting" / prompt).write_text("{knowledge}\n")
    (folder / "knowledge" / "good.txt").write_text("Orders leave within a day.\n")
    # In a process of its own: what this one holds would count for those that it starts.
    child = os.fork()
    if child == 0:
        make(ATTACKS[name], folder / "knowledge" / name)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{name} could not be made")


# Seconds of the clock and of processors, megabytes (of whichever process held most), exit code, and what was printed.
def run(confab, folder):
    output = folder / "output"
    start = time.monotonic()
    with open(output, "wb") as out:
        child = subprocess.Popen([confab, "chunks", "-p", folder], stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode, output.read_text(errors="replace")


# The line of a document, and the warnings below it.
def said_of(name, printed):
    lines = printed.splitlines()
    for i, line in enumerate(lines):
        if line.split(" ")[0].removeprefix("general/") == name:
            below = list(itertools.takewhile(lambda one: one.startswith("    warning: "), lines[i + 1:]))
            return "; ".join(one.strip() for one in below) or "read: " + " ".join(line.split()[1:4])
    return None


# On a busy machine the clock says little: then the processors' time counts, and the clock as far as nothing may hang.
def is_slow(spent, worked):
    return spent > SECONDS and (worked > SECONDS or spent > 5 * SECONDS)


def judge(name, sanitized, slow, megabytes, code, printed):
    faults = []
    if code != 0 or said_of("good.txt", printed) != "read: words 500 1":
        faults.append(f"exit code {code}, or the good document was not read")
    if said_of(name, printed) is None:
        faults.append("nothing is said of it")
    if not sanitized and slow:
        faults.append(f"more than {SECONDS} s")
    if not sanitized and megabytes > MEGABYTES:
        faults.append(f"more than {MEGABYTES} MB")
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--only")
    args = parser.parse_args()
    failed = 0
    for name in ATTACKS:
        if args.only and args.only != name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            project_with(pathlib.Path(folder), name)
            spent, worked, megabytes, code, printed = run(args.confab, pathlib.Path(folder))
        faults = judge(name, args.sanitized, is_slow(spent, worked), megabytes, code, printed)
        failed += bool(faults)
        print(f"{name:20} {spent:5.2f} s {megabytes:4.0f} MB  {said_of(name, printed)}"
              + "".join(f"  FAILED: {f}" for f in faults), flush=True)
    sys.exit(failed > 0)


main()
