// SPDX-License-Identifier: Apache-2.0
#include "project/injections.h"

#include "base/file.h"
#include "base/path.h"
#include "project/injection_reader.h"
#include "project/limits.h"

static const InjectionReader *const readers[] = {&injection_txt, &injection_json, &injection_csv};
enum { READERS = sizeof readers / sizeof *readers };
static const char folder_name[] = "prompting/injections";

typedef struct Reading {
    Str folder;         // of the project
    Arena *arena;
    Injections *out;
    Problems *problems;
    bool ok;
} Reading;

static Error *fault(Reading *r, Str file, const char *format, Str name)
{
    char what[300];
    snprintf(what, sizeof what, format, (int)(name.len < 200 ? name.len : 200), name.ptr);
    Error *e = problems_new(r->problems, false, ERROR_PROJECT, "injection", "%s", what);
    error_at_file(e, file);
    r->ok = false;
    return e;
}

static const InjectionReader *reader_for(Str name)
{
    for (size_t i = 0; i < READERS; i++)
        if (str_eq_ignore_case(readers[i]->ending, path_ending(name))) return readers[i];
    return NULL;
}

// A name that would do, made of the one that does not.
static Str suggest_name(Str name, Arena *a)
{
    char *bytes = arena_alloc(a, name.len + 2);
    size_t n = 0;
    if (name.len == 0 || !str_is_alpha(name.ptr[0])) bytes[n++] = 'v';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bytes[n++] = str_is_alpha(c) || str_is_digit(c) ? c : '_';
    }
    return (Str){bytes, n};
}

static bool name_fits(Reading *r, Str name, Str file)
{
    if (!name_valid(name)) {
        error_hint(fault(r, file, "\"%.*s\" is not a name that a placeholder can have", name),
                   "letters, digits, _ and -, a letter first: rename it, such as %.*s", STR_ARG(suggest_name(name, r->arena)));
        return false;
    }
    if (name_reserved(name)) {
        error_hint(fault(r, file, "{%.*s} already means something else", name), "rename the file, such as my_%.*s",
                   STR_ARG(suggest_name(name, r->arena)));
        return false;
    }
    for (size_t i = 0; i < r->out->n; i++) {
        if (!str_eq(r->out->items[i].name, name)) continue;
        r->out->items[i].faulty = true;  // its values may be those of the other file
        error_hint(fault(r, file, "two files are named %.*s", name), "rename or remove this one or %.*s",
                   STR_ARG(r->out->items[i].file));
        return false;
    }
    return true;
}

static void check_weights(Reading *r, Injection *in)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->values[i].weight > 0) return;
    in->faulty = true;
    error_hint(fault(r, in->file, "all values of %.*s have weight 0", in->name), "give at least one a weight above 0");
}

static Error *value_problem(Reading *r, const Injection *in, const InjectionValue *value, bool warning, const char *what)
{
    Error *e = problems_new(r->problems, warning, ERROR_PROJECT, "injection", "%s", what);
    Origin origin = injection_origin(in, value);
    if (!r->problems->full) error_at_origin(e, &origin, 0);
    if (!warning) r->ok = false;
    return e;
}

typedef struct SortedLabel {
    Str label;
    size_t value;
} SortedLabel;

static int by_label(const void *a, const void *b)
{
    const SortedLabel *x = a, *y = b;
    int order = str_cmp(x->label, y->label);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

// A value that stands twice is dealt twice as often; whoever means that writes a weight.
static void check_labels(Reading *r, const Injection *in)
{
    SortedLabel *sorted = mem_alloc(in->n * sizeof *sorted + 1);
    for (size_t i = 0; i < in->n; i++) sorted[i] = (SortedLabel){in->values[i].label, i};
    qsort(sorted, in->n, sizeof *sorted, by_label);
    for (size_t i = 0; i < in->n; i++) {
        const InjectionValue *value = &in->values[sorted[i].value];
        if (sorted[i].label.len == 0)
            error_hint(value_problem(r, in, value, false, "a value without text has no label"),
                       "write a text, or give it a label");
        else if (i && str_eq(sorted[i].label, sorted[i - 1].label))
            error_hint(value_problem(r, in, value, true, "two values have the same label"),
                       "remove one (a weight makes a value more frequent), or label them differently");
    }
    free(sorted);
}

static void read_file(Reading *r, const FileEntry *entry)
{
    Str shown = path_join(r->arena, S("prompting/injections"), entry->path);
    if (str_find_char(entry->path, '/') != STR_NONE) {
        error_hint(fault(r, shown, "%.*s lies in a folder of its own", path_name(entry->path)), "move it into %s/", folder_name);
        return;
    }
    const InjectionReader *reader = reader_for(entry->path);
    if (!reader) {
        error_hint(fault(r, shown, "%.*s is not a kind of file that holds values", entry->path),
                   "end its name in .txt, .json or .csv, or begin it with a dot to have it left alone");
        return;
    }
    if (entry->outside) {
        error_hint(fault(r, shown, "%.*s is a link that leads out of the folder", entry->path), "copy the file here");
        return;
    }
    Injection in = {.name = path_stem(entry->path), .file = shown};
    if (!name_fits(r, in.name, shown)) return;
    Error e;
    Str path = path_join(r->arena, r->folder, shown);
    bool read = file_read_text(path.ptr, PROJECT_FILE_MAX, r->arena, &in.text, shown.ptr, &e);
    if (!read)
        problems_add(r->problems, &e);
    else
        read = reader->read(&in, r->arena, r->problems);
    if (read && in.n == 0) error_hint(fault(r, shown, "%.*s has no values", entry->path), "write at least one, or remove the file");
    in.faulty = !read || in.n == 0;
    r->ok &= !in.faulty;
    // A file with faults keeps its name, so that its mentions are no further faults.
    r->out->items[r->out->n++] = in;
    if (in.n) {
        check_weights(r, &r->out->items[r->out->n - 1]);
        check_labels(r, &in);
    }
}

// user.mood.txt beside user.csv with a column `mood`: {user.mood} would mean both.
static void check_hidden(Reading *r, const Injection *whole, const Injection *part)
{
    if (part->name.len <= whole->name.len + 1 || !str_starts(part->name, whole->name) ||
        part->name.ptr[whole->name.len] != '.')
        return;
    Str rest = str_slice(part->name, whole->name.len + 1, part->name.len);
    bool hides = str_eq(rest, S("label"));
    for (size_t i = 0; i < whole->n_columns && !hides; i++) hides = str_eq(whole->columns[i].name, rest);
    if (hides)
        error_hint(fault(r, part->file, "{%.*s} already means a field of another variable", part->name),
                   "rename one of %.*s and %.*s", STR_ARG(part->file), STR_ARG(whole->file));
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const Injection *)a)->name, ((const Injection *)b)->name);
}

