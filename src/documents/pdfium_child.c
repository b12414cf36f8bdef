// SPDX-License-Identifier: Apache-2.0
//
// confab-pdfium LIBRARY FILE: prints the words of a PDF and their places, as documents/pdfium_words.h describes.
// A program of its own, so that the library is loaded in the sandboxed child alone (converter.h): confab neither
// links it nor maps it. --check for FILE: it only tells whether the library can be used.
//
// PDFium's functions are declared here, as fpdfview.h, fpdf_text.h, fpdf_annot.h and fpdf_flatten.h
// of its version 159.0.8149 have them; they have been the same since 2020.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "documents/pdfium_words.h"

typedef struct LibraryConfig {
    int version;                    // 2: the fields below, and no more
    const char **font_paths;        // ended by NULL
    void *isolate;
    unsigned embedder_slot;
} LibraryConfig;

typedef struct Rect {
    float left, top, right, bottom; // points, upwards
} Rect;

typedef struct Matrix {
    float a, b, c, d, e, f;
} Matrix;

typedef void Document, Page, Text, Annotation;

static struct {
    void (*init)(const LibraryConfig *);
    Document *(*load)(const void *bytes, int size, const char *password);
    void (*close)(Document *);
    unsigned long (*last_error)(void);
    int (*count_pages)(Document *);
    Page *(*load_page)(Document *, int index);
    void (*close_page)(Page *);
    int (*bounds)(Page *, Rect *);
    int (*count_annotations)(Page *);
    Annotation *(*annotation)(Page *, int index);
    int (*subtype)(Annotation *);
    void (*close_annotation)(Annotation *);
    int (*flatten)(Page *, int usage);
    Text *(*load_text)(Page *);
    void (*close_text)(Text *);
    int (*count_letters)(Text *);
    unsigned (*unicode)(Text *, int index);
    double (*font_size)(Text *, int index);     // before the matrix
    int (*matrix)(Text *, int index, Matrix *);
    int (*origin)(Text *, int index, double *x, double *y);
    int (*box)(Text *, int index, Rect *);  // from the letter's origin to the next one's, as high as its font says
    int (*tight_box)(Text *, int index, double *left, double *right, double *bottom, double *top);  // about what is drawn
} pdfium;

static const struct {
    const char *name;
    void *function;
} functions[] = {
    {"FPDF_InitLibraryWithConfig", &pdfium.init},   {"FPDF_LoadMemDocument", &pdfium.load},
    {"FPDF_CloseDocument", &pdfium.close},          {"FPDF_GetLastError", &pdfium.last_error},
    {"FPDF_GetPageCount", &pdfium.count_pages},
    {"FPDF_LoadPage", &pdfium.load_page},           {"FPDF_ClosePage", &pdfium.close_page},
    {"FPDF_GetPageBoundingBox", &pdfium.bounds},    {"FPDFText_LoadPage", &pdfium.load_text},
    {"FPDFText_ClosePage", &pdfium.close_text},     {"FPDFText_CountChars", &pdfium.count_letters},
    {"FPDFText_GetUnicode", &pdfium.unicode},       {"FPDFText_GetFontSize", &pdfium.font_size},
    {"FPDFText_GetMatrix", &pdfium.matrix},         {"FPDFText_GetCharOrigin", &pdfium.origin},
    {"FPDFText_GetLooseCharBox", &pdfium.box},      {"FPDFText_GetCharBox", &pdfium.tight_box},
    {"FPDFPage_GetAnnotCount", &pdfium.count_annotations},
    {"FPDFPage_GetAnnot", &pdfium.annotation},      {"FPDFAnnot_GetSubtype", &pdfium.subtype},
    {"FPDFPage_CloseAnnot", &pdfium.close_annotation}, {"FPDFPage_Flatten", &pdfium.flatten},
};

// ---- output -------------------------------------------------------------------------------------

enum { OUT = 1 << 15, WORD = 1000 };

static char out[OUT + 2 * WORD];
static size_t out_len;

static void flush(void)
{
    for (size_t at = 0; at < out_len;) {
        ssize_t n = write(1, out + at, out_len - at);
        if (n < 0 && errno != EINTR) _exit(PDFIUM_BROKEN);
        if (n > 0) at += (size_t)n;
    }
    out_len = 0;
}

_Noreturn static void fail(int status, const char *what)
{
    const char *parts[] = {what, "\n"};
    for (size_t i = 0; i < 2; i++)
        if (write(2, parts[i], strlen(parts[i])) < 0) break;
    _exit(status);
}

