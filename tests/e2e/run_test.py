# SPDX-License-Identifier: Apache-2.0
"""A whole run: what it writes, what it says, and that one seed gives one order."""
import csv
import hashlib
import io
import json

import e2e


class Run(e2e.Case):
    def test_files(self):
        self.start_mock("--exchanges", "2")
        result = self.run_ok("run", "-p", "demo", "-n", 12, "-x", 3, "--seed", 7)
        self.assertEqual(result.out, "")
        for said in ("Run ", "complete", "asked", "kept      12", "tokens", "cost", "time", ".json", ".csv", ".run.json"):
            self.assertIn(said, result.err)
        records = self.records()
        self.assertEqual([r["index"] for r in records], list(range(12)))
        stamp = self.generated(".csv")[0].stem
        for record in records:
            self.assertEqual(list(record), ["id", "run", "index", "attempt", "source", "partition", "topic", "labels", "chunks",
                                            "template", "parameters", "model", "seed", "messages"])
            self.assertEqual(record["id"], f"{stamp}-{record['index']}")
            self.assertIn(record["labels"]["mood"], ("calm", "angry", "curious"))
            self.assertIn(record["topic"], ("brewing", "orders"))
            self.assertEqual([m["role"] for m in record["messages"][:2]], ["user", "assistant"])
        # Values are dealt evenly.
        moods = [r["labels"]["mood"] for r in records]
        self.assertEqual({m: moods.count(m) for m in set(moods)}, {"calm": 4, "angry": 4, "curious": 4})

        text = self.generated(".csv")[0].read_bytes().decode()
        self.assertFalse(text.startswith("\ufeff"))
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(len(rows), 12)
        self.assertEqual([row["labels.mood"] for row in rows], moods)
        self.assertEqual(rows[0]["conversation"].split(":")[0], "Customer")
        self.assertTrue(text.endswith("\r\n"))

        told = json.loads(self.generated(".run.json")[0].read_text())
        self.assertEqual((told["seed"], told["complete"], told["counts"]["kept"]), (7, True, 12))
        prompt = self.project / "prompting/user-prompt.txt"
        self.assertEqual(told["files"]["prompting/user-prompt.txt"], hashlib.sha256(prompt.read_bytes()).hexdigest())
        self.assertEqual(len([line for line in self.ledger() if line[4] == "sent" and line[10] != "-"]), 12)

    def test_one_seed_one_order(self):
        self.start_mock("--delay-ms", "0-30")
        for concurrency in (1, 32):
            self.run_ok("run", "-p", "demo", "-n", 40, "-x", 2, "--seed", 11, "-j", concurrency, "--resume", "never")
        one, many = self.records(0), self.records(1)
        for record in one + many:
            del record["id"], record["run"]
        self.assertEqual(one, many)

    def test_longer_run_begins_as_the_shorter(self):
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", 5, "-x", 2, "--seed", 3, "--resume", "never")
        self.run_ok("run", "-p", "demo", "-n", 15, "-x", 2, "--seed", 3, "--resume", "never")
        self.run_ok("run", "-p", "demo", "-n", 10, "-x", 2, "--seed", 3, "--start", 5, "--resume", "never")
        def drawn(index):
            return [(r["index"], r["topic"], r["labels"], r["template"], r["parameters"]) for r in self.records(index)]
        self.assertEqual(drawn(0), drawn(1)[:5])
        self.assertEqual(drawn(2), drawn(1)[5:])

    def test_preview_is_what_is_sent(self):
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", 3, "-x", 4, "--seed", 5)
        items = self.run_ok("preview", "-p", "demo", "-i", "0-2", "-x", 4, "--seed", 5, "--json").json()["items"]
        for item, record in zip(items, self.records()):
            self.assertEqual(item["seed"], record["seed"])
            self.assertEqual(item["parameters"]["temperature"], record["parameters"]["temperature"])
            self.assertEqual(item["drawn"]["mood"], record["labels"]["mood"])

    def test_json_summary_and_events(self):
        self.start_mock("--delay-ms", "20")
        result = self.run_ok("run", "-p", "demo", "-n", 8, "-x", 2, "-j", 2, "--progress", "json", "--json")
        events = [json.loads(line) for line in result.err.splitlines()]
        kinds = [event["event"] for event in events]
        self.assertEqual((kinds[0] if kinds[0] != "warning" else kinds[kinds.index("start")], kinds[-1]), ("start", "done"))
        self.assertIn("progress", kinds)
        self.assertTrue(set(kinds) <= {"start", "progress", "waiting", "warning", "done"}, kinds)
        self.assertEqual((events[-1]["kept"], events[-1]["exit"]), (8, 0))
        summary = result.json()
        self.assertEqual((summary["version"], summary["state"], summary["kept"]), (1, "complete", 8))

    def test_quiet_and_plain(self):
        self.start_mock()
        self.assertEqual(self.run_ok("run", "-p", "demo", "-n", 2, "-x", 2, "-q").err, "")
        self.assertNotIn("\r", self.run_ok("run", "-p", "demo", "-n", 2, "-x", 2).err)

    def test_dry_run_sends_nothing(self):
        self.start_mock()
        self.env["LLM_NAME"] = "some-model"
        result = self.run_ok("run", "-p", "demo", "-n", 50, "-x", 2, "--dry-run")
        self.assertIn("50 conversations planned; nothing was sent", result.err)
        self.assertFalse((self.project / "generated").exists())
        self.assertEqual(self.ledger(), [])

    def test_init_makes_a_project_that_runs(self):
        self.start_mock()
        self.run_ok("init", "mine", "--from", "demo")
        self.assertFalse((self.folder / "projects/mine/generated").exists())
        self.run_ok("run", "-p", "mine", "-n", 1, "-x", 2)
        self.assert_error(self.confab("init", "mine"), 2, "exists")
        # The built-in example needs no projects folder at all.
        self.run_ok("init", "elsewhere/starter")
        self.run_ok("validate", "-p", "elsewhere/starter")
        self.assert_error(self.confab("init", "x", "--from", "nosuch"), 2, "project")
        self.assert_error(self.confab("init", ".hidden"), 2, "usage")

    def test_inside_a_project(self):
        self.start_mock()
        self.run_ok("run", "-C", "projects/demo/knowledge/brewing", "-n", 1, "-x", 1)
        self.assertEqual(len(self.generated(".csv")), 1)

    def test_project_env(self):
        self.start_mock("--key", "project-key-0123456789")
        self.write(".env", f"LLM_API_URL={self.url}\nexport LLM_API_KEY='project-key-0123456789'  # ours\nCONFAB_MAX_EXCHANGES=2\n")
        del self.env["LLM_API_URL"]
        self.run_ok("run", "-p", "demo", "-n", 2)
        everything = b"".join(p.read_bytes() for p in self.project.rglob("*") if p.is_file() and p.name != ".env")
        self.assertNotIn(b"project-key", everything)


if __name__ == "__main__":
    e2e.main()
