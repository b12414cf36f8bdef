// SPDX-License-Identifier: Apache-2.0
#include "dedup/parquet_meta.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

// ---- Thrift -------------------------------------------------------------------------------------

static uint8_t take_byte(ThriftReader *t)
{
    if (t->bad || t->at >= t->end) {
        t->bad = true;
        return 0;
    }
    return (uint8_t)*t->at++;
}

uint64_t read_thrift_varint(ThriftReader *t)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = take_byte(t);
        value |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) return value;
    }
    t->bad = true;
    return 0;
}

int64_t read_thrift_int(ThriftReader *t)
{
    uint64_t z = read_thrift_varint(t);
    return (int64_t)(z >> 1 ^ (0 - (z & 1)));
}

Str read_thrift_binary(ThriftReader *t)
{
    uint64_t len = read_thrift_varint(t);
    if (t->bad || len > (uint64_t)(t->end - t->at)) {
        t->bad = true;
        return (Str){0};
    }
    t->at += len;
    return (Str){t->at - len, (size_t)len};
}

size_t read_thrift_list(ThriftReader *t, ThriftKind *type)
{
    uint8_t head = take_byte(t);
    uint64_t n = head >> 4;
    if (n == 15) n = read_thrift_varint(t);
    *type = (ThriftKind)(head & 15);
    if (t->bad || n > (uint64_t)(t->end - t->at)) {
        t->bad = true;
        return 0;
    }
    return (size_t)n;
}

bool read_thrift_field(ThriftReader *t, ThriftMember *field)
{
    uint8_t head = take_byte(t);
    field->type = (ThriftKind)(head & 15);
    if (t->bad || field->type == KIND_STOP) return false;
    int64_t id = head >> 4 ? field->id + (head >> 4) : read_thrift_int(t);
    if (id < 0 || id > INT16_MAX) t->bad = true;
    field->id = (int)id;
    return !t->bad;
}

static void skip(ThriftReader *t, ThriftKind type, unsigned depth)
{
    ThriftKind inner = KIND_STOP, value;
    ThriftMember field = {0};
    if (depth == 0) t->bad = true;
    if (t->bad) return;
    switch (type) {
    case KIND_TRUE:
    case KIND_FALSE: return;
    case KIND_BYTE: take_byte(t); return;
    case KIND_I16:
    case KIND_I32:
    case KIND_I64: read_thrift_varint(t); return;
    case KIND_DOUBLE:
        for (int i = 0; i < 8; i++) take_byte(t);
        return;
    case KIND_BINARY: read_thrift_binary(t); return;
    case KIND_LIST:
    case KIND_SET:
        for (size_t n = read_thrift_list(t, &inner); n && !t->bad; n--) {
            // In a list a boolean takes a byte.
            if (inner == KIND_TRUE || inner == KIND_FALSE) take_byte(t);
            else skip(t, inner, depth - 1);
        }
        return;
    case KIND_MAP: {
        uint64_t n = read_thrift_varint(t);
        uint8_t types = n ? take_byte(t) : 0;
        inner = (ThriftKind)(types >> 4);
        value = (ThriftKind)(types & 15);
        for (; n && !t->bad; n--) {
            skip(t, inner, depth - 1);
            skip(t, value, depth - 1);
            if (t->at == t->end) t->bad = true;
        }
        return;
    }
    case KIND_STRUCT:
        while (read_thrift_field(t, &field)) skip(t, field.type, depth - 1);
        return;
    case KIND_STOP:
    default: t->bad = true;
    }
}

void read_thrift_skip(ThriftReader *t, ThriftKind type) { skip(t, type, 32); }

// ---- the schema ---------------------------------------------------------------------------------

typedef struct Element {
    int64_t type, width, repetition, children;  // type -1: a group
    Str name;
} Element;

static bool read_element(ThriftReader *t, Element *out)
{
    ThriftMember f = {0};
    *out = (Element){.type = -1};
    while (read_thrift_field(t, &f)) {
        bool whole = f.type == KIND_I32;
        if (f.id == 1 && whole) out->type = read_thrift_int(t);
        else if (f.id == 2 && whole) out->width = read_thrift_int(t);
        else if (f.id == 3 && whole) out->repetition = read_thrift_int(t);
        else if (f.id == 4 && f.type == KIND_BINARY) out->name = read_thrift_binary(t);
        else if (f.id == 5 && whole) out->children = read_thrift_int(t);
        else read_thrift_skip(t, f.type);
    }
    return !t->bad && out->repetition >= 0 && out->repetition <= 2 && out->children >= 0 && out->type <= PARQUET_FIXED &&
           out->width >= 0 && out->width <= 1 << 20 && out->name.len <= 1024;
}

