// SPDX-License-Identifier: Apache-2.0
#include "llm/endpoint.h"

#include <arpa/inet.h>

#include "llm/vendor.h"

// An address in its parts; slices of what was given, or of the arena.
typedef struct Address {
    Str scheme;     // absent: none was given
    Str host;       // without brackets, lower case
    Str port_text;  // absent: none
    unsigned port;
    Str path;       // "" or begins with '/', no '/' at the end
    Str query;      // absent: none
    Str settings;   // behind '#'; absent: none
    bool ipv6;
} Address;

typedef struct Settings {
    Str api, model;
    double weight;
} Settings;

static bool split_address(Str url, Arena *a, Address *out, Error *e);
static bool read_settings(Str settings, Settings *out, Error *e);
static bool check_query(Str query, Error *e);
static bool check_key(Str *key, Error *e);
static bool choose_adapter(const Address *address, Str api, Endpoint *out, Error *e);
static void build_urls(const Address *address, Arena *a, Endpoint *out);

// The query is left out, for a key may stand in it.
static bool bad(Error *e, const char *what, Str url)
{
    size_t question = str_find_char(url, '?');
    if (question != STR_NONE) url.len = question;
    return error_set(e, ERROR_USAGE, "address", "%s: %.*s", what, STR_ARG(url));
}

bool endpoint_resolve(Str url, Str api, Str key, Str model, Arena *a, Endpoint *out, Error *e)
{
    Address address = {0};
    Settings settings = {.weight = 1};
    *out = (Endpoint){0};
    if (!split_address(str_trim(url), a, &address, e) || !read_settings(address.settings, &settings, e) ||
        !check_query(address.query, e) || !check_key(&key, e))
        return false;
    out->host = arena_str(a, address.host);
    out->loopback = host_is_loopback(out->host);
    out->tls = address.scheme.ptr ? str_eq(address.scheme, S("https")) : !host_is_private(out->host);
    out->port = address.port ? address.port : out->tls ? 443 : 80;
    out->vendor = vendor_of(out->host);
    if (!choose_adapter(&address, settings.api.ptr ? settings.api : api, out, e)) return false;
    build_urls(&address, a, out);
    out->key = key.len ? arena_str(a, key) : (Str){0};
    out->key_header = str_from(out->vendor && out->vendor->key_header ? out->vendor->key_header : out->adapter->key_header);
    Str wanted = str_trim(settings.model.ptr ? settings.model : model);
    if (wanted.len) out->model = arena_str(a, wanted);
    out->weight = settings.weight;
    return true;
}

// ---- several ------------------------------------------------------------------------------------

static size_t count_parts(Str list)
{
    size_t n = 0;
    Str part;
    while (str_cut(&list, ',', &part)) n++;
    return n;
}

bool endpoint_list(Str urls, Str api, Str keys, Str model, Arena *a, Endpoint **out, size_t *n, Error *e)
{
    size_t n_urls = count_parts(urls), n_keys = keys.ptr ? count_parts(keys) : 0;
    *n = 0;
    if (n_urls > ENDPOINTS_MAX) return error_set(e, ERROR_USAGE, "address", "%zu addresses; at most %d", n_urls, ENDPOINTS_MAX);
    if (n_keys > 1 && n_keys != n_urls) {
        error_set(e, ERROR_USAGE, "key", "%zu keys for %zu addresses", n_keys, n_urls);
        return error_hint(e, "give one key for all addresses, or one for each, separated by commas");
    }
    *out = arena_new(a, Endpoint, n_urls ? n_urls : 1);
    Str url, key = keys;
    while (str_cut(&urls, ',', &url)) {
        if (n_keys > 1) str_cut(&keys, ',', &key);
        if (str_trim(url).len == 0 && n_urls > 1) return error_set(e, ERROR_USAGE, "address", "an empty address among %zu", n_urls);
        if (!endpoint_resolve(url, api, key, model, a, &(*out)[*n], e)) return false;
        ++*n;
    }
    return true;
}

// ---- the address --------------------------------------------------------------------------------

static bool has_odd_byte(Str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == 0x7F || memchr("\"<>\\^`{|}", c, 9)) return true;
    }
    return false;
}

