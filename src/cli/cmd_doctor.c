// SPDX-License-Identifier: Apache-2.0
//
// confab doctor: whether a run would reach its model. Shows what the settings resolve to, lists the
// server's models, and asks for one token: that answer decides. Without an address it checks the
// embedded model, and names the model servers that run on this machine.
#include "cli/commands.h"

#include "base/file.h"
#include "base/json.h"
#include "cli/locate.h"
#include "cli/model.h"
#include "cli/pdf_reader.h"
#include "llm/adapter.h"
#include "llm/discover.h"
#include "llm/judge.h"
#include "llm/models.h"

static const Nanos ASK_TIMEOUT = 60 * NANOS_PER_SECOND;
enum { MODELS_SHOWN = 20 };

typedef struct Report {
    Cli *cli;
    Model model;
    Str *models;           // listed by the server
    size_t n_models;
    FoundServer *servers;  // found on this machine
    size_t n_servers;
    bool answered;
    double seconds;        // of the answer
    Str project;           // absent: none
    PdfReaderState pdf;
} Report;

static bool write_chat(const Endpoint *endpoint, Buf *body)
{
    ChatMessage message = {S("user"), S("Say hello.")};
    ChatRequest request = {.messages = &message, .n_messages = 1, .max_tokens = 1};
    return endpoint->adapter->write_request(endpoint, &request, body);
}

static bool ask_one_token(Report *r, Error *e)
{
    const Endpoint *endpoint = &r->model.endpoints[0];
    Transport *t = &r->model.transport;
    HttpReply *reply;
    Judgement judgement;
    Buf body = {0};
    bool sent = write_chat(endpoint, &body) && http_post(t, endpoint, (Str){0}, buf_str(&body), ASK_TIMEOUT, &reply, e);
    buf_free(&body);
    if (!sent) return false;
    judge(reply, false, clock_wall(&system_clock), &r->cli->arena, &judgement);
    r->seconds = (double)(reply->done - reply->sent) / (double)NANOS_PER_SECOND;
    t->release(t->self, reply);
    r->answered = judgement.verdict == ANSWERED;
    if (!r->answered) *e = judgement.error;
    return r->answered;
}

static bool open_transport(Report *r, Error *e)
{
    r->model.transport_open = transport_open(&(TransportOptions){.ca_file = access_ca_file(&r->cli->environment)}, &r->model.transport, e);
    return r->model.transport_open;
}

static bool examine_address(Report *r, Error *e)
{
    Cli *cli = r->cli;
    const Endpoint *endpoint = &r->model.endpoints[0];
    Error why = {0};
    // Some servers have no list, or hide it: the chat decides.
    if (endpoint->models_url.ptr && !models_list(&r->model.transport, endpoint, ASK_TIMEOUT, &cli->arena, &r->models, &r->n_models, &why)) {
        why.warning = true;
        cli_report(cli, &why);
    }
    return model_begin(cli, &r->model, 0, 0, e) && ask_one_token(r, e);
}

static bool examine_embedded(Report *r, bool found, Error *e)
{
    Cli *cli = r->cli;
    r->n_servers = discover(&r->model.transport, usual_servers, n_usual_servers, NANOS_PER_SECOND, &cli->arena, &r->servers);
    return found && model_begin(cli, &r->model, 1, 1024, e) && ask_one_token(r, e);
}

static bool examine(Report *r, Error *e)
{
    bool ready = model_prepare(r->cli, true, &r->model, e);
    if (!ready && !r->model.local) return false;
    Error other;
    if (!open_transport(r, ready ? e : &other)) return false;
    return r->model.local ? examine_embedded(r, ready, e) : examine_address(r, e);
}

static void add_models(const Report *r, Buf *b)
{
    buf_printf(b, "models     %zu", r->n_models);
    for (size_t i = 0; i < r->n_models && i < MODELS_SHOWN; i++)
        buf_printf(b, "%s%.*s", i ? ", " : ": ", STR_ARG(r->models[i]));
    if (r->n_models > MODELS_SHOWN) buf_add(b, S(", …"));
    buf_add_char(b, '\n');
}

static void add_servers(const Report *r, Buf *b)
{
    for (size_t i = 0; i < r->n_servers; i++) {
        const FoundServer *s = &r->servers[i];
        buf_printf(b, "found      %s with %zu %s; use it with: LLM_API_URL=%.*s", s->title, s->n_models,
                   s->n_models == 1 ? "model" : "models", STR_ARG(s->url));
        if (s->n_models) buf_printf(b, " LLM_NAME=%.*s", STR_ARG(s->models[0]));
        if (s->wants_key) buf_add(b, S(" LLM_API_KEY=…"));
        buf_add_char(b, '\n');
    }
}

static void add_file(Buf *b, const char *label, Str path)
{
    bool there = path.ptr && file_exists(path.ptr);
    buf_printf(b, "%s  %.*s%s\n", label, STR_ARG(path.ptr ? path : S("none")), path.ptr && !there ? " (not there)" : "");
}

