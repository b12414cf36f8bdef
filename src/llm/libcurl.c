// SPDX-License-Identifier: Apache-2.0
#include "llm/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>

// The name has been the same since libcurl 7.16.
#define LIBRARY "libcurl.so.4"

Libcurl libcurl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[256];  // what the loader said; empty: all is there

static void *find(void *library, const char *name)
{
    void *function = dlsym(library, name);
    if (!function && !missing[0]) snprintf(missing, sizeof missing, "it has no %s", name);
    return function;
}

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *said = dlerror();
        snprintf(missing, sizeof missing, "%s", said ? said : "no reason is given");
        return;
    }
    // POSIX lets a function's address pass through void *; ISO C has no way to say it.
#define X(name) __extension__(libcurl.name = (__typeof__(libcurl.name))find(library, "curl_" #name));
    LIBCURL_FUNCTIONS(X)
#undef X
}

bool libcurl_load(Error *e)
{
    pthread_once(&once, load);
    if (!missing[0]) return true;
    error_set(e, ERROR_INTERNAL, "curl", "%s cannot be loaded: %s", LIBRARY, missing);
    return error_hint(e, "install libcurl 7.80 or newer (Debian: libcurl4)");
}
