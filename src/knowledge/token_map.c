// SPDX-License-Identifier: Apache-2.0
#include "knowledge/token_map.h"

enum { FORGET_FROM = 2 << 10 };  // places, above which those before `keep` go

static void start_at(TokenMap *m, size_t at)
{
    if (m->cap == 0) m->places = mem_alloc((m->cap = FORGET_FROM) * sizeof *m->places);
    m->places[0] = (Boundary){at, 0};
    m->n = 1;
    m->hints[0] = m->hints[1] = 0;
    for (int i = 0; i < TOKEN_HEADS; i++) m->heads[i].at = SIZE_MAX;
}

void token_map_begin(TokenMap *m, Str text)
{
    if (m->open) boundaries_close(&m->pieces);
    m->text = text;
    m->keep = 0;
    m->fit.from = m->last.from = m->rest.from = SIZE_MAX;
    m->open = m->counter && !m->whole && boundaries_open(&m->pieces, m->counter, text);
    if (m->open) start_at(m, 0);
}

void token_map_free(TokenMap *m)
{
    if (m->open) boundaries_close(&m->pieces);
    free(m->places);
    *m = (TokenMap){0};
}

// ---- reading on ---------------------------------------------------------------------------------

static const Boundary *last_place(const TokenMap *m) { return &m->places[m->n - 1]; }

enum { FROM, TO };  // hints

// The last place at or before `at`, which the map covers: from where the last question was answered, in
// steps that double. Most questions are near the one before, on either side.
static size_t find(TokenMap *m, size_t at, int hint)
{
    const Boundary *p = m->places;
    size_t other = m->hints[!hint], low = m->hints[hint], step = 1;
    if (other > low && p[other].end <= at) low = other;
    size_t high = low;
    if (p[low].end <= at) {
        for (high = low + step; high < m->n && p[high].end <= at; high = low + step) {
            low = high;
            step *= 2;
        }
        if (high > m->n) high = m->n;
    } else {
        for (low = high - step; low > 0 && p[low].end > at; low = high > step ? high - step : 0) {
            high = low;
            step *= 2;
        }
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p[middle].end <= at) low = middle;
        else high = middle;
    }
    return m->hints[hint] = low;
}

static void forget(TokenMap *m)
{
    size_t first = m->keep < m->places[0].end ? 0 : find(m, m->keep, FROM);
    if (first == 0) return;
    memmove(m->places, m->places + first, (m->n - first) * sizeof *m->places);
    m->n -= first;
    for (int i = 0; i < 2; i++) m->hints[i] = m->hints[i] > first ? m->hints[i] - first : 0;
}

static void read_on(TokenMap *m)
{
    if (m->n + BOUNDARIES_MIN > FORGET_FROM) forget(m);
    if (m->n + BOUNDARIES_MIN > m->cap) m->places = mem_realloc(m->places, (m->cap *= 2) * sizeof *m->places);
    const Boundary *last = last_place(m);
    m->n += boundaries_read(&m->pieces, last->end, m->text.len, last->units, m->places + m->n);
}

// The map covers `to`, or has more than `most` units at its end.
static void cover(TokenMap *m, size_t to, uint64_t most)
{
    while (last_place(m)->end < to && last_place(m)->units <= most) read_on(m);
}

// ---- where a slice begins -----------------------------------------------------------------------

static void synchronise(TokenMap *m, TokenHead *h)
{
    h->sync = h->at;
    h->units = 0;
    for (;;) {
        cover(m, h->sync, UINT64_MAX);
        const Boundary *p = &m->places[find(m, h->sync, FROM)];
        h->before = p->units;
        if (p->end == h->sync || h->units >= BOUNDARY_BROKEN) return;   // more than any limit is enough to know
        Boundary one = boundaries_first(&m->pieces, h->sync, m->text.len, h->units);
        h->units = one.units;
        h->sync = one.end;
    }
}

