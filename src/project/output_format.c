// SPDX-License-Identifier: Apache-2.0
#include "project/output_format.h"

// The keys that make the file an object of settings; any other file is the record itself.
static const Str format_keys[] = {S_INIT("participants"), S_INIT("first"),  S_INIT("last"),        S_INIT("alternate"),
                                  S_INIT("append"),       S_INIT("system"), S_INIT("flow"),        S_INIT("labels"),
                                  S_INIT("turn_labels"),  S_INIT("record"), S_INIT("csv")};
enum { FORMAT_KEYS = sizeof format_keys / sizeof *format_keys };

typedef struct Reader {
    Arena *arena;
    OutputFormat *out;
    Participant *participants;
    Problems *problems;
    bool ok;
} Reader;

static Error *fault(Reader *r, const JsonNode *node, const char *what)
{
    r->ok = false;
    return json_node_problem(r->problems, node, "%s", what);
}

static bool has_settings(const json_t *root)
{
    for (size_t i = 0; i < FORMAT_KEYS; i++)
        if (json_object_get(root, format_keys[i].ptr)) return true;
    return false;
}

// ---- participants -------------------------------------------------------------------------------

static bool name_fits(Reader *r, const JsonNode *node, Str name)
{
    bool odd = name.len == 0 || str_trim(name).len != name.len;
    for (size_t i = 0; i < name.len; i++) odd |= name.ptr[i] == ':' || (unsigned char)name.ptr[i] < 0x20;
    if (odd) {
        error_hint(fault(r, node, "a participant's name must be one line without a colon"), "write such as \"Customer\"");
        return false;
    }
    const Form *form = &r->out->form;
    for (size_t i = 0; i < form->n_participants; i++) {
        if (!str_eq_ignore_case(form->participants[i].name, name)) continue;
        error_hint(fault(r, node, "two participants have the same name"), "give each a name of its own");
        return false;
    }
    return true;
}

static bool is_reserved(Str key)
{
    return str_eq(key, S("prompt")) || str_eq(key, S("model")) || str_eq(key, S("parameters"));
}

static void check_participant_keys(Reader *r, const JsonNode *node)
{
    static const Str keys[] = {S_INIT("name"), S_INIT("role"), S_INIT("prompt"), S_INIT("model"), S_INIT("parameters")};
    r->ok &= json_node_keys(r->problems, node, keys, sizeof keys / sizeof *keys);
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        if (!is_reserved(str_from(key))) continue;
        JsonNode member = json_node_member(node, key, value);
        error_hint(json_node_key_problem(r->problems, &member, "\"%s\" is reserved for simulation", key),
                   "leave it out: write {\"name\": …, \"role\": …}");
        r->ok = false;
    }
}

static void add_participant(Reader *r, const JsonNode *node)
{
    static const char wanted[] = "a name, or {\"name\": \"Agent\", \"role\": \"assistant\"}";
    Form *form = &r->out->form;
    Str name = {0}, role = form->n_participants == 0 ? S("user") : S("assistant");
    if (json_is_object(node->value)) {
        check_participant_keys(r, node);
        JsonNode name_node = json_node_get(node, "name"), role_node = json_node_get(node, "role");
        if (!name_node.value) {
            error_hint(fault(r, node, "the participant has no name"), "write %s", wanted);
            return;
        }
        if (!json_node_string(r->problems, &role_node, "a role as a string, such as \"assistant\"", &role)) r->ok = false;
        if (role.len == 0) error_hint(fault(r, &role_node, "the role is empty"), "write such as \"assistant\"");
        if (!json_node_string(r->problems, &name_node, "a name as a string", &name)) r->ok = false;
        if (!json_is_string(name_node.value) || !name_fits(r, &name_node, name)) return;
    } else if (!json_node_string(r->problems, node, wanted, &name)) {
        r->ok = false;
        return;
    } else if (!name_fits(r, node, name)) {
        return;
    }
    r->participants[form->n_participants++] = (Participant){arena_str(r->arena, name), arena_str(r->arena, role)};
}

