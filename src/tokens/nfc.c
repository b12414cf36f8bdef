// SPDX-License-Identifier: Apache-2.0
#include "tokens/nfc.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

enum { PLANE = 0x10000 };

struct Nfc {
    USet *known;            // code points that Unicode 9 has
    UNormalizer2 *form;
    uint64_t plain[PLANE / 64];
};

// A letter that stays, and that nothing beside it changes.
static bool is_plain(UChar32 c)
{
    return u_getIntPropertyValue(c, UCHAR_NFC_QUICK_CHECK) == UNORM_YES && u_getCombiningClass(c) == 0;
}

bool nfc_open(Nfc **out, Error *e)
{
    static const UChar age[] = u"[:age=9.0:]";
    UErrorCode status = U_ZERO_ERROR;
    Nfc *n = mem_alloc(sizeof *n);
    memset(n, 0, sizeof *n);
    n->known = uset_openPattern(age, -1, &status);
    if (U_SUCCESS(status)) uset_freeze(n->known);
    if (U_SUCCESS(status)) n->form = unorm2_openFiltered(unorm2_getNFCInstance(&status), n->known, &status);
    for (UChar32 c = 0; c < PLANE; c++) n->plain[c / 64] |= (uint64_t)is_plain(c) << c % 64;
    *out = n;
    if (U_SUCCESS(status)) return true;
    nfc_close(n);
    *out = NULL;
    return error_set(e, ERROR_INTERNAL, "unicode", "ICU cannot normalise: %s", u_errorName(status));
}

void nfc_close(Nfc *n)
{
    if (!n) return;
    if (n->form) unorm2_close(n->form);
    if (n->known) uset_close(n->known);
    free(n);
}

bool nfc_is_plain(const Nfc *n, Str s)
{
    for (size_t at = 0; at < s.len;) {
        uint64_t eight;
        if (at + 8 <= s.len && (memcpy(&eight, s.ptr + at, 8), (eight & 0x8080808080808080u) == 0)) {
            at += 8;
        } else if ((unsigned char)s.ptr[at] < 0x80) {
            at++;
        } else {
            uint32_t c = utf8_next(s, &at);
            bool plain = c < PLANE ? n->plain[c / 64] >> c % 64 & 1 : c < 0x110000 && is_plain((UChar32)c);
            if (!plain) return false;
        }
    }
    return true;
}

bool nfc_make(const Nfc *n, Str s, Buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t wide = 0, made = 0, narrow = 0, len = (int32_t)s.len;
    UChar *text = mem_alloc(2 * sizeof(UChar) * ((size_t)len + 1)), *composed = text + len + 1;
    u_strFromUTF8(text, len + 1, &wide, s.ptr, len, &status);
    made = unorm2_normalize(n->form, text, wide, composed, len + 1, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {  // NFC is rarely longer at all
        status = U_ZERO_ERROR;
        text = mem_realloc(text, sizeof(UChar) * ((size_t)wide + (size_t)made + 1));
        composed = text + wide;
        made = unorm2_normalize(n->form, text, wide, composed, made + 1, &status);
    }
    buf_clear(out);
    if (U_SUCCESS(status)) {
        buf_reserve(out, 3 * (size_t)made + 1);
        u_strToUTF8(out->ptr, 3 * made + 1, &narrow, composed, made, &status);
    }
    if (U_SUCCESS(status)) out->len = (size_t)narrow;
    free(text);
    return U_SUCCESS(status);
}
