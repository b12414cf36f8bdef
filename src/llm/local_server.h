// SPDX-License-Identifier: Apache-2.0
//
// The embedded default: a model server as a child of this process, on a free loopback port, with
// a key made for the run. It never outlives confab: the kernel ends it when the thread that
// started it dies (PR_SET_PDEATHSIG), also after kill -9, so that thread must be one that lives as
// long as the run.
//
// The server is llama.cpp's, or speaks its command line. First of these that is there:
//   1. CONFAB_MODEL_SERVER
//   2. llama-server on the PATH
//   3. <data>/confab/server/bin/confab-model-server, which scripts/fetch-model.sh installs
// and the model is CONFAB_MODEL, or <data>/confab/models/SmolLM2-135M-Instruct.Q4_1.gguf.
#ifndef CONFAB_LLM_LOCAL_SERVER_H
#define CONFAB_LLM_LOCAL_SERVER_H

#include <sys/types.h>

#include "llm/transport.h"

typedef struct LocalServerConfig {
    Str server;     // CONFAB_MODEL_SERVER; absent: searched
    Str model;      // CONFAB_MODEL; absent: the fetched one
    Str path;       // PATH
    Str data;       // the user's data folder, $XDG_DATA_HOME or ~/.local/share
    bool embeddings;        // it gives embeddings, and no conversations
    unsigned slots;         // confab's concurrency
    unsigned slot_context;  // tokens a slot can hold; 0: 2048
    unsigned threads;       // 0: as many as cores
    Nanos timeout;          // until it answers; 0: 120 seconds
    // Called some times a second while waiting; false ends the wait (and the server). May be NULL.
    bool (*progress)(void *context, Nanos waited);
    void *context;
} LocalServerConfig;

typedef struct LocalServer {
    Endpoint endpoint;   // its adapter, address, key and model's name; in the arena
    Str server, model;   // paths, in the arena
    pid_t pid;           // 0: not running
    int log;             // the server's output, kept in memory, bounded; -1: none
} LocalServer;

// Whether server and model are there; false: *e names what is missing and how to get it. No process
// is started. out->server and out->model are filled.
bool local_server_find(const LocalServerConfig *config, Arena *a, LocalServer *out, Error *e);

// Finds, starts, and waits until /health answers. On failure nothing is left running, and the error
// carries the last lines the server wrote.
bool local_server_start(const LocalServerConfig *config, Transport *t, Arena *a, LocalServer *out, Error *e);

bool local_server_alive(LocalServer *s);          // false once it has ended
Str local_server_log(const LocalServer *s, Arena *a);  // its last 4 KB
void local_server_stop(LocalServer *s);           // asks, then kills after 2 seconds; safe twice

#endif
