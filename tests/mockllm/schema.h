// SPDX-License-Identifier: Apache-2.0
//
// Fills any JSON schema with pseudo-English: object (properties, required), array (items,
// prefixItems, minItems, maxItems), enum, const, string (minLength, maxLength in code points),
// integer and number (bounds, multipleOf for integers), boolean, null, a list of types (the first),
// anyOf / oneOf / allOf (the first; of an array's items each in turn), $ref within the document. `pattern` and `format` are not read.
//
// A schema is compiled once and kept by the hash of its bytes (SchemaCache, one a thread), so that
// the parser is off the way of a request whose schema was seen before.
#ifndef MOCKLLM_SCHEMA_H
#define MOCKLLM_SCHEMA_H

#include "prose.h"

typedef struct Schema Schema;

enum { SCHEMA_SLOTS = 256 };  // a run uses one schema for each number of exchanges; a clash recompiles

typedef struct SchemaCache {
    struct {
        uint64_t hash;
        Schema *schema;
    } slots[SCHEMA_SLOTS];
} SchemaCache;

// The compiled form of the schema in `text`, owned by the cache and valid until the next call;
// NULL when it is not a JSON object.
const Schema *schema_find(SchemaCache *cache, Str text);
void schema_cache_free(SchemaCache *cache);

void schema_fill(Buf *out, const Schema *schema, Voice *voice);  // appends compact JSON

#endif
