// SPDX-License-Identifier: Apache-2.0
#include "knowledge/reading.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/utf8.h"
#include "documents/document.h"

void reading_skip(Reading *r, Error *e)
{
    e->warning = !r->options->strict;
    problems_add(r->problems, e);
}

Str reading_shown(Reading *r, const FileEntry *file)
{
    return path_join(&r->scratch, S("knowledge"), file->path);
}

// ---- one document -------------------------------------------------------------------------------

// The old row says it all.
typedef struct Fresh {
    Document document;
    Source source;
    StoredDocument row;
    Str text;
    const DocumentType *type;
    const uint64_t *page_starts;
    Str fault, hint, code;
} Fresh;

// The library is looked at only where there are PDF files.
static uint64_t type_key(Reading *r, const DocumentType *type)
{
    uint64_t key = document_type_key(type);
    return type == &document_pdf && r->pdfium ? hash_mix(key, pdfium_identity(r->pdfium).low + PDFIUM_VERSION) : key;
}

static uint32_t text_version(Reading *r, const DocumentType *type)
{
    return type == &document_pdf && r->pdfium ? (uint32_t)type_key(r, type) : type->version;
}

static const DocumentType *type_by_key(Reading *r, uint64_t key)
{
    const DocumentType *type = document_type_by_key(key);
    if (type && type != &document_pdf) return type;
    return key == type_key(r, &document_pdf) ? &document_pdf : NULL;
}

// Another reader may do better, as may another version of confab.
static uint64_t fault_key(Reading *r, const DocumentType *type)
{
    uint64_t key = document_types_key();
    return type == &document_pdf ? hash_mix(key, type_key(r, type)) : key;
}

static bool is_of_today(Reading *r, const StoredDocument *fault) { return fault->type == document_types_key() || fault->type == fault_key(r, &document_pdf); }

// Before the first PDF that has to be read. A library that cannot be used is told of once, and pdftotext reads.
static void try_pdfium(Reading *r)
{
    Error e;
    if (r->tried || !r->pdfium) return;
    r->tried = true;
    if (pdfium_check(r->pdfium, &e)) return;
    e.warning = true;
    problems_add(r->problems, &e);
    r->pdfium = NULL;
}

// Asks for the counter where the strategy needs it, so that others do without a vocabulary.
static uint64_t strategy_key(Reading *r, const Strategy *s)
{
    if (s->unit != UNIT_TOKENS || s->max == 0 || !r->options->tokens.open) return s->hash;
    if (!r->tools.tokens.counter) {
        r->tools.tokens.counter = r->options->tokens.open(r->options->tokens.self);
        r->counter = counter_identity(r->tools.tokens.counter);
    }
    return hash_mix(s->hash, r->counter);
}

static StoredText store_string(Reading *r, Str s)
{
    StoredText t = {r->strings.len, s.len};
    buf_add(&r->strings, s);
    return t;
}

static void add_row(Reading *r, StoredDocument row)
{
    if (r->new.n_documents == r->cap_rows) {
        r->cap_rows = r->cap_rows ? 2 * r->cap_rows : 256;
        r->new.documents = mem_realloc(r->new.documents, r->cap_rows * sizeof row);
    }
    r->new.documents[r->new.n_documents++] = row;
}

static uint32_t page_at(const Fresh *f, uint64_t at)
{
    uint32_t low = 0, high = f->document.pages;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->page_starts[middle] <= at) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void add_chunk(Reading *r, Chunk chunk)
{
    Knowledge *k = r->k;
    k->chunks = arena_grow(r->project, k->chunks, k->n_chunks, &r->cap_chunks, sizeof *k->chunks);
    k->chunks[k->n_chunks++] = chunk;
}

static void add_heading(Reading *r, Str text, uint32_t parent)
{
    Knowledge *k = r->k;
    k->headings = arena_grow(r->project, k->headings, k->n_headings, &r->cap_headings, sizeof *k->headings);
    k->headings[k->n_headings++] = (KnowledgeHeading){arena_str(r->project, text), parent};
}

static void warn_empty(Reading *r, const Document *d, Str shown)
{
    const Strategy *s = d->strategy;
    bool dropped = d->text_len > 0 && (s->n_exclude || s->n_pages);
    Error *e = problems_new(r->problems, true, ERROR_FILE, "knowledge", dropped ? "the strategy leaves nothing of the document" : "the document has no text");
    if (dropped) error_hint(e, "look at \"exclude\" and \"pages\" in %.*s", STR_ARG(r->k->strategies.file));
    error_at_file(e, shown);
}

