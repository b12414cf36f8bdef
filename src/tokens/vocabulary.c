// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/path.h"
#include "tokens/vocabulary_read.h"

enum {
    SOURCE_MAX = 64 << 20,  // the largest tokenizer.json has 35 MB
    GGUF_HEAD = 96 << 20,   // a model file's vocabulary stands before its weights
};

typedef struct Known {
    Str name;
    const char *file;   // below the user's data folder
    SplitKind split;    // of a .tiktoken file
    const SpecialToken *special;
    size_t n_special;
} Known;

static const SpecialToken cl100k_special[] = {
    {"<|endoftext|>", 100257}, {"<|fim_prefix|>", 100258}, {"<|fim_middle|>", 100259}, {"<|fim_suffix|>", 100260},
    {"<|endofprompt|>", 100276},
};
static const SpecialToken o200k_special[] = {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}};
static const SpecialToken harmony_special[] = {
    {"<|startoftext|>", 199998}, {"<|endoftext|>", 199999}, {"<|return|>", 200002}, {"<|constrain|>", 200003},
    {"<|channel|>", 200005}, {"<|start|>", 200006}, {"<|end|>", 200007}, {"<|message|>", 200008}, {"<|call|>", 200012},
    {"<|endofprompt|>", 200018},
};

#define FOLDER "confab/vocabularies/"
#define SPECIAL(list) list, sizeof list / sizeof *list

static const Known known[] = {
    {S_INIT("cl100k_base"), FOLDER "cl100k_base.tiktoken", SPLIT_CL100K, SPECIAL(cl100k_special)},
    {S_INIT("o200k_base"), FOLDER "o200k_base.tiktoken", SPLIT_O200K, SPECIAL(o200k_special)},
    {S_INIT("o200k_harmony"), FOLDER "o200k_base.tiktoken", SPLIT_O200K, SPECIAL(harmony_special)},
    {S_INIT("llama3"), FOLDER "llama3.json", SPLIT_NONE, NULL, 0},
    {S_INIT("qwen2.5"), FOLDER "qwen2.5.json", SPLIT_NONE, NULL, 0},
    {S_INIT("qwen3"), FOLDER "qwen3.json", SPLIT_NONE, NULL, 0},
    {S_INIT("tekken"), FOLDER "tekken.json", SPLIT_NONE, NULL, 0},
    {S_INIT("deepseek-v3"), FOLDER "deepseek-v3.json", SPLIT_NONE, NULL, 0},
    {S_INIT("gemma2"), FOLDER "gemma2.json", SPLIT_NONE, NULL, 0},
    {S_INIT("gemma3"), FOLDER "gemma3.json", SPLIT_NONE, NULL, 0},
    {S_INIT("smollm2"), "confab/models/SmolLM2-135M-Instruct.Q4_1.gguf", SPLIT_NONE, NULL, 0},
};
enum { N_KNOWN = sizeof known / sizeof *known };

static const Str names[N_KNOWN] = {
    S_INIT("cl100k_base"), S_INIT("o200k_base"), S_INIT("o200k_harmony"), S_INIT("llama3"), S_INIT("qwen2.5"), S_INIT("qwen3"),
    S_INIT("tekken"), S_INIT("deepseek-v3"), S_INIT("gemma2"), S_INIT("gemma3"), S_INIT("smollm2"),
};

size_t vocabulary_names(const Str **out)
{
    *out = names;
    return N_KNOWN;
}

static const Known *find_known(Str name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (str_eq(known[i].name, name)) return &known[i];
    return NULL;
}

bool vocabulary_known(Str name) { return find_known(name) != NULL; }

// ---- a block ------------------------------------------------------------------------------------

static bool inside(const VocabularyHeader *h, uint64_t at, uint64_t n, uint64_t size)
{
    return at % 64 == 0 && at >= sizeof *h && at <= h->size && n <= (h->size - at) / size;
}

static bool is_mask(uint32_t mask) { return (mask & (mask + 1)) == 0 && mask < 1U << 28; }

static bool block_is_sound(const VocabularyHeader *h, size_t size)
{
    return size >= sizeof *h && memcmp(h->magic, "confabvo", 8) == 0 && h->version == VOCABULARY_VERSION && h->size == size && h->split < SPLIT_COUNT &&
           h->n_ids <= VOCABULARY_IDS && is_mask(h->short_mask) && is_mask(h->long_mask) && is_mask(h->added_mask) &&
           pair_shape_is_sound(h->pair_shape) && inside(h, h->shorts, h->short_mask + UINT64_C(1), SHORT_LINE * sizeof(ShortPiece)) &&
           inside(h, h->longs, h->long_mask + UINT64_C(1), sizeof(LongPiece)) && inside(h, h->pairs, pair_table_size(h->pair_shape), 1) &&
           inside(h, h->byte_pairs, h->byte_level ? 65536 : 0, sizeof(BytePair)) &&
           inside(h, h->neighbours, h->byte_level ? 0 : PAIR_BITS / 8, 1) && inside(h, h->added_pairs, PAIR_BITS / 8, 1) &&
           inside(h, h->added, h->added_mask + UINT64_C(1), 4) && inside(h, h->offsets, h->n_ids + UINT64_C(1), 4) &&
           inside(h, h->bytes, h->n_bytes, 1) && h->pattern[PATTERN_BYTES - 1] == 0;
}

