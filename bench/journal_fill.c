// SPDX-License-Identifier: Apache-2.0
//
// Writes kept iterations into the journal of a run that was interrupted, through the journal's own calls,
// as the engine would: an ask, an answer of half a kilobyte, a verdict and a record each, and the facts of
// each second. For bench/resume.py.
//   journal_fill JOURNAL FROM TO
#include "journal/journal.h"

enum { A_SECOND = 15000 };  // iterations

static void put(Journal *j, uint64_t iteration, Str text)
{
    StepKey key = {iteration, 1, 0};
    const AskRow ask = {.wall = 1, .tokens_at_most = 900, .tries = 1,
                        .prompt_sha256 = S("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")};
    const AnswerRow answer = {.wall = 2, .latency = 3, .status = 200, .endpoint = S("http://127.0.0.1:8000/v1"), .raw = text};
    const VerdictRow verdict = {.final = true, .reason = S("kept"), .wall = 4, .prompt_tokens = 300, .completion_tokens = 200,
                                .tokens_known = true, .cost = 5};
    const KeptRow kept = {.record = str_slice(text, 0, 300), .drawn = S("{}"), .conversation = S("[]"), .text = str_slice(text, 0, 40)};
    journal_ask(j, key, &ask);
    journal_answer(j, key, &answer);
    journal_verdict(j, key, &verdict, &kept);
}

static bool fill(Journal *j, uint64_t from, uint64_t to, Error *e)
{
    static char text[500];
    char number[32];
    memset(text, 'a', sizeof text);
    for (uint64_t i = from; i < to; i++) {
        put(j, i, (Str){text, sizeof text});
        if ((i + 1) % A_SECOND && i + 1 < to) continue;
        int n = snprintf(number, sizeof number, "%llu", (unsigned long long)i + 1);
        journal_fact(j, S("watermark"), (Str){number, (size_t)n});
        if (!journal_flush(j, e)) return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t from, to;
    Journal *j = NULL;
    Error e = {0};
    if (argc != 4 || !str_to_u64(str_from(argv[2]), &from) || !str_to_u64(str_from(argv[3]), &to)) {
        fprintf(stderr, "usage: journal_fill JOURNAL FROM TO\n");
        return 2;
    }
    bool ok = journal_open(argv[1], &(JournalOptions){.threaded = true}, &j, &e) && fill(j, from, to, &e);
    ok = (!j || journal_close(j, &e)) && ok;
    if (!ok) error_print(&e, stderr);
    return ok ? 0 : 8;
}
