// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies from files: the first byte says of which kind the rest is. What is read is built, and then counts a
// text; what is not says why. A built block that was damaged counts wrongly at worst.
//   t  .tiktoken     j  tokenizer.json     g  GGUF     b  changes of a built block: place (3 bytes), new byte
#include "fuzz.h"
#include "tokens/tokens.h"
#include "tokens/vocabulary_build.h"
#include "tokens/vocabulary_read.h"

static const char text[] = "The kettle's on: größer 中文 x\n\n  123 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa <|end|> \xFF\xE2\x96\x81";

static void count(const Vocabulary *v)
{
    Tokenizer t;
    Error e;
    IdList ids = {.keep = true};
    if (!tokenizer_init(&t, v, &e)) return;
    tokenizer_ids(&t, str_from(text), &ids);
    for (uint64_t i = 0; i < ids.n; i++) token_bytes(v, ids.ids[i]);
    HOLD(tokenizer_count(&t, str_from(text)) == ids.n);
    id_list_free(&ids);
    tokenizer_free(&t);
}

static void count_with(const VocabularySource *s)
{
    size_t size;
    Vocabulary v;
    void *block = vocabulary_build(s, &size);
    if (!block) return;
    HOLD(vocabulary_from_block(block, size, &v));
    count(&v);
    free(block);
}

static void damage(const uint8_t *data, size_t n)
{
    Arena a = {0};
    VocabularySource s;
    Vocabulary v;
    Error e;
    size_t size;
    source_init(&s, &a);
    s.byte_level = true;
    for (uint32_t i = 0; i < 256; i++) {
        char *byte = arena_alloc(&a, 1);
        *byte = (char)i;
        s.byte_ids[i] = i;
        HOLD(source_put(&s, i, (Str){byte, 1}, &e));
    }
    HOLD(source_put(&s, 256, S("aa"), &e) && source_put(&s, 257, S("aaaa"), &e) && source_put(&s, 258, S("<|end|>"), &e));
    Merge merges[] = {{'a', 'a', 256}, {256, 256, 257}};
    uint32_t added[] = {258};
    s.merges = merges;
    s.n_merges = 2;
    s.added = added;
    s.n_added = 1;
    s.split = SPLIT_O200K;
    unsigned char *block = vocabulary_build(&s, &size);
    for (; n >= 4; data += 4, n -= 4) {
        size_t at = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % size;
        block[at] = data[3];
    }
    if (vocabulary_from_block(block, size, &v)) count(&v);
    free(block);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SpecialToken special[] = {{"<|end|>", 1000}};
    if (size < 1 || size > 1 << 18) return 0;
    if (data[0] == 'b') {
        damage(data + 1, size - 1);
        return 0;
    }
    Arena a = {0};
    Error e = {0};
    VocabularySource s;
    Str rest = {(const char *)data + 1, size - 1};
    source_init(&s, &a);
    s.split = SPLIT_CL100K;
    bool ok = data[0] == 't'   ? read_tiktoken(rest, S("f"), special, 1, &s, &e)
              : data[0] == 'j' ? read_tokenizer_json(rest, S("f"), &s, &e)
                               : read_gguf(rest, S("f"), &s, &e);
    HOLD(ok || e.what[0]);
    if (ok && s.n_tokens < 1 << 16) count_with(&s);
    arena_free(&a);
    return 0;
}
