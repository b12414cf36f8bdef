// SPDX-License-Identifier: Apache-2.0
#include "plan/values.h"

#include "base/json.h"
#include "knowledge/knowledge.h"

static Value text_value(Str text) { return (Value){.kind = text.ptr ? VALUE_TEXT : VALUE_NULL, .text = text}; }

static Value json_value(Str json) { return (Value){.kind = VALUE_JSON, .text = json}; }

static Value number_value(const PlanItem *item, uint64_t n)
{
    return json_value(arena_u64(item->arena, n));
}

static const Chunk *chunk_at(const PlanItem *item, size_t i)
{
    return &item->plan->project->knowledge->chunks[item->drawn.chunks[i]];
}

static Value topic_value(const PlanItem *item);
static Value document_value(const PlanItem *item);
static Value chunk_value(const PlanItem *item, NameId id);
static Value chunks_value(const PlanItem *item);
static Value document_hash(const PlanItem *item);
static Value examples_value(const PlanItem *item);
static Value example_numbers(const PlanItem *item);
static Value injection_value(const PlanItem *item, Ref ref);
static Value param_value(const PlanItem *item, uint32_t index);
static Value run_value(const PlanItem *item, NameId id);

ValueSource plan_source(const PlanItem *item)
{
    return (ValueSource){plan_value, (void *)(uintptr_t)item};
}

bool plan_value(void *ctx, Ref ref, Value *out)
{
    const PlanItem *item = ctx;
    const Plan *plan = item->plan;
    const Drawn *drawn = &item->drawn;
    const Styles *styles = &plan->project->styles;
    *out = (Value){.kind = VALUE_NULL};
    switch (ref.id) {
    case NAME_TOPIC: *out = topic_value(item); return true;
    case NAME_DOCUMENT: *out = document_value(item); return true;
    case NAME_KNOWLEDGE: *out = text_value(item->knowledge); return true;
    case NAME_CHUNK_ID: case NAME_CHUNK_NUMBER: case NAME_CHUNK_PAGE: case NAME_CHUNK_HEADING: case NAME_CHUNK_START:
    case NAME_CHUNK_END: *out = chunk_value(item, ref.id); return true;
    case NAME_DOCUMENT_SHA256: *out = document_hash(item); return true;
    case NAME_CHUNKS: *out = chunks_value(item); return true;
    case NAME_TEMPLATE:
        if (drawn->style >= 0) *out = value_from_template(&styles->items[drawn->style].text);
        return true;
    case NAME_TEMPLATE_NAME:
        if (drawn->style >= 0) *out = text_value(styles->items[drawn->style].name);
        return true;
    case NAME_FLOW:
        if (drawn->flow >= 0) *out = value_from_template(&plan->flows[drawn->flow]);
        return true;
    case NAME_EXAMPLES: *out = examples_value(item); return true;
    case NAME_EXAMPLES_IDS: *out = example_numbers(item); return true;
    case NAME_MAX_EXCHANGES: *out = number_value(item, plan->form.max_exchanges); return true;
    case NAME_EXCHANGES:
        if (drawn->exchanges) *out = number_value(item, drawn->exchanges);
        return true;
    case NAME_PARTICIPANTS: *out = text_value(plan->participants); return true;
    case NAME_PARTICIPANT: *out = text_value(plan->form.participants[ref.index].name); return true;
    case NAME_OUTPUT_FORMAT:
        if (drawn->exchanges) *out = text_value(plan->instructions[drawn->exchanges]);
        return true;
    case NAME_INJECTION: case NAME_INJECTION_LABEL: case NAME_INJECTION_COLUMN: *out = injection_value(item, ref); return true;
    case NAME_PARAM: *out = param_value(item, ref.index); return true;
    case NAME_ID: case NAME_INDEX: case NAME_RUN: case NAME_SEED: case NAME_PARTITION: case NAME_MODEL:
    case NAME_DATE: *out = run_value(item, ref.id); return true;
    default: return false;
    }
}

// ---- knowledge ----------------------------------------------------------------------------------

static Value bracketed(const PlanItem *item, VariableKind kind)
{
    const ExampleValue *given = example_value(item->handwritten, (Variable){.kind = kind});
    return given ? text_value(given->label) : (Value){.kind = VALUE_NULL};
}

