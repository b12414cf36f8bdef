// SPDX-License-Identifier: Apache-2.0
// The embedded model's server, played by a script that hands its port and key to the mock API.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "llm/local_server.h"
#include "llm/models.h"

typedef struct World {
    Arena arena;
    char folder[40];
    Transport transport;
    LocalServerConfig config;
} World;

static const char *in(World *w, const char *name) { return path_join(&w->arena, str_from(w->folder), str_from(name)).ptr; }

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

// Takes the arguments a llama-server takes, notes them, and becomes the mock API.
static const char good_server[] =
    "#!/bin/sh\n"
    "here=$(dirname \"$0\")\n"
    "echo \"$@\" > \"$here/arguments\"\n"
    "env > \"$here/environment\"\n"
    "echo starting up >&2\n"
    "while [ $# -gt 0 ]; do case $1 in --port) port=$2;; -a) alias=$2;; esac; shift; done\n"
    "exec " MOCKLLM " --port $port --key $LLAMA_API_KEY --models \"$alias\"\n";

static World begin(const char *server)
{
    World w = {.folder = "/tmp/confab-server-XXXXXX"};
    Error e = {0};
    assert_non_null(mkdtemp(w.folder));
    assert_true(transport_open(NULL, &w.transport, &e));
    write_file(in(&w, "tiny.gguf"), "GGUF and more", 0600);
    if (server) write_file(in(&w, "server"), server, 0700);
    w.config = (LocalServerConfig){.server = str_from(in(&w, "server")), .model = str_from(in(&w, "tiny.gguf")), .slots = 3,
                                   .data = str_from(in(&w, "data")), .path = S("/nowhere"), .timeout = 20 * NANOS_PER_SECOND};
    return w;
}

static void finish(World *w)
{
    static const char *const files[] = {"arguments", "environment", "server", "tiny.gguf", "llama-server", "data/confab/server/bin/confab-model-server",
                                        "data/confab/models/SmolLM2-135M-Instruct.Q4_1.gguf", "data/confab/server/bin", "data/confab/server",
                                        "data/confab/models", "data/confab", "data"};
    transport_close(&w->transport);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) remove(in(w, files[i]));
    assert_int_equal(rmdir(w->folder), 0);
    arena_free(&w->arena);
}

static Str read_whole(World *w, const char *name)
{
    Str text;
    assert_true(file_read(in(w, name), 1 << 20, &w->arena, &text, NULL, NULL));
    return text;
}

static bool count_calls(void *context, Nanos waited)
{
    assert_true(waited >= 0);
    ++*(int *)context;
    return true;
}

static void test_it_starts_answers_and_ends(void **state)
{
    (void)state;
    World w = begin(good_server);
    LocalServer server;
    Error e = {0};
    Str *names;
    size_t n;
    int calls = 0;
    setenv("LLAMA_ARG_CTX_SIZE", "17", 1);
    setenv("LLM_API_KEY", "sk-of-another-server", 1);
    w.config.progress = count_calls;
    w.config.context = &calls;
    if (!local_server_start(&w.config, &w.transport, &w.arena, &server, &e)) fail_msg("%s (%s)", e.what, e.hint);
    unsetenv("LLAMA_ARG_CTX_SIZE");
    unsetenv("LLM_API_KEY");
    assert_true(local_server_alive(&server));
    assert_true(server.endpoint.loopback && server.endpoint.key.len == 32);
    assert_true(str_eq(server.endpoint.model, S("tiny")));
    // The key made for the run is the one the server asks for.
    assert_true(models_list(&w.transport, &server.endpoint, NANOS_PER_SECOND, &w.arena, &names, &n, &e));
    assert_true(n == 1 && str_eq(names[0], S("tiny")));
    Str arguments = read_whole(&w, "arguments"), environment = read_whole(&w, "environment");
    assert_true(str_contains(arguments, S("-np 3 -c 6144 -t ")));
    assert_true(str_contains(arguments, S("--host 127.0.0.1 --port ")));
    assert_false(str_contains(arguments, server.endpoint.key));
    assert_true(str_contains(environment, server.endpoint.key));
    assert_true(str_contains(environment, S("CONFAB_PARENT_PID=")));
    assert_false(str_contains(environment, S("LLAMA_ARG_CTX_SIZE")));
    assert_false(str_contains(environment, S("sk-of-another-server")));
    assert_true(str_contains(local_server_log(&server, &w.arena), S("starting up")));
    pid_t pid = server.pid;
    local_server_stop(&server);
    local_server_stop(&server);
    assert_int_equal(kill(pid, 0), -1);
    assert_false(local_server_alive(&server));
    finish(&w);
}

// A child that starts the server and is killed: the server must go with it.
static void test_it_does_not_outlive_a_kill(void **state)
{
    (void)state;
    World w = begin(good_server);
    int report[2];
    pid_t server_pid = 0;
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        LocalServer server;
        Transport transport;
        if (!transport_open(NULL, &transport, NULL) || !local_server_start(&w.config, &transport, &w.arena, &server, NULL)) _exit(1);
        if (write(report[1], &server.pid, sizeof server.pid) != sizeof server.pid) _exit(1);
        pause();
        _exit(0);
    }
    close(report[1]);
    assert_int_equal(read(report[0], &server_pid, sizeof server_pid), sizeof server_pid);
    close(report[0]);
    assert_int_equal(kill(server_pid, 0), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    bool gone = false;
    for (int i = 0; i < 400 && !gone; i++) {
        // An orphan that has ended may stay a zombie where nobody reaps.
        char path[64], text[256] = "";
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)server_pid);
        FILE *f = fopen(path, "r");
        gone = !f || !fgets(text, sizeof text, f) || strstr(text, ") Z ");
        if (f) fclose(f);
        if (!gone) usleep(5000);
    }
    assert_true(gone);
    finish(&w);
}

