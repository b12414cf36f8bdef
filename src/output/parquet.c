// SPDX-License-Identifier: Apache-2.0
#include "output/parquet.h"

#include <zstd.h>

#include "base/utf8.h"
#include "output/thrift.h"

enum {
    LEVEL = 1,             // of Zstandard: text of conversations shrinks by a few percent more at 3, at half the speed
    STATISTIC_MAX = 64,    // bytes of a least or greatest value; longer ones are cut
    BOOLEAN = 0, INT64 = 2, DOUBLE = 5, BYTE_ARRAY = 6, CODEC_ZSTD = 6, ENCODING_PLAIN = 0, ENCODING_RLE = 3, CONVERTED_UTF8 = 0, CONVERTED_LIST = 3,
};

// Levels as runs of equal values (Encodings.md, "RLE").
typedef struct Levels {
    unsigned max;          // 0: none are written
    unsigned value;
    size_t run;
    Buf bytes;
} Levels;

typedef struct Extreme {
    Buf text;
    bool any;
} Extreme;

typedef struct Leaf {
    ParquetKind kind;
    Str path[PARQUET_DEPTH];
    size_t depth;
    Levels repetition, definition;
    Buf values;
    int32_t n_values;              // of the open page
    unsigned n_bits;               // of flags in the open page
    // of the open column chunk
    Buf pages;                     // headers and compressed bodies
    int64_t chunk_values, nulls;
    int64_t unpacked;              // bytes, headers included
    Extreme least, greatest;
} Leaf;

struct Parquet {
    Sink *sink;
    const ParquetNode *nodes;
    size_t n_nodes;
    Leaf *leaves;
    size_t n_leaves;
    size_t held;                   // bytes of values in the open row group
    int64_t group_rows, rows;
    size_t n_groups;
    Buf groups;                    // their metadata, as it will stand in the footer
    ZSTD_CCtx *zstd;
    Buf body, packed;
    uint64_t start;                // what the sink had taken before the file began
};

// ---- schema -------------------------------------------------------------------------------------

typedef struct Path {
    Str names[PARQUET_DEPTH];
    size_t depth;
    unsigned repetition, definition;
} Path;

static size_t add_leaves(Parquet *p, size_t at, Path path)
{
    const ParquetNode *node = &p->nodes[at++];
    if (at > 1 && path.depth < PARQUET_DEPTH) path.names[path.depth++] = node->name;
    path.repetition += node->repetition == PARQUET_REPEATED;
    path.definition += node->repetition != PARQUET_REQUIRED;
    if (node->kind >= PARQUET_TEXT) {
        Leaf *leaf = &p->leaves[p->n_leaves++];
        leaf->kind = node->kind;
        memcpy(leaf->path, path.names, sizeof leaf->path);
        leaf->depth = path.depth;
        leaf->repetition.max = path.repetition;
        leaf->definition.max = path.definition;
        return at;
    }
    for (size_t i = 0; i < node->n_children; i++) at = add_leaves(p, at, path);
    return at;
}

bool parquet_open(Parquet **out, Sink *sink, const ParquetNode *nodes, size_t n, Error *e)
{
    Parquet *p = mem_alloc(sizeof *p);
    *p = (Parquet){.sink = sink, .nodes = nodes, .n_nodes = n, .start = sink->bytes};
    p->leaves = mem_alloc(n * sizeof *p->leaves);
    memset(p->leaves, 0, n * sizeof *p->leaves);
    add_leaves(p, 0, (Path){0});
    if (!(p->zstd = ZSTD_createCCtx())) oom();
    ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
    *out = p;
    return sink_add(sink, S("PAR1"), e);
}

size_t parquet_leaves(const Parquet *p) { return p->n_leaves; }

// ---- values -------------------------------------------------------------------------------------

static void end_run(Levels *l)
{
    if (!l->run) return;
    thrift_varint(&l->bytes, (uint64_t)l->run << 1);
    buf_add_char(&l->bytes, (char)l->value);
    l->run = 0;
}

static void add_level(Levels *l, unsigned value)
{
    if (!l->max) return;
    if (value != l->value) end_run(l);
    l->value = value;
    l->run++;
}

static void set_extreme(Extreme *x, Str text)
{
    buf_clear(&x->text);
    buf_add(&x->text, text);
    x->any = true;
}

// Only the first bytes are kept: a cut least value is still not above any, a cut greatest is mended below.
static void note(Leaf *leaf, Str text)
{
    Str head = str_slice(text, 0, STATISTIC_MAX + 1);
    if (!leaf->least.any || str_cmp(head, buf_str(&leaf->least.text)) < 0) set_extreme(&leaf->least, head);
    if (!leaf->greatest.any || str_cmp(head, buf_str(&leaf->greatest.text)) > 0) set_extreme(&leaf->greatest, head);
}

