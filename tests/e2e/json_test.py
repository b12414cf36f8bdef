# SPDX-License-Identifier: Apache-2.0
"""The shapes that programs read (the table of the command line's contract)."""
import re

import e2e


class Shapes(e2e.Case):
    def test_preview(self):
        self.env.update(LLM_API_URL="http://127.0.0.1:1", LLM_NAME="some-model")
        words = ("preview", "-p", "demo", "-i", "0,2-3", "--seed", "7", "--json")
        whole = self.run_ok(*words).json()
        self.assertEqual((list(whole), whole["version"]), (["version", "items"], 1))
        self.assertEqual([item["index"] for item in whole["items"]], [0, 2, 3])
        for item in whole["items"]:
            self.assertEqual(list(item), ["index", "seed", "model", "parameters", "messages", "drawn", "prompt_tokens"])
            self.assertEqual(item["model"], "some-model")
            self.assertEqual([list(m) for m in item["messages"]], [["role", "content"]] * 2)
            self.assertTrue(0.2 <= item["parameters"]["temperature"] <= 1.0)
            self.assertIn(item["drawn"]["mood"], ("calm", "angry", "curious"))
            self.assertIn(f"Mood: {item['drawn']['mood']}", item["messages"][1]["content"])
            self.assertGreater(item["prompt_tokens"], 10)
        self.assertEqual(self.run_ok(*words).json(), whole)
        text = self.run_ok("preview", "-p", "demo", "--seed", "7").out
        self.assertEqual(text.count("--- user"), 3)

    def test_chunks(self):
        self.write("knowledge/brewing/milk.txt", "Heat it to 60 degrees, no more. ünd schäume es auf. " * 60)
        self.write("config/chunk-strategy.json", '{"*": {"max_words": 40}}\n')
        whole = self.run_ok("chunks", "-p", "demo", "--json").json()
        self.assertEqual((list(whole), whole["version"]), (["version", "chunks", "documents"], 1))
        texts = {}
        for chunk in whole["chunks"]:
            self.assertEqual(list(chunk), ["document", "topic", "number", "start", "end", "page", "heading", "words", "text"])
            name = chunk["document"]
            if name not in texts:
                texts[name] = self.run_ok("chunks", "-p", "demo", "--text", name).out.encode()
            self.assertEqual(texts[name][chunk["start"]:chunk["end"]].decode(), chunk["text"])
            self.assertEqual(chunk["topic"], name.split("/")[0])
            self.assertLessEqual(chunk["words"], 40)
            self.assertIsInstance(chunk["heading"], list)
        self.assertEqual(sorted(texts), ["brewing/espresso.md", "brewing/milk.txt", "orders/delivery.txt"])
        self.assertEqual(self.run_ok("chunks", "-p", "demo", "--show", "2").out, whole["chunks"][1]["text"] + "\n")
        rows = {row["document"]: row for row in whole["documents"]}
        for name, row in rows.items():
            words = [chunk["words"] for chunk in whole["chunks"] if chunk["document"] == name]
            self.assertEqual((row["chunks"], row["words"], row["min"], row["max"]), (len(words), sum(words), min(words), max(words)))
        table = self.run_ok("chunks", "-p", "demo").out
        self.assertIn("words a chunk", table)
        self.assertRegex(table, r"(?m)^ +up to \d+0? ")
        for name in rows:
            self.assertRegex(table, rf"(?m)^{re.escape(name)} +{rows[name]['strategy']}")

    def test_a_long_page_and_its_headings(self):
        item = '<p class="one two"><b title="a > b" class="word">word</b> of a page.</p>\n'
        page = '<html><div class="toc"><a href="#b">Beans</a></div><h1>Coffee</h1><h2 id="b">Beans</h2>' + item * 4000 + "</html>"
        self.write("knowledge/brewing/page.html", page)
        chunks = [c for c in self.run_ok("chunks", "-p", "demo", "--json").json()["chunks"] if c["document"] == "brewing/page.html"]
        self.assertEqual(sum(chunk["words"] for chunk in chunks), 4 + 4 * 4000)
        self.assertEqual({tuple(chunk["heading"]) for chunk in chunks[1:]}, {("Coffee", "Beans")})

    def test_a_text_in_another_encoding_is_reported(self):
        self.write("knowledge/brewing/kofe.txt", "Кофе варят недолго.\n".encode("cp1251"))
        rows = {row["document"]: row for row in self.run_ok("chunks", "-p", "demo", "--json").json()["documents"]}
        self.assertEqual(rows["brewing/kofe.txt"]["chunks"], 0)
        self.assertIn("byte 0xCA at offset 0 is neither UTF-8", rows["brewing/kofe.txt"]["warnings"][0])

    def test_a_document_is_named_by_its_file_where_one_alone_has_it(self):
        text = self.run_ok("chunks", "-p", "demo", "--text", "brewing/espresso.md").out
        self.assertEqual(self.run_ok("chunks", "-p", "demo", "--text", "espresso.md").out, text)
        self.write("knowledge/orders/espresso.md", "Another one.\n")
        self.assert_error(self.confab("chunks", "-p", "demo", "--text", "espresso.md"), 2, "usage", "there is no document")
        self.assertEqual(self.run_ok("chunks", "-p", "demo", "--text", "orders/espresso.md").out, "Another one.")

    def test_a_full_chunk_is_in_the_bar_that_ends_with_the_bound(self):
        self.write("knowledge/brewing/long.txt", "word " * 120)
        self.write("config/chunk-strategy.json", '{"brewing/long.txt": {"strategy": "words", "max_words": 20}}\n')
        table = self.run_ok("chunks", "-p", "demo").out
        self.assertRegex(table, r"(?m)^ +19 to 20 .* 6$")
        self.assertNotIn("21", table.split("words a chunk")[1])

    def test_chunks_write(self):
        self.write("config/chunk-strategy.json", '{\n  "brewing/espresso.md": {"max_words": 10}\n}\n')
        self.run_ok("chunks", "-p", "demo", "--write")
        text = (self.project / "config/chunk-strategy.json").read_text()
        self.assertIn('"brewing/espresso.md": {"max_words": 10}', text)
        self.assertIn('"orders/delivery.txt"', text)
        self.run_ok("validate", "-p", "demo")
        self.run_ok("chunks", "-p", "demo", "--write")
        self.assertEqual((self.project / "config/chunk-strategy.json").read_text(), text)

    def test_estimate(self):
        self.env.update(LLM_API_URL="http://127.0.0.1:1", LLM_NAME="some-model")
        x = self.run_ok("estimate", "-p", "demo", "-n", "50", "-x", "4", "--json").json()
        self.assertEqual(list(x), ["version", "iterations", "prompt_tokens", "completion_tokens", "cost", "seconds"])
        self.assertEqual((x["version"], x["iterations"]), (1, 50))
        self.assertEqual(sorted(x["prompt_tokens"]), ["exact", "total"])
        for key in ("completion_tokens", "seconds"):
            self.assertEqual(list(x[key]), ["low", "high"])
            self.assertLess(x[key]["low"], x[key]["high"])
        self.assertIsNone(x["cost"])

    def test_status_and_list(self):
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", "4", "-x", "2")
        x = self.run_ok("status", "-p", "demo", "--json").json()
        self.assertEqual(list(x), ["version", "run", "state", "iterations", "kept", "failed", "pending", "rejected", "requests",
                                   "tokens", "cost"])
        self.assertEqual((x["version"], x["state"], x["iterations"], x["kept"], x["pending"], x["requests"]),
                         (1, "complete", 4, 4, 0, 4))
        stamp = self.generated(".csv")[0].stem
        self.assertEqual(x["run"], stamp)
        for name in (stamp, f"projects/demo/generated/{stamp}.json", f"projects/demo/.confab/{stamp}.db"):
            words = ("status", name, "--json") if "/" in name else ("status", name, "-p", "demo", "--json")
            self.assertEqual(self.run_ok(*words).json(), x)
        self.assertIn("complete", self.run_ok("status", "-p", "demo").out)
        runs = self.run_ok("list", "-p", "demo", "--json").json()["runs"]
        self.assertEqual([(r["run"], r["state"], r["kept"]) for r in runs], [(stamp, "complete", 4)])
        self.assertIn(stamp, self.run_ok("list", "-p", "demo").out)
        self.assertEqual(self.run_ok("list", "--json").json(), {"version": 1, "projects": ["demo"]})

    def test_cost_known_and_unknown(self):
        self.start_mock("--key", "sk-1234567890abcdef")  # refuses what comes without it: nothing is paid
        for model, cost in (("gpt-4o-mini", 0), ("no-such-model", None)):
            self.confab("run", "-p", "demo", "-n", "2", "-x", "2", "--model", model, "--resume", "never")
            self.assertEqual(self.run_ok("status", "-p", "demo", "--json").json()["cost"], cost)

    def test_dry_run_and_nothing_to_resume(self):
        self.start_mock()
        self.assertEqual(self.run_ok("run", "-p", "demo", "-n", "4", "-x", "2", "--seed", "3", "--dry-run", "--json").json(),
                         {"version": 1, "dry_run": True, "seed": 3, "iterations": 4})
        done = self.run_ok("run", "-p", "demo", "-n", "4", "-x", "2", "--json").json()
        again = self.run_ok("resume", "-p", "demo", "--json").json()
        self.assertEqual({k: done[k] for k in again}, again)

    def test_validate(self):
        x = self.run_ok("validate", "-p", "demo", "--json").json()
        self.assertEqual((x["version"], x["valid"]), (1, True))
        self.assertEqual(x["counts"], {"templates": 2, "examples": 0, "injections": 1, "values": 3, "topics": 2, "documents": 2,
                                       "chunks": 2})
        self.write("prompting/user-prompt.txt", "{topik}\n")
        x = self.run_ok("validate", "-p", "demo", "--json", code=3).json()
        problem = next(p for p in x["problems"] if p["severity"] == "error")
        self.assertEqual(x["valid"], False)
        self.assertEqual((problem["file"], problem["line"], problem["column"]), ("prompting/user-prompt.txt", 1, 1))

    def test_doctor(self):
        self.start_mock("--models", "mock-a,mock-b")
        self.env["LLM_NAME"] = "mock-a"
        x = self.run_ok("doctor", "--json").json()
        self.assertEqual((x["version"], x["model"], x["models"], x["chat"]["answered"]), (1, "mock-a", ["mock-a", "mock-b"], True))
        self.assertEqual(x["address"], self.url + "/v1/chat/completions")
        del self.env["LLM_NAME"]
        result = self.confab("doctor")
        self.assert_error_lists_models(result)
        self.stop_mock()
        self.assertEqual(self.confab("doctor").code, 5)

    def assert_error_lists_models(self, result):
        self.assertEqual(result.code, 2, result)
        self.assertIn("mock-a", result.err)
        self.assertIn("LLM_NAME", result.err)

    def test_version(self):
        x = self.run_ok("version", "--json").json()
        self.assertEqual(x["version"], 1)
        self.assertEqual(self.run_ok("version").out, f"confab {x['confab']}\n")


if __name__ == "__main__":
    e2e.main()
