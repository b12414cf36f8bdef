# SPDX-License-Identifier: Apache-2.0
"""PDF files by PDFium: the real library in its sandboxed child. Skipped where there is none (PDFIUM_LIBRARY names one;
pip install pypdfium2 brings one)."""
import importlib.util
import json
import os
import pathlib
import shutil
import sys
import unittest
import zlib

import e2e

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from pdf_file import pdf_file  # noqa: E402


def library():
    named = os.environ.get("PDFIUM_LIBRARY")
    package = importlib.util.find_spec("pypdfium2_raw")
    found = named or (package and os.path.join(package.submodule_search_locations[0], "libpdfium.so"))
    return found if found and os.path.exists(found) else None


def pdf(content, page=b"", extra=(), kids=b"3 0 R"):
    packed = zlib.compress(content)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, kids.count(b"R")),
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>%s>>" % page,
               b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>", *extra]
    return pdf_file(objects)


def lines(*texts, matrix=b"1 0 0 1 50 700"):
    drawn = b" ".join(b"(%s) Tj 0 -14 Td" % text for text in texts)
    return b"BT /F 11 Tf %s Tm %s ET\n" % (matrix, drawn)


def cell(text, x, y):
    return b"BT /F 11 Tf %d %d Td (%s) Tj ET\n" % (x, y, text)


TABLE = [(b"Animal", b"Price"), (b"Gnat", b"13.65"), (b"Gnu", b"92.50"), (b"Emu", b"7.10"), (b"Ape", b"8.25"), (b"Cat", b"3.99")]
FIELD = (b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(x)/F 4/Rect[50 50 250 70]/AP<</N 7 0 R>>>>",
         b"<</Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 5 0 R>>>>/Length 36>>stream\nBT /F 11 Tf 2 5 Td (Filled in) Tj ET\nendstream")


@unittest.skipUnless(library(), "no libpdfium.so here")
class Pdfium(e2e.Case):
    def setUp(self):
        super().setUp()
        self.env["CONFAB_PDFIUM"] = library()

    def text(self, content, *arguments):
        self.write("knowledge/pdf/x.pdf", content)
        return self.run_ok("chunks", "-p", "demo", "--text", "pdf/x.pdf", *arguments).out.strip()

    def test_text(self):
        self.assertEqual(self.text(pdf(lines(b"Fees are impor-", b"tant and low, na\\357ve \\223quoted\\224."))), "Fees are important and low, naïve “quoted”.")
        # Set sideways, as slides are; and a page that is turned as well.
        for page in b"", b"/Rotate 90":
            self.assertEqual(self.text(pdf(lines(b"Upwards it", b"goes here.", matrix=b"0 1 -1 0 300 100"), page)), "Upwards it goes here.")
        # Beyond the page's edge nobody sees it.
        self.assertEqual(self.text(pdf(lines(b"Seen.") + cell(b"Unseen.", 700, 700))), "Seen.")

    def test_table(self):
        content = b"".join(cell(text, 50 + 100 * k, 700 - 14 * i) for i, row in enumerate(TABLE) for k, text in enumerate(row))
        self.assertEqual(self.text(pdf(content)).splitlines()[:3], ["| Animal | Price |", "| --- | --- |", "| Gnat | 13.65 |"])

    def test_headings(self):
        prose = b"Fees are low for every customer who asks, and they stay so for as long as the customer wishes."
        heading = lambda text, y, size: b"BT /F %d Tf 50 %d Td (%s) Tj ET\n" % (size, y, text)
        content = heading(b"Handbook", 750, 24) + cell(prose, 50, 700) + heading(b"1 Prices", 650, 16) + cell(prose, 50, 620)
        want = "# Handbook\n\n%s\n\n## 1 Prices\n\n%s" % (prose.decode(), prose.decode())
        for reader in (library(), "off") if shutil.which("pdftotext") else (library(),):
            self.env["CONFAB_PDFIUM"] = reader
            self.assertEqual(self.text(pdf(content)), want)
            self.write("config/chunk-strategy.json", json.dumps({"pdf/x.pdf": {"strategy": "markdown"}}))
            chunks = json.loads(self.run_ok("chunks", "-p", "demo", "--json").out)["chunks"]
            chunks = [c for c in chunks if c["document"] == "pdf/x.pdf"]
            self.assertEqual([c["heading"] for c in chunks], [["Handbook"], ["Handbook", "1 Prices"]])
            self.assertEqual([want[c["start"]:c["end"]] for c in chunks], [c["text"] for c in chunks])

    def test_form(self):
        self.assertIn("Filled in", self.text(pdf(lines(b"Name:"), b"/Annots[6 0 R]", FIELD)))

    def test_many_pages(self):
        kids = b" ".join(b"%d 0 R" % (6 + i) for i in range(250))
        pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"] * 250
        # What stands at the edge of every page goes.
        content = lines(b"One.", b"Two.", b"Three.", b"Again and again.", b"Five.", b"Six.", b"Seven.")
        self.assertEqual(self.text(pdf(content, extra=pages, kids=kids)).count("Again and again."), 250)

    def test_faults(self):
        for content, said in ((b"%PDF-1.7\n" + bytes(range(256)) * 40, "the PDF is broken: PDFium cannot read it"),
                              (pdf(b""), "the PDF has no text, only pictures"),
                              (pdf(b"0 0 m 9 9 l S\n" * 6000000), "the PDF needs more memory than a document should")):
            self.write("knowledge/pdf/x.pdf", content)
            self.assertIn(said, self.run_ok("chunks", "-p", "demo").err + self.run_ok("chunks", "-p", "demo").out)

    def test_settings(self):
        self.write("knowledge/pdf/x.pdf", pdf(lines(b"Some text.")))
        for value, err in (("off", ""), ("/nonexistent.so", "it is not there"), (os.environ["CONFAB"], "cannot be used as PDFium")):
            self.env["CONFAB_PDFIUM"] = value
            result = self.confab("chunks", "-p", "demo", "--text", "pdf/x.pdf")
            self.assertIn(err, result.err)
            if err:
                self.assertIn("warning[pdfium]", result.err)
        # Where the dynamic loader would look.
        del self.env["CONFAB_PDFIUM"]
        folder = self.folder / "libraries"
        folder.mkdir()
        (folder / "libpdfium.so").symlink_to(library())
        self.env["LD_LIBRARY_PATH"] = str(folder)
        self.start_mock()
        self.env["LLM_NAME"] = "mock"
        self.assertEqual(self.confab("doctor", "--json").json()["pdf"]["library"], str(pathlib.Path(library()).resolve()))
        self.env["CONFAB_PDFIUM"] = "off"
        self.assertNotEqual(self.confab("doctor", "--json").json()["pdf"]["reader"], "PDFium")
        # It says what runs here, so a project cannot.
        del self.env["CONFAB_PDFIUM"]
        self.write(".env", "CONFAB_PDFIUM=/tmp/own.so\n")
        self.assert_error(self.confab("chunks", "-p", "demo"), 2, "env")


if __name__ == "__main__":
    e2e.main()
