// SPDX-License-Identifier: Apache-2.0
#include "llm/vendor.h"

// ---- what they do not take ----------------------------------------------------------------------

#define NOT_TAKEN(name) {S_INIT(name), {0}, {0}}
#define COUNT(array) (sizeof(array) / sizeof *(array))

// OpenAI answers 400 "Unrecognized request argument supplied" to these extensions of other servers.
static const ParamRule openai_params[] = {
    {S_INIT("top_k"), {0}, S_INIT("use top_p")},
    {S_INIT("min_p"), {0}, S_INIT("use top_p")},
    {S_INIT("repetition_penalty"), {0}, S_INIT("use frequency_penalty or presence_penalty")},
    {S_INIT("repeat_penalty"), {0}, S_INIT("use frequency_penalty or presence_penalty")},
    {S_INIT("typical_p"), {0}, S_INIT("use top_p")},
    NOT_TAKEN("top_a"),
    NOT_TAKEN("mirostat"),
};

static const ParamRule gemini_params[] = {
    {S_INIT("min_p"), {0}, S_INIT("use top_p")},
    {S_INIT("top_k"), {0}, S_INIT("use top_p; this endpoint has no top_k")},
    NOT_TAKEN("repetition_penalty"),
    NOT_TAKEN("repeat_penalty"),
    NOT_TAKEN("logit_bias"),
    NOT_TAKEN("seed"),
};

static const ParamRule mistral_params[] = {
    {S_INIT("seed"), S_INIT("random_seed"), {0}},
    {S_INIT("top_k"), {0}, S_INIT("use top_p")},
    {S_INIT("min_p"), {0}, S_INIT("use top_p")},
    NOT_TAKEN("repetition_penalty"),
    NOT_TAKEN("repeat_penalty"),
    NOT_TAKEN("logit_bias"),
};

static const ParamRule groq_params[] = {
    {S_INIT("top_k"), {0}, S_INIT("use top_p")},
    {S_INIT("min_p"), {0}, S_INIT("use top_p")},
    NOT_TAKEN("repetition_penalty"),
    NOT_TAKEN("repeat_penalty"),
    NOT_TAKEN("logit_bias"),
    NOT_TAKEN("logprobs"),
    NOT_TAKEN("top_logprobs"),
};

// ---- reasoning models of OpenAI -----------------------------------------------------------------

// "gpt-5" of "gpt-5", "gpt-5-mini", "gpt-5-2025-08-07", not of "gpt-5.1" or "gpt-5-chat-latest",
// which take sampling parameters. A prefix before '/' or ':' ("ft:o4-mini:…") does not matter.
static bool is_reasoning(Str model)
{
    static const Str families[] = {S_INIT("o1"), S_INIT("o3"), S_INIT("o4"), S_INIT("gpt-5")};
    if (str_starts(model, S("ft:"))) model = str_slice(model, 3, model.len);
    size_t slash = str_rfind_char(model, '/');
    if (slash != STR_NONE) model = str_slice(model, slash + 1, model.len);
    for (size_t i = 0; i < COUNT(families); i++) {
        if (!str_starts(model, families[i])) continue;
        Str rest = str_slice(model, families[i].len, model.len);
        return rest.len == 0 || ((rest.ptr[0] == '-' || rest.ptr[0] == ':') && !str_starts(rest, S("-chat")));
    }
    return false;
}

// OpenAI's guide "Reasoning models": sampling parameters give 400.
static bool openai_refuses(Str model, Str name)
{
    static const Str refused[] = {S_INIT("temperature"), S_INIT("top_p"), S_INIT("presence_penalty"),
                                  S_INIT("frequency_penalty"), S_INIT("logprobs"), S_INIT("top_logprobs"), S_INIT("logit_bias")};
    if (!is_reasoning(model)) return false;
    for (size_t i = 0; i < COUNT(refused); i++)
        if (str_eq(name, refused[i])) return true;
    return false;
}

// max_tokens is deprecated there, and an error for reasoning models.
static const char *openai_bound(Str model)
{
    (void)model;
    return "max_completion_tokens";
}

// Older deployments on Azure know only the old name.
static const char *azure_bound(Str model) { return is_reasoning(model) ? "max_completion_tokens" : "max_tokens"; }

// ---- the table ----------------------------------------------------------------------------------

#define OPENAI_LIKE(title_, host_, base_) {.title = title_, .host = S_INIT(host_), .adapter = &adapter_openai, .base_path = base_}
#define PARAMS(array) .params = array, .n_params = COUNT(array)
#define AZURE(host_)                                                                                          \
    {.title = "Azure OpenAI", .host = S_INIT(host_), .adapter = &adapter_openai, .base_path = "/openai/v1",   \
     .key_header = "api-key: ", PARAMS(openai_params), .max_tokens_name = azure_bound, .model_refuses = openai_refuses}

static const Vendor vendors[] = {
    {.title = "the OpenAI API", .host = S_INIT("api.openai.com"), .adapter = &adapter_openai, .base_path = "/v1",
     PARAMS(openai_params), .max_tokens_name = openai_bound, .model_refuses = openai_refuses},
    {.title = "the Anthropic API", .host = S_INIT("api.anthropic.com"), .adapter = &adapter_anthropic},
    AZURE(".openai.azure.com"),
    AZURE(".services.ai.azure.com"),
    AZURE(".cognitiveservices.azure.com"),
    {.title = "the Gemini API", .host = S_INIT("generativelanguage.googleapis.com"), .adapter = &adapter_openai,
     .base_path = "/v1beta/openai", PARAMS(gemini_params), .no_seed = true},
    {.title = "the Mistral API", .host = S_INIT("api.mistral.ai"), .adapter = &adapter_openai, .base_path = "/v1", PARAMS(mistral_params)},
    {.title = "the Groq API", .host = S_INIT("api.groq.com"), .adapter = &adapter_openai, .base_path = "/openai/v1", PARAMS(groq_params)},
    OPENAI_LIKE("OpenRouter", "openrouter.ai", "/api/v1"),
    OPENAI_LIKE("the Together API", "api.together.xyz", "/v1"),
    OPENAI_LIKE("the Fireworks API", "api.fireworks.ai", "/inference/v1"),
    OPENAI_LIKE("the DeepSeek API", "api.deepseek.com", "/v1"),
    OPENAI_LIKE("the xAI API", "api.x.ai", "/v1"),
    OPENAI_LIKE("the Cerebras API", "api.cerebras.ai", "/v1"),
    OPENAI_LIKE("Hugging Face's router", "router.huggingface.co", "/v1"),
};

const Vendor *vendor_of(Str host)
{
    for (size_t i = 0; i < COUNT(vendors); i++) {
        Str known = vendors[i].host;
        bool end = known.ptr[0] == '.';
        if (end ? str_ends(host, known) && host.len > known.len : str_eq(host, known)) return &vendors[i];
    }
    return NULL;
}
