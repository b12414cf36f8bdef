// SPDX-License-Identifier: Apache-2.0
//
// What counts the tokens of the `tokens` chunk strategy: the tokenizer of the model that is asked, as far as
// it is known without asking a server. Nothing is opened, and nothing said, for a project that does not
// use that strategy.
#ifndef CONFAB_CLI_CHUNK_COUNTER_H
#define CONFAB_CLI_CHUNK_COUNTER_H

#include "cli/cli.h"
#include "knowledge/knowledge.h"

typedef struct ChunkCounter {
    Cli *cli;
    Str model;      // of a run that was made; absent: as the settings say
    bool opened;
    Str name;       // of the tokenizer, for people; absent: tokens are estimated
    Counter counter;
} ChunkCounter;  // {.cli = …} is ready; one knowledge at a time

// For KnowledgeOptions and ProjectOptions. Where it can only estimate it warns, once.
TokenSource chunk_counter_source(ChunkCounter *c);
void chunk_counter_close(ChunkCounter *c);

#endif
