// SPDX-License-Identifier: Apache-2.0
#include "world.h"

bool holds(World *w, bool condition, const char *what)
{
    if (!condition && !w->broken) w->broken = what;
    return condition;
}

uint64_t below(World *w, uint64_t n) { return random_below(&w->random, n); }
bool chance(World *w, double p) { return random_unit(&w->random) < p; }

static void draw_limits(World *w, RunSettings *s)
{
    if (chance(w, 0.2)) s->max_tokens = 2000 + (int64_t)below(w, 60000);
    if (chance(w, 0.2)) s->max_cost = 10000 + (Money)below(w, 500000);
    if (chance(w, 0.1)) s->max_time = (Nanos)(1 + below(w, 60)) * NANOS_PER_SECOND;
    if (chance(w, 0.2)) s->rpm = 60 + (double)below(w, 600);
    if (chance(w, 0.1)) s->tpm = 3000 + (double)below(w, 60000);
}

// Most runs are short, so that there are many; some need the limits of a minute.
static void draw_settings(World *w)
{
    RunSettings *s = &w->settings;
    *s = (RunSettings){
        .iterations = 1 + below(w, chance(w, 0.08) ? 120 : 16),
        .start = chance(w, 0.1) ? below(w, 1000) : 0,
        .max_exchanges = 2,
        .seed = w->seed,
        .partition = S("train"),
        .concurrency = chance(w, 0.3) ? 1 : 1 + (unsigned)below(w, 24),
        .attempts = 1 + (unsigned)below(w, 4),
        .structured = chance(w, 0.5) ? STRUCTURED_AUTO : STRUCTURED_OFF,
        .model = S("sim"),
        .endpoints = w->endpoints,
        .n_endpoints = w->net.n_servers,
        .dedup = chance(w, 0.25),
        .dedup_threshold = 0.8,
        .dedup_openers = chance(w, 0.3),
        .dedup_scope = S("run"),
        .pricing = {.known = true, .input = 3000000, .cached_input = 1000000, .output = 9000000},
    };
    if (w->forgiving) s->dedup = false;  // chance makes near-duplicates, too
    draw_limits(w, s);
    if (chance(w, 0.2)) w->changes = random_unit(&w->random) * 0.2;
}

static void draw_server(World *w, ServerSettings *s)
{
    if (chance(w, 0.6)) s->broken = random_unit(&w->random) * 0.4;
    if (chance(w, 0.3)) s->rate = 1 + (double)below(w, 50);
    if (chance(w, 0.1)) s->no_schema = true;
    if (chance(w, 0.1)) {
        s->out_from = (Nanos)below(w, 20000) * NANOS_PER_MS;
        s->out_until = s->out_from + (Nanos)below(w, chance(w, 0.2) ? 900 : 20) * NANOS_PER_SECOND;
    }
    if (chance(w, 0.03)) s->refuses_until = (Nanos)below(w, 10000) * NANOS_PER_MS;
}

static void draw_net(World *w)
{
    Net *n = &w->net;
    net_init(n, w->seed ^ 0x5eed);
    n->n_servers = chance(w, 0.7) ? 1 : 2 + (size_t)below(w, NET_SERVERS - 1);
    n->latency_low = (Nanos)below(w, 50) * NANOS_PER_MS;
    n->latency_high = n->latency_low + (Nanos)below(w, 3000) * NANOS_PER_MS;
    n->content = (ContentSettings){.seed = w->seed, .bad = chance(w, 0.5) ? random_unit(&w->random) * 0.6 : 0,
                                   .repeated = chance(w, 0.3) ? random_unit(&w->random) * 0.8 : 0, .no_usage = chance(w, 0.1)};
    w->forgiving = n->n_servers > 1 && chance(w, 0.2);
    if (w->forgiving) {
        n->content.bad = n->content.repeated = 0;
        n->servers[below(w, n->n_servers)].settings.out_until = INT64_MAX;
        return;
    }
    for (size_t i = 0; i < n->n_servers; i++) draw_server(w, &n->servers[i].settings);
    if (chance(w, 0.05)) n->unsendable = random_unit(&w->random) * 0.3;
}

static bool draw_endpoints(World *w)
{
    Error e;
    bool ok = true;
    for (size_t i = 0; ok && i < w->net.n_servers; i++) {
        Str url = arena_printf(&w->arena, "http://127.0.0.1:%zu/v1#weight=%u", i + 1, 1 + (unsigned)below(w, 3));
        ok = endpoint_resolve(url, (Str){0}, (Str){0}, S("sim"), &w->arena, &w->endpoints[i], &e);
        w->net.servers[i].endpoint = w->endpoints[i];
    }
    return holds(w, ok, "endpoint");
}

bool world_open(World *w, uint64_t seed, const Project *project, Disk *disk, Totals *totals)
{
    w->seed = seed;
    w->random = random_from(seed);
    w->disk = disk;
    w->totals = totals;
    disk_reset(disk, seed);
    draw_net(w);
    if (!draw_endpoints(w)) return false;
    draw_settings(w);
    totals->several += w->net.n_servers > 1;
    totals->duplicate_index += w->settings.dedup;
    Problems problems = {.arena = &w->arena};
    PlanSettings plan = {.seed = seed, .max_exchanges = 2, .model = S("sim"), .run = S("26-11-22-15h04m05s")};
    bool ok = plan_open(project, &plan, &w->arena, &w->plan, &problems) &&
              recorder_open(project, &w->arena, &w->recorder, &problems);
    problems_print(&problems, stderr);
    if (holds(w, ok, "plan")) assessor_init(&w->assessor, w->plan, &w->recorder, &w->arena);
    return ok;
}

void world_close(World *w)
{
    assessor_free(&w->assessor);
    plan_close(w->plan);
    net_free(&w->net);
    arena_free(&w->arena);
}

bool world_open_journal(World *w, Journal **j, Error *e)
{
    JournalOptions options = {.vfs = "sim"};
    if (w->created) return journal_open("run.db", &options, j, e);
    w->created = journal_create("run.db", &options, j, e);
    return w->created;
}
