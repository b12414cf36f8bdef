// SPDX-License-Identifier: Apache-2.0
#include "project/project.h"

#include "base/file.h"
#include "base/path.h"
#include "project/blocks.h"
#include "project/part_file.h"
#include "project/project_parts.h"
#include "project/when.h"

// The order is what needs what: files are read first, which gives the names; then everything with
// placeholders is compiled; then what hangs on several parts is checked.
typedef struct Loader {
    const ProjectOptions *options;
    Arena *arena;
    Project *out;
    Problems *problems;
    Str prompts[2];            // system, user
    bool has_prompts[2];
    JsonFile format, drawing;  // root NULL: absent or broken
    Str examples;
    bool format_fits, knowledge_fits;  // read without a fault
    bool styles_bad, examples_bad;     // there, but cannot be read
    Str *topics, *paths, *files;  // of the knowledge
} Loader;

static const Str prompt_files[2] = {S_INIT("prompting/system-prompt.txt"), S_INIT("prompting/user-prompt.txt")};
static const Str parameter_files[2] = {S_INIT("config/generation-paramters.json"), S_INIT("config/generation-parameters.json")};

// ---- reading ------------------------------------------------------------------------------------

static void read_prompts(Loader *l)
{
    static const char *const hints[2] = {"write who the model is and how it writes", "write what the model is asked for"};
    for (size_t i = 0; i < 2; i++) {
        PartState state = part_read_text(l->out->folder, prompt_files[i], PROJECT_PROMPT_MAX, l->arena, &l->prompts[i], l->problems);
        l->has_prompts[i] = state == PART_FILE_READ;
        if (state != PART_FILE_ABSENT) continue;
        Error *e = problems_new(l->problems, false, ERROR_PROJECT, "file", "the file is missing");
        error_at_file(e, prompt_files[i]);
        error_hint(e, "%s", hints[i]);
    }
}

static void read_styles(Loader *l)
{
    Str file = S("prompting/templates.txt"), text;
    PartState state = part_read_text(l->out->folder, file, PROJECT_FILE_MAX, l->arena, &text, l->problems);
    l->styles_bad = state == PART_FILE_BAD || (state == PART_FILE_READ && !styles_read(text, file, l->arena, &l->out->styles, l->problems));
}

static void read_parameters(Loader *l)
{
    Str text[2];
    PartState state[2];
    for (size_t i = 0; i < 2; i++)
        state[i] = part_read_text(l->out->folder, parameter_files[i], PROJECT_CONFIG_MAX, l->arena, &text[i], l->problems);
    if (state[0] != PART_FILE_ABSENT && state[1] != PART_FILE_ABSENT) {
        Error *e = problems_new(l->problems, false, ERROR_PROJECT, "file", "the file stands here in both spellings");
        error_at_file(e, parameter_files[1]);
        error_hint(e, "keep one of generation-paramters.json and generation-parameters.json");
    }
    for (size_t i = 0; i < 2; i++) {
        if (state[i] != PART_FILE_READ) continue;
        bool read = parameters_read(text[i], parameter_files[i], l->arena, &l->out->parameters, l->problems);
        l->out->names.parameters_unread = !read;
        return;
    }
    l->out->names.parameters_unread = state[0] == PART_FILE_BAD || state[1] == PART_FILE_BAD;
}

static PartState read_config(Loader *l, Str file, JsonFile *out)
{
    return part_read_json(l->out->folder, file, PROJECT_CONFIG_MAX, l->arena, out, l->problems);
}

static void read_knowledge(Loader *l)
{
    l->out->knowledge = arena_new(l->arena, Knowledge, 1);
    KnowledgeOptions options = {.project = l->out->folder.ptr,
                                .tokens = l->options->tokens,
                                .pdfium = l->options->pdfium,
                                .strict = l->options->strict,
                                .no_cache = l->options->no_cache};
    Knowledge *k = l->out->knowledge;
    l->knowledge_fits = knowledge_open(k, &options, l->arena, l->problems);
    l->topics = arena_new(l->arena, Str, k->n_topics + 1);
    l->paths = arena_new(l->arena, Str, k->n_documents + 1);
    l->files = arena_new(l->arena, Str, k->n_documents + 1);
    for (size_t i = 0; i < k->n_topics; i++) l->topics[i] = k->topics[i].name;
    for (size_t i = 0; i < k->n_documents; i++) {
        l->paths[i] = k->documents[i].path;
        l->files[i] = k->documents[i].name;
    }
}

static bool has_blocks(Str text, Arena *a)
{
    Str *blocks;
    return blocks_split(text, a, &blocks) > 0;
}

