// SPDX-License-Identifier: Apache-2.0
//
// confab search: which passages of the knowledge speak of some words, best first.
#include "cli/commands.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/chunk_counter.h"
#include "cli/pdf_reader.h"
#include "cli/locate.h"
#include "knowledge/search.h"

enum { HITS = 10, WORDS_MAX = 4096, LINES_SHOWN = 400 };

static Str words_asked(Cli *cli)
{
    Buf b = {.max = WORDS_MAX};
    for (size_t i = 0; i < cli->arguments.n; i++) {
        if (i) buf_add_char(&b, ' ');
        buf_add(&b, cli->arguments.rest[i]);
    }
    Str words = arena_str(&cli->arena, buf_str(&b));
    buf_free(&b);
    return words;
}

static void add_place(Buf *b, const Knowledge *k, const Chunk *c)
{
    buf_add(b, k->documents[c->document].path);
    if (c->page) buf_printf(b, ", page %u", c->page);
    buf_printf(b, ", chunk %u", c->number);
}

static bool print_hit(Cli *cli, const Knowledge *k, const Hit *hit, Error *e)
{
    Arena a = {0};
    Buf b = {0};
    Str text;
    const Chunk *c = &k->chunks[hit->chunk];
    bool ok = knowledge_chunk_text(k, c, &a, &text, e);
    if (ok) {
        add_place(&b, k, c);
        buf_printf(&b, "  (%.2f)\n", hit->score);
        buf_add(&b, utf8_cut(text, LINES_SHOWN));
        buf_add(&b, text.len > LINES_SHOWN ? S("…\n\n") : S("\n\n"));
        cli_show(cli, buf_str(&b));
    }
    buf_free(&b);
    arena_free(&a);
    return ok;
}

static bool print_json(Cli *cli, const Knowledge *k, const Hit *hits, size_t n, Error *e)
{
    Buf b = {0};
    bool ok = true;
    buf_add(&b, S("{\"version\":1,\"hits\":["));
    for (size_t i = 0; i < n && ok; i++) {
        const Chunk *c = &k->chunks[hits[i].chunk];
        Str text;
        ok = knowledge_chunk_text(k, c, &cli->arena, &text, e);
        if (!ok) break;
        buf_add(&b, i ? S(",{\"document\":") : S("{\"document\":"));
        json_write_string(&b, k->documents[c->document].path);
        buf_printf(&b, ",\"number\":%u,\"id\":", c->number);
        json_write_string(&b, knowledge_chunk_id(k, c, &cli->arena));
        buf_add(&b, S(",\"score\":"));
        json_write_double(&b, hits[i].score);
        buf_add(&b, S(",\"text\":"));
        json_write_string(&b, text);
        buf_add_char(&b, '}');
    }
    buf_add(&b, S("]}\n"));
    if (ok) fwrite(b.ptr, 1, b.len, cli->out);
    buf_free(&b);
    return ok;
}

static bool search(Cli *cli, const Knowledge *k, Str folder, Error *e)
{
    Search s;
    Hit hits[HITS];
    size_t n;
    if (!search_open(&s, k, folder.ptr, false, e)) return false;
    bool ok = search_words(&s, words_asked(cli), hits, HITS, &n, e);
    if (ok && cli->json)
        ok = print_json(cli, k, hits, n, e);
    else
        for (size_t i = 0; ok && i < n; i++) ok = print_hit(cli, k, &hits[i], e);
    if (ok && n == 0) cli_say(cli, "No passage has any of these words.");
    search_close(&s);
    return ok;
}

static int act(Cli *cli, Error *e)
{
    Str folder;
    Knowledge knowledge;
    Problems problems = {.arena = &cli->arena};
    if (!locate_project(cli, true, &folder, e)) return (int)e->kind;
    ChunkCounter counter = {.cli = cli};
    KnowledgeOptions options = {.project = folder.ptr, .tokens = chunk_counter_source(&counter), .pdfium = pdf_reader(cli)};
    bool opened = knowledge_open(&knowledge, &options, &cli->arena, &problems);
    chunk_counter_close(&counter);
    cli_report_all(cli, &problems);
    bool ok = opened && search(cli, &knowledge, folder, e);
    knowledge_close(&knowledge);
    if (!opened) return cli_reported(ERROR_PROJECT, e);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_search = {
    .name = "search",
    .bit = ON_SEARCH,
    .arguments = "WORD...",
    .min_arguments = 1,
    .max_arguments = 100,
    .summary = "show the passages of the knowledge that speak of some words",
    .details = "The ten passages that fit best, by BM25. Each is named by document and chunk, as in the dataset's records.",
    .examples = "confab search -p coffee-support sour espresso",
    .act = act,
};
