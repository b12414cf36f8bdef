// SPDX-License-Identifier: Apache-2.0
#include "dedup/parquet_column.h"

#include <errno.h>
#include <snappy-c.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6 };
enum { PLAIN = 0, PLAIN_DICTIONARY = 2, RLE = 3, DELTA_BINARY = 5, DELTA_LENGTH = 6, DELTA_BYTES = 7, DICTIONARY = 8, STREAM_SPLIT = 9 };
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2, PAGE_DATA_2 = 3 };
enum { HEADER_MAX = 1 << 16 };  // bytes of a page's header: statistics hold a smallest and a largest value

// Bytes that were read and not yet gone over.
typedef struct Bytes {
    const unsigned char *at, *end;
} Bytes;

static size_t left(const Bytes *b) { return (size_t)(b->end - b->at); }

// Runs of one number and runs of packed ones, in turn.
typedef struct Runs {
    Bytes bytes;
    unsigned width;
    uint64_t n;            // left of the open run
    bool packed;
    uint32_t value;        // of a run of one
    unsigned bit;          // of a packed run: next to read, from bytes.at
} Runs;

typedef struct PageHeader {
    int64_t type, unpacked, packed, values, encoding, def_encoding, rep_encoding, def_size, rep_size;
    bool is_packed;
} PageHeader;

struct ParquetColumn {
    int fd;
    const char *path;
    const ParquetMeta *meta;
    const ParquetLeaf *leaf;
    size_t index;
    // of the row group
    int codec;
    int64_t at, size;      // of the pages not yet read
    int64_t entries;       // not yet in a page that was read
    char *dictionary;
    Str *words;
    size_t n_words;
    // of the page
    char *page, *packed;
    size_t cap_page, cap_packed;
    int64_t in_page;       // entries left
    int64_t encoding;
    Runs rep, def, indices;
    Bytes values;
    unsigned bit;          // of plain booleans
    int64_t *numbers;      // lengths or numbers that are stored as differences
    int64_t *prefixes;
    size_t n_numbers, next_number;
    Buf text;              // the last value of DELTA_BYTES
    char number[8];        // the bytes of a value that is not there as such
    size_t split;          // values of STREAM_SPLIT
    char *joined;          // one of its values
};

ParquetColumn *parquet_column_new(int fd, const char *path, const ParquetMeta *meta, size_t leaf)
{
    ParquetColumn *c = mem_alloc(sizeof *c);
    *c = (ParquetColumn){.fd = fd, .path = path, .meta = meta, .leaf = &meta->leaves[leaf], .index = leaf};
    return c;
}

static void forget_page(ParquetColumn *c)
{
    free(c->numbers);
    free(c->prefixes);
    c->numbers = c->prefixes = NULL;
    c->n_numbers = c->next_number = 0;
    c->in_page = 0;
    buf_clear(&c->text);
}

static void forget_group(ParquetColumn *c)
{
    forget_page(c);
    free(c->dictionary);
    free(c->words);
    c->dictionary = NULL;
    c->words = NULL;
    c->n_words = 0;
}

void parquet_column_free(ParquetColumn *c)
{
    if (!c) return;
    forget_group(c);
    free(c->page);
    free(c->packed);
    free(c->joined);
    buf_free(&c->text);
    free(c);
}

const ParquetLeaf *parquet_column_leaf(const ParquetColumn *c) { return c->leaf; }

void parquet_column_start(ParquetColumn *c, size_t group)
{
    const ParquetChunk *chunk = &c->meta->groups[group].chunks[c->index];
    forget_group(c);
    c->codec = chunk->codec;
    c->at = chunk->from;
    c->size = chunk->size;
    c->entries = chunk->values;
}

static bool fault(const ParquetColumn *c, Error *e, const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "the column %.*s: %s", (int)(c->leaf->path.len < 80 ? c->leaf->path.len : 80), c->leaf->path.ptr, what);
    return parquet_fault(e, c->path, text);
}

// ---- runs ---------------------------------------------------------------------------------------

