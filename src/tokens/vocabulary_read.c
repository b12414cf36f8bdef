// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary_read.h"

#include "base/hash.h"
#include "base/utf8.h"

static bool bad_file(Error *e, Str shown, const char *what)
{
    error_set(e, ERROR_USAGE, "vocabulary", "%s", what);
    return error_at_file(e, shown);
}

// ---- .tiktoken ----------------------------------------------------------------------------------

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (str_is_digit(c)) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool base64_decode(Str s, Arena *a, Str *out)
{
    if (s.len == 0 || s.len % 4 || s.len > 4096) return false;
    size_t pad = s.ptr[s.len - 1] != '=' ? 0 : s.ptr[s.len - 2] == '=' ? 2 : 1;
    char *bytes = arena_alloc(a, s.len / 4 * 3);
    for (size_t i = 0; i < s.len; i += 4) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int v = i + k >= s.len - pad ? 0 : base64_value(s.ptr[i + k]);
            if (v < 0) return false;
            bits = bits << 6 | (uint32_t)v;
        }
        for (size_t k = 0; k < 3; k++) bytes[i / 4 * 3 + k] = (char)(bits >> (16 - 8 * k));
    }
    *out = (Str){bytes, s.len / 4 * 3 - pad};
    return true;
}

bool read_tiktoken(Str text, Str shown, const SpecialToken *special, size_t n_special, VocabularySource *out, Error *e)
{
    Str line;
    while (str_cut(&text, '\n', &line)) {
        line = str_trim(line);
        if (!line.len) continue;
        Str encoded, bytes;
        uint64_t rank;
        str_cut(&line, ' ', &encoded);
        if (!base64_decode(encoded, out->arena, &bytes) || !str_to_u64(line, &rank) || rank >= VOCABULARY_IDS)
            return bad_file(e, shown, "this is no .tiktoken file: a line is not base64, a space and a rank");
        if (!source_put(out, (uint32_t)rank, bytes, e)) return false;
        if (bytes.len == 1) out->byte_ids[(unsigned char)bytes.ptr[0]] = (uint32_t)rank;
    }
    for (size_t i = 0; i < 256; i++)
        if (out->byte_ids[i] == NO_TOKEN) return bad_file(e, shown, "a byte has no token of its own");
    out->added = arena_new(out->arena, uint32_t, n_special);
    for (size_t i = 0; i < n_special; i++) {
        if (!source_put(out, special[i].id, str_from(special[i].text), e)) return false;
        out->added[out->n_added++] = special[i].id;
    }
    out->byte_level = out->rank_by_bytes = out->whole_first = true;
    return true;
}

// ---- GGUF ---------------------------------------------------------------------------------------

typedef struct Gguf {
    Str bytes;
    size_t at;
    bool bad;
} Gguf;

enum { GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING, GGUF_ARRAY, GGUF_U64, GGUF_I64, GGUF_F64 };
static const unsigned char gguf_sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

static uint64_t gguf_int(Gguf *g, unsigned n)
{
    uint64_t x = 0;
    if (g->bytes.len - g->at < n) {
        g->bad = true;
        return 0;
    }
    memcpy(&x, g->bytes.ptr + g->at, n);
    g->at += n;
    return x;
}

static Str gguf_string(Gguf *g)
{
    uint64_t n = gguf_int(g, 8);
    if (g->bad || n > g->bytes.len - g->at) {
        g->bad = true;
        return (Str){0};
    }
    Str s = {g->bytes.ptr + g->at, n};
    g->at += n;
    return s;
}

static void gguf_skip(Gguf *g, uint64_t type, unsigned depth)
{
    if (type == GGUF_STRING) {
        gguf_string(g);
    } else if (type == GGUF_ARRAY && depth == 0) {
        uint64_t of = gguf_int(g, 4), n = gguf_int(g, 8);
        for (uint64_t i = 0; i < n && !g->bad; i++) gguf_skip(g, of, depth + 1);
    } else if (type < sizeof gguf_sizes && gguf_sizes[type]) {
        gguf_int(g, gguf_sizes[type]);
    } else {
        g->bad = true;
    }
}

typedef struct GgufTokens {
    Gguf tokens, merges, types;  // where the arrays' elements begin
    uint64_t n_tokens, n_merges, n_types;
    Str model, pre;
} GgufTokens;

static void gguf_key(Gguf *g, GgufTokens *t)
{
    Str key = gguf_string(g);
    uint64_t type = gguf_int(g, 4);
    Gguf value = *g;
    if (g->bad) return;
    if (type == GGUF_STRING && str_eq(key, S("tokenizer.ggml.model"))) t->model = gguf_string(&value);
    if (type == GGUF_STRING && str_eq(key, S("tokenizer.ggml.pre"))) t->pre = gguf_string(&value);
    if (type == GGUF_ARRAY) {
        uint64_t of = gguf_int(&value, 4), n = gguf_int(&value, 8);
        if (of == GGUF_STRING && str_eq(key, S("tokenizer.ggml.tokens"))) t->tokens = value, t->n_tokens = n;
        if (of == GGUF_STRING && str_eq(key, S("tokenizer.ggml.merges"))) t->merges = value, t->n_merges = n;
        if (of == GGUF_I32 && str_eq(key, S("tokenizer.ggml.token_type"))) t->types = value, t->n_types = n;
    }
    gguf_skip(g, type, 0);
}

