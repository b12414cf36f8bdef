// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include "base/utf8.h"
#include "conversation/instructions.h"
#include "conversation/render.h"
#include "knowledge/knowledge.h"

// ---- opening ------------------------------------------------------------------------------------

static const Template *flow_texts(const Project *project, Arena *a);
static const Str *example_answers(const Project *project, Arena *a);

bool plan_open(const Project *project, const PlanSettings *settings, Arena *a, Plan **out, Problems *problems)
{
    Plan *plan = *out = arena_new(a, Plan, 1);
    *plan = (Plan){.project = project, .settings = *settings, .form = project->format.form};
    plan->form.max_exchanges = settings->max_exchanges;
    bool ok = dealer_open(project, settings->seed, settings->max_exchanges, a, &plan->dealer, problems);

    Str *instructions = arena_new(a, Str, settings->max_exchanges + (size_t)1);
    Str *schemas = arena_new(a, Str, settings->max_exchanges + (size_t)1);
    for (unsigned n = 1; n <= settings->max_exchanges; n++) {
        if (project->reach.output_format || project->appended) instructions[n] = form_instructions(&plan->form, n, a);
        schemas[n] = form_schema(&plan->form, n, &settings->schema, a);
    }
    plan->instructions = instructions;
    plan->schemas = schemas;
    plan->flows = flow_texts(project, a);
    plan->answers = example_answers(project, a);
    plan->participants = form_participants(&plan->form, a);
    char date[12];
    clock_date(settings->wall, date);
    plan->date = arena_str(a, str_from(date));
    const Partitions *partitions = &project->drawing.partitions;
    plan->partition = partitions->n ? partitions->items[project->partition].name : S("train");
    return ok;
}

void plan_close(Plan *plan)
{
    if (plan) dealer_close(plan->dealer);
}

const Project *plan_project(const Plan *plan) { return plan->project; }

const Form *plan_form(const Plan *plan) { return &plan->form; }

// A flow as a template of its own: "1. " and the pieces of the first stage, and so on.
static Template flow_text(const Flow *flow, const Form *form, Arena *a)
{
    size_t n = 0;
    for (size_t s = 0; s < flow->n; s++) n += flow->stages[s].text.n + 2;
    Segment *segments = arena_new(a, Segment, n);
    n = 0;
    for (size_t s = 0; s < flow->n; s++) {
        const Stage *stage = &flow->stages[s];
        segments[n++] = (Segment){.text = arena_printf(a, "%s%zu. ", s ? "\n" : "", s + 1)};
        for (size_t i = 0; i < stage->text.n; i++) segments[n++] = stage->text.segments[i];
        if (stage->participant != ANYONE)
            segments[n++] = (Segment){.text = arena_printf(a, " (%.*s)", STR_ARG(form->participants[stage->participant].name))};
    }
    return (Template){.segments = segments, .n = n};
}

static const Template *flow_texts(const Project *project, Arena *a)
{
    const OutputFormat *format = &project->format;
    Template *flows = arena_new(a, Template, format->n_flows);
    for (size_t i = 0; i < format->n_flows; i++) flows[i] = flow_text(&format->flows[i], &format->form, a);
    return flows;
}

static const Str *example_answers(const Project *project, Arena *a)
{
    Str *answers = arena_new(a, Str, project->examples.n);
    for (size_t i = 0; i < project->examples.n; i++)
        answers[i] = conversation_as_answer(&project->examples.items[i].conversation, &project->format.form, a);
    return answers;
}

// ---- an item ------------------------------------------------------------------------------------

static bool read_knowledge(PlanItem *item, size_t limit, Error *e);
static bool write_messages(PlanItem *item, Buf *text, Error *e);
static void list_params(PlanItem *item);

bool plan_item(const Plan *plan, uint64_t iteration, unsigned attempt, const Trim *trim, Arena *item_arena,
               PlanItem *out, Error *e)
{
    Trim none = {0};
    if (!trim) trim = &none;
    *out = (PlanItem){.plan = plan, .arena = item_arena};
    if (!dealer_draw(plan->dealer, iteration, attempt, item_arena, &out->drawn, e)) return false;
    size_t drawn = out->drawn.n_examples;
    out->n_shown = trim->examples_dropped < drawn ? drawn - trim->examples_dropped : 0;
    out->schema = plan->schemas[out->drawn.exchanges];
    list_params(out);
    Buf text = {.max = PLAN_PROMPT_MAX};
    bool ok = read_knowledge(out, trim->passage_limit, e) && write_messages(out, &text, e);
    buf_free(&text);
    return ok;
}

static void list_params(PlanItem *item)
{
    const Parameters *parameters = &item->plan->project->parameters;
    ChatParam *params = arena_new(item->arena, ChatParam, parameters->n);
    for (size_t i = 0; i < parameters->n; i++) {
        params[i] = (ChatParam){parameters->items[i].name, item->drawn.params[i]};
        // A project's own seed is the one that is sent.
        if (str_eq(params[i].name, S("seed"))) str_to_u64(params[i].json, &item->drawn.seed);
    }
    item->params = params;
    item->n_params = parameters->n;
}

static bool ends_sentence(Str text, size_t at)
{
    if (text.ptr[at - 1] == '\n') return true;
    Str wide = str_slice(text, at < 3 ? 0 : at - 3, at);
    if (str_eq(wide, S("。")) || str_eq(wide, S("！")) || str_eq(wide, S("？"))) return true;
    return (text.ptr[at - 1] == '.' || text.ptr[at - 1] == '!' || text.ptr[at - 1] == '?') && str_is_space(text.ptr[at]);
}

