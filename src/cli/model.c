// SPDX-License-Identifier: Apache-2.0
#include "cli/model.h"

#include <unistd.h>

#include "base/path.h"
#include "cli/signals.h"
#include "llm/models.h"
#include "tokens/chat_learn.h"

static const Nanos LIST_TIMEOUT = 20 * NANOS_PER_SECOND, LOOK_TIMEOUT = 5 * NANOS_PER_SECOND, LEARN_TIME = 5 * NANOS_PER_SECOND;

static bool go_on_waiting(void *context, Nanos waited)
{
    (void)context;
    (void)waited;
    return *signals_interrupted() == 0;
}

Str model_data_folder(Cli *cli)
{
    Str base = str_from(environment_get(&cli->environment, "XDG_DATA_HOME"));
    if (base.len && base.ptr[0] == '/') return base;
    Str home = str_from(environment_get(&cli->environment, "HOME"));
    return path_join(&cli->arena, home.len ? home : S("/"), S(".local/share"));
}

LocalServerConfig model_local_config(Cli *cli)
{
    return (LocalServerConfig){
        .server = settings_str(&cli->settings, OPTION_LOCAL_SERVER),
        .model = settings_str(&cli->settings, OPTION_LOCAL_MODEL),
        .path = str_from(environment_get(&cli->environment, "PATH")),
        .data = model_data_folder(cli),
        .progress = go_on_waiting,
    };
}

static void report_warnings(Cli *cli, const Model *m)
{
    for (size_t i = 0; i < m->n; i++) {
        Error w = {0};
        if (!endpoint_warning(&m->endpoints[i], &w)) continue;
        w.warning = true;
        cli_report(cli, &w);
    }
}

bool model_prepare(Cli *cli, bool installed, Model *m, Error *e)
{
    *m = (Model){0};
    Access access;
    if (!prices_load(model_prices_file(cli), &cli->arena, &m->prices, e)) return false;
    Problems problems = {.arena = &cli->arena};
    bool ok = access_resolve(&cli->settings, &cli->arena, &access, &problems, e);
    cli_report_all(cli, &problems);
    if (!ok) return false;
    m->local = !access.url.ptr;
    if (m->local) {
        LocalServerConfig config = model_local_config(cli);
        return local_server_find(&config, &cli->arena, &m->server, e) || !installed;
    }
    Str api = str_eq(access.api, S("auto")) ? (Str){0} : access.api;
    if (!endpoint_list(access.url, api, access.key, access.model, &cli->arena, &m->endpoints, &m->n, e)) return false;
    report_warnings(cli, m);
    return true;
}

static bool begin_local(Cli *cli, Model *m, unsigned slots, unsigned slot_context, Error *e)
{
    LocalServerConfig config = model_local_config(cli);
    config.slots = slots;
    config.slot_context = slot_context;
    cli_say(cli, "Starting the embedded model %.*s", STR_ARG(path_stem(path_name(m->server.model))));
    if (!local_server_start(&config, &m->transport, &cli->arena, &m->server, e)) {
        if (*signals_interrupted()) error_set(e, (ErrorKind)signals_exit_code(), "interrupted", "nothing was started");
        return false;
    }
    m->endpoints = &m->server.endpoint;
    m->n = 1;
    return true;
}

static bool open_transport(Cli *cli, Model *m, Error *e)
{
    if (!m->transport_open) m->transport_open = transport_open(&(TransportOptions){.ca_file = access_ca_file(&cli->environment)}, &m->transport, e);
    return m->transport_open;
}

static void ask_home(Model *m)
{
    if (m->n == 1 && server_may_tell(&m->endpoints[0])) server_props(&m->transport, &m->endpoints[0], &m->props);
}

void model_look(Cli *cli, Model *m)
{
    Error ignored;
    if (m->n != 1 || !server_may_tell(&m->endpoints[0]) || !open_transport(cli, m, &ignored)) return;
    if (models_choose(&m->transport, &m->endpoints[0], LOOK_TIMEOUT, &cli->arena, &ignored)) ask_home(m);
}

bool model_begin(Cli *cli, Model *m, unsigned slots, unsigned slot_context, Error *e)
{
    if (!open_transport(cli, m, e)) return false;
    if (m->local) return begin_local(cli, m, slots, slot_context, e);
    for (size_t i = 0; i < m->n; i++)
        if (!models_choose(&m->transport, &m->endpoints[i], LIST_TIMEOUT, &cli->arena, e)) return false;
    ask_home(m);
    return true;
}

