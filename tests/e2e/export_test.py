# SPDX-License-Identifier: Apache-2.0
"""confab export: what is written where, parts, conditions, and what is refused."""
import contextlib
import csv
import io
import json
import sqlite3

import e2e


class Export(e2e.Case):
    def setUp(self):
        super().setUp()
        self.start_mock("--exchanges", "2")
        self.write("examples/examples.txt", "Customer: Hello there\nAgent: Welcome to the shop\n")
        self.run_ok("run", "-p", "demo", "-n", 40, "-x", 3, "--seed", 7)

    def lines(self, *words):
        return [json.loads(line) for line in self.run_ok("export", "-p", "demo", "-f", "jsonl", "-o", "-", *words).out.splitlines()]

    def test_the_dataset_itself(self):
        for format in ("json", "csv"):
            out = self.run_ok("export", "-p", "demo", "-f", format, "-o", "-").out
            self.assertEqual(out.encode(), self.generated("." + format)[0].read_bytes())
        lines = self.lines()
        self.assertEqual([line["id"] for line in lines], [r["id"] for r in self.records()])
        self.assertEqual({tuple(line) for line in lines}, {tuple(lines[0])})
        self.assertEqual([line["source"] for line in lines].count("handwritten"), 1)

    def test_what_is_chosen(self):
        self.assertEqual(len(self.lines("--source", "handwritten")), 1)
        self.assertEqual(len(self.lines("--source", "generated")), 40)
        sample = self.lines("--sample", 7)
        self.assertEqual(len(sample), 7)
        self.assertEqual(sample, self.lines("--sample", 7))
        self.assertNotEqual(sample, self.lines("--sample", 7, "--seed", 1))
        angry = self.lines("--where", "mood = 'angry' and turns >= 2")
        self.assertTrue(angry and all(line["labels"]["mood"] == "angry" for line in angry))
        self.assert_error(self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "-", "--where", "1); drop table kept"), 2, "where")

    def test_parts(self):
        self.run_ok("export", "-p", "demo", "-f", "jsonl", "-o", "parts", "--split", "train=0.5,test=0.5", "--zstd")
        self.assertEqual(sorted(p.name for p in (self.folder / "parts").iterdir()), ["test.jsonl.zst", "train.jsonl.zst"])
        self.run_ok("export", "-p", "demo", "-f", "jsonl", "-o", "parts", "--split", "train=0.5,test=0.5")
        parts = {name: [json.loads(line) for line in (self.folder / "parts" / f"{name}.jsonl").read_text().splitlines()] for name in ("train", "test")}
        documents = [{line["document"] for line in part if line["document"]} for part in parts.values()]
        self.assertFalse(documents[0] & documents[1])
        self.assertEqual(sum(map(len, parts.values())), 41)
        self.assertIn("handwritten", {line["source"] for line in parts["train"]})
        self.assertTrue(all(line["split"] == name for name, part in parts.items() for line in part))

    def test_labels_keep_their_types(self):
        self.write("prompting/injections/persona.csv", "value,age,score\nAda,31,1\nBob,45,2.5\nEve,27,3\n")
        self.write("prompting/user-prompt.txt", "Topic {topic}. Mood: {mood}. Persona {persona}, {persona.age}, {persona.score}.\n")
        self.write("config/generation-paramters.json", '{"temperature": [0.2, 1.0], "logprobs": [true, false, null]}\n')
        self.write("config/output-format.json", json.dumps({
            "participants": ["Customer", "Agent"],
            "labels": {"mood": "{mood.label}", "age": "{persona.age}", "score": "{persona.score}", "heat": "{param.temperature}",
                       "odds": "{param.logprobs}", "end": {"of": ["solved", "open"]}},
            "turn_labels": {"intent": {"of": ["ask", "complain"], "participant": "Customer"}}}))
        self.start_mock("--exchanges", "2")
        self.run_ok("run", "-p", "demo", "-n", 40, "-x", 3, "--seed", 7)
        rows = self.lines()
        kinds = {"mood": {str}, "age": {int}, "score": {float}, "heat": {float}, "odds": {bool}, "end": {str}}
        for name, kind in kinds.items():
            self.assertEqual({type(row["labels"][name]) for row in rows} - {type(None)}, kind, name)
        for row, record in zip(rows, self.records()):
            self.assertEqual(list(row["labels"]), list(kinds))
            self.assertEqual(row["labels"], record["labels"])
            self.assertEqual(len(row["turn_labels"]), len(row["messages"]))
            for message, labels in zip(row["messages"], row["turn_labels"]):
                self.assertEqual(list(labels), ["intent"])
                if row["source"] == "generated":
                    self.assertEqual(labels["intent"] in ("ask", "complain"), message["role"] == "user")
        self.assertIn("null", self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "-", "--source", "handwritten").out)

    def parts_of(self, *words):
        """The rows by id, each with its part."""
        self.run_ok("export", "-p", "demo", "-f", "jsonl", "-o", "parts", *words)
        rows = [json.loads(line) for path in (self.folder / "parts").glob("*.jsonl") for line in path.read_text().splitlines()]
        return {row["id"]: row for row in rows}

    def test_parts_without_leakage(self):
        self.assert_error(self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "x", "--together", "mood"), 2, "usage", "--split")
        self.assert_error(self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "x", "--split", "a=1", "--together", "moood"), 2, "usage", "--together")
        # Rows of no document, every fourth nearly the same as the one before; one is nearly the example.
        journal, = self.project.glob(".confab/*.db")
        with contextlib.closing(sqlite3.connect(journal)) as db:
            for (i,) in db.execute("select iteration from kept").fetchall():
                words = [f"word{i - (i % 4 == 3)}x{k}" for k in range(60)]
                words[-1] = f"end{i}"
                db.execute("update kept set drawn=json_remove(drawn, '$.document', '$.chunks', '$.\"@record\".chunks'), text=? where iteration=?",
                           (" ".join(words) if i else "hello there welcome to the shop", i))
            db.commit()
        rows = self.parts_of("--split", "train=0.5,test=0.5", "--together", "mood", "--threshold", 1)
        for mood in ("calm", "angry", "curious"):
            self.assertEqual(len({r["split"] for r in rows.values() if r["labels"]["mood"] == mood}), 1)
        self.assertEqual(len({r["split"] for r in rows.values()}), 2)
        ids = [r["id"] for r in self.records()]
        for seed in range(5):
            rows = self.parts_of("--split", "train=0.3,test=0.7", "--seed", seed)
            self.assertEqual(len(rows), 41)
            for i in range(3, 40, 4):
                self.assertEqual(rows[ids[i]]["split"], rows[ids[i - 1]]["split"])
            self.assertEqual(rows[ids[0]]["split"], "train")
            self.assertEqual(rows[ids[40]]["split"], "train")
        self.assertTrue(any(self.parts_of("--split", "train=0.3,test=0.7", "--threshold", 1)[ids[i]]["split"] !=
                            self.parts_of("--split", "train=0.3,test=0.7", "--threshold", 1)[ids[i - 1]]["split"] for i in range(3, 40, 4)))

    def test_a_partition_is_a_part(self):
        self.write("config/drawing.json", '{"partitions": {"eval": {"injections": {"mood": ["angry"]}}}}\n')
        self.start_mock("--exchanges", "2")
        self.run_ok("run", "-p", "demo", "-n", 6, "-x", 3, "--seed", 8, "--partition", "eval")
        stamps = [path.stem for path in self.generated(".csv")]
        rows = self.parts_of(*stamps, "--split", "train=0.5,test=0.5")
        self.assertEqual([r["split"] for r in rows.values()].count("eval"), 6)
        self.assertTrue(all(r["labels"]["mood"] == "angry" for r in rows.values() if r["split"] == "eval"))

    def test_two_runs(self):
        self.run_ok("run", "-p", "demo", "-n", 5, "-x", 3, "--seed", 8)
        stamps = [path.stem for path in self.generated(".csv")]
        self.assertEqual(len(self.lines(*stamps)), 46)
        self.assert_error(self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "-", stamps[0], stamps[0]), 2, "usage")

    def test_preferences(self):
        self.start_mock("--exchanges", "2", "--faults", "0.3", "--fault", "content", "--fault-seed", "5")
        self.run_ok("run", "-p", "demo", "-n", 30, "-x", 3, "--seed", 9, "--attempts", 5)
        result = self.run_ok("export", "-p", "demo", "-f", "dpo", "-o", "-")
        rows = [json.loads(line) for line in result.out.splitlines()]
        retried = {r["id"]: r for r in self.records() if (r["attempt"] or 0) > 1}
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual(list(row), ["prompt", "chosen", "rejected", "reason", "id", "split"])
            record = retried[row["id"]]
            self.assertIn(record["labels"]["mood"], row["prompt"][-1]["content"])
            self.assertIn(record["messages"][0]["content"][:15], json.dumps(json.loads(row["chosen"][0]["content"]), ensure_ascii=False)
                          if row["chosen"][0]["content"].startswith(("{", "[")) else row["chosen"][0]["content"])
            self.assertNotEqual(row["chosen"], row["rejected"])
        self.write("prompting/user-prompt.txt", "Another prompt about {topic}\n")
        self.assert_error(self.confab("export", "-q", "-p", "demo", "-f", "dpo", "-o", "-"), 2, "changed", "user-prompt.txt")

    def test_folders_and_files(self):
        for format, names in (("sharegpt", ["dataset_info.json", "train.jsonl"]), ("axolotl", ["axolotl.yml", "train.jsonl"]),
                              ("hf", ["README.md", "data"])):
            self.run_ok("export", "-p", "demo", "-f", format, "-o", format)
            self.assertEqual(sorted(p.name for p in (self.folder / format).iterdir()), names)
        out = self.run_ok("export", "-p", "demo", "-f", "csv", "-o", "-", "--bom", "--csv-safe").out
        self.assertTrue(out.startswith("\ufeff"))
        self.assertEqual(len(list(csv.reader(io.StringIO(out, newline="")))), 42)
        (self.folder / "taken").mkdir()
        self.assert_error(self.confab("export", "-p", "demo", "-f", "jsonl", "-o", "taken"), 8, "file", "it is a folder")
        self.assert_error(self.confab("export", "-p", "demo", "-f", "parquet", "-o", "x", "--zstd"), 2, "usage")
        self.assert_error(self.confab("export", "-p", "demo", "-o", "x"), 2, "usage", "--format")


if __name__ == "__main__":
    e2e.main()