static void read_all(Loader *l)
{
    Project *p = l->out;
    read_prompts(l);
    read_styles(l);
    read_parameters(l);
    injections_read(p->folder.ptr, l->arena, &p->injections, l->problems);
    l->format_fits = read_config(l, S("config/output-format.json"), &l->format) != PART_FILE_BAD;
    l->format_fits &= output_format_read(l->format.root ? &l->format : NULL, &p->injections, l->arena, &p->format, l->problems);
    read_config(l, S("config/drawing.json"), &l->drawing);
    read_knowledge(l);
    l->examples_bad = part_read_text(p->folder, S("examples/examples.txt"), PROJECT_FILE_MAX, l->arena, &l->examples, l->problems) ==
                      PART_FILE_BAD;
}

// ---- names --------------------------------------------------------------------------------------

static const InjectionName *injection_names(const Injections *injections, Arena *a)
{
    InjectionName *names = arena_new(a, InjectionName, injections->n + 1);
    for (size_t i = 0; i < injections->n; i++) {
        const Injection *in = &injections->items[i];
        Str *columns = arena_new(a, Str, in->n_columns + 1);
        for (size_t c = 0; c < in->n_columns; c++) columns[c] = in->columns[c].name;
        names[i] = (InjectionName){in->name, columns, in->n_columns};
    }
    return names;
}

static const Str *label_names(const Label *labels, size_t n, Arena *a)
{
    Str *names = arena_new(a, Str, n + 1);
    for (size_t i = 0; i < n; i++) names[i] = labels[i].name;
    return names;
}

static void collect_names(Loader *l)
{
    Project *p = l->out;
    Str *parameters = arena_new(l->arena, Str, p->parameters.n + 1);
    for (size_t i = 0; i < p->parameters.n; i++) parameters[i] = p->parameters.items[i].name;
    // A part with faults counts as there, so that its mentions are no further faults.
    p->names = (Names){
        .parameters_unread = p->names.parameters_unread,
        .injections = injection_names(&p->injections, l->arena),
        .n_injections = p->injections.n,
        .parameters = parameters,
        .n_parameters = p->parameters.n,
        .n_participants = p->format.form.n_participants,
        .labels = label_names(p->format.labels, p->format.n_labels, l->arena),
        .n_labels = p->format.n_labels,
        .turn_labels = label_names(p->format.turn_labels, p->format.n_turn_labels, l->arena),
        .n_turn_labels = p->format.n_turn_labels,
        .knowledge = p->knowledge->n_chunks > 0 || !l->knowledge_fits,
        .templates = p->styles.n > 0 || l->styles_bad,
        .flow = p->format.n_flows > 0 || !l->format_fits,
        .examples = l->examples_bad || has_blocks(l->examples, l->arena),
    };
}

// ---- compiling ----------------------------------------------------------------------------------

static void compile_prompts(Loader *l)
{
    Template *out[2] = {&l->out->system_prompt, &l->out->user_prompt};
    for (size_t i = 0; i < 2; i++) {
        Origin origin = {prompt_files[i], l->prompts[i], 0, WRITTEN_PLAIN};
        if (l->has_prompts[i])
            template_compile(l->prompts[i], &origin, &l->out->names, SCOPE_PROMPT, l->arena, out[i], l->problems);
    }
}

static void compile_all(Loader *l)
{
    Project *p = l->out;
    compile_prompts(l);
    styles_compile(&p->styles, &p->names, l->arena, l->problems);
    injections_compile(&p->injections, &p->names, l->arena, l->problems);
    when_compile(&p->injections, &p->names, l->arena, l->problems);
    output_format_compile(l->format.root ? &l->format : NULL, &p->format, &p->names, l->arena, l->problems);
    DrawingContext context = {&p->injections, &p->styles, &p->names, l->topics, p->knowledge->n_topics, l->paths,
                              p->knowledge->n_documents};
    drawing_read(l->drawing.root ? &l->drawing : NULL, &context, l->arena, &p->drawing, l->problems);
}

// The one text that is added to what a person wrote: a blank line and {output_format}.
static void append_output_format(Loader *l)
{
    Template *prompt = &l->out->user_prompt;
    Segment *segments = arena_new(l->arena, Segment, prompt->n + 2);
    size_t n = prompt->n;
    if (n) memcpy(segments, prompt->segments, n * sizeof *segments);
    size_t end = prompt->source.len;
    if (n) segments[n++] = (Segment){.text = S("\n\n"), .at = end};
    segments[n++] = (Segment){.text = S("{output_format}"), .ref = {NAME_OUTPUT_FORMAT, 0, 0}, .at = end};
    prompt->segments = segments;
    prompt->n = n;
    l->out->appended = true;
}

static ReachParts reach_parts(const Project *p)
{
    return (ReachParts){{&p->system_prompt, &p->user_prompt}, &p->styles, &p->injections, &p->format, &p->names};
}

