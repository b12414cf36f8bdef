// SPDX-License-Identifier: Apache-2.0
#include "knowledge/knowledge.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "knowledge/reading.h"

static bool read_strategies(Reading *r);
static bool list_documents(Reading *r, FileEntry **files);
static void make_topics(Reading *r);
static void warn_unmatched(Reading *r);

bool knowledge_open(Knowledge *k, const KnowledgeOptions *options, Arena *project, Problems *problems)
{
    *k = (Knowledge){0};
    size_t errors = problems->errors;
    Reading r = {.k = k, .options = options, .project = project, .problems = problems, .pdfium = options->pdfium};
    r.root = arena_str(project, str_from(options->project));
    r.folder = path_join(project, r.root, S("knowledge"));
    k->store = arena_new(project, struct KnowledgeStore, 1);
    bool ok = read_strategies(&r);
    FileEntry *files;
    if (list_documents(&r, &files)) {
        if (ok) warn_unmatched(&r);
        if (!options->no_cache) store_load(&r.old, r.root, &r.stored);
        size_t n = k->n_documents;
        k->n_documents = 0;
        k->store->sources = arena_new(project, Source, n);
        if (ok) reading_begin(&r, files, n);
        for (size_t i = 0; ok && i < n; i++) reading_document(&r, i, &files[i]);
        reading_end(&r);
        if (ok && !options->no_cache && (r.changed || r.new.n_documents != r.old.n_documents)) reading_save(&r);
        make_topics(&r);
    }
    arena_free(&r.scratch);
    arena_free(&r.stored);
    buf_free(&r.strings);
    free(r.new.documents);
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

// Which keys match a document, whether or not a better one takes it.
static bool *matched_keys(Reading *r)
{
    const Strategies *s = &r->k->strategies;
    bool *matched = arena_new(&r->scratch, bool, s->n);
    for (size_t d = 0; d < r->k->n_documents; d++) {
        const Document *one = &r->k->documents[d];
        const Strategy *by_path = strategy_exact(s, one->path), *by_name = strategy_exact(s, one->name);
        if (by_path) matched[by_path - s->items] = true;
        if (by_name) matched[by_name - s->items] = true;
        for (size_t i = 0; i < s->n_globs; i++)
            if (!matched[s->globs[i]]) matched[s->globs[i]] = strategy_key_matches(s->items[s->globs[i]].key, one->path, one->name);
    }
    return matched;
}

static void warn_unmatched(Reading *r)
{
    const Strategies *s = &r->k->strategies;
    if (s->n == 0) return;
    const bool *matched = matched_keys(r);
    Str *paths = arena_new(&r->scratch, Str, r->k->n_documents);
    for (size_t i = 0; i < r->k->n_documents; i++) paths[i] = r->k->documents[i].path;
    for (size_t i = 0; i < s->n; i++) {
        if (matched[i]) continue;
        if (r->problems->full) return;
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

static bool readable(Reading *r, const FileEntry *file)
{
    Error e;
    const char *why = file->outside    ? "the link leads out of knowledge/"
                      : !file->regular ? "not a regular file"
                      : file->size > DOCUMENT_MAX ? "the file is larger than a document may be, 64 MB" : NULL;
    _Static_assert(DOCUMENT_MAX == 64 << 20, "the message names it");
    if (!why) return true;
    error_set(&e, ERROR_FILE, "knowledge", "%s; it is skipped", why);
    error_hint(&e, file->outside ? "copy the file into knowledge/" : file->regular ? "split it into several files" : "take it out of knowledge/");
    error_at_file(&e, reading_shown(r, file));
    reading_skip(r, &e);
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
    error_at_file(e, reading_shown(r, &b->file));
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

// ---- questions ----------------------------------------------------------------------------------

static bool changed_file(const Knowledge *k, const Source *s, Error *e)
{
    (void)k;
    error_set(e, ERROR_FILE, "knowledge", "the document changed while it was in use");
    error_hint(e, "start again");
    return error_at_file(e, s->path);
}

static bool read_range(const Knowledge *k, const Source *s, uint64_t start, uint64_t end, Arena *a, Str *out, Error *e)
{
    int fd = open(s->path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return error_errno(e, "open", s->path.ptr);
    struct stat st;
    int64_t mtime = 0;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == s->size;
    if (ok) mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    ok = ok && (s->mtime_ns == 0 || mtime == s->mtime_ns);
    size_t want = (size_t)(end - start), n = 0;
    char *bytes = arena_alloc(a, want + 1);
    while (ok && n < want) {
        ssize_t got = pread(fd, bytes + n, want - n, (off_t)(start + n));
        if (got < 0 && errno == EINTR) continue;
        ok = got > 0;
        if (ok) n += (size_t)got;
    }
    close(fd);
    *out = (Str){bytes, want};
    return ok || changed_file(k, s, e);
}

static bool text_range(const Knowledge *k, const Document *d, uint64_t start, uint64_t end, Arena *a, Str *out, Error *e)
{
    const Source *s = &k->store->sources[d - k->documents];
    if (!s->held.ptr) return read_range(k, s, start, end, a, out, e);
    *out = str_slice(s->held, (size_t)start, (size_t)end);
    return true;
}

bool knowledge_document_text(const Knowledge *k, const Document *d, Arena *a, Str *out, Error *e)
{
    return text_range(k, d, 0, d->text_len, a, out, e);
}

bool knowledge_chunk_text(const Knowledge *k, const Chunk *chunk, Arena *a, Str *out, Error *e)
{
    return text_range(k, &k->documents[chunk->document], chunk->start, chunk->end, a, out, e);
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
    const Document *named = NULL;
    bool several = false;
    for (size_t i = 0; i < k->n_documents; i++) {
        Str p = k->documents[i].path;
        if (str_eq(p, path)) return &k->documents[i];
        if (!str_eq(path_name(p), path)) continue;
        several = named;
        named = &k->documents[i];
    }
    return several ? NULL : named;
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
