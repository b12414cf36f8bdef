// SPDX-License-Identifier: Apache-2.0
//
// EPUB (3.3, and 2): the chapters of the spine in reading order, each a page of HTML, once. The pages that list the
// contents are left out: those that are links and little else.
#include "documents/document.h"
#include "documents/html_text.h"
#include "documents/zip.h"

enum {
    PACKAGE_MAX = 4 << 20,  // bytes of container.xml and of the package file
    CHAPTER_MAX = 8 << 20,  // bytes of one chapter
    ITEMS_MAX = 5000,      // of manifest and spine
};

typedef struct Item {
    Str id, href;
    bool contents;      // it is said to be a page of contents
} Item;

typedef struct Epub {
    Arena *arena;
    Str package;        // path of the package file
    Item *items;        // the manifest
    size_t n_items;
    Str *spine;         // ids
    size_t n_spine;
    Str contents;       // href of the page that EPUB 2 calls so
    Str *read;          // names of the chapters that were read
    size_t n_read;
} Epub;

static void container_start(void *self, Str space, Str name, const XmlAttributes *a)
{
    (void)space;
    Epub *d = self;
    if (str_eq(name, S("rootfile")) && !d->package.ptr) d->package = arena_str(d->arena, xml_attribute(a, "full-path"));
}

static void package_start(void *self, Str space, Str name, const XmlAttributes *a)
{
    (void)space;
    Epub *d = self;
    if (str_eq(name, S("item")) && d->n_items < ITEMS_MAX)
        d->items[d->n_items++] = (Item){arena_str(d->arena, xml_attribute(a, "id")), arena_str(d->arena, xml_attribute(a, "href")),
                                        str_eq(xml_attribute(a, "properties"), S("nav"))};
    if (str_eq(name, S("reference")) && str_eq(xml_attribute(a, "type"), S("toc"))) d->contents = arena_str(d->arena, xml_attribute(a, "href"));
    if (str_eq(name, S("itemref")) && d->n_spine < ITEMS_MAX && !str_eq(xml_attribute(a, "linear"), S("no")))
        d->spine[d->n_spine++] = arena_str(d->arena, xml_attribute(a, "idref"));
}

static bool missing(Error *e, const char *what)
{
    error_set(e, ERROR_FILE, "document", "the archive is no EPUB: %s is missing", what);
    return error_hint(e, "save it as .epub");
}

static bool read_package(Epub *d, Zip *zip, Str name, const char *what, void (*start)(void *, Str, Str, const XmlAttributes *), Error *e)
{
    Buf text = {0};
    ZipResult result = name.ptr ? zip_read_whole(zip, name, PACKAGE_MAX, &text, e) : ZIP_ABSENT;
    bool ok = result == ZIP_DONE && xml_read((XmlHandler){.start = start, .self = d}, buf_str(&text), zip->deadline, e);
    buf_free(&text);
    return result == ZIP_ABSENT ? missing(e, what) : ok;
}

static int hex(char c) { return str_is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1; }

static Str unescaped(Str href, Arena *a)
{
    Buf b = {0};
    for (size_t i = 0; i < href.len; i++) {
        int high = i + 2 < href.len ? hex(href.ptr[i + 1]) : -1, low = i + 2 < href.len ? hex(href.ptr[i + 2]) : -1;
        bool escaped = href.ptr[i] == '%' && high >= 0 && low >= 0;
        buf_add_char(&b, escaped ? (char)(high * 16 + low) : href.ptr[i]);
        if (escaped) i += 2;
    }
    Str out = arena_str(a, buf_str(&b));
    buf_free(&b);
    return out;
}

