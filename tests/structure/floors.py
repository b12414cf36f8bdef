#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the house's floors: a folder of src/ includes only from folders on lower floors.

usage: floors.py SOURCE_ROOT
Also holds: no source file above 800 lines, each starts with its licence, and every file that
docs/design.md names exists.
"""
import pathlib
import re
import sys

FLOORS = [
    ["base"],
    ["llm", "text"],
    ["conversation", "tokens", "dedup", "documents"],
    ["knowledge", "journal", "report"],
    ["project"],
    ["output", "plan"],
    ["run"],
    ["cli", "studio"],
]
# (from, to): an include sideways that is meant, with its reason.
ALLOWED = {
}

root = pathlib.Path(sys.argv[1])
floor = {folder: level for level, folders in enumerate(FLOORS) for folder in folders}
faults = []
includes = 0
for path in sorted((root / "src").rglob("*.[ch]")):
    folder = path.relative_to(root / "src").parts[0]
    text = path.read_text()
    if folder not in floor:
        faults.append(f"{path}: the folder {folder} has no floor")
        continue
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        faults.append(f"{path}: does not start with its licence")
    if text.count("\n") > 800:
        faults.append(f"{path}: {text.count(chr(10))} lines; which two rooms are these?")
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
        if not match:
            continue
        includes += 1
        other = match.group(1)
        if other == folder or (folder, other) in ALLOWED:
            continue
        if other not in floor or floor[other] >= floor[folder]:
            faults.append(f"{path}:{number}: {folder} (floor {floor[folder] + 1}) includes {line.split(chr(34))[1]}")
design = root / "docs" / "design.md"
if design.exists():
    for name in re.findall(r"`((?:src|tests|scripts|docs|bench|projects|python|notebooks)/[\w./-]+)`", design.read_text()):
        if not (root / name).exists():
            faults.append(f"{design}: names {name}, which does not exist")
print("\n".join(faults) or f"{includes} includes, all point down")
sys.exit(1 if faults or includes == 0 else 0)
