// SPDX-License-Identifier: Apache-2.0
#include "cli/access.h"

#include <limits.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"

typedef struct Key {
    Str text;
    OptionId from;       // OPTION_KEY or OPTION_KEY_FILE
    bool of_project;     // the project itself brought it
} Key;

static bool check_address_given(const Settings *s, Arena *a, Error *e);
static bool read_key(const Settings *s, Arena *a, Key *key, Problems *problems, Error *e);
static bool check_trust(const Settings *s, const Key *key, Arena *a, Error *e);

bool access_resolve(const Settings *s, Arena *a, Access *out, Problems *problems, Error *e)
{
    *out = (Access){.url = settings_str(s, OPTION_ENDPOINT),
                    .model = settings_str(s, OPTION_MODEL),
                    .api = settings_str(s, OPTION_API)};
    if (!out->url.ptr) return check_address_given(s, a, e);
    Key key = {0};
    if (!read_key(s, a, &key, problems, e) || !check_trust(s, &key, a, e)) return false;
    out->key = key.text;
    return true;
}

static bool check_address_given(const Settings *s, Arena *a, Error *e)
{
    static const OptionId needs_address[] = {OPTION_MODEL, OPTION_KEY, OPTION_KEY_FILE};
    for (size_t i = 0; i < sizeof needs_address / sizeof *needs_address; i++) {
        OptionId id = needs_address[i];
        if (!settings_has(s, id)) continue;
        Str place = setting_place(s, id, a);
        error_set(e, ERROR_USAGE, "address", "%.*s is set, but LLM_API_URL is not", STR_ARG(place));
        return error_hint(e, "set LLM_API_URL to the server's address, or unset %s to use the embedded model",
                          option_table[id].variable);
    }
    return true;
}

// A relative name is looked for where it was written: beside the .env or the config, else here.
static Str key_file_path(const Settings *s, Arena *a)
{
    const Setting *file = &s->items[OPTION_KEY_FILE];
    if (file->value.ptr[0] == '/') return arena_str(a, file->value);
    if (file->origin == FROM_PROJECT) return path_join(a, s->project_folder, file->value);
    if (file->origin == FROM_USER) return path_join(a, path_folder(s->user_file), file->value);
    return arena_str(a, file->value);
}

static bool is_inside(const char *path, const char *folder)
{
    char real_path[PATH_MAX], real_folder[PATH_MAX];
    if (!realpath(path, real_path) || !realpath(folder, real_folder)) return false;
    Str inner = str_from(real_path), outer = str_from(real_folder);
    return str_starts(inner, outer) && inner.len > outer.len && inner.ptr[outer.len] == '/';
}