static void add_le(Buf *out, uint64_t n, unsigned bytes)
{
    char le[8];
    for (unsigned i = 0; i < bytes; i++) le[i] = (char)(n >> 8 * i & 255);
    buf_add(out, (Str){le, bytes});
}

static void add_u32(Buf *out, size_t n) { add_le(out, n, 4); }

static uint64_t from_le(Str s)
{
    uint64_t n = 0;
    for (size_t i = s.len; i > 0; i--) n = n << 8 | (unsigned char)s.ptr[i - 1];
    return n;
}

// A number's eight bytes as a statistic, where it is below the least or above the greatest.
static void note_bits(Leaf *leaf, uint64_t bits, int (*compare)(uint64_t, uint64_t))
{
    Buf bytes = {0};
    add_le(&bytes, bits, 8);
    if (!leaf->least.any || compare(bits, from_le(buf_str(&leaf->least.text))) < 0) set_extreme(&leaf->least, buf_str(&bytes));
    if (!leaf->greatest.any || compare(bits, from_le(buf_str(&leaf->greatest.text))) > 0) set_extreme(&leaf->greatest, buf_str(&bytes));
    buf_free(&bytes);
}

// False where the value is a null, which is then done with.
static bool begin_value(Parquet *p, Leaf *leaf, unsigned repetition, unsigned definition)
{
    add_level(&leaf->repetition, repetition);
    add_level(&leaf->definition, definition);
    leaf->n_values++;
    p->held += 8;
    bool there = definition >= leaf->definition.max;
    leaf->nulls += !there;
    return there;
}

void parquet_null(Parquet *p, size_t at, unsigned repetition, unsigned definition)
{
    begin_value(p, &p->leaves[at], repetition, definition);
}

void parquet_text(Parquet *p, size_t at, unsigned repetition, unsigned definition, Str text)
{
    Leaf *leaf = &p->leaves[at];
    if (!begin_value(p, leaf, repetition, definition)) return;
    add_u32(&leaf->values, text.len);
    buf_add(&leaf->values, text);
    p->held += text.len;
    note(leaf, text);
}

// Eight to a byte, the first in its lowest bit.
void parquet_flag(Parquet *p, size_t at, unsigned repetition, unsigned definition, bool value)
{
    Leaf *leaf = &p->leaves[at];
    if (!begin_value(p, leaf, repetition, definition)) return;
    if (leaf->n_bits % 8 == 0) buf_add_char(&leaf->values, 0);
    if (value) leaf->values.ptr[leaf->values.len - 1] |= (char)(1 << leaf->n_bits % 8);
    leaf->n_bits++;
}

static int compare_wholes(uint64_t a, uint64_t b)
{
    int64_t x = (int64_t)a, y = (int64_t)b;
    return x < y ? -1 : x > y;
}

void parquet_whole(Parquet *p, size_t at, unsigned repetition, unsigned definition, int64_t value)
{
    Leaf *leaf = &p->leaves[at];
    if (!begin_value(p, leaf, repetition, definition)) return;
    add_le(&leaf->values, (uint64_t)value, 8);
    note_bits(leaf, (uint64_t)value, compare_wholes);
}

