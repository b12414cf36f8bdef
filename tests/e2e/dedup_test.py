# SPDX-License-Identifier: Apache-2.0
"""confab dedup as a person calls it: on any file of conversations, and on what a run wrote."""
import csv
import io
import json

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
        self.assert_error(self.confab("dedup", self.file("x.parquet", "PAR1").name), 2, "records", "Parquet")


if __name__ == "__main__":
    e2e.main()
