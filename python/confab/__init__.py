# SPDX-License-Identifier: Apache-2.0
"""Calls the confab program from Python. Needs nothing but the standard library.

    import confab
    run = confab.run("coffee-support", iterations=100, max_exchanges=6, on_event=print)
    records = confab.load(run)              # a list of dicts, one a conversation
    numbers = confab.report(run)["metrics"]

The program is found as `program=`, else in $CONFAB_PROGRAM, else on the PATH.
"""
import json
import os
import pathlib
import shutil
import subprocess

__all__ = ["ConfabError", "Run", "run", "load", "projects", "report", "export"]


class ConfabError(Exception):
    """confab ended with an error: `exit_code` as its manual lists them, `code` and `hint` of the message."""

    def __init__(self, exit_code, message, code=None, hint=None):
        super().__init__(f"{message} (exit {exit_code})" + (f"; hint: {hint}" if hint else ""))
        self.exit_code, self.code, self.hint = exit_code, code, hint


class Run:
    """A run that has ended: `stamp`, `state` ("complete", "partial", …), the paths `json` and `csv`, and `summary`, all numbers."""

    def __init__(self, summary, program):
        self.summary, self.program = summary, program
        self.stamp, self.state = summary["run"], summary["state"]
        self.json, self.csv = summary["json"], summary["csv"]

    def __repr__(self):
        return f"<confab run {self.stamp}: {self.state}, {self.summary['kept']} kept>"


def _program(program):
    found = program or os.environ.get("CONFAB_PROGRAM") or shutil.which("confab")
    if not found:
        raise FileNotFoundError("confab is not on the PATH; name it with program= or CONFAB_PROGRAM")
    return str(found)


def _flags(options):
    words = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not False and value is not None:
            words += [flag, str(value)]
    return words


def _call(program, *words):
    done = subprocess.run([_program(program), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ConfabError(done.returncode, done.stderr.decode(errors="replace").strip())
    return done.stdout.decode()


def run(project, iterations, max_exchanges, *, on_event=None, program=None, **options):
    """Runs `project` (a name under ./projects, or a path) and returns a Run, also where some conversations are missing.

    `on_event` is called with each event of `--progress json`, a dict: "start", "progress", "waiting", "warning", "done".
    Further options are confab's own: seed=7, concurrency=8, dedup="off", strict=True. A failure raises ConfabError.
    """
    words = [_program(program), "run", "--progress", "json", "--yes", "--no-input", "-p", str(project), "-n", str(iterations),
             "-x", str(max_exchanges), *_flags(options)]
    failure, summary, said = {}, None, []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            for line in process.stderr:
                try:
                    event = json.loads(line)
                except ValueError:
                    said.append(line.decode(errors="replace").strip())
                    continue
                if event.get("event") == "done":
                    summary = event
                elif event.get("event") == "error":
                    failure = event
                if on_event:
                    on_event(event)
        except BaseException:
            process.terminate()  # what is in flight is finished and kept; `confab resume` goes on
            process.wait()
            raise
    if summary is None or process.returncode not in (0, 6, 7):
        message = failure.get("message") or " ".join(said[-3:]) or "confab failed"
        raise ConfabError(process.returncode, message, failure.get("code"), failure.get("hint"))
    return Run(summary, program)


def load(run):
    """The records of a Run, or of a dataset's JSON file by its path."""
    path = run.json if isinstance(run, Run) else run
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def projects(program=None, **options):
    """The names of the projects under ./projects, or `projects=FOLDER`."""
    return json.loads(_call(program, "list", "--json", *_flags(options))).get("projects", [])


def report(run):
    """The numbers of `confab report --json` for a Run."""
    return json.loads(_call(run.program, "report", "--json", "-q", run.json))


def export(run, format, output, **options):
    """Writes a Run in one of confab's formats: export(run, "hf", "folder", split="train=0.9,test=0.1")."""
    _call(run.program, "export", "-q", "-f", format, "-o", output, *_flags(options), run.json)
    return output
