// SPDX-License-Identifier: Apache-2.0
//
// Values that may hold placeholders are nodes of a graph: the templates together, the flows
// together, each injection's values together, each CSV column together. A node leads to those that
// any of its texts mentions. One value of a variable is drawn for a conversation, so a way round
// that needs two values of one variable is a cycle as well.
#include "project/reach.h"

enum { NODE_TEMPLATE, NODE_FLOW, NODE_INJECTIONS };

typedef struct Graph {
    const ReachParts *parts;
    size_t *first;        // node of each injection's values; its columns follow
    size_t n;
} Graph;

static Graph graph_open(const ReachParts *parts, Arena *a)
{
    Graph g = {.parts = parts, .first = arena_new(a, size_t, parts->injections->n + 1), .n = NODE_INJECTIONS};
    for (size_t i = 0; i < parts->injections->n; i++) {
        g.first[i] = g.n;
        g.n += 1 + parts->injections->items[i].n_columns;
    }
    return g;
}

static size_t node_of(const Graph *g, Ref ref)
{
    switch (ref.id) {
    case NAME_TEMPLATE: return NODE_TEMPLATE;
    case NAME_FLOW: return NODE_FLOW;
    case NAME_INJECTION: return g->first[ref.index];
    case NAME_INJECTION_COLUMN: return g->first[ref.index] + 1 + ref.field;
    default: return STR_NONE;
    }
}

static Ref ref_of(const Graph *g, size_t node)
{
    if (node == NODE_TEMPLATE) return (Ref){NAME_TEMPLATE, 0, 0};
    if (node == NODE_FLOW) return (Ref){NAME_FLOW, 0, 0};
    size_t i = 0;
    while (i + 1 < g->parts->injections->n && g->first[i + 1] <= node) i++;
    if (node == g->first[i]) return (Ref){NAME_INJECTION, (uint32_t)i, 0};
    return (Ref){NAME_INJECTION_COLUMN, (uint32_t)i, (uint32_t)(node - g->first[i] - 1)};
}

// ---- the texts of a node ------------------------------------------------------------------------

typedef void (*SeeTemplate)(void *ctx, const Template *t);

static void see_value(const Value *value, SeeTemplate see, void *ctx)
{
    if (value->kind == VALUE_TEMPLATE) see(ctx, value->template);
}

static void see_if_filled(const Template *t, SeeTemplate see, void *ctx)
{
    if (value_from_template(t).kind == VALUE_TEMPLATE) see(ctx, t);
}

// Calls `see` for each text of the node that has to be filled.
static void node_texts(const Graph *g, size_t node, SeeTemplate see, void *ctx)
{
    const ReachParts *parts = g->parts;
    Ref ref = ref_of(g, node);
    if (node == NODE_TEMPLATE) {
        for (size_t i = 0; i < parts->styles->n; i++) see_if_filled(&parts->styles->items[i].text, see, ctx);
    } else if (node == NODE_FLOW) {
        for (size_t f = 0; f < parts->format->n_flows; f++)
            for (size_t i = 0; i < parts->format->flows[f].n; i++)
                see_if_filled(&parts->format->flows[f].stages[i].text, see, ctx);
    } else {
        const Injection *in = &parts->injections->items[ref.index];
        for (size_t i = 0; i < in->n; i++)
            see_value(ref.id == NAME_INJECTION ? &in->values[i].value : &in->values[i].fields[ref.field], see, ctx);
    }
}

// ---- cycles and depth ---------------------------------------------------------------------------

// A way of more nodes than this is far too deep already; so recursion stays shallow.
enum { WAY_MAX = 64 };

typedef struct Check {
    Graph graph;
    Arena *arena;
    Problems *problems;
    unsigned char *state;    // 0 not seen, 1 on the way, 2 done
    unsigned *height;        // how many fillings deep the node's value is
    size_t *deepest;         // the node that makes it so deep
    bool *told;              // that a way leads from it back to it
    size_t way[WAY_MAX];
    size_t depth;
    bool ok;
} Check;

// Where a text of `from` mentions `to`.
typedef struct Mention {
    const Graph *graph;
    size_t to;
    const Template *text;
    const Segment *segment;
} Mention;

static void find_mention(void *ctx, const Template *t)
{
    Mention *m = ctx;
    for (size_t i = 0; i < t->n && !m->text; i++)
        if (node_of(m->graph, t->segments[i].ref) == m->to) m->text = t, m->segment = &t->segments[i];
}

