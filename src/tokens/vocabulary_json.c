// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/utf8.h"
#include "tokens/vocabulary_read.h"

#define BLANK "\xE2\x96\x81"  // ▁
#define GPT2_PATTERN "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

enum { PARTS_MAX = 8 };

typedef struct Reader {
    VocabularySource *out;
    const json_t *vocab;
    Str shown;
    Str patterns[PARTS_MAX];
    size_t n_patterns;
    bool digits;          // each digit alone, first
    bool spaces;          // a split at spaces, of which the normaliser leaves none
    Error *e;
} Reader;

static bool unknown(Reader *r, const char *what, Str name)
{
    error_set(r->e, ERROR_USAGE, "vocabulary", "this tokenizer's %s is not known: %.*s", what, STR_ARG(name));
    return error_at_file(r->e, r->shown);
}

static Str text_of(const json_t *object, const char *key) { return json_str(json_object_get(object, key)); }

static bool is_on(const json_t *object, const char *key) { return json_is_true(json_object_get(object, key)); }

// ---- normaliser ---------------------------------------------------------------------------------

static bool read_normaliser(Reader *r, const json_t *n)
{
    if (!n || json_is_null(n)) return true;
    Str type = text_of(n, "type");
    const json_t *list = json_object_get(n, "normalizers");
    if (str_eq(type, S("Sequence"))) {
        if (json_array_size(list) > 1) return unknown(r, "normalizer", type);
        return json_array_size(list) == 0 || read_normaliser(r, json_array_get(list, 0));
    }
    if (str_eq(type, S("NFC"))) {
        r->out->normaliser = NORMALISE_NFC;
        return true;
    }
    bool spaces = str_eq(text_of(json_object_get(n, "pattern"), "String"), S(" ")) && str_eq(text_of(n, "content"), S(BLANK));
    if (!str_eq(type, S("Replace")) || !spaces) return unknown(r, "normalizer", type);
    r->out->normaliser = NORMALISE_SPACES;
    return true;
}

// ---- pre-tokeniser ------------------------------------------------------------------------------

static bool read_split(Reader *r, const json_t *p)
{
    Str pattern = text_of(json_object_get(p, "pattern"), "Regex"), behaviour = text_of(p, "behavior");
    if (!pattern.ptr) {
        r->spaces = str_eq(text_of(json_object_get(p, "pattern"), "String"), S(" "));
        return (r->spaces && r->out->normaliser == NORMALISE_SPACES) || unknown(r, "split", behaviour);
    }
    if (!str_eq(behaviour, S("Isolated")) || is_on(p, "invert") || r->n_patterns == PARTS_MAX) return unknown(r, "split", behaviour);
    r->patterns[r->n_patterns++] = pattern;
    return true;
}

static bool read_pretokeniser(Reader *r, const json_t *p)
{
    if (!p || json_is_null(p)) return true;
    Str type = text_of(p, "type");
    const json_t *list = json_object_get(p, "pretokenizers");
    if (str_eq(type, S("Sequence"))) {
        for (size_t i = 0; i < json_array_size(list); i++)
            if (!read_pretokeniser(r, json_array_get(list, i))) return false;
        return true;
    }
    if (str_eq(type, S("Split"))) return read_split(r, p);
    if (str_eq(type, S("Digits")) && is_on(p, "individual_digits") && !r->n_patterns) return r->digits = true;
    if (!str_eq(type, S("ByteLevel")) || is_on(p, "add_prefix_space") || r->out->byte_level) return unknown(r, "pre-tokenizer", type);
    r->out->byte_level = true;
    if (!json_is_false(json_object_get(p, "use_regex")) && r->n_patterns < PARTS_MAX) r->patterns[r->n_patterns++] = S(GPT2_PATTERN);
    return true;
}

static bool settle_split(Reader *r)
{
    VocabularySource *s = r->out;
    if (r->n_patterns == 0) {
        s->split = SPLIT_NONE;
        return true;
    }
    s->split = split_kind(r->patterns, r->n_patterns);
    if (r->digits) {
        if (s->split != SPLIT_GPT2) return unknown(r, "pre-tokenizer", S("Digits"));
        s->split = SPLIT_SMOLLM;
    }
    if (s->split != SPLIT_PATTERN) return true;
    if (r->n_patterns > 1 || r->patterns[0].len >= PATTERN_BYTES) return unknown(r, "split", r->patterns[0]);
    s->pattern = arena_str(s->arena, r->patterns[0]);
    return true;
}

// Whether each run of ▁ begins a piece, whatever is merged: no token has one behind another letter.
static bool blanks_lead(const VocabularySource *s)
{
    for (size_t i = 0; i < s->n_tokens; i++) {
        Str t = s->tokens[i];
        size_t at = 0;
        while (str_starts(str_slice(t, at, t.len), S(BLANK))) at += 3;
        if (str_contains(str_slice(t, at, t.len), S(BLANK))) return false;
    }
    return true;
}

// ---- tokens -------------------------------------------------------------------------------------

static Str piece_bytes(Reader *r, Str name)
{
    if (!r->out->byte_level) return arena_str(r->out->arena, name);
    char *bytes = arena_alloc(r->out->arena, name.len + 1);
    size_t n = 0;
    for (size_t at = 0; at < name.len;) {
        int byte = byte_of_letter(utf8_next(name, &at));
        if (byte < 0) return (Str){0};  // no text gives such a piece
        bytes[n++] = (char)byte;
    }
    return (Str){bytes, n};
}

