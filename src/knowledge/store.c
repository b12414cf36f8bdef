// SPDX-License-Identifier: Apache-2.0
//
// The index file: a Header, then documents, chunks, headings and strings, each array as in memory.
#include "knowledge/store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

#define FOLDER ".confab/knowledge"
enum {
    STORE_VERSION = 1,
    INDEX_MAX = 1 << 30,  // bytes; a gigabyte of text makes 20 MB
};

typedef struct Header {
    char magic[8];          // "confabK" and NUL
    uint32_t version;
    uint32_t order;         // 0x01020304 as this machine writes it
    uint64_t check;         // XXH3 of all that follows the header
    uint64_t n_documents, n_chunks, n_headings, n_strings;
} Header;

static bool take_array(Str bytes, size_t *at, uint64_t n, size_t size, const void **out)
{
    if (n > (bytes.len - *at) / size) return false;
    *out = bytes.ptr + *at;
    *at += (size_t)n * size;
    return true;
}

static bool in_range(uint64_t first, uint64_t n, uint64_t all) { return first <= all && n <= all - first; }

// Offsets that lead out of the file would only come from a fault of confab's own, as the checksum
// holds; looking is cheap all the same.
static bool is_sound(const StoreIndex *x)
{
    for (size_t i = 0; i < x->n_documents; i++) {
        const StoredDocument *d = &x->documents[i];
        if (!in_range(d->file.at, d->file.len, x->n_strings) || !in_range(d->fault.at, d->fault.len, x->n_strings) ||
            !in_range(d->hint.at, d->hint.len, x->n_strings) || !in_range(d->first_chunk, d->n_chunks, x->n_chunks) ||
            !in_range(d->first_heading, d->n_headings, x->n_headings))
            return false;
        for (uint64_t k = d->first_chunk; k < d->first_chunk + d->n_chunks; k++) {
            const StoredChunk *c = &x->chunks[k];
            if (c->start >= c->end || c->end > d->text_len || c->heading > d->n_headings) return false;
        }
        for (uint64_t k = d->first_heading; k < d->first_heading + d->n_headings; k++)
            if (x->headings[k].parent > k - d->first_heading || !in_range(x->headings[k].text.at, x->headings[k].text.len, x->n_strings)) return false;
    }
    return true;
}

static bool parse(StoreIndex *x, Str bytes)
{
    Header h;
    if (bytes.len < sizeof h) return false;
    memcpy(&h, bytes.ptr, sizeof h);
    if (memcmp(h.magic, "confabK", 8) != 0 || h.version != STORE_VERSION || h.order != 0x01020304) return false;
    if (hash64(str_slice(bytes, sizeof h, bytes.len), STORE_VERSION) != h.check) return false;
    size_t at = sizeof h;
    const void *documents, *chunks, *headings, *strings;
    if (!take_array(bytes, &at, h.n_documents, sizeof *x->documents, &documents) || !take_array(bytes, &at, h.n_chunks, sizeof *x->chunks, &chunks) ||
        !take_array(bytes, &at, h.n_headings, sizeof *x->headings, &headings) || !take_array(bytes, &at, h.n_strings, 1, &strings) || at != bytes.len)
        return false;
    // All three are multiples of 8 bytes, and the arena aligns the whole.
    *x = (StoreIndex){.documents = (StoredDocument *)(uintptr_t)documents, .chunks = (StoredChunk *)(uintptr_t)chunks,
                      .headings = (StoredHeading *)(uintptr_t)headings, .strings = strings, .n_documents = (size_t)h.n_documents,
                      .n_chunks = (size_t)h.n_chunks, .n_headings = (size_t)h.n_headings, .n_strings = (size_t)h.n_strings};
    return is_sound(x);
}

static void make_slots(StoreIndex *x, Arena *a)
{
    for (x->n_slots = 16; x->n_slots < 2 * x->n_documents;) x->n_slots *= 2;
    x->slots = arena_new(a, uint32_t, x->n_slots);
    for (size_t i = 0; i < x->n_documents; i++) {
        size_t slot = hash64(store_text(x, x->documents[i].file), 0) & (x->n_slots - 1);
        while (x->slots[slot]) slot = (slot + 1) & (x->n_slots - 1);
        x->slots[slot] = (uint32_t)i + 1;
    }
}

