// SPDX-License-Identifier: Apache-2.0
//
// `when` of injection values: which variables it names, in which order variables are drawn so that
// each is behind those it depends on, and whether some value is left for every combination.
#ifndef CONFAB_PROJECT_WHEN_H
#define CONFAB_PROJECT_WHEN_H

#include "project/injections.h"
#include "project/partitions.h"

// Resolves the names in every `when`, sets conditional, needs and order. Reports unknown variables
// and labels, and cycles.
bool when_compile(Injections *injections, const Names *names, Arena *a, Problems *problems);

typedef struct WhenDocument {
    Str topic, name;
} WhenDocument;

// What can be drawn in one partition.
typedef struct WhenDomain {
    const WhenDocument *documents;  // topics together
    size_t n_documents;
    const Str *templates;
    size_t n_templates;
    const Partitions *partitions;
    uint32_t partition;
} WhenDomain;

// Warns of values of topic, document and template that do not exist.
void when_check_values(const Injections *injections, const WhenDomain *everything, Problems *problems);

// Reports each variable for which some combination of the others leaves no value, with the first
// such combination. Compares no more than WHEN_STEPS_MAX labels for one variable; beyond, a warning.
bool when_check(const Injections *injections, const Names *names, const WhenDomain *domain, bool warning,
                Arena *scratch, Problems *problems);

enum { WHEN_STEPS_MAX = 10000000 };  // a few hundredths of a second

#endif