static double real_from(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int compare_reals(uint64_t a, uint64_t b)
{
    double x = real_from(a), y = real_from(b);
    return x < y ? -1 : x > y;
}

void parquet_real(Parquet *p, size_t at, unsigned repetition, unsigned definition, double value)
{
    Leaf *leaf = &p->leaves[at];
    uint64_t bits;
    if (!begin_value(p, leaf, repetition, definition)) return;
    value += 0.0;  // -0 would be told as a greatest value below 0
    memcpy(&bits, &value, sizeof bits);
    add_le(&leaf->values, bits, 8);
    note_bits(leaf, bits, compare_reals);
}

// ---- pages --------------------------------------------------------------------------------------

static void add_levels(Buf *body, Levels *l)
{
    if (!l->max) return;
    end_run(l);
    add_u32(body, l->bytes.len);
    buf_add(body, buf_str(&l->bytes));
    buf_clear(&l->bytes);
}

static bool end_page(Parquet *p, Leaf *leaf, Error *e)
{
    if (!leaf->n_values) return true;
    buf_clear(&p->body);
    buf_clear(&p->packed);
    add_levels(&p->body, &leaf->repetition);
    add_levels(&p->body, &leaf->definition);
    buf_add(&p->body, buf_str(&leaf->values));
    if (p->body.len > INT32_MAX) return error_set(e, ERROR_FILE, "parquet", "a conversation is too large for Parquet");
    size_t room = ZSTD_compressBound(p->body.len);
    buf_reserve(&p->packed, room);
    size_t packed = ZSTD_compress2(p->zstd, p->packed.ptr, room, p->body.ptr, p->body.len);
    if (ZSTD_isError(packed)) return error_set(e, ERROR_INTERNAL, "zstd", "cannot compress: %s", ZSTD_getErrorName(packed));
    size_t before = leaf->pages.len;
    Thrift t = {.out = &leaf->pages};
    thrift_i32(&t, 1, 0);  // DATA_PAGE
    thrift_i32(&t, 2, (int32_t)p->body.len);
    thrift_i32(&t, 3, (int32_t)packed);
    thrift_begin(&t, 5);
    thrift_i32(&t, 1, leaf->n_values);
    thrift_i32(&t, 2, ENCODING_PLAIN);
    thrift_i32(&t, 3, ENCODING_RLE);
    thrift_i32(&t, 4, ENCODING_RLE);
    thrift_end(&t);
    thrift_end(&t);
    leaf->unpacked += (int64_t)(leaf->pages.len - before + p->body.len);
    buf_add(&leaf->pages, (Str){p->packed.ptr, packed});
    leaf->chunk_values += leaf->n_values;
    leaf->n_values = 0;
    leaf->n_bits = 0;
    buf_clear(&leaf->values);
    return true;
}

// ---- row groups ---------------------------------------------------------------------------------

// Cuts a greatest value to STATISTIC_MAX bytes and raises its last letter below "~", so that it stays an upper
// bound. False: there is no such letter, and no bound is told.
static bool raise(Buf *text)
{
    text->len = utf8_cut(buf_str(text), STATISTIC_MAX).len;
    while (text->len && ((unsigned char)text->ptr[text->len - 1] >= 0x7E)) text->len--;
    if (!text->len) return false;
    text->ptr[text->len - 1]++;
    return true;
}

static void add_statistics(Thrift *t, Leaf *leaf)
{
    thrift_begin(t, 12);
    thrift_i64(t, 3, leaf->nulls);
    if (leaf->least.any) {
        bool least_whole = leaf->least.text.len <= STATISTIC_MAX, greatest_whole = leaf->greatest.text.len <= STATISTIC_MAX;
        if (!least_whole) leaf->least.text.len = utf8_cut(buf_str(&leaf->least.text), STATISTIC_MAX).len;
        bool told = greatest_whole || raise(&leaf->greatest.text);
        if (told) thrift_binary(t, 5, buf_str(&leaf->greatest.text));
        thrift_binary(t, 6, buf_str(&leaf->least.text));
        if (told) thrift_bool(t, 7, greatest_whole);
        thrift_bool(t, 8, least_whole);
    }
    thrift_end(t);
}

static int32_t physical_type(ParquetKind kind)
{
    switch (kind) {
    case PARQUET_FLAG: return BOOLEAN;
    case PARQUET_WHOLE: return INT64;
    case PARQUET_REAL: return DOUBLE;
    default: return BYTE_ARRAY;
    }
}

static void add_chunk(Parquet *p, Thrift *t, Leaf *leaf)
{
    int64_t offset = (int64_t)(p->sink->bytes - p->start);
    thrift_item_begin(t);
    thrift_i64(t, 2, offset);
    thrift_begin(t, 3);
    thrift_i32(t, 1, physical_type(leaf->kind));
    thrift_list(t, 2, THRIFT_I32, 2);
    thrift_item_i32(t, ENCODING_PLAIN);
    thrift_item_i32(t, ENCODING_RLE);
    thrift_list(t, 3, THRIFT_BINARY, leaf->depth);
    for (size_t i = 0; i < leaf->depth; i++) thrift_item_binary(t, leaf->path[i]);
    thrift_i32(t, 4, CODEC_ZSTD);
    thrift_i64(t, 5, leaf->chunk_values);
    thrift_i64(t, 6, leaf->unpacked);
    thrift_i64(t, 7, (int64_t)leaf->pages.len);
    thrift_i64(t, 9, offset);
    add_statistics(t, leaf);
    thrift_end(t);
    thrift_end(t);
}

static void reset_leaf(Leaf *leaf)
{
    buf_clear(&leaf->pages);
    leaf->chunk_values = leaf->nulls = leaf->unpacked = 0;
    leaf->least.any = leaf->greatest.any = false;
}

static bool end_group(Parquet *p, Error *e)
{
    if (!p->group_rows) return true;
    // All pages of a group first: a struct of the footer tells their sizes.
    Thrift t = {.out = &p->groups};
    int64_t unpacked = 0, packed = 0, offset = (int64_t)(p->sink->bytes - p->start);
    thrift_list(&t, 1, THRIFT_STRUCT, p->n_leaves);
    for (size_t i = 0; i < p->n_leaves; i++) {
        Leaf *leaf = &p->leaves[i];
        if (!end_page(p, leaf, e)) return false;
        add_chunk(p, &t, leaf);
        unpacked += leaf->unpacked;
        packed += (int64_t)leaf->pages.len;
        if (!sink_add(p->sink, buf_str(&leaf->pages), e)) return false;
        reset_leaf(leaf);
    }
    thrift_i64(&t, 2, unpacked);
    thrift_i64(&t, 3, p->group_rows);
    thrift_i64(&t, 5, offset);
    thrift_i64(&t, 6, packed);
    thrift_end(&t);
    p->n_groups++;
    p->rows += p->group_rows;
    p->group_rows = 0;
    p->held = 0;
    return true;
}

bool parquet_row(Parquet *p, Error *e)
{
    p->group_rows++;
    if (p->held >= PARQUET_GROUP) return end_group(p, e);
    for (size_t i = 0; i < p->n_leaves; i++)
        if (p->leaves[i].values.len >= PARQUET_PAGE && !end_page(p, &p->leaves[i], e)) return false;
    return true;
}

// ---- footer -------------------------------------------------------------------------------------

static void add_schema(Parquet *p, Thrift *t)
{
    thrift_list(t, 2, THRIFT_STRUCT, p->n_nodes);
    for (size_t i = 0; i < p->n_nodes; i++) {
        const ParquetNode *node = &p->nodes[i];
        bool text = node->kind == PARQUET_TEXT, leaf = node->kind >= PARQUET_TEXT;
        thrift_item_begin(t);
        if (leaf) thrift_i32(t, 1, physical_type(node->kind));
        if (i) thrift_i32(t, 3, (int32_t)node->repetition);
        thrift_binary(t, 4, node->name);
        if (!leaf) thrift_i32(t, 5, (int32_t)node->n_children);
        if (text || node->kind == PARQUET_LIST) {
            thrift_i32(t, 6, text ? CONVERTED_UTF8 : CONVERTED_LIST);
            thrift_begin(t, 10);
            thrift_begin(t, text ? 1 : 3);  // STRING, LIST
            thrift_end(t);
            thrift_end(t);
        }
        thrift_end(t);
    }
}

bool parquet_close(Parquet *p, const Str *metadata, size_t n_pairs, Error *e)
{
    if (!end_group(p, e)) return false;
    Buf footer = {0};
    Thrift t = {.out = &footer};
    thrift_i32(&t, 1, 2);
    add_schema(p, &t);
    thrift_i64(&t, 3, p->rows);
    thrift_list(&t, 4, THRIFT_STRUCT, p->n_groups);
    buf_add(&footer, buf_str(&p->groups));
    if (n_pairs) {
        thrift_list(&t, 5, THRIFT_STRUCT, n_pairs);
        for (size_t i = 0; i < n_pairs; i++) {
            thrift_item_begin(&t);
            thrift_binary(&t, 1, metadata[2 * i]);
            thrift_binary(&t, 2, metadata[2 * i + 1]);
            thrift_end(&t);
        }
    }
    thrift_binary(&t, 6, S("confab version " CONFAB_VERSION));
    thrift_list(&t, 7, THRIFT_STRUCT, p->n_leaves);
    for (size_t i = 0; i < p->n_leaves; i++) {  // bytes compare as unsigned: the order of UTF-8
        thrift_item_begin(&t);
        thrift_begin(&t, 1);
        thrift_end(&t);
        thrift_end(&t);
    }
    thrift_end(&t);
    size_t length = footer.len;
    add_u32(&footer, length);
    buf_add(&footer, S("PAR1"));
    bool ok = sink_add(p->sink, buf_str(&footer), e);
    buf_free(&footer);
    return ok;
}

void parquet_free(Parquet *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->n_leaves; i++) {
        Leaf *leaf = &p->leaves[i];
        Buf *const bufs[] = {&leaf->repetition.bytes, &leaf->definition.bytes, &leaf->values, &leaf->pages,
                             &leaf->least.text, &leaf->greatest.text};
        for (size_t k = 0; k < sizeof bufs / sizeof *bufs; k++) buf_free(bufs[k]);
    }
    ZSTD_freeCCtx(p->zstd);
    buf_free(&p->groups);
    buf_free(&p->body);
    buf_free(&p->packed);
    free(p->leaves);
    free(p);
}
