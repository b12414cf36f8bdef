// SPDX-License-Identifier: Apache-2.0
#include "cli/embeddings.h"

#include "base/path.h"
#include "cli/access.h"
#include "cli/model.h"
#include "cli/signals.h"
#include "llm/models.h"

#define LIST_TIMEOUT (20 * NANOS_PER_SECOND)
#define TIMEOUT (120 * NANOS_PER_SECOND)

static bool go_on(void *ctx)
{
    (void)ctx;
    return *signals_interrupted() == 0;
}

// The project's .env must not send a key from elsewhere to an address of its own.
static bool check_trust(const Settings *s, Arena *a, Error *e)
{
    const Setting *url = &s->items[OPTION_EMBEDDINGS_URL], *key = &s->items[OPTION_EMBEDDINGS_KEY];
    if (!key->value.ptr || key->origin == FROM_PROJECT || url->origin != FROM_PROJECT || settings_on(s, OPTION_TRUST_PROJECT)) return true;
    error_set(e, ERROR_USAGE, "trust", "the project's .env would send your key (from %.*s) to %.*s",
              STR_ARG(setting_place(s, OPTION_EMBEDDINGS_KEY, a)), STR_ARG(access_mask_url(url->value, a)));
    return error_hint(e, "unset the key, put the project's own key into its .env, or say --trust-project");
}

// The chat's endpoint, the first of several. False without an error: there is none.
static bool chat_endpoint(Cli *cli, Endpoint *out, Error *e)
{
    Access access;
    Endpoint *list;
    size_t n;
    Problems problems = {.arena = &cli->arena};
    *e = (Error){0};
    if (!settings_has(&cli->settings, OPTION_ENDPOINT)) return false;
    bool ok = access_resolve(&cli->settings, &cli->arena, &access, &problems, e) &&
              endpoint_list(access.url, str_eq(access.api, S("auto")) ? (Str){0} : access.api, access.key, access.model, &cli->arena, &list, &n, e);
    if (ok) *out = list[0];
    return ok;
}

static bool named_endpoint(Cli *cli, Str url, Str model, Embeddings *m, Error *e)
{
    Settings *s = &cli->settings;
    Endpoint chat, own;
    Str key = settings_str(s, OPTION_EMBEDDINGS_KEY);
    if (!check_trust(s, &cli->arena, e) || !embed_endpoint(url, key, model, &cli->arena, &own, e)) return false;
    bool project_names_it = s->items[OPTION_EMBEDDINGS_URL].origin == FROM_PROJECT && s->items[OPTION_ENDPOINT].origin != FROM_PROJECT;
    if (!key.ptr && !project_names_it && chat_endpoint(cli, &chat, e) && str_eq(chat.base, own.base)) own.key = chat.key;
    *e = (Error){0};
    m->endpoint = own;
    return true;
}

static bool start_local(Cli *cli, Str model, Embeddings *m, Error *e)
{
    LocalServerConfig config = model_local_config(cli);
    if (model.len) config.model = model;
    config.embeddings = true;
    config.slots = 2;
    m->local = true;
    if (!local_server_find(&config, &cli->arena, &m->server, e)) return false;
    cli_say(cli, "Starting %.*s for embeddings", STR_ARG(path_stem(path_name(m->server.model))));
    if (!local_server_start(&config, &m->transport, &cli->arena, &m->server, e)) {
        if (*signals_interrupted()) error_set(e, (ErrorKind)signals_exit_code(), "interrupted", "nothing was started");
        return false;
    }
    Endpoint *chat = &m->server.endpoint;
    return embed_endpoint(chat->base, chat->key, chat->model, &cli->arena, &m->endpoint, e);
}

static bool find_endpoint(Cli *cli, Embeddings *m, Error *e)
{
    Endpoint chat;
    Str url = settings_str(&cli->settings, OPTION_EMBEDDINGS_URL), model = settings_str(&cli->settings, OPTION_EMBEDDINGS_MODEL);
    if (url.ptr) return named_endpoint(cli, url, model, m, e);
    if (chat_endpoint(cli, &chat, e)) return embed_endpoint_beside(&chat, model, &cli->arena, &m->endpoint, e);
    return !e->kind && start_local(cli, model, m, e);
}

bool embeddings_open(Cli *cli, unsigned concurrency, Embeddings *m, Error *e)
{
    *m = (Embeddings){.server = {.log = -1}};
    const Settings *s = &cli->settings;
    m->transport_open = transport_open(&(TransportOptions){.ca_file = access_ca_file(&cli->environment)}, &m->transport, e);
    if (!m->transport_open || !find_endpoint(cli, m, e)) return false;
    if (!models_choose(&m->transport, &m->endpoint, LIST_TIMEOUT, &cli->arena, e)) {
        if (e->kind == ERROR_USAGE) error_hint(e, "name the model of the embeddings with --embeddings-model");
        return false;
    }
    Error warning = {0};
    if (endpoint_warning(&m->endpoint, &warning)) cli_report(cli, &warning);
    m->embedder = embedder_new(&(EmbedderOptions){
        .transport = &m->transport,
        .clock = &system_clock,
        .endpoint = &m->endpoint,
        .concurrency = m->local ? 2 : concurrency ? concurrency : 8,
        .rpm = settings_real(s, OPTION_RPM, 0),
        .tpm = settings_real(s, OPTION_TPM, 0),
        .timeout = TIMEOUT,
        .go_on = go_on,
    });
    return true;
}

void embeddings_close(Embeddings *m)
{
    embedder_free(m->embedder);
    if (m->local) local_server_stop(&m->server);
    if (m->transport_open) transport_close(&m->transport);
    endpoint_forget(&m->endpoint);
    *m = (Embeddings){.server = {.log = -1}};
}

Pricing embeddings_pricing(const Cli *cli, const Prices *prices)
{
    const Settings *s = &cli->settings;
    Str model = settings_str(s, OPTION_EMBEDDINGS_MODEL);
    if (!settings_has(s, OPTION_EMBEDDINGS_URL) && !settings_has(s, OPTION_ENDPOINT)) return (Pricing){.known = true};
    return model.ptr ? prices_of(prices, model).pricing : (Pricing){0};
}
