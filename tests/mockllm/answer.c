// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <math.h>
#include <stdlib.h>

#include "json.h"

enum { NEAR_BASES = 16, NEAR_NOISE = 12 };  // near-duplicates: texts to repeat, changed words in 1024

static Voice voice_of(const Options *o, uint64_t hash) {
    if (o->duplicate_rate > 0 && unit_from(hash_mix(hash, 5)) < o->duplicate_rate)
        return (Voice){.base = hash % NEAR_BASES, .noise = hash_mix(hash, 6), .noise_share = NEAR_NOISE};
    return (Voice){.base = hash};
}

// NAME=A|B|C: the name and one of the values.
static void cut_label(Str label, Voice *v, Str *name, Str *value) {
    const char *equals = memchr(label.ptr, '=', label.len);
    *name = label;
    *value = (Str){0};
    if (!equals) return;
    name->len = (size_t)(equals - label.ptr);
    Str rest = {equals + 1, label.len - name->len - 1};
    size_t n = 1;
    for (size_t i = 0; i < rest.len; i++) n += rest.ptr[i] == '|';
    for (size_t skip = voice_below(v, (uint32_t)n); skip; skip--) {
        size_t bar = (size_t)((const char *)memchr(rest.ptr, '|', rest.len) - rest.ptr);
        rest = (Str){rest.ptr + bar + 1, rest.len - bar - 1};
    }
    const char *bar = memchr(rest.ptr, '|', rest.len);
    *value = (Str){rest.ptr, bar ? (size_t)(bar - rest.ptr) : rest.len};
}

static void write_lines(Buf *out, const Options *o, Voice *v) {
    for (size_t i = 0; i < o->labels.n; i++) {
        Str name, value;
        cut_label(o->labels.items[i], v, &name, &value);
        buf_add(out, name);
        buf_add(out, S(": "));
        buf_add(out, value);
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < o->exchanges * o->participants.n; i++) {
        if (i) buf_char(out, '\n');
        buf_add(out, o->participants.items[i % o->participants.n]);
        buf_add(out, S(": "));
        prose_text(out, v, 0, 0);
    }
}

static void write_member(Buf *out, Str name) {
    buf_char(out, '"');
    buf_json(out, name);
    buf_add(out, S("\":\""));
}

// JSON without a schema: an object an exchange, as confab asks for in words.
static void write_json(Buf *out, const Options *o, Voice *v) {
    buf_char(out, '{');
    for (size_t i = 0; i < o->labels.n; i++) {
        Str name, value;
        cut_label(o->labels.items[i], v, &name, &value);
        write_member(out, name);
        buf_json(out, value);
        buf_add(out, S("\","));
    }
    buf_add(out, S("\"conversation\":["));
    for (size_t i = 0; i < o->exchanges; i++) {
        buf_add(out, i ? S(",{") : S("{"));
        for (size_t p = 0; p < o->participants.n; p++) {
            if (p) buf_char(out, ',');
            write_member(out, o->participants.items[p]);
            prose_text(out, v, 0, 0);
            buf_char(out, '"');
        }
        buf_char(out, '}');
    }
    buf_add(out, S("]}"));
}

static void write_content(Writer *w, const Ask *ask) {
    const Options *o = w->options;
    Voice voice = voice_of(o, ask->hash);
    w->content.len = 0;
    if (o->fixed.n) {
        buf_add(&w->content, o->fixed.items[atomic_fetch_add(w->turn, 1) % o->fixed.n]);
        return;
    }
    const Schema *schema = ask->schema.ptr ? schema_find(&w->schemas, ask->schema) : NULL;
    if (schema) schema_fill(&w->content, schema, &voice);
    else if (ask->json) write_json(&w->content, o, &voice);
    else write_lines(&w->content, o, &voice);
}

// Cuts behind as many words as `tokens` allow.
static bool cut_words(Buf *text, uint64_t tokens) {
    uint64_t words = tokens * 3 / 4, seen = 0;
    for (size_t i = 0; i < text->len; i++) {
        bool ends = (unsigned char)text->ptr[i] > ' ' && i + 1 < text->len && (unsigned char)text->ptr[i + 1] <= ' ';
        if (!ends || ++seen < words) continue;
        text->len = i + 1;
        return true;
    }
    return false;
}

