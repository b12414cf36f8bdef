// SPDX-License-Identifier: Apache-2.0
#include "tokens/chat_template.h"

#include "base/utf8.h"

#define CHATML(role) {S_INIT("<|im_start|>" role "\n"), S_INIT("<|im_end|>\n")}
#define HEADER(role, head) {S_INIT("<|start_header_id|>" role "<|end_header_id|>\n\n" head), S_INIT("<|eot_id|>")}
#define GEMMA(role) {S_INIT("<start_of_turn>" role "\n"), S_INIT("<end_of_turn>\n")}
// Any day: each has as many tokens.
#define DATES "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
#define IDENTITY "You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\nCurrent date: 2025-01-01\n\n" \
                 "Reasoning: medium\n\n# Valid channels: analysis, commentary, final. Channel must be included for every message."

static const ChatTemplate templates[] = {
    {.name = S_INIT("smollm2"), .system = CHATML("system"), .user = CHATML("user"), .assistant = CHATML("assistant"),
     .no_system = S_INIT("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"),
     .prompt = S_INIT("<|im_start|>assistant\n"), .exact = true},
    {.name = S_INIT("qwen2.5"), .system = CHATML("system"), .user = CHATML("user"), .assistant = CHATML("assistant"),
     .no_system = S_INIT("<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"),
     .prompt = S_INIT("<|im_start|>assistant\n"), .exact = true},
    {.name = S_INIT("qwen3"), .system = CHATML("system"), .user = CHATML("user"), .assistant = CHATML("assistant"),
     .prompt = S_INIT("<|im_start|>assistant\n"), .drops_thinking = true, .exact = true},
    {.name = S_INIT("qwen3-thinking"), .system = CHATML("system"), .user = CHATML("user"), .assistant = CHATML("assistant"),
     .prompt = S_INIT("<|im_start|>assistant\n<think>\n"), .drops_thinking = true, .exact = true},
    {.name = S_INIT("llama3"), .begin = S_INIT("<|begin_of_text|>"), .system = HEADER("system", ""), .user = HEADER("user", ""),
     .assistant = HEADER("assistant", ""), .prompt = S_INIT("<|start_header_id|>assistant<|end_header_id|>\n\n"), .trims = true, .exact = true},
    // Llama 3.1 to 3.3.
    {.name = S_INIT("llama3.1"), .begin = S_INIT("<|begin_of_text|>"), .system = HEADER("system", DATES), .user = HEADER("user", ""),
     .assistant = HEADER("assistant", ""), .no_system = S_INIT("<|start_header_id|>system<|end_header_id|>\n\n" DATES "<|eot_id|>"),
     .prompt = S_INIT("<|start_header_id|>assistant<|end_header_id|>\n\n"), .trims = true, .exact = true},
    // Gemma 2's own template refuses a system message; servers put it where Gemma 3's does.
    {.name = S_INIT("gemma2"), .begin = S_INIT("<bos>"), .place = SYSTEM_FIRST, .system.after = S_INIT("\n\n"), .user = GEMMA("user"),
     .assistant = GEMMA("model"), .prompt = S_INIT("<start_of_turn>model\n"), .trims = true, .exact = true},
    {.name = S_INIT("gemma3"), .begin = S_INIT("<bos>"), .place = SYSTEM_FIRST, .system.after = S_INIT("\n\n"), .user = GEMMA("user"),
     .assistant = GEMMA("model"), .prompt = S_INIT("<start_of_turn>model\n"), .trims = true, .exact = true},
    // Mistral Nemo.
    {.name = S_INIT("tekken"), .begin = S_INIT("<s>"), .place = SYSTEM_LAST, .system.after = S_INIT("\n\n"),
     .user = {S_INIT("[INST]"), S_INIT("[/INST]")}, .assistant.after = S_INIT("</s>"), .exact = true},
    {.name = S_INIT("deepseek-v3"), .begin = S_INIT("<｜begin▁of▁sentence｜>"), .user.before = S_INIT("<｜User｜>"),
     .assistant = {S_INIT("<｜Assistant｜>"), S_INIT("<｜end▁of▁sentence｜>")}, .prompt = S_INIT("<｜Assistant｜>"), .exact = true},
    // The API's models open or close thinking with one more token before each answer; the vocabulary here does not have it.
    {.name = S_INIT("deepseek-v3.1"), .begin = S_INIT("<｜begin▁of▁sentence｜>"), .user.before = S_INIT("<｜User｜>"),
     .assistant = {S_INIT("<｜Assistant｜>"), S_INIT("<｜end▁of▁sentence｜>")}, .prompt = S_INIT("<｜Assistant｜>"), .drops_thinking = true},
    // Some servers end the instructions with a break.
    {.name = S_INIT("o200k_harmony"), .begin = S_INIT("<|start|>system<|message|>" IDENTITY "<|end|>"),
     .system = {S_INIT("<|start|>developer<|message|># Instructions\n\n"), S_INIT("<|end|>")},
     .user = {S_INIT("<|start|>user<|message|>"), S_INIT("<|end|>")},
     .assistant = {S_INIT("<|start|>assistant<|channel|>final<|message|>"), S_INIT("<|end|>")}, .prompt = S_INIT("<|start|>assistant")},
    // The rule below; o200k_base and cl100k_base are the models up to gpt-4.1, "openai" later ones, of which no rule is published.
    {.name = S_INIT("o200k_base"), .exact = true},
    {.name = S_INIT("cl100k_base"), .exact = true},
    {.name = S_INIT("openai")},
};
enum { N_TEMPLATES = sizeof templates / sizeof *templates };

