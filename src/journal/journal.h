// SPDX-License-Identifier: Apache-2.0
//
// The journal of one run: what was asked, answered, decided and paid, durable. One SQLite file in
// WAL mode with synchronous=FULL. One connection owns every write and every checkpoint (before
// SQLite 3.51.3 a checkpoint of a second connection can reset a WAL that still is written), and one
// thread of the journal's own uses it while the run goes on. The engine puts rows, which costs a
// copy; the thread writes all that has gathered as one transaction (group commit) and then calls
// `on_durable`. A row is safe once journal_durable() has reached the ticket its put returned.
//
// Where nobody is in a hurry the thread lets rows gather for two milliseconds first: a sync costs the same for
// one row and for a hundred.
//
// Order is kept: if a row is durable, so is every row put before it.
//
//   ask       id  ┐ id = iteration << 16 | attempt << 8 | step. Written before the request is sent;
//   answer    id  ├ the answer's bytes before they are parsed;
//   verdict   id  ┘ what was made of it: kept, rejected with a reason, failed.
//   kept      iteration: the finished record, its CSV rows, what was drawn, the turns
//   vector    iteration: its embedding, where meanings are compared
//   fact      key, value: the run's settings, and the totals, which change with each transaction
//
// After a failed write the journal takes no more: what was durable stays readable, the run ends.
#ifndef CONFAB_JOURNAL_JOURNAL_H
#define CONFAB_JOURNAL_JOURNAL_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

typedef struct Journal Journal;
typedef uint64_t Ticket;  // counts puts from 1

// Money in billionths of the price table's currency, so that sums are exact.
typedef int64_t Money;

typedef struct StepKey {
    uint64_t iteration;  // below 2^47
    uint32_t attempt;    // from 1, at most 255
    uint32_t step;       // request of the conversation, from 0, at most 255
} StepKey;

typedef struct AskRow {
    Nanos wall;
    int64_t tokens_at_most;  // prompt and completion at their worst
    Money cost_at_most;
    Str prompt_sha256;       // hex
    uint32_t tries;          // 1, or more when a request was sent again
    int64_t tokens_lost;     // worst case of earlier tries whose answer never came but may be billed
    Money cost_lost;
} AskRow;

typedef struct AnswerRow {
    Nanos wall;      // when its last byte came
    Nanos latency;   // from sending
    int status;      // of HTTP
    Str endpoint;    // address as shown, no key
    Str raw;         // the body as it came
} AnswerRow;

typedef struct KeptRow {
    Str record;        // one record of the dataset, JSON
    Str csv;           // its CSV rows; empty where they follow from the record
    Str drawn;         // JSON object: everything drawn for it; "@record": what the default record says
    Str conversation;  // JSON array of turns
    Str text;          // normal form, for near-duplicates of later runs
    Str vector;        // its embedding as floats, where it was compared by meaning; else absent. Not read back with the rest
} KeptRow;

typedef struct VerdictRow {
    bool final;        // nothing more is asked for this iteration
    Str reason;        // "kept", or the finding's name
    Str message;       // for people
    Nanos wall;
    int64_t prompt_tokens, completion_tokens, cached_tokens;
    bool tokens_known; // the API's own count
    Money cost;
    double similarity; // of a near-duplicate, else 0
    uint64_t near;     // the iteration it is near to, where similarity > 0; from 2^48 not of this run
} VerdictRow;

typedef struct JournalOptions {
    bool threaded;             // false: journal_flush writes, on the caller's thread (simulation)
    const char *vfs;           // SQLite VFS by name; NULL: the default
    void (*on_durable)(void *ctx);  // called on the journal's thread; must be quick
    void *ctx;
} JournalOptions;

// Creates the file, which must not exist; or opens one that does. Errors have kind ERROR_FILE.
bool journal_create(const char *path, const JournalOptions *options, Journal **out, Error *e);
bool journal_open(const char *path, const JournalOptions *options, Journal **out, Error *e);
// A journal whose creation was cut off has the code "unborn": it holds nothing.
// For other programs' eyes: never writes, can look at a journal that a run is writing.
bool journal_open_to_read(const char *path, Journal **out, Error *e);
// Writes what is left, ends the thread, closes. False when something could not be written.
bool journal_close(Journal *j, Error *e);

Ticket journal_ask(Journal *j, StepKey key, const AskRow *row);
Ticket journal_answer(Journal *j, StepKey key, const AnswerRow *row);
Ticket journal_verdict(Journal *j, StepKey key, const VerdictRow *row, const KeptRow *kept_or_null);
Ticket journal_fact(Journal *j, Str key, Str value);

Ticket journal_durable(Journal *j);          // the highest ticket that is safe
bool journal_failed(Journal *j, Error *e);   // true after a failed write, with its error
bool journal_flush(Journal *j, Error *e);    // waits until all that was put is safe
void journal_hurry(Journal *j);              // somebody waits for what was put: write it now
void journal_gather(Journal *j);             // what is put waits for the next flush or read: one transaction, one sync

// ---- reading: waits until what was put is written, and sees it. One thread puts and reads, and no
// `each` below puts anything. ------------------------------------------------------------------------

// Sums over the whole run, from the rows themselves, so that they are right after any kill. What lies
// below the fact "watermark" (every iteration below it has ended) is summed once, so a long run's sums
// cost what its last rows cost.
enum { JOURNAL_REASONS = 32 };  // kinds of verdict there can be; findings are fewer
typedef struct JournalSums {
    uint64_t kept, failed, rejected;  // iterations kept, given up; answers not kept
    uint64_t requests;                // sent, resent ones included
    int64_t prompt_tokens, completion_tokens, cached_tokens;
    int64_t tokens_lost;
    bool tokens_estimated;            // some answers came without the API's own count
    Money cost;                       // with what is lost
    struct {
        char name[24];
        uint64_t n;
    } reasons[JOURNAL_REASONS];       // of the answers not kept
    size_t n_reasons;
} JournalSums;
bool journal_sum(Journal *j, JournalSums *out, Error *e);

bool journal_get_fact(Journal *j, Str key, Arena *a, Str *value);  // false: not there

// Iterations from `from` on that were asked for, in order. Stops when `each` returns false.
typedef struct IterationState {
    uint64_t iteration;
    uint32_t attempt;   // the latest asked for
    uint32_t tries;     // how often it was sent
    int64_t tokens_at_most, tokens_lost;  // of its ask row
    Money cost_at_most, cost_lost;
    bool answered;      // its answer is here
    bool judged;        // its verdict is here
    bool final;         // … and ends the iteration
    bool kept;
} IterationState;
bool journal_each_iteration(Journal *j, uint64_t from, bool (*each)(void *ctx, const IterationState *), void *ctx,
                            Error *e);

// The embedding of a kept iteration. False: there is none.
bool journal_get_vector(Journal *j, uint64_t iteration, Arena *a, Str *out);

bool journal_get_answer(Journal *j, StepKey key, Arena *a, AnswerRow *out, Error *e);  // false: none, or error

typedef struct KeptItem {
    uint64_t iteration;
    KeptRow row;        // valid until the next call of the reader
} KeptItem;
typedef struct KeptReader KeptReader;
KeptReader *journal_read_kept(Journal *j, Error *e);  // in order of iterations
bool kept_next(KeptReader *r, KeptItem *out, Error *e);  // false at the end, or with e->kind set
void kept_close(KeptReader *r);

#endif