// Cut behind the last sentence that ends within the limit; empty where none does.
static Str cut_sentences(Str text, size_t limit)
{
    size_t at = limit;
    while (at > 0 && !ends_sentence(text, at)) at--;
    return str_trim_end(str_slice(text, 0, at));
}

// As many whole chunks as the limit holds, or else as many sentences of the first; *n becomes how many chunks it has.
static Str cut_passage(Str first, Str all, const Str *parts, size_t *n, size_t limit)
{
    if (limit == 0 || all.len <= limit) return all;
    size_t len = 0, whole = 0, i = 0;
    for (; i < *n; i++) {
        len += parts[2 * i].len + parts[2 * i + 1].len;
        if (len > limit) break;
        whole = len;
    }
    *n = i ? i : 1;
    return whole ? str_slice(all, 0, whole) : cut_sentences(first, limit);
}

// What a chunk of one document repeats of the one before it is left out, and the two read on.
static void join_overlap(const Chunk *before, const Chunk *chunk, Str *joint, Str *text)
{
    if (chunk->document != before->document || chunk->start >= before->end) return;
    *joint = S("");
    *text = str_slice(*text, (size_t)(before->end < chunk->end ? before->end - chunk->start : text->len), text->len);
}

static bool read_knowledge(PlanItem *item, size_t limit, Error *e)
{
    const Knowledge *k = item->plan->project->knowledge;
    Drawn *drawn = &item->drawn;
    if (drawn->n_chunks == 0) return true;
    Str *parts = arena_new(item->arena, Str, 2 * drawn->n_chunks);
    for (size_t i = 0; i < drawn->n_chunks; i++) {
        const Chunk *chunk = &k->chunks[drawn->chunks[i]];
        parts[2 * i] = i ? S("\n\n") : S("");
        if (!knowledge_chunk_text(k, chunk, item->arena, &parts[2 * i + 1], e)) return false;
        if (i) join_overlap(&k->chunks[drawn->chunks[i - 1]], chunk, &parts[2 * i], &parts[2 * i + 1]);
    }
    Str all = drawn->n_chunks == 1 ? parts[1] : arena_concat(item->arena, parts, 2 * drawn->n_chunks);
    item->knowledge = cut_passage(parts[1], all, parts, &drawn->n_chunks, limit);
    return true;
}

static bool fill(const PlanItem *item, const Template *prompt, Buf *text, Arena *a, Str *out, Error *e)
{
    ValueSource source = plan_source(item);
    buf_clear(text);
    if (!template_expand(prompt, &source, text, e)) return false;
    *out = arena_str(a, buf_str(text));
    return true;
}

static bool write_example(const PlanItem *item, uint32_t example, Buf *text, ChatMessage *out, Error *e)
{
    const Plan *plan = item->plan;
    const Example *shown = &plan->project->examples.items[example];
    PlanItem as_asked;
    plan_handwritten(plan, shown, item->arena, &as_asked);
    unsigned exchanges = form_exchanges(&plan->form, shown->conversation.n_turns);
    as_asked.drawn.exchanges = exchanges < plan->form.max_exchanges ? exchanges : plan->form.max_exchanges;
    out[0].role = S("user");
    out[1] = (ChatMessage){S("assistant"), plan->answers[example]};
    return fill(&as_asked, &plan->project->user_prompt, text, item->arena, &out[0].content, e);
}

static bool write_messages(PlanItem *item, Buf *text, Error *e)
{
    const Project *project = item->plan->project;
    size_t examples = project->drawing.examples_as == EXAMPLES_AS_TURNS ? item->n_shown : 0;
    ChatMessage *messages = arena_new(item->arena, ChatMessage, 2 + 2 * examples);
    size_t n = 0;
    Str system, user;
    if (!fill(item, &project->system_prompt, text, item->arena, &system, e)) return false;
    if (system.len) messages[n++] = (ChatMessage){S("system"), system};
    for (size_t i = 0; i < examples; i++, n += 2)
        if (!write_example(item, item->drawn.examples[i], text, &messages[n], e)) return false;
    if (!fill(item, &project->user_prompt, text, item->arena, &user, e)) return false;
    messages[n++] = (ChatMessage){S("user"), user};
    item->messages = messages;
    item->n_messages = n;
    return true;
}

// ---- handwritten --------------------------------------------------------------------------------

void plan_handwritten(const Plan *plan, const Example *example, Arena *item_arena, PlanItem *out)
{
    const Injections *injections = &plan->project->injections;
    int32_t *values = arena_new(item_arena, int32_t, injections->n);
    for (size_t i = 0; i < injections->n; i++) values[i] = NOT_DRAWN;
    *out = (PlanItem){.plan = plan, .handwritten = example, .arena = item_arena};
    out->drawn = (Drawn){.topic = NOT_DRAWN, .document = NOT_DRAWN, .style = NOT_DRAWN, .flow = NOT_DRAWN, .values = values};
    for (size_t i = 0; i < example->n_values; i++) {
        const ExampleValue *given = &example->values[i];
        if (given->variable.kind == VARIABLE_TEMPLATE) out->drawn.style = (int32_t)given->value;
        if (given->variable.kind == VARIABLE_INJECTION) values[given->variable.index] = (int32_t)given->value;
    }
}

bool plan_adds_example(const Plan *plan, const Example *example)
{
    const Drawing *drawing = &plan->project->drawing;
    return drawing->examples_add &&
           partition_uses_example(&drawing->partitions, plan->project->partition, example->partition);
}