static bool varint(Bytes *b, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (b->at == b->end) return false;
        *out |= (uint64_t)(*b->at & 127) << shift;
        if (!(*b->at++ & 128)) return true;
    }
    return false;
}

static bool begin_run(Runs *r)
{
    uint64_t head;
    if (!varint(&r->bytes, &head)) return false;
    r->packed = head & 1;
    r->bit = 0;
    r->n = head >> 1;
    if (r->packed) {
        if (r->n > left(&r->bytes)) r->n = left(&r->bytes);  // a group has a byte at least
        r->n *= 8;
        return r->n > 0;
    }
    unsigned bytes = (r->width + 7) / 8;
    if (left(&r->bytes) < bytes) return false;
    r->value = 0;
    for (unsigned i = 0; i < bytes; i++) r->value |= (uint32_t)*r->bytes.at++ << (8 * i);
    return r->n > 0;
}

static bool next_run_value(Runs *r, uint32_t *out)
{
    *out = 0;
    if (r->width == 0) return true;
    if (r->n == 0 && !begin_run(r)) return false;
    r->n--;
    *out = r->value;
    if (!r->packed) return true;
    uint64_t bits = 0;
    size_t have = left(&r->bytes);
    if (have * 8 < r->bit + r->width) return false;
    for (size_t i = 0; i < 8 && i < have; i++) bits |= (uint64_t)r->bytes.at[i] << (8 * i);
    *out = (uint32_t)(bits >> r->bit & (((uint64_t)1 << r->width) - 1));
    r->bit += r->width;
    r->bytes.at += r->bit / 8;
    r->bit %= 8;
    return true;
}

static unsigned width_of(unsigned largest)
{
    unsigned width = 0;
    while (largest >> width) width++;
    return width;
}

// ---- numbers that are stored as differences -----------------------------------------------------

static uint64_t bits_at(const unsigned char *p, size_t bytes, size_t bit, unsigned width)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < width;) {
        size_t byte = (bit + done) / 8;
        unsigned from = (unsigned)((bit + done) % 8), take = 8 - from;
        if (take > width - done) take = width - done;
        if (byte < bytes) value |= (uint64_t)(p[byte] >> from & ((1u << take) - 1)) << done;
        done += take;
    }
    return value;
}

static int64_t unzigzag(uint64_t z) { return (int64_t)(z >> 1 ^ (0 - (z & 1))); }

static bool read_block(Bytes *b, uint64_t minis, uint64_t each, uint64_t *last, int64_t *out, size_t *n, size_t total)
{
    uint64_t least;
    if (!varint(b, &least) || left(b) < minis) return false;
    const unsigned char *widths = b->at;
    b->at += minis;
    for (uint64_t m = 0; m < minis && *n < total; m++) {
        unsigned width = widths[m];
        uint64_t bytes = each / 8 * width;
        if (width > 64) return false;
        size_t have = left(b) < bytes ? left(b) : (size_t)bytes;  // the last one may be cut
        for (uint64_t i = 0; i < each && *n < total; i++) {
            *last += (uint64_t)unzigzag(least) + bits_at(b->at, have, (size_t)i * width, width);
            out[(*n)++] = (int64_t)*last;
        }
        b->at += have;
    }
    return true;
}

// NULL: broken. At most `most` numbers.
static int64_t *read_differences(Bytes *b, int64_t most, size_t *n_out)
{
    uint64_t block, minis, total, first;
    if (!varint(b, &block) || !varint(b, &minis) || !varint(b, &total) || !varint(b, &first)) return NULL;
    if (minis == 0 || minis > 4096 || block == 0 || block > 1 << 20 || block % minis || block / minis % 8 || total > (uint64_t)most) return NULL;
    // A block has a byte a miniblock at least, so a page cannot hold more.
    if (total > 1 && (total - 2) / block + 1 > left(b)) return NULL;
    int64_t *out = mem_alloc(((size_t)total + 1) * sizeof *out);
    size_t n = 0;
    uint64_t last = (uint64_t)unzigzag(first);
    if (total) out[n++] = (int64_t)last;
    while (n < total)
        if (!read_block(b, minis, block / minis, &last, out, &n, (size_t)total)) {
            free(out);
            return NULL;
        }
    *n_out = n;
    return out;
}