// A chapter's name in the archive: its href without what is within the page, from the package file's folder.
static Str chapter_name(const Epub *d, Str href, Arena *a)
{
    size_t slash = str_rfind_char(d->package, '/'), fragment = str_find_char(href, '#');
    Str rest = unescaped(str_slice(href, 0, fragment == STR_NONE ? href.len : fragment), a), step;
    Buf b = {0};
    if (slash != STR_NONE) buf_add(&b, str_slice(d->package, 0, slash + 1));
    while (str_cut(&rest, '/', &step)) {
        if (str_eq(step, S("."))) continue;
        if (!str_eq(step, S(".."))) {
            buf_add(&b, step);
            if (rest.ptr) buf_add_char(&b, '/');
            continue;
        }
        if (b.len) b.len--;
        size_t above = str_rfind_char(buf_str(&b), '/');
        b.len = above == STR_NONE ? 0 : above + 1;
    }
    Str name = arena_str(a, buf_str(&b));
    buf_free(&b);
    return name;
}

static const Item *item_of(const Epub *d, Str id)
{
    for (size_t i = 0; i < d->n_items; i++)
        if (str_eq(d->items[i].id, id)) return &d->items[i];
    return NULL;
}

static Str without_fragment(Str href)
{
    size_t at = str_find_char(href, '#');
    return str_slice(href, 0, at == STR_NONE ? href.len : at);
}

// Whether a page only leads to others of the book. One that is `said` to may hold a preface all the same.
static bool is_contents(const HtmlText *h, bool said)
{
    enum { FEWEST = 5, FEW = 300 };     // links, bytes
    if (said) return h->linked * 2 >= h->letters || h->letters - h->linked < FEW;
    return h->links >= FEWEST && h->linked * 10 >= h->letters * 8 && h->outside * 5 <= h->links;
}

static bool read_chapter(Epub *d, Zip *zip, Str name, bool contents, MarkdownWriter *w, Error *e)
{
    Buf page;
    ZipResult result = zip_read_whole(zip, name, CHAPTER_MAX, &page, e);
    HtmlText html = {.writer = w};
    size_t before = markdown_position(w);
    bool ok = result == ZIP_ABSENT || (result == ZIP_DONE && html_text_read(&html, buf_str(&page), zip->deadline, e));
    markdown_end_all(w);
    if (ok && is_contents(&html, contents)) markdown_rewind(w, before);
    buf_free(&page);
    if (result == ZIP_DONE) d->read[d->n_read++] = arena_str(d->arena, name);
    return ok;
}

static bool was_read(const Epub *d, Str name)
{
    for (size_t i = 0; i < d->n_read; i++)
        if (str_eq(d->read[i], name)) return true;
    return false;
}

static bool read_chapters(Epub *d, Zip *zip, MarkdownWriter *w, Error *e)
{
    Arena scratch = {0};    // names may be long, and of no file
    bool ok = true;
    for (size_t i = 0; i < d->n_spine && ok; i++) {
        const Item *item = item_of(d, d->spine[i]);
        if (!item) continue;
        bool contents = item->contents || (d->contents.len && str_eq(without_fragment(item->href), without_fragment(d->contents)));
        Str name = chapter_name(d, item->href, &scratch);
        ok = was_read(d, name) || read_chapter(d, zip, name, contents, w, e);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return ok;
}

static bool extract(Extraction *x, Error *e)
{
    Zip zip = {.bytes = x->bytes, .deadline = deadline_start()};
    Epub d = {.arena = x->arena, .items = arena_new(x->arena, Item, ITEMS_MAX), .spine = arena_new(x->arena, Str, ITEMS_MAX),
              .read = arena_new(x->arena, Str, ITEMS_MAX)};
    MarkdownWriter w;
    markdown_start(&w);
    bool ok = read_package(&d, &zip, S("META-INF/container.xml"), "META-INF/container.xml", container_start, e) &&
              read_package(&d, &zip, d.package, "the package file", package_start, e) && read_chapters(&d, &zip, &w, e) &&
              document_markdown_result(x, &w, e);
    if (!ok) error_at_file(e, x->shown);
    markdown_free(&w);
    return ok;
}

static bool recognise(Str bytes)
{
    return zip_is(bytes) && str_contains(str_slice(bytes, 0, 128), S("mimetypeapplication/epub+zip"));
}

const DocumentType document_epub = {
    .name = S_INIT("epub"), .endings = " epub", .recognise = recognise, .extract = extract, .markdown = true, .version = 4,
};
