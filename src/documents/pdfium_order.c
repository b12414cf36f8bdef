// SPDX-License-Identifier: Apache-2.0
#include "documents/pdfium_order.h"

// Words that are drawn on end, up to a new flow.
typedef struct Block {
    PdfBox box;
    uint32_t first, n;
    bool placed;
} Block;

static float smaller(float a, float b) { return a < b ? a : b; }
static float larger(float a, float b) { return a > b ? a : b; }
static float width(const PdfBox *b) { return b->right - b->left; }

// Whether one stands above or below the other, rather than beside it.
static bool shares_column(const PdfBox *a, const PdfBox *b, float least)
{
    return smaller(a->right, b->right) - larger(a->left, b->left) > least * smaller(width(a), width(b));
}

static bool is_above(const PdfBox *a, const PdfBox *b)
{
    const float within = 0.3F;  // lines of neighbours reach into each other by less of their height
    return a->bottom <= b->top + within * smaller(pdf_box_height(a), pdf_box_height(b));
}

static size_t make_blocks(const PdfPages *p, Block *blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const PdfWord *w = &p->words[i];
        if (n == 0 || w->before == PDF_NEW_FLOW) {
            if (n == PDFIUM_BLOCKS_MAX) return 0;
            blocks[n++] = (Block){.box = w->box, .first = (uint32_t)i};
        }
        Block *b = &blocks[n - 1];
        b->box = (PdfBox){smaller(b->box.left, w->box.left), smaller(b->box.top, w->box.top), larger(b->box.right, w->box.right), larger(b->box.bottom, w->box.bottom)};
        b->n++;
    }
    return n;
}

// A block above one that was drawn before it. Of formulas, whose parts jump up and down, no block is so long.
static bool is_disordered(const Block *blocks, size_t n)
{
    enum { WORDS = 4 };
    for (size_t b = 1; b < n; b++) {
        if (blocks[b].n < WORDS) continue;
        for (size_t a = 0; a < b; a++)
            if (blocks[a].n >= WORDS && is_above(&blocks[b].box, &blocks[a].box) && shares_column(&blocks[a].box, &blocks[b].box, 0.5F)) return true;
    }
    return false;
}

// Whether a block lies between two that stand beside each other, across both: then the upper one is read with what is above it.
static bool parts_columns(const Block *c, const Block *a, const Block *b)
{
    float top = smaller(a->box.top, b->box.top), bottom = larger(a->box.bottom, b->box.bottom);
    return c->box.top >= top && c->box.bottom <= bottom && shares_column(&c->box, &a->box, 0) && shares_column(&c->box, &b->box, 0) &&
           (is_above(&a->box, &c->box) || is_above(&b->box, &c->box));
}

static bool is_read_before(const Block *blocks, size_t n, size_t a, size_t b)
{
    const Block *x = &blocks[a], *y = &blocks[b];
    if (shares_column(&x->box, &y->box, 0)) return is_above(&x->box, &y->box) || (!is_above(&y->box, &x->box) && a < b);
    for (size_t c = 0; c < n; c++)
        if (c != a && c != b && parts_columns(&blocks[c], x, y)) return is_above(&x->box, &y->box);
    return x->box.left < y->box.left;
}

// The first of those left that none of the others is read before; the rules may also go round in a circle.
static size_t next_block(const Block *blocks, size_t n, const bool *before)
{
    size_t first = n;
    for (size_t b = 0; b < n; b++) {
        if (blocks[b].placed) continue;
        if (first == n) first = b;
        size_t a = 0;
        while (a < n && (blocks[a].placed || a == b || !before[a * n + b])) a++;
        if (a == n) return b;
    }
    return first;
}

static void put_in_order(PdfPages *p, Block *blocks, size_t n)
{
    PdfWord *words = mem_alloc(p->n * sizeof *words);
    bool *before = mem_alloc(n * n * sizeof *before);
    size_t at = 0;
    for (size_t i = 0; i < n * n; i++) before[i] = i / n != i % n && is_read_before(blocks, n, i / n, i % n);
    for (size_t k = 0; k < n; k++) {
        Block *b = &blocks[next_block(blocks, n, before)];
        b->placed = true;
        memcpy(words + at, p->words + b->first, b->n * sizeof *words);
        at += b->n;
    }
    memcpy(p->words, words, at * sizeof *words);
    free(words);
    free(before);
}

void pdfium_order(PdfPages *p, uint64_t *steps)
{
    Block blocks[PDFIUM_BLOCKS_MAX];
    size_t n = make_blocks(p, blocks);
    if (*steps > PDFIUM_STEPS_MAX || !is_disordered(blocks, n)) return;
    *steps += n * n * n;
    put_in_order(p, blocks, n);
}