typedef struct Tree {
    Str names[PARQUET_DEPTH];  // from the top down to where reading is
    ThriftReader *t;
    size_t left;           // elements not yet read
    Arena *a;
    ParquetMeta *out;
    size_t cap;
} Tree;

static bool add_leaf(Tree *tree, const Element *x, size_t n_names, unsigned def, unsigned rep)
{
    Buf path = {0};
    if (tree->out->n_leaves == PARQUET_COLUMNS) return false;
    if (x->type < 0 || (x->type == PARQUET_FIXED && x->width == 0)) return false;
    tree->out->leaves = arena_grow(tree->a, tree->out->leaves, tree->out->n_leaves, &tree->cap, sizeof *tree->out->leaves);
    Str *names = arena_new(tree->a, Str, n_names);
    for (size_t i = 0; i < n_names; i++) {
        names[i] = tree->names[i];
        if (i) buf_add_char(&path, '.');
        buf_add(&path, names[i]);
    }
    tree->out->leaves[tree->out->n_leaves++] = (ParquetLeaf){
        .path = arena_str(tree->a, buf_str(&path)),
        .name = x->name,
        .top = names[0],
        .names = names,
        .n_names = n_names,
        .type = (ParquetType)x->type,
        .width = (uint32_t)x->width,
        .max_def = def,
        .max_rep = rep,
    };
    buf_free(&path);
    return true;
}

// The children of a group, in order: a tree written depth first.
static bool read_children(Tree *tree, int64_t n, size_t depth, unsigned def, unsigned rep)
{
    if (depth == PARQUET_DEPTH) return false;
    for (; n > 0; n--) {
        Element x;
        if (tree->left == 0 || !read_element(tree->t, &x)) return false;
        tree->left--;
        tree->names[depth] = x.name;
        unsigned d = def + (x.repetition != 0), r = rep + (x.repetition == 2);
        bool ok = x.children > 0 ? read_children(tree, x.children, depth + 1, d, r) : x.type < 0 || add_leaf(tree, &x, depth + 1, d, r);
        if (!ok) return false;
    }
    return true;
}

static bool read_schema(ThriftReader *t, Arena *a, ParquetMeta *out)
{
    ThriftKind type;
    Element root;
    const char *from = t->at;
    size_t n = read_thrift_list(t, &type);
    if (n == 0 || type != KIND_STRUCT || !read_element(t, &root)) return false;
    Tree tree = {.t = t, .left = n - 1, .a = a, .out = out};
    if (!read_children(&tree, root.children, 0, 0, 0) || tree.left) return false;
    out->schema = (Str){from, (size_t)(t->at - from)};
    return true;
}

// ---- row groups ---------------------------------------------------------------------------------

static bool read_chunk_meta(ThriftReader *t, int64_t file_size, ParquetChunk *out)
{
    ThriftMember f = {0};
    int64_t data = -1, dictionary = -1;
    *out = (ParquetChunk){.codec = -1};
    while (read_thrift_field(t, &f)) {
        bool whole = f.type == KIND_I32 || f.type == KIND_I64;
        if (f.id == 4 && whole) out->codec = (int)read_thrift_int(t);
        else if (f.id == 5 && whole) out->values = read_thrift_int(t);
        else if (f.id == 7 && whole) out->size = read_thrift_int(t);
        else if (f.id == 9 && whole) data = read_thrift_int(t);
        else if (f.id == 11 && whole) dictionary = read_thrift_int(t);
        else read_thrift_skip(t, f.type);
    }
    // Some writers put a 0 where there is no dictionary.
    out->from = dictionary > 0 && dictionary < data ? dictionary : data;
    return !t->bad && out->values >= 0 && out->from >= 4 && out->size >= 0 && out->from <= file_size && out->size <= file_size - out->from;
}

static bool read_chunk(ThriftReader *t, int64_t file_size, ParquetChunk *out)
{
    ThriftMember f = {0};
    bool found = false;
    while (read_thrift_field(t, &f)) {
        if (f.id == 1) return false;  // its pages are in another file
        if (f.id == 3 && f.type == KIND_STRUCT) {
            if (!read_chunk_meta(t, file_size, out)) return false;
            found = true;
        } else {
            read_thrift_skip(t, f.type);
        }
    }
    return found && !t->bad;
}

