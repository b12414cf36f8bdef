// SPDX-License-Identifier: Apache-2.0
//
// confab chunks: what the knowledge is cut into. Needs only knowledge/ and chunk-strategy.json, so
// that a broken prompt does not hide it.
#include "cli/commands.h"

#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/utf8.h"
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/chunk_table.h"
#include "cli/locate.h"
#include "knowledge/knowledge.h"
#include "knowledge/strategy_text.h"

enum { HEADINGS = 16, BEGINNING = 48 };

static bool add_json_chunk(const Knowledge *k, const Chunk *c, Arena *a, Buf *b, Error *e)
{
    const Document *d = &k->documents[c->document];
    Str text, headings[HEADINGS];
    if (!knowledge_chunk_text(k, c, a, &text, e)) return false;
    buf_add(b, S("{\"document\":"));
    json_write_string(b, d->path);
    buf_add(b, S(",\"topic\":"));
    json_write_string(b, d->topic);
    buf_printf(b, ",\"number\":%u,\"start\":%llu,\"end\":%llu,\"page\":", c->number, (unsigned long long)c->start,
               (unsigned long long)c->end);
    if (c->page)
        buf_printf(b, "%u", c->page);
    else
        buf_add(b, S("null"));
    buf_add(b, S(",\"heading\":["));
    size_t n = knowledge_heading_path(k, c, headings, HEADINGS);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, headings[i]);
    }
    buf_printf(b, "],\"words\":%u,\"text\":", c->words);
    json_write_string(b, text);
    buf_add_char(b, '}');
    return true;
}

static bool print_json(Cli *cli, const ChunkTable *t, Error *e)
{
    const Knowledge *k = t->knowledge;
    Arena a = {0};
    Buf b = {0};
    bool ok = true;
    fputs("{\"version\":1,\"chunks\":[", cli->out);
    for (size_t i = 0; i < k->n_chunks && ok; i++) {
        arena_reset(&a);
        buf_clear(&b);
        if (i) buf_add_char(&b, ',');
        ok = add_json_chunk(k, &k->chunks[i], &a, &b, e);
        fwrite(b.ptr, 1, b.len, cli->out);
    }
    buf_clear(&b);
    buf_add(&b, S("],\"documents\":"));
    chunk_table_json(t, &b);
    buf_add(&b, S("}\n"));
    fwrite(b.ptr, 1, b.len, cli->out);
    buf_free(&b);
    arena_free(&a);
    return ok;
}

// The first letters, on one line.
static void add_beginning(Buf *b, Str text)
{
    size_t at = 0, letters = 0;
    while (at < text.len && letters++ < BEGINNING) utf8_next(text, &at);
    for (size_t i = 0; i < at; i++) buf_add_char(b, str_is_space(text.ptr[i]) ? ' ' : text.ptr[i]);
    if (at < text.len) buf_add(b, S("…"));
}

// With --verbose: each chunk's number for --show, and how it begins.
static bool list_chunks(Cli *cli, const Knowledge *k, const Document *d, Arena *a, Buf *b, Error *e)
{
    buf_printf(b, "\n%.*s\n", STR_ARG(d->path));
    for (uint32_t i = 0; i < d->n_chunks; i++) {
        const Chunk *c = &k->chunks[d->first_chunk + i];
        Str text;
        if (!knowledge_chunk_text(k, c, a, &text, e)) return false;
        buf_printf(b, "  %6zu  %5u words  ", (size_t)d->first_chunk + i + 1, c->words);
        if (c->page) buf_printf(b, "page %u  ", c->page);
        add_beginning(b, text);
        buf_add_char(b, '\n');
    }
    print_safe(cli->out, buf_str(b), true);
    return true;
}

static bool print_table(Cli *cli, const ChunkTable *t, Error *e)
{
    const Knowledge *k = t->knowledge;
    Arena a = {0};
    Buf b = {0};
    bool ok = true;
    chunk_table_render(t, &b);
    print_safe(cli->out, buf_str(&b), true);
    for (size_t i = 0; cli->verbose && i < k->n_documents && ok; i++) {
        arena_reset(&a);
        buf_clear(&b);
        ok = list_chunks(cli, k, &k->documents[i], &a, &b, e);
    }
    buf_free(&b);
    arena_free(&a);
    cli_say(cli, "%zu %s, %zu %s, %zu %s", k->n_topics, k->n_topics == 1 ? "topic" : "topics", k->n_documents,
            k->n_documents == 1 ? "document" : "documents", k->n_chunks, k->n_chunks == 1 ? "chunk" : "chunks");
    return ok;
}

static bool show_one(Cli *cli, const Knowledge *k, Error *e)
{
    uint64_t n = settings_whole(&cli->settings, OPTION_SHOW, 0);
    Str text;
    if (n < 1 || n > k->n_chunks) {
        error_set(e, ERROR_USAGE, "usage", "there is no chunk %llu", (unsigned long long)n);
        return error_hint(e, "chunks are numbered from 1 to %zu", k->n_chunks);
    }
    if (!knowledge_chunk_text(k, &k->chunks[n - 1], &cli->arena, &text, e)) return false;
    fwrite(text.ptr, 1, text.len, cli->out);
    fputc('\n', cli->out);
    return true;
}

