# SPDX-License-Identifier: Apache-2.0
"""confab report: one file without script or network, and numbers that are those of the dataset."""
import html.parser
import json

import e2e

VOID = {"meta", "rect", "line", "path", "br"}


class Page(html.parser.HTMLParser):
    """Holds that tags are closed, and collects them with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


class Report(e2e.Case):
    def test_page_and_numbers(self):
        self.start_mock("--exchanges", "2", "--faults", "0.3", "--fault", "content", "--fault-seed", "5")
        self.run_ok("run", "-p", "demo", "-n", 30, "-x", 3, "--seed", 7)
        result = self.run_ok("report", "-p", "demo", "-o", "r.html", "--json")
        records, told = self.records(), result.json()
        metrics = told["metrics"]
        self.assertEqual(metrics["conversations"], len(records))
        self.assertEqual(metrics["turns"], sum(len(r["messages"]) for r in records))
        moods = [r["labels"]["mood"] for r in records]
        self.assertEqual(told["labels"]["mood"], {m: moods.count(m) for m in set(moods)})
        status = self.run_ok("status", "-p", "demo", "--json").json()
        self.assertEqual(told["rejected"], status["rejected"])
        self.assertTrue(told["rejected"])
        self.assertEqual(metrics["answers"], 30 + sum(told["rejected"].values()))

        text = (self.folder / "r.html").read_text()
        page = Page(text)
        tags = {tag for tag, _ in page.tags}
        self.assertFalse(tags & {"script", "img", "link", "iframe", "object", "a", "form"}, tags)
        policy = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy[0])
        self.assertNotIn("http", text.replace("http-equiv", ""))
        self.assertEqual([tag for tag, _ in page.tags].count("article"), 10)
        for tag, attributes in page.tags:
            if tag == "svg":
                self.assertTrue(attributes.get("aria-label") or attributes.get("aria-hidden"), attributes)
        self.assertIn(records[0]["messages"][0]["content"], "".join(page.text))

    def test_refused(self):
        self.assert_error(self.confab("report", "-p", "demo"), 2, "usage", "--output")
        self.assert_error(self.confab("report", "-p", "demo", "--json"), 2, "run", "no run yet")


if __name__ == "__main__":
    e2e.main()
