# SPDX-License-Identifier: Apache-2.0
"""A run that is stopped, killed or kept from going on, and then resumed: nothing that was answered is
asked again. What was asked is told by mockllm's own ledger."""
import collections
import json
import re
import shlex
import shutil
import signal
import sqlite3
import time

import e2e


class Interrupt(e2e.Case):
    def conversations(self):
        """Requests for conversations by their content, and how often each was fully answered."""
        return collections.Counter(line[11] for line in self.ledger() if line[4] == "sent" and line[10] == "openai")

    def begin(self, n=40, delay="200", j=4):
        self.start_mock("--delay-ms", delay)
        self.process = self.start("run", "-p", "demo", "-n", n, "-x", 2, "-j", j, "--seed", 9)
        journal = self.project / ".confab"
        self.wait_for(lambda: journal.exists() and list(journal.glob("*.db")))
        self.wait_for(lambda: self.status()["kept"] >= 4)

    def status(self):
        result = self.confab("status", "-p", "demo", "--json")
        return json.loads(result.out) if result.code == 0 else {"kept": 0}

    def check_whole(self, n=40):
        self.assertEqual([r["index"] for r in self.records()], list(range(n)))
        self.assertEqual(len(self.generated(".csv")), 1)
        self.assertTrue(json.loads(self.generated(".run.json")[0].read_text())["complete"])

    def test_first_ctrl_c_finishes_what_is_in_flight(self):
        self.begin()
        self.process.send_signal(signal.SIGINT)
        result = self.finish(self.process)
        self.assertEqual(result.code, 130, result)
        kept = len(self.records())
        self.assertTrue(4 <= kept < 40)
        state = self.status()
        self.assertEqual((state["state"], state["kept"], state["pending"]), ("resumable", kept, 40 - kept))
        self.assertFalse(json.loads(self.generated(".run.json")[0].read_text())["complete"])
        self.run_ok("resume", "-p", "demo", "-j", 16)
        self.check_whole()
        # Nothing in flight was lost: each conversation was paid for once.
        self.assertEqual(set(self.conversations().values()), {1})

    def test_second_ctrl_c_stops_at_once(self):
        self.begin()
        self.stop_mock_slowly()
        # Two that come before the first is heeded are one to the system, so it is said until it is heard.
        # What is in flight would be waited for much longer than the test has patience.
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        result = self.finish(self.process)
        self.assertEqual(result.code, 130, result)
        self.assertTrue(self.generated(".json"))

    def stop_mock_slowly(self):
        """The server hangs from now on: what is in flight will not be answered."""
        self.mock.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: self.mock and self.mock.send_signal(signal.SIGCONT))

    def test_concurrency_can_be_changed(self):
        self.start_mock("--delay-ms", "100")
        process = self.start("run", "-p", "demo", "-n", 60, "-x", 2, "-j", 2, "--progress", "json")
        events = []
        def next_progress(concurrency):
            while not events or events[-1].get("concurrency") != concurrency:
                line = process.stderr.readline()
                self.assertTrue(line, events)
                events.append(json.loads(line))
        next_progress(2)
        for number, concurrency in ((signal.SIGUSR1, 3), (signal.SIGUSR1, 4), (signal.SIGUSR2, 3)):
            process.send_signal(number)
            next_progress(concurrency)
        self.assertEqual(self.finish(process).code, 0)
        self.check_whole(60)

    def test_before_anything_began(self):
        """A server that takes the connection and says nothing: Ctrl-C does not wait for it."""
        self.start_mock()
        self.mock.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: self.mock and self.mock.send_signal(signal.SIGCONT))
        process = self.start("run", "-p", "demo", "-n", 3, "-x", 2)
        time.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(process).code, 130)
        self.assertLess(time.monotonic() - began, 3)
        self.assertFalse((self.project / "generated").exists())

    def test_terminated(self):
        self.begin()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(self.process).code, 143)
        self.run_ok("resume", "-p", "demo")
        self.check_whole()

    def test_killed(self):
        self.begin()
        self.process.send_signal(signal.SIGKILL)
        self.finish(self.process)
        self.assertEqual(self.generated(".json"), [])
        self.run_ok("resume", "-p", "demo", "-j", 8)
        self.check_whole()
        # At most what was in flight at the kill is paid twice.
        counts = self.conversations()
        self.assertLessEqual(max(counts.values()), 2)
        self.assertLessEqual(sum(counts.values()), 40 + 4)

    def test_run_goes_on_by_itself_off_a_terminal(self):
        self.begin()
        self.process.send_signal(signal.SIGINT)
        self.finish(self.process)
        result = self.run_ok("run", "-p", "demo", "-n", 40, "-x", 2, "--seed", 9)
        self.assertIn("unfinished", result.err)
        self.check_whole()
        # Another seed, or --resume never, is another run.
        self.run_ok("run", "-p", "demo", "-n", 3, "-x", 2, "--resume", "never")
        self.assertEqual(len(self.generated(".csv")), 2)

    def test_two_at_once(self):
        self.begin()
        self.assert_error(self.confab("resume", "-p", "demo"), 2, "locked")
        self.process.send_signal(signal.SIGINT)
        self.finish(self.process)

    def test_changed_project(self):
        self.begin()
        self.process.send_signal(signal.SIGINT)
        self.finish(self.process)
        self.write("prompting/injections/mood.txt", "calm\nangry\ncurious\nsad\n")
        self.assert_error(self.confab("resume", "-p", "demo"), 2, "changed", "prompting/injections/mood.txt", "--accept-changes")
        self.run_ok("resume", "-p", "demo", "--accept-changes")
        self.check_whole()

    def test_other_model(self):
        self.begin()
        self.process.send_signal(signal.SIGINT)
        self.finish(self.process)
        self.assert_error(self.confab("resume", "-p", "demo", "--model", "another"), 2, "changed", "mock-model", "another")

    def test_budget(self):
        self.start_mock()
        result = self.confab("run", "-p", "demo", "-n", 200, "-x", 2, "-j", 2, "--max-tokens", 6000)
        self.assertEqual(result.code, 7, result)
        state = self.status()
        self.assertLessEqual(state["tokens"]["prompt"] + state["tokens"]["completion"], 6000)
        self.assertTrue(0 < len(self.records()) < 200)
        self.run_ok("resume", "-p", "demo", "--max-tokens", 10000000)
        self.check_whole(200)

    def test_stopped_when_all_was_in_flight(self):
        self.start_mock("--delay-ms", "1500")
        process = self.start("run", "-p", "demo", "-n", 2, "-x", 2, "-j", 2, "--progress", "json")
        for line in process.stderr:
            if json.loads(line).get("in_flight") == 2:
                break
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.assertEqual(result.code, 0, result)  # nothing is left to go on with
        self.assertEqual(self.status()["state"], "complete")
        self.check_whole(2)

    def test_what_to_go_on_with_can_be_typed(self):
        self.start_mock()
        folder = self.folder / "my projects"
        folder.mkdir()
        self.project = self.project.rename(folder / "Müller's")
        words = ["run", "-p", "my projects/Müller's", "-n", 50, "-x", 2, "--max-tokens", 3000]
        result = self.confab(*words)
        self.assertEqual(result.code, 7, result)
        command = re.search("Go on with: confab (.*)", result.err).group(1)
        self.assertEqual(shlex.split(command), ["resume", "-p", "my projects/Müller's"])
        self.run_ok(*shlex.split(command), "--max-tokens", 1000000)
        self.check_whole(50)

    def test_killed_before_the_files_were_whole(self):
        self.start_mock()
        words = ("-p", "demo", "-n", 4, "-x", 2, "--seed", 3)
        self.run_ok("run", *words)
        whole = self.records()
        for again in (("resume", "-p", "demo"), ("run", *words)):
            # As a kill between the last verdict and the files leaves it.
            shutil.rmtree(self.project / "generated")
            with sqlite3.connect(next((self.project / ".confab").glob("*.db"))) as db:
                db.execute("UPDATE fact SET value='' WHERE key='end'")
            db.close()
            self.assertEqual(self.status()["state"], "resumable")
            self.run_ok(*again)
            self.assertEqual(self.records(), whole)
            self.assertEqual(self.status()["state"], "complete")
        self.assertEqual(len(list((self.project / ".confab").glob("*.db"))), 1)
        self.assertEqual(len(self.ledger()), 4)

    def test_retry_what_failed(self):
        # No answer of this server is a conversation.
        self.start_mock("--participants", "Nobody,Somebody", "--refuse", "response_format")
        result = self.confab("run", "-p", "demo", "-n", 3, "-x", 2, "--attempts", 1)
        self.assertEqual(result.code, 6, result)
        self.assertIn("confab retry", result.err)
        self.assertEqual(self.records(), [])
        url = self.url
        port = url.rsplit(":", 1)[1]
        self.start_mock("--port", port)
        self.assertEqual(self.url, url)
        self.assertEqual(self.run_ok("resume", "-p", "demo", code=6).err.count("retry"), 1)
        self.run_ok("retry", "-p", "demo")
        self.check_whole(3)


if __name__ == "__main__":
    e2e.main()
