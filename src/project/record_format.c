// SPDX-License-Identifier: Apache-2.0
#include "project/record_format.h"

typedef struct Compiler {
    const Names *names;
    Arena *arena;
    Problems *problems;
    size_t nodes;
    bool ok;
} Compiler;

static bool names_turn(void *ctx, Str name)
{
    (void)ctx;
    return str_starts(name, S("turn."));
}

// Whether {turn.…} stands in the value, but for lists of one element: those are repeated themselves.
static bool mentions_turn(const json_t *value, unsigned depth)
{
    if (depth > RECORD_DEPTH_MAX) return false;
    if (json_is_string(value)) return template_scan(json_str(value), names_turn, NULL);
    if (json_is_array(value)) {
        size_t n = json_array_size(value);
        for (size_t i = 0; i < n && n > 1; i++)
            if (mentions_turn(json_array_get(value, i), depth + 1)) return true;
        return false;
    }
    const char *key;
    json_t *item, *object = (json_t *)(uintptr_t)value;
    json_object_foreach(object, key, item)
        if (mentions_turn(item, depth + 1)) return true;
    return false;
}

static void set_constant(RecordNode *out, const json_t *value, Arena *a)
{
    Buf b = {0};
    json_write(&b, value);
    out->kind = RECORD_CONSTANT;
    out->constant = arena_str(a, buf_str(&b));
    buf_free(&b);
}

static void compile_string(Compiler *c, const JsonNode *node, bool in_turn, RecordNode *out)
{
    Origin origin = json_node_origin(node);
    unsigned scopes = SCOPE_PROMPT | SCOPE_RECORD | (in_turn ? SCOPE_TURN : 0);
    c->ok &= template_compile(arena_str(c->arena, json_str(node->value)), &origin, c->names, scopes, c->arena, &out->text,
                              c->problems);
    if (template_single(&out->text, &out->ref))
        out->kind = RECORD_VALUE;
    else if (out->text.n == 0 || str_eq(out->text.segments[0].text, out->text.source))
        set_constant(out, node->value, c->arena);
    else
        out->kind = RECORD_TEXT;
}

static void compile(Compiler *c, const JsonNode *node, bool in_turn, unsigned depth, RecordNode *out);

static void compile_array(Compiler *c, const JsonNode *node, bool in_turn, unsigned depth, RecordNode *out)
{
    size_t n = json_array_size(node->value);
    bool repeated = !in_turn && n == 1 && mentions_turn(json_array_get(node->value, 0), depth);
    out->kind = repeated ? RECORD_TURNS : RECORD_ARRAY;
    out->children = arena_new(c->arena, RecordNode, n + 1);
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        compile(c, &item, in_turn || repeated, depth + 1, &out->children[out->n++]);
    }
}

static void compile_object(Compiler *c, const JsonNode *node, bool in_turn, unsigned depth, RecordNode *out)
{
    out->kind = RECORD_OBJECT;
    out->children = arena_new(c->arena, RecordNode, json_object_size(node->value) + 1);
    const char *key;
    json_t *item, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, item) {
        JsonNode member = json_node_member(node, key, item);
        RecordNode *child = &out->children[out->n++];
        compile(c, &member, in_turn, depth + 1, child);
        child->key = arena_str(c->arena, member.key);
    }
}

static void compile(Compiler *c, const JsonNode *node, bool in_turn, unsigned depth, RecordNode *out)
{
    *out = (RecordNode){.kind = RECORD_CONSTANT, .constant = S_INIT("null")};
    if (++c->nodes > RECORD_NODES_MAX || depth > RECORD_DEPTH_MAX) {
        if (c->nodes == RECORD_NODES_MAX + 1 || depth == RECORD_DEPTH_MAX + 1)
            error_hint(json_node_problem(c->problems, node, depth > RECORD_DEPTH_MAX ? "the record is nested too deep"
                                                                                     : "the record has too many parts"),
                       "at most %d parts, %d deep", RECORD_NODES_MAX, RECORD_DEPTH_MAX);
        c->ok = false;
        return;
    }
    if (json_is_string(node->value))
        compile_string(c, node, in_turn, out);
    else if (json_is_array(node->value))
        compile_array(c, node, in_turn, depth, out);
    else if (json_is_object(node->value))
        compile_object(c, node, in_turn, depth, out);
    else
        set_constant(out, node->value, c->arena);
}

bool record_compile(const JsonNode *node, const Names *names, bool in_turn, Arena *a, RecordNode *out,
                    Problems *problems)
{
    Compiler c = {names, a, problems, 0, true};
    compile(&c, node, in_turn, 0, out);
    return c.ok;
}

void record_refs(const RecordNode *node, void (*see)(void *ctx, const Template *t, const Segment *s), void *ctx)
{
    for (size_t i = 0; i < node->text.n; i++)
        if (node->text.segments[i].ref.id != NAME_NONE) see(ctx, &node->text, &node->text.segments[i]);
    for (size_t i = 0; i < node->n; i++) record_refs(&node->children[i], see, ctx);
}

static void see_turns(void *ctx, const Template *t, const Segment *s)
{
    (void)t;
    bool *found = ctx;
    NameId id = s->ref.id;
    *found |= id == NAME_MESSAGES || id == NAME_CONVERSATION || name_scope(id) == SCOPE_TURN;
}

bool record_mentions_turns(const RecordNode *node)
{
    bool found = node->kind == RECORD_MESSAGES;
    record_refs(node, see_turns, &found);
    return found;
}
