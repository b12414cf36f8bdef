// SPDX-License-Identifier: Apache-2.0
//
// Near-duplicates of a set that is known as a whole, in less memory than an index that must answer at
// any moment (seen.h): 4 bytes a band and 20 more a text, about 110 bytes in all at the threshold 0.8,
// and the shingles. Beyond `memory` both go to unnamed files that are mapped (spill.h, keystore.h). First all texts are added; then
// band by band those are sorted together that share it; then each text, in the order of adding, is
// compared with the kept ones that it shares a band with. The result is that of looking each text
// up in a Seen and adding it when nothing is near.
#ifndef CONFAB_DEDUP_BULK_H
#define CONFAB_DEDUP_BULK_H

#include "dedup/seen.h"

typedef struct Bulk Bulk;

Bulk *bulk_new(const SeenOptions *options);
void bulk_free(Bulk *b);  // NULL is fine
const Shingles *bulk_words(Bulk *b, Str text);  // reads a text; its words may be looked at
bool bulk_add(Bulk *b, Error *e);               // adds it; texts are numbered from 0
bool bulk_skip(Bulk *b, Error *e);              // takes a number for a text that is not compared

enum { BULK_AHEAD = 512 };

typedef struct BulkSettler {
    // For every text in order, but not for skipped ones. match: NULL where its words are new; *stays, which is true, may then
    // be made false: it is not kept for a reason of the caller's, and none is near to it.
    bool (*each)(void *ctx, uint64_t number, const SeenMatch *match, bool *stays, Error *e);
    // Before each BULK_AHEAD texts: which of them have new words so far, as all have that will be told to be new. May be NULL.
    bool (*ahead)(void *ctx, uint64_t first, const bool *is_new, size_t n, Error *e);
    void *ctx;
} BulkSettler;

bool bulk_settle(Bulk *b, const BulkSettler *settler, Error *e);  // once only

// Which texts hang together: two texts that are near (found as seen.h says), and whatever either is near to, are one cluster. `out` has room
// for every text and is filled with the lowest number of its cluster (its own when it is alone or was skipped). Instead of
// settling, and once only. Where more than a thousand texts share a band, the rest of them is taken for near without being
// compared: such texts are nearly always copies of one, and the time stays linear.
bool bulk_clusters(Bulk *b, uint32_t *out, Error *e);

size_t bulk_bytes(const Bulk *b);  // most memory held so far

#endif