static Value topic_value(const PlanItem *item)
{
    if (item->handwritten) return bracketed(item, VARIABLE_TOPIC);
    if (item->drawn.topic < 0) return (Value){.kind = VALUE_NULL};
    return text_value(item->plan->project->knowledge->topics[item->drawn.topic].name);
}

static Value document_value(const PlanItem *item)
{
    if (item->handwritten) return bracketed(item, VARIABLE_DOCUMENT);
    if (item->drawn.document < 0) return (Value){.kind = VALUE_NULL};
    return text_value(item->plan->project->knowledge->documents[item->drawn.document].name);
}

// "Fees > Refunds", or an absent Str.
static Str heading_of(const PlanItem *item, const Chunk *chunk)
{
    Str path[32];
    size_t n = knowledge_heading_path(item->plan->project->knowledge, chunk, path, 32);
    if (n == 0) return (Str){0};
    Buf text = {0};
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add(&text, S(" > "));
        buf_add(&text, path[i]);
    }
    Str out = arena_str(item->arena, buf_str(&text));
    buf_free(&text);
    return out;
}

static Value chunk_value(const PlanItem *item, NameId id)
{
    if (item->drawn.n_chunks == 0) return (Value){.kind = VALUE_NULL};
    const Chunk *chunk = chunk_at(item, 0);
    switch (id) {
    case NAME_CHUNK_ID: return text_value(knowledge_chunk_id(item->plan->project->knowledge, chunk, item->arena));
    case NAME_CHUNK_NUMBER: return number_value(item, chunk->number);
    case NAME_CHUNK_PAGE: return chunk->page ? number_value(item, chunk->page) : (Value){.kind = VALUE_NULL};
    case NAME_CHUNK_HEADING: return text_value(heading_of(item, chunk));
    case NAME_CHUNK_START: return number_value(item, chunk->start);
    default: return number_value(item, chunk->end);
    }
}

static Value document_hash(const PlanItem *item)
{
    if (item->handwritten || item->drawn.document < 0) return (Value){.kind = VALUE_NULL};
    const Document *d = &item->plan->project->knowledge->documents[item->drawn.document];
    return text_value(hash_hex(item->arena, d->sha256.bytes, sizeof d->sha256.bytes));
}

static Value chunks_value(const PlanItem *item)
{
    if (item->drawn.n_chunks == 0) return (Value){.kind = VALUE_NULL};
    const Knowledge *k = item->plan->project->knowledge;
    Buf json = {0};
    for (size_t i = 0; i < item->drawn.n_chunks; i++) {
        const Chunk *chunk = chunk_at(item, i);
        const Document *d = &k->documents[chunk->document];
        buf_add(&json, i ? S(",{\"id\":") : S("[{\"id\":"));
        json_write_string(&json, knowledge_chunk_id(k, chunk, item->arena));
        buf_add(&json, S(",\"document\":"));
        json_write_string(&json, d->path);
        buf_printf(&json, ",\"number\":%u,\"page\":", chunk->number);
        if (chunk->page) buf_add_u64(&json, chunk->page);
        else buf_add(&json, S("null"));
        buf_add(&json, S(",\"heading\":"));
        Str heading = heading_of(item, chunk);
        if (heading.ptr) json_write_string(&json, heading);
        else buf_add(&json, S("null"));
        buf_printf(&json, ",\"start\":%llu,\"end\":%llu,\"sha256\":", (unsigned long long)chunk->start,
                   (unsigned long long)chunk->end);
        json_write_string(&json, hash_hex(item->arena, d->sha256.bytes, sizeof d->sha256.bytes));
        buf_add_char(&json, '}');
    }
    buf_add_char(&json, ']');
    Value value = json_value(arena_str(item->arena, buf_str(&json)));
    buf_free(&json);
    return value;
}

// ---- examples, injections, parameters -----------------------------------------------------------

