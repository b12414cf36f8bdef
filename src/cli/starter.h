// SPDX-License-Identifier: Apache-2.0
//
// The project that `confab init` begins from, inside the program so that it works anywhere: the
// files of projects/coffee-support, turned into C by src/cli/embed.cmake when confab is built.
#ifndef CONFAB_CLI_STARTER_H
#define CONFAB_CLI_STARTER_H

#include <stddef.h>

typedef struct StarterFile {
    const char *path;            // relative to the project
    const unsigned char *bytes;
    size_t size;
} StarterFile;

extern const char starter_name[];
extern const StarterFile starter_files[];
extern const size_t n_starter_files;

#endif
