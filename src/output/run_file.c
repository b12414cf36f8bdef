// SPDX-License-Identifier: Apache-2.0
#include "output/run_file.h"

#include "base/file.h"
#include "base/json.h"
#include "output/money.h"

// Behind the comma where it is not the first of its object.
static void add_key(Buf *b, const char *key)
{
    char last = b->ptr[b->len - 1];
    buf_printf(b, "%s\"%s\":", last == '{' || last == '\n' ? "" : ",", key);
}

static void add_line(Buf *b) { buf_add(b, S(",\n")); }

static void add_text(Buf *b, const char *key, Str text)
{
    add_key(b, key);
    if (text.ptr) json_write_string(b, text);
    else buf_add(b, S("null"));
}

static void add_number(Buf *b, const char *key, int64_t n)
{
    add_key(b, key);
    buf_printf(b, "%lld", (long long)n);
}

static void add_count(Buf *b, const char *key, uint64_t n)
{
    add_key(b, key);
    buf_add_u64(b, n);
}

static void add_flag(Buf *b, const char *key, bool flag)
{
    add_key(b, key);
    buf_add(b, flag ? S("true") : S("false"));
}

static void add_time(Buf *b, const char *key, Nanos wall)
{
    char time[STAMP_SIZE + 8];
    clock_utc(wall, time);
    add_text(b, key, str_from(time));
}

static void add_model(const RunFile *run, Buf *b)
{
    add_line(b);
    add_key(b, "model");
    buf_add_char(b, '{');
    add_text(b, "asked", run->model);
    add_text(b, "reported", run->model_reported);
    buf_add_char(b, '}');
    add_line(b);
    add_key(b, "server");
    buf_add_char(b, '{');
    add_text(b, "address", run->address);
    add_text(b, "api", run->api);
    add_text(b, "reported", run->server_reported);
    buf_add_char(b, '}');
}

static void add_files(const RunFile *run, Buf *b)
{
    add_line(b);
    add_key(b, "files");
    buf_add_char(b, '{');
    for (size_t i = 0; i < run->n_files; i++) {
        buf_add(b, i ? S(",\n  ") : S("\n  "));
        json_write_string(b, run->files[i].path);
        buf_add_char(b, ':');
        json_write_string(b, run->files[i].sha256);
    }
    buf_add_char(b, '}');
}

static void add_counts(const RunFile *run, Buf *b)
{
    add_line(b);
    add_key(b, "counts");
    buf_add_char(b, '{');
    add_count(b, "asked", run->asked);
    add_count(b, "kept", run->kept);
    add_count(b, "handwritten", run->handwritten);
    add_count(b, "failed", run->failed);
    add_key(b, "rejected");
    buf_add_char(b, '{');
    for (size_t i = 0; i < run->n_rejected; i++) {
        if (i) buf_add_char(b, ',');
        json_write_string(b, run->rejected[i].name);
        buf_add_char(b, ':');
        buf_add_u64(b, run->rejected[i].n);
    }
    buf_add_char(b, '}');
    add_count(b, "requests", run->requests);
    buf_add_char(b, '}');
}

static void add_paid(const RunFile *run, Buf *b)
{
    if (run->diversity_json.ptr) {
        add_line(b);
        add_key(b, "diversity");
        buf_add(b, run->diversity_json);
    }
    add_line(b);
    add_key(b, "tokens");
    buf_add_char(b, '{');
    add_number(b, "prompt", run->prompt_tokens);
    add_number(b, "completion", run->completion_tokens);
    add_number(b, "cached", run->cached_tokens);
    add_flag(b, "estimated", run->tokens_estimated);
    buf_add_char(b, '}');
    add_line(b);
    add_key(b, "cost");
    if (run->currency.ptr) {
        Arena scratch = {0};
        buf_add_char(b, '{');
        add_text(b, "currency", run->currency);
        add_key(b, "amount");
        buf_add(b, money_text(run->cost, &scratch));
        buf_add_char(b, '}');
        arena_free(&scratch);
    } else {
        buf_add(b, S("null"));
    }
    add_line(b);
    add_key(b, "estimate");
    buf_add(b, run->estimate_json.len ? run->estimate_json : S("null"));
    add_line(b);
    add_key(b, "seconds");
    json_write_double(b, (double)(run->time / NANOS_PER_MS) / 1000);
}

void run_file_render(const RunFile *run, Buf *b)
{
    buf_add(b, S("{\n\"version\":1"));
    add_text(b, "confab", run->version);
    add_line(b);
    add_text(b, "run", run->stamp);
    add_text(b, "project", run->project);
    add_flag(b, "complete", run->complete);
    add_line(b);
    add_count(b, "seed", run->seed);
    add_time(b, "started", run->started);
    add_time(b, "ended", run->ended);
    add_line(b);
    add_key(b, "settings");
    buf_add(b, run->settings_json.len ? run->settings_json : S("{}"));
    add_model(run, b);
    add_files(run, b);
    add_counts(run, b);
    add_paid(run, b);
    buf_add(b, S("\n}\n"));
}

bool run_file_write(const char *path, const RunFile *run, Error *e)
{
    Buf text = {0};
    run_file_render(run, &text);
    bool ok = file_write_whole(path, buf_str(&text), e);
    buf_free(&text);
    return ok;
}