static Value examples_value(const PlanItem *item)
{
    const Project *project = item->plan->project;
    if (item->n_shown == 0 || project->drawing.examples_as != EXAMPLES_AS_TEXT) return (Value){.kind = VALUE_NULL};
    Str *parts = arena_new(item->arena, Str, 2 * item->n_shown);
    for (size_t i = 0; i < item->n_shown; i++) {
        parts[2 * i] = i ? S("\n\n") : S("");
        parts[2 * i + 1] = item->plan->answers[item->drawn.examples[i]];
    }
    return text_value(arena_concat(item->arena, parts, 2 * item->n_shown));
}

static void add_numbers(const PlanItem *item, Buf *json)
{
    buf_add_char(json, '[');
    for (size_t i = 0; i < item->n_shown; i++) {
        if (i) buf_add_char(json, ',');
        buf_add_u64(json, item->plan->project->examples.items[item->drawn.examples[i]].number);
    }
    buf_add_char(json, ']');
}

static Value example_numbers(const PlanItem *item)
{
    if (item->n_shown == 0) return (Value){.kind = VALUE_NULL};
    Buf json = {0};
    add_numbers(item, &json);
    Value value = json_value(arena_str(item->arena, buf_str(&json)));
    buf_free(&json);
    return value;
}

static Value injection_value(const PlanItem *item, Ref ref)
{
    int32_t drawn = item->drawn.values[ref.index];
    if (drawn < 0) return (Value){.kind = VALUE_NULL};
    const InjectionValue *value = &item->plan->project->injections.items[ref.index].values[drawn];
    if (ref.id == NAME_INJECTION_LABEL) return text_value(value->label);
    return ref.id == NAME_INJECTION_COLUMN ? value->fields[ref.field] : value->value;
}

static Value param_value(const PlanItem *item, uint32_t index)
{
    if (!item->drawn.params) return (Value){.kind = VALUE_NULL};
    Str json = item->drawn.params[index];
    if (str_eq(json, S("null"))) return (Value){.kind = VALUE_NULL};
    if (json.ptr[0] != '"') return json_value(json);
    json_t *string = json_loadb(json.ptr, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    Value value = text_value(arena_str(item->arena, json_str(string)));
    json_decref(string);
    return value;
}

// ---- the run ------------------------------------------------------------------------------------

static Value run_value(const PlanItem *item, NameId id)
{
    const PlanSettings *settings = &item->plan->settings;
    const Example *example = item->handwritten;
    switch (id) {
    case NAME_ID:
        if (example)
            return text_value(arena_printf(item->arena, "%.*s-example-%u", STR_ARG(settings->run), example->number));
        return text_value(arena_printf(item->arena, "%.*s-%llu", STR_ARG(settings->run),
                                       (unsigned long long)item->drawn.iteration));
    case NAME_INDEX: return example ? (Value){.kind = VALUE_NULL} : number_value(item, item->drawn.iteration);
    case NAME_SEED: return example ? (Value){.kind = VALUE_NULL} : number_value(item, item->drawn.seed);
    case NAME_MODEL: return example ? (Value){.kind = VALUE_NULL} : text_value(settings->model);
    case NAME_RUN: return text_value(settings->run);
    case NAME_PARTITION: return text_value(item->plan->partition);
    default: return text_value(item->plan->date);
    }
}

// ---- all that was drawn -------------------------------------------------------------------------

static void add_filled(const PlanItem *item, Ref ref, Buf *text, Str *texts, size_t *n)
{
    ValueSource source = plan_source(item);
    Value value;
    Error ignored;
    buf_clear(text);
    plan_value(source.ctx, ref, &value);
    if (value.kind == VALUE_NULL || !value_expand(&value, &source, text, &ignored) || text->len == 0) return;
    texts[(*n)++] = arena_str(item->arena, buf_str(text));
}

size_t plan_drawn_texts(const PlanItem *item, const Str **out)
{
    const Injections *injections = &item->plan->project->injections;
    size_t most = 4, n = 0;
    for (size_t i = 0; i < injections->n; i++) most += 2 + injections->items[i].n_columns;
    Str *texts = arena_new(item->arena, Str, most);
    Buf text = {.max = 8 << 20};
    static const NameId plain[] = {NAME_TOPIC, NAME_DOCUMENT, NAME_TEMPLATE, NAME_FLOW};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) add_filled(item, (Ref){.id = plain[i]}, &text, texts, &n);
    for (uint32_t i = 0; i < injections->n; i++) {
        if (item->drawn.values[i] < 0) continue;
        add_filled(item, (Ref){.id = NAME_INJECTION, .index = i}, &text, texts, &n);
        add_filled(item, (Ref){.id = NAME_INJECTION_LABEL, .index = i}, &text, texts, &n);
        for (uint32_t c = 0; c < injections->items[i].n_columns; c++)
            add_filled(item, (Ref){.id = NAME_INJECTION_COLUMN, .index = i, .field = c}, &text, texts, &n);
    }
    buf_free(&text);
    *out = texts;
    return n;
}

