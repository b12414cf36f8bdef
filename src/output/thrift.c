// SPDX-License-Identifier: Apache-2.0
#include "output/thrift.h"

enum { TYPE_TRUE = 1, TYPE_FALSE = 2, TYPE_I32 = 5, TYPE_I64 = 6, TYPE_BINARY = 8, TYPE_LIST = 9, TYPE_STRUCT = 12 };

void thrift_varint(Buf *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) buf_add_char(out, (char)(unsigned char)(n | 0x80));
    buf_add_char(out, (char)(unsigned char)n);
}

static uint64_t zigzag(int64_t n) { return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63); }

static void field_header(Thrift *t, int field, int type)
{
    int *last = &t->last[t->depth], delta = field - *last;
    if (delta > 0 && delta <= 15) {
        buf_add_char(t->out, (char)(unsigned char)(delta << 4 | type));
    } else {
        buf_add_char(t->out, (char)type);
        thrift_varint(t->out, zigzag(field));
    }
    *last = field;
}

void thrift_i32(Thrift *t, int field, int32_t n)
{
    field_header(t, field, TYPE_I32);
    thrift_varint(t->out, zigzag(n));
}

void thrift_i64(Thrift *t, int field, int64_t n)
{
    field_header(t, field, TYPE_I64);
    thrift_varint(t->out, zigzag(n));
}

void thrift_bool(Thrift *t, int field, bool value) { field_header(t, field, value ? TYPE_TRUE : TYPE_FALSE); }

void thrift_item_binary(Thrift *t, Str s)
{
    thrift_varint(t->out, s.len);
    buf_add(t->out, s);
}

void thrift_binary(Thrift *t, int field, Str s)
{
    field_header(t, field, TYPE_BINARY);
    thrift_item_binary(t, s);
}

void thrift_item_begin(Thrift *t) { t->last[++t->depth] = 0; }

void thrift_begin(Thrift *t, int field)
{
    field_header(t, field, TYPE_STRUCT);
    thrift_item_begin(t);
}

void thrift_end(Thrift *t)
{
    buf_add_char(t->out, 0);
    if (t->depth) t->depth--;
}

void thrift_list(Thrift *t, int field, ThriftType type, size_t n)
{
    field_header(t, field, TYPE_LIST);
    if (n < 15) {
        buf_add_char(t->out, (char)(unsigned char)(n << 4 | type));
    } else {
        buf_add_char(t->out, (char)(unsigned char)(0xF0 | type));
        thrift_varint(t->out, n);
    }
}

void thrift_item_i32(Thrift *t, int32_t n) { thrift_varint(t->out, zigzag(n)); }