static bool cut_scheme(Str *rest, Address *out, Arena *a, Str url, Error *e)
{
    size_t colon = str_find(*rest, S("://"));
    if (colon == STR_NONE) {
        if (str_starts(*rest, S("http:/")) || str_starts(*rest, S("https:/"))) return bad(e, "two slashes belong behind the scheme", url);
        return true;
    }
    Str scheme = str_slice(*rest, 0, colon);
    char *lower = arena_cstr(a, scheme);
    for (size_t i = 0; i < scheme.len; i++) lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] | 32 : lower[i]);
    out->scheme = (Str){lower, scheme.len};
    if (!str_eq(out->scheme, S("http")) && !str_eq(out->scheme, S("https"))) {
        bad(e, "an address begins with http:// or https://", url);
        return false;
    }
    *rest = str_slice(*rest, colon + 3, rest->len);
    return true;
}

static bool cut_port(Str authority, size_t colon, Address *out, Str url, Error *e)
{
    uint64_t port;
    out->port_text = str_slice(authority, colon + 1, authority.len);
    if (!str_to_u64(out->port_text, &port) || port == 0 || port > 65535) return bad(e, "a port is a number from 1 to 65535", url);
    out->port = (unsigned)port;
    return true;
}

static bool read_authority(Str authority, Arena *a, Address *out, Str url, Error *e)
{
    Str host = authority;
    if (str_starts(authority, S("["))) {
        size_t end = str_find_char(authority, ']');
        if (end == STR_NONE) return bad(e, "the bracket of an IPv6 address is not closed", url);
        host = str_slice(authority, 1, end);
        out->ipv6 = true;
        Str rest = str_slice(authority, end + 1, authority.len);
        if (rest.len && rest.ptr[0] != ':') return bad(e, "only a port may follow an IPv6 address", url);
        if (rest.len && !cut_port(authority, end + 1, out, url, e)) return false;
    } else {
        size_t colon = str_find_char(authority, ':');
        if (colon != STR_NONE && !cut_port(authority, colon, out, url, e)) return false;
        if (colon != STR_NONE) host = str_slice(authority, 0, colon);
    }
    if (host.len == 0 || host.len > 253) return bad(e, "an address needs a host", url);
    struct in6_addr six;
    char *lower = arena_cstr(a, host);
    for (size_t i = 0; i < host.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z') lower[i] |= 32;
    if (out->ipv6 && inet_pton(AF_INET6, lower, &six) != 1) return bad(e, "not an IPv6 address between the brackets", url);
    out->host = (Str){lower, host.len};
    return true;
}

static bool split_address(Str url, Arena *a, Address *out, Error *e)
{
    if (url.len == 0) {
        error_set(e, ERROR_USAGE, "address", "the address is empty");
        return error_hint(e, "write http://localhost:8000 or https://api.openai.com");
    }
    // A credential must not be repeated in an error, so it is looked for before anything else.
    Str rest = url;
    size_t authority_at = str_find(url, S("://")) == STR_NONE ? 0 : str_find(url, S("://")) + 3;
    size_t slash = authority_at;
    while (slash < url.len && !memchr("/?#", url.ptr[slash], 3)) slash++;
    if (str_contains(str_slice(url, authority_at, slash), S("@"))) {
        error_set(e, ERROR_USAGE, "address", "the address holds a user name or password");
        return error_hint(e, "leave out what stands before the @, and set LLM_API_KEY");
    }
    if (url.len > 2000) return error_set(e, ERROR_USAGE, "address", "an address of %zu bytes", url.len);
    if (has_odd_byte(url)) {
        error_set(e, ERROR_USAGE, "address", "the address holds a space or a character that no address has");
        return error_hint(e, "check LLM_API_URL for quotes, spaces and line breaks");
    }
    if (!cut_scheme(&rest, out, a, url, e)) return false;
    size_t hash = str_find_char(rest, '#');
    if (hash != STR_NONE) {
        out->settings = str_slice(rest, hash + 1, rest.len);
        rest = str_slice(rest, 0, hash);
    }
    size_t question = str_find_char(rest, '?');
    if (question != STR_NONE) {
        out->query = str_slice(rest, question + 1, rest.len);
        rest = str_slice(rest, 0, question);
    }
    size_t path = str_find_char(rest, '/');
    out->path = path == STR_NONE ? S("") : str_slice(rest, path, rest.len);
    while (str_ends(out->path, S("/"))) out->path.len--;
    return read_authority(str_slice(rest, 0, path == STR_NONE ? rest.len : path), a, out, url, e);
}

static bool read_settings(Str settings, Settings *out, Error *e)
{
    Str part;
    while (settings.len && str_cut(&settings, '&', &part)) {
        size_t equals = str_find_char(part, '=');
        Str name = str_slice(part, 0, equals == STR_NONE ? part.len : equals);
        Str value = equals == STR_NONE ? (Str){0} : str_slice(part, equals + 1, part.len);
        if (str_eq(name, S("weight"))) {
            if (!str_to_double(value, &out->weight) || !(out->weight > 0) || out->weight > 1e6)
                return error_set(e, ERROR_USAGE, "address", "weight is a number above 0, not %.*s", STR_ARG(value));
        } else if (str_eq(name, S("api"))) {
            out->api = value;
        } else if (str_eq(name, S("model"))) {
            out->model = value;
        } else {
            error_set(e, ERROR_USAGE, "address", "unknown setting behind '#': %.*s", STR_ARG(name));
            return error_hint(e, "known are weight=, model= and api=");
        }
    }
    return true;
}

static bool check_query(Str query, Error *e)
{
    static const Str secret[] = {S_INIT("key"), S_INIT("api_key"), S_INIT("apikey"), S_INIT("api-key"), S_INIT("token"),
                                 S_INIT("access_token"), S_INIT("secret"), S_INIT("password"), S_INIT("sig"), S_INIT("subscription-key")};
    Str part;
    while (query.len && str_cut(&query, '&', &part)) {
        size_t equals = str_find_char(part, '=');
        Str name = str_slice(part, 0, equals == STR_NONE ? part.len : equals);
        for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
            if (!str_eq_ignore_case(name, secret[i])) continue;
            error_set(e, ERROR_USAGE, "address", "the address carries a key in its query (%.*s=…)", STR_ARG(name));
            return error_hint(e, "leave it out, and set LLM_API_KEY");
        }
    }
    return true;
}

