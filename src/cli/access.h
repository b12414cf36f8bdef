// SPDX-License-Identifier: Apache-2.0
//
// Which model is asked, at which address, with which key: the rules that keep a key where it
// belongs, over the settings. Nothing here talks to a network.
//
// - Without an address the embedded model serves. A key or a model's name without an address is an
//   error, so that a misspelt LLM_API_URL never passes a tiny model off as a paid one.
// - A key from outside the project (environment, user config, a file elsewhere) never goes to an
//   address that the project's .env names, unless the person says --trust-project.
// - A key is one line of visible ASCII: anything else could forge a header of a request.
// - A key is shown masked or not at all, and so is what an address carries besides its place.
#ifndef CONFAB_CLI_ACCESS_H
#define CONFAB_CLI_ACCESS_H

#include "cli/settings.h"

typedef struct Access {
    Str url;    // one or more, joined by commas; absent: the embedded model
    Str key;    // absent: none
    Str model;  // absent: the only one that the server lists
    Str api;    // "auto" or an adapter's name
} Access;

enum { ACCESS_KEY_MAX = 16 << 10 };  // bytes of a key file; the longest tokens are a few kilobytes

// Everything in the arena. A key file that others may read gives a warning.
bool access_resolve(const Settings *s, Arena *a, Access *out, Problems *problems, Error *e);

// The file of certificates that CURL_CA_BUNDLE or SSL_CERT_FILE names, as curl reads them; NULL: the
// system's. libcurl by itself heeds neither.
const char *access_ca_file(const Environment *env);

// "sk-…1234" of a long key, "…" of a short one; several are joined by commas.
Str access_mask_key(Str key, Arena *a);
// The address without user, password and the values of its query.
Str access_mask_url(Str url, Arena *a);
// The value of an option as it may be shown.
Str access_shown(const Settings *s, OptionId id, Arena *a);
// "environment", "project (.env:3)": where a setting comes from.
Str access_origin(const Setting *setting, Arena *a);

#endif
