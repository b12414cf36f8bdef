// SPDX-License-Identifier: Apache-2.0
//
// What each partition has, and what it lacks (project_parts.h).
#include "base/json.h"
#include "project/project_parts.h"

static const char drawing_file[] = "config/drawing.json";

void project_own_documents(Project *project, Arena *a)
{
    const Knowledge *k = project->knowledge;
    uint32_t *owners = arena_new(a, uint32_t, k->n_documents + 1);
    for (size_t i = 0; i < k->n_documents; i++)
        owners[i] = partition_of_document(&project->drawing.partitions, k->documents[i].path, k->documents[i].name);
    project->document_partitions = owners;
}

// ---- names in lists that mean nothing -----------------------------------------------------------

typedef struct ListCheck {
    const Project *project;
    Str text;              // of drawing.json
    Problems *problems;
    Str partition;
} ListCheck;

static void warn_name(const ListCheck *c, Str kind, Str variable, size_t index, Str name)
{
    Error *e = problems_new(c->problems, true, ERROR_PROJECT, "partition", "\"%.*s\" matches nothing", STR_ARG(name));
    char number[24];
    snprintf(number, sizeof number, "%zu", index);
    Str way[] = {S("partitions"), c->partition, kind, variable, str_from(number)};
    if (!variable.ptr) way[3] = way[4];
    if (!c->problems->full)
        error_at(e, str_from(drawing_file), c->text, json_locate_parts(c->text, way, variable.ptr ? 5 : 4, false));
    error_hint(e, "correct the name, or leave it out");
}

static void check_documents(const ListCheck *c, const PartitionPart *part)
{
    const Knowledge *k = c->project->knowledge;
    for (size_t n = 0; n < part->n; n++) {
        bool found = false;
        for (size_t i = 0; i < k->n_documents && !found; i++)
            found = partition_name_fits(part->names[n], k->documents[i].path, k->documents[i].name);
        if (!found) warn_name(c, S("documents"), (Str){0}, n, part->names[n]);
    }
}

static void check_examples(const ListCheck *c, const PartitionPart *part)
{
    for (size_t n = 0; n < part->n; n++) {
        bool found = false;
        for (size_t i = 0; i < c->project->examples.n && !found; i++) {
            char number[24];
            snprintf(number, sizeof number, "%u", c->project->examples.items[i].number);
            found = partition_name_fits(part->names[n], str_from(number), str_from(number));
        }
        if (!found) warn_name(c, S("examples"), (Str){0}, n, part->names[n]);
    }
}

static void check_values(const ListCheck *c, const Injection *in, const PartitionPart *part)
{
    for (size_t n = 0; n < part->n; n++) {
        bool found = in->faulty;
        for (size_t i = 0; i < in->n && !found; i++)
            found = partition_name_fits(part->names[n], in->values[i].label, in->values[i].label);
        if (!found) warn_name(c, S("injections"), in->name, n, part->names[n]);
    }
}

static void check_lists(const Project *project, Str text, Problems *problems)
{
    const Partitions *all = &project->drawing.partitions;
    for (size_t p = 1; p < all->n; p++) {
        ListCheck c = {project, text, problems, all->items[p].name};
        check_documents(&c, &all->items[p].documents);
        check_examples(&c, &all->items[p].examples);
        for (size_t i = 0; i < all->n_injections; i++)
            check_values(&c, &project->injections.items[i], &all->items[p].injections[i]);
    }
}

// ---- what is left to draw -----------------------------------------------------------------------

static double document_weight(const Project *project, const Document *d)
{
    double weight = d->weight;
    drawing_document_weight(&project->drawing, d->path, &weight);
    return weight * drawing_topic_weight(&project->drawing, d->topic);
}

static bool can_draw(const Project *project, uint32_t here, size_t document)
{
    const Document *d = &project->knowledge->documents[document];
    return d->n_chunks && document_weight(project, d) > 0 &&
           partition_uses_document(&project->drawing.partitions, here, project->document_partitions[document]);
}

static WhenDomain domain_of(const Project *project, uint32_t here, bool everything, Arena *a)
{
    const Knowledge *k = project->knowledge;
    WhenDomain d = {.partitions = &project->drawing.partitions, .partition = here};
    WhenDocument *documents = arena_new(a, WhenDocument, k->n_documents + 1);
    for (size_t i = 0; i < k->n_documents; i++)
        if (everything || can_draw(project, here, i))
            documents[d.n_documents++] = (WhenDocument){k->documents[i].topic, k->documents[i].name};
    Str *templates = arena_new(a, Str, project->styles.n + 1);
    for (size_t i = 0; i < project->styles.n; i++)
        if (everything || project->styles.items[i].weight > 0) templates[d.n_templates++] = project->styles.items[i].name;
    d.documents = documents;
    d.templates = templates;
    return d;
}

static void lacks(const Project *project, uint32_t here, const char *what, Str name, Problems *problems)
{
    Str partition = project->drawing.partitions.items[here].name;
    bool warning = here != project->partition && here != PARTITION_TRAIN;
    Error *e = problems_new(problems, warning, ERROR_PROJECT, "partition", "the partition %.*s has no %s%.*s",
                            STR_ARG(partition), what, STR_ARG(name));
    if (project->drawing.partitions.n > 1) {
        error_at_file(e, str_from(drawing_file));
        error_hint(e, "name some in \"partitions\", or change the share");
    } else {
        error_hint(e, "give something a weight above 0");
    }
}

static void check_left(const Project *project, uint32_t here, const WhenDomain *domain, Problems *problems)
{
    if (project->reach.topic && project->names.knowledge && domain->n_documents == 0)
        lacks(project, here, "document to draw from", (Str){0}, problems);
    for (uint32_t i = 0; i < project->injections.n; i++) {
        const Injection *in = &project->injections.items[i];
        bool left = !project->reach.injections[i] || in->faulty;
        for (size_t v = 0; v < in->n && !left; v++)
            left = in->values[v].weight > 0 &&
                   partition_uses_value(&project->drawing.partitions, here, i, in->values[v].partition);
        if (!left) lacks(project, here, "value of ", in->name, problems);
    }
    bool wanted = project->reach.examples && project->names.examples;
    for (size_t i = 0; i < project->examples.n && wanted; i++)
        if (partition_uses_example(&project->drawing.partitions, here, project->examples.items[i].partition)) wanted = false;
    if (!wanted || here != project->partition || project->examples.n == 0) return;
    Error *e = problems_new(problems, true, ERROR_PROJECT, "partition", "the partition %.*s has no examples to show",
                            STR_ARG(project->drawing.partitions.items[here].name));
    error_at_file(e, str_from(drawing_file));
    error_hint(e, "{examples} stays empty; name some in \"partitions\"");
}

void project_check_partitions(const Project *project, Str drawing_text, Arena *a, Problems *problems)
{
    Arena scratch = {0};
    WhenDomain everything = domain_of(project, PARTITION_TRAIN, true, &scratch);
    when_check_values(&project->injections, &everything, problems);
    check_lists(project, drawing_text, problems);
    for (uint32_t here = 0; here < project->drawing.partitions.n; here++) {
        WhenDomain domain = domain_of(project, here, false, &scratch);
        check_left(project, here, &domain, problems);
        bool warning = here != project->partition && here != PARTITION_TRAIN;
        when_check(&project->injections, &project->names, &domain, warning, a, problems);
    }
    arena_free(&scratch);
}