static bool read_group(ThriftReader *t, int64_t file_size, size_t n_leaves, Arena *a, ParquetGroup *out)
{
    ThriftMember f = {0};
    ThriftKind type;
    *out = (ParquetGroup){0};
    while (read_thrift_field(t, &f)) {
        if (f.id == 1 && f.type == KIND_LIST) {
            size_t n = read_thrift_list(t, &type);
            if (t->bad || n != n_leaves || (n && type != KIND_STRUCT)) return false;
            out->chunks = arena_new(a, ParquetChunk, n + 1);
            for (size_t i = 0; i < n; i++)
                if (!read_chunk(t, file_size, &out->chunks[i])) return false;
        } else if (f.id == 3 && f.type == KIND_I64) {
            out->rows = read_thrift_int(t);
        } else {
            read_thrift_skip(t, f.type);
        }
    }
    return !t->bad && out->rows >= 0 && out->rows <= INT64_C(1) << 40 && out->chunks;
}

static bool read_groups(ThriftReader *t, int64_t file_size, Arena *a, ParquetMeta *out)
{
    ThriftKind type;
    size_t n = read_thrift_list(t, &type);
    if (t->bad || (n && type != KIND_STRUCT)) return false;
    out->groups = arena_new(a, ParquetGroup, n + 1);
    for (; out->n_groups < n; out->n_groups++) {
        ParquetGroup *group = &out->groups[out->n_groups];
        if (!read_group(t, file_size, out->n_leaves, a, group)) return false;
        out->rows += group->rows;
    }
    return true;
}

static bool read_footer(ThriftReader *t, int64_t file_size, Arena *a, ParquetMeta *out)
{
    ThriftMember f = {0};
    *out = (ParquetMeta){.version = 1};
    while (read_thrift_field(t, &f)) {
        const char *from = t->at;
        if (f.id == 1 && f.type == KIND_I32) out->version = read_thrift_int(t);
        else if (f.id == 2 && f.type == KIND_LIST) {
            if (out->schema.ptr || !read_schema(t, a, out)) return false;
        } else if (f.id == 4 && f.type == KIND_LIST) {
            // The columns are known by now: fields come in order.
            if (!out->schema.ptr || out->groups || !read_groups(t, file_size, a, out)) return false;
        } else {
            read_thrift_skip(t, f.type);
            if (f.id == 5 && f.type == KIND_LIST) out->key_values = (Str){from, (size_t)(t->at - from)};
        }
    }
    return !t->bad && out->schema.ptr && out->groups;
}

bool parquet_fault(Error *e, const char *path, const char *what)
{
    error_set(e, ERROR_FILE, "records", "%s", what);
    return error_at_file(e, str_from(path));
}

static bool read_at(int fd, const char *path, char *out, size_t len, int64_t at, Error *e)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = pread(fd, out + have, len - have, (off_t)at + (off_t)have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_errno(e, "read", path);
        if (n == 0) return parquet_fault(e, path, "the file became shorter while it was read");
        have += (size_t)n;
    }
    return true;
}

bool parquet_meta_read(int fd, const char *path, Arena *a, ParquetMeta *out, Error *e)
{
    struct stat st;
    unsigned char tail[8];
    if (fstat(fd, &st) != 0) return error_errno(e, "read", path);
    if (st.st_size < 12 || !read_at(fd, path, (char *)tail, 8, st.st_size - 8, e)) return parquet_fault(e, path, "not a Parquet file, or cut off");
    if (memcmp(tail + 4, "PARE", 4) == 0) return parquet_fault(e, path, "an encrypted Parquet file");
    if (memcmp(tail + 4, "PAR1", 4) != 0) return parquet_fault(e, path, "not a Parquet file, or cut off");
    uint32_t len = tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 | (uint32_t)tail[3] << 24;
    if (len > PARQUET_FOOTER_MAX || len > st.st_size - 12) return parquet_fault(e, path, "the Parquet file's footer is larger than it can be");
    char *footer = arena_alloc(a, len + 1);
    if (!read_at(fd, path, footer, len, st.st_size - 8 - (int64_t)len, e)) return false;
    ThriftReader t = {footer, footer + len, false};
    return read_footer(&t, st.st_size - 8 - (int64_t)len, a, out) || parquet_fault(e, path, "the Parquet file's footer cannot be read");
}
