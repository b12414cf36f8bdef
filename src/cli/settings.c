// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "cli/dotenv.h"
#include "cli/option_values.h"

static bool load_environment(Settings *s, const Environment *env, Error *e);
static bool load_file(Settings *s, Str path, Str shown, SettingOrigin origin, Error *e);
static Str user_config(const Environment *env, Arena *a);
static void warn_of_misspelt(char *const *names, Problems *problems);

static void set(Settings *s, OptionId id, Setting setting)
{
    if (setting.origin >= s->items[id].origin) s->items[id] = setting;
}

bool settings_load(Settings *s, const Arguments *arguments, const Environment *env, char *const *names, Arena *a,
                   Problems *problems, Error *e)
{
    *s = (Settings){.arena = a, .user_file = user_config(env, a)};
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if (option_table[id].fallback) set(s, id, (Setting){.value = str_from(option_table[id].fallback), .origin = FROM_DEFAULT});
        if (arguments->given[id]) set(s, id, (Setting){.value = arguments->value[id], .origin = FROM_FLAG});
    }
    if (!load_environment(s, env, e)) return false;
    if (names) warn_of_misspelt(names, problems);
    return !s->user_file.ptr || load_file(s, s->user_file, s->user_file, FROM_USER, e);
}

bool settings_add_project(Settings *s, Str folder, Error *e)
{
    s->project_folder = folder;
    return load_file(s, path_join(s->arena, folder, S(".env")), S(".env"), FROM_PROJECT, e);
}

void settings_set(Settings *s, OptionId id, Str value)
{
    set(s, id, (Setting){.value = value, .origin = FROM_PERSON});
}

static Str user_config(const Environment *env, Arena *a)
{
    Str base = str_from(environment_get(env, "XDG_CONFIG_HOME"));
    // The XDG specification has a relative path ignored.
    if (base.len && base.ptr[0] == '/') return path_join(a, base, S("confab/config"));
    Str home = str_from(environment_get(env, "HOME"));
    return home.len ? path_join(a, home, S(".config/confab/config")) : (Str){0};
}

static bool load_environment(Settings *s, const Environment *env, Error *e)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *o = &option_table[id];
        if (!o->variable) continue;
        Str value = str_from(environment_get(env, o->variable));
        if (!value.len) continue;
        if (s->items[id].origin < FROM_ENVIRONMENT && !option_check(o, value, str_from(o->variable), e)) return false;
        set(s, id, (Setting){.value = arena_str(s->arena, value), .origin = FROM_ENVIRONMENT});
    }
    return true;
}

static bool is_ours(Str name)
{
    return str_starts(name, S("LLM_")) || str_starts(name, S("CONFAB_"));
}

static Str nearest_variable(Str name)
{
    Str names[OPTION_COUNT];
    size_t n = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].variable) names[n++] = str_from(option_table[i].variable);
    return str_nearest(name, names, n);
}

static bool unknown_name(const DotenvLine *line, Str shown, Error *e)
{
    error_set(e, ERROR_USAGE, "env", "%.*s is not a variable of confab", STR_ARG(line->name));
    error_at_file(e, shown);
    if (e) e->place.line = line->line;
    Str near = nearest_variable(line->name);
    if (near.ptr) return error_hint(e, "did you mean %.*s?", STR_ARG(near));
    return error_hint(e, "`confab config` lists the variables");
}

static bool not_for_projects(const DotenvLine *line, Str shown, Error *e)
{
    error_set(e, ERROR_USAGE, "env", "a project's .env cannot set %.*s", STR_ARG(line->name));
    error_at_file(e, shown);
    if (e) e->place.line = line->line;
    return error_hint(e, "set it in the environment or in ~/.config/confab/config");
}

static bool load_line(Settings *s, const DotenvLine *line, Str shown, SettingOrigin origin, Error *e)
{
    OptionId id = option_by_variable(line->name);
    if (id == OPTION_COUNT) return !is_ours(line->name) || unknown_name(line, shown, e);
    const Option *o = &option_table[id];
    if (origin == FROM_PROJECT && (o->rules & RULE_NOT_PROJECT)) return not_for_projects(line, shown, e);
    if (line->value.len == 0) return true;
    if (!option_check(o, line->value, line->name, e)) {
        error_at_file(e, shown);
        if (e) e->place.line = line->line;
        return false;
    }
    set(s, id, (Setting){.value = line->value, .origin = origin, .file = shown, .line = line->line});
    return true;
}

static bool load_file(Settings *s, Str path, Str shown, SettingOrigin origin, Error *e)
{
    Str text;
    DotenvLine *lines;
    size_t n;
    if (access(path.ptr, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) return true;
    if (!file_read_text(path.ptr, DOTENV_MAX, s->arena, &text, shown.ptr, e)) {
        if (e) {
            e->kind = ERROR_USAGE;
            e->place.text[0] = 0;  // the line may hold a key
        }
        return false;
    }
    if (!dotenv_parse(text, shown, s->arena, &lines, &n, e)) return false;
    for (size_t i = 0; i < n; i++)
        if (!load_line(s, &lines[i], shown, origin, e)) return false;
    return true;
}

static void warn_of_misspelt(char *const *names, Problems *problems)
{
    for (; *names; names++) {
        Str name = str_from(*names);
        size_t equals = str_find_char(name, '=');
        if (equals == STR_NONE || equals + 1 == name.len) continue;
        name = str_slice(name, 0, equals);
        if (!is_ours(name) || option_by_variable(name) != OPTION_COUNT) continue;
        Str near = nearest_variable(name);
        if (!near.ptr) continue;
        Error *w = problems_new(problems, true, ERROR_USAGE, "env", "%.*s is set, but is not a variable of confab",
                                STR_ARG(name));
        error_hint(w, "did you mean %.*s?", STR_ARG(near));
    }
}

bool settings_on(const Settings *s, OptionId id)
{
    bool on = false;
    return settings_has(s, id) && option_switch(s->items[id].value, &on) && on;
}

uint64_t settings_whole(const Settings *s, OptionId id, uint64_t otherwise)
{
    uint64_t n;
    return settings_has(s, id) && str_to_u64(s->items[id].value, &n) ? n : otherwise;
}

double settings_real(const Settings *s, OptionId id, double otherwise)
{
    double x;
    if (!settings_has(s, id)) return otherwise;
    bool read = option_table[id].type == ARG_SPAN ? option_span(s->items[id].value, &x)
                                                   : str_to_double(s->items[id].value, &x);
    return read ? x : otherwise;
}

size_t settings_choice(const Settings *s, OptionId id)
{
    size_t index = 0;
    if (settings_has(s, id) && option_choice(&option_table[id], s->items[id].value, &index)) return index;
    return 0;
}

const char *setting_origin_name(SettingOrigin origin)
{
    static const char *const names[] = {"not set", "default", "user config", "project", "environment", "flag", "asked"};
    return names[origin];
}

Str setting_place(const Settings *s, OptionId id, Arena *a)
{
    const Option *o = &option_table[id];
    const Setting *setting = &s->items[id];
    if (setting->origin == FROM_FLAG || setting->origin == FROM_PERSON) return arena_printf(a, "--%s", o->name);
    if (setting->origin == FROM_ENVIRONMENT) return str_from(o->variable);
    if (setting->origin == FROM_USER || setting->origin == FROM_PROJECT)
        return arena_printf(a, "%s (%.*s:%u)", o->variable, STR_ARG(setting->file), setting->line);
    return S("");
}