static TokenHead *head_of(TokenMap *m, size_t from)
{
    for (unsigned i = 0; i < TOKEN_HEADS; i++)
        if (m->heads[i].at == from && from >= m->places[0].end) return &m->heads[i];
    if (from < m->keep) m->keep = from;
    if (from < m->places[0].end) start_at(m, from);
    cover(m, from < m->text.len ? from + 1 : from, UINT64_MAX);
    size_t i = find(m, from, FROM);
    TokenHead *h = &m->heads[m->next_head++ % TOKEN_HEADS];
    bool begins = m->places[i].end == from;
    *h = (TokenHead){.at = from, .inside = begins ? from : m->places[i + 1].end, .sync = begins ? from : 0, .before = m->places[i].units};
    return h;
}

// ---- questions ----------------------------------------------------------------------------------

static uint64_t limit_units(const TokenMap *m, size_t limit)
{
    return limit < BOUNDARY_BROKEN / 64 ? (uint64_t)limit * m->pieces.scale : BOUNDARY_BROKEN;
}

static size_t tokens_of_units(const TokenMap *m, uint64_t units)
{
    return (size_t)((units + m->pieces.scale - 1) / m->pieces.scale);
}

// What text[from, to) has, where a piece begins at `from`.
static uint64_t rest_units(TokenMap *m, size_t from, size_t to)
{
    if (m->rest.from != from || m->rest.to != to) m->rest = (TokenRest){from, to, boundaries_units(&m->pieces, from, to)};
    return m->rest.units;
}

static size_t count(TokenMap *m, size_t from, size_t to, size_t limit)
{
    TokenHead *h = head_of(m, from);
    // Within one piece there is no need to know where it ends: it may be a very long one.
    if (to <= h->inside) return tokens_of_units(m, rest_units(m, from, to));
    if (h->sync == 0) synchronise(m, h);
    if (h->sync > to) return tokens_of_units(m, rest_units(m, from, to));
    uint64_t most = limit_units(m, limit);
    cover(m, to, h->before + most);
    if (last_place(m)->end < to) return limit + 1;
    const Boundary *p = &m->places[find(m, to, TO)];
    uint64_t units = h->units + p->units - h->before;
    if (p->end < to && units <= most) units += rest_units(m, p->end, to);
    return tokens_of_units(m, units);
}

size_t token_map_count(TokenMap *m, size_t from, size_t to, size_t limit)
{
    if (!m->open) return (size_t)counter_count(m->counter, str_slice(m->text, from, to));
    if (from >= to) return 0;
    // Not to merge the whole of a long run again and again, only to see that it is too long.
    if (to - from > boundaries_reach(&m->pieces, limit)) return limit + 1;
    TokenAnswer *last = &m->last;
    bool known = last->from == from && last->to == to && (last->limit == limit || (last->tokens <= last->limit && last->tokens <= limit));
    if (!known) *last = (TokenAnswer){from, to, limit, count(m, from, to, limit)};
    return last->tokens;
}

// The last place from `low` on with at most `units` from the map's beginning; the map covers it. Looked for around
// `near`, in steps that double.
static size_t find_units(const TokenMap *m, size_t low, size_t near, uint64_t units)
{
    const Boundary *p = m->places;
    size_t high = m->n, step = 1;
    if (near > low && p[near].units <= units) {
        low = near;
        for (; low + step < m->n && p[low + step].units <= units; step *= 2) low += step;
        high = low + step < m->n ? low + step : m->n;
    } else if (near > low) {
        high = near;
        for (; high > low + step && p[high - step].units > units; step *= 2) high -= step;
        low = high > low + step ? high - step : low;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p[middle].units <= units) low = middle;
        else high = middle;
    }
    return low;
}

// ---- what fits for certain ----------------------------------------------------------------------

// At least as long as the longest piece between two places: a few are looked at as one.
static size_t longest_piece(const TokenMap *m, size_t first, size_t last)
{
    enum { FEW = 8 };
    const Boundary *p = m->places;
    size_t longest = 0;
    for (; first + FEW < last; first += FEW) {
        size_t len = p[first + FEW].end - p[first].end;
        longest = len > longest ? len : longest;
    }
    return p[last].end - p[first].end > longest ? p[last].end - p[first].end : longest;
}

