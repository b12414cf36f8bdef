# SPDX-License-Identifier: Apache-2.0
"""What a person may mistype, and the rules that keep keys where they belong: exit 2, with a way out."""
import os
import re
import shutil
import subprocess

import e2e

KEY = "sk-0123456789abcdefWXYZ"


class Usage(e2e.Case):
    def test_mistyped(self):
        rows = [
            (("rnu",), "did you mean `confab run`?"),
            (("run", "--iteration", "5"), "did you mean --iterations?"),
            (("run", "-p", "demo", "-n", "ten", "-x", "2"), "a whole number"),
            (("run", "-p", "demo", "-n", "5", "-n", "6", "-x", "2"), "given twice"),
            (("run", "demo"), "a project is named with -p"),
            (("run", "--api-key", KEY), "LLM_API_KEY"),
            (("validate", "-n", "5"), "does not take --iterations"),
            (("preview", "-p", "demo", "-i", "5-1"), "a list of indices"),
            (("completion", "tcsh"), "bash, zsh, fish"),
            (("status", "-p", "demo"), "no run yet"),
            (("resume", "-p", "demo", "26-01-01-00h00m00s"), "has no run"),
            (("status", "-p", "demo", "yesterday"), "is not a run's stamp"),
            (("chunks", "-p", "demo", "--text", "brewing/expresso.md"), "did you mean brewing/espresso.md?"),
            (("chunks", "-p", "demo", "--show", "9"), "numbered from 1 to 2"),
            (("run", "-C", "nowhere"), "cannot go to the folder"),
        ]
        for words, said in rows:
            with self.subTest(words=words):
                result = self.confab(*words)
                self.assertEqual(result.code, 2, result)
                self.assertEqual(result.err.count("error["), 1, result)
                self.assertIn(said, result.err)
                self.assertNotIn(KEY, result.err)
                self.assertEqual(result.out, "")

    def test_missing_values_name_their_flags(self):
        self.start_mock()
        self.assert_error(self.confab("run", "-p", "demo", "-x", "2"), 2, "usage", "--iterations")
        self.assert_error(self.confab("run", "-p", "demo", "-n", "2"), 2, "usage", "--max-exchanges")
        self.assert_error(self.confab("run", "-n", "2", "-x", "2"), 2, "usage", "--project")
        self.env.update(CONFAB_ITERATIONS="1", CONFAB_MAX_EXCHANGES="2", CONFAB_PROJECT="demo")
        self.run_ok("run")

    def test_libcurl_is_loaded_by_what_sends_alone(self):
        broken = self.folder / "libraries"
        broken.mkdir()
        (broken / "libcurl.so.4").write_text("not a library")
        self.start_mock()
        self.env["LD_LIBRARY_PATH"] = str(broken)
        for words in (("list",), ("validate", "-p", "demo"), ("chunks", "-p", "demo"), ("version",)):
            self.assertEqual(self.confab(*words).code, 0, words)
        for words in (("run", "-p", "demo", "-n", "1", "-x", "1"), ("doctor",), ("version", "--verbose")):
            self.assert_error(self.confab(*words), 1, "curl", "libcurl.so.4 cannot be loaded", "install libcurl")
        del self.env["LD_LIBRARY_PATH"]
        self.run_ok("run", "-p", "demo", "-n", "1", "-x", "1")

    def test_address_rules(self):
        words = ("run", "-p", "demo", "-n", "1", "-x", "1")
        for name in ("LLM_API_KEY", "LLM_NAME"):
            self.env[name] = KEY
            result = self.confab(*words)
            self.assert_error(result, 2, "address", name, "LLM_API_URL")
            self.assertNotIn("0123456789", result.err)
            del self.env[name]
        self.assert_error(self.confab(*words, "--model", "gpt"), 2, "address", "--model")
        self.env["LLM_API_URL"] = "ftp://host"
        self.assert_error(self.confab(*words), 2, "address", "http://")
        self.env["LLM_API_URL"] = "http://localhost:1"
        self.assert_error(self.confab(*words, "--max-cost", "1", "--model", "m"), 2, "price", "prices.json")

    def test_key_stays_with_the_person(self):
        self.start_mock()
        self.write(".env", f"LLM_API_URL={self.url}\n")
        del self.env["LLM_API_URL"]
        self.env["LLM_API_KEY"] = KEY
        words = ("run", "-p", "demo", "-n", "1", "-x", "1")
        result = self.confab(*words)
        self.assert_error(result, 2, "trust", ".env:1", "--trust-project")
        self.run_ok(*words, "--trust-project")
        self.assertEqual(len(self.ledger()), 1)  # nothing was sent before it was trusted
        self.write(".env", "CONFAB_TRUST_PROJECT=1\n")
        self.assert_error(self.confab(*words), 2, "env", ".env:1", "cannot set CONFAB_TRUST_PROJECT")
        self.write(".env", "LLM_API_URI=x\n")
        self.assert_error(self.confab(*words), 2, "env", "did you mean LLM_API_URL?")

    def test_key_is_never_shown(self):
        self.start_mock("--key", KEY)
        self.env["LLM_API_KEY"] = KEY
        results = [self.run_ok("run", "-p", "demo", "-n", "2", "-x", "2", "-v"), self.run_ok("config", "--origin"),
                   self.run_ok("config", "--json"), self.run_ok("doctor"), self.run_ok("doctor", "--json")]
        for result in results:
            self.assertNotIn("0123456789", result.out + result.err, result)
        self.assertIn("sk-…WXYZ", results[1].out)
        for path in self.project.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"0123456789abcdef", path.read_bytes(), path)

    def test_key_file(self):
        self.start_mock("--key", KEY)
        key_file = self.folder / "key"
        key_file.write_text(KEY + "\n")
        self.env["LLM_API_KEY_FILE"] = str(key_file)
        key_file.chmod(0o600)
        self.assertNotIn("warning[key]", self.run_ok("run", "-p", "demo", "-n", "1", "-x", "1").err)
        key_file.chmod(0o644)
        self.assertIn("warning[key]", self.run_ok("run", "-p", "demo", "-n", "1", "-x", "1").err)
        key_file.unlink()
        self.assert_error(self.confab("run", "-p", "demo", "-n", "1", "-x", "1"), 2, "file", "cannot open")

    def test_certificate_authority_of_ones_own(self):
        cert, key = self.folder / "cert.pem", self.folder / "key.pem"
        made = shutil.which("openssl") and subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
             "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True).returncode == 0
        if not made:
            self.skipTest("no openssl here")
        self.start_mock("--tls-cert", str(cert), "--tls-key", str(key))
        self.env["LLM_API_URL"] = self.url.replace("http:", "https:")
        words = ("run", "-p", "demo", "-n", "1", "-x", "2", "--progress", "none", "--resume", "never")
        refused = self.confab(*words)
        self.assertEqual(refused.code, 5, refused)
        self.assertIn("SSL_CERT_FILE", refused.err)
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            self.env[name] = str(cert)
            self.run_ok(*words)
            self.assertIn("answered", self.run_ok("doctor").out)
            del self.env[name]

    def test_a_budget_of_nothing_is_none(self):
        self.start_mock()
        for amount in ("0", "0.0000001"):
            result = self.confab("run", "-p", "demo", "-n", "1", "-x", "2", "--max-cost", amount)
            self.assert_error(result, 2, "usage", "a number above 0")

    def test_config_shows_origins(self):
        config = self.folder / "home/.config/confab/config"
        config.parent.mkdir(parents=True)
        config.write_text("CONFAB_ATTEMPTS=4\nCONFAB_SEED=5\n")
        self.write(".env", "\nCONFAB_SEED=6\n")
        self.env["CONFAB_START"] = "7"
        settings = {s["variable"]: s for s in self.run_ok("config", "-p", "demo", "--json", "--model", "m").json()["settings"]}
        def of(name):
            return settings[name]["value"], settings[name]["origin"], settings[name]["line"]
        self.assertEqual(of("CONFAB_ATTEMPTS"), ("4", "user config", 1))
        self.assertEqual(of("CONFAB_SEED"), ("6", "project", 2))
        self.assertEqual(of("CONFAB_START"), ("7", "environment", None))
        self.assertEqual(of("LLM_NAME"), ("m", "flag", None))
        self.assertEqual(of("CONFAB_STRUCTURED"), ("auto", "default", None))
        self.assertEqual(of("LLM_API_KEY"), (None, "not set", None))
        text = self.run_ok("config", "-p", "demo", "--origin").out
        self.assertRegex(text, r"CONFAB_SEED +6 +project \(\.env:2\)")
        # One column of origins, however long the variables are.
        columns = {re.search(r"  (default|not set|flag|environment|(project|user config) \(.*\))$", line).start() for line in text.splitlines()}
        self.assertEqual(len(columns), 1, text)

    def test_help_man_and_completions(self):
        self.assertIn("Commands:", self.run_ok("help").out)
        self.assertIn("--iterations N", self.run_ok("help", "run").out)
        self.assertEqual(self.run_ok("run", "--help").out, self.run_ok("help", "run").out)
        self.assertEqual(self.run_ok("--help").out, self.run_ok("help").out)
        self.assertTrue(self.run_ok("--version").out.startswith("confab "))
        self.assertTrue(self.run_ok("help", "--man").out.startswith(".TH CONFAB 1"))
        script = self.folder / "complete.bash"
        script.write_text(self.run_ok("completion", "bash").out)
        ask = f'. {script}; COMP_WORDS=({{}}); COMP_CWORD=$((${{{{#COMP_WORDS[@]}}}}-1)); _confab; echo "${{{{COMPREPLY[@]}}}}"'
        def complete(*words):
            quoted = " ".join(f"'{w}'" for w in words)
            return subprocess.run(["bash", "-c", ask.format(quoted)], cwd=self.folder, env=self.env, capture_output=True,
                                  text=True, timeout=e2e.PATIENCE).stdout.split()
        self.assertIn("validate", complete("confab", "va"))
        self.assertIn("--max-exchanges", complete("confab", "run", "--max"))
        self.assertNotIn("--iterations", complete("confab", "validate", "--"))
        self.assertEqual(complete("confab", "run", "-p", ""), ["demo"])
        self.assertEqual(complete("confab", "run", "--structured", "o"), ["on", "off"])
        self.assertEqual(complete("confab", "completion", "z"), ["zsh"])

    def test_closed_pipe_ends_quietly(self):
        self.write("knowledge/brewing/long.txt", "A sentence of some words. " * 20000)
        for words in (["chunks", "-p", "demo", "--json"], ["preview", "-p", "demo", "-i", "0-400"], ["help", "--man"]):
            with self.subTest(words=words):
                process = self.start(*words)
                process.stdout.read(1)
                process.stdout.close()
                error = process.stderr.read().decode()
                process.stderr.close()
                self.assertIn(process.wait(e2e.PATIENCE), (0, -13, 141))
                self.assertNotIn("rror", error)

    def test_closed_pipe_is_no_fault_of_a_run(self):
        self.start_mock()
        process = self.start("run", "-p", "demo", "-n", "2", "-x", "2", "--json", "-q")
        process.stdout.close()
        error = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual((process.wait(e2e.PATIENCE), error), (0, ""))


if __name__ == "__main__":
    e2e.main()
