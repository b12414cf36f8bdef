// SPDX-License-Identifier: Apache-2.0
#include "dedup/parquet_rewrite.h"

#include <zstd.h>

#include "dedup/parquet_column.h"

enum {
    PAGE_VALUES = 1 << 20,   // bytes of values after which a page ends with its row
    LEVEL = 3,               // of Zstandard, as other writers have it
};

enum { PLAIN = 0, RLE = 3, CODEC_ZSTD = 6 };

// ---- Thrift -------------------------------------------------------------------------------------

static void put_varint(Buf *b, uint64_t n)
{
    for (; n > 127; n >>= 7) buf_add_char(b, (char)((n & 127) | 128));
    buf_add_char(b, (char)n);
}

static void put_field(Buf *b, int *last, int id, ThriftKind type)
{
    buf_add_char(b, (char)((id - *last) << 4 | (int)type));
    *last = id;
}

static void put_int(Buf *b, int *last, int id, ThriftKind type, int64_t n)
{
    put_field(b, last, id, type);
    put_varint(b, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static void put_string(Buf *b, Str s)
{
    put_varint(b, s.len);
    buf_add(b, s);
}

static void put_list(Buf *b, int *last, int id, ThriftKind type, size_t n)
{
    put_field(b, last, id, KIND_LIST);
    if (n < 15) {
        buf_add_char(b, (char)(n << 4 | (unsigned)type));
    } else {
        buf_add_char(b, (char)(0xF0 | (unsigned)type));
        put_varint(b, n);
    }
}

static void put_end(Buf *b) { buf_add_char(b, 0); }

// ---- a page -------------------------------------------------------------------------------------

// Levels as runs of one number each.
typedef struct Levels {
    Buf runs;
    unsigned value;
    uint64_t n;
} Levels;

static void end_run(Levels *l)
{
    if (l->n) {
        put_varint(&l->runs, l->n << 1);
        buf_add_char(&l->runs, (char)l->value);  // no level is above 255
    }
    l->n = 0;
}

static void add_level(Levels *l, unsigned value)
{
    if (l->n && l->value != value) end_run(l);
    l->value = value;
    l->n++;
}

// A leaf of a row group on its way out.
typedef struct Leaf {
    ParquetOut *out;
    const ParquetLeaf *leaf;
    Levels rep, def;
    Buf values;
    unsigned bits;         // booleans in the last byte of values
    uint64_t entries;      // of the page
    uint64_t all, from, packed, unpacked;  // of the chunk: entries; where it begins; bytes with headers
    Buf body, header;
    char *squeezed;
    size_t cap_squeezed;
} Leaf;

static bool send(ParquetOut *out, Str bytes, Error *e)
{
    out->at += bytes.len;
    return !bytes.len || out->write(out->ctx, bytes, e);
}

static void put_length(Buf *b, size_t n)
{
    for (unsigned i = 0; i < 4; i++) buf_add_char(b, (char)(n >> (8 * i) & 255));
}

static void put_levels(Leaf *x, Levels *levels, unsigned largest)
{
    end_run(levels);
    if (largest) {
        put_length(&x->body, levels->runs.len);
        buf_add(&x->body, buf_str(&levels->runs));
    }
    buf_clear(&levels->runs);
}

static void put_header(Leaf *x, size_t unpacked, size_t packed)
{
    int last = 0, inner = 0;
    Buf *b = &x->header;
    buf_clear(b);
    put_int(b, &last, 1, KIND_I32, 0);
    put_int(b, &last, 2, KIND_I32, (int64_t)unpacked);
    put_int(b, &last, 3, KIND_I32, (int64_t)packed);
    put_field(b, &last, 5, KIND_STRUCT);
    put_int(b, &inner, 1, KIND_I32, (int64_t)x->entries);
    put_int(b, &inner, 2, KIND_I32, PLAIN);
    put_int(b, &inner, 3, KIND_I32, RLE);
    put_int(b, &inner, 4, KIND_I32, RLE);
    put_end(b);
    put_end(b);
}

static bool end_page(Leaf *x, Error *e)
{
    if (x->entries == 0) return true;
    buf_clear(&x->body);
    put_levels(x, &x->rep, x->leaf->max_rep);
    put_levels(x, &x->def, x->leaf->max_def);
    buf_add(&x->body, buf_str(&x->values));
    size_t bound = ZSTD_compressBound(x->body.len);
    if (x->cap_squeezed < bound) {
        x->cap_squeezed = bound;
        x->squeezed = mem_realloc(x->squeezed, bound);
    }
    size_t packed = ZSTD_compress(x->squeezed, bound, x->body.ptr, x->body.len, LEVEL);
    if (ZSTD_isError(packed)) return error_set(e, ERROR_INTERNAL, "zstd", "a page cannot be packed");
    put_header(x, x->body.len, packed);
    x->unpacked += x->header.len + x->body.len;
    x->packed += x->header.len + packed;
    x->all += x->entries;
    x->entries = 0;
    x->bits = 0;
    buf_clear(&x->values);
    return send(x->out, buf_str(&x->header), e) && send(x->out, (Str){x->squeezed, packed}, e);
}

static void add_value(Leaf *x, Str value)
{
    if (x->leaf->type == PARQUET_BOOLEAN) {
        if (x->bits % 8 == 0) buf_add_char(&x->values, 0);
        char *last = x->values.ptr + x->values.len - 1;
        *last = (char)(*last | (value.ptr[0] & 1) << x->bits % 8);
        x->bits++;
        return;
    }
    if (x->leaf->type == PARQUET_BYTE_ARRAY) put_length(&x->values, value.len);
    buf_add(&x->values, value);
}

// ---- a column of a row group --------------------------------------------------------------------

static bool is_kept(const uint8_t *keeps, uint64_t row) { return (keeps[row / 8] >> row % 8 & 1) != 0; }

static bool copy_column(Leaf *x, ParquetColumn *column, int64_t rows, const char *path, const uint8_t *keeps, uint64_t first, Error *e)
{
    ParquetEntry entry;
    uint64_t row = 0;
    bool keep = false;
    while (parquet_column_next(column, &entry, e)) {
        if (entry.rep == 0) {
            if (row == (uint64_t)rows) return parquet_fault(e, path, "a column has more rows than its group");
            if (x->values.len + x->rep.runs.len + x->def.runs.len > PAGE_VALUES && !end_page(x, e)) return false;
            keep = is_kept(keeps, first + row++);
        }
        if (!keep) continue;
        add_level(&x->rep, entry.rep);
        add_level(&x->def, entry.def);
        x->entries++;
        if (entry.present) add_value(x, entry.value);
        if (x->values.len > PARQUET_PAGE_MAX) return parquet_fault(e, path, "a row is larger than 256 MiB");
    }
    if (e->kind) return false;
    return row == (uint64_t)rows ? end_page(x, e) : parquet_fault(e, path, "a column has fewer rows than its group");
}

static void put_chunk(Leaf *x, Buf *b)
{
    int chunk = 0, meta = 0;
    put_int(b, &chunk, 2, KIND_I64, (int64_t)x->from);
    put_field(b, &chunk, 3, KIND_STRUCT);
    put_int(b, &meta, 1, KIND_I32, x->leaf->type);
    put_list(b, &meta, 2, KIND_I32, 2);
    put_varint(b, PLAIN << 1);
    put_varint(b, RLE << 1);
    put_list(b, &meta, 3, KIND_BINARY, x->leaf->n_names);
    for (size_t i = 0; i < x->leaf->n_names; i++) put_string(b, x->leaf->names[i]);
    put_int(b, &meta, 4, KIND_I32, CODEC_ZSTD);
    put_int(b, &meta, 5, KIND_I64, (int64_t)x->all);
    put_int(b, &meta, 6, KIND_I64, (int64_t)x->unpacked);
    put_int(b, &meta, 7, KIND_I64, (int64_t)x->packed);
    put_int(b, &meta, 9, KIND_I64, (int64_t)x->from);
    put_end(b);
    put_end(b);
}

static void leaf_free(Leaf *x)
{
    buf_free(&x->rep.runs);
    buf_free(&x->def.runs);
    buf_free(&x->values);
    buf_free(&x->body);
    buf_free(&x->header);
    free(x->squeezed);
}

static bool add_group(ParquetOut *out, int fd, const char *path, const ParquetMeta *meta, size_t group, const uint8_t *keeps, uint64_t first,
                      uint64_t kept, Error *e)
{
    int last = 0;
    uint64_t bytes = 0;
    bool ok = true;
    put_list(&out->groups, &last, 1, KIND_STRUCT, meta->n_leaves);
    for (size_t i = 0; ok && i < meta->n_leaves; i++) {
        Leaf x = {.out = out, .leaf = &meta->leaves[i], .from = out->at};
        ParquetColumn *column = parquet_column_new(fd, path, meta, i);
        parquet_column_start(column, group);
        ok = copy_column(&x, column, meta->groups[group].rows, path, keeps, first, e);
        put_chunk(&x, &out->groups);
        bytes += x.unpacked;
        parquet_column_free(column);
        leaf_free(&x);
    }
    put_int(&out->groups, &last, 2, KIND_I64, (int64_t)bytes);
    put_int(&out->groups, &last, 3, KIND_I64, (int64_t)kept);
    put_end(&out->groups);
    out->n_groups++;
    out->rows += kept;
    return ok;
}

// ---- the file -----------------------------------------------------------------------------------

bool parquet_out_begin(ParquetOut *out, bool (*write)(void *, Str, Error *), void *ctx, Error *e)
{
    *out = (ParquetOut){.write = write, .ctx = ctx};
    return send(out, S("PAR1"), e);
}

bool parquet_out_add(ParquetOut *out, int fd, const char *path, const ParquetMeta *meta, const uint8_t *keeps, uint64_t first, Error *e)
{
    for (size_t group = 0; group < meta->n_groups; group++) {
        uint64_t rows = (uint64_t)meta->groups[group].rows, kept = 0;
        for (uint64_t row = 0; row < rows; row++) kept += is_kept(keeps, first + row);
        if (kept && !add_group(out, fd, path, meta, group, keeps, first, kept, e)) return false;
        first += rows;
    }
    return true;
}

bool parquet_out_end(ParquetOut *out, const ParquetMeta *meta, Error *e)
{
    Buf b = {0};
    int last = 0;
    put_int(&b, &last, 1, KIND_I32, meta->version);
    put_field(&b, &last, 2, KIND_LIST);
    buf_add(&b, meta->schema);
    put_int(&b, &last, 3, KIND_I64, (int64_t)out->rows);
    put_list(&b, &last, 4, KIND_STRUCT, out->n_groups);
    buf_add(&b, buf_str(&out->groups));
    if (meta->key_values.ptr) {
        put_field(&b, &last, 5, KIND_LIST);
        buf_add(&b, meta->key_values);
    }
    put_field(&b, &last, 6, KIND_BINARY);
    put_string(&b, S("confab version " CONFAB_VERSION));
    put_end(&b);
    size_t length = b.len;
    put_length(&b, length);
    buf_add(&b, S("PAR1"));
    bool ok = send(out, buf_str(&b), e);
    buf_free(&b);
    return ok;
}

void parquet_out_free(ParquetOut *out) { buf_free(&out->groups); }
