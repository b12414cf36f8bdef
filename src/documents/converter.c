// SPDX-License-Identifier: Apache-2.0
#include "documents/converter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sys/syscall.h>

#include "base/path.h"
#include "documents/sandbox.h"

// How a child is kept from harm, in the order in which they are tried: a machine may forbid the first to
// others than bubblewrap, and both; then the limits and the filter have to do.
typedef enum Protection {
    PROTECTION_OWN,
    PROTECTION_BUBBLEWRAP,
    PROTECTION_LIMITS,
} Protection;

typedef struct Command {
    const char *argv[64];
    size_t n;
    Protection protection;
    Sandbox sandbox;
    char program[PATH_MAX], bubblewrap[PATH_MAX], input[PATH_MAX], folder[PATH_MAX], library[PATH_MAX];
} Command;

enum {
    PIPE = 1 << 18,         // bytes that wait between child and reader
    GATHERING_MS = 4,       // how long they are let gather
};

// What a child says whose sandbox this machine forbids; bubblewrap has its own words.
#define NO_SANDBOX "sandbox:"

static bool find_program(const char *name, char out[PATH_MAX])
{
    if (name[0] == '/') return realpath(name, out) && access(out, X_OK) == 0;
    const char *path = getenv("PATH");
    Str rest = str_from(path ? path : "/usr/bin:/bin"), folder;
    while (str_cut(&rest, ':', &folder)) {
        int n = snprintf(out, PATH_MAX, "%.*s/%s", STR_ARG(folder), name);
        if (n > 0 && n < PATH_MAX && folder.len && folder.ptr[0] == '/' && access(out, X_OK) == 0) return true;
    }
    return false;
}

static void add(Command *c, const char *argument)
{
    if (c->n + 1 < sizeof c->argv / sizeof *c->argv) c->argv[c->n++] = argument;
    c->argv[c->n] = NULL;
}

static void add_bind(Command *c, const char *from, const char *to)
{
    add(c, "--ro-bind");
    add(c, from);
    add(c, to);
}

// bubblewrap's part of the command: a root of its own with the system's programs and the one file.
static void add_bubblewrap(Command *c)
{
    static const char *const parts[] = {
        "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib",
        "--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--chdir", "/",
    };
    add(c, c->bubblewrap);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) add(c, parts[i]);
    if (strncmp(c->folder, "/usr/", 5) != 0) add_bind(c, c->folder, c->folder);
    if (c->library[0]) add_bind(c, c->library, SANDBOX_LIBRARY);
    add_bind(c, c->input, SANDBOX_INPUT);
    add(c, "--");
}

// False: it cannot be had here.
static bool make_command(Command *c, const Converter *converter, Protection protection)
{
    c->n = 0;
    c->protection = protection;
    if (protection == PROTECTION_OWN && !sandbox_prepare(&c->sandbox, c->folder, c->input, c->library)) return false;
    if (protection == PROTECTION_BUBBLEWRAP) {
        if (!find_program("bwrap", c->bubblewrap)) return false;
        add_bubblewrap(c);
    }
    add(c, c->program);
    if (c->library[0]) add(c, protection == PROTECTION_LIMITS ? c->library : SANDBOX_LIBRARY);
    bool placed = false;
    for (size_t i = 0; i < CONVERTER_ARGUMENTS; i++) {
        if (converter->arguments[i]) {
            add(c, converter->arguments[i]);
            continue;
        }
        if (placed) break;
        add(c, protection == PROTECTION_LIMITS ? c->input : SANDBOX_INPUT);
        placed = true;
    }
    return true;
}

// ---- the child ----------------------------------------------------------------------------------

static void limit(int what, rlim_t most)
{
    struct rlimit r = {most, most};
    setrlimit((__rlimit_resource_t)what, &r);
}

static void keep_only(int out, int err)
{
    int none = open("/dev/null", O_RDONLY);
    if (none < 0 || dup2(none, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
    if (close_range(3, ~0U, 0) < 0)
        for (int fd = 3; fd < 256; fd++) close(fd);
}

static void set_limits(void)
{
    limit(RLIMIT_DATA, CONVERTER_MEMORY);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_CPU, CONVERTER_TOTAL_MS / 1000);
}

_Noreturn static void become(const Command *c)
{
    static char *const environment[] = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", NULL};
    set_limits();
    if (c->protection != PROTECTION_BUBBLEWRAP) sandbox_filter();
    execve(c->argv[0], (char *const *)(uintptr_t)c->argv, environment);
    _exit(127);
}

// The first process of a sandbox only waits, since signals that would end others do not end it.
_Noreturn static void become_first(const Command *c)
{
    if (!sandbox_enter(&c->sandbox)) {
        ssize_t said = write(2, NO_SANDBOX, sizeof NO_SANDBOX - 1);
        _exit(said < 0 ? 125 : 126);
    }
    pid_t child = vfork();  // it calls the kernel alone until it becomes another program
    if (child == 0) become(c);
    close(1);
    close(2);
    int code = 0;
    for (pid_t ended = 0; ended != child;) {
        ended = waitpid(-1, &code, 0);
        if (child < 0 || (ended < 0 && errno != EINTR)) _exit(126);
    }
    _exit(WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code));
}

static pid_t start(const Command *c, int out, int err)
{
    bool own = c->protection == PROTECTION_OWN;
    pid_t child = own ? sandbox_fork() : fork();
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    keep_only(out, err);
    if (own) become_first(c);
    setpgid(0, 0);
    become(c);
}