static void default_participants(Reader *r)
{
    r->participants = arena_new(r->arena, Participant, 2);
    r->participants[0] = (Participant){S("User"), S("user")};
    r->participants[1] = (Participant){S("Assistant"), S("assistant")};
    r->out->form.participants = r->participants;
    r->out->form.n_participants = 2;
}

static void read_participants(Reader *r, const JsonNode *node)
{
    static const char wanted[] = "a list of two or more names, such as [\"Customer\", \"Agent\"]";
    size_t n = json_is_array(node->value) ? json_array_size(node->value) : 0;
    if (node->value && !json_node_array(r->problems, node, wanted)) r->ok = false;
    if (json_is_array(node->value) && (n < 2 || n > PARTICIPANTS_MAX))
        error_hint(fault(r, node, n < 2 ? "a conversation needs two participants" : "too many participants"), "write %s", wanted);
    if (n < 2 || n > PARTICIPANTS_MAX) {
        default_participants(r);
        return;
    }
    r->participants = arena_new(r->arena, Participant, n);
    r->out->form.participants = r->participants;
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        add_participant(r, &item);
    }
    if (r->out->form.n_participants < 2) default_participants(r);
}

static int find_participant(Reader *r, const JsonNode *node, Str name)
{
    const Form *form = &r->out->form;
    Str *names = arena_new(r->arena, Str, form->n_participants);
    for (size_t i = 0; i < form->n_participants; i++) {
        names[i] = form->participants[i].name;
        if (str_eq(names[i], name)) return (int)i;
    }
    Error *e = json_node_problem(r->problems, node, "nobody is named \"%.*s\"", STR_ARG(name));
    Str nearest = str_nearest(name, names, form->n_participants);
    error_hint(e, "write \"%.*s\"", STR_ARG(nearest.len ? nearest : names[0]));
    r->ok = false;
    return ANYONE;
}

static void read_speaker(Reader *r, const JsonNode *node, int *out)
{
    Str name = {0};
    if (!node->value) return;
    if (json_is_null(node->value)) {
        *out = ANYONE;
    } else if (json_node_string(r->problems, node, "a participant's name, or null for any", &name)) {
        *out = find_participant(r, node, name);
    } else {
        r->ok = false;
    }
}

// ---- flow ---------------------------------------------------------------------------------------

static const char flow_wanted[] = "a list of stages, such as [\"greeting\", \"problem\", \"solution\"], or a list of such lists";

static void read_stage(Reader *r, const JsonNode *node, Stage *out)
{
    static const Str keys[] = {S_INIT("stage"), S_INIT("participant")};
    *out = (Stage){.participant = ANYONE};
    if (json_is_string(node->value)) return;
    if (!json_node_object(r->problems, node, "a stage as a string, or {\"stage\": …, \"participant\": …}")) {
        r->ok = false;
        return;
    }
    bool known = json_node_keys(r->problems, node, keys, 2);
    r->ok &= known;
    JsonNode stage = json_node_get(node, "stage"), participant = json_node_get(node, "participant");
    Str text = {0}, name = {0};
    if (!stage.value) {
        if (known) error_hint(fault(r, node, "\"stage\" is missing"), "write {\"stage\": …, \"participant\": …}");
    } else if (!json_node_string(r->problems, &stage, "the stage as a string", &text)) {
        r->ok = false;
    }
    if (!participant.value) return;
    if (json_node_string(r->problems, &participant, "a participant's name", &name))
        out->participant = find_participant(r, &participant, name);
    else
        r->ok = false;
}

static void read_one_flow(Reader *r, const JsonNode *node, Flow *out)
{
    if (!json_node_array(r->problems, node, flow_wanted)) {
        r->ok = false;
        return;
    }
    size_t n = json_array_size(node->value);
    if (n == 0 || n > STAGES_MAX) {
        error_hint(fault(r, node, n ? "too many stages" : "a flow without stages"), "write %s", flow_wanted);
        return;
    }
    out->stages = arena_new(r->arena, Stage, n);
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        read_stage(r, &item, &out->stages[out->n++]);
    }
}

static bool is_one_flow(const json_t *flow) { return !json_is_array(json_array_get(flow, 0)); }

