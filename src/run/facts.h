// SPDX-License-Identifier: Apache-2.0
//
// What a run's journal says about the run itself, as facts: texts by name.
//
//   settings  JSON object: what must be the same for a resumed run to be the same run
//   files     JSON object: the project's files with their SHA-256
//   project, address, model, api, began (wall, ns), confab (version)
//   model_reported                    once the API has said it
//   embeddings                        the model whose vectors are stored, where meanings are compared
//   embedding_tokens, embedding_cost  paid for what was known before
//   time (ns), watermark, maybe_paid_twice   from the engine, about every second
//   currency                          of the run's costs, unless dollars
//   priced                            1: the model had a price
//   estimate                          what it was expected to take (forecast.h)
//   end       exit code of the last orderly end; absent while the run goes on or was killed
#ifndef CONFAB_RUN_FACTS_H
#define CONFAB_RUN_FACTS_H

#include "run/history.h"
#include "run/run.h"

void facts_put(Journal *j, const Project *project, const RunSettings *settings, Nanos began);
void facts_put_files(Journal *j, const Project *project);
void facts_put_number(Journal *j, Str key, int64_t value);

// The identity of a run from its settings fact: iterations, start, max_exchanges, seed, partition,
// attempts, structured. Texts in the arena. False: the fact is not there or not readable.
bool facts_settings(Journal *j, Arena *a, RunSettings *out);
Str facts_settings_json(const RunSettings *settings, Arena *a);
// What embeddings of what was known before the run cost belongs to its sums.
void facts_add_embeddings(Journal *j, JournalSums *sums);
Str facts_text(Journal *j, Str key, Arena *a);  // absent where there is none
int64_t facts_number(Journal *j, Str key);      // 0 where there is none

// The project's files at the beginning, for project_changed.
size_t facts_files(Journal *j, Arena *a, ProjectFile **out);

#endif
