// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FLUSH_BYTES = 65536, FLUSH_NS = 10000000 };

bool ledger_open(Ledger *l, const char *path) {
    *l = (Ledger){.fd = -1, .due = UINT64_MAX};
    if (!path) return true;
    l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (l->fd < 0) fprintf(stderr, "mockllm: %s: %s\n", strerror(errno), path);
    return l->fd >= 0;
}

void ledger_item(LedgerLine *line, Str item) {
    size_t n = item.len < LEDGER_ITEM - 1 ? item.len : LEDGER_ITEM - 1;
    for (size_t i = 0; i < n; i++) line->item[i] = item.ptr[i] > ' ' && item.ptr[i] <= '~' ? item.ptr[i] : '_';
    line->item[n] = '\0';
}

static void add_number(Buf *b, uint64_t n) {
    buf_uint(b, n);
    buf_char(b, ' ');
}

static void add_word(Buf *b, const char *word) {
    buf_add(b, word && *word ? str_from(word) : S("-"));
    buf_char(b, ' ');
}

static void add_hash(Buf *b, uint64_t hash) {
    char hex[17];
    for (int i = 0; i < 16; i++) hex[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    hex[16] = ' ';
    buf_add(b, (Str){hex, sizeof hex});
}

void ledger_add(Ledger *l, const LedgerLine *line) {
    if (l->fd < 0) return;
    uint64_t now = clock_mono_ns();
    Buf *b = &l->lines;
    add_number(b, line->received_mono);
    add_number(b, line->received_real);
    add_number(b, now);
    add_number(b, clock_real_ns());
    add_word(b, line->outcome);
    add_number(b, (uint64_t)line->status);
    add_word(b, line->fault);
    add_number(b, line->prompt_tokens);
    add_number(b, line->completion_tokens);
    add_number(b, line->bytes);
    add_word(b, line->api);
    add_hash(b, line->hash);
    buf_add(b, line->item[0] ? str_from(line->item) : S("-"));
    buf_char(b, '\n');
    if (l->due == UINT64_MAX) l->due = now + FLUSH_NS;
    if (b->len >= FLUSH_BYTES) ledger_flush(l);
}

void ledger_flush(Ledger *l) {
    for (size_t done = 0; done < l->lines.len;) {
        ssize_t n = write(l->fd, l->lines.ptr + done, l->lines.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            fprintf(stderr, "mockllm: the ledger cannot be written: %s\n", strerror(errno));
            _exit(1);
        }
        done += (size_t)n;
    }
    l->lines.len = 0;
    l->due = UINT64_MAX;
}

void ledger_close(Ledger *l) {
    if (l->fd < 0) return;
    ledger_flush(l);
    close(l->fd);
    buf_free(&l->lines);
    l->fd = -1;
}