void model_end(Model *m)
{
    if (m->local) local_server_stop(&m->server);
    if (m->transport_open) transport_close(&m->transport);
    m->transport_open = false;
    for (size_t i = 0; i < m->n; i++) endpoint_forget(&m->endpoints[i]);
}

Str model_name(const Model *m)
{
    if (m->n) return m->endpoints[0].model;
    return m->local && m->server.model.ptr ? path_stem(path_name(m->server.model)) : (Str){0};
}

Str model_shown(const Model *m, Arena *a)
{
    Str name = model_name(m);
    if (m->local) return arena_printf(a, "%.*s (embedded)", STR_ARG(name.ptr ? name : S("not installed")));
    Buf b = {0};
    if (name.ptr) buf_printf(&b, "%.*s at ", STR_ARG(name));
    for (size_t i = 0; i < m->n; i++) buf_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(m->endpoints[i].shown));
    Str shown = arena_str(a, buf_str(&b));
    buf_free(&b);
    return shown;
}

unsigned model_default_concurrency(const Model *m)
{
    enum { REMOTE = 32, LOCAL_MIN = 4, LOCAL_MAX = 32, PER_CORE = 8 };
    if (!m->local) return REMOTE;
    // Beyond eight sequences a core, llama.cpp's batches get no faster, but each takes memory.
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long slots = cores * PER_CORE;
    return (unsigned)(slots < LOCAL_MIN ? LOCAL_MIN : slots > LOCAL_MAX ? LOCAL_MAX : slots);
}

ModelFacts model_facts(const Model *m)
{
    ModelFacts facts = prices_of(&m->prices, model_name(m));
    if (m->local) facts.pricing = (Pricing){.known = true};
    return facts;
}

Str model_prices_file(Cli *cli)
{
    Str config = cli->settings.user_file;
    return config.ptr ? path_join(&cli->arena, path_folder(config), S("prices.json")) : (Str){0};
}

// ---- measuring prompts --------------------------------------------------------------------------------

// A dozen answers are wanted, and a person waits: a server that takes its time for each is not asked on.
static bool may_ask(const Model *m) { return clock_now(&system_clock) < m->learn_until; }

static bool oracle_render(void *self, const ChatMessage *messages, size_t n, Arena *a, Str *prompt)
{
    Model *m = self;
    return may_ask(m) && server_render(&m->transport, &m->endpoints[0], messages, n, a, prompt);
}

static bool oracle_count(void *self, Str prompt, uint64_t *tokens)
{
    Model *m = self;
    return may_ask(m) && server_count_prompt(&m->transport, &m->endpoints[0], prompt, tokens);
}

// Of a server at home: its own template and window, where it tells them.
static void learn_server(Cli *cli, Model *m, Gauge *gauge)
{
    ChatOracle oracle = {oracle_render, oracle_count, m};
    Str usual = gauge->chat ? gauge->chat->name : (Str){0};
    for (size_t i = 0; i < m->n; i++) gauge->chat_unsure |= !m->endpoints[i].vendor;
    gauge->chat_unsure = gauge->chat_unsure && gauge->chat && chat_has_marks(gauge->chat);
    if (!m->props.told) return;
    if (m->props.context) gauge->window = m->props.context;
    if (!gauge->counter->exact) return;
    m->learn_until = clock_now(&system_clock) + LEARN_TIME;
    gauge->chat_unsure = !chat_learn(&oracle, usual, gauge->counter, &cli->arena, &m->chat);
    if (!gauge->chat_unsure) gauge->chat = &m->chat;
}

static void open_gauge(Cli *cli, const ModelFacts *facts, Str source, bool local, Counter *counter, Gauge *gauge)
{
    Error e = {0};
    model_gauge_close(counter, gauge);
    if (!counter_open(counter, source, model_data_folder(cli), &e) && cli->verbose) {
        e.warning = true;
        cli_report(cli, &e);
    }
    *gauge = (Gauge){.counter = counter, .chat = chat_template_of(facts->chat), .window = facts->window, .max_output = facts->max_output,
                     .local_model = local};
}

void model_gauge_open(Cli *cli, Model *m, Counter *counter, Gauge *gauge)
{
    ModelFacts facts = model_facts(m);
    // The embedded model's own file holds its vocabulary.
    open_gauge(cli, &facts, m->local && facts.tokenizer.ptr ? m->server.model : facts.tokenizer, m->local, counter, gauge);
    if (!m->local) learn_server(cli, m, gauge);
}

void model_gauge_close(Counter *counter, Gauge *gauge)
{
    counter_close(counter);
    gauge_free(gauge);
    *counter = (Counter){0};
    *gauge = (Gauge){0};
}
