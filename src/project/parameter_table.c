// SPDX-License-Identifier: Apache-2.0
#include "project/parameter_table.h"

#define REAL(name, min, max) {S_INIT(name), TAKES_REAL, min, max}
#define ANY_REAL(name) {S_INIT(name), TAKES_REAL, 1, 0}
#define INTEGER(name, min) {S_INIT(name), TAKES_INTEGER, min, 1e15}
#define ANY_INTEGER(name) {S_INIT(name), TAKES_INTEGER, 1, 0}
#define OTHER(name, takes) {S_INIT(name), takes, 1, 0}

static const KnownParameter known[] = {
    REAL("temperature", 0, 1e6),
    REAL("top_p", 0, 1),
    REAL("min_p", 0, 1),
    REAL("top_a", 0, 1),
    REAL("typical_p", 0, 1),
    REAL("typical", 0, 1),
    ANY_REAL("tfs_z"),
    ANY_REAL("frequency_penalty"),
    ANY_REAL("presence_penalty"),
    ANY_REAL("repetition_penalty"),
    ANY_REAL("repeat_penalty"),
    ANY_REAL("encoder_repetition_penalty"),
    ANY_REAL("length_penalty"),
    ANY_REAL("dynatemp_range"),
    ANY_REAL("dynatemp_exponent"),
    ANY_REAL("xtc_probability"),
    ANY_REAL("xtc_threshold"),
    ANY_REAL("dry_multiplier"),
    ANY_REAL("dry_base"),
    ANY_REAL("mirostat_tau"),
    ANY_REAL("mirostat_eta"),
    ANY_REAL("top_n_sigma"),
    ANY_REAL("epsilon_cutoff"),
    ANY_REAL("eta_cutoff"),
    ANY_REAL("smoothing_factor"),
    ANY_INTEGER("top_k"),
    ANY_INTEGER("seed"),
    ANY_INTEGER("random_seed"),
    INTEGER("max_tokens", 1),
    INTEGER("max_completion_tokens", 1),
    INTEGER("max_new_tokens", 1),
    INTEGER("min_tokens", 0),
    INTEGER("min_new_tokens", 0),
    INTEGER("max_length", 1),
    INTEGER("min_length", 0),
    INTEGER("min_keep", 0),
    ANY_INTEGER("n_predict"),
    ANY_INTEGER("num_predict"),
    INTEGER("num_ctx", 1),
    ANY_INTEGER("n_keep"),
    ANY_INTEGER("num_keep"),
    ANY_INTEGER("n_probs"),
    ANY_INTEGER("repeat_last_n"),
    ANY_INTEGER("penalty_last_n"),
    ANY_INTEGER("dry_allowed_length"),
    ANY_INTEGER("dry_penalty_last_n"),
    ANY_INTEGER("no_repeat_ngram_size"),
    ANY_INTEGER("mirostat"),
    ANY_INTEGER("num_beams"),
    INTEGER("best_of", 1),
    INTEGER("top_logprobs", 0),
    INTEGER("top_n_tokens", 0),
    INTEGER("truncate", 0),
    ANY_INTEGER("truncate_prompt_tokens"),
    ANY_INTEGER("prompt_logprobs"),
    OTHER("logprobs", TAKES_ANYTHING),
    OTHER("ignore_eos", TAKES_BOOLEAN),
    OTHER("include_stop_str_in_output", TAKES_BOOLEAN),
    OTHER("skip_special_tokens", TAKES_BOOLEAN),
    OTHER("spaces_between_special_tokens", TAKES_BOOLEAN),
    OTHER("add_generation_prompt", TAKES_BOOLEAN),
    OTHER("do_sample", TAKES_BOOLEAN),
    OTHER("use_beam_search", TAKES_BOOLEAN),
    OTHER("early_stopping", TAKES_BOOLEAN),
    OTHER("penalize_nl", TAKES_BOOLEAN),
    OTHER("cache_prompt", TAKES_BOOLEAN),
    OTHER("watermark", TAKES_BOOLEAN),
    OTHER("return_full_text", TAKES_BOOLEAN),
    OTHER("parallel_tool_calls", TAKES_BOOLEAN),
    OTHER("safe_prompt", TAKES_BOOLEAN),
    OTHER("store", TAKES_BOOLEAN),
    OTHER("think", TAKES_ANYTHING),
    OTHER("thinking", TAKES_OBJECT),
    OTHER("reasoning", TAKES_OBJECT),
    OTHER("reasoning_effort", TAKES_STRING),
    OTHER("reasoning_format", TAKES_STRING),
    OTHER("verbosity", TAKES_STRING),
    OTHER("service_tier", TAKES_STRING),
    OTHER("prompt_cache_key", TAKES_STRING),
    OTHER("safety_identifier", TAKES_STRING),
    OTHER("user", TAKES_STRING),
    OTHER("grammar", TAKES_STRING),
    OTHER("keep_alive", TAKES_ANYTHING),
    OTHER("route", TAKES_STRING),
    OTHER("prediction", TAKES_OBJECT),
    OTHER("tool_choice", TAKES_ANYTHING),
    OTHER("chat_template", TAKES_STRING),
    OTHER("guided_regex", TAKES_STRING),
    OTHER("guided_grammar", TAKES_STRING),
    OTHER("guided_json", TAKES_ANYTHING),
    OTHER("json_schema", TAKES_OBJECT),
    OTHER("response_format", TAKES_OBJECT),
    OTHER("logit_bias", TAKES_ANYTHING),
    OTHER("metadata", TAKES_OBJECT),
    OTHER("options", TAKES_OBJECT),
    OTHER("provider", TAKES_OBJECT),
    OTHER("usage", TAKES_OBJECT),
    OTHER("chat_template_kwargs", TAKES_OBJECT),
    OTHER("stream_options", TAKES_OBJECT),
    OTHER("stop", TAKES_LIST),
    OTHER("stop_sequences", TAKES_LIST),
    OTHER("stop_token_ids", TAKES_LIST),
    OTHER("bad_words", TAKES_LIST),
    OTHER("allowed_token_ids", TAKES_LIST),
    OTHER("dry_sequence_breakers", TAKES_LIST),
    OTHER("samplers", TAKES_LIST),
    OTHER("modalities", TAKES_LIST),
    OTHER("tools", TAKES_LIST),
    OTHER("functions", TAKES_LIST),
    OTHER("guided_choice", TAKES_LIST),
    OTHER("models", TAKES_LIST),
    OTHER("plugins", TAKES_LIST),
    OTHER("transforms", TAKES_LIST),
};
enum { KNOWN = sizeof known / sizeof *known };

