// SPDX-License-Identifier: Apache-2.0
#include "run/facts.h"

#include "base/json.h"
#include "llm/adapter.h"

static const char *const structured_names[] = {"auto", "on", "off"};

Str facts_settings_json(const RunSettings *s, Arena *a)
{
    Buf b = {0};
    buf_printf(&b, "{\"iterations\":%llu,\"start\":%llu,\"max_exchanges\":%u,\"seed\":%llu,\"partition\":", (unsigned long long)s->iterations,
               (unsigned long long)s->start, s->max_exchanges, (unsigned long long)s->seed);
    json_write_string(&b, s->partition);
    buf_printf(&b, ",\"attempts\":%u,\"structured\":\"%s\",\"dedup\":%s,\"dedup_threshold\":", s->attempts,
               structured_names[s->structured], s->dedup ? "true" : "false");
    json_write_double(&b, s->dedup_threshold);
    buf_printf(&b, ",\"dedup_openers\":%s,\"dedup_scope\":", s->dedup_openers ? "true" : "false");
    json_write_string(&b, s->dedup_scope);
    if (s->dedup_semantic) {
        buf_add(&b, S(",\"dedup_semantic\":true,\"dedup_semantic_threshold\":"));
        json_write_double(&b, s->semantic_threshold);
    }
    buf_add(&b, S(",\"model\":"));
    json_write_string(&b, s->model);
    buf_add_char(&b, '}');
    Str text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

void facts_put_number(Journal *j, Str key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    journal_fact(j, key, str_from(text));
}

void facts_put_files(Journal *j, const Project *project)
{
    Arena a = {0};
    Buf b = {0};
    for (size_t i = 0; i < project->n_files; i++) {
        const ProjectFile *file = &project->files[i];
        buf_add_char(&b, i ? ',' : '{');
        json_write_string(&b, file->path);
        buf_add_char(&b, ':');
        json_write_string(&b, hash_hex(&a, file->hash.bytes, sizeof file->hash.bytes));
    }
    buf_add(&b, project->n_files ? S("}") : S("{}"));
    journal_fact(j, S("files"), buf_str(&b));
    buf_free(&b);
    arena_free(&a);
}

void facts_put(Journal *j, const Project *project, const RunSettings *settings, Nanos began)
{
    Arena a = {0};
    const Endpoint *endpoint = &settings->endpoints[0];
    journal_fact(j, S("settings"), facts_settings_json(settings, &a));
    journal_fact(j, S("project"), project->name);
    journal_fact(j, S("confab"), S(CONFAB_VERSION));
    journal_fact(j, S("address"), settings->local_model ? S("embedded") : endpoint->shown);
    journal_fact(j, S("model"), settings->model);
    journal_fact(j, S("api"), str_from(endpoint->adapter->name));
    if (settings->currency.ptr) journal_fact(j, S("currency"), settings->currency);
    if (settings->pricing.known) facts_put_number(j, S("priced"), 1);
    if (settings->forecast.known) journal_fact(j, S("estimate"), forecast_fact(&settings->forecast, &a));
    facts_put_number(j, S("began"), began);
    facts_put_files(j, project);
    arena_free(&a);
}

Str facts_text(Journal *j, Str key, Arena *a)
{
    Str value = {0};
    return journal_get_fact(j, key, a, &value) ? value : (Str){0};
}

int64_t facts_number(Journal *j, Str key)
{
    Arena a = {0};
    int64_t value = 0;
    if (!str_to_i64(facts_text(j, key, &a), &value)) value = 0;
    arena_free(&a);
    return value;
}

void facts_add_embeddings(Journal *j, JournalSums *sums)
{
    sums->prompt_tokens += facts_number(j, S("embedding_tokens"));
    sums->cost += facts_number(j, S("embedding_cost"));
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n < 0 ? 0 : (uint64_t)n;
}

bool facts_settings(Journal *j, Arena *a, RunSettings *out)
{
    json_t *o = NULL;
    Error e;
    if (!json_read(facts_text(j, S("settings"), a), S("settings"), &o, &e) || !json_is_object(o)) {
        json_decref(o);
        return false;
    }
    out->iterations = number_of(o, "iterations");
    out->start = number_of(o, "start");
    out->max_exchanges = (unsigned)number_of(o, "max_exchanges");
    out->seed = number_of(o, "seed");
    out->attempts = (unsigned)number_of(o, "attempts");
    out->partition = arena_str(a, json_str(json_object_get(o, "partition")));
    out->model = arena_str(a, json_str(json_object_get(o, "model")));
    out->dedup = json_is_true(json_object_get(o, "dedup"));
    out->dedup_threshold = json_number_value(json_object_get(o, "dedup_threshold"));
    out->dedup_openers = json_is_true(json_object_get(o, "dedup_openers"));
    out->dedup_semantic = json_is_true(json_object_get(o, "dedup_semantic"));
    out->semantic_threshold = json_number_value(json_object_get(o, "dedup_semantic_threshold"));
    out->dedup_scope = arena_str(a, json_str(json_object_get(o, "dedup_scope")));
    Str structured = json_str(json_object_get(o, "structured"));
    for (unsigned i = 0; i < 3; i++)
        if (str_eq(structured, str_from(structured_names[i]))) out->structured = (Structured)i;
    json_decref(o);
    return out->iterations > 0 && out->max_exchanges > 0;
}

static bool hash_from_hex(Str hex, Sha256 *out)
{
    if (hex.len != 2 * sizeof out->bytes) return false;
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < hex.len; i++) {
        const char *digit = memchr(digits, hex.ptr[i], 16);
        if (!digit) return false;
        unsigned value = (unsigned)(digit - digits);
        out->bytes[i / 2] = (unsigned char)(i % 2 ? out->bytes[i / 2] | value : value << 4);
    }
    return true;
}

size_t facts_files(Journal *j, Arena *a, ProjectFile **out)
{
    json_t *o = NULL;
    Error e;
    size_t n = 0;
    *out = NULL;
    if (json_read(facts_text(j, S("files"), a), S("files"), &o, &e) && json_is_object(o)) {
        *out = arena_new(a, ProjectFile, json_object_size(o) + 1);
        const char *key;
        json_t *value;
        json_object_foreach(o, key, value) {
            (*out)[n].path = arena_str(a, str_from(key));
            n += hash_from_hex(json_str(value), &(*out)[n].hash);
        }
    }
    json_decref(o);
    return n;
}
