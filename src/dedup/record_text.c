// SPDX-License-Identifier: Apache-2.0
#include "dedup/record_text.h"

static const Str fields[] = {S_INIT("messages"), S_INIT("conversation"), S_INIT("conversations"),
                             S_INIT("dialogue"), S_INIT("turns"), S_INIT("text")};
static const Str text_keys[] = {S_INIT("content"), S_INIT("value"), S_INIT("text"), S_INIT("message"), S_INIT("utterance")};

enum { N_FIELDS = sizeof fields / sizeof *fields, N_TEXT_KEYS = sizeof text_keys / sizeof *text_keys, NESTED = 8 };

static size_t index_of(JsonText key, const Str *list, size_t n)
{
    size_t i = 0;
    while (i < n && !json_text_is(key, list[i])) i++;
    return i;
}

static void break_line(Buf *b)
{
    if (b->len && b->ptr[b->len - 1] != '\n') buf_add_char(b, '\n');
}

// Every string inside a value, each on its line; `parts`: of objects only the value of "text".
static bool add_strings(JsonScan *s, Buf *out, unsigned depth, bool parts)
{
    JsonText text;
    bool first = true, failed;
    char c = json_scan_peek(s);
    if (c == '"') {
        if (!json_scan_string(s, &text)) return false;
        break_line(out);
        json_scan_text(text, out);
        return true;
    }
    if (depth == 0 || (c != '[' && c != '{')) return json_scan_skip(s);
    if (c == '[') {
        while (json_scan_element(s, &first, &failed))
            if (!add_strings(s, out, depth - 1, parts)) return false;
        return !failed;
    }
    while (json_scan_member(s, &first, &text, &failed)) {
        bool wanted = !parts || json_text_is(text, S("text"));
        if (!(wanted ? add_strings(s, out, depth - 1, parts) : json_scan_skip(s))) return false;
    }
    return !failed;
}

static bool is_system(JsonScan *s, bool *system)
{
    JsonText text;
    if (json_scan_peek(s) != '"') return json_scan_skip(s);
    if (!json_scan_string(s, &text)) return false;
    *system |= json_text_is(text, S("system")) || json_text_is(text, S("developer"));
    return true;
}

// A turn that is an object. One without any of the known keys is read again, for all its strings.
static bool add_turn(JsonScan *s, Buf *out)
{
    JsonScan again = *s;
    JsonText key;
    size_t length = out->len;
    bool first = true, failed, system = false, any = false;
    while (json_scan_member(s, &first, &key, &failed)) {
        bool ok;
        if (json_text_is(key, S("role")) || json_text_is(key, S("from"))) {
            ok = is_system(s, &system);
        } else if (!any && index_of(key, text_keys, N_TEXT_KEYS) < N_TEXT_KEYS) {
            any = true;
            ok = add_strings(s, out, NESTED, true);
        } else {
            ok = json_scan_skip(s);
        }
        if (!ok) return false;
    }
    if (failed) return false;
    if (system) out->len = length;
    return any || system || add_strings(&again, out, NESTED, false);
}

static bool add_conversation(JsonScan *s, Buf *out)
{
    bool first = true, failed;
    if (json_scan_peek(s) != '[') return add_strings(s, out, NESTED, false);
    while (json_scan_element(s, &first, &failed))
        if (!(json_scan_peek(s) == '{' ? add_turn(s, out) : add_strings(s, out, NESTED, false))) return false;
    return !failed;
}

static bool read_source(JsonScan *s, RecordText *out)
{
    JsonText text;
    if (json_scan_peek(s) != '"') return json_scan_skip(s);
    if (!json_scan_string(s, &text)) return false;
    out->handwritten = json_text_is(text, S("handwritten"));
    return true;
}

// The rank of a field: 0 is the best, STR_NONE none. Only the named one counts where one is named.
static size_t rank_of(JsonText key, Str field)
{
    if (field.len) return json_text_is(key, field) ? 0 : STR_NONE;
    size_t i = index_of(key, fields, N_FIELDS);
    return i < N_FIELDS ? i : STR_NONE;
}

bool record_text_read(JsonScan *s, Str field, RecordText *out)
{
    JsonText key;
    size_t best = STR_NONE;
    bool first = true, failed;
    buf_clear(&out->text);
    out->found = out->handwritten = false;
    char c = json_scan_peek(s);
    if (c == '"' || c == '[') {
        out->found = field.len == 0;
        return add_conversation(s, &out->text);
    }
    if (c != '{') return json_scan_skip(s);
    while (json_scan_member(s, &first, &key, &failed)) {
        size_t rank = rank_of(key, field);
        bool ok;
        if (rank < best && json_scan_peek(s) != 'n') {  // null is no conversation
            best = rank;
            buf_clear(&out->text);
            ok = add_conversation(s, &out->text);
        } else if (json_text_is(key, S("source"))) {
            ok = read_source(s, out);
        } else {
            ok = json_scan_skip(s);
        }
        if (!ok) return false;
    }
    out->found = best != STR_NONE;
    return !failed;
}
