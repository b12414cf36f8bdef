// SPDX-License-Identifier: Apache-2.0
//
// Normal form C (UAX #15) as Hugging Face tokenizers 0.23 makes it: with the tables of Unicode 9, so that what was
// added since is left as it stands and nothing moves across it. Found by comparing every code point between marks.
#ifndef CONFAB_TOKENS_NFC_H
#define CONFAB_TOKENS_NFC_H

#include "base/buf.h"
#include "base/error.h"

typedef struct Nfc Nfc;  // read only once it is open

bool nfc_open(Nfc **out, Error *e);
void nfc_close(Nfc *n);  // NULL: nothing

// True: s is in normal form whatever stands around it. False: it must be looked at.
bool nfc_is_plain(const Nfc *n, Str s);

// Replaces *out. s is valid UTF-8 of at most NFC_PART bytes. False: ICU failed.
enum { NFC_PART = 1 << 28 };  // ICU counts in 32 bits
bool nfc_make(const Nfc *n, Str s, Buf *out);

#endif