// Byte for byte, so that the offsets of `chunks --json` fit.
static bool print_text(Cli *cli, const Knowledge *k, Error *e)
{
    Str name = settings_str(&cli->settings, OPTION_TEXT), text;
    const Document *d = knowledge_find(k, name);
    if (!d) {
        Str *paths = arena_new(&cli->arena, Str, k->n_documents + 1);
        for (size_t i = 0; i < k->n_documents; i++) paths[i] = k->documents[i].path;
        error_set(e, ERROR_USAGE, "usage", "there is no document \"%.*s\"", STR_ARG(name));
        Str near = str_nearest(name, paths, k->n_documents);
        if (near.ptr) return error_hint(e, "did you mean %.*s?", STR_ARG(near));
        return error_hint(e, "name it as `confab chunks` does: topic/file");
    }
    if (!knowledge_document_text(k, d, &cli->arena, &text, e)) return false;
    if (text.len) fwrite(text.ptr, 1, text.len, cli->out);
    return true;
}

static bool write_missing(Cli *cli, const Knowledge *k, Str folder, Error *e)
{
    Str *paths;
    size_t n = knowledge_missing(k, &cli->arena, &paths);
    if (n == 0) {
        cli_say(cli, "Every document has its entry in config/chunk-strategy.json.");
        return true;
    }
    Str path = path_join(&cli->arena, folder, S("config/chunk-strategy.json"));
    Str text = strategy_add_missing(&cli->arena, k->strategies.text, paths, n);
    if (!file_make_folders(path_join(&cli->arena, folder, S("config")).ptr, e) || !file_write_whole(path.ptr, text, e)) return false;
    for (size_t i = 0; i < n; i++) cli_say(cli, "added %.*s", STR_ARG(paths[i]));
    return true;
}

static bool print_chunks(Cli *cli, const Knowledge *k, const Problems *problems, Str folder, Error *e)
{
    ChunkTable table = {.knowledge = k, .problems = problems, .unicode = cli->term.unicode};
    if (cli->term.output) table.width = term_width(STDOUT_FILENO);
    if (settings_has(&cli->settings, OPTION_TEXT)) return print_text(cli, k, e);
    if (settings_has(&cli->settings, OPTION_SHOW)) return show_one(cli, k, e);
    if (settings_on(&cli->settings, OPTION_WRITE) && !write_missing(cli, k, folder, e)) return false;
    return cli->json ? print_json(cli, &table, e) : print_table(cli, &table, e);
}

// What stands in the table is not said a second time.
static void report_others(Cli *cli, const Problems *problems, bool table)
{
    for (size_t i = 0; i < problems->n; i++)
        if (!table || !chunk_table_has(&problems->items[i])) cli_report(cli, &problems->items[i]);
    if (problems->full) cli_say(cli, "There is more that is wrong; the first %d are shown.", PROBLEMS_MAX);
}

static int act(Cli *cli, Error *e)
{
    Str folder;
    Knowledge knowledge;
    Problems problems = {.arena = &cli->arena};
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    ChunkCounter counter = {.cli = cli};
    KnowledgeOptions options = {.project = folder.ptr, .strict = settings_on(&cli->settings, OPTION_STRICT), .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli)};
    bool opened = knowledge_open(&knowledge, &options, &cli->arena, &problems);
    if (counter.name.ptr) cli_say(cli, "Tokens are counted with %.*s.", STR_ARG(counter.name));
    report_others(cli, &problems, opened && !settings_has(&cli->settings, OPTION_TEXT) && !settings_has(&cli->settings, OPTION_SHOW));
    bool ok = opened && print_chunks(cli, &knowledge, &problems, folder, e);
    knowledge_close(&knowledge);
    chunk_counter_close(&counter);
    if (!opened) return cli_reported(ERROR_PROJECT, e);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_chunks = {
    .name = "chunks",
    .bit = ON_CHUNKS,
    .arguments = "",
    .summary = "show what the knowledge is cut into",
    .details = "A row a document: its strategy with maximum and overlap, how many chunks, how many words they have, a picture "
               "of their lengths, and warnings. --verbose lists the chunks with their numbers, --show N prints one of them, "
               "--text DOCUMENT the text that was extracted from a document, --write adds an entry to chunk-strategy.json for "
               "each document that has none. The tokens strategy counts with the tokenizer of the model (--model, LLM_NAME); "
               "where it is not there, it estimates and says so.",
    .examples = "confab chunks -p coffee-support\nconfab chunks -p coffee-support --show 3\n"
                "confab chunks -p coffee-support --text brewing/espresso.md",
    .act = act,
};
