#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts requests as the models' own chat templates count them, for tests/unit/chat_template_test.c.

usage: chat_counts.py TEMPLATES MESSAGES EXPECTED [N [SEED]]      (pip install transformers==4.57.1 openai-harmony==0.0.8)

TEMPLATES holds a file <name>.jinja a template: `chat_template` of the tokenizer_config.json of llama3, llama3.1 (Llama 3.2's:
with the day's date), llama3.3 (with a fixed one), qwen2.5, qwen3, tekken (Mistral Nemo), deepseek-v3, gemma2 and gemma3,
or of a model's GGUF file (smollm2, whose tokenizer.json then lies beside it). Vocabularies are those of
scripts/fetch-vocabularies.sh. Writes N lists of messages (48) and a line of counts a template, - where a template refuses a list.
"""
import datetime
import json
import os
import random
import sys

FOLDER = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "confab/vocabularies/")
VOCABULARIES = {"llama3.1": "llama3", "llama3.3": "llama3"}
BEGINS = {"llama3": "<|begin_of_text|>", "gemma2": "<bos>", "gemma3": "<bos>", "tekken": "<s>",
          "deepseek-v3": "<｜begin▁of▁sentence｜>"}
ENDS = {"tekken": "</s>"}
TEXTS = ["Hello", "", " ", "\n", "  Two spaces lead.", "A line ends.\n", "\n\nTwo breaks lead", "\u00a0No break\u00a0", "\u2003wide\u3000",
         "\x1cseparators\x1f", "\x85next line\x85", "\u200bzero width\u200b", "\ufeffmark", "Grüße aus Köln", "Ωμέγα και άλφα", "मुझे चाय चाहिए",
         "我想退货。", "ありがとうございます!", "안녕하세요", "👩‍👩‍👧‍👦 family", "e\u0301 and \u0301alone", "1234567 + 89.5%", "it's they'LL we've",
         "{\"turns\": [\"a\", \"b\"]}", "def f(x):\n\treturn x ** 2\n", "A \"quoted\" word\r\nand a return", "…", "x" * 60, " " * 40, "tea " * 30,
         "# Head\n\n1. One\n2. Two\n", "user", "assistant\n", "<b>bold</b>", "[INST", "<|im_start", "<start_of", "</think>", "🍵🍵🍵"]
ROLES = ("user", "assistant")


def lists(n, seed):
    rng = random.Random(seed)

    def text():
        return rng.choice(("", " ", "\n", " and ")).join(rng.choice(TEXTS) for _ in range(rng.choice((1, 1, 1, 2, 3, 8))))

    for k in range(n):
        head = [{"role": "system", "content": text()}] if k % 2 else []
        yield head + [{"role": ROLES[turn % 2], "content": text()} for turn in range(rng.choice((1, 1, 1, 3, 3, 5)))]


def by_template(folder, name):
    from transformers import PreTrainedTokenizerFast

    vocabulary = VOCABULARIES.get(name, name)
    file = next(f for f in (f"{folder}/{vocabulary}.json", f"{FOLDER}{vocabulary}.json") if os.path.exists(f))
    begin = BEGINS.get(VOCABULARIES.get(name, name)) or BEGINS.get(name)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=file, bos_token=begin, eos_token=ENDS.get(name), clean_up_tokenization_spaces=False)
    with open(f"{folder}/{name}.jinja") as template:
        tokenizer.chat_template = template.read()
    return lambda messages: len(tokenizer.apply_chat_template(messages, tokenize=True, add_generation_prompt=True))


def by_harmony():
    import openai_harmony as h

    encoding = h.load_harmony_encoding(h.HarmonyEncodingName.HARMONY_GPT_OSS)
    roles = {"user": h.Role.USER, "assistant": h.Role.ASSISTANT}

    def count(messages):
        system = h.SystemContent.new().with_conversation_start_date(datetime.date.today().isoformat())
        all_of = [h.Message.from_role_and_content(h.Role.SYSTEM, system)]
        for m in messages:
            if m["role"] == "system":
                content = h.DeveloperContent.new().with_instructions(m["content"])
                all_of.append(h.Message.from_role_and_content(h.Role.DEVELOPER, content))
            else:
                message = h.Message.from_role_and_content(roles[m["role"]], m["content"])
                all_of.append(message.with_channel("final") if m["role"] == "assistant" else message)
        return len(encoding.render_conversation_for_completion(h.Conversation.from_messages(all_of), h.Role.ASSISTANT))

    return count


def counts(count, messages):
    for m in messages:
        try:
            yield str(count(m))
        except Exception as e:
            if "upported" not in str(e):
                raise
            yield "-"


def main():
    folder, messages_file, expected_file = sys.argv[1:4]
    messages = list(lists(int(sys.argv[4]) if len(sys.argv) > 4 else 48, int(sys.argv[5]) if len(sys.argv) > 5 else 1))
    with open(messages_file, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(m) for m in messages) + "\n]\n")
    with open(expected_file, "w") as out:
        for name in sorted(f[:-6] for f in os.listdir(folder) if f.endswith(".jinja")):
            print(name, *counts(by_template(folder, name), messages), file=out)
        if os.environ.get("TIKTOKEN_ENCODINGS_BASE"):
            print("o200k_harmony", *counts(by_harmony(), messages), file=out)


main()