static void read_flow(Reader *r, const JsonNode *node)
{
    if (!node->value) return;
    size_t n = json_array_size(node->value);
    bool one = is_one_flow(node->value);
    if (n > STAGES_MAX && !one) {
        error_hint(fault(r, node, "too many flows"), "at most %d", STAGES_MAX);
        return;
    }
    r->out->flows = arena_new(r->arena, Flow, one ? 1 : n);
    r->out->n_flows = one ? 1 : n;
    if (one) {
        read_one_flow(r, node, &r->out->flows[0]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        read_one_flow(r, &item, &r->out->flows[i]);
    }
}

// ---- the file -----------------------------------------------------------------------------------

static void check_keys(Reader *r, const JsonNode *root)
{
    Str keys[FORMAT_KEYS + 1];
    memcpy(keys, format_keys, sizeof format_keys);
    keys[FORMAT_KEYS] = S("end");
    bool has_record = json_object_get(root->value, "record");
    r->ok &= json_node_keys_hint(r->problems, root, keys, FORMAT_KEYS + 1,
                                 has_record ? "put it into \"record\", or leave it out"
                                            : "put the record's own keys under \"record\": {…}");
    JsonNode end = json_node_get(root, "end");
    if (!end.value) return;
    error_hint(json_node_key_problem(r->problems, &end, "\"end\" is reserved for simulation"), "leave it out");
    r->ok = false;
}

static void read_settings(Reader *r, const JsonNode *root)
{
    check_keys(r, root);
    JsonNode participants = json_node_get(root, "participants"), first = json_node_get(root, "first");
    JsonNode last = json_node_get(root, "last"), alternate = json_node_get(root, "alternate");
    JsonNode append = json_node_get(root, "append"), flow = json_node_get(root, "flow");
    read_participants(r, &participants);
    r->out->form.last = (int)r->out->form.n_participants - 1;
    read_speaker(r, &first, &r->out->form.first);
    read_speaker(r, &last, &r->out->form.last);
    r->ok &= json_node_bool(r->problems, &alternate, &r->out->form.alternate);
    r->ok &= json_node_bool(r->problems, &append, &r->out->append);
    read_flow(r, &flow);
}

static void read_labels(Reader *r, const JsonNode *root, const Injections *injections)
{
    OutputFormat *out = r->out;
    JsonNode labels = {0}, turn_labels = {0};
    if (root->value && has_settings(root->value)) {
        labels = json_node_get(root, "labels");
        turn_labels = json_node_get(root, "turn_labels");
    }
    LabelList list, turn_list;
    if (labels.value)
        r->ok &= labels_read(&labels, &out->form, false, r->arena, &list, r->problems);
    else
        labels_of_injections(injections, r->arena, &list);
    r->ok &= labels_read(&turn_labels, &out->form, true, r->arena, &turn_list, r->problems);
    out->labels = list.items;
    out->n_labels = list.n;
    out->form.labels = list.asked;
    out->form.n_labels = list.n_asked;
    out->turn_labels = turn_list.items;
    out->n_turn_labels = turn_list.n;
    out->form.turn_labels = turn_list.asked;
    out->form.n_turn_labels = turn_list.n_asked;
}

// A file without any known key is a record; one that shows nothing of a conversation and has a key like a known
// one was to be settings.
static bool misspells_setting(Reader *r, const JsonNode *root)
{
    Str text = root->file->text;
    if (str_contains(text, S("{turn.")) || str_contains(text, S("{messages}")) || str_contains(text, S("{conversation}"))) return false;
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)root->value;
    json_object_foreach(object, key, value) {
        Str nearest = str_nearest(str_from(key), format_keys, FORMAT_KEYS);
        if (!nearest.len) continue;
        JsonNode member = json_node_member(root, key, value);
        error_hint(json_node_key_problem(r->problems, &member, "unknown key \"%s\"", key), "write \"%.*s\"", STR_ARG(nearest));
        r->ok = false;
        return true;
    }
    return false;
}

