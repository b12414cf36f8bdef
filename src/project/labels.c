// SPDX-License-Identifier: Apache-2.0
#include "project/labels.h"

typedef struct Reader {
    const Form *form;
    bool of_turns;
    Arena *arena;
    LabelList *out;
    Problems *problems;
    bool ok;
} Reader;

static const char label_wanted[] = "\"{mood.label}\" for a drawn label, or {\"of\": [\"yes\", \"no\"]} for one that is asked";

static Error *fault(Reader *r, const JsonNode *node, bool key, const char *what)
{
    r->ok = false;
    return (key ? json_node_key_problem : json_node_problem)(r->problems, node, "%s", what);
}

// A label stands as "label: value" in a transcript and as a key in JSON, where it must not be
// taken for somebody who speaks.
static bool name_fits(Reader *r, const JsonNode *node)
{
    Str name = node->key;
    bool odd = str_trim(name).len != name.len || name.len == 0;
    for (size_t i = 0; i < name.len; i++) odd |= name.ptr[i] == ':' || (unsigned char)name.ptr[i] < 0x20;
    if (odd) {
        error_hint(fault(r, node, true, "a label's name must be one line without a colon"), "write such as \"mood\"");
        return false;
    }
    for (size_t i = 0; i < r->form->n_participants; i++) {
        if (!str_eq_ignore_case(r->form->participants[i].name, name)) continue;
        error_hint(fault(r, node, true, "a label has a participant's name"), "rename one of them");
        return false;
    }
    return true;
}

// ---- asked of the model -------------------------------------------------------------------------

static bool read_of(Reader *r, const JsonNode *node, AskedLabel *label)
{
    static const char wanted[] = "a list of values, such as [\"resolved\", \"open\"]";
    if (!json_node_array(r->problems, node, wanted)) return r->ok = false;
    size_t n = json_array_size(node->value);
    if (n == 0) {
        error_hint(fault(r, node, false, "an empty list has no value to ask for"), "write %s", wanted);
        return false;
    }
    Str *of = arena_new(r->arena, Str, n);
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        Str value = {0};
        if (!json_node_string(r->problems, &item, "each value as a string", &value)) return r->ok = false;
        if (str_trim(value).len == 0 || str_find_char(value, '\n') != STR_NONE) {
            error_hint(fault(r, &item, false, "a value must be one line of text"), "write a word or two");
            return false;
        }
        for (size_t k = 0; k < i; k++)
            if (str_eq_ignore_case(of[k], value)) {
                error_hint(fault(r, &item, false, "the value stands here twice"), "leave one out");
                return false;
            }
        of[i] = arena_str(r->arena, value);
    }
    label->of = of;
    label->n_of = n;
    return true;
}

static bool any_name(void *ctx, Str name)
{
    (void)ctx, (void)name;
    return true;
}

static void read_about(Reader *r, const JsonNode *node, AskedLabel *label)
{
    Str about = {0};
    if (!json_node_string(r->problems, node, "a sentence that says what the label means", &about)) {
        r->ok = false;
        return;
    }
    if (!node->value) return;
    label->about = arena_str(r->arena, about);
    // It is the same text for every conversation: part of the schema that a server compiles once.
    if (template_scan(about, any_name, NULL))
        error_hint(json_node_warning(r->problems, node, "placeholders are not filled in \"about\""), "say it without them");
}

static void read_participant(Reader *r, const JsonNode *node, AskedLabel *label)
{
    Str name = {0};
    if (!json_node_string(r->problems, node, "a participant's name", &name)) {
        r->ok = false;
        return;
    }
    if (!node->value) return;
    Str *names = arena_new(r->arena, Str, r->form->n_participants);
    for (size_t i = 0; i < r->form->n_participants; i++) {
        names[i] = r->form->participants[i].name;
        if (str_eq(names[i], name)) {
            label->participant = (int)i;
            return;
        }
    }
    Error *e = json_node_problem(r->problems, node, "nobody is named \"%.*s\"", STR_ARG(name));
    Str nearest = str_nearest(name, names, r->form->n_participants);
    error_hint(e, "write \"%.*s\"", STR_ARG(nearest.len ? nearest : names[0]));
    r->ok = false;
}

