// SPDX-License-Identifier: Apache-2.0
#include "run/assess.h"

#include "conversation/answer.h"
#include "conversation/check.h"
#include "conversation/render.h"

// The literal pieces of a prompt, one text each: a run of words never crosses a placeholder.
static size_t own_texts(const Template *prompt, Str *out)
{
    size_t n = 0;
    for (size_t i = 0; i < prompt->n; i++)
        if (prompt->segments[i].ref.id == NAME_NONE) out[n++] = prompt->segments[i].text;
    return n;
}

static void index_examples(Assessor *assessor, const Project *project, Arena *run)
{
    const Examples *examples = &project->examples;
    assessor->examples = arena_new(run, LeakIndex, examples->n);
    for (size_t i = 0; i < examples->n; i++) {
        const Conversation *c = &examples->items[i].conversation;
        Str *turns = arena_new(run, Str, c->n_turns);
        for (size_t t = 0; t < c->n_turns; t++) turns[t] = c->turns[t].text;
        leak_index_build(&assessor->examples[i], run, turns, c->n_turns, LEAK_WORDS_EXAMPLE);
    }
}

void assessor_init(Assessor *assessor, const Plan *plan, const Recorder *recorder, Arena *run)
{
    const Project *project = plan_project(plan);
    *assessor = (Assessor){.plan = plan, .recorder = recorder};
    Str *texts = arena_new(run, Str, project->system_prompt.n + project->user_prompt.n);
    size_t n = own_texts(&project->system_prompt, texts);
    n += own_texts(&project->user_prompt, texts + n);
    leak_index_build(&assessor->prompts, run, texts, n, LEAK_WORDS_PROMPT);
    index_examples(assessor, project, run);
}

void assessor_free(Assessor *assessor)
{
    buf_free(&assessor->json);
    buf_free(&assessor->csv);
    buf_free(&assessor->drawn);
}

static bool is_placeholder(void *self, Str name)
{
    Ref ref;
    return names_find(self, SCOPE_PROMPT, name, &ref, NULL);
}

static bool check(Assessor *assessor, const PlanItem *item, const Conversation *conversation, Arena *scratch, Finding *found)
{
    const Project *project = plan_project(assessor->plan);
    const LeakIndex **shown = arena_new(scratch, const LeakIndex *, item->n_shown);
    for (size_t i = 0; i < item->n_shown; i++) shown[i] = &assessor->examples[item->drawn.examples[i]];
    CheckContext context = {
        .is_placeholder = is_placeholder,
        .self = (void *)(uintptr_t)&project->names,
        .prompts = &assessor->prompts,
        .examples = shown,
        .n_examples = item->n_shown,
        .passages = &item->knowledge,
        .n_passages = item->knowledge.len ? 1 : 0,
    };
    context.n_asked = plan_asked_texts(item, &context.asked);
    context.n_drawn = plan_drawn_texts(item, &context.drawn);
    return conversation_check(conversation, plan_form(assessor->plan), &context, scratch, found);
}

// What is stored of the turns beside the record, whose shape is the project's own.
static Str turns_json(const Conversation *conversation, const Form *form, Arena *scratch)
{
    Buf b = {0};
    buf_add_char(&b, '[');
    for (size_t i = 0; i < conversation->n_turns; i++) {
        const Turn *turn = &conversation->turns[i];
        buf_add(&b, i ? S(",{\"participant\":") : S("{\"participant\":"));
        json_write_string(&b, form->participants[turn->participant].name);
        buf_add(&b, S(",\"role\":"));
        json_write_string(&b, form->participants[turn->participant].role);
        buf_add(&b, S(",\"text\":"));
        json_write_string(&b, turn->text);
        for (size_t k = 0; k < form->n_turn_labels; k++) {
            if (!turn->labels[k].ptr) continue;
            buf_add_char(&b, ',');
            json_write_string(&b, form->turn_labels[k].name);
            buf_add_char(&b, ':');
            json_write_string(&b, turn->labels[k]);
        }
        buf_add_char(&b, '}');
    }
    buf_add_char(&b, ']');
    Str text = arena_str(scratch, buf_str(&b));
    buf_free(&b);
    return text;
}

