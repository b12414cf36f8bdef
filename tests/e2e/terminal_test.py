# SPDX-License-Identifier: Apache-2.0
"""confab on a terminal, which here is a pseudo-terminal: what is asked, what is shown, and how a
person gets out of it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unittest

import e2e

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """A process whose standard input, output and error are one terminal."""

    def __init__(self, case, words, columns=100):
        self.case, self.text = case, ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(case.folder)
            os.execve(e2e.CONFAB, [e2e.CONFAB, *map(str, words)], {**case.env, "TERM": case.env.get("TERM", "xterm")})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self, until=None):
        """Reads on until the text stands on the screen, or to the end."""
        end = time.monotonic() + e2e.PATIENCE
        while until is None or until not in self.text:
            if time.monotonic() > end:
                self.case.fail(f"waited too long for {until!r}; on the screen:\n{self.text}")
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                if until is not None:
                    self.case.fail(f"ended without {until!r}; on the screen:\n{self.text}")
                return self.text
            self.text += data.decode(errors="replace")
        return self.text

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def answer(self, question, keys):
        self.read(question)
        self.text = self.text[self.text.index(question) + len(question):]
        self.type(keys)

    def end(self):
        text = self.read()
        os.close(self.fd)
        status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(status), text


def has_terminals():
    """A bare chroot may have no /dev/pts."""
    try:
        for fd in pty.openpty():
            os.close(fd)
        return True
    except OSError:
        return False


@unittest.skipUnless(has_terminals(), "no pseudo-terminals here")
class Terminal(e2e.Case):
    def test_bare_confab_asks_for_everything(self):
        self.start_mock()
        s = Screen(self, [])
        s.read("1  demo")
        s.answer("Project Name [demo]: ", "\n")
        s.answer("Iterations [100]: ", "ten\n")
        s.read("whole number")
        s.answer("Iterations [100]: ", "7\n")
        s.answer("Max Exchanges [6]: ", "\n")
        self.assertIn("at most 6 exchanges", s.read("Estimate"))
        s.answer("Start? (y/n) [y]: ", "\n")
        code, text = s.end()
        self.assertEqual(code, 0, text)
        self.assertEqual(len(self.records()), 7)

    def test_asks_only_for_what_is_missing(self):
        self.start_mock()
        s = Screen(self, ["run", "-p", "demo", "-x", "2"])
        s.answer("Iterations [100]: ", "3\n")
        s.answer("Start? (y/n) [y]: ", "y\n")
        code, text = s.end()
        self.assertEqual(code, 0, text)
        for question in ("Project Name", "Max Exchanges"):
            self.assertNotIn(question, text)

    def test_yes_starts_without_asking(self):
        self.start_mock()
        code, text = Screen(self, ["run", "-p", "demo", "-n", "2", "-x", "2", "--yes"]).end()
        self.assertEqual(code, 0, text)
        self.assertNotIn("Start?", text)

    def test_no_starts_nothing(self):
        self.start_mock()
        self.env["LLM_NAME"] = "m"
        s = Screen(self, ["run", "-p", "demo", "-n", "2", "-x", "2"])
        s.answer("Start? (y/n) [y]: ", "n\n")
        code, text = s.end()
        self.assertEqual(code, 130, text)
        self.assertEqual(self.ledger(), [])
        self.assertFalse((self.project / "generated").exists())

    def test_no_input_never_asks(self):
        self.start_mock()
        code, text = Screen(self, ["run", "-p", "demo", "-x", "2", "--no-input"]).end()
        self.assertEqual(code, 2, text)
        self.assertIn("--iterations is missing", text)
        code, text = Screen(self, ["run", "-p", "demo", "-x", "2", "-n", "1", "--no-input"]).end()
        self.assertEqual(code, 0, text)

    def test_leaving_a_question(self):
        self.start_mock()
        for keys, code, said in (("\x03", 130, "nothing was started"), ("\x04", 2, "--iterations")):
            with self.subTest(keys=keys):
                s = Screen(self, ["run", "-p", "demo", "-x", "2"])
                s.answer("Iterations [100]: ", keys)
                got, text = s.end()
                self.assertEqual(got, code, text)
                self.assertIn(said, text)
                self.assertIn("\r\n", text.split("error")[0])

    def test_bad_project_is_asked_again(self):
        self.start_mock()
        s = Screen(self, ["run", "-n", "1", "-x", "1", "--yes"])
        s.answer("Project Name [demo]: ", "dmo\n")
        s.read("did you mean demo?")
        s.answer("Project Name [demo]: ", "1\n")
        self.assertEqual(s.end()[0], 0)

    def bar_lines(self, columns, **env):
        self.env.update(env)
        self.start_mock("--delay-ms", "150")
        s = Screen(self, ["run", "-p", "demo", "-n", "12", "-x", "2", "-j", "2", "--yes", "--resume", "never"], columns)
        code, text = s.end()
        self.assertEqual(code, 0, text)
        return text, [line for line in re.split(r"[\r\n]", text) if "/12 " in line]

    def test_bar(self):
        text, lines = self.bar_lines(100)
        self.assertGreater(len(lines), 3)
        self.assertIn("█", text)
        self.assertIn("\x1b[36m", text)
        for line in lines:
            self.assertLess(len(CONTROL.sub("", line)), 100, line)
        self.assertIn("12/12 100%", CONTROL.sub("", text))
        # Ten times a second at most.
        self.assertLess(len(lines), 40)

    def test_bar_without_colour_in_a_narrow_window(self):
        text, lines = self.bar_lines(40, NO_COLOR="1")
        self.assertNotRegex(text, r"\x1b\[[0-9;]*m")
        for line in lines:
            self.assertLess(len(CONTROL.sub("", line)), 40, line)

    def test_bar_leaves_room_for_the_interrupt(self):
        _, lines = self.bar_lines(80)
        for line in lines:
            self.assertLess(len(CONTROL.sub("", line)), 80 - 2, line)

    def test_lines_are_broken_between_words(self):
        self.start_mock()
        s = Screen(self, ["run", "-p", "demo", "-n", "12", "-x", "2", "--yes"], columns=60)
        code, text = s.end()
        self.assertEqual(code, 0, text)
        lines = [line for line in CONTROL.sub("", text.replace("\r\n", "\n")).split("\n") if "/" not in line]
        self.assertLessEqual(max(map(len, lines)), 60, text)
        self.assertRegex(text, r"\n            \w")  # below the text of its line

    def test_bar_in_ascii(self):
        text, _ = self.bar_lines(100, LANG="C")
        self.assertIn("[#", CONTROL.sub("", text))
        self.assertNotIn("█", text)

    def test_dumb_terminal_gets_lines(self):
        text, lines = self.bar_lines(100, TERM="dumb")
        self.assertNotIn("\x1b", text)
        self.assertNotIn("█", text)

    def test_interrupted_on_a_terminal(self):
        self.start_mock("--delay-ms", "300")
        s = Screen(self, ["run", "-p", "demo", "-n", "200", "-x", "2", "-j", "4", "--yes"])
        s.read("4/200")
        s.type("\x03")
        s.read("stopping")
        code, text = s.end()
        self.assertEqual(code, 130, text)
        self.assertIn("confab resume", text)
        self.assertEqual(len(self.records()), int(re.search(r"\n  kept +(\d+)", text).group(1)))

    def test_unfinished_run_is_offered(self):
        self.start_mock("--delay-ms", "100")
        first = Screen(self, ["run", "-p", "demo", "-n", "30", "-x", "2", "-j", "2", "--yes"])
        first.read("6/30")
        os.kill(first.pid, signal.SIGTERM)
        self.assertEqual(first.end()[0], 143)
        s = Screen(self, ["run", "-p", "demo", "-n", "30", "-x", "2", "-j", "8"])
        s.answer("Go on with it? (y/n) [y]: ", "\n")
        s.answer("Start? (y/n) [y]: ", "\n")
        code, text = s.end()
        self.assertEqual(code, 0, text)
        self.assertEqual([r["index"] for r in self.records()], list(range(30)))
        self.assertEqual(len(self.generated(".csv")), 1)


if __name__ == "__main__":
    e2e.main()