// ---- listening ----------------------------------------------------------------------------------

static int64_t now_ms(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// A child writes in pieces of 4 KB. Waking for each of them, on one processor, stops it each time. Its end is heard at once.
static void let_gather(int fd)
{
    int waiting = 0;
    struct pollfd end = {fd, 0, 0};
    if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0 && waiting < PIPE / 2) poll(&end, 1, GATHERING_MS);
}

// Reads what is there; false at the end.
static bool take(int fd, Buf *b, bool cut)
{
    char bytes[PIPE / 4];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n > 0 && !(cut && b->full)) buf_add(b, (Str){bytes, (size_t)n});
    return n > 0;
}

static ConverterResult listen_to(const Converter *c, int out_fd, int err_fd, Buf *out, Buf *said)
{
    int64_t start = now_ms(), heard = start;
    struct pollfd fds[2] = {{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int64_t now = now_ms(), left = heard + CONVERTER_SILENT_MS - now, total = start + CONVERTER_TOTAL_MS - now;
        if (left <= 0 || total <= 0) return CONVERTER_HUNG;
        if (poll(fds, 2, (int)(left < total ? left : total)) < 0 && errno != EINTR) return CONVERTER_HUNG;
        if (fds[0].revents) {
            size_t before = out->len;
            if (fds[0].revents == POLLIN) let_gather(out_fd);
            if (!take(out_fd, out, false)) fds[0].fd = -1;
            if (out->full) return CONVERTER_FULL;
            if (out->len > before) heard = now_ms();
            if (out->len > before && c->read && !c->read(c->ctx, out)) return CONVERTER_FULL;
        }
        // Complaints are no progress.
        if (fds[1].revents && !take(err_fd, said, true)) fds[1].fd = -1;
    }
    return CONVERTER_OK;
}

// A child that has closed its output should be gone in a moment; one that only pretends is not waited for.
static bool ends_by_itself(pid_t child, int *code)
{
    struct pollfd end = {(int)syscall(SYS_pidfd_open, child, 0), POLLIN, 0};
    for (int64_t start = now_ms(), left; (left = start + CONVERTER_SILENT_MS - now_ms()) > 0;) {
        if (end.fd < 0 || end.revents) {
            pid_t ended = waitpid(child, code, WNOHANG);
            if (ended == child || (ended < 0 && errno != EINTR)) {
                if (end.fd >= 0) close(end.fd);
                return true;
            }
        }
        // Without such a descriptor one has to look now and then.
        poll(&end, 1, end.fd < 0 || end.revents ? 1 : (int)left);
    }
    if (end.fd >= 0) close(end.fd);
    return false;
}

static ConverterResult run_once(const Command *c, const Converter *converter, Buf *out, Buf *said, int *status)
{
    int outs[2], errs[2];
    if (pipe2(outs, O_CLOEXEC) < 0) return CONVERTER_ABSENT;
    if (pipe2(errs, O_CLOEXEC) < 0) {
        close(outs[0]), close(outs[1]);
        return CONVERTER_ABSENT;
    }
    fcntl(outs[1], F_SETPIPE_SZ, PIPE);
    pid_t child = start(c, outs[1], errs[1]);
    close(outs[1]);
    close(errs[1]);
    ConverterResult result = child < 0 ? CONVERTER_ABSENT : listen_to(converter, outs[0], errs[0], out, said);
    close(outs[0]);
    close(errs[0]);
    if (child < 0) return result;
    int code = 0;
    if (result == CONVERTER_OK && !ends_by_itself(child, &code)) result = CONVERTER_HUNG;
    if (result != CONVERTER_OK) {
        kill(-child, SIGKILL);
        kill(child, SIGKILL);
        while (waitpid(child, &code, 0) < 0 && errno == EINTR) {}
    }
    *status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
    return result != CONVERTER_OK ? result : *status == 0 ? CONVERTER_OK : CONVERTER_REFUSED;
}

// Whether the sandbox was refused, not the file.
static bool forbidden(const Command *c, ConverterResult result, const Buf *out, const Buf *said)
{
    if (c->protection == PROTECTION_LIMITS) return false;
    if (c->protection == PROTECTION_OWN && result == CONVERTER_ABSENT) return true;
    Str words = c->protection == PROTECTION_OWN ? S(NO_SANDBOX) : S("bwrap:");
    return result == CONVERTER_REFUSED && out->len == 0 && str_starts(buf_str(said), words);
}

ConverterResult converter_run(const Converter *converter, Buf *out, Buf *said, int *status)
{
    Command *c = mem_alloc(sizeof *c);
    ConverterResult result = CONVERTER_ABSENT;
    *status = 0;
    said->max = said->max ? said->max : 2000;
    c->library[0] = 0;
    if (realpath(converter->input, c->input) && find_program(converter->program, c->program) && (!converter->shared_library || realpath(converter->shared_library, c->library))) {
        Str folder = path_folder(str_from(c->program));
        snprintf(c->folder, sizeof c->folder, "%.*s", STR_ARG(folder));
        for (int p = PROTECTION_OWN; p <= PROTECTION_LIMITS; p++) {
            if (!make_command(c, converter, (Protection)p)) continue;
            buf_clear(said);
            result = run_once(c, converter, out, said, status);
            if (!forbidden(c, result, out, said)) break;
        }
    }
    free(c);
    return result;
}
