// SPDX-License-Identifier: Apache-2.0
#include "run/engine_item.h"

#include "base/hash.h"

// ---- the run ------------------------------------------------------------------------------------

void engine_tell(Engine *e, const Error *message)
{
    const RunObserver *o = e->parts.observer;
    if (o && o->message) o->message(o->ctx, message);
}

void engine_stop(Engine *e, ErrorKind end, const Error *why, Nanos patience)
{
    Nanos until = patience < 0 ? INT64_MAX : clock_now(e->parts.clock) + patience;
    if (until < e->patience_ends) e->patience_ends = until;
    if (e->stopping) return;
    e->stopping = true;
    e->progress.stopping = true;
    e->end = end;
    if (why) e->why = *why;
}

// ---- where an item goes -------------------------------------------------------------------------

void engine_release(Engine *e, Item *item)
{
    item->task = (Task){0};
    item->room = 0;
    queue_push(&e->free, item);
}

void engine_leave(Engine *e, Item *item)
{
    if (item->task.iteration < e->lowest_left) e->lowest_left = item->task.iteration;
    engine_release(e, item);
}

void engine_back_off(Engine *e, Item *item, Nanos retry_after, Nanos now)
{
    unsigned tries = item->failures ? item->failures : item->throttles;
    uint64_t key = hash_mix(hash_mix(e->settings->seed, item->task.iteration), hash_mix(item->task.attempt, item->task.tries));
    item->due = now + backoff(tries, retry_after, key);
    heap_push(&e->backoff, item);
}

// ---- what the journal is told of it -------------------------------------------------------------

void engine_put_ask(Engine *e, Item *item, uint32_t tries)
{
    item->ticket = journal_ask(e->parts.journal, item_key(item),
                               &(AskRow){
                                   .wall = clock_wall(e->parts.clock),
                                   .tokens_at_most = item->at_most.tokens,
                                   .cost_at_most = item->at_most.cost,
                                   .prompt_sha256 = item->prompt_sha256,
                                   .tries = tries,
                                   .tokens_lost = item->task.tokens_lost,
                                   .cost_lost = item->task.cost_lost,
                               });
}

void engine_note_failed(Engine *e, Item *item)
{
    Spending at_most = item->at_most;
    item->at_most = (Spending){0};
    engine_put_ask(e, item, item->task.tries);
    item->at_most = at_most;
}

static void count_reason(JournalSums *sums, const char *name)
{
    size_t i = 0;
    while (i < sums->n_reasons && strcmp(sums->reasons[i].name, name) != 0) i++;
    if (i == JOURNAL_REASONS) return;
    if (i == sums->n_reasons) {
        snprintf(sums->reasons[i].name, sizeof sums->reasons[i].name, "%s", name);
        sums->reasons[i].n = 0;
        sums->n_reasons++;
    }
    sums->reasons[i].n++;
}

// "server error" as the journal and status --json name it: server_error.
void engine_reason(char out[24], const char *cause)
{
    size_t i = 0;
    for (; cause[i] && i < 23; i++) out[i] = cause[i] == ' ' || cause[i] == '-' ? '_' : cause[i];
    out[i] = 0;
}

void engine_put_verdict(Engine *e, Item *item, VerdictRow *row, const KeptRow *kept)
{
    JournalSums *sums = &e->progress.totals;
    row->wall = clock_wall(e->parts.clock);
    journal_verdict(e->parts.journal, item_key(item), row, kept);
    sums->prompt_tokens += row->prompt_tokens;
    sums->completion_tokens += row->completion_tokens;
    sums->cached_tokens += row->cached_tokens;
    sums->cost += row->cost;
    if (kept) {
        sums->kept++;
        return;
    }
    sums->rejected++;
    sums->failed += row->final;
    count_reason(sums, arena_cstr(&e->scratch, row->reason));
}

void engine_give_up(Engine *e, Item *item, const char *reason, const char *message)
{
    char name[24];
    engine_reason(name, reason);
    VerdictRow row = {.final = true, .reason = str_from(name), .message = str_from(message), .tokens_known = true};
    engine_put_verdict(e, item, &row, NULL);
    engine_release(e, item);
}
