// SPDX-License-Identifier: Apache-2.0
//
// tokens-bench VOCABULARY FILE [SIZE]: loads a vocabulary (name or path), cuts a file into documents of
// SIZE bytes (65536), and counts them twice on one thread: cold, then with warm caches. Prints
// milliseconds to load, MB/s cold and warm (both by the process's own time), tokens, and with a 4th argument the ids.
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "tokens/counter.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Each document's ids by themselves, as the peers give them; or all of them one behind the other.
static uint64_t count(Counter *c, Str text, size_t size, IdList *ids, bool together)
{
    uint64_t n = 0;
    while (text.len) {
        Str document = utf8_cut(text, size);
        if (!together) ids->n = 0;
        uint64_t before = ids->n;
        tokenizer_ids(&c->tokenizer, document, ids);
        n += ids->n - before;
        text = str_slice(text, document.len, text.len);
    }
    return n;
}

int main(int argc, char **argv)
{
    Arena a = {0};
    Counter c;
    Error e;
    Str text;
    uint64_t size = 65536;
    const char *xdg = getenv("XDG_DATA_HOME");
    if (argc < 3 || (argc > 3 && !str_to_u64(str_from(argv[3]), &size)) || size < 4) return 2;
    Str data = xdg ? str_from(xdg) : arena_printf(&a, "%s/.local/share", getenv("HOME"));
    if (!file_read(argv[2], (size_t)1 << 30, &a, &text, NULL, &e)) return 1;
    double start = now();
    if (!counter_open(&c, str_from(argv[1]), data, &e)) {
        error_print(&e, stderr);
        return 1;
    }
    double loaded = now();
    IdList ids = {.keep = true};
    uint64_t n = count(&c, text, size, &ids, argc > 4);
    double cold = now();
    count(&c, text, size, &ids, argc > 4);
    double warm = now();
    if (argc > 4) {
        for (uint64_t i = 0; i < n; i++) printf("%u\n", ids.ids[i]);
    } else {
        printf("{\"load_ms\":%.2f,\"cold\":%.1f,\"warm\":%.1f,\"tokens\":%llu,\"bytes\":%zu}\n", (loaded - start) * 1e3,
               (double)text.len / (cold - loaded) / 1e6, (double)text.len / (warm - cold) / 1e6, (unsigned long long)n, text.len);
    }
    id_list_free(&ids);
    counter_close(&c);
    arena_free(&a);
    return 0;
}
