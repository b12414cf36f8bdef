// SPDX-License-Identifier: Apache-2.0
#include "project/partitions.h"

#include "base/hash.h"
#include "base/path.h"

typedef struct Reader {
    const Injections *injections;
    Arena *arena;
    Partitions *out;
    Problems *problems;
    bool ok;
} Reader;

static const char part_wanted[] = "a share such as 0.1, or a list of names";

static void read_share(Reader *r, const JsonNode *node, PartitionPart *part)
{
    double share = json_number_value(node->value);
    if (share >= 0 && share <= 1) {
        part->share = share;
        return;
    }
    error_hint(json_node_problem(r->problems, node, "a share of %g", share), "write a number from 0 to 1");
    r->ok = false;
}

static void read_list(Reader *r, const JsonNode *node, bool numbers, PartitionPart *part)
{
    size_t n = json_array_size(node->value);
    Str *names = arena_new(r->arena, Str, n + 1);
    for (size_t i = 0; i < n; i++) {
        JsonNode item = json_node_at(node, i);
        Str name = {0};
        if (numbers && json_is_integer(item.value)) {
            name = arena_printf(r->arena, "%lld", (long long)json_integer_value(item.value));
        } else if (!json_node_string(r->problems, &item, numbers ? "an example's number" : "a name or a glob as a string", &name)) {
            r->ok = false;
            continue;
        }
        names[part->n++] = arena_str(r->arena, name);
    }
    part->names = names;
}

static void read_part(Reader *r, const JsonNode *node, bool numbers, PartitionPart *part)
{
    if (!node->value) return;
    part->given = true;
    if (json_is_number(node->value)) {
        read_share(r, node, part);
    } else if (json_node_array(r->problems, node, part_wanted)) {
        read_list(r, node, numbers, part);
    } else {
        r->ok = false;
    }
}

static Str nearest_injection(const Reader *r, Str name)
{
    Str *names = arena_new(r->arena, Str, r->injections->n + 1);
    for (size_t i = 0; i < r->injections->n; i++) names[i] = r->injections->items[i].name;
    return str_nearest(name, names, r->injections->n);
}

static void read_injections(Reader *r, const JsonNode *node, Partition *partition)
{
    if (!node->value) return;
    if (!json_node_object(r->problems, node, "an object, such as {\"persona\": 0.1}")) {
        r->ok = false;
        return;
    }
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        JsonNode member = json_node_member(node, key, value);
        size_t i = 0;
        while (i < r->injections->n && !str_eq(r->injections->items[i].name, str_from(key))) i++;
        if (i < r->injections->n) {
            read_part(r, &member, false, &partition->injections[i]);
            continue;
        }
        Error *e = json_node_key_problem(r->problems, &member, "there is no injection \"%s\"", key);
        Str nearest = nearest_injection(r, str_from(key));
        if (nearest.len)
            error_hint(e, "write \"%.*s\"", STR_ARG(nearest));
        else
            error_hint(e, "name a file of prompting/injections without its ending");
        r->ok = false;
    }
}

static void read_partition(Reader *r, const JsonNode *node)
{
    static const Str keys[] = {S_INIT("documents"), S_INIT("examples"), S_INIT("injections")};
    Str name = node->key;
    if (str_eq(name, S("train"))) {
        error_hint(json_node_key_problem(r->problems, node, "\"train\" is what no other partition has"),
                   "describe what is held back, such as \"eval\"");
        r->ok = false;
        return;
    }
    if (!name_valid(name)) {
        error_hint(json_node_key_problem(r->problems, node, "\"%.*s\" is not a name", STR_ARG(name)),
                   "letters, digits, _ and -, a letter first");
        r->ok = false;
        return;
    }
    if (!json_node_object(r->problems, node, "an object, such as {\"documents\": 0.1}")) {
        r->ok = false;
        return;
    }
    r->ok &= json_node_keys(r->problems, node, keys, sizeof keys / sizeof *keys);
    Partition *partition = &r->out->items[r->out->n++];
    partition->name = arena_str(r->arena, name);
    partition->injections = arena_new(r->arena, PartitionPart, r->injections->n + 1);
    JsonNode documents = json_node_get(node, "documents"), examples = json_node_get(node, "examples");
    JsonNode injections = json_node_get(node, "injections");
    read_part(r, &documents, false, &partition->documents);
    read_part(r, &examples, true, &partition->examples);
    read_injections(r, &injections, partition);
}

static const PartitionPart *injection_part(const Partition *p, size_t i) { return &p->injections[i]; }

static void check_sum(Reader *r, const JsonNode *node, double sum, const char *what, Str name)
{
    if (sum <= 1 + 1e-9) return;
    Error *e = json_node_key_problem(r->problems, node, "the shares of %s%.*s come to %g", what, STR_ARG(name), sum);
    error_hint(e, "together they must not pass 1");
    r->ok = false;
}