// A slice that ends within a piece has no more tokens of it than bytes. So whatever ends before the last
// place that leaves room for so many fits.
static size_t fits_up_to(TokenMap *m, size_t from, size_t limit)
{
    TokenHead *h = head_of(m, from);
    // A start within a long piece may be far from where both have the same pieces again.
    if (h->inside - from > limit) return from;
    if (h->sync == 0) synchronise(m, h);
    uint64_t most = limit_units(m, limit);
    if (h->sync - from > limit || h->units > most) return from;
    cover(m, m->text.len, h->before + most);
    size_t first = find(m, h->sync, FROM), near = m->n > BOUNDARIES_MIN ? m->n - BOUNDARIES_MIN : 0;
    size_t last = find_units(m, first, near, h->before + most - h->units);
    uint64_t room = h->units + (uint64_t)longest_piece(m, first, last) * m->pieces.scale;
    if (room > most) return from;
    // The next question is about a slice that ends there.
    m->hints[TO] = find_units(m, first, last, h->before + most - room);
    return m->places[m->hints[TO]].end;
}

bool token_map_fits_counted(TokenMap *m, size_t from, size_t to, size_t limit)
{
    if (m->open && (m->fit.from != from || m->fit.limit != limit)) m->fit = (TokenFit){from, fits_up_to(m, from, limit), limit};
    return (m->open && to <= m->fit.to) || token_map_count(m, from, to, limit) <= limit;
}

// ---- cuts ---------------------------------------------------------------------------------------

size_t token_map_cut(TokenMap *m, size_t from, size_t to, size_t limit)
{
    if (token_map_count(m, from, to, limit) <= limit) return to;
    TokenHead *head = head_of(m, from);
    uint64_t most = limit_units(m, limit);
    bool within = to <= head->inside, whole;
    // A long run that fills the slice is cut without looking for where both have the same pieces again: that lies behind it.
    if (within || head->inside - from > limit) {
        size_t end = boundaries_cut(&m->pieces, from, to, limit, &whole);
        if (within || !whole) return end;
    }
    if (head->sync == 0) synchronise(m, head);
    TokenHead h = *head;
    if (h.sync > to || h.units > most) return boundaries_cut(&m->pieces, from, to, limit, &whole);
    cover(m, to, h.before + most);
    size_t first = find(m, h.sync, FROM), last = find_units(m, first, m->hints[TO], h.before + most - h.units);
    while (last > first && m->places[last].end > to) last--;
    size_t end = m->places[last].end;
    uint64_t used = h.units + m->places[last].units - h.before;
    // A piece that alone would fill much of the chunk is cut itself.
    if (end < to && used < most / 2) {
        size_t stop = boundaries_end(&m->pieces, end, to);
        end = boundaries_inside(&m->pieces, end, stop, (size_t)((most - used) / m->pieces.scale));
    }
    return end;
}

size_t token_map_tail(TokenMap *m, size_t from, size_t to, size_t n)
{
    head_of(m, from);
    cover(m, to, UINT64_MAX);
    size_t first = find(m, from, FROM), last = find(m, to, TO);
    if (last == first) return to;
    uint64_t units = m->places[last].units, most = limit_units(m, n);
    if (m->places[last].end < to) units += boundaries_units(&m->pieces, m->places[last].end, to);
    size_t i = units > most ? find_units(m, first, last, units - most - 1) + 1 : first + 1;
    return i < m->n && m->places[i].end < to ? m->places[i].end : to;
}

size_t token_map_next(TokenMap *m, size_t at)
{
    cover(m, at < m->text.len ? at + 1 : at, UINT64_MAX);
    size_t i = find(m, at, FROM) + 1;
    return i < m->n ? m->places[i].end : m->text.len;
}

size_t token_map_back(TokenMap *m, size_t from, size_t at)
{
    if (at <= from + 1) return from;
    size_t end = m->places[find(m, at - 1, TO)].end;
    return end > from ? end : from;
}
