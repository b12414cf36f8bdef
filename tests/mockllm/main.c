// SPDX-License-Identifier: Apache-2.0
//
// mockllm: an honest stand-in for an LLM API, for tests and benchmarks. README.md tells how to use it.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server.h"

typedef struct Farm {
    Loop *loops[64];
    pthread_t threads[64];
    size_t n;
} Farm;

static void allow_many_connections(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// The parent may be gone already when the wish for its death signal arrives.
static bool tie_to_parent(void) {
    pid_t parent = getppid();
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent && parent != 1;
}

static bool announce(const Options *o, uint16_t port) {
    printf("listening on 127.0.0.1:%u\n", port);
    fflush(stdout);
    if (!o->port_file) return true;
    // Written whole before it has its name, so that whoever waits for the file can read it at once.
    Buf path = {0};
    buf_format(&path, "%s.new", o->port_file);
    buf_char(&path, '\0');
    FILE *f = fopen(path.ptr, "w");
    bool ok = f && fprintf(f, "%u\n", port) > 0;
    if (f) ok = fclose(f) == 0 && ok;
    ok = ok && rename(path.ptr, o->port_file) == 0;
    if (!ok) fprintf(stderr, "mockllm: %s: %s\n", strerror(errno), o->port_file);
    buf_free(&path);
    return ok;
}

static void *run(void *loop) {
    loop_run(loop);
    return NULL;
}

static void wait_for_end(void) {
    sigset_t ends;
    int got;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    sigwait(&ends, &got);
}

static void block_signals(void) {
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGTERM);
    sigaddset(&all, SIGINT);
    sigaddset(&all, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool start(Farm *farm, const Options *o, Shared *shared, Tls *tls) {
    uint16_t port = (uint16_t)o->port;
    for (size_t i = 0; i < shared->threads; i++) {
        farm->loops[i] = loop_open(shared, tls, i, &port);
        if (!farm->loops[i]) return false;
        farm->n++;
    }
    for (size_t i = 0; i < farm->n; i++)
        if (pthread_create(&farm->threads[i], NULL, run, farm->loops[i])) abort();
    if (!announce(o, port)) return false;
    wait_for_end();
    return true;
}

static int serve(const Options *o) {
    Shared shared;
    Farm farm = {0};
    bool secure = o->tls_cert != NULL;
    Tls *tls = secure ? tls_open(o->tls_cert, o->tls_key) : NULL;
    bool ok = shared_init(&shared, o) && (tls || !secure) && start(&farm, o, &shared, tls);
    for (size_t i = 0; i < farm.n; i++) loop_stop(farm.loops[i]);
    for (size_t i = 0; i < farm.n; i++)
        if (farm.threads[i]) pthread_join(farm.threads[i], NULL);
    for (size_t i = 0; i < farm.n; i++) loop_close(farm.loops[i]);
    shared_free(&shared);
    tls_close(tls);
    return ok ? 0 : 1;
}

int main(int argc, char **argv) {
    Options o;
    int code = 0;
    block_signals();
    if (!options_read(&o, argc, argv)) code = 2;
    else if (o.help) options_help();
    else if (o.list_faults) faults_list();
    else if (o.die_with_parent && !tie_to_parent()) code = 1;
    else {
        allow_many_connections();
        code = serve(&o);
    }
    options_free(&o);
    return code;
}
