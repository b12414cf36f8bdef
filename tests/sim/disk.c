// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include <sqlite3.h>

#include "base/arena.h"

enum { SECTOR = 512, FILES = 8, REGIONS = 64 };

// A file. Its buffers are kept from one disk to the next; what lies beyond the lengths is stale.
typedef struct Content {
    char name[128];        // empty: free
    char *cache;           // what programs see
    char *old;             // of a dirty sector: what is on the disk
    size_t size, on_disk;  // lengths: seen, on the disk
    size_t cap;            // of both buffers
    unsigned char *dirty;  // a flag a sector: written since the last sync
    size_t *changed;       // … and which those are, in the order of their first write
    size_t n_changed;
    void *regions[REGIONS];  // shared memory of the WAL index
} Content;

struct Disk {
    Content files[FILES];
    Random random;
    uint64_t operations, fail_at;
    bool full, failed;
    bool small_pages;
};

typedef struct Handle {
    sqlite3_file base;
    Content *content;
} Handle;

static Disk *the_disk;  // SQLite finds a VFS by name only

// ---- contents -----------------------------------------------------------------------------------

static Content *find(const char *name, bool make)
{
    Content *free_one = NULL;
    for (size_t i = 0; i < FILES; i++) {
        Content *c = &the_disk->files[i];
        if (c->name[0] && strcmp(c->name, name) == 0) return c;
        if (!c->name[0] && !free_one) free_one = c;
    }
    if (make && free_one) snprintf(free_one->name, sizeof free_one->name, "%s", name);
    return make ? free_one : NULL;
}

static void forget_regions(Content *c)
{
    for (size_t i = 0; i < REGIONS; i++) free(c->regions[i]);
    memset(c->regions, 0, sizeof c->regions);
}

static void clean(Content *c)
{
    for (size_t i = 0; i < c->n_changed; i++) c->dirty[c->changed[i]] = 0;
    c->n_changed = 0;
}

static void drop(Content *c)
{
    forget_regions(c);
    clean(c);
    c->size = c->on_disk = 0;
    c->name[0] = 0;
}

static void grow(Content *c, size_t size)
{
    if (size <= c->cap) return;
    size_t cap = c->cap ? c->cap : 1 << 16;
    while (cap < size) cap *= 2;
    c->cache = mem_realloc(c->cache, cap);
    c->old = mem_realloc(c->old, cap);
    c->dirty = mem_realloc(c->dirty, cap / SECTOR);
    c->changed = mem_realloc(c->changed, cap / SECTOR * sizeof *c->changed);
    memset(c->dirty + c->cap / SECTOR, 0, (cap - c->cap) / SECTOR);
    c->cap = cap;
}

static void soil(Content *c, size_t s)
{
    if (c->dirty[s]) return;
    c->dirty[s] = 1;
    c->changed[c->n_changed++] = s;
    if (s * SECTOR < c->on_disk) memcpy(c->old + s * SECTOR, c->cache + s * SECTOR, SECTOR);
}

static void put_bytes(Content *c, size_t from, const void *bytes, size_t len)
{
    grow(c, from + len);
    size_t hole = from > c->size ? c->size : from;  // what lies between reads as zeros
    for (size_t s = hole / SECTOR; s <= (from + len - 1) / SECTOR; s++) soil(c, s);
    memset(c->cache + hole, 0, from - hole);
    memcpy(c->cache + from, bytes, len);
    if (from + len > c->size) c->size = from + len;
}

// Whether this operation fails.
static bool faulty(void)
{
    the_disk->operations++;
    if (the_disk->fail_at && the_disk->operations >= the_disk->fail_at) the_disk->failed = true;
    return the_disk->failed;
}

// ---- a file's methods ---------------------------------------------------------------------------

static Content *content_of(sqlite3_file *f) { return ((Handle *)f)->content; }

static int sim_close(sqlite3_file *f)
{
    (void)f;
    return SQLITE_OK;
}

static int sim_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    Content *c = content_of(f);
    size_t from = (size_t)at, wanted = (size_t)n;
    size_t there = from < c->size ? c->size - from : 0;
    if (there > wanted) there = wanted;
    if (there) memcpy(to, c->cache + from, there);
    if (there == wanted) return SQLITE_OK;
    memset((char *)to + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int sim_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
    Content *c = content_of(f);
    size_t from = (size_t)at, len = (size_t)n;
    bool fails = faulty();
    if (fails) len = (size_t)random_below(&the_disk->random, len + 1);  // a write that fails may have written some
    if (len) put_bytes(c, from, bytes, len);
    if (!fails) return SQLITE_OK;
    return the_disk->full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int sim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    Content *c = content_of(f);
    if ((size_t)size < c->size) c->size = (size_t)size;
    return SQLITE_OK;
}

static int sim_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    Content *c = content_of(f);
    if (faulty()) return SQLITE_IOERR_FSYNC;
    clean(c);
    c->on_disk = c->size;
    return SQLITE_OK;
}

static int sim_size(sqlite3_file *f, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)content_of(f)->size;
    return SQLITE_OK;
}

// One connection in one process: nobody else could hold a lock.
static int sim_lock(sqlite3_file *f, int lock)
{
    (void)f, (void)lock;
    return SQLITE_OK;
}

static int sim_reserved(sqlite3_file *f, int *out)
{
    (void)f;
    *out = 0;
    return SQLITE_OK;
}