// Cuts every mention of `part` out of the texts; *n grows with the pieces.
static Str *cut_around(Str *texts, size_t *n, Str part, Arena *a)
{
    size_t pieces = 0, cap = 0;
    Str *out = NULL;
    for (size_t i = 0; i < *n; i++) {
        Str rest = texts[i];
        for (size_t at = 0; at != STR_NONE;) {
            at = str_find(rest, part);
            out = arena_grow(a, out, pieces, &cap, sizeof *out);
            out[pieces++] = at == STR_NONE ? rest : str_slice(rest, 0, at);
            if (at != STR_NONE) rest = str_slice(rest, at + part.len, rest.len);
        }
    }
    *n = pieces;
    return out;
}

size_t plan_asked_texts(const PlanItem *item, const Str **out)
{
    *out = NULL;
    if (item->n_messages == 0) return 0;
    size_t n = 1;
    Str *texts = arena_new(item->arena, Str, 1);
    texts[0] = item->messages[item->n_messages - 1].content;
    for (size_t i = 0; i < item->n_shown; i++)
        texts = cut_around(texts, &n, item->plan->answers[item->drawn.examples[i]], item->arena);
    *out = texts;
    return n;
}

static void add_key(Buf *out, Str key)
{
    if (out->ptr[out->len - 1] != '{') buf_add_char(out, ',');
    json_write_string(out, key);
    buf_add_char(out, ':');
}

static void add_text(Buf *out, Str key, Value value)
{
    if (value.kind != VALUE_TEXT) return;
    add_key(out, key);
    json_write_string(out, value.text);
}

static void add_chunk_ids(const PlanItem *item, Buf *out)
{
    add_key(out, S("chunks"));
    buf_add_char(out, '[');
    for (size_t i = 0; i < item->drawn.n_chunks; i++) {
        if (i) buf_add_char(out, ',');
        json_write_string(out, knowledge_chunk_id(item->plan->project->knowledge, chunk_at(item, i), item->arena));
    }
    buf_add_char(out, ']');
}

static void add_flow(const PlanItem *item, Buf *out)
{
    const Flow *flow = &item->plan->project->format.flows[item->drawn.flow];
    add_key(out, S("flow"));
    buf_add_char(out, '[');
    for (size_t i = 0; i < flow->n; i++) {
        if (i) buf_add_char(out, ',');
        json_write_string(out, flow->stages[i].text.source);
    }
    buf_add_char(out, ']');
}

void plan_drawn_json(const PlanItem *item, Buf *out)
{
    const Project *project = item->plan->project;
    const Drawn *drawn = &item->drawn;
    buf_add_char(out, '{');
    add_text(out, S("topic"), topic_value(item));
    add_text(out, S("document"), document_value(item));
    if (drawn->n_chunks) add_chunk_ids(item, out);
    if (drawn->style >= 0) add_text(out, S("template"), text_value(project->styles.items[drawn->style].name));
    if (drawn->flow >= 0) add_flow(item, out);
    if (drawn->exchanges) {
        add_key(out, S("exchanges"));
        buf_add_u64(out, drawn->exchanges);
    }
    if (item->n_shown) {
        add_key(out, S("examples"));
        add_numbers(item, out);
    }
    for (size_t i = 0; i < project->injections.n; i++) {
        const Injection *injection = &project->injections.items[i];
        if (drawn->values[i] >= 0) add_text(out, injection->name, text_value(injection->values[drawn->values[i]].label));
    }
    buf_add_char(out, '}');
}
