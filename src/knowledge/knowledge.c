// SPDX-License-Identifier: Apache-2.0
#include "knowledge/knowledge.h"

#include "base/file.h"
#include "base/path.h"
#include "knowledge/document.h"

struct KnowledgeStore {
    Str *texts;         // by document
};

// While the knowledge is read.
typedef struct Reading {
    Knowledge *k;
    const KnowledgeOptions *options;
    Arena *project;
    Problems *problems;
    ChunkTools tools;
    Str folder;         // the project's knowledge/
    size_t cap_chunks, cap_headings;
    Arena scratch;      // of one document
} Reading;

static bool read_strategies(Reading *r);
static bool list_documents(Reading *r, FileEntry **files);
static void read_document(Reading *r, size_t i, const FileEntry *file);
static void make_topics(Reading *r);
static void warn_unmatched(Reading *r);

bool knowledge_open(Knowledge *k, const KnowledgeOptions *options, Arena *project, Problems *problems)
{
    *k = (Knowledge){0};
    size_t errors = problems->errors;
    Reading r = {.k = k, .options = options, .project = project, .problems = problems, .tools = {.counter = options->counter}};
    r.folder = path_join(project, str_from(options->project), S("knowledge"));
    k->store = arena_new(project, struct KnowledgeStore, 1);
    bool ok = read_strategies(&r);
    FileEntry *files;
    if (list_documents(&r, &files)) {
        if (ok) warn_unmatched(&r);
        size_t n = k->n_documents;
        k->n_documents = 0;
        k->store->texts = arena_new(project, Str, n);
        for (size_t i = 0; ok && i < n; i++) read_document(&r, i, &files[i]);
        make_topics(&r);
    }
    arena_free(&r.scratch);
    chunk_tools_free(&r.tools);
    return problems->errors == errors;
}

void knowledge_close(Knowledge *k)
{
    strategies_free(&k->strategies);
    *k = (Knowledge){0};
}

// ---- the strategy file --------------------------------------------------------------------------

enum { STRATEGY_FILE_MAX = 16 << 20 };  // an entry for each of 100,000 documents

static bool read_strategies(Reading *r)
{
    Str path = path_join(r->project, str_from(r->options->project), S("config/chunk-strategy.json")), text = {0};
    Error e;
    if (file_exists(path.ptr) && !file_read_text(path.ptr, STRATEGY_FILE_MAX, r->project, &text, "config/chunk-strategy.json", &e)) {
        problems_add(r->problems, &e);
        strategies_read(&r->k->strategies, (Str){0}, S("config/chunk-strategy.json"), r->project, r->problems);
        return false;
    }
    return strategies_read(&r->k->strategies, text, S("config/chunk-strategy.json"), r->project, r->problems);
}

static void warn_unmatched(Reading *r)
{
    const Strategies *s = &r->k->strategies;
    Str *paths = arena_new(&r->scratch, Str, r->k->n_documents);
    for (size_t i = 0; i < r->k->n_documents; i++) paths[i] = r->k->documents[i].path;
    for (size_t i = 0; i < s->n; i++) {
        bool found = false;
        for (size_t d = 0; d < r->k->n_documents && !found; d++)
            found = strategy_key_matches(s->items[i].key, r->k->documents[d].path, r->k->documents[d].name);
        if (found) continue;
        Str key = s->items[i].key, near = str_nearest(key, paths, r->k->n_documents);
        Error *e = problems_new(r->problems, true, ERROR_PROJECT, "strategy", "no document matches \"%.*s\"", STR_ARG(key));
        error_at(e, s->file, s->text, s->items[i].key_offset);
        if (near.ptr)
            error_hint(e, "write \"%.*s\"", STR_ARG(near));
        else
            error_hint(e, "a key is topic/file, a file's name, or a glob such as billing/*.md");
    }
}

// ---- the list -----------------------------------------------------------------------------------

// What could not be read: skipped with a warning, or with --strict an error.
static void skip(Reading *r, Error *e)
{
    e->warning = !r->options->strict;
    problems_add(r->problems, e);
}

static Str shown_name(Reading *r, const FileEntry *file)
{
    return path_join(&r->scratch, S("knowledge"), file->path);
}

static bool readable(Reading *r, const FileEntry *file)
{
    Error e;
    const char *why = file->outside    ? "the link leads out of knowledge/"
                      : !file->regular ? "not a regular file"
                      : file->size > DOCUMENT_MAX ? "the file is larger than 64 MB" : NULL;
    if (!why) return true;
    error_set(&e, ERROR_FILE, "knowledge", "%s; it is skipped", why);
    error_hint(&e, file->outside ? "copy the file into knowledge/" : file->regular ? "split it into several files" : "take it out of knowledge/");
    error_at_file(&e, shown_name(r, file));
    skip(r, &e);
    return false;
}

static Document name_document(Reading *r, Str file)
{
    bool top = str_find_char(file, '/') == STR_NONE;
    Str path = top ? path_join(r->project, S("general"), file) : file;
    return (Document){.path = path, .topic = path_folder(path), .name = path_name(path), .file = file};
}