static const Str names[] = {
    S_INIT("smollm2"), S_INIT("qwen2.5"), S_INIT("qwen3"), S_INIT("qwen3-thinking"), S_INIT("llama3"), S_INIT("llama3.1"), S_INIT("gemma2"),
    S_INIT("gemma3"), S_INIT("tekken"), S_INIT("deepseek-v3"), S_INIT("deepseek-v3.1"), S_INIT("o200k_harmony"), S_INIT("o200k_base"),
    S_INIT("cl100k_base"), S_INIT("openai"),
};

size_t chat_template_names(const Str **out)
{
    _Static_assert(sizeof names / sizeof *names == N_TEMPLATES, "each template has its name");
    *out = names;
    return N_TEMPLATES;
}

const ChatTemplate *chat_template_of(Str name)
{
    for (size_t i = 0; i < N_TEMPLATES; i++)
        if (str_eq(templates[i].name, name)) return &templates[i];
    return NULL;
}

bool chat_is_exact(Str name)
{
    const ChatTemplate *t = chat_template_of(name);
    return t && t->exact;
}

// ---- a text as the template takes it --------------------------------------------------------------------------------

// What Python's str.strip drops.
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static Str stripped(Str s)
{
    size_t from = 0, to = 0, at = 0;
    while (at < s.len) {
        bool space = is_space(utf8_next(s, &at));
        if (!space)
            to = at;
        else if (to == 0)
            from = at;
    }
    return to ? str_slice(s, from, to) : (Str){0};
}

static Str behind_thinking(Str s)
{
    bool found = false;
    for (size_t at; (at = str_find(s, S("</think>"))) != STR_NONE; found = true) s = str_slice(s, at + S("</think>").len, s.len);
    while (found && s.len && s.ptr[0] == '\n') s = str_slice(s, 1, s.len);
    return s;
}

static void add_message(const ChatTemplate *t, const ChatMessage *m, const ChatMessage *lead, Buf *out)
{
    bool system = str_eq(m->role, S("system")), assistant = str_eq(m->role, S("assistant"));
    const ChatMarks *marks = system ? &t->system : assistant ? &t->assistant : &t->user;
    Str text = assistant && t->drops_thinking ? behind_thinking(m->content) : m->content;
    buf_add(out, marks->before);
    if (lead) {
        buf_add(out, t->system.before);
        buf_add(out, lead->content);
        buf_add(out, t->system.after);
    }
    buf_add(out, t->trims && !(system && t->keeps_system) ? stripped(text) : text);
    buf_add(out, marks->after);
}

void chat_render(const ChatTemplate *t, const ChatMessage *messages, size_t n, Buf *out)
{
    const ChatMessage *lead = NULL;
    buf_add(out, t->begin);
    if (!n || !str_eq(messages[0].role, S("system"))) {
        buf_add(out, t->no_system);
    } else if (t->place != SYSTEM_ITSELF) {
        lead = messages++;
        n--;
    }
    size_t leads = t->place == SYSTEM_LAST && n ? n - 1 : 0;
    for (size_t i = 0; i < n; i++) add_message(t, &messages[i], i == leads ? lead : NULL, out);
    buf_add(out, t->prompt);
}

bool chat_has_marks(const ChatTemplate *t) { return t->begin.len || t->user.before.len || t->user.after.len || t->prompt.len; }

uint64_t chat_count_prompt(Counter *c, Str prompt)
{
    bool found = c->tokenizer.added;
    tokenizer_find_added(&c->tokenizer, true);
    uint64_t n = counter_count(c, prompt);
    c->tokenizer.added = found;
    return n;
}

uint64_t chat_count_by(Counter *c, const ChatTemplate *t, const ChatMessage *messages, size_t n, Buf *scratch)
{
    if (c->exact && t && chat_has_marks(t)) {
        buf_clear(scratch);
        chat_render(t, messages, n, scratch);
        return chat_count_prompt(c, buf_str(scratch)) + t->more;
    }
    // OpenAI's rule: three tokens and the role's one for a message, three for the answer to come.
    uint64_t sum = 3;
    for (size_t i = 0; i < n; i++) sum += 4 + counter_count(c, messages[i].content);
    return sum;
}

uint64_t chat_count(Counter *c, Str name, const ChatMessage *messages, size_t n, Buf *scratch)
{
    return chat_count_by(c, chat_template_of(name), messages, n, scratch);
}
