// SPDX-License-Identifier: Apache-2.0
#include "llm/local_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "base/random.h"

#define DEFAULT_TIMEOUT (INT64_C(120) * NANOS_PER_SECOND)
#define POLL (INT64_C(50) * NANOS_PER_MS)
#define STOP_TIMEOUT (INT64_C(2) * NANOS_PER_SECOND)

enum {
    DEFAULT_CONTEXT = 2048,
    LOG_MAX = 8 << 20,   // the server writes a line or two a request; what is beyond is lost
    LOG_TAIL = 4096,
    PORT_TRIES = 3,      // another program may take the free port before the server does
};

extern char **environ;

static const char default_model[] = "confab/models/SmolLM2-135M-Instruct.Q4_1.gguf";
static const char default_server[] = "confab/server/bin/confab-model-server";

static bool start_once(const LocalServerConfig *config, Transport *t, Arena *a, LocalServer *s, Error *e);

// ---- finding ------------------------------------------------------------------------------------

static bool is_program(Str path, Arena *a)
{
    struct stat st;
    const char *name = arena_cstr(a, path);
    return stat(name, &st) == 0 && S_ISREG(st.st_mode) && access(name, X_OK) == 0;
}

static Str on_path(Str path, Str name, Arena *a)
{
    Str folder;
    while (str_cut(&path, ':', &folder)) {
        if (!folder.len) continue;
        Str program = path_join(a, folder, name);
        if (is_program(program, a)) return program;
    }
    return (Str){0};
}

static bool find_server(const LocalServerConfig *config, Arena *a, Str *out, Error *e)
{
    if (config->server.len) {
        bool bare = str_find_char(config->server, '/') == STR_NONE;
        *out = bare ? on_path(config->path, config->server, a) : config->server;
        if (out->ptr && is_program(*out, a)) return true;
        error_set(e, ERROR_USAGE, "model-server", "CONFAB_MODEL_SERVER is not a program: %.*s", STR_ARG(config->server));
        return error_hint(e, "set it to a llama-server, or unset it");
    }
    *out = on_path(config->path, S("llama-server"), a);
    if (out->ptr) return true;
    *out = path_join(a, config->data, str_from(default_server));
    if (is_program(*out, a)) return true;
    error_set(e, ERROR_USAGE, "model-server", "no LLM_API_URL is set, and the embedded model's server is not installed");
    return error_hint(e, "set LLM_API_URL, or run scripts/fetch-model.sh");
}

static bool is_gguf(const char *path, Error *e)
{
    char magic[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return error_errno(e, "cannot open", path);
    ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    if (n == 4 && memcmp(magic, "GGUF", 4) == 0) return true;
    error_set(e, ERROR_USAGE, "model", "not a model in GGUF format: %s", path);
    return error_hint(e, "set CONFAB_MODEL to a .gguf file, or run scripts/fetch-model.sh");
}

static bool find_model(const LocalServerConfig *config, Arena *a, Str *out, Error *e)
{
    struct stat st;
    bool own = config->model.len > 0;
    *out = own ? config->model : path_join(a, config->data, str_from(default_model));
    const char *path = arena_cstr(a, *out);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) return is_gguf(path, e);
    if (own) {
        error_set(e, ERROR_USAGE, "model", "CONFAB_MODEL is not a file: %s", path);
        return error_hint(e, "set it to a .gguf file, or unset it");
    }
    error_set(e, ERROR_USAGE, "model", "no LLM_API_URL is set, and the embedded model is not there: %s", path);
    return error_hint(e, "set LLM_API_URL, or run scripts/fetch-model.sh");
}

bool local_server_find(const LocalServerConfig *config, Arena *a, LocalServer *out, Error *e)
{
    *out = (LocalServer){.log = -1};
    return find_server(config, a, &out->server, e) && find_model(config, a, &out->model, e);
}

// ---- starting -----------------------------------------------------------------------------------

bool local_server_start(const LocalServerConfig *config, Transport *t, Arena *a, LocalServer *out, Error *e)
{
    if (!local_server_find(config, a, out, e)) return false;
    for (int i = 0; i < PORT_TRIES; i++) {
        if (start_once(config, t, a, out, e)) return true;
        Str log = local_server_log(out, a);
        local_server_stop(out);
        if (!str_contains(log, S("bind")) && !str_contains(log, S("ddress already in use"))) break;
    }
    return false;
}

static bool free_port(unsigned *port, Error *e)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    if (!ok) error_errno(e, "cannot bind", "127.0.0.1");
    if (fd >= 0) close(fd);
    *port = ntohs(address.sin_port);
    return ok;
}

