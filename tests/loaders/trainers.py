#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trainers.py CONFAB PROJECT [FOLDER]: exports the newest run of the project folder PROJECT for trainers, and lets their own
code judge it: TRL's format rules and chat template, LLaMA-Factory's reader of dataset_info.json and its converters, axolotl's
schema of a dataset. The two last are taken from FOLDER, where their wheels are unpacked (default: the working folder); what
they import for training alone (torch and such) is put aside, so that no GPU and no gigabytes are needed.

Run by hand: python -m venv v && v/bin/pip install datasets transformers pydantic pyyaml omegaconf && v/bin/pip install --no-deps trl
v/bin/pip download --no-deps llamafactory axolotl && for wheel in *.whl; do unzip -qo $wheel; done
"""
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest.mock

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
CHATML = ("{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
          "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


class Aside(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for modules that are not installed."""
    NAMES = ("torch", "peft", "accelerate", "numba", "flash_attn", "bitsandbytes", "torchvision", "av", "librosa", "gradio")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = unittest.mock.MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


def check(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def shell(name, folder):
    """A package of which only the modules that are asked for are read, not its __init__."""
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def trl_rules(folder, notes):
    import tokenizers
    import transformers
    import trl.data_utils as rules
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?")))
    tokenizer.chat_template = CHATML
    rows, texts = read(f"{folder}/a.jsonl"), read(f"{folder}/c.jsonl")
    for row, text in zip(rows, texts):
        check(rules.is_conversational({"messages": row["messages"]}), "TRL takes the messages for a conversation")
        plain = rules.maybe_apply_chat_template({"messages": row["messages"]}, tokenizer)["text"]
        check(plain == text["text"] or "<|im_" in json.dumps(row), "TRL's text by the ChatML template is that of the format chatml")
    pairs = read(f"{folder}/d.jsonl")
    for row in pairs:
        check(rules.is_conversational(row), "TRL takes preferences for a conversation")
        told = rules.maybe_apply_chat_template({k: row[k] for k in ("prompt", "chosen", "rejected")}, tokenizer)
        check(set(told) == {"prompt", "chosen", "rejected"} and row["chosen"][0]["content"] in told["chosen"], "TRL renders preferences")
    notes.append(f"TRL: {len(rows)} conversations, {len(pairs)} preferences")


def llama_factory_rules(folder, source, notes):
    for name in ("llamafactory", "llamafactory.data", "llamafactory.extras"):
        shell(name, pathlib.Path(source, *name.split(".")))
    misc = types.ModuleType("llamafactory.extras.misc")
    misc.use_modelscope = misc.use_openmind = lambda: False
    sys.modules["llamafactory.extras.misc"] = misc
    # What the two modules take from rooms that need a model; the values are theirs.
    constants = types.ModuleType("llamafactory.extras.constants")
    constants.DATA_CONFIG = "dataset_info.json"
    sys.modules["llamafactory.extras.constants"] = constants
    logger = unittest.mock.MagicMock()
    logger.warning_rank0.side_effect = lambda text: check(False, text)
    logging = types.ModuleType("llamafactory.extras.logging")
    logging.get_logger = lambda name: logger
    sys.modules["llamafactory.extras.logging"] = logging
    sys.modules["llamafactory.extras"].logging = logging
    import llamafactory.data.converter as converter
    import llamafactory.data.parser as parser
    info = json.load(open(f"{folder}/sg/dataset_info.json", encoding="utf-8"))
    rows = 0
    for attributes in parser.get_dataset_list(list(info), f"{folder}/sg"):
        convert = converter.SharegptDatasetConverter(attributes, unittest.mock.MagicMock(media_dir=""))
        for row in read(f"{folder}/sg/{attributes.dataset_name}"):
            told = convert(row)
            check(told["_prompt"] and told["_response"], "LLaMA-Factory finds prompt and response")
            rows += 1
    attributes = parser.DatasetAttr("file", dataset_name="a.json", history="history", system="system")
    convert = converter.AlpacaDatasetConverter(attributes, unittest.mock.MagicMock(media_dir=""))
    alpaca = json.load(open(f"{folder}/a.json", encoding="utf-8"))
    for row in alpaca:
        told = convert(row)
        check(len(told["_prompt"]) == 2 * len(row["history"]) + 1 and told["_response"][0]["content"] == row["output"], "alpaca's history is read")
    notes.append(f"LLaMA-Factory: {rows} of sharegpt, {len(alpaca)} of alpaca")


def axolotl_rules(folder, source, notes):
    import yaml
    for name in ("axolotl", "axolotl.utils", "axolotl.utils.schemas"):
        shell(name, pathlib.Path(source, *name.split(".")))
    for name in ("axolotl.utils.logging",):
        sys.modules[name] = unittest.mock.MagicMock()
    import axolotl.utils.schemas.datasets as schemas
    config = yaml.safe_load(open(f"{folder}/ax/axolotl.yml", encoding="utf-8"))
    entries = [entry for name in ("datasets", "test_datasets") for entry in config.get(name, [])]
    for entry in entries:
        told = schemas.SFTDataset(**entry)
        check(told.type == "chat_template" and told.field_messages == "messages", "axolotl reads the entry")
        unknown = set(entry) - set(schemas.SFTDataset.model_fields)
        check(not unknown, f"axolotl knows the keys {unknown}")
        check(pathlib.Path(folder, "ax", told.path).exists(), "the file of an entry is there")
    notes.append(f"axolotl: {len(entries)} entries")


def main(confab, project, source="."):
    notes = []
    sys.meta_path.append(Aside())
    with tempfile.TemporaryDirectory() as folder:
        for format, path, more in (("jsonl", "a.jsonl", ()), ("chatml", "c.jsonl", ()), ("dpo", "d.jsonl", ()), ("alpaca", "a.json", ()),
                                   ("sharegpt", "sg", ("--split", "train=0.8,test=0.2")), ("axolotl", "ax", ("--split", "train=0.8,val=0.2"))):
            subprocess.run([confab, "export", "-q", "-p", project, "-f", format, "-o", f"{folder}/{path}", *more], check=True)
        if importlib.util.find_spec("trl"):
            trl_rules(folder, notes)
        if pathlib.Path(source, "llamafactory").is_dir():
            llama_factory_rules(folder, source, notes)
        if pathlib.Path(source, "axolotl").is_dir():
            axolotl_rules(folder, source, notes)
    print("; ".join(notes) or "nothing installed")


main(*sys.argv[1:])