static bool has_all_bytes(const VocabularyHeader *h)
{
    bool all = h->byte_level != 0;
    for (unsigned i = 0; i < 256; i++) all &= h->byte_ids[i] != NO_TOKEN;
    return all;
}

// Each token's bytes lie inside.
static bool offsets_are_sound(const Vocabulary *v)
{
    bool sound = v->offsets[0] <= v->h->n_bytes;
    for (uint32_t i = 0; i < v->h->n_ids; i++) sound &= v->offsets[i] <= v->offsets[i + 1];
    return sound && v->offsets[v->h->n_ids] <= v->h->n_bytes;
}

bool vocabulary_from_block(const void *block, size_t size, Vocabulary *out)
{
    const VocabularyHeader *h = block;
    const char *base = block;
    *out = (Vocabulary){0};
    if (size < sizeof *h || !block_is_sound(h, size)) return false;
    *out = (Vocabulary){
        .h = h,
        .shorts = (const ShortPiece *)(const void *)(base + h->shorts),
        .longs = (const LongPiece *)(const void *)(base + h->longs),
        .pairs = pair_table_at(h->pair_shape, base + h->pairs),
        .byte_pairs = has_all_bytes(h) ? (const BytePair *)(const void *)(base + h->byte_pairs) : NULL,
        .neighbours = h->byte_level || h->no_neighbours ? NULL : (const uint64_t *)(const void *)(base + h->neighbours),
        .added_pairs = (const uint64_t *)(const void *)(base + h->added_pairs),
        .added = (const uint32_t *)(const void *)(base + h->added),
        .offsets = (const uint32_t *)(const void *)(base + h->offsets),
        .bytes = base + h->bytes,
    };
    if (offsets_are_sound(out)) return true;
    *out = (Vocabulary){0};
    return false;
}

uint64_t vocabulary_hash(const void *block, size_t size)
{
    const char *bytes = block;
    size_t at = offsetof(VocabularyHeader, hash), behind = at + sizeof(uint64_t);
    return hash64((Str){bytes + behind, size - behind}, hash64((Str){bytes, at}, size));
}

Str token_bytes(const Vocabulary *v, uint32_t id)
{
    if (id >= v->h->n_ids) return (Str){0};
    return (Str){v->bytes + v->offsets[id], v->offsets[id + 1] - v->offsets[id]};
}

uint32_t long_find(const Vocabulary *v, Str piece, uint64_t hash)
{
    uint64_t at = hash;
    for (uint32_t slot = 0; slot <= v->h->long_mask; slot++, at++) {
        LongPiece l = v->longs[at & v->h->long_mask];
        if (l.id == NO_TOKEN || (l.check == (uint32_t)(hash >> 32) && str_eq(token_bytes(v, l.id), piece))) return l.id;
    }
    return NO_TOKEN;
}

uint32_t vocabulary_added(const Vocabulary *v, Str text)
{
    uint64_t at = hash64(text, 0);
    for (uint32_t slot = 0; slot <= v->h->added_mask; slot++, at++) {
        uint32_t id = v->added[at & v->h->added_mask];
        if (id == NO_TOKEN || str_eq(token_bytes(v, id), text)) return id;
    }
    return NO_TOKEN;
}

// ---- files --------------------------------------------------------------------------------------

typedef struct SourceFile {
    Str path, image;
    const Known *known;  // NULL: a path
    struct stat info;
} SourceFile;

static bool is_of(const VocabularyHeader *h, const struct stat *s)
{
    return h->source_size == (uint64_t)s->st_size && h->source_mtime == (int64_t)s->st_mtim.tv_sec;
}

static bool map_image(const SourceFile *f, Vocabulary *out)
{
    struct stat s;
    int fd = open(f->image.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    void *block = MAP_FAILED;
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size > (off_t)sizeof(VocabularyHeader))
        block = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (block == MAP_FAILED) return false;
    if (vocabulary_from_block(block, (size_t)s.st_size, out) && is_of(out->h, &f->info) &&
        out->h->hash == vocabulary_hash(block, (size_t)s.st_size)) {
        out->mapped = (size_t)s.st_size;
        return true;
    }
    munmap(block, (size_t)s.st_size);
    return false;
}

