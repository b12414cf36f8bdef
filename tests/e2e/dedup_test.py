# SPDX-License-Identifier: Apache-2.0
"""confab dedup as a person calls it: on any file of conversations, and on what a run wrote."""
import csv
import io
import json
import pathlib

import e2e

WORDS = "we can send the grinder back to you on monday if that is soon enough for your shop".split()


def near(i):
    return " ".join(WORDS[:-1] + [f"place{i}"])


class Dedup(e2e.Case):
    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, newline="")
        return path

    def test_kept_clusters_and_report(self):
        lines = [json.dumps({"messages": [{"role": "user", "content": text}]}) + "\n"
                 for text in (" ".join(WORDS), "something else", near(1), "Something ELSE", near(2))]
        data = self.file("data.jsonl", "".join(lines))
        result = self.run_ok("dedup", data.name, "--output", "kept.jsonl", "--clusters", "clusters.jsonl", "--json")
        self.assertEqual((self.folder / "kept.jsonl").read_text(), lines[0] + lines[1])
        clusters = [json.loads(line) for line in (self.folder / "clusters.jsonl").read_text().splitlines()]
        self.assertEqual([(c["cluster"], c["kept"], [m["row"] for m in c["members"]]) for c in clusters], [(0, 0, [0, 2, 4]), (1, 1, [1, 3])])
        for member in clusters[0]["members"][1:]:
            self.assertAlmostEqual(member["similarity"], 13 / 15)
        report = result.json()
        self.assertEqual([report[k] for k in ("version", "records", "kept", "exact", "near", "clusters")], [1, 5, 2, 1, 2, 2])
        self.assertEqual(report["similarity"], [{"from": 0.85, "count": 2}])

    def test_standard_output_threshold_and_dry_run(self):
        data = self.file("data.json", json.dumps([near(1), near(2), "x"]))
        self.assertEqual(json.loads(self.run_ok("dedup", data.name).out), [near(1), "x"])
        self.assertEqual(json.loads(self.run_ok("dedup", data.name, "--threshold", "0.9").out), [near(1), near(2), "x"])
        result = self.run_ok("dedup", data.name, "--dry-run")
        self.assertEqual(result.out, "")
        self.assertIn("3 records: 2 kept", result.err)

    def test_csv_with_a_named_column(self):
        out = io.StringIO()
        csv.writer(out).writerows([["id", "q"], [1, "Hello, \"you\"\nthere"], [2, "hello you there"], [3, "bye"]])
        data = self.file("data.csv", out.getvalue())
        kept = self.run_ok("dedup", data.name, "--field", "q").out
        self.assertEqual([row[0] for row in csv.reader(io.StringIO(kept))], ["id", "1", "3"])
        self.assert_error(self.confab("dedup", data.name), 2, "records", "--field", "id,q")

    def test_csv_with_a_turn_a_row(self):
        out = io.StringIO()
        words = " ".join(WORDS)
        csv.writer(out).writerows([["id", "turn", "speaker", "text"], ["a", 1, "Customer", "so, " + words], ["a", 2, "Agent", "fine, then on monday"],
                                   ["b", 1, "Customer", "something else"], ["c", 1, "Customer", "So " + words], ["c", 2, "Agent", "Fine then\non monday"]])
        data = self.file("data.csv", out.getvalue())
        kept = self.run_ok("dedup", data.name, "--clusters", "clusters.jsonl").out
        self.assertEqual([row[:2] for row in csv.reader(io.StringIO(kept, newline=""))], [["id", "turn"], ["a", "1"], ["a", "2"], ["b", "1"]])
        self.assertEqual([m["row"] for m in json.loads((self.folder / "clusters.jsonl").read_text())["members"]], [0, 2])
        # Also where another is kept, which reads them in another order.
        kept = self.run_ok("dedup", data.name, "--keep", "longest").out
        self.assertEqual([row[0] for row in csv.reader(io.StringIO(kept, newline=""))], ["id", "a", "a", "b"])

    def test_the_best_judged_is_kept(self):
        def kept(*records):
            data = self.file("data.jsonl", "".join(json.dumps(r) + "\n" for r in records))
            return [json.loads(line)["n"] for line in self.run_ok("dedup", data.name, "--keep", "best").out.splitlines()]
        self.assertEqual(kept({"n": 0, "text": near(1) + "."}, {"n": 1, "score": -1, "text": near(2)}, {"n": 2, "score": 0.5, "text": near(3)}), [2])
        self.assertEqual(kept({"n": 0, "text": near(1)}, {"n": 1, "text": near(2) + "."}, {"n": 2, "text": near(3) + " {name}."}), [1])
        self.assertEqual(kept({"n": 0, "text": near(1)}, {"n": 1, "text": near(2)}), [0])

    def test_parquet(self):
        files = pathlib.Path(__file__).parent.parent / "unit/data/parquet"
        for name in ("snappy", "delta", "duckdb-2"):
            data = files / f"{name}.parquet"
            report = self.run_ok("dedup", data, "--dry-run", "--json").json()
            self.assertEqual((report["records"], report["kept"], report["exact"]), (9, 8, 1))
            for flags in ((), ("--keep", "longest"), ("--keep", "best"), ("--memory", 64)):
                self.run_ok("dedup", data, "--output", "kept.parquet", *flags)
                again = self.run_ok("dedup", "kept.parquet", "--dry-run", "--json").json()
                self.assertEqual((again["records"], again["kept"]), (8, 8))
        self.assertEqual(self.run_ok("dedup", files / "text.parquet", files / "text.parquet", "--dry-run", "--json").json()["kept"], 3)
        self.assert_error(self.confab("dedup", files / "text.parquet", files / "list.parquet"), 2, "records", "columns")
        # Its own exports, and an evaluation set.
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", 8, "-x", 2, "--seed", 1)
        self.run_ok("export", "-p", "demo", "-f", "parquet", "-o", "run.parquet")
        self.run_ok("export", "-p", "demo", "-f", "jsonl", "-o", "run.jsonl")
        same = [self.run_ok("dedup", name, "--dry-run", "--json").json() for name in ("run.parquet", "run.jsonl")]
        self.assertEqual(*[[r[k] for k in ("records", "kept", "near")] for r in same])
        hits = self.run_ok("dedup", "run.jsonl", "--against", "run.parquet", "--dry-run", "--json").json()
        self.assertGreater(hits["contaminated"], 0)

    def test_meaning(self):
        # The mock's embeddings know which words a text has, not their order.
        other = " ".join(WORDS[::-1])
        data = self.file("data.jsonl", "".join(json.dumps({"text": t}) + "\n" for t in (" ".join(WORDS), other, "something else", near(1))))
        self.start_mock()
        self.assertEqual(self.run_ok("dedup", data.name, "--dry-run", "--json").json()["kept"], 3)
        result = self.run_ok("dedup", data.name, "--semantic", "--embeddings-model", "m", "--output", "kept.jsonl", "--clusters", "c.jsonl")
        self.assertIn("1 that say the same in other words", result.err)
        self.assertEqual(len((self.folder / "kept.jsonl").read_text().splitlines()), 2)
        members = json.loads((self.folder / "c.jsonl").read_text())["members"]
        self.assertEqual([(m["row"], m.get("by")) for m in members], [(0, None), (1, "meaning"), (3, None)])
        self.assertGreater(members[1]["similarity"], 0.999)
        kept = self.run_ok("dedup", data.name, "--semantic", "--embeddings-model", "m", "--keep", "longest").out
        self.assertEqual(len(kept.splitlines()), 2)
        bounded = self.run_ok("dedup", data.name, "--semantic", "--embeddings-model", "m", "--keep", "longest", "--memory", 1).out
        self.assertEqual(bounded, kept)
        self.assert_error(self.confab("dedup", data.name, "--semantic", "--embeddings-model", "m", "--embeddings-url", "http://127.0.0.1:1"), 5,
                          "server", "--embeddings-url")

    def test_against(self):
        data = self.file("data.jsonl", json.dumps({"text": "so, " + " ".join(WORDS)}) + "\n" + json.dumps({"text": "fine"}) + "\n")
        self.file("eval.json", json.dumps([{"text": " ".join(WORDS[:14])}]))
        result = self.run_ok("dedup", data.name, "--against", "eval.json", "--hits", "hits.jsonl")
        self.assertEqual(result.out, '{"text": "fine"}\n')
        hit = json.loads((self.folder / "hits.jsonl").read_text())
        self.assertEqual((hit["row"], hit["against"]), (0, {"row": 0, "file": "eval.json"}))
        self.assertEqual(hit["words"], " ".join(WORDS[:13]))

    def test_what_a_run_wrote(self):
        self.start_mock("--duplicate-rate", "0.5")
        self.run_ok("run", "-p", "demo", "-n", 40, "-x", 3, "--seed", 1, "-j", 4, "--dedup", "off")
        data, table = self.generated(".json")[0], self.generated(".csv")[0]
        kept = json.loads(self.run_ok("dedup", data).out)
        self.assertLess(len(kept), 40)
        rows = list(csv.DictReader(io.StringIO(self.run_ok("dedup", table).out, newline="")))
        self.assertLess(len(rows), 40)
        # Deduplicated while it runs, nothing is left to do, and another run counts it as seen.
        self.run_ok("run", "-p", "demo", "-n", 20, "-x", 3, "--seed", 2, "-j", 4, "--attempts", 9, "--dedup-scope", data)
        both = self.run_ok("dedup", data, self.generated(".json")[1], "--dry-run", "--json").json()
        self.assertEqual(both["records"] - both["kept"], 40 - len(kept))

    def test_what_is_wrong(self):
        self.assert_error(self.confab("dedup", "nowhere.jsonl"), 8, "file", "nowhere.jsonl")
        data = self.file("bad.jsonl", '{"text": "a"}\n{"text": \n')
        self.assert_error(self.confab("dedup", data.name, "-o", "kept.jsonl"), 8, "records", "bad.jsonl:2")
        self.assertFalse((self.folder / "kept.jsonl").exists())
        self.assert_error(self.confab("dedup", data.name, "--json"), 2, "usage", "--output")
        self.assert_error(self.confab("dedup"), 2, "usage")
        self.assert_error(self.confab("dedup", self.file("x.parquet", "PAR1").name), 8, "records", "Parquet")


if __name__ == "__main__":
    e2e.main()
