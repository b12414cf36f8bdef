// SPDX-License-Identifier: Apache-2.0
#include "cli/chunk_counter.h"

#include "base/path.h"
#include "cli/model.h"

// What counter_open is to open: a tokenizer's name, or the embedded model's own file.
static Str tokenizer_of(ChunkCounter *c, Str *model)
{
    Cli *cli = c->cli;
    Prices prices;
    Error e;
    *model = c->model.len ? c->model : settings_str(&cli->settings, OPTION_MODEL);
    if (!prices_load(model_prices_file(cli), &cli->arena, &prices, &e)) {
        e.warning = true;
        cli_report(cli, &e);
        prices_load((Str){0}, &cli->arena, &prices, &e);
    }
    LocalServer server = {0};
    LocalServerConfig config = model_local_config(cli);
    if (!settings_has(&cli->settings, OPTION_ENDPOINT)) local_server_find(&config, &cli->arena, &server, &e);
    Str embedded = server.model.ptr ? path_stem(path_name(server.model)) : (Str){0};
    bool local = embedded.ptr && (!model->len || str_eq(*model, embedded));
    if (local) *model = embedded;
    Str tokenizer = model->len ? prices_of(&prices, *model).tokenizer : (Str){0};
    return local && tokenizer.ptr ? server.model : tokenizer;
}

static Counter *open_counter(void *self)
{
    ChunkCounter *c = self;
    if (c->opened) return &c->counter;
    c->opened = true;
    Str model, tokenizer = tokenizer_of(c, &model);
    Error e = {0};
    if (counter_open(&c->counter, tokenizer, model_data_folder(c->cli), &e) && tokenizer.ptr) {
        c->name = str_from(c->counter.vocabulary.name);
        return &c->counter;
    }
    Error w = {.warning = true};
    if (tokenizer.ptr) {
        error_set(&w, ERROR_PROJECT, "tokens", "chunks are cut by an estimate (\xE2\x89\x88) of tokens: %s", e.what);
        error_hint(&w, "%s", e.hint);
    } else {
        error_set(&w, ERROR_PROJECT, "tokens", "chunks are cut by an estimate (\xE2\x89\x88) of tokens: the tokenizer of %.*s is not known",
                  STR_ARG(model.len ? model : S("the model")));
        error_hint(&w, model.len ? "name its \"tokenizer\" in prices.json (`confab help estimate`)" : "name the model with LLM_NAME or --model");
    }
    w.warning = true;
    cli_report(c->cli, &w);
    return &c->counter;
}

TokenSource chunk_counter_source(ChunkCounter *c) { return (TokenSource){open_counter, c}; }

void chunk_counter_close(ChunkCounter *c)
{
    counter_close(&c->counter);
    *c = (ChunkCounter){.cli = c->cli};
}
