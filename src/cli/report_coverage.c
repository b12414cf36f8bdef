// SPDX-License-Identifier: Apache-2.0
#include "cli/report_coverage.h"

#include "base/json.h"

typedef struct Values {
    CoverageValue *items;
    size_t n;
} Values;

typedef struct SetUp {
    CoverageFeed *feed;
    const Project *project;
    Report *report;
    Arena *arena;
} SetUp;

static Values values_for(SetUp *s, size_t most) { return (Values){.items = arena_new(s->arena, CoverageValue, most + 1)}; }

static void add(Values *v, Str key, Str name, double share) { v->items[v->n++] = (CoverageValue){key, name, share, 0}; }

// Weights as shares of their sum.
static void scale(Values *v)
{
    double sum = 0;
    for (size_t i = 0; i < v->n; i++) sum += v->items[i].share;
    for (size_t i = 0; i < v->n; i++) v->items[i].share = sum > 0 ? v->items[i].share / sum : -1;
}

static void forget_shares(Values *v)
{
    for (size_t i = 0; i < v->n; i++) v->items[i].share = -1;
}

static void put(SetUp *s, Str name, const char *kind, Str key, bool asked, const Values *v)
{
    Report *r = s->report;
    if (r->n_coverage == COVERAGE_VARIABLES || !v->n) return;
    Buf raw = {0};
    json_write_string(&raw, key);
    s->feed->keys[s->feed->n] = arena_str(s->arena, buf_str(&raw));
    s->feed->asked[s->feed->n++] = asked;
    buf_free(&raw);
    coverage_init(&r->coverage[r->n_coverage++], name, kind, v->items, v->n, s->arena);
}

// ---- the knowledge ------------------------------------------------------------------------------

static bool document_usable(const Project *p, size_t document)
{
    const Document *d = &p->knowledge->documents[document];
    double weight = d->weight;
    drawing_document_weight(&p->drawing, d->path, &weight);
    return d->n_chunks && weight > 0 && drawing_topic_weight(&p->drawing, d->topic) > 0 &&
           (!p->drawing.partitions.n || partition_uses_document(&p->drawing.partitions, p->partition, p->document_partitions[document]));
}

static void put_topics(SetUp *s)
{
    const Project *p = s->project;
    Values v = values_for(s, p->knowledge->n_topics);
    for (size_t i = 0; i < p->knowledge->n_topics; i++) {
        const Topic *t = &p->knowledge->topics[i];
        bool usable = false;
        for (uint32_t d = 0; d < t->n_documents && !usable; d++) usable = document_usable(p, t->first_document + d);
        if (usable) add(&v, t->name, t->name, drawing_topic_weight(&p->drawing, t->name));
    }
    if (p->drawing.deal == DEAL_TOPIC) scale(&v);
    else forget_shares(&v);
    put(s, S("topic"), "knowledge", S("topic"), false, &v);
}

// A document is told by its file's name, which several topics may have; its path is put together from both.
static void put_documents(SetUp *s)
{
    const Project *p = s->project;
    Values v = values_for(s, p->knowledge->n_documents);
    for (size_t i = 0; i < p->knowledge->n_documents; i++)
        if (document_usable(p, i)) add(&v, p->knowledge->documents[i].path, p->knowledge->documents[i].path, -1);
    put(s, S("document"), "knowledge", S("document"), false, &v);
}

static void put_passages(SetUp *s)
{
    const Knowledge *k = s->project->knowledge;
    if (k->n_chunks > COVERAGE_VALUES) return;
    Values v = values_for(s, k->n_chunks);
    for (size_t i = 0; i < k->n_chunks; i++) {
        const Chunk *c = &k->chunks[i];
        if (!document_usable(s->project, c->document)) continue;
        Str name = arena_printf(s->arena, "%.*s chunk %u", STR_ARG(k->documents[c->document].path), c->number);
        add(&v, knowledge_chunk_id(k, c, s->arena), name, -1);
    }
    put(s, S("passage"), "knowledge", S("chunks"), false, &v);
}

// ---- everything else ----------------------------------------------------------------------------

static void put_templates(SetUp *s)
{
    const Styles *styles = &s->project->styles;
    Values v = values_for(s, styles->n);
    for (size_t i = 0; i < styles->n; i++)
        if (styles->items[i].weight > 0) add(&v, styles->items[i].name, styles->items[i].name, styles->items[i].weight);
    scale(&v);
    put(s, S("template"), "templates.txt", S("template"), false, &v);
}

