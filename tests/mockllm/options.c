// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum { TAKES_NOTHING, TAKES_NUMBER, TAKES_REAL, TAKES_PATH, TAKES_TEXT, TAKES_LIST, TAKES_MORE, TAKES_OWN } Takes;

typedef struct Option {
    const char *name, *value;  // value NULL: a flag
    Takes takes;
    size_t offset;
    bool (*own)(Options *o, const char *value);
    const char *help;
} Option;

static bool read_delay(Options *o, const char *value);
static bool read_retry_after(Options *o, const char *value);
static bool read_fixed(Options *o, const char *value);
static bool read_share(Options *o, const char *value);
static bool read_self_signed(Options *o, const char *value);

#define AT(field) offsetof(Options, field), NULL
#define OWN(function) 0, function

static const Option table[] = {
    {"port", "N", TAKES_NUMBER, AT(port), "listen on 127.0.0.1:N; 0 (default) takes a free port"},
    {"port-file", "FILE", TAKES_PATH, AT(port_file), "write the port to FILE once listening"},
    {"threads", "N", TAKES_NUMBER, AT(threads), "event loops (default 1)"},
    {"key", "KEY", TAKES_TEXT, AT(key), "answer 401 to requests without this key"},
    {"models", "A,B", TAKES_LIST, AT(models), "models that are listed (default mock-model)"},
    {"strict-model", NULL, TAKES_NOTHING, AT(strict_model), "404 for a model that is not listed"},
    {"refuse", "FIELD,...", TAKES_LIST, AT(refuse), "400 for a body with this top-level field"},
    {"check-json", NULL, TAKES_NOTHING, AT(check_json), "parse every body whole; 400 where it is not JSON"},
    {"max-body", "BYTES", TAKES_NUMBER, AT(max_body), "largest request body (default 32 MiB), else 413"},
    {"tls-self-signed", NULL, TAKES_OWN, OWN(read_self_signed), "TLS with a certificate that does not verify"},
    {"tls-cert", "FILE", TAKES_PATH, AT(tls_cert), "TLS with this PEM certificate"},
    {"tls-key", "FILE", TAKES_PATH, AT(tls_key), "and this PEM key"},
    {"participants", "A,B", TAKES_LIST, AT(participants), "names of the turns where no schema is sent"},
    {"exchanges", "N", TAKES_NUMBER, AT(exchanges), "exchanges there (default 2)"},
    {"label", "NAME=A|B", TAKES_MORE, AT(labels), "a `NAME: value` line before the turns; may repeat"},
    {"fixed", "FILE", TAKES_OWN, OWN(read_fixed), "answer with FILE's text; repeated: in turn"},
    {"fixed-body", "FILE", TAKES_PATH, AT(fixed_body), "answer with FILE as the whole HTTP body"},
    {"duplicate-rate", "P", TAKES_REAL, AT(duplicate_rate), "share of answers that nearly repeat one of 16 texts"},
    {"honour-max-tokens", NULL, TAKES_NOTHING, AT(honour_max_tokens), "cut answers at max_tokens, finish_reason length"},
    {"dimensions", "N", TAKES_NUMBER, AT(dimensions), "of embeddings (default 384)"},
    {"delay-ms", "SPEC", TAKES_OWN, OWN(read_delay), "N, A-B, or lognormal[:MEDIAN[:SIGMA]] (200, 0.5)"},
    {"rate", "R", TAKES_REAL, AT(rate), "requests a second, 429 beyond"},
    {"rate-burst", "B", TAKES_REAL, AT(rate_burst), "size of that bucket (default a tenth of a second's, at least 1)"},
    {"token-rate", "R", TAKES_REAL, AT(token_rate), "tokens a second (prompt and completion), 429 beyond"},
    {"token-burst", "B", TAKES_REAL, AT(token_burst), "size of that bucket (default one second's)"},
    {"retry-after", "KIND", TAKES_OWN, OWN(read_retry_after), "seconds (default), date or none on these 429s"},
    {"ratelimit-headers", NULL, TAKES_NOTHING, AT(ratelimit_headers), "send what is left of the buckets"},
    {"ledger", "FILE", TAKES_PATH, AT(ledger), "append a line for every request"},
    {"faults", "SHARE", TAKES_OWN, OWN(read_share), "share of answers that are faulty, 0 to 1"},
    {"fault-seed", "S", TAKES_NUMBER, AT(fault_seed), "which requests get which fault"},
    {"fault", "NAME,...", TAKES_LIST, AT(faults), "only these faults (share 1 unless --faults is given)"},
    {"faults-exclude", "NAME,...", TAKES_LIST, AT(faults_exclude), "all but these; a group's name stands for its faults"},
    {"late-ms", "N", TAKES_NUMBER, AT(late_ms), "what slow faults wait (default 300)"},
    {"endless-limit", "BYTES", TAKES_NUMBER, AT(endless_limit), "where endless answers do end (default 1 GiB)"},
    {"list-faults", NULL, TAKES_NOTHING, AT(list_faults), "print name, group and meaning of each fault"},
    {"die-with-parent", NULL, TAKES_NOTHING, AT(die_with_parent), "end when the starting process ends"},
    {"help", NULL, TAKES_NOTHING, AT(help), "print this"},
};
enum { OPTIONS = sizeof table / sizeof *table };