static Str digits(char *at, uint64_t n) {
    char reversed[24];
    size_t len = 0;
    do reversed[len++] = (char)('0' + n % 10);
    while (n /= 10);
    for (size_t i = 0; i < len; i++) at[i] = reversed[len - 1 - i];
    return (Str){at, len};
}

void answer_make(Writer *w, const Ask *ask, Answer *a, Tokens *t) {
    write_content(w, ask);
    *a = (Answer){.ask = ask, .model = ask->model};
    t->prompt = api_count_tokens(ask->messages);
    t->completion = api_count_tokens(buf_str(&w->content));
    if (w->options->honour_max_tokens && ask->max_tokens && t->completion > ask->max_tokens &&
        cut_words(&w->content, ask->max_tokens)) {
        a->finish = FINISH_LENGTH;
        t->completion = ask->max_tokens;
    }
    a->content = buf_str(&w->content);
    a->prompt_tokens = digits(w->prompt, t->prompt);
    a->completion_tokens = digits(w->completion, t->completion);
    a->total_tokens = digits(w->total, t->prompt + t->completion);
}

void writer_free(Writer *w) {
    schema_cache_free(&w->schemas);
    buf_free(&w->content);
}

static void add_word(float *vector, size_t dimensions, Str word) {
    uint64_t state = hash_bytes(word, 9);
    for (int i = 0; i < 4; i++) {
        uint64_t bits = rng_next(&state);
        vector[(bits >> 1) % dimensions] += bits & 1 ? 1.0f : -1.0f;
    }
}

static void embed(Buf *out, Str text, size_t dimensions, float *vector) {
    double square = 0;
    memset(vector, 0, dimensions * sizeof *vector);
    add_word(vector, dimensions, S(""));  // so that an empty text is not the zero vector
    for (size_t i = 0, start = 0; i <= text.len; i++) {
        if (i < text.len && (unsigned char)text.ptr[i] > ' ') continue;
        if (i > start) add_word(vector, dimensions, (Str){text.ptr + start, i - start});
        start = i + 1;
    }
    for (size_t i = 0; i < dimensions; i++) square += (double)vector[i] * (double)vector[i];
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < dimensions; i++) buf_format(out, "%s%.6g", i ? "," : "", (double)vector[i] * scale);
}

static void embed_one(Buf *out, Str raw, size_t index, size_t dimensions, float *vector) {
    Buf text = {0};
    json_unescape(&text, json_string(raw));
    buf_format(out, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":[", index ? "," : "", index);
    embed(out, buf_str(&text), dimensions, vector);
    buf_add(out, S("]}"));
    buf_free(&text);
}

bool embeddings_make(Buf *out, Str body, size_t dimensions, const char **problem) {
    Str input = json_get(body, S("input")), model = json_string(json_get(body, S("model")));
    uint64_t wanted;
    if (json_number(json_get(body, S("dimensions")), &wanted) && wanted >= 1 && wanted <= 4096) dimensions = (size_t)wanted;
    *problem = "'input' must be a text or a list of texts.";
    if (!input.len || (input.ptr[0] != '"' && input.ptr[0] != '[')) return false;
    float *vector = mem_zeroed(dimensions, sizeof *vector);
    size_t n = 0;
    buf_add(out, S("{\"object\":\"list\",\"data\":["));
    if (input.ptr[0] == '"') embed_one(out, input, n++, dimensions, vector);
    JsonWalk w = json_walk(input, '[');
    for (Str text; json_element(&w, &text);) embed_one(out, text, n++, dimensions, vector);
    uint64_t tokens = api_count_tokens(input);
    buf_add(out, S("],\"model\":\""));
    buf_add(out, model.ptr ? model : S("mock-embedding"));
    buf_format(out, "\",\"usage\":{\"prompt_tokens\":%llu,\"total_tokens\":%llu}}", (unsigned long long)tokens,
               (unsigned long long)tokens);
    free(vector);
    return n > 0;
}
