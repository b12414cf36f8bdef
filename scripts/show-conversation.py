# SPDX-License-Identifier: Apache-2.0
"""show-conversation.py SUMMARY: prints one generated conversation of a dataset, and where its files lie.

SUMMARY is what `confab run --json` printed.
"""

import json
import sys
import textwrap


def main():
    summary = json.loads(sys.argv[1])
    with open(summary["json"], encoding="utf-8") as file:
        records = [record for record in json.load(file) if record["source"] == "generated"]
    if not records:
        sys.exit("no conversation passed its checks")
    show(max(records, key=told))
    print()
    print("The dataset:", summary["json"])
    print("            ", summary["csv"])


# The most told of them, for a short one shows less of what a record holds; one that says a thing twice comes last.
def told(record):
    texts = [turn["text"] for turn in record["conversation"]]
    return len(set(texts)) == len(texts), len(set(" ".join(texts).lower().split()))


def show(record):
    print("One of the conversations:", record["id"])
    print(", ".join(f"{key}: {value}" for key, value in record.items() if isinstance(value, (str, int, float)) and key != "id"))
    print()
    width = max(len(turn["speaker"]) for turn in record["conversation"]) + 2
    for turn in record["conversation"]:
        # What a model wrote is data: nothing of it reaches the terminal but what can be printed.
        text = "".join(c if c.isprintable() else " " for c in turn["text"])
        print(textwrap.fill(text, 100, initial_indent=f"{turn['speaker'] + ':':<{width}}", subsequent_indent=" " * width))


main()