const KnownParameter *parameter_known(Str name)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (str_eq(known[i].name, name)) return &known[i];
    return NULL;
}

// Longer names bear more slips before they are likely to be a name of their own.
static unsigned slips(size_t length) { return length < 8 ? 1 : 2; }

// As a person might write it: "topP", "top-p" and "TOP_P" are top_p.
static Str plain(Str name, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < 62; i++) {
        char c = name.ptr[i];
        bool upper = c >= 'A' && c <= 'Z';
        bool after_lower = i && name.ptr[i - 1] >= 'a' && name.ptr[i - 1] <= 'z';
        if (upper && after_lower) out[n++] = '_';
        out[n++] = upper ? (char)(c + 32) : c == '-' || c == ' ' || c == '.' ? '_' : c;
    }
    return (Str){out, n};
}

const KnownParameter *parameter_near_miss(Str name)
{
    char letters[64];
    Str text = plain(name, letters);
    unsigned best = slips(text.len) + 1;
    const KnownParameter *near = NULL;
    for (size_t i = 0; i < KNOWN; i++) {
        unsigned distance = str_distance(text, known[i].name, best);
        if (distance < best) best = distance, near = &known[i];
    }
    return near;
}

const char *parameter_forbidden(Str name)
{
    static const struct {
        Str name;
        const char *instead;
    } forbidden[] = {
        {S_INIT("messages"), "the messages come from prompting/"},
        {S_INIT("model"), "name the model with --model or LLM_NAME"},
        {S_INIT("stream"), "confab decides how the answer is sent"},
        {S_INIT("n"), "the number of conversations is --iterations"},
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (str_eq(forbidden[i].name, name)) return forbidden[i].instead;
    return NULL;
}