static void warn_of_readers(const char *path, Problems *problems)
{
    struct stat st;
    if (stat(path, &st) < 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
    Error *w = problems_new(problems, true, ERROR_USAGE, "key", "others may read the key file (mode %03o)",
                            (unsigned)(st.st_mode & 0777));
    error_at_file(w, str_from(path));
    error_hint(w, "chmod 600 %s", path);
}

static bool read_key_file(const Settings *s, Arena *a, Key *key, Problems *problems, Error *e)
{
    Str path = key_file_path(s, a);
    if (!file_read(path.ptr, ACCESS_KEY_MAX, a, &key->text, NULL, e)) {
        if (e) e->kind = ERROR_USAGE;
        return error_hint(e, "LLM_API_KEY_FILE names the file that holds the key");
    }
    warn_of_readers(path.ptr, problems);
    key->text = str_trim(key->text);
    key->of_project = s->project_folder.ptr && is_inside(path.ptr, s->project_folder.ptr);
    return true;
}

static bool check_form(const Settings *s, const Key *key, Arena *a, Error *e)
{
    bool good = key->text.len > 0;
    for (size_t i = 0; i < key->text.len; i++) good = good && key->text.ptr[i] > ' ' && key->text.ptr[i] < 0x7F;
    if (good) return true;
    Str place = setting_place(s, key->from, a);
    error_set(e, ERROR_USAGE, "key", "%.*s holds no key: it must be one line of letters, digits and signs, without spaces",
              STR_ARG(place));
    return error_hint(e, "copy the key again, without quotes, spaces or line breaks");
}

static bool read_key(const Settings *s, Arena *a, Key *key, Problems *problems, Error *e)
{
    const Setting *text = &s->items[OPTION_KEY], *file = &s->items[OPTION_KEY_FILE];
    if (!text->value.ptr && !file->value.ptr) return true;
    if (text->value.ptr && file->value.ptr && text->origin == file->origin) {
        error_set(e, ERROR_USAGE, "key", "LLM_API_KEY and LLM_API_KEY_FILE are both set in the same place (%s)",
                  setting_origin_name(text->origin));
        return error_hint(e, "keep one of them");
    }
    if (text->origin > file->origin) {
        *key = (Key){.text = text->value, .from = OPTION_KEY, .of_project = text->origin == FROM_PROJECT};
        if (text->origin == FROM_USER) warn_of_readers(s->user_file.ptr, problems);
    } else {
        key->from = OPTION_KEY_FILE;
        if (!read_key_file(s, a, key, problems, e)) return false;
    }
    return check_form(s, key, a, e);
}

static bool check_trust(const Settings *s, const Key *key, Arena *a, Error *e)
{
    const Setting *url = &s->items[OPTION_ENDPOINT];
    if (!key->text.ptr || key->of_project || url->origin != FROM_PROJECT || settings_on(s, OPTION_TRUST_PROJECT))
        return true;
    Str shown = access_mask_url(url->value, a);
    error_set(e, ERROR_USAGE, "trust", "the project's .env would send your key (from %.*s) to %.*s",
              STR_ARG(setting_place(s, key->from, a)), STR_ARG(shown));
    error_at_file(e, url->file);
    if (e) e->place.line = url->line;
    return error_hint(e, "unset the key, put the project's own key into its .env, or say --trust-project");
}

static void mask_one_key(Str key, Buf *out)
{
    enum { LONG = 20, SHOWN = 4 };
    if (key.len >= LONG && str_starts(key, S("sk-"))) buf_add(out, S("sk-"));
    if (key.len) buf_add(out, S("…"));
    if (key.len >= LONG) buf_add(out, str_slice(key, key.len - SHOWN, key.len));
}

static Str mask_list(Str list, void (*mask_one)(Str, Buf *), Arena *a)
{
    Buf out = {0};
    Str one;
    for (bool first = true; str_cut(&list, ',', &one); first = false) {
        if (!first) buf_add_char(&out, ',');
        mask_one(one, &out);
    }
    Str masked = arena_str(a, buf_str(&out));
    buf_free(&out);
    return masked;
}

const char *access_ca_file(const Environment *env)
{
    const char *file = environment_get(env, "CURL_CA_BUNDLE");
    if (!file || !file[0]) file = environment_get(env, "SSL_CERT_FILE");
    return file && file[0] ? file : NULL;
}

Str access_mask_key(Str key, Arena *a)
{
    return mask_list(key, mask_one_key, a);
}

// Names of the query stay, so that ?api-version=… can be told from ?key=….
static void mask_query(Str query, Buf *out)
{
    Str pair;
    buf_add_char(out, '?');
    for (bool first = true; str_cut(&query, '&', &pair); first = false) {
        size_t equals = str_find_char(pair, '=');
        if (!first) buf_add_char(out, '&');
        if (equals != STR_NONE) buf_add(out, str_slice(pair, 0, equals + 1));
        buf_add(out, S("…"));
    }
}

static void mask_one_url(Str url, Buf *out)
{
    size_t scheme = str_find(url, S("://"));
    size_t from = scheme == STR_NONE ? 0 : scheme + 3;
    buf_add(out, str_slice(url, 0, from));
    Str rest = str_slice(url, from, url.len);
    size_t slash = 0;
    while (slash < rest.len && rest.ptr[slash] != '/' && rest.ptr[slash] != '?' && rest.ptr[slash] != '#') slash++;
    size_t at = str_rfind_char(str_slice(rest, 0, slash), '@');
    if (at != STR_NONE) {
        buf_add(out, S("…@"));
        rest = str_slice(rest, at + 1, rest.len);
    }
    size_t fragment = str_find_char(rest, '#');
    Str place = str_slice(rest, 0, fragment), query = place;
    str_cut(&query, '?', &place);
    buf_add(out, place);
    if (query.ptr) mask_query(query, out);
    // Behind the '#' are settings for confab itself, none of them a secret.
    if (fragment != STR_NONE) buf_add(out, str_slice(rest, fragment, rest.len));
}

Str access_mask_url(Str url, Arena *a)
{
    return mask_list(url, mask_one_url, a);
}

Str access_shown(const Settings *s, OptionId id, Arena *a)
{
    Str value = settings_str(s, id);
    if (!value.ptr) return value;
    if (option_table[id].type == ARG_SECRET) return access_mask_key(value, a);
    if (option_table[id].type == ARG_URL) return access_mask_url(value, a);
    return value;
}

Str access_origin(const Setting *setting, Arena *a)
{
    const char *name = setting_origin_name(setting->origin);
    if (!setting->line) return str_from(name);
    return arena_printf(a, "%s (%.*s:%u)", name, STR_ARG(setting->file), setting->line);
}