typedef struct Listed {
    Document document;
    FileEntry file;
} Listed;

static int by_topic_and_name(const void *a, const void *b)
{
    const Document *x = &((const Listed *)a)->document, *y = &((const Listed *)b)->document;
    int topic = str_cmp(x->topic, y->topic);
    int name = topic ? topic : str_cmp(x->name, y->name);
    return name ? name : str_cmp(x->file, y->file);
}

static bool same_path(Reading *r, const Listed *a, const Listed *b)
{
    if (!str_eq(a->document.path, b->document.path)) return false;
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "knowledge", "two files have the path %.*s", STR_ARG(a->document.path));
    error_at_file(e, shown_name(r, &b->file));
    error_hint(e, "a file directly in knowledge/ has the topic general; rename one of the two");
    return true;
}

static bool list_documents(Reading *r, FileEntry **files)
{
    FileEntry *found;
    size_t n, kept = 0;
    Error e;
    if (!path_list(r->folder.ptr, KNOWLEDGE_DEPTH, r->project, &found, &n, &e)) {
        problems_add(r->problems, &e);
        return false;
    }
    if (n > KNOWLEDGE_DOCUMENTS) {
        problems_new(r->problems, false, ERROR_PROJECT, "knowledge", "more than %d files in knowledge/", KNOWLEDGE_DOCUMENTS);
        return false;
    }
    Listed *listed = arena_new(&r->scratch, Listed, n);
    for (size_t i = 0; i < n; i++)
        if (readable(r, &found[i])) listed[kept++] = (Listed){name_document(r, found[i].path), found[i]};
    if (kept) qsort(listed, kept, sizeof *listed, by_topic_and_name);
    r->k->documents = arena_new(r->project, Document, kept);
    *files = arena_new(r->project, FileEntry, kept);
    for (size_t i = 0; i < kept; i++) {
        if (i && same_path(r, &listed[i - 1], &listed[i])) continue;
        r->k->documents[r->k->n_documents] = listed[i].document;
        (*files)[r->k->n_documents++] = listed[i].file;
    }
    return true;
}

static void make_topics(Reading *r)
{
    Knowledge *k = r->k;
    k->topics = arena_new(r->project, Topic, k->n_documents);
    for (size_t i = 0; i < k->n_documents; i++) {
        Str name = k->documents[i].topic;
        if (k->n_topics == 0 || !str_eq(k->topics[k->n_topics - 1].name, name))
            k->topics[k->n_topics++] = (Topic){.name = name, .first_document = (uint32_t)i};
        k->topics[k->n_topics - 1].n_documents++;
    }
}

// ---- one document -------------------------------------------------------------------------------

static bool extract(Reading *r, const FileEntry *file, Document *d, Extraction *x, const DocumentType **type, Error *e)
{
    Str path = path_join(&r->scratch, r->folder, file->path);
    *x = (Extraction){.path = path.ptr, .shown = shown_name(r, file), .arena = &r->scratch};
    if (!file_read(path.ptr, DOCUMENT_MAX, &r->scratch, &x->bytes, x->shown.ptr, e)) return false;
    *type = document_type_of(x->bytes, d->name);
    if (!*type) {
        error_set(e, ERROR_FILE, "knowledge", "not a document that confab reads; it is skipped");
        error_hint(e, "it reads .txt .md .html .pdf .docx .epub .odt .csv .json .jsonl .srt .vtt");
        return error_at_file(e, x->shown);
    }
    d->sha256 = sha256(x->bytes);
    d->type = (*type)->name;
    return (*type)->extract(x, e);
}

static uint32_t page_at(const Extraction *x, size_t at)
{
    uint32_t page = 0;
    while (page < x->n_pages && x->pages[page] <= at) page++;
    return page;
}

static void keep_headings(Reading *r, const Outline *outline, uint32_t *base)
{
    Knowledge *k = r->k;
    *base = (uint32_t)k->n_headings;
    for (size_t i = 0; i < outline->n; i++) {
        const Heading *h = &outline->items[i];
        k->headings = arena_grow(r->project, k->headings, k->n_headings, &r->cap_headings, sizeof *k->headings);
        k->headings[k->n_headings++] = (KnowledgeHeading){
            .text = arena_str(r->project, h->text), .parent = h->parent ? h->parent + *base : 0};
    }
}

static void keep_chunks(Reading *r, Document *d, const ChunkList *list, const Extraction *x, uint32_t base)
{
    Knowledge *k = r->k;
    d->first_chunk = (uint32_t)k->n_chunks;
    d->n_chunks = (uint32_t)list->n;
    for (size_t i = 0; i < list->n; i++) {
        const ChunkRange *c = &list->items[i];
        k->chunks = arena_grow(r->project, k->chunks, k->n_chunks, &r->cap_chunks, sizeof *k->chunks);
        k->chunks[k->n_chunks++] = (Chunk){
            .document = (uint32_t)k->n_documents, .number = (uint32_t)i + 1, .start = c->start, .end = c->end,
            .words = c->words, .page = page_at(x, c->start), .heading = c->heading ? c->heading + base : 0};
    }
}