static void put_flows(SetUp *s)
{
    const OutputFormat *format = &s->project->format;
    Values v = values_for(s, format->n_flows);
    for (size_t i = 0; i < format->n_flows; i++) {
        const Flow *flow = &format->flows[i];
        Buf key = {0};
        for (size_t k = 0; k < flow->n; k++) {
            buf_add(&key, k ? S(",") : S("["));
            json_write_string(&key, flow->stages[k].text.source);
        }
        buf_add_char(&key, ']');
        add(&v, arena_str(s->arena, buf_str(&key)), arena_printf(s->arena, "flow %zu", i + 1), 1);
        buf_free(&key);
    }
    scale(&v);
    put(s, S("flow"), "output-format.json", S("flow"), false, &v);
}

static void put_injection(SetUp *s, uint32_t number)
{
    const Injection *injection = &s->project->injections.items[number];
    const Partitions *partitions = &s->project->drawing.partitions;
    Values v = values_for(s, injection->n);
    for (size_t i = 0; i < injection->n; i++) {
        const InjectionValue *value = &injection->values[i];
        if (value->weight > 0 && (!partitions->n || partition_uses_value(partitions, s->project->partition, number, value->partition)))
            add(&v, value->label, value->label, value->weight);
    }
    // Where a value depends on another, its share depends on how often that one comes.
    if (injection->conditional) forget_shares(&v);
    else scale(&v);
    put(s, injection->name, "injection", injection->name, false, &v);
}

static void put_asked(SetUp *s)
{
    const OutputFormat *format = &s->project->format;
    for (size_t i = 0; i < format->n_labels; i++) {
        if (format->labels[i].asked < 0) continue;
        const AskedLabel *asked = &format->form.labels[format->labels[i].asked];
        Values v = values_for(s, asked->n_of);
        for (size_t k = 0; k < asked->n_of; k++) add(&v, asked->of[k], asked->of[k], -1);
        put(s, format->labels[i].name, "asked label", format->labels[i].name, true, &v);
    }
}

void report_coverage_set_up(CoverageFeed *f, const Project *project, Report *report, Arena *a)
{
    SetUp s = {f, project, report, a};
    const Reach *reach = &project->reach;
    if (reach->topic) put_topics(&s);
    if (reach->document) put_documents(&s);
    if (reach->passage) put_passages(&s);
    if (reach->template) put_templates(&s);
    if (reach->flow) put_flows(&s);
    for (uint32_t i = 0; i < project->injections.n; i++)
        if (reach->injections[i]) put_injection(&s, i);
    put_asked(&s);
}

// ---- rows ---------------------------------------------------------------------------------------

static Str plain(CoverageFeed *f, Str raw)
{
    buf_clear(&f->text);
    json_slice_text(&f->text, raw);
    return buf_str(&f->text);
}

static void count(CoverageFeed *f, size_t at, const ExportRow *row, Str raw, Report *report)
{
    JsonWalk w = {.text = raw};
    Str item;
    if (str_eq(f->keys[at], S("\"chunks\""))) {
        while (json_walk_item(&w, &item)) report_drawn(report, at, plain(f, item));
    } else if (str_eq(f->keys[at], S("\"document\""))) {
        buf_clear(&f->text);
        json_slice_text(&f->text, row->topic);
        buf_add_char(&f->text, '/');
        json_slice_text(&f->text, raw);
        report_drawn(report, at, buf_str(&f->text));
    } else if (!json_slice_is_null(raw)) {
        report_drawn(report, at, plain(f, raw));
    }
}

// The members come in the order of the variables, so the next one is nearly always it.
static void count_members(CoverageFeed *f, Str object, bool asked, const ExportRow *row, Report *report)
{
    JsonWalk w = {.text = object};
    Str key, value;
    size_t next = 0;
    while (json_walk_member(&w, &key, &value))
        for (size_t i = 0; i < f->n; i++) {
            size_t at = (next + i) % f->n;
            if (f->asked[at] != asked || !str_eq(f->keys[at], key)) continue;
            count(f, at, row, value, report);
            next = at + 1;
            break;
        }
}

void report_coverage_row(CoverageFeed *f, const ExportRow *row, Report *report)
{
    if (!f->n) return;
    count_members(f, row->drawn, false, row, report);
    count_members(f, row->labels, true, row, report);
}

void report_coverage_free(CoverageFeed *f) { buf_free(&f->text); }