// Most disks keep SQLite's own page size, whatever the journal asks for: a quarter of the bytes, for as
// many kinds of torn writes.
static int sim_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    const char *const *pragma = arg;
    if (op != SQLITE_FCNTL_PRAGMA || !the_disk->small_pages) return SQLITE_NOTFOUND;
    return strcmp(pragma[1], "page_size") == 0 ? SQLITE_OK : SQLITE_NOTFOUND;
}

static int sim_sector_size(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int sim_characteristics(sqlite3_file *f)
{
    (void)f;
    return 0;
}

static int shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
    Content *c = content_of(f);
    if (region >= REGIONS) return SQLITE_IOERR_SHMMAP;
    if (!c->regions[region] && extend) {
        c->regions[region] = mem_alloc((size_t)size);
        memset(c->regions[region], 0, (size_t)size);
    }
    *out = c->regions[region];
    return SQLITE_OK;
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    (void)f, (void)offset, (void)n, (void)flags;
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *f) { (void)f; }

static int shm_unmap(sqlite3_file *f, int delete)
{
    (void)delete;
    forget_regions(content_of(f));
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = sim_close, .xRead = sim_read, .xWrite = sim_write, .xTruncate = sim_truncate, .xSync = sim_sync,
    .xFileSize = sim_size, .xLock = sim_lock, .xUnlock = sim_lock, .xCheckReservedLock = sim_reserved,
    .xFileControl = sim_control, .xSectorSize = sim_sector_size, .xDeviceCharacteristics = sim_characteristics,
    .xShmMap = shm_map, .xShmLock = shm_lock, .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap,
};

// ---- the VFS ------------------------------------------------------------------------------------

static int sim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    f->pMethods = NULL;
    if (flags & SQLITE_OPEN_EXCLUSIVE && name && find(name, false)) return SQLITE_CANTOPEN;
    Content *c = find(name ? name : "temporary", (flags & SQLITE_OPEN_CREATE) != 0);
    if (!c) return SQLITE_CANTOPEN;
    ((Handle *)f)->content = c;
    f->pMethods = &methods;
    if (out) *out = flags;
    return SQLITE_OK;
}

static int sim_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)sync;
    Content *c = find(name, false);
    if (!c) return SQLITE_IOERR_DELETE_NOENT;
    drop(c);
    return SQLITE_OK;
}

static int sim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)flags;
    Content *c = find(name, false);
    *out = c && (c->size || flags != SQLITE_ACCESS_EXISTS);
    return SQLITE_OK;
}

static int sim_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static int sim_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    for (int i = 0; i < n; i++) out[i] = (char)random_next(&the_disk->random);
    return n;
}

static int sim_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int sim_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = INT64_C(212345678900000);
    return SQLITE_OK;
}

static int sim_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    if (n > 0) out[0] = 0;
    return 0;
}

static sqlite3_vfs vfs = {
    .iVersion = 2, .szOsFile = sizeof(Handle), .mxPathname = 120, .zName = "sim",
    .xOpen = sim_open, .xDelete = sim_delete, .xAccess = sim_access, .xFullPathname = sim_path,
    .xRandomness = sim_randomness, .xSleep = sim_sleep, .xCurrentTimeInt64 = sim_time, .xGetLastError = sim_error,
};

// ---- the disk -----------------------------------------------------------------------------------

Disk *disk_new(uint64_t seed)
{
    sqlite3_vfs_register(&vfs, 0);
    the_disk = mem_alloc(sizeof *the_disk);
    *the_disk = (Disk){.random = random_from(seed)};
    return the_disk;
}

void disk_reset(Disk *d, uint64_t seed)
{
    for (size_t i = 0; i < FILES; i++) drop(&d->files[i]);
    d->random = random_from(seed);
    d->operations = d->fail_at = 0;
    d->full = d->failed = false;
    d->small_pages = random_unit(&d->random) < 0.9;
}

void disk_free(Disk *d)
{
    for (size_t i = 0; i < FILES; i++) {
        Content *c = &d->files[i];
        drop(c);
        free(c->cache);
        free(c->old);
        free(c->dirty);
        free(c->changed);
    }
    free(d);
    the_disk = NULL;
}

void disk_fail_after(Disk *d, uint64_t n, bool full)
{
    d->fail_at = n ? d->operations + n : 0;
    d->full = full;
}

void disk_mend(Disk *d)
{
    d->failed = false;
    d->fail_at = 0;
}

bool disk_has_failed(const Disk *d) { return d->failed; }

uint64_t disk_operations(const Disk *d) { return d->operations; }

// The sector as it was at the last sync; what of it was not on the disk then is zeros.
static void lose_sector(Content *c, size_t s)
{
    size_t from = s * SECTOR, kept = c->on_disk > from ? c->on_disk - from : 0;
    if (kept > SECTOR) kept = SECTOR;
    memcpy(c->cache + from, c->old + from, kept);
    memset(c->cache + from + kept, 0, SECTOR - kept);
}

static void lose(Disk *d, Content *c)
{
    forget_regions(c);
    for (size_t i = 0; i < c->n_changed; i++)
        if (random_next(&d->random) & 1) lose_sector(c, c->changed[i]);
    clean(c);
    // The length is a fact of the file system's own journal: the old or the new one.
    if (random_next(&d->random) & 1) c->on_disk = c->size;
    c->size = c->on_disk;
}

void disk_lose_power(Disk *d)
{
    for (size_t i = 0; i < FILES; i++)
        if (d->files[i].name[0]) lose(d, &d->files[i]);
}
