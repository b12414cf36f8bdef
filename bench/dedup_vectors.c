// SPDX-License-Identifier: Apache-2.0
//
// dedup_vectors FILE DIMENSIONS THRESHOLD MODE: goes over vectors (floats in FILE, one behind the other) as `confab dedup
// --semantic` does: each is looked up among those kept so far, and kept when none is near. Prints a line "ROW KEPT" for each
// dropped one, and on standard error the seconds. bench/dedup_vectors.py builds and runs it.
//
//   exact   one look after the other, all compared       together  512 at a time, all compared
//   graph   the graph from the first vector on           file      together, all vectors in a file
//   online  as a run does it: exact to 100,000, then the graph
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "dedup/vectors.h"

enum { TOGETHER = 512 };

static double seconds(Nanos since) { return (double)(clock_now(&system_clock) - since) / NANOS_PER_SECOND; }

int main(int argc, char **argv)
{
    uint64_t dimensions;
    double threshold, worst = 0;
    struct stat st;
    if (argc < 5 || !str_to_u64(str_from(argv[2]), &dimensions) || !str_to_double(str_from(argv[3]), &threshold)) return 2;
    int fd = open(argv[1], O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0) return 2;
    const float *all = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    size_t n = (size_t)st.st_size / sizeof *all / dimensions;
    const char *mode = argv[4];
    bool file = strcmp(mode, "file") == 0, together = file || strcmp(mode, "together") == 0;
    Vectors *v = vectors_new(&(VectorsOptions){
        .dimensions = dimensions, .threshold = threshold, .memory = file,
        .exact = strcmp(mode, "graph") == 0 ? 2 : strcmp(mode, "online") == 0 ? 0 : VECTORS_ALWAYS});
    Nanos began = clock_now(&system_clock);
    for (size_t i = 0; i < n; i++) {
        SeenMatch match;
        Error e;
        Nanos start = clock_now(&system_clock);
        if (together && i % TOGETHER == 0) vectors_ahead(v, all + i * dimensions, n - i < TOGETHER ? n - i : TOGETHER);
        bool near = together ? vectors_look_ahead(v, i % TOGETHER, &match) : vectors_look(v, all + i * dimensions, &match);
        if (near) printf("%zu %llu\n", i, (unsigned long long)match.id);
        else if (!vectors_add(v, i, &e)) return 1;
        double took = seconds(start);
        if (took > worst) worst = took;
    }
    fprintf(stderr, "%.2f s, worst %.1f ms, %zu MB of vectors and links\n", seconds(began), 1e3 * worst, vectors_bytes(v) >> 20);
    vectors_free(v);
    return 0;
}