static void add_document(Reading *r, const Fresh *f)
{
    Knowledge *k = r->k;
    k->store->sources[k->n_documents] = f->source;
    k->documents[k->n_documents++] = f->document;
}

// ---- unchanged ----------------------------------------------------------------------------------

static void use_rows(Reading *r, Fresh *f, const StoredDocument *row)
{
    Knowledge *k = r->k;
    uint32_t base = (uint32_t)k->n_headings, document = (uint32_t)k->n_documents;
    f->document.first_chunk = (uint32_t)k->n_chunks;
    f->document.n_chunks = row->n_chunks;
    f->document.pages = row->pages;
    f->document.text_len = row->text_len;
    for (uint32_t i = 0; i < row->n_headings; i++) {
        const StoredHeading *h = &r->old.headings[row->first_heading + i];
        add_heading(r, store_text(&r->old, h->text), h->parent ? h->parent + base : 0);
    }
    for (uint32_t i = 0; i < row->n_chunks; i++) {
        const StoredChunk *c = &r->old.chunks[row->first_chunk + i];
        add_chunk(r, (Chunk){document, i + 1, c->start, c->end, c->words, c->page, c->heading ? c->heading + base : 0});
    }
}

static bool text_is_there(const Source *s, uint64_t len)
{
    struct stat st;
    return s->plain || (stat(s->path.ptr, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == len);
}

static void report_fault(Reading *r, const FileEntry *file, Str fault, Str hint, const char *code)
{
    Error e;
    error_set(&e, ERROR_FILE, code, "%.*s", STR_ARG(fault));
    error_hint(&e, "%.*s", STR_ARG(hint));
    error_at_file(&e, reading_shown(r, file));
    reading_skip(r, &e);
}

// Takes the old row over, when file, type and strategy are the same; false: it has to be read.
static bool use_old(Reading *r, Fresh *f, const FileEntry *file)
{
    const StoredDocument *row = r->options->no_cache ? NULL : store_find(&r->old, file);
    if (!row) return false;
    Str fault = store_text(&r->old, row->fault), hint = store_text(&r->old, row->hint);
    StoredDocument copy = *row;
    copy.file = store_string(r, file->path);
    if (fault.len && !is_of_today(r, row)) return false;
    if (fault.len) {
        report_fault(r, file, fault, hint, "knowledge");
        copy.fault = store_string(r, fault);
        copy.hint = store_string(r, hint);
        add_row(r, copy);
        return true;
    }
    f->type = type_by_key(r, row->type);
    if (!f->type || row->strategy != strategy_key(r, f->document.strategy)) return false;
    f->document.type = f->type->name;
    f->document.sha256 = row->sha256;
    f->source.plain = row->plain != 0;
    if (!row->plain) {
        f->source.path = store_text_path(r->root, row->sha256, text_version(r, f->type), r->project);
        f->source.size = row->text_len;
        f->source.mtime_ns = 0;
        if (!text_is_there(&f->source, row->text_len)) return false;
    }
    use_rows(r, f, row);
    if (row->n_chunks == 0) warn_empty(r, &f->document, reading_shown(r, file));
    copy.first_chunk = f->document.first_chunk;
    copy.first_heading = r->k->n_headings - row->n_headings;
    add_row(r, copy);
    add_document(r, f);
    return true;
}

// ---- changed ------------------------------------------------------------------------------------

static void keep_text(Reading *r, Fresh *f, const Extraction *x)
{
    f->source.plain = x->text.ptr == x->bytes.ptr && x->text.len == x->bytes.len;
    // Without its last line break a plain file is still read from its start.
    if (x->text.ptr == x->bytes.ptr) f->source.plain = true;
    if (f->source.plain) return;
    f->source.path = store_text_path(r->root, f->document.sha256, text_version(r, f->type), r->project);
    f->source.size = x->text.len;
    f->source.mtime_ns = 0;
    if (r->options->no_cache || (!text_is_there(&f->source, x->text.len) && !store_put_text(f->source.path, x->text)))
        f->source.held = arena_str(r->project, x->text);
}

static bool read_cached_text(Reading *r, Fresh *f, Extraction *x)
{
    Str path = store_text_path(r->root, f->document.sha256, text_version(r, f->type), &r->scratch);
    // Pages are not kept with a text, so a type that has them is converted anew.
    if (r->options->no_cache || f->type == &document_pdf) return false;
    return file_exists(path.ptr) && file_read(path.ptr, DOCUMENT_MAX, &r->scratch, &x->text, NULL, NULL) && utf8_valid(x->text) && x->text.len;
}

// What was extracted early, if this one was. *ok: its result.
static bool take_early(Reading *r, Fresh *f, size_t i, const FileEntry *file, Extraction *x, Error *e, bool *ok)
{
    while (r->next_early < r->n_early && r->early[r->next_early].document < i) r->next_early++;
    if (!r->ahead || r->next_early == r->n_early || r->early[r->next_early].document != i) return false;
    const AheadDocument *early = &r->early[r->next_early];
    *ok = ahead_take(r->ahead, r->next_early++, x, e);
    r->taken = x->arena;
    // One that is no PDF is read in its turn.
    if (!early->pdf) return false;
    x->shown = reading_shown(r, file);
    f->type = &document_pdf;
    f->document.type = f->type->name;
    f->document.sha256 = early->sha256;
    return true;
}

static bool extract(Reading *r, Fresh *f, size_t i, const FileEntry *file, Extraction *x, Error *e)
{
    bool ok;
    if (take_early(r, f, i, file, x, e, &ok)) return ok;
    Str path = path_join(&r->scratch, r->folder, file->path);
    *x = (Extraction){.path = path.ptr, .shown = reading_shown(r, file), .arena = &r->scratch};
    if (!file_read(path.ptr, DOCUMENT_MAX, &r->scratch, &x->bytes, x->shown.ptr, e)) return false;
    f->document.sha256 = sha256(x->bytes);
    f->type = document_type_of(x->bytes, f->document.name);
    if (!f->type) {
        error_set(e, ERROR_FILE, "knowledge", "not a document that confab reads");
        error_hint(e, "it reads .txt .md .html .pdf .docx .epub .odt .csv .json .jsonl .srt .vtt");
        return error_at_file(e, x->shown);
    }
    f->document.type = f->type->name;
    if (read_cached_text(r, f, x)) return true;
    if (f->type == &document_pdf) try_pdfium(r);
    x->pdfium = r->pdfium;
    if (!f->type->extract(x, e)) return false;
    if (utf8_valid(x->text)) return true;
    Buf clean = {0};
    utf8_add_lossy(&clean, x->text);
    x->text = arena_str(&r->scratch, buf_str(&clean));
    buf_free(&clean);
    return true;
}

// The chunks of one part of the text, which begins at `base`.
static bool cut_part(Reading *r, Fresh *f, Str part, size_t base, Error *e)
{
    const Strategy *s = f->document.strategy;
    Outline outline = {0};
    ChunkList list = {.arena = &r->scratch};
    if (f->type->markdown || s->kind == STRATEGY_MARKDOWN) outline_read(part, &outline, &r->scratch);
    if (!chunk_text(part, s, &outline, &r->tools, &list, e)) return false;
    uint32_t first = (uint32_t)r->k->n_headings;
    for (size_t i = 0; i < outline.n; i++)
        add_heading(r, outline.items[i].text, outline.items[i].parent ? outline.items[i].parent + first : 0);
    for (size_t i = 0; i < list.n; i++) {
        ChunkRange *c = &list.items[i];
        uint64_t start = c->start + base;
        uint32_t words = chunk_words(part, c, &r->tools);
        add_chunk(r, (Chunk){(uint32_t)r->k->n_documents, ++f->document.n_chunks, start, c->end + base, words, page_at(f, start),
                             c->heading ? c->heading + first : 0});
    }
    return true;
}

// All of the text, or the pages that the strategy names, each run of them on its own.
static bool cut(Reading *r, Fresh *f, Error *e)
{
    const Strategy *s = f->document.strategy;
    uint32_t pages = f->document.pages;
    if (s->n_pages == 0 || pages == 0) return cut_part(r, f, f->text, 0, e);
    for (size_t i = 0; i < s->n_pages; i++) {
        if (s->pages[i].first > pages) continue;
        size_t from = f->page_starts[s->pages[i].first - 1];
        size_t to = s->pages[i].last < pages ? f->page_starts[s->pages[i].last] : f->text.len;
        if (!cut_part(r, f, str_slice(f->text, from, to), from, e)) return false;
    }
    return true;
}

static void warn_pages(Reading *r, const Fresh *f)
{
    const Strategy *s = f->document.strategy;
    bool outside = false;
    for (size_t i = 0; i < s->n_pages; i++) outside |= s->pages[i].last > f->document.pages;
    if (!outside) return;
    Error *e = problems_new(r->problems, true, ERROR_PROJECT, "strategy", f->document.pages ? "%.*s has %u pages, not all that are named" : "%.*s has no pages",
                            STR_ARG(f->document.path), f->document.pages);
    if (s->key.ptr) error_at(e, r->k->strategies.file, r->k->strategies.text, s->key_offset);
    error_hint(e, f->document.pages ? "name pages that it has" : "\"pages\" is for PDF files");
}

// Whether a pattern of the strategy has failed: then it is not tried on other documents, which would each take as long
// and say the same.
static bool *failed_before(Reading *r, const Strategy *s)
{
    const Strategies *all = &r->k->strategies;
    if (!r->failed) r->failed = arena_new(r->project, bool, all->n + 1);
    return &r->failed[s == &all->standard ? all->n : (size_t)(s - all->items)];
}

// A pattern that fails on a text is a fault of the strategy file, wherever the text came from.
static void strategy_failed(Reading *r, const Strategy *s, const Error *e, Str shown)
{
    Error *problem = problems_new(r->problems, false, ERROR_PROJECT, "strategy", "%s (on %.*s)", e->what, STR_ARG(shown));
    error_hint(problem, "%s", e->hint);
    if (s->key.ptr) error_at(problem, r->k->strategies.file, r->k->strategies.text, strategy_place(s, r->tools.failed));
    *failed_before(r, s) = r->tools.failed != NULL;
}

static void row_of(Reading *r, const Fresh *f, const FileEntry *file, size_t first_heading)
{
    add_row(r, (StoredDocument){
        .file = store_string(r, file->path), .size = file->size, .mtime_ns = file->mtime_ns, .sha256 = f->document.sha256,
        .type = type_key(r, f->type), .strategy = strategy_key(r, f->document.strategy), .text_len = f->document.text_len,
        .first_chunk = f->document.first_chunk, .first_heading = first_heading, .n_chunks = f->document.n_chunks,
        .n_headings = (uint32_t)(r->k->n_headings - first_heading), .pages = f->document.pages, .plain = f->source.plain});
}

static void read_anew(Reading *r, Fresh *f, size_t i, const FileEntry *file)
{
    Knowledge *k = r->k;
    Extraction x;
    Error e;
    r->changed = true;
    if (!extract(r, f, i, file, &x, &e)) {
        reading_skip(r, &e);
        // What only this machine or this moment lacks is tried again the next time.
        if (strcmp(e.code, "machine") != 0 && strcmp(e.code, "file") != 0)
            add_row(r, (StoredDocument){.file = store_string(r, file->path), .size = file->size, .mtime_ns = file->mtime_ns, .type = fault_key(r, f->type),
                                        .fault = store_string(r, str_from(e.what)), .hint = store_string(r, str_from(e.hint))});
        return;
    }
    f->text = x.text;
    f->page_starts = x.pages;
    f->document.pages = x.n_pages;
    f->document.text_len = x.text.len;
    f->document.first_chunk = (uint32_t)k->n_chunks;
    size_t first_heading = k->n_headings;
    strategy_key(r, f->document.strategy);
    if (!cut(r, f, &e)) {
        strategy_failed(r, f->document.strategy, &e, x.shown);
        k->n_chunks = f->document.first_chunk;
        k->n_headings = first_heading;
        return;
    }
    warn_pages(r, f);
    if (f->document.n_chunks == 0) warn_empty(r, &f->document, x.shown);
    keep_text(r, f, &x);
    row_of(r, f, file, first_heading);
    add_document(r, f);
}

void reading_document(Reading *r, size_t i, const FileEntry *file)
{
    Fresh f = {.document = r->k->documents[i]};
    f.document.strategy = strategy_for(&r->k->strategies, f.document.path, f.document.name);
    f.document.weight = f.document.strategy->weight;
    f.source = (Source){.path = path_join(r->project, r->folder, file->path), .size = file->size, .mtime_ns = file->mtime_ns};
    arena_reset(&r->scratch);
    bool skip = r->failed && *failed_before(r, f.document.strategy);
    if (!use_old(r, &f, file) && !skip) read_anew(r, &f, i, file);
    if (r->taken) arena_free(r->taken);
    free(r->taken);
    r->taken = NULL;
}

// ---- before their turn --------------------------------------------------------------------------

static bool extract_early(void *ctx, size_t job, Extraction *x, Error *e)
{
    AheadDocument *early = &((AheadDocument *)ctx)[job];
    Arena bytes = {0};
    x->path = early->path.ptr;
    x->shown = early->shown;
    x->pdfium = early->pdfium;
    bool ok = file_read(x->path, DOCUMENT_MAX, &bytes, &x->bytes, x->shown.ptr, e);
    early->pdf = ok && document_type_of(x->bytes, early->path) == &document_pdf;
    if (early->pdf) {
        early->sha256 = sha256(x->bytes);
        // The converter reads the file itself.
        arena_free(&bytes);
        x->bytes = (Str){0};
        ok = document_pdf.extract(x, e);
    }
    arena_free(&bytes);
    x->bytes = (Str){0};
    return ok;
}

// Whether a document has to be converted.
static bool is_early(Reading *r, const Document *d, const FileEntry *file)
{
    if (!str_eq_ignore_case(path_ending(d->name), S("pdf"))) return false;
    const StoredDocument *row = r->options->no_cache ? NULL : store_find(&r->old, file);
    if (!row) return true;
    if (row->fault.len) return !is_of_today(r, row);
    return !type_by_key(r, row->type) || row->strategy != strategy_key(r, strategy_for(&r->k->strategies, d->path, d->name));
}

static void list_early(Reading *r, const FileEntry *files, size_t n)
{
    size_t cap = 0;
    r->early = NULL;
    r->n_early = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_early(r, &r->k->documents[i], &files[i])) continue;
        r->early = arena_grow(&r->early_names, r->early, r->n_early, &cap, sizeof *r->early);
        r->early[r->n_early++] = (AheadDocument){.document = i, .pdfium = r->pdfium, .path = path_join(&r->early_names, r->folder, files[i].path),
                                                 .shown = path_join(&r->early_names, S("knowledge"), files[i].path)};
    }
}