static size_t add_name(const Check *c, size_t node, bool arrow, char *out, size_t size)
{
    Str name = ref_name(c->graph.parts->names, ref_of(&c->graph, node), c->arena);
    int n = snprintf(out, size, "%s{%.*s}", arrow ? " → " : "", STR_ARG(name));
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

static void report(Check *c, size_t from, size_t to, const char *what, const char *chain, const char *hint)
{
    Mention m = {.graph = &c->graph, .to = to};
    node_texts(&c->graph, from, find_mention, &m);
    Error *e = problems_new(c->problems, false, ERROR_PROJECT, "placeholder", "%s: %s", what, chain);
    if (m.text && m.text->origin.file.len) error_at_origin(e, &m.text->origin, m.segment->at);
    error_hint(e, "%s", hint);
    c->ok = false;
}

static void report_cycle(Check *c, size_t again)
{
    char chain[300];
    size_t first = 0, at = 0;
    while (c->way[first] != again) first++;
    for (size_t i = first; i <= c->depth; i++)
        at += add_name(c, i < c->depth ? c->way[i] : again, i > first, chain + at, sizeof chain - at);
    report(c, c->way[c->depth - 1], again, "values lead back to themselves", chain, "take this placeholder out");
}

static void report_depth(Check *c, size_t node)
{
    char chain[300];
    size_t at = 0, from = node, to = c->deepest[node];
    for (size_t next = node, i = 0; next != STR_NONE && i <= TEMPLATE_DEPTH; next = c->deepest[next], i++)
        at += add_name(c, next, i > 0, chain + at, sizeof chain - at);
    report(c, from, to, "values mention values more than 8 deep", chain, "write the innermost text where it is mentioned");
}

static void visit(Check *c, size_t node);

typedef struct Visit {
    Check *check;
    size_t node;
} Visit;

static void visit_text(void *ctx, const Template *t)
{
    Visit *v = ctx;
    Check *c = v->check;
    if (c->height[v->node] == 0) c->height[v->node] = 1;
    for (size_t i = 0; i < t->n; i++) {
        size_t next = node_of(&c->graph, t->segments[i].ref);
        if (next == STR_NONE) continue;
        if (c->state[next] == 1) {
            // Told once: the same way round shows in every value that takes it.
            if (!c->told[next]) report_cycle(c, next);
            c->told[next] = true;
            continue;
        }
        if (c->state[next] == 0 && c->depth < WAY_MAX) visit(c, next);
        if (c->height[next] < c->height[v->node]) continue;
        c->height[v->node] = c->height[next] + 1;
        c->deepest[v->node] = next;
    }
}

static void visit(Check *c, size_t node)
{
    c->state[node] = 1;
    c->way[c->depth++] = node;
    Visit v = {c, node};
    node_texts(&c->graph, node, visit_text, &v);
    c->depth--;
    c->state[node] = 2;
    if (c->height[node] == TEMPLATE_DEPTH + 1) report_depth(c, node);
}

bool reach_check(const ReachParts *parts, Arena *a, Problems *problems)
{
    Check c = {.graph = graph_open(parts, a), .arena = a, .problems = problems, .ok = true};
    c.state = arena_new(a, unsigned char, c.graph.n);
    c.height = arena_new(a, unsigned, c.graph.n);
    c.deepest = arena_new(a, size_t, c.graph.n);
    c.told = arena_new(a, bool, c.graph.n);
    for (size_t i = 0; i < c.graph.n; i++) c.deepest[i] = STR_NONE;
    for (size_t i = 0; i < c.graph.n; i++)
        if (c.state[i] == 0) visit(&c, i);
    return c.ok;
}

// ---- what is always there -----------------------------------------------------------------------

// A node that holds the name whatever is drawn of it: each of its texts does.
typedef struct Always {
    Graph graph;
    NameId id;
    size_t texts;          // of the node looked at that hold the name
    unsigned char *known;  // of each node: 0 not yet, 1 no, 2 yes
} Always;

static bool always_in(Always *w, const Template *t);

static void count_text(void *ctx, const Template *t)
{
    Always *w = ctx;
    size_t texts = w->texts;
    w->texts = texts + always_in(w, t);
}

static size_t drawn_from(const Graph *g, Ref ref)
{
    if (ref.id == NAME_TEMPLATE) return g->parts->styles->n;
    return ref.id == NAME_FLOW ? STR_NONE : g->parts->injections->items[ref.index].n;
}

static bool always_in(Always *w, const Template *t)
{
    for (size_t i = 0; i < t->n; i++) {
        Ref ref = t->segments[i].ref;
        size_t node = node_of(&w->graph, ref);
        if (ref.id == w->id) return true;
        if (node == STR_NONE) continue;
        if (!w->known[node]) {
            w->texts = 0;
            node_texts(&w->graph, node, count_text, w);
            w->known[node] = w->texts > 0 && w->texts == drawn_from(&w->graph, ref) ? 2 : 1;
        }
        if (w->known[node] == 2) return true;
    }
    return false;
}

bool reach_always(const ReachParts *parts, NameId id, Arena *a)
{
    Always w = {.graph = graph_open(parts, a), .id = id};
    w.known = arena_new(a, unsigned char, w.graph.n);
    return always_in(&w, parts->prompts[0]) || always_in(&w, parts->prompts[1]);
}

// ---- what can be reached ------------------------------------------------------------------------

typedef struct Walk {
    Graph graph;
    Arena *arena;
    bool *seen;
    size_t *open;       // nodes whose texts are still to be looked at
    size_t n_open;
    Ref *refs;
    size_t n, cap;
} Walk;

static bool has_ref(const Walk *w, Ref ref)
{
    for (size_t i = 0; i < w->n; i++)
        if (ref_eq(w->refs[i], ref)) return true;
    return false;
}

static void walk_text(void *ctx, const Template *t)
{
    Walk *w = ctx;
    for (size_t i = 0; i < t->n; i++) {
        Ref ref = t->segments[i].ref;
        size_t node = ref.id == NAME_NONE ? STR_NONE : node_of(&w->graph, ref);
        if (ref.id == NAME_NONE || (node != STR_NONE ? w->seen[node] : has_ref(w, ref))) continue;
        w->refs = arena_grow(w->arena, w->refs, w->n, &w->cap, sizeof *w->refs);
        w->refs[w->n++] = ref;
        if (node == STR_NONE) continue;
        w->seen[node] = true;
        w->open[w->n_open++] = node;
    }
}

static Walk walk_open(const ReachParts *parts, Arena *a)
{
    Walk w = {.graph = graph_open(parts, a), .arena = a};
    w.seen = arena_new(a, bool, w.graph.n);
    w.open = arena_new(a, size_t, w.graph.n);
    return w;
}

static void walk_from(Walk *w, const Template *t)
{
    walk_text(w, t);
    while (w->n_open) node_texts(&w->graph, w->open[--w->n_open], walk_text, w);
}

size_t reach_refs(const ReachParts *parts, const Template *from, Arena *a, Ref **out)
{
    Walk w = walk_open(parts, a);
    walk_from(&w, from);
    *out = w.refs;
    return w.n;
}

static void mark_ref(Reach *reach, Ref ref)
{
    switch (ref.id) {
    case NAME_TOPIC: reach->topic = true; break;
    case NAME_DOCUMENT: case NAME_DOCUMENT_SHA256: reach->document = true; break;
    case NAME_KNOWLEDGE: case NAME_CHUNKS: case NAME_CHUNK_ID: case NAME_CHUNK_NUMBER: case NAME_CHUNK_PAGE:
    case NAME_CHUNK_HEADING: case NAME_CHUNK_START: case NAME_CHUNK_END: reach->passage = true; break;
    case NAME_TEMPLATE: case NAME_TEMPLATE_NAME: reach->template = true; break;
    case NAME_FLOW: reach->flow = true; break;
    case NAME_EXAMPLES: case NAME_EXAMPLES_IDS: reach->examples = true; break;
    case NAME_OUTPUT_FORMAT: reach->output_format = true; break;
    case NAME_INJECTION: case NAME_INJECTION_LABEL: case NAME_INJECTION_COLUMN: reach->injections[ref.index] = true; break;
    default: break;
    }
}

static void mark_needs(const Injections *all, uint32_t index, Reach *reach)
{
    const Injection *in = &all->items[index];
    reach->topic |= in->needs_topic;
    reach->document |= in->needs_document;
    reach->template |= in->needs_template;
    for (size_t i = 0; i < in->n_needs; i++) {
        if (reach->injections[in->needs[i]]) continue;
        reach->injections[in->needs[i]] = true;
        mark_needs(all, in->needs[i], reach);
    }
}

void reach_find(const ReachParts *parts, Arena *a, Reach *out)
{
    size_t n = parts->injections->n;
    *out = (Reach){.injections = arena_new(a, bool, n + 1), .told = arena_new(a, bool, n + 1)};
    Walk w = walk_open(parts, a);
    for (size_t i = 0; i < 2; i++) walk_from(&w, parts->prompts[i]);
    for (size_t i = 0; i < w.n; i++) mark_ref(out, w.refs[i]);
    out->document |= out->passage;
    out->topic |= out->document;
    out->told_topic = out->topic;
    out->told_template = out->template;
    for (uint32_t i = 0; i < n; i++) out->told[i] = out->injections[i];
    for (uint32_t i = 0; i < n; i++)
        if (out->told[i]) mark_needs(parts->injections, i, out);
    out->topic |= out->document;
}
