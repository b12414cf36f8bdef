// SPDX-License-Identifier: Apache-2.0
#include "tokens/vocabulary_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "tokens/vocabulary_build.h"
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
    size_t size;
    bool ok = read_source(f, &s, e);
    VocabularyHeader *block = ok ? vocabulary_build(&s, &size) : NULL;
    if (ok && !block) {
        ok = error_set(e, ERROR_USAGE, "vocabulary", "its added tokens are more than is sensible");
        error_at_file(e, f->path);
    }
    if (block) {
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