// ---- pages --------------------------------------------------------------------------------------

static bool read_bytes(const ParquetColumn *c, char *out, size_t len, Error *e)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = pread(c->fd, out + have, len - have, (off_t)c->at + (off_t)have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(e, "read", c->path);
        if (n == 0) return fault(c, e, "the file ends too early");
        have += (size_t)n;
    }
    return true;
}

static void read_data_header(ThriftReader *t, PageHeader *h, bool second)
{
    ThriftMember f = {0};
    while (read_thrift_field(t, &f)) {
        bool whole = f.type == KIND_I32;
        if (f.id == 1 && whole) h->values = read_thrift_int(t);
        else if (f.id == (second ? 4 : 2) && whole) h->encoding = read_thrift_int(t);
        else if (!second && f.id == 3 && whole) h->def_encoding = read_thrift_int(t);
        else if (!second && f.id == 4 && whole) h->rep_encoding = read_thrift_int(t);
        else if (second && f.id == 5 && whole) h->def_size = read_thrift_int(t);
        else if (second && f.id == 6 && whole) h->rep_size = read_thrift_int(t);
        else if (second && f.id == 7 && (f.type == KIND_TRUE || f.type == KIND_FALSE)) h->is_packed = f.type == KIND_TRUE;
        else read_thrift_skip(t, f.type);
    }
}

static bool read_header(ParquetColumn *c, PageHeader *h, Error *e)
{
    char bytes[4096], *large = NULL;
    size_t len = c->size < (int64_t)sizeof bytes ? (size_t)c->size : sizeof bytes;
    if (!read_bytes(c, bytes, len, e)) return false;
    for (;;) {
        ThriftReader t = {large ? large : bytes, (large ? large : bytes) + len, false};
        ThriftMember f = {0};
        *h = (PageHeader){.type = -1, .def_encoding = RLE, .rep_encoding = RLE, .is_packed = true};
        while (read_thrift_field(&t, &f)) {
            bool whole = f.type == KIND_I32, group = f.type == KIND_STRUCT;
            if (f.id == 1 && whole) h->type = read_thrift_int(&t);
            else if (f.id == 2 && whole) h->unpacked = read_thrift_int(&t);
            else if (f.id == 3 && whole) h->packed = read_thrift_int(&t);
            else if (group && (f.id == 5 || f.id == 7 || f.id == 8)) read_data_header(&t, h, f.id == 8);
            else read_thrift_skip(&t, f.type);
        }
        size_t used = (size_t)(t.at - (large ? large : bytes));
        bool cut = t.bad && len < HEADER_MAX && (int64_t)len < c->size;
        free(large);
        large = NULL;
        if (!cut) {
            if (t.bad) return fault(c, e, "a page's header cannot be read");
            c->at += (int64_t)used;
            c->size -= (int64_t)used;
            break;
        }
        len = c->size < HEADER_MAX ? (size_t)c->size : HEADER_MAX;
        large = mem_alloc(len);
        if (!read_bytes(c, large, len, e)) {
            free(large);
            return false;
        }
    }
    if (h->packed < 0 || h->packed > c->size || h->packed > PARQUET_PAGE_MAX || h->unpacked < 0 || h->unpacked > PARQUET_PAGE_MAX ||
        h->values < 0 || h->def_size < 0 || h->rep_size < 0 || h->def_size > h->packed || h->rep_size > h->packed - h->def_size)
        return fault(c, e, "a page says sizes that it cannot have");
    return true;
}

static bool unpack_gzip(const char *from, size_t from_len, char *out, size_t len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)from_len, .next_out = (Bytef *)out, .avail_out = (uInt)len};
    if (inflateInit2(&z, 15 + 32) != Z_OK) return false;
    int code = inflate(&z, Z_FINISH);
    bool ok = code == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return ok;
}

