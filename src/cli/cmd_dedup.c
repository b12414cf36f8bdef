// SPDX-License-Identifier: Apache-2.0
//
// confab dedup: takes near-duplicates out of files of conversations, confab's or not.
#include "cli/commands.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/embeddings.h"
#include "cli/signals.h"
#include "dedup/sift.h"

enum { OUTPUTS = 3 };

typedef struct Outputs {
    FILE *out;               // where kept records go without --output; NULL: nowhere
    FileWriter files[OUTPUTS];
    bool open[OUTPUTS];
} Outputs;

enum { TO_KEPT, TO_CLUSTERS, TO_HITS };

static bool write_kept(void *ctx, Str bytes, Error *e)
{
    Outputs *o = ctx;
    if (o->open[TO_KEPT]) return file_writer_add(&o->files[TO_KEPT], bytes, e);
    return fwrite(bytes.ptr, 1, bytes.len, o->out) == bytes.len || error_errno(e, "write", "standard output");
}

static bool write_cluster(void *ctx, Str line, Error *e) { return file_writer_add(&((Outputs *)ctx)->files[TO_CLUSTERS], line, e); }
static bool write_hit(void *ctx, Str line, Error *e) { return file_writer_add(&((Outputs *)ctx)->files[TO_HITS], line, e); }

static bool open_output(Cli *cli, Outputs *o, size_t which, OptionId option, Error *e)
{
    Str path = settings_str(&cli->settings, option);
    if (!path.ptr || (which == TO_KEPT && str_eq(path, S("-")))) return true;
    o->open[which] = file_writer_open(&o->files[which], arena_cstr(&cli->arena, path), e);
    return o->open[which];
}

static bool close_outputs(Outputs *o, Error *e)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        if (o->open[i] && !file_writer_close(&o->files[i], e)) return false;
    return true;
}

static const char *const *names_from(Cli *cli, const Str *items, size_t n)
{
    const char **names = arena_new(&cli->arena, const char *, n);
    for (size_t i = 0; i < n; i++) names[i] = arena_cstr(&cli->arena, items[i]);
    return names;
}

static const char *const *against_files(Cli *cli, size_t *n)
{
    Str list = settings_str(&cli->settings, OPTION_AGAINST), part, *parts = NULL;
    size_t cap = 0;
    for (*n = 0; str_cut(&list, ',', &part); ++*n) {
        parts = arena_grow(&cli->arena, parts, *n, &cap, sizeof *parts);
        parts[*n] = part;
    }
    return names_from(cli, parts, *n);
}

// ---- the report ---------------------------------------------------------------------------------

static void render_json(const SiftReport *r, double seconds, Buf *b)
{
    buf_printf(b, "{\"version\":1,\"records\":%llu,\"kept\":%llu,\"exact\":%llu,\"near\":%llu,\"meaning\":%llu,\"clusters\":%llu,\"contaminated\":%llu,",
               (unsigned long long)r->records, (unsigned long long)r->kept, (unsigned long long)r->exact, (unsigned long long)r->near,
               (unsigned long long)r->meaning, (unsigned long long)r->clusters, (unsigned long long)r->contaminated);
    buf_add(b, S("\"similarity\":["));
    bool any = false;
    for (size_t i = 0; i <= SIFT_STEPS; i++) {
        if (!r->similar[i]) continue;
        buf_printf(b, "%s{\"from\":%.2f,\"count\":%llu}", any ? "," : "", (double)i / SIFT_STEPS, (unsigned long long)r->similar[i]);
        any = true;
    }
    buf_printf(b, "],\"seconds\":%.3f}\n", seconds);
}

static void render_similar(const SiftReport *r, Buf *b)
{
    enum { BAR = 40 };
    uint64_t most = 1;
    for (size_t i = 0; i <= SIFT_STEPS; i++)
        if (r->similar[i] > most) most = r->similar[i];
    for (size_t i = 0; i <= SIFT_STEPS; i++) {
        if (!r->similar[i]) continue;
        buf_printf(b, "  %.2f  %9llu  ", (double)i / SIFT_STEPS, (unsigned long long)r->similar[i]);
        for (uint64_t k = 0; k < (r->similar[i] * BAR + most - 1) / most; k++) buf_add_char(b, '#');
        buf_add_char(b, '\n');
    }
}

static void report(Cli *cli, const SiftReport *r, double seconds)
{
    Buf b = {0};
    if (cli->json) {
        render_json(r, seconds, &b);
        cli_print(cli, &b);
        return;
    }
    bool semantic = settings_on(&cli->settings, OPTION_SEMANTIC);
    buf_printf(&b, "%llu records: %llu kept, %llu with the same words as another, %llu nearly the same (%llu clusters)",
               (unsigned long long)r->records, (unsigned long long)r->kept, (unsigned long long)r->exact, (unsigned long long)r->near,
               (unsigned long long)r->clusters);
    if (semantic) buf_printf(&b, ", %llu that say the same in other words", (unsigned long long)r->meaning);
    if (r->against)
        buf_printf(&b, ", %llu with words of the %llu texts of --against (%llu of them too short to be looked for)",
                   (unsigned long long)r->contaminated, (unsigned long long)r->against, (unsigned long long)r->against_short);
    buf_printf(&b, "; %.1f s, %zu MB\n", seconds, r->memory >> 20);
    if (r->near) buf_add(&b, S("how alike the nearly same ones are, by similarity from:\n"));
    render_similar(r, &b);
    cli_say(cli, "%.*s", STR_ARG(str_trim_end(buf_str(&b))));
    buf_free(&b);
}

