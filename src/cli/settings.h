// SPDX-License-Identifier: Apache-2.0
//
// The value of every option, and where it came from. The first of these that has one wins:
//
//   flag > environment > the project's .env > user config > default
//
// The user config is ${XDG_CONFIG_HOME:-~/.config}/confab/config, in the form of a .env
// (cli/dotenv.h). A project may come from a stranger, so its .env cannot set what names programs
// and folders of this machine or answers for the person (RULE_NOT_PROJECT): that is an error, as is
// an unknown LLM_ or CONFAB_ name in either file. Other names in a .env are other programs' and are
// skipped. An environment variable that is set to nothing counts as not set.
//
// Every value is checked when it is read, with the place it stands at. Values live in the arena or
// in the arguments, which must outlive the settings.
#ifndef CONFAB_CLI_SETTINGS_H
#define CONFAB_CLI_SETTINGS_H

#include "cli/arguments.h"
#include "cli/term.h"

typedef enum SettingOrigin {
    FROM_NOWHERE,
    FROM_DEFAULT,
    FROM_USER,
    FROM_PROJECT,
    FROM_ENVIRONMENT,
    FROM_FLAG,
    FROM_PERSON,   // asked on the terminal
} SettingOrigin;

typedef struct Setting {
    Str value;            // absent: not set
    SettingOrigin origin;
    Str file;             // of the user config or .env
    unsigned line;
} Setting;

typedef struct Settings {
    Setting items[OPTION_COUNT];
    Arena *arena;
    Str user_file;        // path of the user config, there or not; absent: no home
    Str project_folder;   // absent: none
} Settings;

// Flags, environment, user config and defaults. Environment variables that look like a misspelt one
// of confab's are added to `problems` as warnings when `names` (NULL-terminated "NAME=value") is given.
bool settings_load(Settings *s, const Arguments *arguments, const Environment *env, char *const *names, Arena *a,
                   Problems *problems, Error *e);

// Then the project's .env, which may be absent.
bool settings_add_project(Settings *s, Str folder, Error *e);

void settings_set(Settings *s, OptionId id, Str value);  // an answer of the person

// The settings have been checked, so these cannot fail; where nothing is set they give `otherwise`.
static inline bool settings_has(const Settings *s, OptionId id) { return s->items[id].value.ptr != NULL; }
static inline Str settings_str(const Settings *s, OptionId id) { return s->items[id].value; }
bool settings_on(const Settings *s, OptionId id);
uint64_t settings_whole(const Settings *s, OptionId id, uint64_t otherwise);
double settings_real(const Settings *s, OptionId id, double otherwise);  // of a span: seconds
size_t settings_choice(const Settings *s, OptionId id);

const char *setting_origin_name(SettingOrigin origin);
// "--model", "LLM_NAME", "LLM_NAME (.env:3)": how a person finds the value again.
Str setting_place(const Settings *s, OptionId id, Arena *a);

#endif