static void check_shares(Reader *r, const JsonNode *node)
{
    double documents = 0, examples = 0;
    for (size_t p = 0; p < r->out->n; p++) {
        documents += r->out->items[p].documents.share;
        examples += r->out->items[p].examples.share;
    }
    check_sum(r, node, documents, "the documents", (Str){0});
    check_sum(r, node, examples, "the examples", (Str){0});
    for (size_t i = 0; i < r->injections->n; i++) {
        double sum = 0;
        for (size_t p = 0; p < r->out->n; p++) sum += injection_part(&r->out->items[p], i)->share;
        check_sum(r, node, sum, "", r->injections->items[i].name);
    }
}

bool partitions_read(const JsonNode *node, const Injections *injections, Arena *a, Partitions *out, Problems *problems)
{
    *out = (Partitions){.n_injections = injections->n};
    Reader r = {injections, a, out, problems, true};
    size_t n = json_object_size(node->value);
    if (n > PARTITIONS_MAX) {
        error_hint(json_node_problem(problems, node, "%zu partitions", n), "at most %d", PARTITIONS_MAX);
        n = 0;
        r.ok = false;
    }
    out->items = arena_new(a, Partition, n + 1);
    out->items[PARTITION_TRAIN].name = S("train");
    out->items[PARTITION_TRAIN].injections = arena_new(a, PartitionPart, injections->n + 1);
    out->n = 1;
    if (!json_node_object(problems, node, "an object, such as {\"eval\": {\"documents\": 0.1}}")) return false;
    if (!node->value || n == 0) return r.ok;
    const char *key;
    json_t *value, *object = (json_t *)(uintptr_t)node->value;
    json_object_foreach(object, key, value) {
        JsonNode member = json_node_member(node, key, value);
        read_partition(&r, &member);
    }
    check_shares(&r, node);
    return r.ok;
}

int64_t partitions_find(const Partitions *partitions, Str name)
{
    for (size_t i = 0; i < partitions->n; i++)
        if (str_eq(partitions->items[i].name, name)) return (int64_t)i;
    return -1;
}

// ---- who owns what ------------------------------------------------------------------------------

bool partition_name_fits(Str name, Str path, Str file)
{
    Str tried = str_find_char(name, '/') == STR_NONE ? file : path;
    return path_is_glob(name) ? path_glob(name, tried) || str_eq(name, tried) : str_eq(name, tried);
}

static const PartitionPart *documents_part(const Partition *p, size_t i) { return (void)i, &p->documents; }
static const PartitionPart *examples_part(const Partition *p, size_t i) { return (void)i, &p->examples; }

typedef const PartitionPart *(*PartOf)(const Partition *p, size_t i);

static bool listed(const PartitionPart *part, Str path, Str name)
{
    for (size_t i = 0; i < part->n; i++)
        if (partition_name_fits(part->names[i], path, name)) return true;
    return false;
}

// A number in [0, 1) that only the name decides.
static double place_of(Str name, uint64_t kind) { return (double)(hash64(name, kind) >> 11) * 0x1p-53; }

static uint32_t owner(const Partitions *all, PartOf part_of, size_t i, Str path, Str name, uint64_t kind)
{
    for (size_t p = 1; p < all->n; p++)
        if (listed(part_of(&all->items[p], i), path, name)) return (uint32_t)p;
    double place = place_of(path, kind), end = 0;
    for (size_t p = 1; p < all->n; p++) {
        end += part_of(&all->items[p], i)->share;
        if (place < end) return (uint32_t)p;
    }
    return PARTITION_TRAIN;
}

uint32_t partition_of_document(const Partitions *partitions, Str path, Str name)
{
    return owner(partitions, documents_part, 0, path, name, hash64(S("document"), 0));
}

uint32_t partition_of_example(const Partitions *partitions, unsigned number)
{
    char text[24];
    snprintf(text, sizeof text, "%u", number);
    return owner(partitions, examples_part, 0, str_from(text), str_from(text), hash64(S("example"), 0));
}

uint32_t partition_of_value(const Partitions *partitions, uint32_t injection, Str variable, Str label)
{
    return owner(partitions, injection_part, injection, label, label, hash64(variable, 1));
}

static bool uses(const PartitionPart *part, uint32_t here, uint32_t owned_by)
{
    return owned_by == here || (owned_by == PARTITION_TRAIN && !part->given);
}

bool partition_uses_document(const Partitions *partitions, uint32_t here, uint32_t owned_by)
{
    return uses(&partitions->items[here].documents, here, owned_by);
}

bool partition_uses_example(const Partitions *partitions, uint32_t here, uint32_t owned_by)
{
    return owned_by == here && here < partitions->n;
}

bool partition_uses_value(const Partitions *partitions, uint32_t here, uint32_t injection, uint32_t owned_by)
{
    return uses(&partitions->items[here].injections[injection], here, owned_by);
}
