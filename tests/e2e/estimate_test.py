# SPDX-License-Identifier: Apache-2.0
"""What a run will need, told before; what earlier runs teach; prices of the user's own; prompts that do not fit."""
import http.server
import json
import re
import threading
import time

import e2e


class LlamaServer(http.server.BaseHTTPRequestHandler):
    """As much of llama.cpp's server as an estimate asks for; its owner gave it another template, and little room."""
    answers = {"/props": {"default_generation_settings": {"n_ctx": 2048}, "chat_template": "chatml"}, "/apply-template": {"prompt": "chatml"},
               "/v1/models": {"data": [{"id": "SmolLM2-135M-Instruct"}]}, "/tokenize": {"tokens": [1]}}

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps(self.answers[self.path]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class SlowServer(LlamaServer):
    answers = {**LlamaServer.answers, "/apply-template": {"prompt": ""}}
    posts = 0

    def do_POST(self):
        SlowServer.posts += 1
        time.sleep(2)
        self.do_GET()


class Estimate(e2e.Case):
    def prices(self, text):
        path = self.folder / "home/.config/confab/prices.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps({"models": text}))

    def estimate(self, *words):
        return self.run_ok("estimate", "-p", "demo", "--json", *words).json()

    def test_a_server_at_home_is_asked(self):
        # Its template shows no message at all: the count of the model's usual one is no exact one.
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LlamaServer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.env["LLM_API_URL"] = f"http://127.0.0.1:{server.server_address[1]}"
        words = ("-n", 4, "-x", 2)
        self.assertFalse(self.estimate(*words)["prompt_tokens"]["exact"])
        self.assertIn("≈", self.run_ok("estimate", "-p", "demo", *words).out)
        # What it holds counts, not what the model could.
        self.assertIn("do not fit the model", self.run_ok("estimate", "-p", "demo", "-n", 4, "-x", 6).out)
        server.shutdown()
        server.server_close()
        # One that takes its time for each answer is not asked for all of them.
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowServer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.env["LLM_API_URL"] = f"http://127.0.0.1:{server.server_address[1]}"
        self.assertFalse(self.estimate(*words)["prompt_tokens"]["exact"])
        self.assertLessEqual(SlowServer.posts, 3)
        server.shutdown()
        server.server_close()
        # One that is not there is no error.
        self.assertFalse(self.estimate("--model", "SmolLM2-135M-Instruct", *words)["prompt_tokens"]["exact"])

    def test_a_guess_has_its_error(self):
        # A price is known, a tokenizer is not: what the server counts lies within what was told.
        self.start_mock("--models", "m")
        self.prices({"m": {"input": 1000, "output": 0}})
        words = ("-n", 6, "-x", 2, "--model", "m", "--seed", 4)
        told = self.estimate(*words)
        self.assertRegex(self.run_ok("estimate", "-p", "demo", *words).out, r"\(±(29|30)%\) prompt")
        run = self.run_ok("run", "-p", "demo", *words, "--dedup", "off", "--json").json()
        self.assertLess(told["cost"]["low"], run["cost"])
        self.assertLess(run["cost"], told["cost"]["high"])
        counted = self.run_ok("tokens", "--model", "m", self.project / "prompting/user-prompt.txt")
        self.assertRegex(counted.out, r"^≈\d+\t")
        self.assertIn("within 30%", counted.err)

    def test_a_run_teaches_the_next(self):
        self.start_mock("--models", "m", "--delay-ms", "20")
        words = ("-n", 12, "-x", 2, "--model", "m")
        self.assertIn("(a guess: no earlier run tells)", self.run_ok("estimate", "-p", "demo", *words).out)
        result = self.run_ok("run", "-p", "demo", *words, "-j", 2, "--dedup", "off")
        self.assertRegex(result.err, r"Estimate .*a guess")
        self.assertRegex(result.err, r"  estimate  prompt tokens off by .*, completion .*, time .* the range")
        run = json.loads(self.generated("run.json")[-1].read_text())
        self.assertEqual(list(run["estimate"]), ["prompt_tokens", "completion_tokens", "cost", "seconds", "off"])
        self.assertEqual(list(run["estimate"]["off"]), ["prompt", "completion", "cost", "time"])
        text = self.run_ok("estimate", "-p", "demo", *words, "-j", 2).out
        self.assertRegex(text, r"\(as an earlier run: \S+ tokens a second, \d+ at once\)")
        # What it took lies within, and twice as much work takes twice as long.
        once, twice = self.estimate(*words, "-j", 2), self.estimate("-n", 24, "-x", 2, "--model", "m", "-j", 2)
        self.assertLess(once["seconds"]["low"], run["seconds"])
        self.assertLess(run["seconds"], once["seconds"]["high"])
        self.assertAlmostEqual(twice["seconds"]["low"], 2 * once["seconds"]["low"], delta=0.1 * twice["seconds"]["low"])
        low, high = once["completion_tokens"]["low"], once["completion_tokens"]["high"]
        self.assertTrue(low <= run["tokens"]["completion"] <= high, once)
        # Another model was not measured.
        self.assertIn("a guess", self.run_ok("estimate", "-p", "demo", "-n", 12, "-x", 2, "--model", "other").out)
        # No faster than the user's own limits.
        self.assertGreater(self.estimate(*words, "--rpm", 6)["seconds"]["low"], 100)

    def test_prices(self):
        self.env["LLM_API_URL"] = "http://127.0.0.1:1"
        words = ("-n", 10, "-x", 2, "--model", "mine")
        self.assertIsNone(self.estimate(*words)["cost"])
        self.prices({"mine": {"input": 0, "output": 0}})
        self.assertEqual(self.estimate(*words)["cost"], {"currency": "USD", "low": 0.0, "high": 0.0})
        self.prices('{"currency": "EUR", "models": {"mine": {"input": 1, "output": 2}}}')
        cost = self.estimate(*words)["cost"]
        self.assertEqual(cost["currency"], "EUR")
        self.assertTrue(0 < cost["low"] < cost["high"])
        self.prices('{"models": {\n  "mine": {"inptu": 1}}}')
        self.assert_error(self.confab("estimate", "-p", "demo", *words), 2, "prices", "prices.json:2:", 'did you mean "input"?')

    def test_embeddings_are_counted(self):
        self.start_mock("--models", "mine,em")
        words = ("-n", 10, "-x", 2, "--model", "mine")
        self.prices({"mine": {"input": 1, "output": 2}, "em": {"input": 5, "output": 0}})
        self.assertNotIn("embedding_tokens", self.estimate(*words))
        plain = self.estimate(*words)["cost"]
        x = self.estimate(*words, "--dedup-semantic", "--embeddings-model", "em")
        most = x["embedding_tokens"]["high"]
        self.assertTrue(0 < x["embedding_tokens"]["low"] <= most)
        self.assertAlmostEqual(x["cost"]["high"], plain["high"] + most * 5e-6)
        self.assertIn("for embeddings", self.run_ok("estimate", "-p", "demo", *words, "--dedup-semantic", "--embeddings-model", "em").out)
        self.assertNotIn("embedding_tokens", self.estimate(*words, "--dedup-semantic", "--dedup", "off"))
        # Embeddings of no known price are not free.
        unknown = ("--dedup-semantic", "--embeddings-model", "nobody")
        self.assertIsNone(self.estimate(*words, *unknown)["cost"])
        result = self.confab("run", "-p", "demo", *words, *unknown, "--max-cost", 1)
        self.assert_error(result, 2, "price", "nobody", "prices.json")
        self.assertEqual(self.ledger(), [])

    def test_prompts_that_do_not_fit(self):
        self.env["LLM_API_URL"] = "http://127.0.0.1:1"
        self.write("knowledge/brewing/espresso.md", "".join(f"Sentence {i} is about espresso. " for i in range(60)) + "\n")
        self.write("knowledge/orders/delivery.txt", "".join(f"Sentence {i} is about orders. " for i in range(60)) + "\n")
        words = ("-p", "demo", "-x", 1, "--model", "mine")
        sizes = []
        for window in (100000, 1100, 900):
            self.prices({"mine": {"window": window}})
            result = self.run_ok("preview", *words, "--json", "-i", "0")
            item = result.json()["items"][0]
            sizes.append(item["prompt_tokens"])
            self.assertEqual("fitted" in item, window < 100000, item)
            passage = re.search("Passage: (.*)", item["messages"][-1]["content"])[1]
            self.assertTrue(passage.rstrip().endswith("."), passage)  # cut behind a sentence
        self.assertTrue(sizes[0] > sizes[1] > sizes[2], sizes)
        self.assertIn("fitted: the passage cut to at most", self.run_ok("preview", *words, "-i", "0").out)
        self.assertIn("10 prompts made smaller to fit", self.run_ok("estimate", *words, "-n", 10).out)
        self.prices({"mine": {"window": 400}})
        self.assert_error(self.confab("preview", *words, "-i", "0"), 3, "context", "for its prompt and", "the model holds 400")
        self.assertIn("no prompt fits the model", self.run_ok("estimate", *words, "-n", 10).out)


if __name__ == "__main__":
    e2e.main()