static bool unpack(int codec, const char *from, size_t from_len, char *out, size_t len)
{
    size_t n = len;
    switch (codec) {
    case CODEC_NONE:
        if (from_len != len) return false;
        memcpy(out, from, len);
        return true;
    case CODEC_SNAPPY: {
        size_t says;
        return snappy_uncompressed_length(from, from_len, &says) == SNAPPY_OK && says == len &&
               snappy_uncompress(from, from_len, out, &n) == SNAPPY_OK && n == len;
    }
    case CODEC_GZIP: return unpack_gzip(from, from_len, out, len);
    case CODEC_ZSTD: return ZSTD_decompress(out, len, from, from_len) == len;
    default: return false;
    }
}

static void make_room(char **p, size_t *cap, size_t len)
{
    if (*cap >= len + 1) return;
    *cap = len + 1;
    *p = mem_realloc(*p, *cap);
}

// The page's bytes as they are before packing, in c->page.
static bool load_page(ParquetColumn *c, const PageHeader *h, Error *e)
{
    size_t packed = (size_t)h->packed, unpacked = (size_t)h->unpacked, levels = (size_t)(h->def_size + h->rep_size);
    make_room(&c->packed, &c->cap_packed, packed);
    make_room(&c->page, &c->cap_page, unpacked);
    if (!read_bytes(c, c->packed, packed, e)) return false;
    c->at += h->packed;
    c->size -= h->packed;
    if (levels > unpacked) return fault(c, e, "a page says sizes that it cannot have");
    // In pages of version 2 the levels stand before what is packed.
    memcpy(c->page, c->packed, levels);
    int codec = h->is_packed ? c->codec : CODEC_NONE;
    if (packed == levels && unpacked == levels) return true;
    if (unpack(codec, c->packed + levels, packed - levels, c->page + levels, unpacked - levels)) return true;
    if (codec == CODEC_NONE || codec == CODEC_SNAPPY || codec == CODEC_GZIP || codec == CODEC_ZSTD) return fault(c, e, "a page cannot be unpacked");
    fault(c, e, "it is packed by a method that is not read");
    return error_hint(e, "write the file with Snappy, gzip or Zstandard");
}

// A value that is stored plainly.
static bool plain_value(ParquetColumn *c, Bytes *b, Str *out)
{
    static const unsigned char widths[] = {0, 4, 8, 12, 4, 8, 0, 0};
    size_t len = c->leaf->type == PARQUET_FIXED ? c->leaf->width : widths[c->leaf->type];
    if (c->leaf->type == PARQUET_BOOLEAN) {
        if (left(b) == 0) return false;
        c->number[0] = (char)(*b->at >> c->bit & 1);
        if (++c->bit == 8) {
            c->bit = 0;
            b->at++;
        }
        *out = (Str){c->number, 1};
        return true;
    }
    if (c->leaf->type == PARQUET_BYTE_ARRAY) {
        if (left(b) < 4) return false;
        len = b->at[0] | (size_t)b->at[1] << 8 | (size_t)b->at[2] << 16 | (size_t)b->at[3] << 24;
        b->at += 4;
    }
    if (left(b) < len) return false;
    *out = (Str){(const char *)b->at, len};
    b->at += len;
    return true;
}

static bool load_dictionary(ParquetColumn *c, const PageHeader *h, Error *e)
{
    if (c->words || c->leaf->type == PARQUET_BOOLEAN) return fault(c, e, "it has a second dictionary, or one of booleans");
    if (!load_page(c, h, e)) return false;
    if (h->values > h->unpacked) return fault(c, e, "its dictionary cannot be read");
    c->dictionary = mem_alloc((size_t)h->unpacked + 1);
    memcpy(c->dictionary, c->page, (size_t)h->unpacked);
    c->words = mem_alloc(((size_t)h->values + 1) * sizeof *c->words);
    Bytes b = {(unsigned char *)c->dictionary, (unsigned char *)c->dictionary + h->unpacked};
    while (c->n_words < (size_t)h->values)
        if (!plain_value(c, &b, &c->words[c->n_words++])) return fault(c, e, "its dictionary cannot be read");
    return true;
}