static unsigned usable_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (unsigned)n : 1;
}

static char **arguments(const LocalServerConfig *config, const LocalServer *s, unsigned port, Arena *a)
{
    unsigned slots = config->slots ? config->slots : 1, context = config->slot_context ? config->slot_context : DEFAULT_CONTEXT;
    unsigned threads = config->threads ? config->threads : usable_cores();
    Str list[] = {s->server, S("-m"), s->model, S("-a"), s->endpoint.model, S("--host"), S("127.0.0.1"),
                  S("--port"), arena_printf(a, "%u", port), S("-np"), arena_printf(a, "%u", slots),
                  S("-c"), arena_printf(a, "%llu", (unsigned long long)slots * context), S("-t"), arena_printf(a, "%u", threads),
                  // A text is read in one go, and a vector is the mean of its tokens': the chat model names no pooling of its own.
                  S("--embeddings"), S("--pooling"), S("mean"), S("-b"), arena_printf(a, "%u", context), S("-ub"), arena_printf(a, "%u", context)};
    enum { FOR_EMBEDDINGS = 7 };
    size_t n = sizeof list / sizeof *list - (config->embeddings ? 0 : FOR_EMBEDDINGS);
    char **argv = arena_new(a, char *, n + 1);
    for (size_t i = 0; i < n; i++) argv[i] = arena_cstr(a, list[i]);
    return argv;
}

// Settings of the user's own llama.cpp would change the server, and it has no need of other keys.
static bool is_dropped(Str variable)
{
    return str_starts(variable, S("LLAMA_ARG_")) || str_starts(variable, S("LLAMA_API_KEY=")) || str_starts(variable, S("LLM_API_KEY"));
}

// The key goes through the environment: arguments can be read by every user of the machine.
static char **child_environment(const Endpoint *endpoint, Arena *a)
{
    // CACHE_RAM: newer servers keep up to 8 GB of old prompts otherwise.
    Str own[] = {arena_concat(a, (Str[]){S("LLAMA_API_KEY="), endpoint->key}, 2), S("LLAMA_ARG_CACHE_RAM=0"), S("LLAMA_ARG_NO_WEBUI=1"),
                 S("LLAMA_ARG_UI=0"), arena_printf(a, "CONFAB_PARENT_PID=%ld", (long)getpid())};
    size_t n_own = sizeof own / sizeof *own, n = 0;
    while (environ && environ[n]) n++;
    char **envp = arena_new(a, char *, n + n_own + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_dropped(str_from(environ[i]))) envp[at++] = environ[i];
    for (size_t i = 0; i < n_own; i++) envp[at++] = arena_cstr(a, own[i]);
    return envp;
}

// Everything here is safe between fork and exec. Does not return.
static _Noreturn void run_child(char **argv, char **envp, int log, int report, pid_t parent)
{
    struct rlimit size = {LOG_MAX, LOG_MAX};
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // the parent died before the call above
    setsid();                             // Ctrl-C on the terminal is confab's alone
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN);  // a full log is a failed write, not the end
    setrlimit(RLIMIT_FSIZE, &size);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(log >= 0 ? log : null, STDOUT_FILENO);
    dup2(log >= 0 ? log : null, STDERR_FILENO);
    // Inherited sockets would keep other servers' connections open. `report` closes itself on exec.
    if (report > 3) close_range(3, (unsigned)report - 1, 0);
    close_range((unsigned)report + 1, ~0U, 0);
    execve(argv[0], argv, envp);
    int error = errno;
    ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
}

static int open_log(void)
{
    char path[64];
    int fd = memfd_create("confab-model-server", MFD_CLOEXEC);
    if (fd < 0) return -1;
    // Opened again to append, so that what is cut off at the front leaves no hole.
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int appending = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (appending < 0) return fd;
    close(fd);
    return appending;
}

static bool spawn(char **argv, char **envp, LocalServer *s, Error *e)
{
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) != 0) return error_errno(e, "cannot start", argv[0]);
    s->log = open_log();
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) run_child(argv, envp, s->log, report[1], parent);
    close(report[1]);
    ssize_t n = pid > 0 ? read(report[0], &error, sizeof error) : 0;
    close(report[0]);
    if (pid > 0) s->pid = pid;
    if (pid > 0 && n == 0) return true;
    if (n > 0) errno = error;
    error_errno(e, "cannot start", argv[0]);
    if (pid > 0) local_server_stop(s);
    return false;
}