// ---- the command --------------------------------------------------------------------------------

static bool check_options(Cli *cli, Error *e)
{
    const Settings *s = &cli->settings;
    Str output = settings_str(s, OPTION_OUTPUT);
    if (cli->json && (!output.ptr || str_eq(output, S("-"))) && !settings_on(s, OPTION_DRY_RUN)) {
        error_set(e, ERROR_USAGE, "usage", "--json and the kept records cannot both go to standard output");
        return error_hint(e, "add --output FILE or --dry-run");
    }
    if (settings_has(s, OPTION_HITS) && !settings_has(s, OPTION_AGAINST)) {
        error_set(e, ERROR_USAGE, "usage", "--hits lists what --against finds");
        return error_hint(e, "add --against FILE");
    }
    return true;
}

static const float *embed(void *ctx, const Str *texts, size_t n, size_t *dimensions, Arena *a, Error *e)
{
    Embedder *embedder = ctx;
    const float *vectors = embedder_all(embedder, texts, n, a, e);
    *dimensions = embedder_dimensions(embedder);
    return vectors;
}

static bool run_sift(Cli *cli, Outputs *o, const Embeddings *embeddings, SiftReport *found, Error *e)
{
    const Settings *s = &cli->settings;
    bool dry = settings_on(s, OPTION_DRY_RUN);
    SiftOptions options = {
        .files = names_from(cli, cli->arguments.rest, cli->arguments.n),
        .n_files = cli->arguments.n,
        .field = settings_str(s, OPTION_FIELD),
        .keep = (SiftKeep)settings_choice(s, OPTION_KEEP),
        .threshold = settings_real(s, OPTION_THRESHOLD, 0.8),
        .memory = (size_t)settings_whole(s, OPTION_MEMORY, 0) << 20,
        .embed = embeddings->embedder ? embed : NULL,
        .embed_ctx = embeddings->embedder,
        .semantic_threshold = settings_real(s, OPTION_SEMANTIC_THRESHOLD, 0.9),
    };
    options.against = against_files(cli, &options.n_against);
    if ((!dry && !open_output(cli, o, TO_KEPT, OPTION_OUTPUT, e)) || !open_output(cli, o, TO_CLUSTERS, OPTION_CLUSTERS, e) ||
        !open_output(cli, o, TO_HITS, OPTION_HITS, e))
        return false;
    o->out = dry ? NULL : cli->out;
    SiftSink sink = {
        .write = dry ? NULL : write_kept,
        .clusters = o->open[TO_CLUSTERS] ? write_cluster : NULL,
        .hit = o->open[TO_HITS] ? write_hit : NULL,
        .ctx = o,
    };
    return sift(&options, &sink, found, e) && close_outputs(o, e);
}

static int act(Cli *cli, Error *e)
{
    Outputs outputs = {0};
    SiftReport found;
    Nanos began = clock_now(&system_clock);
    if (!check_options(cli, e)) return (int)e->kind;
    Embeddings embeddings = {.server = {.log = -1}};
    bool semantic = settings_on(&cli->settings, OPTION_SEMANTIC);
    if (semantic) signals_hold(true);  // so that a server that was started is ended
    bool ok = (!semantic || embeddings_open(cli, 0, &embeddings, e)) && run_sift(cli, &outputs, &embeddings, &found, e);
    if (semantic) embeddings_close(&embeddings);
    for (size_t i = 0; i < OUTPUTS; i++)
        if (outputs.open[i]) file_writer_abandon(&outputs.files[i]);
    if (!ok) return (int)e->kind;
    report(cli, &found, (double)(clock_now(&system_clock) - began) / NANOS_PER_SECOND);
    return 0;
}

const Command cmd_dedup = {
    .name = "dedup",
    .bit = ON_DEDUP,
    .arguments = "FILE...",
    .min_arguments = 1,
    .max_arguments = 10000,
    .summary = "take near-duplicates out of files of conversations",
    .details = "Reads JSON arrays, JSONL, CSV and Parquet: confab's own records, `messages`, `conversation`, ShareGPT's `conversations`, or "
               "any field or column named with --field. A CSV with columns for a conversation (id), a turn (turn) and its text has a turn a "
               "row; rows of one id that follow each other are one record. What is kept goes to --output, or to standard output, in the "
               "input's format and order, each record byte for byte; of Parquet a file of the same columns. Two conversations are near-duplicates when at least --threshold of their word "
               "5-grams are in both (Jaccard); each pair is compared exactly. With --semantic those are dropped too whose "
               "embeddings are near (--semantic-threshold, cosine); up to 100,000, or when they do not fit into --memory, each is compared with all, "
               "which takes four times as long for twice as many. --keep says which one stays: the first, the longest, a handwritten "
               "one, or the best judged: the one with the highest number as score, quality or rating, else the one with the fewest "
               "repeated turns, ends in the middle of a sentence and placeholders left over. --clusters FILE says what was dropped for what, and "
               "how alike they are. --against FILE drops what shares 13 words in a row (or all words of a text of 8 to 12) with an "
               "evaluation set, and --hits FILE lists where.",
    .examples = "confab dedup data.jsonl --output kept.jsonl --clusters clusters.jsonl\n"
                "confab dedup data.csv --field text --dry-run\n"
                "confab dedup train.jsonl --against eval.jsonl --hits hits.jsonl -o clean.jsonl",
    .act = act,
};
