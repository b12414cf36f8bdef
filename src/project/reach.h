// SPDX-License-Identifier: Apache-2.0
//
// What the prompts can reach, directly or through styles, injection values and flows: only that is
// drawn. Also finds placeholders that lead back to themselves, and chains that are too deep.
#ifndef CONFAB_PROJECT_REACH_H
#define CONFAB_PROJECT_REACH_H

#include "project/output_format.h"
#include "project/styles.h"

typedef struct Reach {
    bool topic;          // something of the knowledge is needed, at least a topic
    bool document;       // a document is needed
    bool passage;        // a passage is needed
    bool template;
    bool flow;
    bool examples;       // {examples} or {examples.ids}
    bool output_format;
    bool *injections;    // one for each
    bool *told;          // one for each: mentioned, not only needed by a `when`
    bool told_topic;     // likewise for the topic: anything of the knowledge is mentioned
    bool told_template;
} Reach;

typedef struct ReachParts {
    const Template *prompts[2];
    const Styles *styles;
    const Injections *injections;
    const OutputFormat *format;
    const Names *names;
} ReachParts;

// False when a cycle or a chain deeper than TEMPLATE_DEPTH was reported, spelled out.
bool reach_check(const ReachParts *parts, Arena *a, Problems *problems);
void reach_find(const ReachParts *parts, Arena *a, Reach *out);

// Whether the filled prompts hold this name whatever is drawn, and not only where a certain style or
// value is. Only where reach_check found no fault.
bool reach_always(const ReachParts *parts, NameId id, Arena *a);

// The Refs that a template can reach with values drawn freely, each once, in the arena.
size_t reach_refs(const ReachParts *parts, const Template *from, Arena *a, Ref **out);

#endif