static void find_reach(Loader *l)
{
    Project *p = l->out;
    ReachParts parts = reach_parts(p);
    bool sound = reach_check(&parts, l->arena, l->problems);
    reach_find(&parts, l->arena, &p->reach);
    if (p->reach.output_format && sound && !reach_always(&parts, NAME_OUTPUT_FORMAT, l->arena)) {
        Error *e = problems_new(l->problems, true, ERROR_PROJECT, "unused", "only some of the drawn values mention {output_format}");
        error_hint(e, "where they are not drawn the model is not told the format; mention it in a prompt instead");
    }
    if (p->reach.output_format || !p->format.append) return;
    append_output_format(l);
    p->reach.output_format = true;
}

// ---- partitions and examples --------------------------------------------------------------------

static void choose_partition(Loader *l)
{
    const Partitions *partitions = &l->out->drawing.partitions;
    Str wanted = l->options->partition;
    if (!wanted.len) return;
    int64_t found = partitions_find(partitions, wanted);
    if (found >= 0) {
        l->out->partition = (uint32_t)found;
        return;
    }
    Str *names = arena_new(l->arena, Str, partitions->n);
    for (size_t i = 0; i < partitions->n; i++) names[i] = partitions->items[i].name;
    Str nearest = str_nearest(wanted, names, partitions->n);
    Error *e = problems_new(l->problems, false, ERROR_USAGE, "partition", "there is no partition \"%.*s\"", STR_ARG(wanted));
    if (nearest.len)
        error_hint(e, "write --partition %.*s", STR_ARG(nearest));
    else
        error_hint(e, "describe it under \"partitions\" in config/drawing.json");
}

static void own_values(Project *p)
{
    for (uint32_t i = 0; i < p->injections.n; i++) {
        Injection *in = &p->injections.items[i];
        for (size_t v = 0; v < in->n; v++)
            in->values[v].partition = partition_of_value(&p->drawing.partitions, i, in->name, in->values[v].label);
    }
}

static void read_examples(Loader *l)
{
    Project *p = l->out;
    // Without the participants nobody could tell where a turn begins.
    if (!p->names.examples || l->examples_bad || !l->format_fits) return;
    ExampleContext context = {.format = &p->format,
                              .injections = &p->injections,
                              .styles = &p->styles,
                              .partitions = &p->drawing.partitions,
                              .names = &p->names,
                              .topics = l->topics,
                              .n_topics = p->knowledge->n_topics,
                              .documents = l->files,
                              .n_documents = p->knowledge->n_documents,
                              .max_exchanges = l->options->max_exchanges};
    examples_read(l->examples, S("examples/examples.txt"), &context, l->arena, &p->examples, l->problems);
}

// ---- all of it ----------------------------------------------------------------------------------

static bool open_folder(Loader *l, const char *path)
{
    Project *p = l->out;
    p->folder = arena_str(l->arena, str_from(path));
    Str trimmed = p->folder;
    while (trimmed.len > 1 && trimmed.ptr[trimmed.len - 1] == '/') trimmed.len--;
    p->name = path_name(trimmed);
    if (file_is_folder(path)) return true;
    Error *e = problems_new(l->problems, false, ERROR_PROJECT, "project", "there is no such folder");
    error_at_file(e, p->folder);
    error_hint(e, "name a folder that holds prompting/, or make one with `confab init`");
    return false;
}

static void load(Loader *l)
{
    Project *p = l->out;
    read_all(l);
    collect_names(l);
    compile_all(l);
    choose_partition(l);
    own_values(p);
    project_own_documents(p, l->arena);
    read_examples(l);
    find_reach(l);
    // Of a prompt that could not be read nobody knows what it mentions.
    if (l->has_prompts[0] && l->has_prompts[1]) {
        project_check_mentions(p, l->problems);
        project_check_examples(p, l->problems);
        project_check_record(p, l->arena, l->problems);
    }
    project_check_partitions(p, l->drawing.text, l->arena, l->problems);
    project_check_strays(p, l->problems);
    project_hash_files(p, l->arena);
}

bool project_load(const char *path, const ProjectOptions *options, Arena *a, Project *out, Problems *problems)
{
    static const ProjectOptions defaults = {0};
    *out = (Project){0};
    size_t errors = problems->errors;
    Loader l = {.options = options ? options : &defaults, .arena = a, .out = out, .problems = problems};
    if (open_folder(&l, path)) load(&l);
    json_decref(l.format.root);
    json_decref(l.drawing.root);
    return problems->errors == errors;
}

void project_close(Project *project)
{
    if (project->knowledge) knowledge_close(project->knowledge);
    project->knowledge = NULL;
}

ProjectCounts project_counts(const Project *project)
{
    ProjectCounts counts = {.templates = project->styles.n, .examples = project->examples.n, .injections = project->injections.n};
    for (size_t i = 0; i < project->injections.n; i++) counts.values += project->injections.items[i].n;
    if (!project->knowledge) return counts;
    counts.topics = project->knowledge->n_topics;
    counts.documents = project->knowledge->n_documents;
    counts.chunks = project->knowledge->n_chunks;
    return counts;
}