// Hundredths of a point.
static void put_number(float x)
{
    const float most = 1e7F;
    char digits[16];
    size_t n = 0;
    x *= PDFIUM_UNIT;
    int32_t i = x > -most && x < most ? (int32_t)lrintf(x) : 0;
    uint32_t rest = i < 0 ? (uint32_t)-i : (uint32_t)i;
    if (i < 0) out[out_len++] = '-';
    do digits[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    while (n) out[out_len++] = digits[--n];
    out[out_len++] = ' ';
}

static size_t put_letter(char *to, uint32_t c)
{
    if (c < 0x80) return to[0] = (char)c, 1;
    if (c < 0x800) return to[0] = (char)(0xC0 | c >> 6), to[1] = (char)(0x80 | (c & 63)), 2;
    size_t n = 0;
    if (c < 0x10000) to[n++] = (char)(0xE0 | c >> 12);
    else to[n++] = (char)(0xF0 | c >> 18), to[n++] = (char)(0x80 | (c >> 12 & 63));
    to[n++] = (char)(0x80 | (c >> 6 & 63));
    to[n++] = (char)(0x80 | (c & 63));
    return n;
}

// ---- letters ------------------------------------------------------------------------------------

typedef struct Reader {
    Text *text;
    int at, n;              // the letter in hand, of how many
    Rect page;
    int turns;              // quarter turns clockwise that set most of the page's text upright
    char letters[WORD];     // of the word in hand
    size_t len;
    float height, up, down; // of the last letter's box, and how its top and bottom were moved
    bool tight;             // the boxes are those of what is drawn: gaps between them say nothing
    Rect box, last;         // of the word, of its last letter; downwards from the page's top
    char mark;
    uint32_t high;          // the first half of a surrogate pair
    uint32_t accent;        // a combining mark that waits for its letter, and where it stands
    Rect accent_box;
} Reader;

// As the page is looked at, from its upper left corner down.
static Rect place(const Reader *r, Rect b)
{
    const Rect *p = &r->page;
    switch (r->turns & 3) {
    case 0: return (Rect){b.left - p->left, p->top - b.top, b.right - p->left, p->top - b.bottom};
    case 1: return (Rect){b.bottom - p->bottom, b.left - p->left, b.top - p->bottom, b.right - p->left};
    case 2: return (Rect){p->right - b.right, b.bottom - p->bottom, p->right - b.left, b.top - p->bottom};
    default: return (Rect){p->top - b.top, p->right - b.right, p->top - b.bottom, p->right - b.left};
    }
}

static bool is_outside(const Reader *r, const Rect *b)
{
    float width = r->page.right - r->page.left, height = r->page.top - r->page.bottom, x = r->turns & 1 ? height : width, y = r->turns & 1 ? width : height;
    return b->right < 0 || b->bottom < 0 || b->left > x || b->top > y;
}

static void end_word(Reader *r)
{
    if (r->len) {
        out[out_len++] = r->mark;
        put_number(r->box.left);
        put_number(r->box.top);
        put_number(r->box.right);
        put_number(r->box.bottom);
        memcpy(out + out_len, r->letters, r->len);
        out_len += r->len;
        out[out_len++] = '\n';
        if (out_len >= OUT) flush();
        r->mark = PDFIUM_SAME;
    }
    r->len = 0;
}

static int turns_by(const Matrix *m)
{
    if (fabsf(m->a) >= fabsf(m->b)) return m->a >= 0 ? 0 : 2;
    return m->b > 0 ? 1 : 3;
}

static int turns_of(const Reader *r, int i)
{
    Matrix m;
    return pdfium.matrix(r->text, i, &m) ? turns_by(&m) : 0;
}

// A gap that the library takes for none, as between the columns of a table. Of text that runs another way it knows better.
static bool is_apart(const Reader *r, const Rect *b)
{
    const float gap = 0.1F, drop = 0.5F;    // of the letters' height
    float height = r->last.bottom - r->last.top, across = b->left - r->last.right;
    return !r->tight && (across > gap * height || fabsf(b->bottom - r->last.bottom) > drop * height) && turns_of(r, r->at) == r->turns;
}

static void add_letter(Reader *r, uint32_t c, Rect b)
{
    if (r->len && (r->len > WORD - 8 || is_apart(r, &b))) end_word(r);
    if (r->len == 0) r->box = b;
    r->len += put_letter(r->letters + r->len, c);
    r->last = b;
    r->box = (Rect){fminf(r->box.left, b.left), fminf(r->box.top, b.top), fmaxf(r->box.right, b.right), fmaxf(r->box.bottom, b.bottom)};
}

// Accents that old fonts print over a letter, as marks that combine with it.
static uint32_t combining(uint32_t c)
{
    static const uint16_t pairs[][2] = {{0x60, 0x300}, {0xB4, 0x301}, {0x2C6, 0x302}, {0x2DC, 0x303}, {0xAF, 0x304}, {0x2D8, 0x306}, {0x2D9, 0x307},
                                        {0xA8, 0x308}, {0x2DA, 0x30A}, {0x2DD, 0x30B}, {0x2C7, 0x30C}, {0xB8, 0x327}, {0x2DB, 0x328}, {'^', 0x302}, {'~', 0x303}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i][0] == c) return pairs[i][1];
    return 0;
}