bool output_format_read(const JsonFile *file, const Injections *injections, Arena *a, OutputFormat *out,
                        Problems *problems)
{
    *out = (OutputFormat){.append = true, .form = {.first = 0, .last = 1, .alternate = true}};
    Reader r = {.arena = a, .out = out, .problems = problems, .ok = true};
    JsonNode root = {0};
    if (file) {
        out->file = file->file;
        root = json_node_root(file);
        if (!json_is_object(root.value)) {
            error_hint(fault(&r, &root, "the file is not an object"), "write {\"participants\": …, \"record\": {…}}, or one record");
            root.value = NULL;
        }
    }
    if (root.value && has_settings(root.value)) {
        read_settings(&r, &root);
    } else {
        default_participants(&r);
        out->misspelt = root.value && misspells_setting(&r, &root);
    }
    read_labels(&r, &root, injections);
    return r.ok;
}

// ---- what holds placeholders --------------------------------------------------------------------

static void compile_system(Reader *r, const JsonNode *node, const Names *names)
{
    Str text = {0};
    if (!node->value || json_is_null(node->value)) return;
    if (!json_node_string(r->problems, node, "the system message as a string", &text)) {
        r->ok = false;
        return;
    }
    Origin origin = json_node_origin(node);
    r->ok &= template_compile(arena_str(r->arena, text), &origin, names, SCOPE_PROMPT | SCOPE_RECORD, r->arena,
                              &r->out->system, r->problems);
    r->out->has_system = true;
    if (template_mentions(&r->out->system, NAME_MESSAGES))
        error_hint(fault(r, node, "{messages} begins with this text and cannot be in it"), "write {conversation}");
}

static void compile_stage(Reader *r, const JsonNode *node, const Names *names, Stage *stage)
{
    JsonNode text = json_is_object(node->value) ? json_node_get(node, "stage") : *node;
    if (!json_is_string(text.value)) return;
    Origin origin = json_node_origin(&text);
    r->ok &= template_compile(arena_str(r->arena, json_str(text.value)), &origin, names, SCOPE_PROMPT, r->arena,
                              &stage->text, r->problems);
}

static void compile_flow(Reader *r, const JsonNode *node, const Names *names)
{
    bool one = is_one_flow(node->value);
    for (size_t f = 0; f < r->out->n_flows; f++) {
        JsonNode item = json_node_at(node, f);
        const JsonNode *flow = one ? node : &item;
        for (size_t i = 0; i < r->out->flows[f].n; i++) {
            JsonNode stage = json_node_at(flow, i);
            compile_stage(r, &stage, names, &r->out->flows[f].stages[i]);
        }
    }
}

static void compile_csv(Reader *r, const JsonNode *node, const Names *names)
{
    static const Str keys[] = {S_INIT("row"), S_INIT("columns")};
    static const char wanted[] = "{\"row\": \"turn\", \"columns\": {\"text\": \"{turn.text}\"}}";
    if (!node->value) return;
    if (!json_node_object(r->problems, node, wanted)) {
        r->ok = false;
        return;
    }
    bool known = json_node_keys(r->problems, node, keys, 2);
    r->ok &= known;
    JsonNode row = json_node_get(node, "row"), columns = json_node_get(node, "columns");
    Str word = S("conversation");
    if (!json_node_string(r->problems, &row, "\"turn\" or \"conversation\"", &word)) {
        r->ok = false;
    } else if (str_eq(word, S("turn"))) {
        r->out->csv_row = CSV_ROW_TURN;
    } else if (!str_eq(word, S("conversation"))) {
        error_hint(fault(r, &row, "a row is neither a turn nor a conversation"), "write \"turn\" or \"conversation\"");
    }
    if (!columns.value || !json_is_object(columns.value) || json_object_size(columns.value) == 0) {
        if (known) error_hint(fault(r, columns.value ? &columns : node, "\"columns\" says nothing"), "write %s", wanted);
        return;
    }
    r->ok &= record_compile(&columns, names, r->out->csv_row == CSV_ROW_TURN, r->arena, &r->out->csv, r->problems);
    r->out->csv_given = true;
}

