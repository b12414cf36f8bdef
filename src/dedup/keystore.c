// SPDX-License-Identifier: Apache-2.0
#include "dedup/keystore.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK_KEYS = 1 << 18 };  // of a block, 1 MiB; a text that has more gets a block of its own

void keystore_init(KeyStore *s, size_t memory, const char *folder)
{
    *s = (KeyStore){.memory = memory, .folder = folder, .file = -1};
}

void keystore_free(KeyStore *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->blocks[i].mapped)
            munmap(s->blocks[i].keys, s->blocks[i].mapped);
        else
            free(s->blocks[i].keys);
    }
    if (s->file >= 0) close(s->file);
    free(s->blocks);
    keystore_init(s, s->memory, s->folder);
}

static int open_unnamed(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    if (snprintf(path, sizeof path, "%s/confab-XXXXXX", folder) >= (int)sizeof path) return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

int keystore_unnamed(const char *folder, Error *e)
{
    if (!folder) folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/tmp";
    int fd = open_unnamed(folder);
    if (fd < 0) error_errno(e, "write in", folder);
    return fd;
}

static bool map_block(KeyStore *s, size_t bytes, KeyBlock *out, Error *e)
{
    if (s->file < 0) s->file = keystore_unnamed(s->folder, e);
    if (s->file < 0) return false;
    int code = posix_fallocate(s->file, (off_t)s->file_size, (off_t)bytes);
    if (code) return error_set(e, ERROR_FILE, "file", "cannot write shingles to a file: %s", strerror(code));
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->file, (off_t)s->file_size);
    if (p == MAP_FAILED) return error_errno(e, "map a file of", "shingles");
    *out = (KeyBlock){p, bytes};
    s->file_size += bytes;
    return true;
}

void keystore_rest(const KeyStore *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->blocks[i].mapped) madvise(s->blocks[i].keys, s->blocks[i].mapped, MADV_DONTNEED);
}

static bool add_block(KeyStore *s, size_t keys, Error *e)
{
    // The block before is full, and is looked at again only where a text may be a duplicate.
    if (s->n && s->blocks[s->n - 1].mapped) madvise(s->blocks[s->n - 1].keys, s->blocks[s->n - 1].mapped, MADV_DONTNEED);
    KeyBlock block = {0};
    size_t bytes = keys * sizeof(uint32_t);
    // A mapping begins at a page of the file.
    if (s->memory && s->in_memory + bytes > s->memory) {
        if (!map_block(s, (bytes + 65535) / 65536 * 65536, &block, e)) return false;
    } else {
        block.keys = mem_alloc(bytes);
        s->in_memory += bytes;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->blocks = mem_realloc(s->blocks, s->cap * sizeof *s->blocks);
    }
    s->blocks[s->n++] = block;
    s->used = 0;
    s->room = keys;
    return true;
}

uint32_t *keystore_add(KeyStore *s, size_t n, KeyPlace *place, Error *e)
{
    if ((s->n == 0 || s->room - s->used < n) && !add_block(s, n > BLOCK_KEYS ? n : BLOCK_KEYS, e)) return NULL;
    *place = (KeyPlace){(uint32_t)(s->n - 1), (uint32_t)s->used};
    s->used += n;
    return s->blocks[place->block].keys + place->from;
}