// The start of a file, as far as `most`.
static bool read_head(const char *path, size_t most, Arena *a, Str *out, Error *e)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0) return error_errno(e, "open", path);
    size_t size = (size_t)s.st_size < most ? (size_t)s.st_size : most, n = 0;
    char *bytes = arena_alloc(a, size + 1);
    for (ssize_t got; n < size && (got = read(fd, bytes + n, size - n)) > 0;) n += (size_t)got;
    close(fd);
    *out = (Str){bytes, n};
    return true;
}

static bool read_source(const SourceFile *f, VocabularySource *s, Error *e)
{
    Str ending = path_ending(path_name(f->path)), text;
    const char *path = f->path.ptr;
    if (str_eq(ending, S("gguf"))) return read_head(path, GGUF_HEAD, s->arena, &text, e) && read_gguf(text, f->path, s, e);
    if (!file_read(path, SOURCE_MAX, s->arena, &text, NULL, e)) return false;
    if (str_eq(ending, S("json"))) return read_tokenizer_json(text, f->path, s, e);
    const Known *k = f->known ? f->known : find_known(path_stem(path_name(f->path)));
    if (!k || !k->special) {
        error_set(e, ERROR_USAGE, "vocabulary", "a .tiktoken file does not say how to split a text");
        return error_hint(e, "its name must be cl100k_base.tiktoken or o200k_base.tiktoken");
    }
    s->split = k->split;
    return read_tiktoken(text, f->path, k->special, k->n_special, s, e);
}

static bool build(const SourceFile *f, Vocabulary *out, Error *e)
{
    Arena a = {0};
    VocabularySource s;
    source_init(&s, &a);
    bool ok = read_source(f, &s, e);
    if (ok) {
        size_t size;
        VocabularyHeader *block = vocabulary_build(&s, &size);
        block->source_size = (uint64_t)f->info.st_size;
        block->source_mtime = (int64_t)f->info.st_mtim.tv_sec;
        block->hash = vocabulary_hash(block, size);
        Error unwritable;  // without the file it is built again next time
        if (file_write_whole(f->image.ptr, (Str){(char *)block, size}, &unwritable) && map_image(f, out)) {
            free(block);
        } else {
            ok = vocabulary_from_block(block, size, out);
            if (!ok) free(block);
        }
    }
    arena_free(&a);
    return ok || (e->kind == ERROR_NONE && error_set(e, ERROR_INTERNAL, "vocabulary", "the vocabulary's tables are damaged"));
}

static bool locate(Str name, Str data, Arena *a, SourceFile *out, Error *e)
{
    *out = (SourceFile){.known = find_known(name)};
    Str path = name;
    if (out->known) path = path_join(a, data, str_from(out->known->file));
    out->path = arena_str(a, path);
    if (str_find_char(out->path, 0) == STR_NONE && stat(out->path.ptr, &out->info) == 0 && S_ISREG(out->info.st_mode)) {
        Str stem = out->known ? out->known->name : path_stem(path_name(path));
        out->image = path_join(a, path_folder(out->path), arena_printf(a, "%.*s.vocabulary", STR_ARG(stem)));
        return true;
    }
    error_set(e, ERROR_USAGE, "vocabulary", out->known ? "the vocabulary %.*s is not there" : "there is no encoding or file %.*s", STR_ARG(name));
    if (out->known)
        return error_hint(e, str_eq(name, S("smollm2")) ? "scripts/fetch-model.sh fetches it" : "scripts/fetch-vocabularies.sh fetches it");
    return error_hint(e, "cl100k_base, o200k_base, o200k_harmony, llama3, qwen2.5, qwen3, tekken, deepseek-v3, gemma2, gemma3, smollm2, or a file");
}

bool vocabulary_open(Str name, Str data, Vocabulary *out, Error *e)
{
    Arena a = {0};
    SourceFile f;
    *e = (Error){0};
    bool ok = locate(name, data, &a, &f, e) && (map_image(&f, out) || build(&f, out, e));
    if (ok) snprintf(out->name, sizeof out->name, "%.*s", STR_ARG(path_stem(path_name(name))));
    if (ok && f.known) snprintf(out->name, sizeof out->name, "%.*s", STR_ARG(name));
    arena_free(&a);
    return ok;
}

void vocabulary_close(Vocabulary *v)
{
    if (v->mapped)
        munmap((void *)(uintptr_t)v->h, v->mapped);
    else
        free((void *)(uintptr_t)v->h);
    *v = (Vocabulary){0};
}