static void compile_record(Reader *r, const JsonNode *node, const Names *names, bool whole_file)
{
    if (!json_node_object(r->problems, node, "one record as an object, such as {\"id\": \"{id}\", \"messages\": \"{messages}\"}")) {
        r->ok = false;
        return;
    }
    bool compiled = record_compile(node, names, false, r->arena, &r->out->record, r->problems);
    r->ok &= compiled;
    r->out->record_given = true;
    if (!compiled || record_mentions_turns(&r->out->record)) return;
    static const char hint[] = "add \"messages\": \"{messages}\", or a list such as [{\"speaker\": \"{turn.participant}\", \"text\": \"{turn.text}\"}]";
    if (whole_file)
        error_hint(fault(r, node, "the record shows nothing of the conversation"), "%s", hint);
    else
        error_hint(json_node_warning(r->problems, node, "the record shows nothing of the conversation"), "%s", hint);
}

// ---- the default record -------------------------------------------------------------------------

static RecordNode value_node(const char *key, NameId id, uint32_t index, const Names *names, Arena *a)
{
    Segment *segment = arena_new(a, Segment, 1);
    Ref ref = {id, index, 0};
    segment->text = arena_printf(a, "{%.*s}", STR_ARG(ref_name(names, ref, a)));
    segment->ref = ref;
    return (RecordNode){.kind = RECORD_VALUE,
                        .key = str_from(key),
                        .ref = ref,
                        .text = {.source = segment->text, .segments = segment, .n = 1}};
}

static RecordNode parameters_node(const Names *names, Arena *a)
{
    RecordNode node = {.kind = RECORD_OBJECT, .key = S("parameters")};
    node.children = arena_new(a, RecordNode, names->n_parameters + 1);
    for (uint32_t i = 0; i < names->n_parameters; i++) {
        node.children[node.n] = value_node("", NAME_PARAM, i, names, a);
        node.children[node.n++].key = names->parameters[i];
    }
    return node;
}

static void default_record(RecordNode *out, const Names *names, Arena *a)
{
    static const struct {
        const char *key;
        NameId id;
    } keys[] = {{"id", NAME_ID},           {"run", NAME_RUN},       {"index", NAME_INDEX},   {"attempt", NAME_ATTEMPT},
                {"source", NAME_SOURCE},   {"partition", NAME_PARTITION}, {"topic", NAME_TOPIC}, {"labels", NAME_LABELS},
                {"chunks", NAME_CHUNKS},   {"template", NAME_TEMPLATE_NAME}, {"parameters", NAME_NONE}, {"model", NAME_MODEL},
                {"seed", NAME_SEED}};
    size_t n = sizeof keys / sizeof *keys;
    *out = (RecordNode){.kind = RECORD_OBJECT, .children = arena_new(a, RecordNode, n + 1)};
    for (size_t i = 0; i < n; i++)
        out->children[out->n++] =
            keys[i].id == NAME_NONE ? parameters_node(names, a) : value_node(keys[i].key, keys[i].id, 0, names, a);
    out->children[out->n++] = (RecordNode){.kind = RECORD_MESSAGES, .key = S("messages")};
}

bool output_format_compile(const JsonFile *file, OutputFormat *format, const Names *names, Arena *a, Problems *problems)
{
    Reader r = {.arena = a, .out = format, .problems = problems, .ok = true};
    default_record(&format->usual, names, a);
    format->record = format->usual;
    if (!file || !json_is_object(file->root)) return true;
    JsonNode root = json_node_root(file);
    if (!has_settings(root.value)) {
        if (!format->misspelt) compile_record(&r, &root, names, true);
        return r.ok;
    }
    JsonNode labels = json_node_get(&root, "labels"), turn_labels = json_node_get(&root, "turn_labels");
    JsonNode system = json_node_get(&root, "system"), flow = json_node_get(&root, "flow");
    JsonNode record = json_node_get(&root, "record"), csv = json_node_get(&root, "csv");
    if (json_is_object(labels.value))
        r.ok &= labels_compile(&labels, false, names, a, format->labels, format->n_labels, problems);
    if (json_is_object(turn_labels.value))
        r.ok &= labels_compile(&turn_labels, true, names, a, format->turn_labels, format->n_turn_labels, problems);
    compile_system(&r, &system, names);
    if (json_is_array(flow.value)) compile_flow(&r, &flow, names);
    if (record.value) compile_record(&r, &record, names, false);
    compile_csv(&r, &csv, names);
    return r.ok;
}