static bool gguf_split(Str pre, SplitKind *out)
{
    static const struct {
        Str name;
        SplitKind kind;
    } names[] = {
        {S_INIT("smollm"), SPLIT_SMOLLM}, {S_INIT("gpt-2"), SPLIT_GPT2}, {S_INIT("gpt2"), SPLIT_GPT2},
        {S_INIT("llama-bpe"), SPLIT_LLAMA3}, {S_INIT("qwen2"), SPLIT_QWEN2}, {S_INIT("tekken"), SPLIT_TEKKEN},
        {S_INIT("gpt-4o"), SPLIT_O200K},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *out = names[i].kind;
        if (str_eq(pre, names[i].name)) return true;
    }
    return false;
}

static bool letters_to_bytes(Str s, char *out, size_t *n)
{
    *n = 0;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        int byte = c == UTF8_BAD ? -1 : byte_of_letter(c);
        if (byte < 0) return false;
        out[(*n)++] = (char)byte;
    }
    return true;
}

// ids by the tokens' names.
typedef struct NameMap {
    const Str *names;
    uint32_t *slots;
    uint32_t mask;
} NameMap;

static uint64_t name_slot(const NameMap *m, Str name)
{
    uint64_t at = hash64(name, 0);
    while (m->slots[at & m->mask] != NO_TOKEN && !str_eq(m->names[m->slots[at & m->mask]], name)) at++;
    return at & m->mask;
}

static NameMap names_of(const Str *names, size_t n, Arena *a)
{
    NameMap m = {names, NULL, 16};
    while (m.mask < 2 * n) m.mask *= 2;
    m.slots = arena_new(a, uint32_t, m.mask--);
    memset(m.slots, 0xFF, (m.mask + (size_t)1) * sizeof *m.slots);
    for (uint32_t i = 0; i < n; i++) m.slots[name_slot(&m, names[i])] = i;
    return m;
}

static bool gguf_tokens(GgufTokens *t, Str *names, VocabularySource *out, Error *e)
{
    enum { CONTROL = 3, OWN = 4 };  // kinds of token that are found in the text itself
    out->added = arena_new(out->arena, uint32_t, t->n_tokens);
    for (uint32_t id = 0; id < t->n_tokens; id++) {
        names[id] = gguf_string(&t->tokens);
        uint64_t type = t->n_types == t->n_tokens ? gguf_int(&t->types, 4) : 1;
        if (t->tokens.bad || t->types.bad) return false;
        char *bytes = arena_alloc(out->arena, names[id].len + 1);
        size_t n = 0;
        bool added = type == CONTROL || type == OWN, piece = !added && letters_to_bytes(names[id], bytes, &n);
        if (added) out->added[out->n_added++] = id;
        if (!source_put(out, id, added ? names[id] : piece ? (Str){bytes, n} : (Str){0}, e)) return false;
        if (piece && n == 1) out->byte_ids[(unsigned char)bytes[0]] = id;
    }
    return true;
}

static bool gguf_merges(GgufTokens *t, const Str *names, VocabularySource *out)
{
    NameMap map = names_of(names, t->n_tokens, out->arena);
    char whole[2048];
    out->merges = arena_new(out->arena, Merge, t->n_merges);
    for (uint64_t i = 0; i < t->n_merges; i++) {
        Str right = gguf_string(&t->merges), left;
        if (t->merges.bad || right.len >= sizeof whole || !str_cut(&right, ' ', &left) || !right.ptr) return false;
        memcpy(whole, left.ptr, left.len);
        memcpy(whole + left.len, right.ptr, right.len);
        Merge m = {map.slots[name_slot(&map, left)], map.slots[name_slot(&map, right)],
                   map.slots[name_slot(&map, (Str){whole, left.len + right.len})]};
        if (m.left == NO_TOKEN || m.right == NO_TOKEN || m.id == NO_TOKEN) return false;
        out->merges[out->n_merges++] = m;
    }
    return true;
}

bool read_gguf(Str bytes, Str shown, VocabularySource *out, Error *e)
{
    Gguf g = {.bytes = bytes};
    GgufTokens t = {0};
    bool magic = gguf_int(&g, 4) == 0x46554747 && gguf_int(&g, 4) >= 2;
    gguf_int(&g, 8);
    uint64_t keys = gguf_int(&g, 8);
    for (uint64_t i = 0; magic && i < keys && !g.bad; i++) gguf_key(&g, &t);
    if (!magic || g.bad) return bad_file(e, shown, "this is no GGUF file, or it is damaged");
    if (!str_eq(t.model, S("gpt2")) || !gguf_split(t.pre, &out->split))
        return bad_file(e, shown, "this model's tokenizer is of another kind than byte-level BPE with a known split");
    if (t.n_tokens == 0 || t.n_tokens > VOCABULARY_IDS || t.n_merges > VOCABULARY_IDS)
        return bad_file(e, shown, "the model's vocabulary is damaged");
    Str *names = arena_new(out->arena, Str, t.n_tokens);
    if (!gguf_tokens(&t, names, out, e) || !gguf_merges(&t, names, out)) return bad_file(e, shown, "the model's vocabulary is damaged");
    out->byte_level = true;
    out->whole_first = out->split == SPLIT_LLAMA3 || out->split == SPLIT_TEKKEN;
    return true;
}