static bool cut_levels(Bytes *b, bool prefixed, int64_t size, unsigned largest, Runs *out)
{
    *out = (Runs){.width = width_of(largest)};
    if (largest == 0) {
        if (prefixed) return true;
        b->at += size;
        return true;
    }
    if (prefixed) {
        if (left(b) < 4) return false;
        size = (int64_t)(b->at[0] | (uint64_t)b->at[1] << 8 | (uint64_t)b->at[2] << 16 | (uint64_t)b->at[3] << 24);
        b->at += 4;
    }
    if (size < 0 || (uint64_t)size > left(b)) return false;
    out->bytes = (Bytes){b->at, b->at + size};
    b->at += size;
    return true;
}

static size_t split_width(const ParquetColumn *c)
{
    switch (c->leaf->type) {
    case PARQUET_INT32:
    case PARQUET_FLOAT: return 4;
    case PARQUET_INT64:
    case PARQUET_DOUBLE: return 8;
    case PARQUET_FIXED: return c->leaf->width;
    default: return 0;
    }
}

// What an encoding has before its values.
static bool begin_values(ParquetColumn *c, int64_t entries)
{
    Bytes *b = &c->values;
    bool bytes = c->leaf->type == PARQUET_BYTE_ARRAY || c->leaf->type == PARQUET_FIXED;
    switch (c->encoding) {
    case PLAIN: return true;
    case PLAIN_DICTIONARY:
    case DICTIONARY:
        if (left(b) == 0) return true;  // all entries are absent
        c->indices = (Runs){.bytes = {b->at + 1, b->end}, .width = *b->at};
        return c->indices.width <= 32;
    case RLE: return c->leaf->type == PARQUET_BOOLEAN && cut_levels(b, true, 0, 1, &c->indices);
    case DELTA_BINARY:
        if (c->leaf->type != PARQUET_INT32 && c->leaf->type != PARQUET_INT64) return false;
        return (c->numbers = read_differences(b, entries, &c->n_numbers)) != NULL;
    case DELTA_LENGTH: return bytes && (c->numbers = read_differences(b, entries, &c->n_numbers)) != NULL;
    case DELTA_BYTES: {
        size_t n;
        if (!bytes || !(c->prefixes = read_differences(b, entries, &n))) return false;
        return (c->numbers = read_differences(b, entries, &c->n_numbers)) != NULL && n == c->n_numbers;
    }
    case STREAM_SPLIT: {
        size_t width = split_width(c);
        if (!width || left(b) % width) return false;
        c->split = left(b) / width;
        c->joined = mem_realloc(c->joined, width);
        return true;
    }
    default: return false;
    }
}

static bool load_data(ParquetColumn *c, const PageHeader *h, Error *e)
{
    bool second = h->type == PAGE_DATA_2;
    forget_page(c);
    if (h->values > c->entries) return fault(c, e, "its pages have more entries than it says");
    if (h->def_encoding != RLE || h->rep_encoding != RLE) return fault(c, e, "its levels are encoded in a way that is not read");
    if (!load_page(c, h, e)) return false;
    Bytes b = {(unsigned char *)c->page, (unsigned char *)c->page + h->unpacked};
    if (!cut_levels(&b, !second, h->rep_size, c->leaf->max_rep, &c->rep) || !cut_levels(&b, !second, h->def_size, c->leaf->max_def, &c->def))
        return fault(c, e, "a page's levels cannot be read");
    c->values = b;
    c->bit = 0;
    c->encoding = h->encoding;
    if (!begin_values(c, h->values)) return fault(c, e, "a page's values cannot be read");
    c->in_page = h->values;
    c->entries -= h->values;
    return true;
}

