// SPDX-License-Identifier: Apache-2.0
//
// confab tokens: how many tokens a text has for a model.
#include <fcntl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/model.h"
#include "tokens/counter.h"
#include "tokens/vocabulary_file.h"

enum { READ_SIZE = 256 << 10, IDS_AT_ONCE = 64 << 10 };

// The tokenizer that --encoding or the model's name gives.
static bool choose(Cli *cli, Str *out, Error *e)
{
    Prices prices;
    *out = settings_str(&cli->settings, OPTION_ENCODING);
    if (out->ptr) return true;
    Str model = settings_str(&cli->settings, OPTION_MODEL);
    *out = S("smollm2");
    if (!model.ptr) return true;
    if (!prices_load(model_prices_file(cli), &cli->arena, &prices, e)) return false;
    *out = prices_of(&prices, model).tokenizer;
    if (!out->ptr) cli_say(cli, "The tokenizer of %.*s is not known; prices.json can name it.", STR_ARG(model));
    return true;
}

static void flush_ids(Cli *cli, IdList *ids, bool *any)
{
    for (uint64_t i = 0; i < ids->n; i++) {
        fprintf(cli->out, *any ? " %u" : "%u", ids->ids[i]);
        *any = true;
    }
    ids->n = 0;
}

typedef struct Sums {
    Counter *counter;
    IdList ids;
    bool any;
    uint64_t guessed;
} Sums;

static void take(Cli *cli, Sums *s, Str part)
{
    if (!s->counter->exact) {
        s->guessed += tokens_guess(part);
        return;
    }
    tokenizer_feed(&s->counter->tokenizer, part, &s->ids);
    if (s->ids.keep && s->ids.n >= IDS_AT_ONCE) flush_ids(cli, &s->ids, &s->any);
}

static bool read_all(Cli *cli, int fd, const char *name, Sums *s, Error *e)
{
    char *bytes = mem_alloc(READ_SIZE);
    ssize_t n;
    while ((n = read(fd, bytes, READ_SIZE)) > 0) take(cli, s, (Str){bytes, (size_t)n});
    free(bytes);
    if (s->counter->exact) tokenizer_end(&s->counter->tokenizer, &s->ids);
    return n == 0 || error_errno(e, "read", name);
}

static bool count_file(Cli *cli, Counter *counter, Str file, Error *e)
{
    bool standard = str_eq(file, S("-")), ids = settings_on(&cli->settings, OPTION_IDS);
    const char *name = arena_cstr(&cli->arena, file);
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_errno(e, "open", name);
    Sums sums = {.counter = counter, .ids = {.keep = ids}};
    bool ok = read_all(cli, fd, name, &sums, e);
    if (!standard) close(fd);
    if (ok && ids) {
        flush_ids(cli, &sums.ids, &sums.any);
        fputc('\n', cli->out);
    } else if (ok) {
        fprintf(cli->out, "%s%llu\t", counter->exact ? "" : "≈", (unsigned long long)(counter->exact ? sums.ids.n : sums.guessed));
        print_safe(cli->out, file, false);
        fputc('\n', cli->out);
    }
    id_list_free(&sums.ids);
    return ok;
}

static int act(Cli *cli, Error *e)
{
    Str tokenizer;
    Counter counter;
    if (!choose(cli, &tokenizer, e)) return (int)e->kind;
    bool asked = settings_has(&cli->settings, OPTION_ENCODING);
    if (!counter_open(&counter, tokenizer, model_data_folder(cli), e)) {
        if ((asked && !vocabulary_known(tokenizer)) || settings_on(&cli->settings, OPTION_IDS)) return (int)e->kind;
        e->warning = true;
        cli_report(cli, e);
    }
    if (!counter.exact && settings_on(&cli->settings, OPTION_IDS)) {
        error_set(e, ERROR_USAGE, "vocabulary", "--ids needs a tokenizer");
        error_hint(e, "name one with --encoding");
        return (int)e->kind;
    }
    if (!counter.exact) cli_say(cli, "Numbers with ≈ are estimates: for 19 of 20 texts of prose within %d%%.", (int)GUESS_ERROR);
    bool ok = true;
    for (size_t i = 0; ok && i < cli->arguments.n; i++) ok = count_file(cli, &counter, cli->arguments.rest[i], e);
    counter_close(&counter);
    if (ok) *e = (Error){0};
    return ok ? 0 : (int)e->kind;
}

const Command cmd_tokens = {
    .name = "tokens",
    .bit = ON_TOKENS,
    .arguments = "FILE…",
    .min_arguments = 1,
    .max_arguments = 10000,
    .summary = "count the tokens of files",
    .details = "Prints the count and the file's name, or with --ids the tokens' numbers. The file - is standard input. Without "
               "--model and --encoding the embedded model's tokenizer counts. Without the tokenizer's vocabulary "
               "(scripts/fetch-vocabularies.sh) a count is an estimate and marked with ≈.",
    .examples = "confab tokens --model gpt-4o notes.txt\n"
                "cat notes.txt | confab tokens --encoding cl100k_base --ids -",
    .act = act,
};