static bool is_letter(uint32_t c) { return (c | 32) - 'a' < 26 || (c >= 0xC0 && c != 0xD7 && c != 0xF7 && c < 0x2000) || c == 0x131; }

static bool is_over(const Rect *accent, const Rect *letter)
{
    float middle = (accent->left + accent->right) / 2;
    return middle > letter->left && middle < letter->right && accent->top < letter->bottom && accent->bottom > letter->top;
}

// Held back until the next letter shows whether it stands over it. Its letter may also be the one before.
static void end_accent(Reader *r, const uint32_t *c, const Rect *b)
{
    uint32_t accent = r->accent;
    if (!accent) return;
    r->accent = 0;
    if (c && is_letter(*c) && is_over(&r->accent_box, b)) {
        add_letter(r, *c, *b);
        r->len += put_letter(r->letters + r->len, combining(accent));
        return;
    }
    if (r->len && is_over(&r->accent_box, &r->last)) r->len += put_letter(r->letters + r->len, combining(accent));
    else add_letter(r, accent, r->accent_box);
    if (c) add_letter(r, *c, *b);
}

static bool is_space(uint32_t c) { return c <= ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000; }
static bool is_nothing(uint32_t c) { return (c >= 0x7F && c < 0xA0) || (c & 0xFFFE) == 0xFFFE || c > 0x10FFFF || c == 0xFEFF; }

// By a few letters of it: a page's own rotation says less, and nothing where a slide was drawn sideways.
static int find_turns(const Reader *r)
{
    enum { PROBES = 15 };
    int votes[4] = {0}, best = 0;
    for (int i = 0; i < PROBES && i < r->n; i++) votes[turns_of(r, (int)((int64_t)r->n * i / PROBES))]++;
    for (int i = 1; i < 4; i++) best = votes[i] > votes[best] ? i : best;
    return best;
}

// How high the letters of a font are said to be differs by font and by the library's version. What all gaps are measured by
// is the font's size about its base line. Its box's height tells a font and size from those of the letter before.
static void use_size(Reader *r, int i, Rect *b)
{
    const float above = 0.75F, below = 0.25F, least = 0.4F, most = 2.5F;
    float height = b->bottom - b->top;
    if (height != r->height) {
        Matrix m;
        double x, y;
        r->height = height;
        r->up = r->down = 0;
        if (!pdfium.matrix(r->text, i, &m) || turns_by(&m) != r->turns || !pdfium.origin(r->text, i, &x, &y)) return;
        float size = (float)pdfium.font_size(r->text, i) * hypotf(m.c, m.d);
        // A font that is drawn by programs of its own may be of any size.
        if (!(size > least * height && size < most * height)) return;
        Rect base = place(r, (Rect){(float)x, (float)y, (float)x, (float)y});
        r->up = base.top - above * size - b->top;
        r->down = base.top + below * size - b->bottom;
    }
    b->top += r->up;
    b->bottom += r->down;
}

// Where a letter stands. Of turned text, older libraries (such as 6462) know only the place of what is drawn.
static bool find_box(Reader *r, int i, Rect *b)
{
    double left, right, bottom, top;
    r->tight = !pdfium.box(r->text, i, b) || b->right <= b->left || b->top <= b->bottom;
    if (!r->tight) return true;
    if (!pdfium.tight_box(r->text, i, &left, &right, &bottom, &top)) return false;
    *b = (Rect){(float)left, (float)top, (float)right, (float)bottom};
    return true;
}