// A key goes into a header, so it must not be able to start another one.
static bool check_key(Str *key, Error *e)
{
    *key = str_trim(*key);
    for (size_t i = 0; i < key->len; i++) {
        unsigned char c = (unsigned char)key->ptr[i];
        if (c > ' ' && c < 0x7F) continue;
        error_set(e, ERROR_USAGE, "key", "the key holds a space, a line break or a character outside ASCII at byte %zu", i + 1);
        return error_hint(e, "set LLM_API_KEY to the key alone");
    }
    if (key->len > 8192) return error_set(e, ERROR_USAGE, "key", "a key of %zu bytes", key->len);
    return true;
}

// ---- the API ------------------------------------------------------------------------------------



static bool choose_adapter(const Address *address, Str api, Endpoint *out, Error *e)
{
    size_t n;
    const Adapter *const *list = adapters(&n);
    if (api.len && !str_eq(api, S("auto"))) {
        out->adapter = adapter_named(api);
        if (out->adapter) return true;
        Str names[8];
        for (size_t i = 0; i < n; i++) names[i] = str_from(list[i]->name);
        Str near = str_nearest(api, names, n);
        error_set(e, ERROR_USAGE, "api", "unknown API: %.*s", STR_ARG(api));
        if (near.ptr) return error_hint(e, "did you mean %.*s?", STR_ARG(near));
        return error_hint(e, "known are openai, anthropic, ollama and tgi");
    }
    for (size_t i = 0; i < n && !out->adapter; i++)
        if (str_ends(address->path, str_from(list[i]->path)) && list[i]->path[1]) {
            // "/chat" alone is Ollama's only below /api.
            Str whole_tail = str_from(list[i]->path);
            Str before = str_slice(address->path, 0, address->path.len - whole_tail.len);
            if (list[i] != &adapter_ollama || str_ends(before, S("/api"))) out->adapter = list[i];
        }
    if (!out->adapter && str_eq(address->path, S("/api")) && !out->vendor) out->adapter = &adapter_ollama;
    if (!out->adapter) out->adapter = out->vendor ? out->vendor->adapter : list[0];
    return true;
}

// A part like "v1", "v1beta" or "v4": the path already says which version it means.
static bool has_version(Str path)
{
    Str part;
    while (path.len && str_cut(&path, '/', &part))
        if (part.len >= 2 && part.ptr[0] == 'v' && str_is_digit(part.ptr[1])) return true;
    return false;
}