static bool wrong(const char *what, const char *value) {
    fprintf(stderr, "mockllm: %s: %s\n", what, value);
    return false;
}

static bool read_real(const char *text, double *out) {
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && *out >= 0 && *out < 1e15;
}

static void list_add(StrList *list, Str item) {
    list->items = mem_resize(list->items, (list->n + 1) * sizeof *list->items);
    list->items[list->n++] = item;
}

static void list_cut(StrList *list, const char *text) {
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = text + strcspn(text, ",");
        if (end > text) list_add(list, (Str){text, (size_t)(end - text)});
    }
}

static bool read_file(const char *path, Str *out) {
    FILE *f = fopen(path, "rb");
    if (!f) return wrong(strerror(errno), path);
    Buf b = {0};
    for (size_t n = 1; n;) {
        buf_need(&b, 65536);
        n = fread(b.ptr + b.len, 1, 65536, f);
        b.len += n;
    }
    bool ok = !ferror(f);
    fclose(f);
    *out = buf_str(&b);
    return ok || wrong("cannot be read", path);
}

static bool read_fixed(Options *o, const char *value) {
    Str bytes = {0};
    if (!read_file(value, &bytes)) return false;
    list_add(&o->fixed, bytes);
    return true;
}

static bool read_share(Options *o, const char *value) {
    o->faults_given = true;
    return (read_real(value, &o->fault_share) && o->fault_share <= 1) || wrong("--faults takes 0 to 1, not", value);
}

static bool read_self_signed(Options *o, const char *value) {
    (void)value;
    o->tls_cert = "";
    return true;
}

static bool read_retry_after(Options *o, const char *value) {
    static const char *const names[] = {"none", "seconds", "date"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, names[i])) continue;
        o->retry_after = (RetryAfter)i;
        return true;
    }
    return wrong("--retry-after takes seconds, date or none, not", value);
}

static bool read_lognormal(Options *o, const char *value) {
    o->delay = (Delay){.median_ms = 200, .sigma = 0.5};
    if (*value == '\0') return true;
    return sscanf(value, ":%lf:%lf", &o->delay.median_ms, &o->delay.sigma) >= 1 && o->delay.median_ms > 0 &&
           o->delay.median_ms < 1e7 && o->delay.sigma >= 0 && o->delay.sigma < 5;
}

static bool read_delay(Options *o, const char *value) {
    bool ok;
    if (strncmp(value, "lognormal", 9) == 0) {
        ok = read_lognormal(o, value + 9);
    } else {
        Delay d = {0};
        int n = sscanf(value, "%lf-%lf", &d.low_ms, &d.high_ms);
        if (n == 1) d.high_ms = d.low_ms;
        ok = n >= 1 && d.low_ms >= 0 && d.high_ms >= d.low_ms && d.high_ms < 1e7;
        o->delay = d;
    }
    return ok || wrong("--delay-ms takes N, A-B or lognormal[:MEDIAN[:SIGMA]], not", value);
}

