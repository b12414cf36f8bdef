# SPDX-License-Identifier: Apache-2.0
"""Without LLM_API_URL the embedded model serves. Here mockllm stands in for llama.cpp's server,
behind a script that reads that server's arguments."""
import os
import signal

import e2e

SERVER = """#!/bin/sh
# Takes what llama-server takes, and hands over to mockllm.
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=$2 ;;
    -a) alias=$2 ;;
  esac
  shift
done
echo $$ > {folder}/pid
exec {mock} --port "$port" --key "$LLAMA_API_KEY" --models "$alias" --delay-ms {delay} --die-with-parent
"""


class Local(e2e.Case):
    def install(self, delay=0):
        server, model = self.folder / "server", self.folder / "tiny-model.gguf"
        server.write_text(SERVER.format(folder=self.folder, mock=e2e.MOCKLLM, delay=delay))
        server.chmod(0o755)
        model.write_bytes(b"GGUF" + bytes(60))
        self.env.update(CONFAB_MODEL_SERVER=str(server), CONFAB_MODEL=str(model))

    def server_runs(self):
        try:
            os.kill(int((self.folder / "pid").read_text()), 0)
            return True
        except (ProcessLookupError, FileNotFoundError):
            return False

    def test_run(self):
        self.install()
        result = self.run_ok("run", "-p", "demo", "-n", 5, "-x", 2)
        self.assertIn("tiny-model (embedded)", result.err)
        self.assertIn("cost      $0.00", result.err)
        self.assertEqual(len(self.records()), 5)
        self.assertEqual({r["model"] for r in self.records()}, {"tiny-model"})
        self.assertFalse(self.server_runs())

    def test_interrupt_and_resume(self):
        self.install(delay=150)
        process = self.start("run", "-p", "demo", "-n", 30, "-x", 2, "-j", 2)
        self.wait_for(lambda: '"kept":0' not in self.confab("status", "-p", "demo", "--json").out and
                      '"kept"' in self.confab("status", "-p", "demo", "--json").out)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(process).code, 130)
        self.assertFalse(self.server_runs())
        # A run of the embedded model does not go on with another.
        self.env["LLM_API_URL"] = "http://127.0.0.1:1"
        self.assert_error(self.confab("resume", "-p", "demo"), 2, "changed", "embedded")
        del self.env["LLM_API_URL"]
        self.run_ok("resume", "-p", "demo", "-j", 16)
        self.assertEqual([r["index"] for r in self.records()], list(range(30)))

    def test_server_ends_with_a_killed_confab(self):
        self.install(delay=200)
        process = self.start("run", "-p", "demo", "-n", 50, "-x", 2, "-j", 2)
        self.wait_for(self.server_runs)
        process.kill()
        self.finish(process)
        self.wait_for(lambda: not self.server_runs(), 5)

    def test_nothing_is_installed(self):
        self.env["PATH"] = "/nowhere"
        for words in (("run", "-p", "demo", "-n", 1, "-x", 1), ("doctor",)):
            self.assert_error(self.confab(*words), 2, "model-server", "LLM_API_URL")
        self.run_ok("validate", "-p", "demo")
        self.run_ok("preview", "-p", "demo")
        self.run_ok("estimate", "-p", "demo")
        self.assertIn("nothing was sent", self.run_ok("run", "-p", "demo", "-n", 2, "-x", 1, "--dry-run").err)

    def test_doctor(self):
        self.install()
        x = self.run_ok("doctor", "--json").json()
        self.assertEqual((x["embedded"], x["model"], x["chat"]["answered"]), (True, "tiny-model", True))
        self.assertFalse(self.server_runs())


if __name__ == "__main__":
    e2e.main()