// What was drawn, and under "@record" (no injection can be named so) what the default record says.
static bool add_facts(Assessor *assessor, const PlanItem *item, const ValueSource *source, const Conversation *conversation,
                      const AnswerFacts *facts, Arena *scratch, Error *e)
{
    Buf *drawn = &assessor->drawn;
    plan_drawn_json(item, drawn);
    drawn->len--;  // its closing brace
    buf_add(drawn, drawn->len > 1 ? S(",\"@record\":") : S("\"@record\":"));
    if (!record_render_facts(assessor->recorder, source, conversation, facts, scratch, drawn, e)) return false;
    buf_add_char(drawn, '}');
    return true;
}

// Reads and checks an answer, and compares its words with what was kept.
static bool read_answer(Assessor *assessor, const PlanItem *item, const ChatReply *reply, Arena *scratch, Conversation *conversation, Str *text,
                        Finding *found)
{
    const Form *form = plan_form(assessor->plan);
    assessor->near = (SeenMatch){0};
    if (reply->refused)
        return finding_set(found, FINDING_REFUSED, "%.*s", STR_ARG(reply->refusal.len ? reply->refusal : S("the API says that the model refused")));
    if (!answer_read(reply->text, form, item->drawn.exchanges, reply->cut, scratch, conversation, found) ||
        !check(assessor, item, conversation, scratch, found))
        return false;
    *text = conversation_normal_text(conversation, scratch);
    return !assessor->novelty || novelty_look(assessor->novelty, *text, &assessor->near, found);
}

bool assess_text(Assessor *assessor, const PlanItem *item, const ChatReply *reply, Arena *scratch, Str *text)
{
    Conversation conversation;
    Finding found = {0};
    return read_answer(assessor, item, reply, scratch, &conversation, text, &found);
}

bool assess(Assessor *assessor, const PlanItem *item, const ChatReply *reply, const AnswerFacts *facts, Arena *scratch,
            KeptRow *kept, Finding *found, Error *e)
{
    const Form *form = plan_form(assessor->plan);
    Conversation conversation;
    Str text, vector = {0};
    *e = (Error){0};
    if (!read_answer(assessor, item, reply, scratch, &conversation, &text, found)) return false;
    if (assessor->vector && !novelty_look_meaning(assessor->novelty, assessor->vector, &assessor->near, &vector, found)) return false;
    buf_clear(&assessor->json);
    buf_clear(&assessor->csv);
    buf_clear(&assessor->drawn);
    ValueSource source = plan_source(item);
    if (!record_render(assessor->recorder, &source, &conversation, facts, scratch, &assessor->json, &assessor->csv, e))
        return false;
    if (!add_facts(assessor, item, &source, &conversation, facts, scratch, e)) return false;
    *kept = (KeptRow){
        .record = buf_str(&assessor->json),
        .csv = buf_str(&assessor->csv),
        .drawn = buf_str(&assessor->drawn),
        .conversation = turns_json(&conversation, form, scratch),
        .text = text,
        .vector = vector,
    };
    return !assessor->novelty || novelty_add(assessor->novelty, item->drawn.iteration, text, e);
}

bool assess_handwritten_row(Assessor *assessor, const Example *example, Arena *scratch, KeptRow *row, Error *e)
{
    PlanItem item;
    const AnswerFacts facts = {.handwritten = true};
    const Conversation *conversation = &example->conversation;
    *e = (Error){0};
    plan_handwritten(assessor->plan, example, scratch, &item);
    ValueSource source = plan_source(&item);
    buf_clear(&assessor->json);
    buf_clear(&assessor->csv);
    buf_clear(&assessor->drawn);
    if (!record_render(assessor->recorder, &source, conversation, &facts, scratch, &assessor->json, &assessor->csv, e) ||
        !add_facts(assessor, &item, &source, conversation, &facts, scratch, e))
        return false;
    *row = (KeptRow){
        .record = buf_str(&assessor->json),
        .csv = buf_str(&assessor->csv),
        .drawn = buf_str(&assessor->drawn),
        .conversation = turns_json(conversation, plan_form(assessor->plan), scratch),
        .text = conversation_normal_text(conversation, scratch),
    };
    return true;
}

bool assess_handwritten(Assessor *assessor, const Example *example, Arena *scratch, Buf *json, Buf *csv, Error *e)
{
    PlanItem item;
    plan_handwritten(assessor->plan, example, scratch, &item);
    ValueSource source = plan_source(&item);
    return record_render(assessor->recorder, &source, &example->conversation, &(AnswerFacts){.handwritten = true}, scratch,
                         json, csv, e);
}
