// SPDX-License-Identifier: Apache-2.0
//
// A record of any bytes is scanned, and its text is cut into words and shingles. Whatever the bytes
// are: reading stays inside them, a value that was read is read again the same, and a text cut
// short is no whole value or says that it is cut.
#include "fuzz.h"

#include "dedup/record_text.h"
#include "dedup/shingle.h"
#include "text/normalise.h"

static size_t normal_words(Str text)
{
    Buf normal = {0};
    size_t n = 0;
    normalise(text, &normal);
    Str rest = buf_str(&normal), word;
    while (normal_next(&rest, &word)) n++;
    buf_free(&normal);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // An exact copy, so that a read behind it is seen.
    char *bytes = malloc(size ? size : 1);
    if (size) memcpy(bytes, data, size);
    RecordText record = {0}, again = {0};
    Shingles shingles = {0};
    JsonScan s = json_scan((Str){bytes, size}), skip = s;
    bool ok = record_text_read(&s, (Str){0}, &record);
    HOLD(s.at >= bytes && s.at <= bytes + size);
    HOLD(record.text.len <= 3 * size + 1);
    if (ok) {
        HOLD(json_scan_skip(&skip) && skip.at == s.at);
        JsonScan second = json_scan((Str){bytes, (size_t)(s.at - bytes)});
        HOLD(record_text_read(&second, (Str){0}, &again) || second.cut);
        shingles_words(&shingles, buf_str(&record.text));
        shingles_items(&shingles, SHINGLE_WORDS);
        HOLD(shingles.n_words == normal_words(buf_str(&record.text)));
        HOLD(shingles.n + shingles.repeated == (shingles.n_words < SHINGLE_WORDS ? shingles.n_words > 0 : shingles.n_words - SHINGLE_WORDS + 1));
    }
    shingles_free(&shingles);
    buf_free(&record.text);
    buf_free(&again.text);
    free(bytes);
    return 0;
}
