# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a project in a temporary folder, mockllm beside it, and confab
called as a person would. The programs are named by CONFAB and MOCKLLM in the environment."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

CONFAB = os.environ["CONFAB"]
MOCKLLM = os.environ["MOCKLLM"]
PATIENCE = 60  # seconds: more than any of these takes, also under sanitizers on a busy machine

PROJECT = {
    "prompting/system-prompt.txt": "You write chats between Customer and Agent of a coffee shop.\n",
    "prompting/user-prompt.txt": "Topic {topic}. Mood: {mood}. Style: {template}\nPassage: {knowledge}\n",
    "prompting/injections/mood.txt": "calm\nangry\ncurious\n",
    "prompting/templates.txt": "[short]\nKeep it short.\n---\n[long]\nTake your time.\n",
    "knowledge/brewing/espresso.md": "Grind fine for espresso. Use 18 grams. It takes 25 seconds.\n",
    "knowledge/orders/delivery.txt": "Orders leave within two days. Tracking comes by mail.\n",
    "config/output-format.json": '{"participants": ["Customer", "Agent"]}\n',
    "config/generation-paramters.json": '{"temperature": [0.2, 1.0], "top_p": 0.9}\n',
}


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-3000:]}"


class Case(unittest.TestCase):
    """A test with its own folder, project `demo` in it, and a clean environment."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="confab-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.project = self.folder / "projects" / "demo"
        self.mock = None
        for name, text in PROJECT.items():
            self.write(name, text)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB", "MOCKLLM"))}
        self.env.update(HOME=str(self.folder / "home"), LANG="C.UTF-8", PATH=os.environ["PATH"])
        for name in ("LC_ALL", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "NO_COLOR", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            self.env.pop(name, None)

    def write(self, name, text):
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def start_mock(self, *options):
        """Starts mockllm and points LLM_API_URL at it."""
        self.stop_mock()
        port_file, self.ledger_file = self.folder / "port", self.folder / "ledger"
        for file in (port_file, self.ledger_file):
            file.unlink(missing_ok=True)
        self.mock = subprocess.Popen(
            [MOCKLLM, "--port-file", str(port_file), "--ledger", str(self.ledger_file), "--die-with-parent", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_mock)
        self.wait_for(lambda: port_file.exists() and port_file.read_text().strip())
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        self.env["LLM_API_URL"] = self.url

    def stop_mock(self):
        if self.mock:
            self.mock.terminate()
            self.mock.wait(PATIENCE)
            self.mock = None

    def ledger(self):
        """The mock's own account of what it answered, once it has ended: one list of fields a request."""
        self.stop_mock()
        if not self.ledger_file.exists():
            return []
        return [line.split(" ") for line in self.ledger_file.read_text().splitlines()]

    def wait_for(self, condition, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail("waited too long")
            time.sleep(0.01)

    def start(self, *words, **options):
        return subprocess.Popen([CONFAB, *map(str, words)], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def finish(self, process):
        out, err = process.communicate(timeout=PATIENCE)
        return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def confab(self, *words, **options):
        return self.finish(self.start(*words, **options))

    def run_ok(self, *words, code=0):
        result = self.confab(*words)
        self.assertEqual(result.code, code, result)
        return result

    def assert_error(self, result, code, name, *said):
        """One error with its code word, and a hint; nothing on standard output."""
        self.assertEqual(result.code, code, result)
        self.assertIn(f"error[{name}]: ", result.err, result)
        self.assertEqual(result.err.count("error["), 1, result)
        for text in said:
            self.assertIn(text, result.err, result)

    def generated(self, ending):
        """The files of the runs, the oldest first."""
        folder = self.project / "generated"
        names = sorted(folder.glob("*" + ending)) if folder.exists() else []
        return [n for n in names if ending != ".json" or not n.name.endswith(".run.json")]

    def records(self, index=-1):
        return json.loads(self.generated(".json")[index].read_text())


def main():
    unittest.main(verbosity=1)