// A pattern that fails on a text is a fault of the strategy file, wherever the text came from.
static void strategy_failed(Reading *r, const Strategy *s, Error *e, Str shown)
{
    Error *problem = problems_new(r->problems, false, ERROR_PROJECT, "strategy", "%s (on %.*s)", e->what, STR_ARG(shown));
    error_hint(problem, "%s", e->hint);
    if (s->key.ptr) error_at(problem, r->k->strategies.file, r->k->strategies.text, s->key_offset);
}

static void read_document(Reading *r, size_t i, const FileEntry *file)
{
    Knowledge *k = r->k;
    Document d = k->documents[i];
    Extraction x;
    const DocumentType *type;
    Error e;
    arena_reset(&r->scratch);
    if (!extract(r, file, &d, &x, &type, &e)) {
        skip(r, &e);
        return;
    }
    const Strategy *s = d.strategy = strategy_for(&k->strategies, d.path, d.name);
    Outline outline = {0};
    ChunkList list = {.arena = &r->scratch};
    if (type->markdown || s->kind == STRATEGY_MARKDOWN) outline_read(x.text, &outline, &r->scratch);
    if (!chunk_text(x.text, s, &outline, &r->tools, &list, &e)) {
        strategy_failed(r, s, &e, x.shown);
        return;
    }
    if (list.n == 0) {
        error_set(&e, ERROR_FILE, "knowledge", "the document has no text");
        error_at_file(&e, x.shown);
        e.warning = true;
        problems_add(r->problems, &e);
    }
    uint32_t base;
    keep_headings(r, &outline, &base);
    keep_chunks(r, &d, &list, &x, base);
    d.weight = s->weight;
    d.text_len = x.text.len;
    d.pages = x.n_pages;
    k->store->texts[k->n_documents] = arena_str(r->project, x.text);
    k->documents[k->n_documents++] = d;
}

// ---- questions ----------------------------------------------------------------------------------

bool knowledge_document_text(const Knowledge *k, const Document *d, Arena *a, Str *out, Error *e)
{
    (void)a, (void)e;
    *out = k->store->texts[d - k->documents];
    return true;
}

bool knowledge_chunk_text(const Knowledge *k, const Chunk *chunk, Arena *a, Str *out, Error *e)
{
    if (!knowledge_document_text(k, &k->documents[chunk->document], a, out, e)) return false;
    *out = str_slice(*out, chunk->start, chunk->end);
    return true;
}

static uint64_t chunk_key(const Knowledge *k, const Chunk *chunk)
{
    const Document *d = &k->documents[chunk->document];
    uint64_t h = hash_mix(hash64(d->path, 1), hash64((Str){(const char *)d->sha256.bytes, sizeof d->sha256.bytes}, 2));
    return hash_mix(h, hash_mix(chunk->start, chunk->end));
}

Str knowledge_chunk_id(const Knowledge *k, const Chunk *chunk, Arena *a)
{
    return arena_printf(a, "%016llx", (unsigned long long)chunk_key(k, chunk));
}

const Chunk *knowledge_chunk_by_id(const Knowledge *k, Str id)
{
    char text[20];
    for (size_t i = 0; i < k->n_chunks; i++) {
        snprintf(text, sizeof text, "%016llx", (unsigned long long)chunk_key(k, &k->chunks[i]));
        if (str_eq(id, str_from(text))) return &k->chunks[i];
    }
    return NULL;
}

size_t knowledge_heading_path(const Knowledge *k, const Chunk *chunk, Str *out, size_t max)
{
    size_t depth = 0;
    for (uint32_t h = chunk->heading; h; h = k->headings[h - 1].parent) depth++;
    size_t n = depth;
    for (uint32_t h = chunk->heading; h; h = k->headings[h - 1].parent)
        if (--n < max) out[n] = k->headings[h - 1].text;
    return depth < max ? depth : max;
}

const Document *knowledge_find(const Knowledge *k, Str path)
{
    for (size_t i = 0; i < k->n_documents; i++)
        if (str_eq(k->documents[i].path, path)) return &k->documents[i];
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

ChunkStatistics knowledge_statistics(const Knowledge *k, const Document *d, Arena *scratch)
{
    ChunkStatistics s = {.chunks = d->n_chunks};
    if (s.chunks == 0) return s;
    uint32_t *words = arena_new(scratch, uint32_t, s.chunks);
    for (uint32_t i = 0; i < s.chunks; i++) s.words += words[i] = k->chunks[d->first_chunk + i].words;
    qsort(words, s.chunks, sizeof *words, by_size);
    s.min = words[0];
    s.median = words[s.chunks / 2];
    s.max = words[s.chunks - 1];
    return s;
}

size_t knowledge_missing(const Knowledge *k, Arena *a, Str **paths)
{
    size_t n = 0;
    *paths = arena_new(a, Str, k->n_documents);
    for (size_t i = 0; i < k->n_documents; i++)
        if (k->documents[i].strategy == &k->strategies.standard) (*paths)[n++] = k->documents[i].path;
    return n;
}