void store_load(StoreIndex *index, Str project, Arena *a)
{
    *index = (StoreIndex){0};
    Str path = path_join(a, project, S(FOLDER "/index")), bytes;
    if (!file_exists(path.ptr) || !file_read(path.ptr, INDEX_MAX, a, &bytes, NULL, NULL) || !parse(index, bytes)) *index = (StoreIndex){0};
    make_slots(index, a);
}

const StoredDocument *store_find(const StoreIndex *x, const FileEntry *file)
{
    if (x->n_documents == 0) return NULL;
    for (size_t slot = hash64(file->path, 0) & (x->n_slots - 1); x->slots[slot]; slot = (slot + 1) & (x->n_slots - 1)) {
        const StoredDocument *d = &x->documents[x->slots[slot] - 1];
        if (!str_eq(store_text(x, d->file), file->path)) continue;
        return d->size == file->size && d->mtime_ns == file->mtime_ns ? d : NULL;
    }
    return NULL;
}

// Not synced, unlike file_write_whole: what a power cut takes is made again, and the checksum and
// the lengths tell.
static bool write_quickly(const char *path, const char *hidden, Str text)
{
    int fd = open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return false;
    bool ok = true;
    while (ok && text.len) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR) continue;
        ok = n > 0;
        if (ok) text = str_slice(text, (size_t)n, text.len);
    }
    ok = close(fd) == 0 && ok && rename(hidden, path) == 0;
    if (!ok) unlink(hidden);
    return ok;
}

bool store_save(const StoreIndex *x, Str project, Arena *scratch)
{
    Str folder = path_join(scratch, project, S(FOLDER));
    Header h = {.magic = "confabK", .version = STORE_VERSION, .order = 0x01020304, .n_documents = x->n_documents,
                .n_chunks = x->n_chunks, .n_headings = x->n_headings, .n_strings = x->n_strings};
    Buf b = {0};
    buf_add(&b, (Str){(const char *)&h, sizeof h});
    buf_add(&b, (Str){(const char *)x->documents, x->n_documents * sizeof *x->documents});
    buf_add(&b, (Str){(const char *)x->chunks, x->n_chunks * sizeof *x->chunks});
    buf_add(&b, (Str){(const char *)x->headings, x->n_headings * sizeof *x->headings});
    buf_add(&b, (Str){x->strings, x->n_strings});
    h.check = hash64(str_slice(buf_str(&b), sizeof h, b.len), STORE_VERSION);
    memcpy(b.ptr, &h, sizeof h);
    Str path = path_join(scratch, folder, S("index"));
    Str hidden = arena_printf(scratch, "%.*s.%ld.part", STR_ARG(path), (long)getpid());
    bool ok = file_make_folders(folder.ptr, NULL) && write_quickly(path.ptr, hidden.ptr, buf_str(&b));
    buf_free(&b);
    return ok;
}

Str store_text_path(Str project, Sha256 sha, uint32_t version, Arena *a)
{
    Str hex = hash_hex(a, sha.bytes, sizeof sha.bytes);
    return arena_printf(a, "%.*s/" FOLDER "/text-%.*s-%u", STR_ARG(project), STR_ARG(hex), version);
}

bool store_put_text(Str path, Str text)
{
    Arena scratch = {0};
    Str hidden = arena_printf(&scratch, "%.*s.%ld.part", STR_ARG(path), (long)getpid());
    // The folder is there for all texts but the first.
    bool ok = write_quickly(path.ptr, hidden.ptr, text) ||
              (errno == ENOENT && file_make_folders(arena_cstr(&scratch, path_folder(path)), NULL) && write_quickly(path.ptr, hidden.ptr, text));
    arena_free(&scratch);
    return ok;
}

static int by_text(const void *a, const void *b) { return str_cmp(*(const Str *)a, *(const Str *)b); }

void store_clean(Str project, Str *kept, size_t n, Arena *scratch)
{
    FileEntry *files;
    size_t n_files;
    Str folder = path_join(scratch, project, S(FOLDER));
    if (n) qsort(kept, n, sizeof *kept, by_text);
    if (!path_list(folder.ptr, 1, scratch, &files, &n_files, NULL)) return;
    for (size_t i = 0; i < n_files; i++) {
        if (!str_starts(files[i].path, S("text-"))) continue;
        Str path = path_join(scratch, folder, files[i].path);
        if (n == 0 || !bsearch(&path, kept, n, sizeof *kept, by_text)) unlink(path.ptr);
    }
}
