// SPDX-License-Identifier: Apache-2.0
#include "llm/spread.h"

#define SLACK (INT64_C(10) * NANOS_PER_MS)               // for callers that wake a little late
#define RESET_MAX (INT64_C(300) * NANOS_PER_SECOND)      // a later reset is not waited for in one go

void spread_hear(Spread *s, Nanos now, const SpreadSource *from, RateNews news)
{
    if (news.remaining < 0 || news.reset < 0 || from->number < s->number) return;
    Nanos reset = news.reset < RESET_MAX ? news.reset : RESET_MAX, age = now - from->sent_at;
    s->number = from->number;
    s->until = from->sent_at + reset;
    if (s->until <= now) {
        s->active = false;
        return;
    }
    // The news is as old as the answer took: what was sent since is not in it, nor what a bucket
    // was given back.
    double left = (double)news.remaining - (double)from->after * from->each;
    if (news.limit > news.remaining) left += (double)(news.limit - news.remaining) * (double)age / (double)reset;
    s->left = left > 0 ? left : 0;
    bool was = s->active;
    s->active = news.limit <= 0 || s->left < (double)news.limit / 2;
    if (!was) s->next = now;
}

bool spread_allows(Spread *s, Nanos now, double cost, Nanos *when)
{
    if (s->active && now >= s->until) s->active = false;
    if (!s->active) return true;
    if (s->left < cost) {
        *when = s->until;
        return false;
    }
    if (s->next - SLACK <= now) return true;
    *when = s->next - SLACK;
    return false;
}

void spread_spend(Spread *s, Nanos now, double cost)
{
    if (!s->active) return;
    double interval = s->left > 0 ? (double)(s->until - now) * cost / s->left : (double)(s->until - now);
    s->left = s->left > cost ? s->left - cost : 0;
    s->next = (s->next > now ? s->next : now) + (Nanos)interval;
    if (s->next > s->until) s->next = s->until;
}

bool spread_rules(const Spread *s, Nanos now) { return s->active && s->until - now > NANOS_PER_SECOND; }
