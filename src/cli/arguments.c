// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "cli/option_values.h"

typedef struct Reader {
    Commands all;
    int argc, at;
    char *const *argv;
    Arena *arena;
    Arguments *out;
} Reader;

static bool read_command(Reader *r, Error *e);
static bool read_long(Reader *r, Str flag, Error *e);
static bool read_letters(Reader *r, Str letters, Error *e);
static bool check_count(const Reader *r, Error *e);

bool arguments_parse(Commands all, int argc, char *const *argv, Arena *a, Arguments *out, Error *e)
{
    *out = (Arguments){.rest = arena_new(a, Str, (size_t)argc + 1)};
    Reader r = {all, argc, 1, argv, a, out};
    if (!read_command(&r, e)) return false;
    bool flags = true;
    while (r.at < argc) {
        Str word = str_from(argv[r.at++]);
        if (flags && str_eq(word, S("--")))
            flags = false;
        else if (flags && str_starts(word, S("--"))) {
            if (!read_long(&r, str_slice(word, 2, word.len), e)) return false;
        } else if (flags && word.len > 1 && word.ptr[0] == '-') {
            if (!read_letters(&r, str_slice(word, 1, word.len), e)) return false;
        } else
            out->rest[out->n++] = word;
    }
    return out->given[OPTION_HELP] || check_count(&r, e);
}

const Command *command_find(Commands all, Str name)
{
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(name, str_from(all.items[i]->name))) return all.items[i];
    return NULL;
}

static bool unknown_command(const Reader *r, Str name, Error *e)
{
    Str *names = arena_new(r->arena, Str, r->all.n + 1);
    for (size_t i = 0; i < r->all.n; i++) names[i] = str_from(r->all.items[i]->name);
    error_set(e, ERROR_USAGE, "usage", "there is no command \"%.*s\"", STR_ARG(name));
    Str near = str_nearest(name, names, r->all.n);
    if (near.ptr) return error_hint(e, "did you mean `confab %.*s`?", STR_ARG(near));
    return error_hint(e, "`confab help` lists the commands; a project is named with -p");
}

static bool read_command(Reader *r, Error *e)
{
    Str word = r->argc > 1 ? str_from(r->argv[1]) : S("run");
    if (str_eq(word, S("--version"))) word = S("version");
    else if (str_eq(word, S("--help")) || str_eq(word, S("-h"))) word = S("help");
    else if (str_starts(word, S("-"))) {
        r->out->command = command_find(r->all, S("run"));
        return true;
    }
    r->at = 2;
    r->out->command = command_find(r->all, word);
    return r->out->command || unknown_command(r, word, e);
}

static Str flag_shown(Arena *a, const Option *o)
{
    return arena_printf(a, "--%s", o->name);
}

static bool store(Reader *r, OptionId id, Str value, Error *e)
{
    const Option *o = option_get(id);
    Arguments *out = r->out;
    Str shown = flag_shown(r->arena, o);
    if (!option_check(o, value, shown, e)) return false;
    if (out->given[id] && (o->rules & RULE_REPEATS)) {
        out->value[id] = arena_printf(r->arena, "%.*s,%.*s", STR_ARG(out->value[id]), STR_ARG(value));
        return true;
    }
    if (out->given[id] && !str_eq(out->value[id], value)) {
        error_set(e, ERROR_USAGE, "usage", "%.*s is given twice: \"%.*s\" and \"%.*s\"", STR_ARG(shown),
                  STR_ARG(out->value[id]), STR_ARG(value));
        return error_hint(e, "keep one of them");
    }
    out->given[id] = true;
    out->value[id] = value;
    return true;
}

static bool wrong_command(const Reader *r, const Option *o, Error *e)
{
    error_set(e, ERROR_USAGE, "usage", "`confab %s` does not take --%s", r->out->command->name, o->name);
    char listed[200] = "";
    size_t len = 0;
    for (size_t i = 0; i < r->all.n && len < sizeof listed; i++)
        if (r->all.items[i]->bit & o->commands)
            len += (size_t)snprintf(listed + len, sizeof listed - len, "%s%s", len ? ", " : "", r->all.items[i]->name);
    return error_hint(e, "it belongs to: %s", listed);
}

