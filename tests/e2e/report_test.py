# SPDX-License-Identifier: Apache-2.0
"""confab report: one file without script or network, and numbers that are those of the dataset."""
import collections
import contextlib
import html.parser
import json
import math
import re
import sqlite3

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


def words_of(text):
    """The normal form: lower case, an apostrophe inside a word vanishes, other punctuation ends it."""
    return re.findall(r"[^\W_]+", re.sub(r"(?<=\w)['\u2019](?=\w)", "", text.lower()))


def grams(words, n):
    return [tuple(words[i:i + n]) for i in range(len(words) - n + 1)]


def entropy(counts):
    return -sum(n / sum(counts) * math.log2(n / sum(counts)) for n in counts)


def bleu(hypothesis, references):
    """BLEU-4 (Papineni et al. 2002), a precision of 0 counted as 0.1 of a match."""
    logs = 0
    for n in range(1, 5):
        counts = collections.Counter(grams(hypothesis, n))
        most = collections.Counter()
        for reference in references:
            most |= collections.Counter(grams(reference, n))
        matches = sum((counts & most).values())
        if n == 1 and not matches:
            return 0
        logs += math.log((matches or 0.1) / max(1, sum(counts.values()))) / 4
    closest = min((abs(len(r) - len(hypothesis)), len(r)) for r in references)[1]
    return math.exp(logs) * (1 if len(hypothesis) > closest else math.exp(1 - closest / len(hypothesis)))


def nearest_rank(values, p):
    return sorted(values)[math.ceil(p * len(values)) - 1]


def reference(texts):
    out = {"words": sum(map(len, texts)), "words_p50": nearest_rank([len(t) for t in texts], 0.5),
           "words_p95": nearest_rank([len(t) for t in texts], 0.95)}
    for n in (1, 2, 3):
        runs = [g for t in texts for g in grams(t, n)]
        out[f"distinct_{n}"] = len(set(runs)) / len(runs)
    five = [g for t in texts for g in grams(t, 5)]
    out["repeated_5grams"] = 1 - len(set(five)) / len(five)
    windows = [[len(set(t[i:i + 50])) / 50 for i in range(len(t) - 49)] for t in texts if len(t) >= 50]
    out["mattr_50"] = sum(sum(w) / len(w) for w in windows) / len(windows)
    out["self_bleu_4"] = sum(bleu(t, texts[:i] + texts[i + 1:]) for i, t in enumerate(texts)) / len(texts)
    sets = [set(grams(t, 5)) for t in texts]
    out["nearest_similarity"] = sum(max(len(a & b) / len(a | b) for k, b in enumerate(sets) if k != i) for i, a in enumerate(sets)) / len(sets)
    return out


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

    def test_metrics_are_those_of_a_reference(self):
        """Every metric that follows from texts, computed again from the journal by the definitions alone."""
        self.write("prompting/injections/mood.txt", "".join(f"mood{i}\n" for i in range(50)))
        self.write("prompting/injections/unused.txt", "a\nb\n")
        self.start_mock("--exchanges", "4")
        self.run_ok("run", "-p", "demo", "-n", 30, "-x", 6, "--seed", 7, "--dedup", "off")
        told = self.run_ok("report", "-p", "demo", "--json").json()
        with contextlib.closing(sqlite3.connect(self.project.glob(".confab/*.db").__next__())) as db:
            texts = [words_of(text) for (text,) in db.execute("select text from kept order by iteration")]
        for name, value in reference(texts).items():
            self.assertAlmostEqual(told["metrics"][name], value, 9, name)
        records = self.records()
        moods = collections.Counter(r["labels"]["mood"] for r in records)
        mood = told["coverage"]["mood"]
        self.assertEqual((mood["possible"], mood["seen"], mood["draws"], mood["unknown"]), (50, len(moods), 30, 0))
        self.assertEqual(set(mood["never"]), {f"mood{i}" for i in range(50)} - set(moods))
        self.assertAlmostEqual(mood["entropy"], entropy(moods.values()), 9)
        self.assertAlmostEqual(mood["entropy_most"], math.log2(50), 9)
        self.assertAlmostEqual(told["metrics"]["coverage.mood"], len(moods) / 50, 9)
        self.assertEqual({k: v["possible"] for k, v in told["coverage"].items()},
                         {"topic": 2, "document": 2, "passage": 2, "template": 2, "mood": 50})
        self.assertEqual({v["seen"] for k, v in told["coverage"].items() if k != "mood"}, {2})
        self.assertTrue(all(isinstance(x, str) and x for x in told["sources"].values()))

    def test_refused(self):
        self.assert_error(self.confab("report", "-p", "demo"), 2, "usage", "--output")
        self.assert_error(self.confab("report", "-p", "demo", "--json"), 2, "run", "no run yet")


if __name__ == "__main__":
    e2e.main()
