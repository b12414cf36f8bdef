// SPDX-License-Identifier: Apache-2.0
#include "tokens/chat_template.h"

#define CHATML S_INIT("<|im_start|>"), S_INIT("\n"), S_INIT("<|im_end|>\n")
#define HEADER S_INIT("<|start_header_id|>"), S_INIT("<|end_header_id|>\n\n"), S_INIT("<|eot_id|>")
#define TURN S_INIT("<start_of_turn>"), S_INIT("\n"), S_INIT("<end_of_turn>\n")
#define NOTHING {NULL, 0}

static const ChatTemplate templates[] = {
    {S_INIT("smollm2"), NOTHING, S_INIT("You are a helpful AI assistant named SmolLM, trained by Hugging Face"), CHATML, NOTHING,
     S_INIT("<|im_start|>assistant\n"), .exact = true},
    {S_INIT("qwen2.5"), NOTHING, S_INIT("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."), CHATML, NOTHING,
     S_INIT("<|im_start|>assistant\n"), .exact = true},
    {S_INIT("qwen3"), NOTHING, NOTHING, CHATML, NOTHING, S_INIT("<|im_start|>assistant\n"), .exact = true},
    // The templates of Llama 3.1 and later write two dates into the system message.
    {S_INIT("llama3"), S_INIT("<|begin_of_text|>"),
     S_INIT("Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"), HEADER, NOTHING,
     S_INIT("<|start_header_id|>assistant<|end_header_id|>\n\n"), .trims = true},
    {S_INIT("gemma2"), S_INIT("<bos>"), NOTHING, TURN, S_INIT("model"), S_INIT("<start_of_turn>model\n"), .trims = true, .no_system = true,
     .exact = true},
    {S_INIT("gemma3"), S_INIT("<bos>"), NOTHING, TURN, S_INIT("model"), S_INIT("<start_of_turn>model\n"), .trims = true, .no_system = true,
     .exact = true},
};

const ChatTemplate *chat_template_of(Str tokenizer)
{
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (str_eq(templates[i].tokenizer, tokenizer)) return &templates[i];
    return NULL;
}

static bool is_openai(Str tokenizer) { return str_eq(tokenizer, S("o200k_base")) || str_eq(tokenizer, S("cl100k_base")); }

bool chat_is_exact(Str tokenizer)
{
    const ChatTemplate *t = chat_template_of(tokenizer);
    return t ? t->exact : is_openai(tokenizer);
}

static void add_message(const ChatTemplate *t, Str role, Str lead, Str content, Buf *out)
{
    bool assistant = t->assistant.len && str_eq(role, S("assistant"));
    buf_add(out, t->before_role);
    buf_add(out, assistant ? t->assistant : role);
    buf_add(out, t->after_role);
    if (lead.len) {
        buf_add(out, lead);
        buf_add(out, S("\n\n"));
    }
    buf_add(out, t->trims ? str_trim(content) : content);
    buf_add(out, t->after_content);
}

static void render(const ChatTemplate *t, const ChatMessage *messages, size_t n, Buf *out)
{
    bool system = n && str_eq(messages[0].role, S("system"));
    Str lead = {0};
    buf_add(out, t->begin);
    if (!system && t->system.len) add_message(t, S("system"), lead, t->system, out);
    if (system && t->no_system) {
        lead = messages[0].content;
        messages++;
        n--;
    }
    for (size_t i = 0; i < n; i++, lead = (Str){0}) add_message(t, messages[i].role, lead, messages[i].content, out);
    buf_add(out, t->prompt);
}

uint64_t chat_count(Counter *c, Str tokenizer, const ChatMessage *messages, size_t n, Buf *scratch)
{
    const ChatTemplate *t = c->exact ? chat_template_of(tokenizer) : NULL;
    if (t) {
        buf_clear(scratch);
        render(t, messages, n, scratch);
        return counter_count(c, buf_str(scratch));
    }
    // OpenAI's rule: three tokens and the role's one for a message, three for the answer to come.
    uint64_t sum = 3;
    for (size_t i = 0; i < n; i++) sum += 4 + counter_count(c, messages[i].content);
    return sum;
}