static void add_pdf_reader(const PdfReaderState *pdf, Buf *b)
{
    buf_printf(b, "pdf files  %s", pdf->name ? pdf->name : "none can be read: install poppler-utils");
    if (pdf->shared_library.ptr) buf_printf(b, ", %.*s (%.*s)", STR_ARG(pdf->shared_library), STR_ARG(pdf->version));
    else if (pdf->version.ptr) buf_printf(b, " %.*s", STR_ARG(pdf->version));
    buf_add_char(b, '\n');
}

static void render_text(const Report *r, Buf *b)
{
    const Model *m = &r->model;
    const Settings *s = &r->cli->settings;
    buf_add(b, S("confab     " CONFAB_VERSION "\n"));
    add_file(b, "config   ", s->user_file);
    if (r->project.ptr) buf_printf(b, "project    %.*s\n", STR_ARG(r->project));
    add_pdf_reader(&r->pdf, b);
    if (m->local) {
        add_file(b, "embedded ", m->server.model);
        add_file(b, "server   ", m->server.server);
        add_servers(r, b);
    } else if (m->n) {
        for (size_t i = 0; i < m->n; i++) {
            Str key = access_mask_key(m->endpoints[i].key, &r->cli->arena);
            buf_printf(b, "address    %.*s\n", STR_ARG(m->endpoints[i].shown));
            buf_printf(b, "api        %s\n", m->endpoints[i].adapter->title);
            buf_printf(b, "key        %.*s\n", STR_ARG(key.len ? key : S("none")));
        }
        add_models(r, b);
    }
    if (m->n && m->endpoints[0].model.ptr) buf_printf(b, "model      %.*s\n", STR_ARG(m->endpoints[0].model));
    if (r->answered)
        buf_printf(b, "chat       answered in %.0f ms\n", r->seconds * 1000);
    else
        buf_add(b, S("chat       no answer\n"));
}

static void add_text(Buf *b, const char *key, Str value)
{
    buf_printf(b, ",\"%s\":", key);
    if (value.ptr)
        json_write_string(b, value);
    else
        buf_add(b, S("null"));
}

static void add_names(Buf *b, const char *key, const Str *names, size_t n)
{
    buf_printf(b, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, names[i]);
    }
    buf_add_char(b, ']');
}

static void render_json(const Report *r, const Error *e, Buf *b)
{
    const Endpoint *first = r->model.n ? &r->model.endpoints[0] : NULL;
    buf_printf(b, "{\"version\":1,\"confab\":\"%s\",\"embedded\":%s", CONFAB_VERSION, r->model.local ? "true" : "false");
    add_text(b, "address", first ? first->shown : (Str){0});
    add_text(b, "api", first ? str_from(first->adapter->name) : (Str){0});
    add_text(b, "model", first ? first->model : (Str){0});
    add_names(b, "models", r->models, r->n_models);
    buf_add(b, S(",\"servers\":["));
    for (size_t i = 0; i < r->n_servers; i++) {
        buf_printf(b, "%s{\"title\":\"%s\"", i ? "," : "", r->servers[i].title);
        add_text(b, "url", r->servers[i].url);
        add_names(b, "models", r->servers[i].models, r->servers[i].n_models);
        buf_add_char(b, '}');
    }
    buf_add(b, S("],\"pdf\":{\"version\":"));
    json_write_string(b, r->pdf.version);
    add_text(b, "reader", str_from(r->pdf.name));
    add_text(b, "library", r->pdf.shared_library);
    buf_printf(b, "},\"chat\":{\"answered\":%s,\"seconds\":", r->answered ? "true" : "false");
    json_write_double(b, r->seconds);
    add_text(b, "error", e->what[0] ? str_from(e->what) : (Str){0});
    buf_add(b, S("}}\n"));
}

static int act(Cli *cli, Error *e)
{
    Report r = {.cli = cli};
    Buf b = {0};
    if (!locate_project_if_any(cli, &r.project, e)) return (int)e->kind;
    r.pdf = pdf_reader_state(cli);
    bool ok = examine(&r, e);
    if (cli->json)
        render_json(&r, e, &b);
    else
        render_text(&r, &b);
    print_safe(cli->out, buf_str(&b), true);
    buf_free(&b);
    model_end(&r.model);
    return ok ? 0 : (int)e->kind;
}

const Command cmd_doctor = {
    .name = "doctor",
    .bit = ON_DOCTOR,
    .arguments = "",
    .summary = "check that the model can be reached",
    .details = "Shows what reads PDF files and the resolved address, lists the server's models, and asks for one token. Without LLM_API_URL it checks "
               "the embedded model and names the model servers found on this machine with the line to use them.",
    .examples = "LLM_API_URL=http://localhost:11434 confab doctor",
    .act = act,
};
