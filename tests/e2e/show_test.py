# SPDX-License-Identifier: Apache-2.0
"""confab show: bubbles on a terminal, with nothing in them that moves a cursor."""
import json

import e2e


class Show(e2e.Case):
    def test_bubbles(self):
        self.start_mock("--exchanges", "2")
        self.run_ok("run", "-p", "demo", "-n", 6, "-x", 3, "--seed", 7)
        result = self.run_ok("show", "-p", "demo", "--sample", 2)
        self.assertEqual(result.out.count("passage "), 2, result)
        for said in ("mood: ", "topic ", "temperature: ", "╭─ Customer ─", "╭─ Agent ─", "chunk 1, bytes 0-"):
            self.assertIn(said, result.out)
        self.assertIn("2 of the 6 conversations", result.err)
        record = self.records()[4]
        for words in (("show", "4", "-p", "demo"), ("show", record["id"], "-p", "demo")):
            out = self.run_ok(*words).out
            self.assertIn(record["id"], out)
            self.assertIn(record["messages"][0]["content"][:20], out)
            self.assertEqual(out.count("labels "), 1)
            self.assertNotIn("\x1b", out)
        self.assertEqual(json.loads(self.run_ok("show", "4", "-p", "demo", "--json").out), record)
        self.env["LANG"] = "C"
        self.assertIn("+- Agent -", self.run_ok("show", "4", "-p", "demo").out)
        self.assert_error(self.confab("show", "99", "-p", "demo"), 2, "run", "kept no conversation 99")
        self.assert_error(self.confab("show", record["run"], "x", "-p", "demo"), 2, "usage", "is not a conversation's id")

    def test_why_nothing_was_kept(self):
        answer = self.folder / "answer"
        answer.write_text("Customer: Where is the parcel that I ordered last week?\nAgent: It left our house on Monday morning by train.\n")
        self.start_mock("--fixed", str(answer))
        self.run_ok("run", "-p", "demo", "-n", 2, "-x", 3, "--seed", 1, "-j", 1, "--attempts", 1, "--structured", "off", code=6)
        self.assert_error(self.confab("show", 1, "-p", "demo"), 2, "run",
                          "kept no conversation 1: attempt 1 was rejected as duplicate, ", "conversation 0", "confab retry")


if __name__ == "__main__":
    e2e.main()