static bool failed_to_start(LocalServer *s, const char *what, Arena *a, Error *e)
{
    // The last line says most; the whole tail rarely fits.
    Str log = str_trim(local_server_log(s, a));
    if (log.len > 300) log = str_slice(log, log.len - 300, log.len);
    error_set(e, ERROR_UNREACHABLE, "model-server", "the embedded model's server %s: %.*s", what, STR_ARG(s->server));
    if (log.len) return error_hint(e, "it wrote: %.*s", STR_ARG(log));
    return error_hint(e, "try it by hand, or set LLM_API_URL");
}

static bool is_healthy(Transport *t, const Endpoint *endpoint)
{
    HttpReply *reply;
    if (!http_get(t, endpoint, S("/health"), NANOS_PER_SECOND, &reply, NULL)) return false;
    bool healthy = reply->end == HTTP_DONE && reply->status == 200;
    t->release(t->self, reply);
    return healthy;
}

static void rest(Nanos span)
{
    struct timespec time = {.tv_sec = span / NANOS_PER_SECOND, .tv_nsec = span % NANOS_PER_SECOND};
    nanosleep(&time, NULL);
}

static bool wait_until_ready(const LocalServerConfig *config, Transport *t, Arena *a, LocalServer *s, Error *e)
{
    Nanos begin = clock_now(&system_clock), timeout = config->timeout ? config->timeout : DEFAULT_TIMEOUT;
    for (;;) {
        Nanos waited = clock_now(&system_clock) - begin;
        if (!local_server_alive(s)) return failed_to_start(s, "ended at once", a, e);
        // Alive after the answer too: else it was another server's, at a port this one did not get.
        if (is_healthy(t, &s->endpoint) && local_server_alive(s)) return true;
        if (waited > timeout) return failed_to_start(s, "does not answer", a, e);
        if (config->progress && !config->progress(config->context, waited))
            return error_set(e, ERROR_INTERRUPTED, "model-server", "the embedded model's server was not waited for");
        rest(POLL);
    }
}

static bool start_once(const LocalServerConfig *config, Transport *t, Arena *a, LocalServer *s, Error *e)
{
    unsigned port;
    unsigned char secret[16];
    if (!free_port(&port, e)) return false;
    if (!random_system(secret, sizeof secret)) return error_set(e, ERROR_INTERNAL, "random", "the system gives no random bytes");
    Str url = arena_printf(a, "http://127.0.0.1:%u", port);
    if (!endpoint_resolve(url, S("openai"), hash_hex(a, secret, sizeof secret), path_stem(path_name(s->model)), a, &s->endpoint, e)) return false;
    return spawn(arguments(config, s, port, a), child_environment(&s->endpoint, a), s, e) && wait_until_ready(config, t, a, s, e);
}

// ---- afterwards ---------------------------------------------------------------------------------

bool local_server_alive(LocalServer *s)
{
    struct stat st;
    if (s->pid <= 0) return false;
    if (waitpid(s->pid, NULL, WNOHANG) != 0) {
        s->pid = 0;
        return false;
    }
    if (s->log >= 0 && fstat(s->log, &st) == 0 && st.st_size > LOG_MAX / 2 && ftruncate(s->log, 0) != 0) return true;
    return true;
}

Str local_server_log(const LocalServer *s, Arena *a)
{
    struct stat st;
    if (s->log < 0 || fstat(s->log, &st) != 0) return (Str){0};
    off_t from = st.st_size > LOG_TAIL ? st.st_size - LOG_TAIL : 0;
    char *text = arena_alloc(a, LOG_TAIL + 1);
    ssize_t n = pread(s->log, text, LOG_TAIL, from);
    return n > 0 ? (Str){text, (size_t)n} : (Str){0};
}

static bool wait_for_end(LocalServer *s, Nanos timeout)
{
    for (Nanos waited = 0; waited < timeout; waited += POLL / 5) {
        if (waitpid(s->pid, NULL, WNOHANG) != 0) return true;
        rest(POLL / 5);
    }
    return false;
}

void local_server_stop(LocalServer *s)
{
    if (s->pid > 0) {
        // It leads a group of its own, with what it may have started itself.
        pid_t group = s->pid;
        kill(-group, SIGTERM);
        kill(group, SIGTERM);
        if (!wait_for_end(s, STOP_TIMEOUT)) {
            kill(-group, SIGKILL);
            kill(group, SIGKILL);
            while (waitpid(group, NULL, 0) < 0 && errno == EINTR) {
            }
        }
        kill(-group, SIGKILL);
        s->pid = 0;
    }
    if (s->log >= 0) close(s->log);
    s->log = -1;
}