// The path that the adapter's own paths are appended to.
static Str base_path(const Address *address, const Endpoint *endpoint, Arena *a)
{
    const Adapter *adapter = endpoint->adapter;
    Str prefix = str_from(adapter->prefix), path = address->path, tail = str_from(adapter->path);
    // Where a vendor's chat is OpenAI's, its embeddings lie beside it.
    const Adapter *chat = adapter == &adapter_embeddings ? &adapter_openai : adapter;
    bool vendors_own = endpoint->vendor && endpoint->vendor->adapter == chat && endpoint->vendor->base_path;
    if (vendors_own) prefix = str_from(endpoint->vendor->base_path);
    if (str_ends(path, tail)) return str_slice(path, 0, path.len - tail.len);
    if (vendors_own && str_starts(prefix, path)) return prefix;
    if (prefix.len == 0 || str_ends(path, prefix) || has_version(path) || str_contains(path, S("/deployments/"))) return path;
    return arena_concat(a, (Str[]){path, prefix}, 2);
}

static Str with_query(Str base, Str path, Str tail, Str query, Arena *a)
{
    Str parts[] = {base, path, tail, query.ptr ? S("?") : S(""), query};
    return arena_concat(a, parts, 5);
}

static void build_urls(const Address *address, Arena *a, Endpoint *out)
{
    Str path = base_path(address, out, a);
    Str host[] = {out->tls ? S("https://") : S("http://"), address->ipv6 ? S("[") : S(""), address->host,
                  address->ipv6 ? S("]") : S(""), address->port_text.ptr ? S(":") : S(""), address->port_text};
    out->base = arena_concat(a, host, 6);
    out->url = with_query(out->base, path, str_from(out->adapter->path), address->query, a);
    // A deployment on Azure is one model; the list below it is of models, not of deployments.
    if (out->adapter->models_path && !str_contains(path, S("/deployments/")))
        out->models_url = with_query(out->base, path, str_from(out->adapter->models_path), address->query, a);
    out->shown = out->url;
}

// ---- afterwards ---------------------------------------------------------------------------------

bool endpoint_warning(const Endpoint *endpoint, Error *e)
{
    if (endpoint->tls || endpoint->loopback || !endpoint->key.len) return false;
    error_set(e, ERROR_NONE, "address", "the key travels unencrypted to %.*s", STR_ARG(endpoint->base));
    error_hint(e, "use https:// where the server has it");
    e->warning = true;
    return true;
}

Str endpoint_masked(const Endpoint *endpoint, Str text, Arena *a)
{
    if (endpoint->key.len < 4 || !str_contains(text, endpoint->key)) return text;
    Buf out = {0};
    for (size_t at; (at = str_find(text, endpoint->key)) != STR_NONE;) {
        buf_add(&out, str_slice(text, 0, at));
        buf_add(&out, S("****"));
        text = str_slice(text, at + endpoint->key.len, text.len);
    }
    buf_add(&out, text);
    Str masked = arena_str(a, buf_str(&out));
    buf_free(&out);
    return masked;
}

void endpoint_forget(Endpoint *endpoint)
{
    if (endpoint->key.len) explicit_bzero((void *)(uintptr_t)endpoint->key.ptr, endpoint->key.len);
    endpoint->key = (Str){0};
}

bool host_is_loopback(Str host)
{
    char text[64];
    struct in_addr four;
    struct in6_addr six;
    if (str_eq_ignore_case(host, S("localhost")) || (host.len > 10 && str_eq_ignore_case(str_slice(host, host.len - 10, host.len), S(".localhost"))))
        return true;
    if (host.len >= sizeof text) return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (inet_pton(AF_INET, text, &four) == 1) {
        uint32_t n = ntohl(four.s_addr);
        return n >> 24 == 127 || n == 0;  // 0.0.0.0 reaches this machine
    }
    return inet_pton(AF_INET6, text, &six) == 1 && (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six));
}

bool host_is_private(Str host)
{
    char text[64];
    struct in_addr four;
    struct in6_addr six;
    if (host_is_loopback(host)) return true;
    if (str_ends(host, S(".local")) || str_ends(host, S(".lan")) || str_ends(host, S(".internal"))) return true;
    if (host.len < sizeof text) {
        memcpy(text, host.ptr, host.len);
        text[host.len] = '\0';
        if (inet_pton(AF_INET, text, &four) == 1) {
            uint32_t n = ntohl(four.s_addr);
            return n >> 24 == 10 || n >> 20 == 0xAC1 || n >> 16 == 0xC0A8 || n >> 16 == 0xA9FE;
        }
        if (inet_pton(AF_INET6, text, &six) == 1)
            return (six.s6_addr[0] & 0xFE) == 0xFC || (six.s6_addr[0] == 0xFE && (six.s6_addr[1] & 0xC0) == 0x80);
    }
    return str_find_char(host, '.') == STR_NONE;
}
