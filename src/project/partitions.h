// SPDX-License-Identifier: Apache-2.0
//
// `partitions` of drawing.json: which documents, examples and injection values are held back for
// another partition than `train`.
//
// An item belongs to the partition whose list names it, else to the one in whose share the hash of
// its name falls (shares lie side by side in the order of the file), else to `train`. The name is
// <topic>/<file> of a document, the number of an example, the label of an injection value (hashed
// with the variable's name). So it depends on no seed and no other file.
//
// In partition P an item may be used if P owns it, or if `train` owns it and P says nothing about
// its kind: a partition that splits only documents shares the injections with train. Examples are
// never shared.
#ifndef CONFAB_PROJECT_PARTITIONS_H
#define CONFAB_PROJECT_PARTITIONS_H

#include "project/json_node.h"
#include "project/injections.h"

enum { PARTITION_TRAIN = 0, PARTITIONS_MAX = 64 };

typedef struct PartitionPart {
    bool given;          // the partition says something about this kind
    double share;        // 0 … 1; 0 where a list is given
    const Str *names;    // names or globs
    size_t n;
} PartitionPart;

typedef struct Partition {
    Str name;
    PartitionPart documents, examples;
    PartitionPart *injections;  // one for each injection of the project
} Partition;

typedef struct Partitions {
    Partition *items;    // items[0] is train, which has nothing given
    size_t n;
    size_t n_injections;
} Partitions;

// `node`: the value of "partitions", which may be absent.
bool partitions_read(const JsonNode *node, const Injections *injections, Arena *a, Partitions *out, Problems *problems);

int64_t partitions_find(const Partitions *partitions, Str name);  // -1: none

uint32_t partition_of_document(const Partitions *partitions, Str path, Str name);  // topic/file, and file
uint32_t partition_of_example(const Partitions *partitions, unsigned number);
uint32_t partition_of_value(const Partitions *partitions, uint32_t injection, Str variable, Str label);

// Whether one name of a list means this item: as chunk-strategy.json's keys do, a name or glob
// without '/' is tried on the file's name alone.
bool partition_name_fits(Str name, Str path, Str file);

// Whether partition `here` may use an item that another owns.
bool partition_uses_document(const Partitions *partitions, uint32_t here, uint32_t owned_by);
bool partition_uses_example(const Partitions *partitions, uint32_t here, uint32_t owned_by);
bool partition_uses_value(const Partitions *partitions, uint32_t here, uint32_t injection, uint32_t owned_by);

#endif
