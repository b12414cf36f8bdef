# SPDX-License-Identifier: Apache-2.0
"""Near-duplicates while a run goes on: rejected, journalled, the same after an interruption."""
import json
import signal
import sqlite3

import e2e

HALF = ("--duplicate-rate", "0.5")


class Novelty(e2e.Case):
    def journals(self):
        return sorted((self.project / ".confab").glob("*.db"))

    def verdicts(self, which=-1):
        """(iteration, attempt, final, reason, message, similarity, near) in order."""
        db = sqlite3.connect(f"file:{self.journals()[which]}?mode=ro", uri=True)
        rows = db.execute("SELECT id, final, reason, message, similarity, near FROM verdict ORDER BY id").fetchall()
        db.close()
        return [(id >> 16, id >> 8 & 255, *rest) for id, *rest in rows]

    def texts(self, which=-1):
        return ["\n".join(m["content"] for m in r["messages"]) for r in self.records(which)]

    @staticmethod
    def shingles(text):
        words = "".join(c.lower() if c.isalnum() else "" if c == "'" else " " for c in text).split()
        return {tuple(words[i:i + 5]) for i in range(len(words) - 4)}

    def nearest_pair(self, texts):
        sets = [self.shingles(t) for t in texts]
        return max(len(a & b) / len(a | b) for i, a in enumerate(sets) for b in sets[:i])

    def test_nothing_kept_is_a_near_duplicate(self):
        self.start_mock(*HALF)
        self.run_ok("run", "-p", "demo", "-n", 60, "-x", 3, "--seed", 1, "-j", 8, "--attempts", 6)
        self.assertLess(self.nearest_pair(self.texts()), 0.8)
        duplicates = [v for v in self.verdicts() if v[3] == "duplicate"]
        self.assertGreater(len(duplicates), 5)
        kept = {v[0] for v in self.verdicts() if v[3] == "kept"}
        for _, _, _, _, message, similarity, near in duplicates:
            self.assertGreaterEqual(similarity, 0.8)
            self.assertIn(near, kept)
            self.assertIn(f"conversation {near}", message)

    def test_off_keeps_them(self):
        self.start_mock(*HALF)
        self.run_ok("run", "-p", "demo", "-n", 60, "-x", 3, "--seed", 1, "-j", 8, "--dedup", "off")
        self.assertGreaterEqual(self.nearest_pair(self.texts()), 0.8)
        self.assertEqual({v[3] for v in self.verdicts()}, {"kept"})
        # How diverse the run is is measured all the same, and stored.
        figures = json.loads(sorted((self.project / "generated").glob("*.run.json"))[-1].read_text())["diversity"]
        self.assertIsNone(figures["near_duplicates"])  # nothing was compared
        self.assertLess(figures["distinct_3"], 1)
        self.assertTrue(figures["openers"][0]["count"] > 1)

    def test_a_rejected_answer_is_asked_again_with_the_same_labels(self):
        self.start_mock(*HALF)
        self.run_ok("run", "-p", "demo", "-n", 40, "-x", 3, "--seed", 2, "-j", 1, "--attempts", 9)
        again = {v[0] for v in self.verdicts() if v[3] == "duplicate"}
        records = {r["index"]: r for r in self.records()}
        drawn = {i["index"]: i for i in self.run_ok("preview", "-p", "demo", "-i", "0-39", "-x", 3, "--seed", 2, "--json").json()["items"]}
        self.assertTrue(again & set(records))
        for index in again & set(records):
            self.assertGreater(records[index]["attempt"], 1)
            self.assertEqual(records[index]["labels"]["mood"], drawn[index]["drawn"]["mood"])
            self.assertNotEqual(records[index]["parameters"]["temperature"], drawn[index]["parameters"]["temperature"])

    def test_an_interrupted_run_decides_as_an_uninterrupted_one(self):
        self.start_mock(*HALF, "--delay-ms", "8")
        words = ("run", "-p", "demo", "-n", 60, "-x", 3, "--seed", 5, "-j", 1, "--attempts", 4, "--dedup-scope", "run")
        self.run_ok(*words, "--resume", "never", code=AnyCode())
        whole = self.verdicts()
        process = self.start(*words, "--resume", "never")
        for kill in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
            seen = self.judged()
            self.wait_for(lambda: process.poll() is not None or self.judged() > seen + 12)
            process.send_signal(kill)
            self.finish(process)
            process = self.start("resume", "-p", "demo", "-j", 1)
        self.finish(process)
        self.assertEqual(len(self.journals()), 2)
        self.assertEqual(self.verdicts(), whole)
        self.assertGreater(sum(v[3] == "duplicate" for v in whole), 5)

    def judged(self):
        try:
            return len(self.verdicts()) if len(self.journals()) == 2 else 0
        except sqlite3.OperationalError:  # its tables are still being made
            return 0

    def test_handwritten_examples_are_already_seen(self):
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", 3, "-x", 2, "--seed", 6)
        told = [[m["content"] for m in r["messages"]] for r in self.records()]
        example = "\n".join(f"{'Agent' if i % 2 else 'Customer'}: {text}" for i, text in enumerate(told[1]))
        self.write("examples/examples.txt", example + "\n")
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", 3, "-x", 2, "--seed", 6, "--attempts", 3, "--resume", "never")
        found = [v for v in self.verdicts() if v[3] == "duplicate"]
        self.assertEqual([(v[0], v[1]) for v in found], [(1, 1)])
        self.assertIn("handwritten example 1", found[0][4])

    def test_earlier_runs_count_and_a_repetition_does_not(self):
        self.start_mock("--duplicate-rate", "1")
        n = ("-p", "demo", "-n", 6, "-x", 3, "-j", 1, "--resume", "never", "--attempts", 1)
        self.run_ok("run", *n, "--seed", 1, code=AnyCode())
        first = self.verdicts(0)
        self.run_ok("run", *n, "--seed", 1, code=AnyCode())
        self.assertEqual(self.verdicts(1), first)
        self.run_ok("run", *n, "--seed", 2, "--dedup-scope", "run", code=AnyCode())
        alone = sum(v[3] == "kept" for v in self.verdicts(2))
        self.run_ok("run", *n, "--seed", 2, code=AnyCode())
        self.assertLess(sum(v[3] == "kept" for v in self.verdicts(3)), alone)
        self.assertTrue(any("of run " in v[4] for v in self.verdicts(3)), self.verdicts(3))

    def test_openings_and_repeated_turns(self):
        def told(name, *turns):
            path = self.folder / name
            path.write_text("\n".join(f"{'Agent' if i % 2 else 'Customer'}: {text}" for i, text in enumerate(turns)) + "\n")
            return ("--fixed", str(path))
        answers = [
            *told("a", "Can you tell me where my order is now?", "It left our house on Monday morning by train."),
            *told("b", "Where is my order now, can you tell me?", "Somebody signed for the parcel an hour ago, I see."),
            *told("c", "How do I grind for a moka pot at home?", "Somewhat coarser than for espresso, and never fill it to the brim.",
                  "And for a french press with four cups?", "Somewhat coarser than for espresso, and never fill it to the brim!"),
            *told("d", "Hello!", "Hello, what can we do for you on this fine day?"),
            *told("e", "Hello!", "Good evening, you have reached the coffee shop at the harbour."),
        ]
        for flags, kept, rejected in (((), 5, 0), (("--dedup-openers",), 3, 2)):
            self.start_mock(*answers)
            result = self.run_ok("run", "-p", "demo", "-n", 5, "-x", 3, "--seed", 1, "-j", 1, "--attempts", 1, "--resume", "never",
                                 "--structured", "off", "--dedup-scope", "run", *flags, code=6 if flags else 0)
            verdicts = self.verdicts()
            self.assertEqual(sum(v[3] == "kept" for v in verdicts), kept, verdicts)
            self.assertEqual(sum(v[3] == "duplicate" for v in verdicts), rejected)
            said = {v[4] for v in verdicts if v[3] == "duplicate"}
            self.assertEqual(said, {"opens like conversation 0", "line 4 says again what line 2 says"} if flags else set())
            self.assertEqual("20.0% open like an earlier one" in result.err, not flags, result)
            self.assertEqual("20.0% repeat a turn" in result.err, not flags, result)

    def told(self, name, *turns):
        path = self.folder / name
        path.write_text("\n".join(f"{'Agent' if i % 2 else 'Customer'}: {text}" for i, text in enumerate(turns)) + "\n")
        return ("--fixed", str(path))

    # The mock's embeddings know which words a text has, not their order.
    def same_in_other_words(self):
        return [
            *self.told("a", "can you tell me where my order is now", "it left our house on monday morning by the early train"),
            *self.told("b", "where is my order now can you tell me", "by the early train on monday morning it left our house"),
            *self.told("c", "How do I grind for a moka pot at home?", "Somewhat coarser than for espresso, and never fill it to the brim."),
        ]

    SEMANTIC = ("run", "-p", "demo", "-x", 3, "--seed", 1, "--attempts", 1, "--resume", "never", "--structured", "off",
                "--dedup-scope", "run", "--embeddings-model", "mock-embedding", "--dedup-semantic-threshold", 0.9)

    def test_meaning(self):
        self.start_mock(*self.same_in_other_words())
        self.run_ok(*self.SEMANTIC, "-n", 3, "-j", 1)
        self.assertEqual([v[3] for v in self.verdicts()], ["kept"] * 3)
        self.start_mock(*self.same_in_other_words())
        result = self.run_ok(*self.SEMANTIC, "-n", 3, "-j", 1, "--dedup-semantic", "--max-tokens", 100000, code=6)
        verdicts = self.verdicts()
        self.assertEqual([v[3] for v in verdicts], ["kept", "duplicate", "kept"])
        self.assertIn("says the same as conversation 0", verdicts[1][4])
        self.assertGreater(verdicts[1][5], 0.95)
        self.assertEqual(verdicts[1][6], 0)
        # Its tokens are counted: those of the answers alone are fewer.
        db = sqlite3.connect(f"file:{self.journals()[-1]}?mode=ro", uri=True)
        self.assertEqual(db.execute("SELECT count(*), min(length(vector)) FROM vector").fetchone(), (2, 384 * 4))
        self.assertGreater(int(db.execute("SELECT value FROM fact WHERE key='embedding_tokens'").fetchone()[0]), 0)
        db.close()
        self.assertGreater(self.prompt_tokens(-1), self.prompt_tokens(0))
        self.assertIn("1 duplicate", result.err)

    def prompt_tokens(self, which):
        path = sorted((self.project / "generated").glob("*.run.json"))[which]
        return json.loads(path.read_text())["tokens"]["prompt"]

    def test_meaning_counts_examples_and_earlier_runs(self):
        answers = self.same_in_other_words()
        self.start_mock(*answers[:2])
        self.run_ok(*self.SEMANTIC, "-n", 1, "-j", 1)
        self.start_mock(*answers[2:4])
        words = [w if w != "run" or i == 0 else "project" for i, w in enumerate(self.SEMANTIC)]
        self.run_ok(*words, "-n", 1, "-j", 1, "--start", 1, "--dedup-semantic", code=6)
        self.assertIn("says the same as conversation 0 of run ", self.verdicts()[0][4])
        self.write("examples/examples.txt", (self.folder / "a").read_text())
        self.start_mock(*answers[2:4])
        self.run_ok(*self.SEMANTIC, "-n", 1, "-j", 1, "--dedup-semantic", code=6)
        self.assertIn("says the same as handwritten example 1", self.verdicts()[0][4])

    def test_meaning_after_an_interruption(self):
        self.start_mock(*HALF, "--delay-ms", "8")
        words = ("run", "-p", "demo", "-n", 40, "-x", 3, "--seed", 5, "-j", 1, "--attempts", 3, "--dedup-scope", "run", "--dedup-semantic",
                 "--dedup-semantic-threshold", 0.8, "--embeddings-model", "mock")
        self.run_ok(*words, "--resume", "never", code=AnyCode())
        whole = self.verdicts()
        self.assertTrue(any("says the same as" in v[4] for v in whole))
        process = self.start(*words, "--resume", "never")
        for kill in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
            seen = self.judged()
            self.wait_for(lambda: process.poll() is not None or self.judged() > seen + 8)
            process.send_signal(kill)
            self.finish(process)
            process = self.start("resume", "-p", "demo", "-j", 1, "--embeddings-model", "mock")
        self.finish(process)
        self.assertEqual(self.verdicts(), whole)

    def test_many_at_once_wait_for_no_embedding(self):
        self.start_mock(*HALF)
        self.run_ok("run", "-p", "demo", "-n", 200, "-x", 3, "--seed", 1, "-j", 32, "--dedup-semantic", "--embeddings-model", "mock",
                    "--attempts", 2, code=AnyCode())
        kept = sum(v[3] == "kept" for v in self.verdicts())
        self.assertEqual(len(self.records()), kept)
        db = sqlite3.connect(f"file:{self.journals()[-1]}?mode=ro", uri=True)
        self.assertEqual(db.execute("SELECT count(*) FROM vector").fetchone()[0], kept)
        db.close()

    def test_no_embeddings(self):
        self.start_mock()
        nobody = ("run", "-p", "demo", "-n", 3, "-x", 2, "--dedup-semantic", "--embeddings-model", "m", "--embeddings-url")
        self.assert_error(self.confab(*nobody, "http://127.0.0.1:1"), 5, "server", "--embeddings-url")
        # Nothing was asked of the model, and no run was begun.
        self.assertEqual(self.generated(".json"), [])
        self.assertEqual(self.journals(), [])

    def test_an_exhausted_topic_is_reported(self):
        self.write("knowledge/brewing/espresso.md", "")
        (self.project / "knowledge/brewing/espresso.md").unlink()
        self.start_mock("--duplicate-rate", "1")
        result = self.run_ok("run", "-p", "demo", "-n", 60, "-x", 3, "--seed", 3, "-j", 1, "--attempts", 50, code=6)
        self.assertIn("warning[duplicates]: the topic orders seems exhausted", result.err)
        self.assertEqual(result.err.count("seems exhausted"), 1, result)
        verdicts = self.verdicts()
        self.assertLess(len(verdicts), 60 * 10)
        self.assertTrue(any(v[2] and v[3] == "duplicate" and v[1] == 1 for v in verdicts))


class AnyCode(int):
    """Equal to 0 and 6: whether all of it could be kept is not what is asked."""
    def __eq__(self, other):
        return other in (0, 6)

    __hash__ = int.__hash__


if __name__ == "__main__":
    e2e.main()