static void read_letter(Reader *r, int i)
{
    enum { HYPHEN = 2 };    // what the library makes of one at a line's end
    Rect b;
    uint32_t c = pdfium.unicode(r->text, i);
    if (c >= 0xD800 && c < 0xDC00) r->high = c;
    if (c >= 0xDC00 && c < 0xE000 && r->high) c = 0x10000 + ((r->high - 0xD800) << 10) + (c - 0xDC00), r->high = 0;
    if (c >= 0xD800 && c < 0xE000) return;
    r->at = i;
    bool hyphen = c == HYPHEN;
    if (hyphen) c = '-';
    if (is_space(c)) {
        end_accent(r, NULL, NULL);
        end_word(r);
        if (c == '\n') r->mark = PDFIUM_NEW;
        return;
    }
    if (is_nothing(c) || !find_box(r, i, &b)) return;
    b = place(r, b);
    if (!r->tight) use_size(r, i, &b);
    if (is_outside(r, &b)) return;
    if (r->accent) {
        end_accent(r, &c, &b);
    } else if (combining(c)) {
        r->accent = c;
        r->accent_box = b;
    } else {
        add_letter(r, c, b);
    }
    if (hyphen) end_word(r), r->mark = PDFIUM_NEW;
}

// What a form's fields hold and notes on the page say is no text of the page before it was made part of it.
static bool has_filled_fields(Page *page)
{
    enum { FREE_TEXT = 3, WIDGET = 20, MOST = 10000 };  // FPDF_ANNOT_…
    int n = pdfium.count_annotations(page);
    bool found = false;
    for (int i = 0; i < n && i < MOST && !found; i++) {
        Annotation *a = pdfium.annotation(page, i);
        int subtype = a ? pdfium.subtype(a) : 0;
        found = subtype == FREE_TEXT || subtype == WIDGET;
        if (a) pdfium.close_annotation(a);
    }
    return found;
}

static Page *open_page(Document *document, int index)
{
    enum { DISPLAY = 0, FLATTENED = 1 };    // FLAT_NORMALDISPLAY, FLATTEN_SUCCESS
    Page *page = pdfium.load_page(document, index);
    if (!page || !has_filled_fields(page) || pdfium.flatten(page, DISPLAY) != FLATTENED) return page;
    pdfium.close_page(page);
    return pdfium.load_page(document, index);
}

static void read_page(Document *document, int index)
{
    static Reader r;
    Page *page = open_page(document, index);
    r = (Reader){.mark = PDFIUM_NEW};
    r.text = page && pdfium.bounds(page, &r.page) ? pdfium.load_text(page) : NULL;
    if (r.text) {
        r.n = pdfium.count_letters(r.text);
        r.turns = find_turns(&r);
        for (int i = 0; i < r.n; i++) read_letter(&r, i);
        end_accent(&r, NULL, NULL);
        end_word(&r);
        pdfium.close_text(r.text);
    }
    if (page) pdfium.close_page(page);
    out[out_len++] = PDFIUM_PAGE;
    out[out_len++] = '\n';
}

// ---- the library --------------------------------------------------------------------------------

static void load_library(const char *path)
{
    static const char *none[] = {NULL}; // fonts of the system are not looked for: nothing is drawn
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(PDFIUM_UNUSABLE, dlerror());
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function) fail(PDFIUM_UNUSABLE, dlerror());
        memcpy(functions[i].function, &function, sizeof function);
    }
    pdfium.init(&(LibraryConfig){.version = 2, .font_paths = none});
}

static struct {
    const void *bytes;
    size_t len;
} file;

static void map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > INT32_MAX) fail(PDFIUM_BROKEN, "cannot open");
    file.len = (size_t)st.st_size;
    file.bytes = mmap(NULL, file.len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file.bytes == MAP_FAILED) fail(PDFIUM_BROKEN, "cannot map");
}

static Document *open_document(void)
{
    enum { PASSWORD = 4, SECURITY = 5 };    // FPDF_ERR_…
    Document *document = pdfium.load(file.bytes, (int)file.len, NULL);
    if (document) return document;
    unsigned long why = pdfium.last_error();
    fail(PDFIUM_BROKEN, why == PASSWORD || why == SECURITY ? "password" : "broken");
}

// What is printed is written at the latest after that long, so that a slow document is no silent one.
static int64_t now_ms(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    // The library keeps what it has read of a document until that is closed.
    enum { SOON_MS = 100, PAGES_AT_ONCE = 100 };
    if (argc < 3) fail(PDFIUM_UNUSABLE, "usage: confab-pdfium LIBRARY FILE");
    load_library(argv[1]);
    if (strcmp(argv[2], "--check") == 0) _exit(0);
    map_file(argv[2]);
    Document *document = open_document();
    int n = pdfium.count_pages(document);
    int64_t written = now_ms();
    for (int i = 0; i < n; i++) {
        if (i && i % PAGES_AT_ONCE == 0) {
            pdfium.close(document);
            document = open_document();
        }
        read_page(document, i);
        if (now_ms() - written < SOON_MS) continue;
        flush();
        written = now_ms();
    }
    flush();
    _exit(0);   // what the library holds goes with the process
}
