// SPDX-License-Identifier: Apache-2.0
//
// Every option of confab in one constant table: flag, variable, type, default, which commands take
// it, and its help. The parser, the settings, the help pages, the man page and the completions of
// three shells all read this table, so they cannot disagree.
//
// A row may be a flag only (`--json`), a variable only (`LLM_API_KEY`: a key is never an argument),
// or both. Values are text until somebody asks what they mean (cli/option_values.h).
#ifndef CONFAB_CLI_OPTIONS_H
#define CONFAB_CLI_OPTIONS_H

#include "base/error.h"

typedef enum OptionId {
    OPTION_PROJECT,
    OPTION_PROJECTS,
    OPTION_ITERATIONS,
    OPTION_MAX_EXCHANGES,
    OPTION_INDICES,
    OPTION_SEED,
    OPTION_START,
    OPTION_PARTITION,
    OPTION_CONCURRENCY,
    OPTION_ATTEMPTS,
    OPTION_STRUCTURED,
    OPTION_STRICT,
    OPTION_RESUME,
    OPTION_ACCEPT_CHANGES,
    OPTION_DEDUP,
    OPTION_DEDUP_THRESHOLD,
    OPTION_DEDUP_SCOPE,
    OPTION_DEDUP_OPENERS,
    OPTION_DEDUP_SEMANTIC,
    OPTION_DEDUP_SEMANTIC_THRESHOLD,
    OPTION_EMBEDDINGS_URL,
    OPTION_EMBEDDINGS_MODEL,
    OPTION_EMBEDDINGS_KEY,
    OPTION_MAX_COST,
    OPTION_MAX_TOKENS,
    OPTION_MAX_TIME,
    OPTION_RPM,
    OPTION_TPM,
    OPTION_TIMEOUT,
    OPTION_YES,
    OPTION_DRY_RUN,
    OPTION_ENDPOINT,
    OPTION_MODEL,
    OPTION_API,
    OPTION_KEY,
    OPTION_KEY_FILE,
    OPTION_LOCAL_MODEL,
    OPTION_LOCAL_SERVER,
    OPTION_PDFIUM,
    OPTION_TRUST_PROJECT,
    OPTION_PROGRESS,
    OPTION_FROM,
    OPTION_WRITE,
    OPTION_SHOW,
    OPTION_TEXT,
    OPTION_ORIGIN,
    OPTION_SAMPLE,
    OPTION_FORMAT,
    OPTION_OUTPUT,
    OPTION_SPLIT,
    OPTION_STRATIFY,
    OPTION_TOGETHER,
    OPTION_WHERE,
    OPTION_SOURCE,
    OPTION_ZSTD,
    OPTION_CSV_SAFE,
    OPTION_BOM,
    OPTION_ENCODING,
    OPTION_IDS,
    OPTION_MAN,
    OPTION_CLUSTERS,
    OPTION_THRESHOLD,
    OPTION_SEMANTIC,
    OPTION_SEMANTIC_THRESHOLD,
    OPTION_KEEP,
    OPTION_FIELD,
    OPTION_AGAINST,
    OPTION_HITS,
    OPTION_MEMORY,
    OPTION_JSON,
    OPTION_NO_INPUT,
    OPTION_DIRECTORY,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_COUNT,
} OptionId;

// Which commands take an option: a set of bits, one a command.
typedef enum CommandBit {
    ON_RUN = 1 << 0,
    ON_INIT = 1 << 1,
    ON_VALIDATE = 1 << 2,
    ON_PREVIEW = 1 << 3,
    ON_CHUNKS = 1 << 4,
    ON_ESTIMATE = 1 << 5,
    ON_RESUME = 1 << 6,
    ON_RETRY = 1 << 7,
    ON_STATUS = 1 << 8,
    ON_LIST = 1 << 9,
    ON_DOCTOR = 1 << 10,
    ON_CONFIG = 1 << 11,
    ON_COMPLETION = 1 << 12,
    ON_HELP = 1 << 13,
    ON_VERSION = 1 << 14,
    ON_DEDUP = 1 << 15,
    ON_SHOW = 1 << 16,
    ON_EXPORT = 1 << 17,
    ON_REPORT = 1 << 18,
    ON_TOKENS = 1 << 19,
    ON_SEARCH = 1 << 20,
    ON_ALL = (1 << 21) - 1,
} CommandBit;

typedef enum OptionType {
    ARG_SWITCH,   // no argument; as a variable: on, off, yes, no, true, false, 1, 0
    ARG_TEXT,
    ARG_WHOLE,    // a whole number from `min` to `max`
    ARG_REAL,     // a number from `min` to `max`
    ARG_SPAN,     // a time: 90, 90s, 15m, 2h, 1h30m
    ARG_CHOICE,   // one of `choices`
    ARG_INDICES,  // 0,1,2 or 0-9,20
    ARG_FILE,
    ARG_FOLDER,
    ARG_PROJECT,  // a name under the projects root, or a path
    ARG_SECRET,   // never shown whole
    ARG_URL,
} OptionType;

typedef enum OptionRule {
    RULE_REPEATS = 1,      // may be given several times; the values are joined by commas
    RULE_NOT_PROJECT = 2,  // a project's .env cannot set it: it says what runs here, or what is paid
} OptionRule;

typedef struct Option {
    const char *name;      // long flag without dashes; NULL: a variable only
    char letter;           // short twin; 0: none
    const char *argument;  // as help shows it; NULL for a switch
    OptionType type;
    unsigned rules;        // OptionRule
    unsigned commands;     // CommandBit
    const char *choices;   // "auto|on|off"
    double min, max;       // both 0: no bound
    const char *variable;  // environment, .env and user config; NULL: a flag only
    const char *fallback;  // value when nothing is set; NULL: none
    const char *help;      // one line without a full stop
} Option;

extern const Option option_table[OPTION_COUNT];

const Option *option_get(OptionId id);
OptionId option_by_name(Str name);      // OPTION_COUNT: none
OptionId option_by_letter(char letter);
OptionId option_by_variable(Str name);

#endif