bool injections_read(const char *folder, Arena *a, Injections *out, Problems *problems)
{
    *out = (Injections){0};
    Reading r = {.folder = str_from(folder), .arena = a, .out = out, .problems = problems, .ok = true};
    FileEntry *entries;
    size_t n;
    Error e;
    if (!path_list(path_join(a, r.folder, str_from(folder_name)).ptr, 2, a, &entries, &n, &e)) {
        problems_add(problems, &e);
        return false;
    }
    if (n > INJECTIONS_MAX) {
        error_hint(fault(&r, str_from(folder_name), "more than 1000 files lie in %.*s", str_from(folder_name)),
                   "keep one file a variable");
        return false;
    }
    out->items = arena_new(a, Injection, n);
    for (size_t i = 0; i < n; i++) read_file(&r, &entries[i]);
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_name);
    for (size_t i = 0; i < out->n; i++)
        for (size_t j = 0; j < out->n; j++) check_hidden(&r, &out->items[i], &out->items[j]);
    return r.ok;
}

InjectionValue *injection_add(Injection *injection, size_t *cap, Arena *a, Problems *problems)
{
    if (injection->n >= INJECTION_VALUES_MAX) {
        Error *e = problems_new(problems, false, ERROR_PROJECT, "injection", "more than %d values", INJECTION_VALUES_MAX);
        error_at_file(e, injection->file);
        error_hint(e, "keep those that matter");
        return NULL;
    }
    injection->values = arena_grow(a, injection->values, injection->n, cap, sizeof *injection->values);
    InjectionValue *value = &injection->values[injection->n++];
    *value = (InjectionValue){.weight = 1};
    return value;
}

// ---- compiling ----------------------------------------------------------------------------------

static bool compile_value(Value *value, const Origin *origin, const Names *names, Arena *a, Problems *problems)
{
    if (value->kind != VALUE_TEXT || str_find_char(value->text, '{') == STR_NONE) return true;
    Template *t = arena_new(a, Template, 1);
    bool ok = template_compile(value->text, origin, names, SCOPE_PROMPT, a, t, problems);
    *value = value_from_template(t);
    return ok;
}

static bool compile_values(Injection *in, const Names *names, Arena *a, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < in->n; i++) {
        InjectionValue *value = &in->values[i];
        Origin origin = injection_origin(in, value);
        // The value of a CSV row is one of its fields; a fault in it is reported once.
        bool is_field = in->n_columns > 0;
        if (!is_field) ok &= compile_value(&value->value, &origin, names, a, problems);
        for (size_t c = 0; c < in->n_columns; c++) {
            origin.start = value->starts[c];
            ok &= compile_value(&value->fields[c], &origin, names, a, problems);
            if (value->starts[c] == value->start) value->value = value->fields[c];
        }
    }
    return ok;
}

bool injections_compile(Injections *injections, const Names *names, Arena *a, Problems *problems)
{
    bool ok = true;
    for (size_t i = 0; i < injections->n; i++) ok &= compile_values(&injections->items[i], names, a, problems);
    return ok;
}

int64_t injection_find(const Injection *injection, Str label)
{
    for (size_t i = 0; i < injection->n; i++)
        if (str_eq(injection->values[i].label, label)) return (int64_t)i;
    return -1;
}

Origin injection_origin(const Injection *injection, const InjectionValue *value)
{
    return (Origin){injection->file, injection->text, value->start, value->writing};
}

bool injection_value_fits(const InjectionValue *value, const LabelSource *drawn)
{
    for (size_t i = 0; i < value->n_when; i++) {
        const Condition *condition = &value->when[i];
        Str label = drawn->label(drawn->ctx, condition->variable);
        bool holds = false;
        for (size_t v = 0; v < condition->n && !holds; v++) holds = label.ptr && str_eq(condition->values[v], label);
        if (!holds) return false;
    }
    return true;
}