void reading_begin(Reading *r, const FileEntry *files, size_t n)
{
    const Pdfium *wanted = r->pdfium;
    list_early(r, files, n);
    if (r->n_early) try_pdfium(r);
    if (r->pdfium != wanted) list_early(r, files, n);   // by pdftotext some may be there already
    r->ahead = ahead_start(r->n_early, extract_early, r->early);
}

void reading_end(Reading *r)
{
    ahead_stop(r->ahead);
    arena_free(&r->early_names);
}

// ---- saving -------------------------------------------------------------------------------------

void reading_save(Reading *r)
{
    const Knowledge *k = r->k;
    StoreIndex *x = &r->new;
    Arena a = {0};
    x->chunks = arena_new(&a, StoredChunk, k->n_chunks);
    x->headings = arena_new(&a, StoredHeading, k->n_headings);
    x->n_chunks = k->n_chunks;
    x->n_headings = k->n_headings;
    // In the index, headings count from their document's first.
    for (size_t d = 0; d < x->n_documents; d++) {
        const StoredDocument *row = &x->documents[d];
        uint32_t base = (uint32_t)row->first_heading;
        for (uint64_t i = row->first_chunk; i < row->first_chunk + row->n_chunks; i++) {
            const Chunk *c = &k->chunks[i];
            x->chunks[i] = (StoredChunk){c->start, c->end, c->words, c->page, c->heading ? c->heading - base : 0, 0};
        }
        for (uint64_t i = base; i < base + row->n_headings; i++) {
            const KnowledgeHeading *h = &k->headings[i];
            x->headings[i] = (StoredHeading){store_string(r, h->text), h->parent ? h->parent - base : 0, 0};
        }
    }
    x->strings = r->strings.ptr;
    x->n_strings = r->strings.len;
    Str *kept = arena_new(&a, Str, k->n_documents);
    size_t n = 0;
    for (size_t i = 0; i < k->n_documents; i++)
        if (!k->store->sources[i].plain) kept[n++] = k->store->sources[i].path;
    if (store_save(x, r->root, &a)) store_clean(r->root, kept, n, &a);
    arena_free(&a);
}
