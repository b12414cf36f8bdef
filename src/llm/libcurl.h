// SPDX-License-Identifier: Apache-2.0
//
// libcurl, loaded when the first transport opens and not when the program starts. It brings some 25 libraries
// with it (TLS, LDAP, Kerberos, SSH), which take as long to load as all the others together, and most
// commands send nothing.
//
// curl_easy_init() is written libcurl.easy_init().
#ifndef CONFAB_LLM_LIBCURL_H
#define CONFAB_LLM_LIBCURL_H

#include <curl/curl.h>

#include "base/error.h"

#define LIBCURL_FUNCTIONS(X)                                                                                             \
    X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_setopt) X(easy_strerror) X(global_cleanup) X(global_init)        \
    X(multi_add_handle) X(multi_assign) X(multi_cleanup) X(multi_info_read) X(multi_init) X(multi_perform)               \
    X(multi_remove_handle) X(multi_setopt) X(multi_socket_action) X(share_cleanup) X(share_init) X(share_setopt)         \
    X(slist_append) X(slist_free_all) X(version_info)

// libcurl's header checks options' types by macros of these names.
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt
#undef curl_share_setopt

typedef struct Libcurl {
#define X(name) __typeof__(curl_##name) *name;
    LIBCURL_FUNCTIONS(X)
#undef X
} Libcurl;

extern Libcurl libcurl;

// Any thread, any number of times; the library stays. False with ERROR_INTERNAL: this machine has none, or one
// that lacks a function.
bool libcurl_load(Error *e);

#endif
