// SPDX-License-Identifier: Apache-2.0
#include "dedup/record_text.h"

#include "base/hash.h"

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

// Which name a key has of a list, as it is written.
static Str plain(JsonText key) { return key.escaped ? (Str){0} : key.raw; }

static bool read_score(JsonScan *s, RecordText *out)
{
    const char *from = s->at;
    char c = json_scan_peek(s);
    from = s->at;
    if (!json_scan_skip(s)) return false;
    if (c == '-' || (c >= '0' && c <= '9')) out->scored = str_to_double((Str){from, (size_t)(s->at - from)}, &out->score);
    return true;
}

static bool among(Str name, const Str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(name, list[i])) return true;
    return false;
}

size_t record_text_rank(Str name, Str field)
{
    if (field.len) return str_eq(name, field) ? 0 : STR_NONE;
    for (size_t i = 0; i < N_FIELDS; i++)
        if (str_eq(name, fields[i])) return i;
    return STR_NONE;
}

bool record_text_is_score(Str name) { return among(name, (const Str[]){S("score"), S("quality"), S("rating")}, 3); }
bool record_text_is_text(Str name) { return among(name, text_keys, N_TEXT_KEYS); }
bool record_text_is_role(Str name) { return among(name, (const Str[]){S("role"), S("from")}, 2); }
bool record_text_is_system(Str role) { return among(role, (const Str[]){S("system"), S("developer")}, 2); }

static unsigned placeholders(Str text)
{
    unsigned n = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t k = i + 1;
        if (text.ptr[i] != '{') continue;
        while (k < text.len && (str_is_alpha(text.ptr[k]) || text.ptr[k] == '_' || (k > i + 1 && memchr("0123456789.-", text.ptr[k], 12)))) k++;
        n += k > i + 1 && k < text.len && text.ptr[k] == '}';
    }
    return n;
}

static unsigned repeated_turns(Str text)
{
    enum { TURNS = 256, GREETING = 20 };  // turns that are looked at; bytes of one that may come again
    uint64_t seen[TURNS];
    size_t n = 0;
    unsigned repeated = 0;
    Str line;
    while (n < TURNS && str_cut(&text, '\n', &line)) {
        if (str_trim(line).len < GREETING) continue;
        uint64_t hash = hash64(str_trim(line), 0);
        size_t i = 0;
        while (i < n && seen[i] != hash) i++;
        repeated += i < n;
        seen[n++] = hash;
    }
    return repeated;
}

unsigned record_text_faults(Str text)
{
    Str end = str_trim(text);
    unsigned char last = end.len ? (unsigned char)end.ptr[end.len - 1] : ',';
    bool open = last == ',' || last == ';' || last == ':' || last == '-' || last == '(' || str_is_alpha((char)last) || str_is_digit((char)last);
    return placeholders(text) + repeated_turns(text) + open;
}

bool record_text_read(JsonScan *s, Str field, RecordText *out)
{
    JsonText key;
    size_t best = STR_NONE;
    bool first = true, failed;
    buf_clear(&out->text);
    out->found = out->handwritten = out->scored = false;
    out->score = 0;
    char c = json_scan_peek(s);
    if (c == '"' || c == '[') {
        out->found = field.len == 0;
        return add_conversation(s, &out->text);
    }
    if (c != '{') return json_scan_skip(s);
    while (json_scan_member(s, &first, &key, &failed)) {
        size_t rank = field.len && key.escaped ? (json_text_is(key, field) ? 0 : STR_NONE) : record_text_rank(plain(key), field);
        bool ok;
        if (rank < best && json_scan_peek(s) != 'n') {  // null is no conversation
            best = rank;
            buf_clear(&out->text);
            ok = add_conversation(s, &out->text);
        } else if (json_text_is(key, S("source"))) {
            ok = read_source(s, out);
        } else if (record_text_is_score(plain(key))) {
            ok = read_score(s, out);
        } else {
            ok = json_scan_skip(s);
        }
        if (!ok) return false;
    }
    out->found = best != STR_NONE;
    return !failed;
}
