# SPDX-License-Identifier: Apache-2.0
"""The Python package, and the notebook from top to bottom where nbclient, pandas and matplotlib are installed."""
import importlib.util
import os
import pathlib
import sys
import unittest

import e2e

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
import confab  # noqa: E402

NOTEBOOK_NEEDS = ("nbclient", "nbformat", "ipykernel", "pandas", "matplotlib")


class Python(e2e.Case):
    def setUp(self):
        super().setUp()
        self.start_mock("--exchanges", "2")
        saved = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(saved)))
        os.environ.clear()
        os.environ.update(self.env, CONFAB_PROGRAM=e2e.CONFAB, CONFAB_PROJECTS=str(self.folder / "projects"))

    def test_run_and_load(self):
        events = []
        run = confab.run("demo", 10, 3, seed=7, concurrency=2, on_event=events.append)
        self.assertEqual((run.state, run.summary["kept"]), ("complete", 10))
        self.assertIn("start", [event["event"] for event in events])
        self.assertEqual(events[-1]["event"], "done")
        records = confab.load(run)
        self.assertEqual(records, self.records())
        self.assertEqual(confab.load(run.json), records)
        self.assertEqual(confab.projects(), ["demo"])
        self.assertEqual(confab.report(run)["metrics"]["conversations"], 10)
        confab.export(run, "jsonl", self.folder / "a.jsonl", sample=4)
        self.assertEqual(len((self.folder / "a.jsonl").read_text().splitlines()), 4)

    def test_failures(self):
        with self.assertRaises(confab.ConfabError) as caught:
            confab.run("demmo", 10, 3)
        self.assertEqual(caught.exception.exit_code, 2)
        self.assertIn("demmo", str(caught.exception))
        with self.assertRaises(confab.ConfabError):
            confab.run("demo", 0, 3)
        with self.assertRaises(FileNotFoundError):
            os.environ["PATH"] = ""
            del os.environ["CONFAB_PROGRAM"]
            confab.run("demo", 1, 1)

    @unittest.skipUnless(all(map(importlib.util.find_spec, NOTEBOOK_NEEDS)), "the notebook's packages are not installed")
    def test_notebook(self):
        import nbclient
        import nbformat
        os.environ.update(CONFAB_PROJECT="demo", CONFAB_ITERATIONS="8", CONFAB_MAX_EXCHANGES="3", MPLBACKEND="agg")
        notebook = nbformat.read(ROOT / "notebooks/chat-generator.ipynb", as_version=4)
        nbclient.NotebookClient(notebook, timeout=e2e.PATIENCE, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
        texts = str([output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs])
        self.assertIn("8 conversations", texts)
        self.assertIn("complete, 8 kept", texts)


if __name__ == "__main__":
    e2e.main()