static bool read_vocab(Reader *r)
{
    const char *key;
    size_t len;
    json_t *value;
    json_object_keylen_foreach((json_t *)r->vocab, key, len, value) {
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || id >= VOCABULARY_IDS) return unknown(r, "token", (Str){key, len});
        Str bytes = piece_bytes(r, (Str){key, len});
        if (!source_put(r->out, (uint32_t)id, bytes, r->e)) return false;
        if (r->out->byte_level && bytes.len == 1) r->out->byte_ids[(unsigned char)bytes.ptr[0]] = (uint32_t)id;
    }
    return true;
}

static bool read_byte_fallback(Reader *r, const json_t *model)
{
    if (r->out->byte_level) return true;
    if (!is_on(model, "byte_fallback")) return unknown(r, "model", S("letters without byte_fallback"));
    for (unsigned i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        const json_t *id = json_object_get(r->vocab, name);
        if (json_is_integer(id)) r->out->byte_ids[i] = (uint32_t)json_integer_value(id);
    }
    const json_t *id = json_object_get(r->vocab, arena_cstr(r->out->arena, text_of(model, "unk_token")));
    if (json_is_integer(id)) r->out->unknown = (uint32_t)json_integer_value(id);
    return true;
}

static bool id_of(const Reader *r, Str name, uint32_t *out)
{
    const json_t *id = json_object_getn(r->vocab, name.ptr, name.len);
    *out = (uint32_t)json_integer_value(id);
    return json_is_integer(id);
}

static bool read_merge(Reader *r, const json_t *merge, Merge *out)
{
    char whole[4096];
    Str left = json_str(json_array_get(merge, 0)), right = json_str(json_array_get(merge, 1));
    if (json_is_string(merge)) {
        right = json_str(merge);
        str_cut(&right, ' ', &left);
    }
    if (!left.ptr || !right.ptr || left.len + right.len > sizeof whole) return unknown(r, "merge", left);
    memcpy(whole, left.ptr, left.len);
    memcpy(whole + left.len, right.ptr, right.len);
    return (id_of(r, left, &out->left) && id_of(r, right, &out->right) && id_of(r, (Str){whole, left.len + right.len}, &out->id)) ||
           unknown(r, "merge", (Str){whole, left.len + right.len});
}

static bool read_merges(Reader *r, const json_t *merges)
{
    VocabularySource *s = r->out;
    size_t n = json_array_size(merges);
    if (n > VOCABULARY_IDS) return unknown(r, "merge list", S("too long"));
    s->merges = arena_new(s->arena, Merge, n);
    for (; s->n_merges < n; s->n_merges++)
        if (!read_merge(r, json_array_get(merges, s->n_merges), &s->merges[s->n_merges])) return false;
    return true;
}

static bool read_added(Reader *r, const json_t *added)
{
    VocabularySource *s = r->out;
    s->added = arena_new(s->arena, uint32_t, json_array_size(added));
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *t = json_array_get(added, i);
        Str text = text_of(t, "content");
        json_int_t id = json_integer_value(json_object_get(t, "id"));
        if (is_on(t, "lstrip") || is_on(t, "rstrip") || is_on(t, "single_word") || text.len == 0 || text.len > ADDED_MAX ||
            id < 0 || id >= VOCABULARY_IDS || (is_on(t, "normalized") && s->normaliser != NORMALISE_NONE))
            return unknown(r, "added token", text);
        if (!source_put(s, (uint32_t)id, arena_str(s->arena, text), r->e)) return false;
        s->added[s->n_added++] = (uint32_t)id;
    }
    return true;
}

// ---- all ----------------------------------------------------------------------------------------

static bool read_root(Reader *r, const json_t *root)
{
    const json_t *model = json_object_get(root, "model");
    Str type = text_of(model, "type");
    r->vocab = json_object_get(model, "vocab");
    if (!str_eq(type, S("BPE")) || !json_is_object(r->vocab)) return unknown(r, "model", type);
    if (text_of(model, "continuing_subword_prefix").len || text_of(model, "end_of_word_suffix").len ||
        json_is_number(json_object_get(model, "dropout")))
        return unknown(r, "model", S("BPE with prefixes, suffixes or dropout"));
    r->out->whole_first = is_on(model, "ignore_merges");
    if (!read_normaliser(r, json_object_get(root, "normalizer")) || !read_pretokeniser(r, json_object_get(root, "pre_tokenizer")) ||
        !settle_split(r) || !read_vocab(r))
        return false;
    // Added tokens never come out of merges, so what they are does not count here.
    if (r->out->normaliser == NORMALISE_SPACES && blanks_lead(r->out)) r->out->split = SPLIT_SPACES;
    return read_byte_fallback(r, model) && read_merges(r, json_object_get(model, "merges")) &&
           read_added(r, json_object_get(root, "added_tokens"));
}

bool read_tokenizer_json(Str text, Str shown, VocabularySource *out, Error *e)
{
    json_t *root;
    Reader r = {.out = out, .shown = shown, .e = e};
    if (!json_read(text, shown, &root, e)) return false;
    bool ok = read_root(&r, root);
    json_decref(root);
    return ok;
}