static void test_it_fails_with_its_last_words(void **state)
{
    (void)state;
    World w = begin("#!/bin/sh\necho 'llama: cannot load the model' >&2\nexit 3\n");
    LocalServer server;
    Error e = {0};
    assert_false(local_server_start(&w.config, &w.transport, &w.arena, &server, &e));
    assert_int_equal(e.kind, ERROR_UNREACHABLE);
    assert_non_null(strstr(e.what, "ended at once"));
    assert_non_null(strstr(e.hint, "cannot load the model"));
    assert_int_equal(server.pid, 0);
    assert_int_equal(server.log, -1);
    finish(&w);
}

static void test_it_is_not_waited_for_without_end(void **state)
{
    (void)state;
    World w = begin("#!/bin/sh\nexec sleep 60\n");
    LocalServer server;
    Error e = {0};
    w.config.timeout = 150 * NANOS_PER_MS;
    assert_false(local_server_start(&w.config, &w.transport, &w.arena, &server, &e));
    assert_non_null(strstr(e.what, "does not answer"));
    assert_int_equal(server.pid, 0);
    finish(&w);
}

static bool stop_at_once(void *context, Nanos waited)
{
    (void)context, (void)waited;
    return false;
}

static void test_the_wait_can_be_ended(void **state)
{
    (void)state;
    World w = begin("#!/bin/sh\ntrap '' TERM\nsleep 60 & wait\n");
    LocalServer server;
    Error e = {0};
    w.config.progress = stop_at_once;
    assert_false(local_server_start(&w.config, &w.transport, &w.arena, &server, &e));
    assert_int_equal(e.kind, ERROR_INTERRUPTED);
    assert_int_equal(server.pid, 0);
    finish(&w);
}

static void test_not_a_program(void **state)
{
    (void)state;
    World w = begin("no program at all\n");
    LocalServer server;
    Error e = {0};
    assert_false(local_server_start(&w.config, &w.transport, &w.arena, &server, &e));
    assert_non_null(strstr(e.what, "cannot start"));
    assert_int_equal(server.pid, 0);
    finish(&w);
}

static void test_finding(void **state)
{
    (void)state;
    World w = begin(good_server);
    LocalServer server;
    Error e = {0};
    LocalServerConfig none = {.data = w.config.data, .path = str_from(w.folder)};
    // Nothing anywhere.
    assert_false(local_server_find(&none, &w.arena, &server, &e));
    assert_int_equal(e.kind, ERROR_USAGE);
    assert_non_null(strstr(e.hint, "scripts/fetch-model.sh"));
    assert_non_null(strstr(e.hint, "LLM_API_URL"));
    // The fetched ones, then one on the PATH before it.
    assert_true(file_make_folders(in(&w, "data/confab/server/bin"), &e) && file_make_folders(in(&w, "data/confab/models"), &e));
    write_file(in(&w, "data/confab/server/bin/confab-model-server"), good_server, 0700);
    assert_false(local_server_find(&none, &w.arena, &server, &e));
    assert_string_equal(e.code, "model");
    write_file(in(&w, "data/confab/models/SmolLM2-135M-Instruct.Q4_1.gguf"), "GGUF", 0600);
    assert_true(local_server_find(&none, &w.arena, &server, &e));
    assert_true(str_ends(server.server, S("/confab-model-server")));
    write_file(in(&w, "llama-server"), good_server, 0600);
    assert_true(local_server_find(&none, &w.arena, &server, &e));
    assert_true(str_ends(server.server, S("/confab-model-server")));
    assert_int_equal(chmod(in(&w, "llama-server"), 0700), 0);
    assert_true(local_server_find(&none, &w.arena, &server, &e));
    assert_true(str_ends(server.server, S("/llama-server")));
    // What was named must be there.
    LocalServerConfig named = {.server = S("/no/such/server"), .model = w.config.model, .data = w.config.data, .path = none.path};
    assert_false(local_server_find(&named, &w.arena, &server, &e));
    assert_non_null(strstr(e.what, "CONFAB_MODEL_SERVER"));
    named.server = S("server");
    assert_true(local_server_find(&named, &w.arena, &server, &e));
    named.model = S("/no/such/model.gguf");
    assert_false(local_server_find(&named, &w.arena, &server, &e));
    assert_non_null(strstr(e.what, "CONFAB_MODEL"));
    named.model = str_from(in(&w, "server"));
    assert_false(local_server_find(&named, &w.arena, &server, &e));
    assert_non_null(strstr(e.what, "GGUF"));
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_starts_answers_and_ends),
        cmocka_unit_test(test_it_does_not_outlive_a_kill),
        cmocka_unit_test(test_it_fails_with_its_last_words),
        cmocka_unit_test(test_it_is_not_waited_for_without_end),
        cmocka_unit_test(test_the_wait_can_be_ended),
        cmocka_unit_test(test_not_a_program),
        cmocka_unit_test(test_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
