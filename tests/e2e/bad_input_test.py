# SPDX-License-Identifier: Apache-2.0
"""Everything that can be wrong from outside: one clear error with place and hint, the exit code of
the contract, and nothing lost of what was there before."""
import hashlib
import os
import resource
import shutil
import subprocess
import unittest

import e2e

FILE_LIMIT = 24 * 1024  # bytes a file may grow to where no small file system can be mounted


def can_mount():
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


class BadInput(e2e.Case):
    def setUp(self):
        super().setUp()
        # An earlier dataset, which nothing below may touch.
        self.earlier = b'[\n{"id":"kept"}\n]\n'
        self.write("generated/26-01-01-00h00m00s.json", self.earlier)

    def tearDown(self):
        self.assertEqual((self.project / "generated/26-01-01-00h00m00s.json").read_bytes(), self.earlier)
        left = [p.name for p in (self.project / "generated").iterdir() if p.name.startswith(".")]
        self.assertEqual(left, [])
        super().tearDown()

    def refuse(self, code, name, *said, words=("-n", "3", "-x", "2")):
        """Both `validate` (where it is about the folder) and `run` say it, and nothing is sent."""
        if code == 3:
            self.assert_error(self.confab("validate", "-p", "demo"), 3, name, *said)
        if not self.mock:
            self.start_mock()
        result = self.confab("run", "-p", "demo", *words)
        self.assert_error(result, code, name, *said)
        self.assertIn("hint: ", result.err)
        self.assertEqual(result.out, "")
        self.assertEqual([line for line in self.ledger() if line[4] == "sent" and line[10] != "-"], [])
        self.assertEqual(len(self.generated(".csv")), 0)

    # ---- the folder --------------------------------------------------------------------------

    def test_wrong_folder(self):
        self.start_mock()
        self.assert_error(self.confab("run", "-p", "dmo", "-n", "3", "-x", "2"), 2, "project", "demo")
        self.assert_error(self.confab("run", "-p", "./nowhere", "-n", "3", "-x", "2"), 2, "project")
        self.assert_error(self.confab("run", "-n", "3", "-x", "2"), 2, "usage", "--project")

    def test_missing_prompt(self):
        (self.project / "prompting/user-prompt.txt").unlink()
        self.refuse(3, "file", "prompting/user-prompt.txt")

    def test_broken_json(self):
        self.write("config/output-format.json", '{"participants": ["A", "B"],\n "first": }\n')
        self.refuse(3, "json", "config/output-format.json:2:11", "^")

    def test_misspelt_key(self):
        self.write("config/generation-paramters.json", '{"temprature": 0.5}\n')
        self.refuse(3, "json", "temperature", "config/generation-paramters.json:1:2")

    def test_exploding_exclude(self):
        self.write("knowledge/brewing/bomb.txt", "x" * 5000 + "!y\n")
        self.write("config/chunk-strategy.json", '{\n  "bomb.txt": {"max_words": 50,\n    "exclude": ["^ok$", "(x+x+)+$"]}\n}\n')
        self.refuse(3, "strategy", "knowledge/brewing/bomb.txt", "config/chunk-strategy.json:3:26", "too many steps")

    def test_exploding_separator(self):
        """It is said once, however many documents it fails on."""
        for name in ("part1", "part2", "part3"):
            self.write(f"knowledge/brewing/{name}.txt", "x" * 5000 + "!y\n")
        self.write("config/chunk-strategy.json", '{\n  "part*": {"separator": "(\\\\w+\\\\s?)+$"}\n}\n')
        self.refuse(3, "strategy", "knowledge/brewing/part1.txt", "config/chunk-strategy.json:2:27", "too many steps")

    def test_unknown_placeholder(self):
        self.write("prompting/user-prompt.txt", "Talk about\nthe {topik} now: {mood}\n")
        self.refuse(3, "placeholder", "{topik}", "prompting/user-prompt.txt:2:5", "{topic}")

    def test_cyclic_injection(self):
        self.write("prompting/injections/mood.txt", "calm {tone}\nangry\n")
        self.write("prompting/injections/tone.txt", "like {mood}\nplain\n")
        self.refuse(3, "placeholder", "lead back to themselves", "{mood}", "{tone}")

    def test_invalid_utf8(self):
        self.write("prompting/system-prompt.txt", b"You write chats.\nCaf\xe9 talk.\n")
        self.refuse(3, "utf-8", "prompting/system-prompt.txt:2:4")

    def test_two_gigabyte_prompt(self):
        with open(self.project / "prompting/user-prompt.txt", "r+b") as f:
            f.truncate(2 << 30)  # takes no space on the disk
        self.refuse(3, "file", "prompting/user-prompt.txt", "larger than")

    def test_everything_at_once(self):
        self.write("prompting/user-prompt.txt", "{topik} and {moood}\n")
        self.write("config/output-format.json", '{"participants": ["A"]}\n')
        self.write("prompting/injections/empty.txt", "\n")
        result = self.confab("validate", "-p", "demo")
        self.assertEqual(result.code, 3, result)
        self.assertGreaterEqual(result.err.count("error["), 4, result)

    def test_fifo_as_prompt(self):
        path = self.project / "prompting/system-prompt.txt"
        path.unlink()
        os.mkfifo(path)
        self.refuse(3, "file", "prompting/system-prompt.txt")

    # ---- the server --------------------------------------------------------------------------

    def test_refused_key(self):
        self.start_mock("--key", "the-right-key")
        self.env.update(LLM_API_KEY="sk-wrong-key-0123456789abcdef", LLM_NAME="m")
        result = self.confab("run", "-p", "demo", "-n", "40", "-x", "2", "-j", "8")
        self.assertEqual(result.code, 4, result)
        self.assertIn("error[", result.err)
        self.assertNotIn("0123456789", result.err + result.out)
        # No more than what was in flight when the first refusal came.
        self.assertLessEqual(len(self.ledger()), 8)

    def test_server_not_there(self):
        self.start_mock()
        self.stop_mock()
        result = self.confab("run", "-p", "demo", "-n", "3", "-x", "2")
        self.assert_error(result, 5, "server", "127.0.0.1")

    def test_html(self):
        page = self.folder / "page.html"
        page.write_text("<!DOCTYPE html><html><title>Sign in</title><body>" + "x" * 500 + "</body></html>")
        self.start_mock("--fixed-body", str(page))
        self.env["LLM_NAME"] = "m"
        result = self.confab("run", "-p", "demo", "-n", "2", "-x", "2", "--max-time", "20s")
        self.assertIn(result.code, (5, 6, 7), result)
        self.assertIn("the answer is a web page, not JSON", result.err)

    def test_answer_of_100_megabytes(self):
        answer = self.folder / "answer"
        with open(answer, "wb") as f:
            f.write(b'{"choices":[{"message":{"content":"')
            f.seek(100 << 20)
            f.write(b'"}}]}')
        self.start_mock("--fixed-body", str(answer))
        self.env["LLM_NAME"] = "m"
        result = self.confab("run", "-p", "demo", "-n", "2", "-x", "2", "--max-time", "20s")
        self.assertIn(result.code, (5, 6, 7), result)
        self.assertIn("error[" if result.code == 5 else "Run ", result.err)

    # ---- the disk ----------------------------------------------------------------------------

    @unittest.skipUnless(can_mount(), "needs the right to mount")
    def test_full_disk(self):
        self.start_mock()
        small = self.folder / "small"
        small.mkdir()
        script = ('mount -t tmpfs -o size=256k none "$1" && cp -r "$2" "$1/demo" && "$3" run -p "$1/demo" -n 400 -x 2 -j 4; code=$?; '
                  'cat "$1/demo/generated/26-01-01-00h00m00s.json"; ls -a "$1/demo/generated"; exit $code')
        result = self.finish(subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", small, self.project, e2e.CONFAB], cwd=self.folder,
                                              env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        self.assertEqual(result.code, 8, result)
        self.assertIn("error[", result.err)
        self.assertTrue(result.out.startswith(self.earlier.decode()), result)

    def test_file_limit(self):
        """A disk that takes no more, for who may not mount: the journal cannot grow."""
        self.start_mock()
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
        result = self.confab("run", "-p", "demo", "-n", 200, "-x", 2, preexec_fn=limit, restore_signals=False)
        self.assertEqual(result.code, 8, result)
        self.assertIn("error[", result.err)

    @unittest.skipUnless(can_mount(), "needs the right to mount")
    def test_read_only_folder(self):
        self.start_mock()
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" run -p demo -n 2 -x 2'
        result = self.finish(subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", self.project, e2e.CONFAB], cwd=self.folder,
                                              env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        self.assert_error(result, 8, "file", "Read-only")
        self.assertEqual(self.ledger_asked(), 0)

    def ledger_asked(self):
        return len([line for line in self.ledger() if line[10] == "openai"])

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            process = subprocess.Popen([e2e.CONFAB, "chunks", "-p", "demo"], cwd=self.folder, env=self.env, stdout=full,
                                       stderr=subprocess.PIPE)
            error = process.communicate(timeout=e2e.PATIENCE)[1].decode()
        self.assertEqual(process.returncode, 8)
        self.assertIn("error[file]: cannot write to standard output", error)


if __name__ == "__main__":
    e2e.main()
