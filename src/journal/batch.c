// SPDX-License-Identifier: Apache-2.0
#include "journal/batch.h"

#include "journal/sums.h"

static void take(Batch *b, Str *text)
{
    b->bytes += text->len;
    *text = arena_str(&b->arena, *text);
}

void batch_add(Batch *b, const Operation *op)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->items = mem_realloc(b->items, b->cap * sizeof *b->items);
    }
    Operation *copy = &b->items[b->n++];
    *copy = *op;
    b->bytes += sizeof *op;
    switch (copy->kind) {
    case OP_ASK: take(b, &copy->ask.prompt_sha256); break;
    case OP_ANSWER:
        take(b, &copy->answer.endpoint);
        take(b, &copy->answer.raw);
        break;
    case OP_VERDICT:
        take(b, &copy->verdict.reason);
        take(b, &copy->verdict.message);
        break;
    case OP_KEPT:
        take(b, &copy->kept.record);
        take(b, &copy->kept.csv);
        take(b, &copy->kept.drawn);
        take(b, &copy->kept.conversation);
        take(b, &copy->kept.text);
        take(b, &copy->kept.vector);
        break;
    case OP_FACT:
        take(b, &copy->fact.key);
        take(b, &copy->fact.value);
        break;
    }
}

static bool write_row(const Operation *op, Store *store, Error *e)
{
    switch (op->kind) {
    case OP_ASK: return store_ask(store, op->key, &op->ask, e);
    case OP_ANSWER: return store_answer(store, op->key, &op->answer, e);
    case OP_VERDICT: return store_verdict(store, op->key, &op->verdict, e);
    case OP_KEPT: return store_kept(store, op->key, &op->kept, e);
    case OP_FACT: return store_fact(store, op->fact.key, op->fact.value, e);
    }
    return false;
}

// The kept sums move with the rows they are made of.
static bool write_one(const Operation *op, Store *store, Error *e)
{
    uint64_t watermark;
    if (op->kind != OP_FACT) return sums_touch(store, op->key.iteration, e) && write_row(op, store, e);
    if (!write_row(op, store, e)) return false;
    return !str_eq(op->fact.key, S("watermark")) || !str_to_u64(op->fact.value, &watermark) || sums_settle(store, watermark, e);
}

bool batch_write(Batch *b, Store *store, Error *e)
{
    if (b->n == 0) return true;
    bool ok = store_begin(store, e);
    for (size_t i = 0; ok && i < b->n; i++) ok = write_one(&b->items[i], store, e);
    return store_end(store, ok, e);
}

void batch_clear(Batch *b)
{
    arena_reset(&b->arena);
    b->n = 0;
    b->bytes = 0;
}

void batch_free(Batch *b)
{
    arena_free(&b->arena);
    free(b->items);
    *b = (Batch){0};
}
