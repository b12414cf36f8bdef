// SPDX-License-Identifier: Apache-2.0
#include "conversation/names.h"

#include <unicode/uchar.h>

#include "base/utf8.h"

static bool is_letter_byte(char c) { return str_is_alpha(c) || (unsigned char)c >= 0x80; }

// The next letter that counts, folded; 0 at the end.
static uint32_t next_letter(Str s, size_t *at)
{
    while (*at < s.len) {
        char c = s.ptr[*at];
        bool joins = (c == '-' || c == '_') && *at > 0 && *at + 1 < s.len && is_letter_byte(s.ptr[*at - 1]) &&
                     is_letter_byte(s.ptr[*at + 1]);
        if ((unsigned char)c < 0x80) {
            ++*at;
            if (joins || str_is_space(c)) continue;
            if (c == 0) return UTF8_BAD;
            return c >= 'A' && c <= 'Z' ? (uint32_t)c + 32 : (uint32_t)c;
        }
        uint32_t letter = utf8_next(s, at);
        if (letter == UTF8_BAD) return letter;
        if (u_isUWhiteSpace((UChar32)letter)) continue;
        return (uint32_t)u_foldCase((UChar32)letter, U_FOLD_CASE_DEFAULT);
    }
    return 0;
}

bool names_alike(Str a, Str b)
{
    size_t i = 0, j = 0;
    uint32_t letter;
    bool any = false;
    do {
        letter = next_letter(a, &i);
        if (letter != next_letter(b, &j)) return false;
        any |= letter != 0;
    } while (letter);
    return any;
}

// No name is near this long; what a model writes there may be a whole page.
enum { NAME_MAX_BYTES = 400 };

int form_participant(const Form *form, Str name)
{
    if (name.len > NAME_MAX_BYTES) return NOBODY;
    for (size_t i = 0; i < form->n_participants; i++)
        if (str_eq(form->participants[i].name, name)) return (int)i;
    int found = NOBODY;
    for (size_t i = 0; i < form->n_participants; i++) {
        if (!names_alike(form->participants[i].name, name)) continue;
        if (found != NOBODY) return NOBODY;
        found = (int)i;
    }
    return found;
}

int form_speaker(const Form *form, Str name)
{
    int found = form_participant(form, name);
    if (found != NOBODY || name.len > NAME_MAX_BYTES) return found;
    for (size_t i = 0; i < form->n_participants; i++) {
        if (!names_alike(form->participants[i].role, name)) continue;
        if (found != NOBODY) return NOBODY;
        found = (int)i;
    }
    return found;
}

int label_find(const AskedLabel *labels, size_t n, Str name)
{
    if (name.len > NAME_MAX_BYTES) return NOBODY;
    for (size_t i = 0; i < n; i++)
        if (str_eq(labels[i].name, name)) return (int)i;
    int found = NOBODY;
    for (size_t i = 0; i < n; i++) {
        if (!names_alike(labels[i].name, name)) continue;
        if (found != NOBODY) return NOBODY;
        found = (int)i;
    }
    return found;
}

Str label_value(const AskedLabel *label, Str value)
{
    if (value.len > NAME_MAX_BYTES) return (Str){0};
    for (size_t i = 0; i < label->n_of; i++)
        if (str_eq(label->of[i], value)) return label->of[i];
    Str found = {0};
    for (size_t i = 0; i < label->n_of; i++) {
        if (!names_alike(label->of[i], value)) continue;
        if (found.ptr) return (Str){0};
        found = label->of[i];
    }
    return found;
}