static bool unknown_flag(const Reader *r, Str name, Error *e)
{
    error_set(e, ERROR_USAGE, "usage", "there is no flag --%.*s", STR_ARG(name));
    if (str_contains(name, S("key")) || str_contains(name, S("token")))
        error_hint(e, "a key is never an argument: set LLM_API_KEY, or LLM_API_KEY_FILE to a file that holds it");
    Str names[OPTION_COUNT];
    size_t n = 0;
    // Flags of this command first: of equally near names, the one that can be used is suggested.
    for (int other = 0; other < 2; other++)
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            bool own = option_table[i].commands & r->out->command->bit;
            if (option_table[i].name && own == !other) names[n++] = str_from(option_table[i].name);
        }
    // The start of a flag's name comes from a person who expects abbreviations.
    Str near = {0};
    for (size_t i = 0; i < n && !near.ptr && name.len >= 3; i++)
        if (str_starts(names[i], name)) near = names[i];
    if (!near.ptr) near = str_nearest(name, names, n);
    if (near.ptr) return error_hint(e, "did you mean --%.*s?", STR_ARG(near));
    if (!e->hint[0]) error_hint(e, "`confab help %s` lists its flags", r->out->command->name);
    return false;
}

static bool is_known_flag(Str word)
{
    if (word.len < 2 || word.ptr[0] != '-') return false;
    if (word.ptr[1] != '-') return word.len == 2 && option_by_letter(word.ptr[1]) != OPTION_COUNT;
    Str name = str_slice(word, 2, word.len);
    size_t equals = str_find_char(name, '=');
    return option_by_name(str_slice(name, 0, equals == STR_NONE ? name.len : equals)) != OPTION_COUNT;
}

// The next word is the value, unless it is itself a flag: `--model --yes` forgot the model.
static bool read_value(Reader *r, const Option *o, Str *value, Error *e)
{
    if (r->at < r->argc && !is_known_flag(str_from(r->argv[r->at]))) {
        *value = str_from(r->argv[r->at++]);
        return true;
    }
    error_set(e, ERROR_USAGE, "usage", "--%s needs a value", o->name);
    return error_hint(e, "write --%s %s: %s", o->name, o->argument, o->help);
}

static bool read_long(Reader *r, Str flag, Error *e)
{
    size_t equals = str_find_char(flag, '=');
    Str name = str_slice(flag, 0, equals == STR_NONE ? flag.len : equals), value = S("on");
    OptionId id = option_by_name(name);
    if (id == OPTION_COUNT) return unknown_flag(r, name, e);
    const Option *o = option_get(id);
    if (!(o->commands & r->out->command->bit)) return wrong_command(r, o, e);
    if (o->type == ARG_SWITCH && equals != STR_NONE) {
        error_set(e, ERROR_USAGE, "usage", "--%s takes no value", o->name);
        return error_hint(e, "write --%s alone", o->name);
    }
    if (equals != STR_NONE)
        value = str_slice(flag, equals + 1, flag.len);
    else if (o->type != ARG_SWITCH && !read_value(r, o, &value, e))
        return false;
    return store(r, id, value, e);
}

static bool read_letters(Reader *r, Str letters, Error *e)
{
    for (size_t i = 0; i < letters.len; i++) {
        OptionId id = option_by_letter(letters.ptr[i]);
        if (id == OPTION_COUNT) {
            error_set(e, ERROR_USAGE, "usage", "there is no flag -%.*s", STR_ARG(str_slice(letters, i, letters.len)));
            return error_hint(e, "`confab help %s` lists its flags; long ones begin with two dashes",
                              r->out->command->name);
        }
        const Option *o = option_get(id);
        if (!(o->commands & r->out->command->bit)) return wrong_command(r, o, e);
        Str value = S("on");
        if (o->type != ARG_SWITCH) {
            value = str_slice(letters, i + 1, letters.len);
            if (value.len == 0 && !read_value(r, o, &value, e)) return false;
            i = letters.len;
        }
        if (!store(r, id, value, e)) return false;
    }
    return true;
}

static bool check_count(const Reader *r, Error *e)
{
    const Command *c = r->out->command;
    if (r->out->n < c->min_arguments) {
        error_set(e, ERROR_USAGE, "usage", "`confab %s` needs %s", c->name, c->arguments);
        return error_hint(e, "write `confab %s %s`", c->name, c->arguments);
    }
    if (r->out->n <= c->max_arguments) return true;
    Str extra = r->out->rest[c->max_arguments];
    error_set(e, ERROR_USAGE, "usage", "`confab %s` has no use for \"%.*s\"", c->name, STR_ARG(extra));
    const Command *meant = command_find(r->all, extra);
    if (meant) return error_hint(e, "flags stand after the command: `confab %s …`", meant->name);
    if (str_starts(extra, S("-")) && extra.len > 1) return error_hint(e, "flags stand before --");
    if (c->bit & option_table[OPTION_PROJECT].commands)
        return error_hint(e, "a project is named with -p: `confab %s -p %.*s`", c->name, STR_ARG(extra));
    return error_hint(e, "`confab help %s` shows its use", c->name);
}