static const Option *option_named(const char *name, size_t len) {
    for (size_t i = 0; i < OPTIONS; i++)
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) return &table[i];
    return NULL;
}

static bool take(Options *o, const Option *option, char *value) {
    void *field = (char *)o + option->offset;
    switch (option->takes) {
        case TAKES_NOTHING: *(bool *)field = true; return true;
        case TAKES_NUMBER: return str_to_u64(str_from(value), field) || wrong("not a whole number", value);
        case TAKES_REAL: return read_real(value, field) || wrong("not a number", value);
        case TAKES_PATH: *(char **)field = value; return true;
        case TAKES_TEXT: *(Str *)field = str_from(value); return true;
        case TAKES_LIST: list_cut(field, value); return true;
        case TAKES_MORE: list_add(field, str_from(value)); return true;
        case TAKES_OWN: return option->own(o, value);
    }
    return false;
}

static void set_defaults(Options *o) {
    *o = (Options){.threads = 1, .exchanges = 2, .max_body = 32u << 20, .endless_limit = 1u << 30, .late_ms = 300,
                   .dimensions = 384, .retry_after = RETRY_AFTER_SECONDS};
}

static bool finish(Options *o) {
    if (o->models.n == 0) list_cut(&o->models, "mock-model");
    if (o->participants.n == 0) list_cut(&o->participants, "Customer,Agent");
    if (o->rate > 0 && o->rate_burst < 1) o->rate_burst = o->rate / 10 < 1 ? 1 : o->rate / 10;
    if (o->token_rate > 0 && o->token_burst < 1) o->token_burst = o->token_rate;
    if (!o->faults_given && o->faults.n) o->fault_share = 1;
    if (o->port > 65535) return wrong("no such port", "--port");
    if (o->threads < 1 || o->threads > 64) return wrong("--threads takes", "1 to 64");
    if (o->dimensions < 1 || o->dimensions > 4096) return wrong("--dimensions takes", "1 to 4096");
    if (o->exchanges > 1000) return wrong("--exchanges takes", "0 to 1000");
    if (o->duplicate_rate > 1) return wrong("--duplicate-rate takes", "0 to 1");
    if (o->tls_cert && *o->tls_cert && !o->tls_key) return wrong("--tls-cert needs", "--tls-key");
    return !o->fixed_body || read_file(o->fixed_body, &o->fixed_body_bytes);
}

bool options_read(Options *o, int argc, char **argv) {
    set_defaults(o);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) return wrong("not an option", argv[i]);
        char *equals = strchr(argv[i], '=');
        size_t len = equals ? (size_t)(equals - argv[i]) - 2 : strlen(argv[i]) - 2;
        const Option *option = option_named(argv[i] + 2, len);
        if (!option) return wrong("unknown option (see --help)", argv[i]);
        char *value = equals ? equals + 1 : NULL;
        if (!value && option->value && ++i < argc) value = argv[i];
        if ((value != NULL) != (option->value != NULL))
            return wrong(option->value ? "a value is missing" : "takes no value", option->name);
        if (!take(o, option, value)) return false;
    }
    return finish(o);
}

void options_help(void) {
    puts("usage: mockllm [options]\nA stand-in for an LLM API on the loopback interface.");
    for (size_t i = 0; i < OPTIONS; i++) {
        int n = printf("  --%s %s", table[i].name, table[i].value ? table[i].value : "");
        printf("%*s%s\n", n < 30 ? 30 - n : 1, "", table[i].help);
    }
}

static void list_free(StrList *list) {
    free(list->items);
    *list = (StrList){0};
}

void options_free(Options *o) {
    for (size_t i = 0; i < o->fixed.n; i++) free((void *)(uintptr_t)o->fixed.items[i].ptr);
    free((void *)(uintptr_t)o->fixed_body_bytes.ptr);
    StrList *lists[] = {&o->models, &o->participants, &o->labels, &o->refuse, &o->fixed, &o->faults, &o->faults_exclude};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) list_free(lists[i]);
}