static bool next_page(ParquetColumn *c, Error *e)
{
    PageHeader h;
    while (c->in_page == 0) {
        if (c->size == 0) return fault(c, e, "it has fewer entries than it says");
        if (!read_header(c, &h, e)) return false;
        bool ok = true;
        if (h.type == PAGE_DICTIONARY) ok = load_dictionary(c, &h, e);
        else if (h.type == PAGE_DATA || h.type == PAGE_DATA_2) ok = load_data(c, &h, e);
        else {
            c->at += h.packed;
            c->size -= h.packed;
        }
        if (!ok) return false;
    }
    return true;
}

// ---- entries ------------------------------------------------------------------------------------

static bool take_bytes(ParquetColumn *c, int64_t len, Str *out)
{
    if (len < 0 || (uint64_t)len > left(&c->values)) return false;
    *out = (Str){(const char *)c->values.at, (size_t)len};
    c->values.at += len;
    return true;
}

static bool next_number(ParquetColumn *c, int64_t *out)
{
    if (c->next_number == c->n_numbers) return false;
    *out = c->numbers[c->next_number++];
    return true;
}

static bool joined_value(ParquetColumn *c, Str *out)
{
    size_t width = split_width(c), i = c->next_number;
    if (i == c->split) return false;
    for (size_t k = 0; k < width; k++) c->joined[k] = (char)c->values.at[k * c->split + i];
    c->next_number++;
    *out = (Str){c->joined, width};
    return true;
}

static bool prefixed_value(ParquetColumn *c, Str *out)
{
    int64_t len, prefix = c->next_number < c->n_numbers ? c->prefixes[c->next_number] : -1;
    Str rest;
    if (prefix < 0 || (uint64_t)prefix > c->text.len || !next_number(c, &len) || !take_bytes(c, len, &rest)) return false;
    if ((uint64_t)prefix + rest.len > PARQUET_PAGE_MAX) return false;
    c->text.len = (size_t)prefix;
    buf_add(&c->text, rest);
    *out = buf_str(&c->text);
    return c->leaf->type != PARQUET_FIXED || out->len == c->leaf->width;
}

static bool next_value(ParquetColumn *c, Str *out)
{
    uint32_t i;
    int64_t number;
    switch (c->encoding) {
    case PLAIN: return plain_value(c, &c->values, out);
    case PLAIN_DICTIONARY:
    case DICTIONARY:
        if (!next_run_value(&c->indices, &i) || i >= c->n_words) return false;
        *out = c->words[i];
        return true;
    case RLE:
        if (!next_run_value(&c->indices, &i)) return false;
        c->number[0] = (char)i;
        *out = (Str){c->number, 1};
        return true;
    case DELTA_BINARY:
        if (!next_number(c, &number)) return false;
        for (size_t k = 0; k < 8; k++) c->number[k] = (char)(number >> (8 * k) & 255);
        *out = (Str){c->number, c->leaf->type == PARQUET_INT32 ? 4 : 8};
        return true;
    case DELTA_LENGTH: return next_number(c, &number) && take_bytes(c, number, out) && (c->leaf->type != PARQUET_FIXED || out->len == c->leaf->width);
    case DELTA_BYTES: return prefixed_value(c, out);
    case STREAM_SPLIT: return joined_value(c, out);
    default: return false;
    }
}

bool parquet_column_next(ParquetColumn *c, ParquetEntry *out, Error *e)
{
    uint32_t rep, def;
    *e = (Error){0};
    if (c->in_page == 0 && c->entries == 0) return false;
    if (c->in_page == 0 && !next_page(c, e)) return false;
    c->in_page--;
    if (!next_run_value(&c->rep, &rep) || !next_run_value(&c->def, &def) || rep > c->leaf->max_rep || def > c->leaf->max_def)
        return fault(c, e, "a page's levels cannot be read");
    *out = (ParquetEntry){.rep = rep, .def = def, .present = def == c->leaf->max_def};
    return !out->present || next_value(c, &out->value) || fault(c, e, "a page's values cannot be read");
}
