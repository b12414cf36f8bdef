// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

// Sets of commands that share options.
enum {
    ON_ASKING = ON_RUN | ON_RESUME | ON_RETRY,  // send requests to a model
    ON_MODEL = ON_ASKING | ON_DOCTOR | ON_CONFIG | ON_PREVIEW | ON_ESTIMATE,
    ON_PLAN = ON_RUN | ON_PREVIEW | ON_ESTIMATE,
    ON_STORED = ON_RESUME | ON_RETRY | ON_STATUS | ON_LIST,  // read a run that was begun
    ON_PROJECT = ON_PLAN | ON_STORED | ON_VALIDATE | ON_CHUNKS | ON_DOCTOR | ON_CONFIG,
    ON_DATA = ON_PREVIEW | ON_CHUNKS | ON_ESTIMATE | ON_STATUS | ON_LIST | ON_DOCTOR | ON_CONFIG | ON_VALIDATE |
              ON_VERSION | ON_RUN | ON_RESUME | ON_RETRY | ON_DEDUP,
};

#define LARGEST 9007199254740992.0  // 2^53: up to here every reader of JSON keeps whole numbers exact

const Option option_table[OPTION_COUNT] = {
    [OPTION_PROJECT] = {"project", 'p', "NAME", ARG_PROJECT, RULE_NOT_PROJECT, ON_PROJECT,
        .variable = "CONFAB_PROJECT",
        .help = "the project: a name under the projects folder, or a path"},
    [OPTION_PROJECTS] = {"projects", 0, "DIR", ARG_FOLDER, RULE_NOT_PROJECT, ON_PROJECT | ON_INIT,
        .variable = "CONFAB_PROJECTS", .fallback = "projects",
        .help = "the folder that holds the projects"},
    [OPTION_ITERATIONS] = {"iterations", 'n', "N", ARG_WHOLE, 0, ON_RUN | ON_ESTIMATE,
        .min = 1, .max = 1e9, .variable = "CONFAB_ITERATIONS",
        .help = "how many conversations to write"},
    [OPTION_MAX_EXCHANGES] = {"max-exchanges", 'x', "N", ARG_WHOLE, 0, ON_PLAN,
        .min = 1, .max = 1000, .variable = "CONFAB_MAX_EXCHANGES",
        .help = "the most exchanges a conversation may have"},
    [OPTION_INDICES] = {"indices", 'i', "LIST", ARG_INDICES, 0, ON_PREVIEW, .fallback = "0,1,2",
        .help = "which iterations to show: 0,1,2 or 0-9"},
    [OPTION_SEED] = {"seed", 0, "N", ARG_WHOLE, 0, ON_PLAN,
        .max = LARGEST, .variable = "CONFAB_SEED",
        .help = "the number all draws follow from; random when not given"},
    [OPTION_START] = {"start", 0, "N", ARG_WHOLE, 0, ON_RUN | ON_ESTIMATE,
        .max = LARGEST, .variable = "CONFAB_START", .fallback = "0",
        .help = "the index of the first iteration"},
    [OPTION_PARTITION] = {"partition", 0, "NAME", ARG_TEXT, 0, ON_PLAN,
        .variable = "CONFAB_PARTITION", .fallback = "train",
        .help = "draw only from this partition of the project"},
    [OPTION_CONCURRENCY] = {"concurrency", 'j', "N", ARG_WHOLE, 0, ON_ASKING,
        .min = 1, .max = 10000, .variable = "CONFAB_CONCURRENCY",
        .help = "how many requests are in flight at once"},
    [OPTION_ATTEMPTS] = {"attempts", 0, "N", ARG_WHOLE, 0, ON_RUN,
        .min = 1, .max = 100, .variable = "CONFAB_ATTEMPTS", .fallback = "3",
        .help = "how often one iteration is asked before it fails"},
    [OPTION_STRUCTURED] = {"structured", 0, "WHEN", ARG_CHOICE, 0, ON_RUN, .choices = "auto|on|off",
        .variable = "CONFAB_STRUCTURED", .fallback = "auto",
        .help = "send a JSON schema of the answer"},
    [OPTION_STRICT] = {"strict", 0, NULL, ARG_SWITCH, 0, ON_PLAN | ON_VALIDATE | ON_CHUNKS,
        .variable = "CONFAB_STRICT",
        .help = "a document that cannot be read is an error"},
    [OPTION_RESUME] = {"resume", 0, "WHEN", ARG_CHOICE, 0, ON_RUN, .choices = "auto|always|never",
        .variable = "CONFAB_RESUME", .fallback = "auto",
        .help = "go on with an unfinished run of the same settings"},
    [OPTION_ACCEPT_CHANGES] = {"accept-changes", 0, NULL, ARG_SWITCH, RULE_NOT_PROJECT, ON_ASKING,
        .variable = "CONFAB_ACCEPT_CHANGES",
        .help = "go on although the project changed since the run began"},
    [OPTION_DEDUP] = {"dedup", 0, "WHEN", ARG_CHOICE, 0, ON_RUN, .choices = "on|off",
        .variable = "CONFAB_DEDUP", .fallback = "on",
        .help = "ask again for a conversation that is nearly the same as an earlier one"},
    [OPTION_DEDUP_THRESHOLD] = {"dedup-threshold", 0, "X", ARG_REAL, 0, ON_RUN, .min = 0.05, .max = 1,
        .variable = "CONFAB_DEDUP_THRESHOLD", .fallback = "0.8",
        .help = "the likeness from which two conversations are nearly the same (Jaccard of word 5-grams)"},
    [OPTION_DEDUP_SCOPE] = {"dedup-scope", 0, "SCOPE", ARG_TEXT, RULE_REPEATS, ON_RUN,
        .variable = "CONFAB_DEDUP_SCOPE", .fallback = "project",
        .help = "what else counts as seen: run (nothing), project (its earlier runs), or files of conversations"},
    [OPTION_MAX_COST] = {"max-cost", 0, "AMOUNT", ARG_REAL, 0, ON_ASKING,
        .max = 1e12, .variable = "CONFAB_MAX_COST",
        .help = "end the run before it costs more, in the currency of the prices"},
    [OPTION_MAX_TOKENS] = {"max-tokens", 0, "N", ARG_WHOLE, 0, ON_ASKING,
        .min = 1, .max = LARGEST, .variable = "CONFAB_MAX_TOKENS",
        .help = "end the run before it uses more tokens"},
    [OPTION_MAX_TIME] = {"max-time", 0, "TIME", ARG_SPAN, 0, ON_ASKING,
        .variable = "CONFAB_MAX_TIME",
        .help = "end the run after this time: 90s, 15m, 2h"},
    [OPTION_RPM] = {"rpm", 0, "N", ARG_REAL, 0, ON_ASKING, .min = 0.1, .max = 1e9,
        .variable = "CONFAB_RPM",
        .help = "at most so many requests a minute"},
    [OPTION_TPM] = {"tpm", 0, "N", ARG_REAL, 0, ON_ASKING, .min = 1, .max = 1e12,
        .variable = "CONFAB_TPM",
        .help = "at most so many tokens a minute"},
    [OPTION_TIMEOUT] = {"timeout", 0, "TIME", ARG_SPAN, 0, ON_ASKING,
        .variable = "CONFAB_TIMEOUT", .fallback = "15m",
        .help = "give up on a request after this time: 90s, 15m"},
    [OPTION_YES] = {"yes", 0, NULL, ARG_SWITCH, RULE_NOT_PROJECT, ON_ASKING,
        .variable = "CONFAB_YES",
        .help = "start without asking"},
    [OPTION_DRY_RUN] = {"dry-run", 0, NULL, ARG_SWITCH, 0, ON_RUN | ON_DEDUP,
        .variable = "CONFAB_DRY_RUN",
        .help = "plan and check everything; send or write nothing"},
    [OPTION_ENDPOINT] = {"endpoint", 0, "URL", ARG_URL, RULE_REPEATS, ON_MODEL,
        .variable = "LLM_API_URL",
        .help = "address of the model's API; without one the embedded model serves"},
    [OPTION_MODEL] = {"model", 0, "NAME", ARG_TEXT, 0, ON_MODEL,
        .variable = "LLM_NAME",
        .help = "the model to ask; when not given, the only one the server lists"},
    [OPTION_API] = {"api", 0, "KIND", ARG_CHOICE, 0, ON_MODEL, .choices = "auto|openai|anthropic|ollama|tgi",
        .variable = "CONFAB_API", .fallback = "auto",
        .help = "the API's dialect; auto chooses by the address"},
    [OPTION_KEY] = {NULL, 0, "KEY", ARG_SECRET, 0, ON_MODEL,
        .variable = "LLM_API_KEY",
        .help = "the API key; never an argument, never shown, never stored"},
    [OPTION_KEY_FILE] = {NULL, 0, "FILE", ARG_FILE, 0, ON_MODEL,
        .variable = "LLM_API_KEY_FILE",
        .help = "a file that holds the API key"},
    [OPTION_LOCAL_MODEL] = {NULL, 0, "FILE", ARG_FILE, RULE_NOT_PROJECT, ON_MODEL,
        .variable = "CONFAB_MODEL",
        .help = "a GGUF file to serve in place of the embedded model"},
    [OPTION_LOCAL_SERVER] = {NULL, 0, "PROGRAM", ARG_FILE, RULE_NOT_PROJECT, ON_MODEL,
        .variable = "CONFAB_MODEL_SERVER",
        .help = "the llama.cpp server that serves the embedded model"},
    [OPTION_TRUST_PROJECT] = {"trust-project", 0, NULL, ARG_SWITCH, RULE_NOT_PROJECT, ON_MODEL,
        .variable = "CONFAB_TRUST_PROJECT",
        .help = "let your key go to the address that the project's .env names"},
    [OPTION_PROGRESS] = {"progress", 0, "HOW", ARG_CHOICE, 0, ON_ASKING, .choices = "auto|bar|plain|json|none",
        .variable = "CONFAB_PROGRESS", .fallback = "auto",
        .help = "how progress is shown on standard error"},
    [OPTION_FROM] = {"from", 0, "EXAMPLE", ARG_PROJECT, 0, ON_INIT,
        .help = "the project to begin from: a name under the projects folder, or a path"},
    [OPTION_WRITE] = {"write", 0, NULL, ARG_SWITCH, 0, ON_CHUNKS,
        .help = "add the missing documents to chunk-strategy.json"},
    [OPTION_SHOW] = {"show", 0, "N", ARG_WHOLE, 0, ON_CHUNKS, .max = LARGEST,
        .help = "print the text of chunk N of the table"},
    [OPTION_TEXT] = {"text", 0, "DOCUMENT", ARG_TEXT, 0, ON_CHUNKS,
        .help = "print the extracted text of a document"},
    [OPTION_ORIGIN] = {"origin", 0, NULL, ARG_SWITCH, 0, ON_CONFIG,
        .help = "say where each value comes from"},
    [OPTION_MAN] = {"man", 0, NULL, ARG_SWITCH, 0, ON_HELP,
        .help = "print the manual page as roff"},
    [OPTION_OUTPUT] = {"output", 'o', "FILE", ARG_FILE, 0, ON_DEDUP,
        .help = "where the result goes; without it to standard output"},
    [OPTION_CLUSTERS] = {"clusters", 0, "FILE", ARG_FILE, 0, ON_DEDUP,
        .help = "write what was dropped for what, a line a cluster"},
    [OPTION_THRESHOLD] = {"threshold", 0, "X", ARG_REAL, 0, ON_DEDUP, .min = 0.05, .max = 1, .fallback = "0.8",
        .help = "the likeness from which two records are nearly the same (Jaccard of word 5-grams)"},
    [OPTION_KEEP] = {"keep", 0, "WHICH", ARG_CHOICE, 0, ON_DEDUP, .choices = "first|longest|handwritten", .fallback = "first",
        .help = "which of several near-duplicates is kept"},
    [OPTION_FIELD] = {"field", 0, "NAME", ARG_TEXT, 0, ON_DEDUP,
        .help = "the field or column that holds the text"},
    [OPTION_AGAINST] = {"against", 0, "FILE", ARG_TEXT, RULE_REPEATS, ON_DEDUP,
        .help = "drop what repeats words of this evaluation set; may be given several times"},
    [OPTION_HITS] = {"hits", 0, "FILE", ARG_FILE, 0, ON_DEDUP,
        .help = "write what --against found, a line a hit"},
    [OPTION_MEMORY] = {"memory", 0, "MIB", ARG_WHOLE, 0, ON_DEDUP, .min = 1, .max = 1 << 24,
        .help = "keep at most so much of the texts' shingles in memory, the rest in a file of $TMPDIR"},
    [OPTION_JSON] = {"json", 0, NULL, ARG_SWITCH, 0, ON_DATA,
        .help = "print one JSON object"},
    [OPTION_NO_INPUT] = {"no-input", 0, NULL, ARG_SWITCH, RULE_NOT_PROJECT, ON_ASKING,
        .variable = "CONFAB_NO_INPUT",
        .help = "never ask; a missing value is an error"},
    [OPTION_DIRECTORY] = {"directory", 'C', "DIR", ARG_FOLDER, 0, ON_ALL,
        .help = "go to this folder first"},
    [OPTION_QUIET] = {"quiet", 'q', NULL, ARG_SWITCH, 0, ON_ALL,
        .help = "print only data and errors"},
    [OPTION_VERBOSE] = {"verbose", 'v', NULL, ARG_SWITCH, 0, ON_ALL,
        .help = "say more about what is done"},
    [OPTION_HELP] = {"help", 'h', NULL, ARG_SWITCH, 0, ON_ALL,
        .help = "show the help of a command"},
};

const Option *option_get(OptionId id)
{
    return &option_table[id];
}

OptionId option_by_name(Str name)
{
    OptionId id = 0;
    while (id < OPTION_COUNT && !(option_table[id].name && str_eq(name, str_from(option_table[id].name)))) id++;
    return id;
}

OptionId option_by_letter(char letter)
{
    OptionId id = 0;
    while (id < OPTION_COUNT && !(letter && option_table[id].letter == letter)) id++;
    return id;
}

OptionId option_by_variable(Str name)
{
    OptionId id = 0;
    while (id < OPTION_COUNT && !(option_table[id].variable && str_eq(name, str_from(option_table[id].variable)))) id++;
    return id;
}