static void read_asked(Reader *r, const JsonNode *node, Label *out)
{
    static const Str keys[] = {S_INIT("of"), S_INIT("about"), S_INIT("participant")};
    bool known = json_node_keys(r->problems, node, keys, r->of_turns ? 3 : 2);
    r->ok &= known;
    JsonNode of = json_node_get(node, "of"), about = json_node_get(node, "about");
    JsonNode participant = json_node_get(node, "participant");
    AskedLabel label = {.name = out->name, .participant = ANYONE};
    if (!of.value) {
        if (known) error_hint(fault(r, node, false, "\"of\" is missing"), "write %s", label_wanted);
        return;
    }
    if (!read_of(r, &of, &label)) return;
    read_about(r, &about, &label);
    if (r->of_turns) read_participant(r, &participant, &label);
    out->asked = (int32_t)r->out->n_asked;
    r->out->asked[r->out->n_asked++] = label;
}

bool labels_read(const JsonNode *node, const Form *form, bool of_turns, Arena *a, LabelList *out, Problems *problems)
{
    *out = (LabelList){0};
    Reader r = {form, of_turns, a, out, problems, true};
    if (!node->value) return true;
    if (!json_node_object(problems, node, "an object, such as {\"mood\": \"{mood.label}\"}")) return false;
    size_t n = json_object_size(node->value);
    if (n > LABELS_MAX) {
        error_hint(fault(&r, node, false, "too many labels"), "at most %d", LABELS_MAX);
        return false;
    }
    out->items = arena_new(a, Label, n + 1);
    out->asked = arena_new(a, AskedLabel, n + 1);
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        JsonNode member = json_node_member(node, key, value);
        // Kept even where it is wrong: labels_compile walks the same keys in the same order.
        Label *label = &out->items[out->n++];
        *label = (Label){.name = arena_str(a, member.key), .asked = -1};
        name_fits(&r, &member);
        if (json_is_object(value))
            read_asked(&r, &member, label);
        else if (!json_is_string(value))
            error_hint(fault(&r, &member, false, "a label is neither a string nor an object"), "write %s", label_wanted);
    }
    return r.ok;
}

// ---- drawn --------------------------------------------------------------------------------------

bool labels_compile(const JsonNode *node, bool of_turns, const Names *names, Arena *a, Label *labels, size_t n,
                    Problems *problems)
{
    bool ok = true;
    size_t i = 0;
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        if (i >= n) break;
        Label *label = &labels[i++];
        if (!json_is_string(value)) continue;
        JsonNode member = json_node_member(node, key, value);
        Origin origin = json_node_origin(&member);
        ok &= template_compile(arena_str(a, json_str(value)), &origin, names, SCOPE_PROMPT | (of_turns ? SCOPE_TURN : 0), a,
                               &label->drawn, problems);
        if (!template_mentions(&label->drawn, NAME_TURN_LABEL)) continue;
        error_hint(json_node_problem(problems, &member, "a turn's label cannot be made of a turn's label"),
                   "name what it is drawn from");
        ok = false;
    }
    return ok;
}

void labels_of_injections(const Injections *injections, Arena *a, LabelList *out)
{
    *out = (LabelList){.items = arena_new(a, Label, injections->n + 1), .n = injections->n};
    for (uint32_t i = 0; i < injections->n; i++) {
        Str name = injections->items[i].name;
        Segment *segment = arena_new(a, Segment, 1);
        segment->text = arena_printf(a, "{%.*s.label}", STR_ARG(name));
        segment->ref = (Ref){NAME_INJECTION_LABEL, i, 0};
        out->items[i] = (Label){.name = name, .asked = -1, .drawn = {.source = segment->text, .segments = segment, .n = 1}};
    }
}
