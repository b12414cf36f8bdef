// SPDX-License-Identifier: Apache-2.0
//
// Text to tokens, exactly as tiktoken 0.14 (encode_ordinary) and Hugging Face tokenizers 0.23 (without
// special tokens around the text) do it. Bytes that are no UTF-8 count as U+FFFD, one for each
// maximal subpart, since that is what a server receives.
//
// A text is fed in any parts and counted as one text; only a window of it is held, which is given
// up at places where every tokenizer begins a new piece (before the space between two ASCII words,
// behind a line break before one). Text without such a place is held whole.
#ifndef CONFAB_TOKENS_TOKENS_H
#define CONFAB_TOKENS_TOKENS_H

#include "base/buf.h"
#include "text/pattern.h"
#include "tokens/block_scan.h"
#include "tokens/bpe.h"
#include "tokens/nfc.h"

typedef struct Tokenizer {
    const Vocabulary *v;
    Bpe bpe;
    Splitter split;      // NULL: the whole text, or `pattern`
    BlockScan scan;      // NULL: there is none for `split`
    Pattern *pattern;
    Nfc *nfc;            // where texts are normalised so
    bool added;          // added tokens are found in the text
    bool neighbours;     // the text is cut where no merge joins two bytes
    int added_byte;      // the one byte that added tokens begin with; below 0: none, or several
    bool cuts;           // a text may be cut at the places above
    Buf window;
    Buf lossy, normal;   // a part of the window, made valid; normalised
    size_t tried;        // of the window, without finding a place to cut
} Tokenizer;  // one thread at a time

// The vocabulary must outlive the tokenizer. False: a split pattern that PCRE2 does not take.
bool tokenizer_init(Tokenizer *t, const Vocabulary *v, Error *e);
void tokenizer_free(Tokenizer *t);

// Added tokens in texts (a chat template's marks): on by default where the tokenizer itself looks for
// them (Hugging Face), off for tiktoken's, which take "<|endoftext|>" as the text it is.
void tokenizer_find_added(Tokenizer *t, bool on);

// Whether a text (valid UTF-8) is tokenized as it stands: its normal form is itself, and no added token
// is found in it.
bool tokenizer_takes_as_is(const Tokenizer *t, Str text);

// The next pieces of the text from … to, which has room behind it (SPLIT_PADDING), of a tokenizer with `split`:
// where they end, counted from `from`, at most BATCH_PIECES. 0: the first alone is longer than a megabyte.
size_t tokenizer_pieces(const Tokenizer *t, const char *from, const char *to, uint32_t *ends);

void tokenizer_feed(Tokenizer *t, Str part, IdList *out);
void tokenizer_end(Tokenizer *t, IdList *out);  // afterwards it is ready for another text

uint64_t tokenizer_count(Tokenizer *t, Str text);
void tokenizer_ids(Tokenizer *t, Str text, IdList *out);

#endif
