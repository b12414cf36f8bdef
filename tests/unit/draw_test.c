// SPDX-License-Identifier: Apache-2.0
#include "project_folder.h"

#include "knowledge/knowledge.h"
#include "plan/draw.h"

// Three topics with one, two and three documents; four chunks a document but c3's two.
#define FOUR "One a.\n\nTwo b.\n\nThree c.\n\nFour d."
static const FolderFile base[] = {
    {"prompting/system-prompt.txt", "You write conversations."},
    {"prompting/user-prompt.txt", "{topic} {knowledge} {mood} {tone} {template} {flow}"},
    {"prompting/templates.txt", "[short]\nShort.\n---\n[long]\nLong.\n---\n[odd]\nOdd."},
    {"prompting/injections/mood.txt", "calm\nangry\nsad\nglad\nbored"},
    {"prompting/injections/tone.json", "[{\"value\":\"dry\",\"weight\":3},{\"value\":\"warm\",\"weight\":1}]"},
    {"config/output-format.json", "{\"flow\":[[\"greet\",\"ask\"],[\"complain\"],[\"thank\"]]}"},
    {"config/chunk-strategy.json", "{\"*\":{\"strategy\":\"separator\",\"separator\":\"\\\\n\\\\n\"}}"},
    {"knowledge/a/a1.txt", FOUR},
    {"knowledge/b/b1.txt", FOUR},
    {"knowledge/b/b2.txt", FOUR},
    {"knowledge/c/c1.txt", FOUR},
    {"knowledge/c/c2.txt", FOUR},
    {"knowledge/c/c3.txt", "One a.\n\nTwo b."},
    {0},
};

typedef struct Fixture {
    ProjectFolder folder;
    const Project *project;
    Dealer *dealer;
    Arena items;
} Fixture;

static bool fixture_try(Fixture *f, const FolderFile *more, const char *partition, uint64_t seed, unsigned exchanges)
{
    *f = (Fixture){0};
    folder_make(&f->folder, base, more);
    f->project = &f->folder.project;
    return folder_load(&f->folder, partition) &&
           dealer_open(f->project, seed, exchanges, &f->folder.arena, &f->dealer, &f->folder.problems);
}

static void fixture_open(Fixture *f, const FolderFile *more)
{
    if (fixture_try(f, more, NULL, 7, 6)) return;
    problems_print(&f->folder.problems, stderr);
    fail_msg("no dealer");
}

static void fixture_close(Fixture *f)
{
    if (f->dealer) dealer_close(f->dealer);
    arena_free(&f->items);
    folder_close(&f->folder);
}

static Drawn draw(Fixture *f, uint64_t iteration, unsigned attempt)
{
    Drawn drawn;
    Error e;
    if (!dealer_draw(f->dealer, iteration, attempt, &f->items, &drawn, &e)) fail_msg("%s", e.what);
    return drawn;
}

static uint32_t injection(const Fixture *f, const char *name)
{
    for (uint32_t i = 0; i < f->project->injections.n; i++)
        if (str_eq(f->project->injections.items[i].name, str_from(name))) return i;
    fail_msg("no injection %s", name);
    return 0;
}

static bool same(const Drawn *a, const Drawn *b, const Project *p)
{
    if (a->seed != b->seed || a->exchanges != b->exchanges || a->topic != b->topic || a->document != b->document ||
        a->style != b->style || a->flow != b->flow || a->n_chunks != b->n_chunks || a->n_examples != b->n_examples)
        return false;
    for (size_t i = 0; i < a->n_chunks; i++)
        if (a->chunks[i] != b->chunks[i]) return false;
    for (size_t i = 0; i < a->n_examples; i++)
        if (a->examples[i] != b->examples[i]) return false;
    for (size_t i = 0; i < p->injections.n; i++)
        if (a->values[i] != b->values[i]) return false;
    for (size_t i = 0; i < p->parameters.n; i++)
        if (!str_eq(a->params[i], b->params[i])) return false;
    return true;
}

// ---- dealing ------------------------------------------------------------------------------------

static void topics_then_documents_then_chunks_are_even(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, NULL);
    unsigned topics[3] = {0}, documents[6] = {0}, chunks[22] = {0};
    assert_int_equal(f.project->knowledge->n_chunks, 22);
    for (uint64_t i = 0; i < 720; i++) {
        Drawn d = draw(&f, i, 1);
        assert_int_equal(d.n_chunks, 1);
        assert_int_equal(f.project->knowledge->chunks[d.chunks[0]].document, d.document);
        topics[d.topic]++, documents[d.document]++, chunks[d.chunks[0]]++;
    }
    for (int t = 0; t < 3; t++) assert_int_equal(topics[t], 240);
    const unsigned expected[6] = {240, 120, 120, 80, 80, 80};
    for (int d = 0; d < 6; d++) assert_int_equal(documents[d], expected[d]);
    for (int c = 0; c < 4; c++) assert_int_equal(chunks[c], 60);
    for (int c = 4; c < 12; c++) assert_int_equal(chunks[c], 30);
    for (int c = 12; c < 20; c++) assert_int_equal(chunks[c], 20);
    for (int c = 20; c < 22; c++) assert_int_equal(chunks[c], 40);
    fixture_close(&f);
}

static void documents_or_chunks_can_be_dealt_evenly(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"deal\":\"document\"}"}, {0}});
    unsigned documents[6] = {0}, chunks[22] = {0};
    for (uint64_t i = 0; i < 240; i++) {
        Drawn d = draw(&f, i, 1);
        documents[d.document]++, chunks[d.chunks[0]]++;
        const Topic *topic = &f.project->knowledge->topics[d.topic];
        assert_in_range(d.document, topic->first_document, topic->first_document + topic->n_documents - 1);
    }
    for (int d = 0; d < 6; d++) assert_int_equal(documents[d], 40);
    for (int c = 0; c < 22; c++) assert_int_equal(chunks[c], c < 20 ? 10 : 20);
    fixture_close(&f);

    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"deal\":\"chunk\"}"}, {0}});
    memset(chunks, 0, sizeof chunks);
    for (uint64_t i = 0; i < 220; i++) {
        Drawn d = draw(&f, i, 1);
        chunks[d.chunks[0]]++;
        assert_int_equal(f.project->knowledge->chunks[d.chunks[0]].document, d.document);
        const Topic *topic = &f.project->knowledge->topics[d.topic];
        assert_in_range(d.document, topic->first_document, topic->first_document + topic->n_documents - 1);
    }
    for (int c = 0; c < 22; c++) assert_int_equal(chunks[c], 10);
    fixture_close(&f);

    // A topic's weight counts for each of its chunks: 4 * 3, 8 and 10 of 30.
    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"deal\":\"chunk\",\"weights\":{\"topic\":{\"a\":3}}}"}, {0}});
    memset(chunks, 0, sizeof chunks);
    for (uint64_t i = 0; i < 3000; i++) chunks[draw(&f, i, 1).chunks[0]]++;
    for (int c = 0; c < 4; c++) assert_int_equal(chunks[c], 300);
    for (int c = 4; c < 22; c++) assert_in_range(chunks[c], 98, 102);
    fixture_close(&f);
}

static void weights_shift_topics_documents_and_values(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){
        {"config/drawing.json", "{\"weights\":{\"topic\":{\"a\":2,\"c\":0}}}"},
        {"config/chunk-strategy.json", "{\"b2.txt\":{\"weight\":3,\"strategy\":\"whole\"},\"*\":{\"strategy\":\"whole\"}}"}, {0}});
    unsigned topics[3] = {0}, documents[6] = {0}, tones[2] = {0};
    uint32_t tone = injection(&f, "tone");
    for (uint64_t i = 0; i < 3000; i++) {
        Drawn d = draw(&f, i, 1);
        topics[d.topic]++, documents[d.document]++, tones[d.values[tone]]++;
    }
    assert_int_equal(topics[0], 2010);  // 67 of 100 cards
    assert_int_equal(topics[1], 990);
    assert_int_equal(topics[2], 0);
    assert_in_range(documents[2], 735, 750);  // three in four of 990
    assert_int_equal(tones[0], 2250);
    assert_int_equal(tones[1], 750);
    fixture_close(&f);
}

static void crossed_variables_are_one_deck(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"cross\":[\"topic\",\"mood\",\"template\"]}"}, {0}});
    uint32_t mood = injection(&f, "mood");
    unsigned combinations[3][5][3] = {{{0}}}, documents[6] = {0}, chunks[22] = {0};
    for (uint64_t i = 0; i < 720; i++) {
        Drawn d = draw(&f, i, 1);
        combinations[d.topic][d.values[mood]][d.style]++;
        documents[d.document]++, chunks[d.chunks[0]]++;
    }
    for (int t = 0; t < 3; t++)
        for (int m = 0; m < 5; m++)
            for (int s = 0; s < 3; s++) assert_int_equal(combinations[t][m][s], 16);
    // Documents and chunks go on evenly whatever the topic is crossed with.
    const unsigned expected[6] = {240, 120, 120, 80, 80, 80};
    for (int d = 0; d < 6; d++) assert_int_equal(documents[d], expected[d]);
    for (int c = 0; c < 4; c++) assert_int_equal(chunks[c], 60);
    fixture_close(&f);

    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"deal\":\"chunk\",\"cross\":[\"topic\",\"tone\"]}"}, {0}});
    uint32_t tone = injection(&f, "tone");
    unsigned pairs[3][2] = {{0}};
    memset(chunks, 0, sizeof chunks);
    for (uint64_t i = 0; i < 1200; i++) {
        Drawn d = draw(&f, i, 1);
        pairs[d.topic][d.values[tone]]++, chunks[d.chunks[0]]++;
    }
    for (int t = 0; t < 3; t++) {
        assert_in_range(pairs[t][0], 288, 312);
        assert_in_range(pairs[t][1], 88, 112);
    }
    for (int c = 1; c < 4; c++) assert_in_range(chunks[c], chunks[0] - 1, chunks[0] + 1);
    fixture_close(&f);
}

static void no_topic_twice_in_a_row(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, NULL);
    uint32_t mood = injection(&f, "mood");
    Drawn last = draw(&f, 0, 1);
    for (uint64_t i = 1; i < 500; i++) {
        Drawn d = draw(&f, i, 1);
        assert_int_not_equal(d.topic, last.topic);
        assert_int_not_equal(d.values[mood], last.values[mood]);
        assert_int_not_equal(d.style, last.style);
        assert_int_not_equal(d.flow, last.flow);
        last = d;
    }
    fixture_close(&f);
}

// ---- purity -------------------------------------------------------------------------------------

static const FolderFile with_examples[] = {
    {"examples/examples.txt", "User: a1\nAssistant: b1\n---\nUser: a2\nAssistant: b2\n---\nUser: a3\nAssistant: b3\n---\n"
                              "User: a4\nAssistant: b4\n---\nUser: a5\nAssistant: b5"},
    {"prompting/user-prompt.txt", "{topic} {knowledge} {mood} {tone} {template} {flow} {examples}"},
    {"config/generation-paramters.json", "{\"temperature\":[0.2,1.0],\"top_k\":[10,50],\"min_p\":0.1,"
                                         "\"stop\":{\"choices\":[\"a\",\"b\"],\"weights\":[1,3]},"
                                         "\"top_p\":{\"min\":0.5,\"max\":0.9,\"step\":0.1}}"},
    {0},
};

static void an_item_depends_on_nothing_asked_before(void **state)
{
    (void)state;
    Fixture one, two;
    fixture_open(&one, with_examples);
    fixture_open(&two, with_examples);
    for (uint64_t i = 0; i < 300; i++) {
        // Backwards, and attempts before and after each other.
        uint64_t back = 299 - i;
        Drawn third = draw(&two, back, 3), first = draw(&two, back, 1);
        Drawn again = draw(&one, back, 1), later = draw(&one, back, 3);
        assert_true(same(&first, &again, one.project));
        assert_true(same(&third, &later, one.project));
    }
    fixture_close(&one);
    fixture_close(&two);
}

static void far_iterations_are_quick(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, with_examples);
    for (uint64_t i = 0; i < 200; i++) draw(&f, UINT64_C(5000000000000) + i * 1000003, 1);
    fixture_close(&f);
}

static void a_changed_list_changes_only_its_own_deck(void **state)
{
    (void)state;
    Fixture one, two;
    fixture_open(&one, NULL);
    fixture_open(&two, (FolderFile[]){{"prompting/injections/mood.txt", "calm\nangry\nsad\nglad\nbored\nshy"},
                                      {"knowledge/a/a2.txt", FOUR}, {0}});
    uint32_t mood = injection(&one, "mood"), tone = injection(&one, "tone");
    unsigned moved = 0;
    for (uint64_t i = 0; i < 200; i++) {
        Drawn a = draw(&one, i, 1), b = draw(&two, i, 1);
        moved += a.values[mood] != b.values[mood];
        assert_int_equal(a.values[tone], b.values[tone]);
        assert_int_equal(a.topic, b.topic);
        assert_int_equal(a.style, b.style);
        assert_int_equal(a.flow, b.flow);
        assert_int_equal(a.exchanges, b.exchanges);
        // The documents of other topics are dealt as before.
        if (a.topic > 0) assert_int_equal(a.document + 1, b.document);
    }
    assert_true(moved > 100);
    fixture_close(&one);
    fixture_close(&two);
}

static void a_seed_makes_another_run(void **state)
{
    (void)state;
    Fixture one, two;
    fixture_open(&one, with_examples);
    assert_true(fixture_try(&two, with_examples, NULL, 8, 6));
    unsigned alike = 0, exchanges = 0, topics = 0;
    for (uint64_t i = 0; i < 300; i++) {
        Drawn a = draw(&one, i, 1), b = draw(&two, i, 1);
        alike += a.seed == b.seed;
        exchanges += a.exchanges == b.exchanges;
        topics += a.topic == b.topic;
    }
    assert_int_equal(alike, 0);
    assert_in_range(exchanges, 20, 90);
    assert_in_range(topics, 60, 140);
    fixture_close(&one);
    fixture_close(&two);
}

// ---- attempts -----------------------------------------------------------------------------------

static void a_further_attempt_keeps_what_labels_show(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, with_examples);
    unsigned other_passage = 0, other_examples = 0, other_parameters = 0;
    for (uint64_t i = 0; i < 200; i++) {
        Drawn a = draw(&f, i, 1);
        uint32_t seen[4] = {a.chunks[0]};
        for (unsigned attempt = 2; attempt <= 4; attempt++) {
            Drawn b = draw(&f, i, attempt);
            assert_int_equal(a.topic, b.topic);
            assert_int_equal(a.style, b.style);
            assert_int_equal(a.flow, b.flow);
            assert_int_equal(a.exchanges, b.exchanges);
            for (size_t v = 0; v < f.project->injections.n; v++) assert_int_equal(a.values[v], b.values[v]);
            assert_int_not_equal(a.seed, b.seed);
            // Each topic has four chunks at least, so four attempts see four passages.
            for (unsigned s = 0; s + 1 < attempt; s++) assert_int_not_equal(seen[s], b.chunks[0]);
            seen[attempt - 1] = b.chunks[0];
            other_passage += b.document != a.document;
            other_examples += b.examples[0] != a.examples[0] || b.examples[1] != a.examples[1];
            other_parameters += !str_eq(a.params[0], b.params[0]);
        }
    }
    assert_true(other_passage > 100);
    assert_true(other_examples > 300);
    assert_true(other_parameters > 500);
    fixture_close(&f);
}

static void a_label_that_shows_the_document_keeps_it(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/output-format.json", "{\"labels\":{\"source\":\"{document}\"}}"},
                                    {"prompting/user-prompt.txt", "{knowledge}"}, {0}});
    unsigned moved = 0;
    for (uint64_t i = 0; i < 100; i++) {
        Drawn a = draw(&f, i, 1), b = draw(&f, i, 2);
        assert_int_equal(a.document, b.document);
        moved += a.chunks[0] != b.chunks[0];
    }
    assert_int_equal(moved, 100);
    fixture_close(&f);

    fixture_open(&f, (FolderFile[]){{"config/output-format.json", "{\"labels\":{\"source\":\"{chunk.id}\"}}"},
                                    {"prompting/user-prompt.txt", "{knowledge}"}, {0}});
    for (uint64_t i = 0; i < 100; i++) assert_int_equal(draw(&f, i, 1).chunks[0], draw(&f, i, 2).chunks[0]);
    fixture_close(&f);
}

static void a_single_passage_stays(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/chunk-strategy.json", "{\"*\":{\"strategy\":\"whole\"}}"}, {0}});
    for (uint64_t i = 0; i < 30; i++) {
        Drawn a = draw(&f, i, 1), b = draw(&f, i, 90);
        assert_int_equal(a.topic, b.topic);
        if (a.topic == 0) assert_int_equal(a.chunks[0], b.chunks[0]);
    }
    fixture_close(&f);
}

// ---- what is drawn ------------------------------------------------------------------------------

static void only_what_prompts_reach_is_drawn(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"prompting/user-prompt.txt", "{tone}"}, {0}});
    Drawn d = draw(&f, 3, 1);
    assert_int_equal(d.topic, NOT_DRAWN);
    assert_int_equal(d.document, NOT_DRAWN);
    assert_int_equal(d.n_chunks, 0);
    assert_int_equal(d.style, NOT_DRAWN);
    assert_int_equal(d.flow, NOT_DRAWN);
    assert_int_equal(d.values[injection(&f, "mood")], NOT_DRAWN);
    assert_int_not_equal(d.values[injection(&f, "tone")], NOT_DRAWN);
    fixture_close(&f);
}

static void conditions_choose_by_weight(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){
        {"prompting/injections/tone.json",
         "[{\"value\":\"dry\",\"when\":{\"topic\":[\"a\",\"b\"]}},{\"value\":\"warm\",\"weight\":3,\"when\":{\"topic\":[\"a\"]}},"
         "{\"value\":\"cold\",\"when\":{\"mood\":[\"angry\",\"sad\"],\"topic\":[\"c\"]}},{\"value\":\"none\",\"when\":{\"topic\":[\"c\"]}}]"},
        {0}});
    uint32_t mood = injection(&f, "mood"), tone = injection(&f, "tone");
    unsigned counts[3][4] = {{0}}, cold = 0, angry = 0;
    for (uint64_t i = 0; i < 6000; i++) {
        Drawn d = draw(&f, i, 1);
        counts[d.topic][d.values[tone]]++;
        if (d.topic == 2 && (d.values[mood] == 1 || d.values[mood] == 2)) angry++, cold += d.values[tone] == 2;
        else assert_int_not_equal(d.values[tone], 2);
        assert_int_equal(d.values[tone], draw(&f, i, 2).values[tone]);
    }
    assert_in_range(counts[0][0], 430, 570);
    assert_in_range(counts[0][1], 1430, 1570);
    assert_int_equal(counts[1][0], 2000);
    assert_int_equal(counts[2][0] + counts[2][1], 0);
    assert_in_range(cold, angry / 2 - 60, angry / 2 + 60);
    fixture_close(&f);
}

static void exchanges_fill_their_range(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"min_exchanges\":3}"}, {0}});
    unsigned counts[7] = {0};
    for (uint64_t i = 0; i < 4000; i++) counts[draw(&f, i, 1).exchanges]++;
    assert_int_equal(counts[0] + counts[1] + counts[2], 0);
    for (int n = 3; n <= 6; n++) assert_in_range(counts[n], 880, 1120);
    fixture_close(&f);
}

static void parameters_stay_in_their_ranges(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, with_examples);
    unsigned bees = 0;
    bool low = false, high = false;
    for (uint64_t i = 0; i < 2000; i++) {
        Drawn d = draw(&f, i, 1);
        double temperature = strtod(d.params[0].ptr, NULL), top_p = strtod(d.params[4].ptr, NULL);
        assert_true(temperature >= 0.2 && temperature <= 1.0);
        assert_true(d.params[0].len <= 6);  // 4 decimals
        long top_k = strtol(d.params[1].ptr, NULL, 10);
        assert_in_range(top_k, 10, 50);
        low = low || top_k == 10, high = high || top_k == 50;
        assert_true(str_eq(d.params[2], S("0.1")));
        bees += str_eq(d.params[3], S("\"b\""));
        assert_true(top_p > 0.49 && top_p < 0.91 && d.params[4].len == 3);
    }
    assert_true(low && high);
    assert_in_range(bees, 1420, 1580);
    fixture_close(&f);
}

static void neighbours_make_a_longer_passage(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/drawing.json", "{\"passages\":3}"}, {0}});
    for (uint64_t i = 0; i < 200; i++) {
        Drawn d = draw(&f, i, 1);
        const Knowledge *k = f.project->knowledge;
        const Document *document = &k->documents[d.document];
        assert_in_range(d.n_chunks, document->n_chunks < 3 ? document->n_chunks : 3, 3);
        // Each document's chunks stand together in reading order, and all are of the topic.
        for (size_t c = 0; c < d.n_chunks; c++) {
            const Chunk *chunk = &k->chunks[d.chunks[c]];
            assert_true(str_eq(k->documents[chunk->document].topic, document->topic));
            if (c == 0) assert_int_equal(chunk->document, d.document);
            for (size_t b = 0; b < c; b++) assert_true(d.chunks[b] < d.chunks[c] || k->chunks[d.chunks[b]].document != chunk->document);
        }
    }
    fixture_close(&f);
}

// By words they share, in the topic and in the partition; neighbours where nothing is related.
static void related_chunks_come_before_neighbours(void **state)
{
    (void)state;
    static const char lines[] = "{\"*\": {\"strategy\": \"separator\", \"separator\": \"\\n\"}}";
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"config/chunk-strategy.json", lines},
                                    {"knowledge/tools/a.md", "the grinder burrs wear out\nplain water here\nnothing else there"},
                                    {"knowledge/tools/b.md", "opening hours\nnew burrs for a grinder\nparking"},
                                    {"knowledge/other/c.md", "grinder burrs elsewhere"},
                                    {"prompting/user-prompt.txt", "{knowledge}"},
                                    {"config/drawing.json", "{\"deal\": \"chunk\", \"passages\": 2}"}, {0}});
    const Knowledge *k = f.project->knowledge;
    bool seen_related = false, seen_neighbour = false;
    for (uint64_t i = 0; i < 60; i++) {
        Drawn d = draw(&f, i, 1);
        Str first, second;
        Error e;
        if (!str_eq(k->documents[d.document].topic, S("tools"))) continue;
        assert_int_equal(d.n_chunks, 2);
        assert_true(knowledge_chunk_text(k, &k->chunks[d.chunks[0]], &f.items, &first, &e));
        assert_true(knowledge_chunk_text(k, &k->chunks[d.chunks[1]], &f.items, &second, &e));
        if (str_contains(first, S("burrs"))) {
            // "parking" has nothing in common with anything, so it takes the line before it.
            if (!str_contains(second, S("burrs")) && !str_eq(second, S("parking"))) fail_msg("<%s> with <%s>", first.ptr, second.ptr);
            seen_related = seen_related || str_contains(second, S("burrs"));
        } else if (str_eq(first, S("plain water here"))) {
            assert_true(str_eq(second, S("nothing else there")));
            seen_neighbour = true;
        }
    }
    assert_true(seen_related && seen_neighbour);
    fixture_close(&f);
}

static void examples_are_shown_evenly_and_never_twice(void **state)
{
    (void)state;
    for (unsigned shown = 1; shown <= 7; shown++) {
        char drawing[64];
        snprintf(drawing, sizeof drawing, "{\"examples\":{\"in_prompt\":%u}}", shown);
        const FolderFile more[] = {with_examples[0], with_examples[1], {"config/drawing.json", drawing}, {0}};
        Fixture f;
        fixture_open(&f, more);
        unsigned counts[5] = {0}, n = shown < 5 ? shown : 5;
        for (uint64_t i = 0; i < 500; i++)
            for (unsigned attempt = 1; attempt < 3; attempt++) {
                Drawn d = draw(&f, i, attempt);
                assert_int_equal(d.n_examples, n);
                for (size_t e = 0; e < n; e++) {
                    if (e) assert_true(d.examples[e] > d.examples[e - 1]);
                    counts[d.examples[e]] += attempt == 1;
                }
            }
        for (int e = 0; e < 5; e++) assert_in_range(counts[e], 80 * n, 120 * n);
        fixture_close(&f);
    }
}

// ---- partitions ---------------------------------------------------------------------------------

static void partitions_share_nothing(void **state)
{
    (void)state;
    const FolderFile split[] = {
        with_examples[0], with_examples[1],
        {"config/drawing.json", "{\"partitions\":{\"eval\":{\"documents\":[\"a/a1.txt\",\"c/c2.txt\"],\"examples\":[\"2\",\"4\"],"
                                "\"injections\":{\"mood\":[\"sad\",\"glad\"]}}}}"},
        {0}};
    unsigned documents[2][6] = {{0}}, examples[2][5] = {{0}}, moods[2][5] = {{0}};
    for (int p = 0; p < 2; p++) {
        Fixture f;
        if (!fixture_try(&f, split, p ? "eval" : "train", 7, 6)) {
            problems_print(&f.folder.problems, stderr);
            fail();
        }
        for (uint64_t i = 0; i < 200; i++)
            for (unsigned attempt = 1; attempt < 3; attempt++) {
                Drawn d = draw(&f, i, attempt);
                documents[p][d.document]++;
                for (size_t e = 0; e < d.n_examples; e++) examples[p][d.examples[e]]++;
                moods[p][d.values[injection(&f, "mood")]]++;
            }
        fixture_close(&f);
    }
    for (int d = 0; d < 6; d++) assert_true(!documents[0][d] != !documents[1][d]);
    for (int e = 0; e < 5; e++) assert_true(!examples[0][e] != !examples[1][e]);
    for (int m = 0; m < 5; m++) assert_true(!moods[0][m] != !moods[1][m]);
}

// ---- what is wrong ------------------------------------------------------------------------------

static void expect_problem(const Fixture *f, const char *code, const char *text)
{
    for (size_t i = 0; i < f->folder.problems.n; i++)
        if (strcmp(f->folder.problems.items[i].code, code) == 0 && strstr(f->folder.problems.items[i].what, text)) return;
    problems_print(&f->folder.problems, stderr);
    fail_msg("no problem %s with %s", code, text);
}

static void too_many_exchanges_are_an_error(void **state)
{
    (void)state;
    Fixture f;
    assert_false(fixture_try(&f, (FolderFile[]){{"config/drawing.json", "{\"min_exchanges\":3}"}, {0}}, NULL, 1, 2));
    expect_problem(&f, "exchanges", "min_exchanges is 3");
    fixture_close(&f);
}

static void an_empty_partition_is_an_error(void **state)
{
    (void)state;
    Fixture f;
    const FolderFile split[] = {
        {"config/drawing.json", "{\"partitions\":{\"eval\":{\"documents\":0,\"injections\":{\"mood\":[\"calm\"]}}}}"}, {0}};
    assert_false(fixture_try(&f, split, "eval", 1, 6));
    assert_true(f.folder.problems.errors > 0);
    fixture_close(&f);
}

static void variables_of_two_values_are_warned_of(void **state)
{
    (void)state;
    Fixture f;
    fixture_open(&f, (FolderFile[]){{"prompting/injections/mood.txt", "calm\nangry"},
                                    {"prompting/templates.txt", "One.\n---\nTwo."}, {0}});
    expect_problem(&f, "drawing", "{template} and {mood} have two values each");
    fixture_close(&f);
    fixture_open(&f, (FolderFile[]){{"prompting/injections/mood.txt", "calm\nangry"},
                                    {"prompting/templates.txt", "One.\n---\nTwo."},
                                    {"config/drawing.json", "{\"cross\":[\"mood\",\"template\"]}"}, {0}});
    for (size_t i = 0; i < f.folder.problems.n; i++) assert_string_not_equal(f.folder.problems.items[i].code, "drawing");
    fixture_close(&f);
}

static void a_combination_without_a_value_is_an_error(void **state)
{
    (void)state;
    Fixture f;
    bool open = fixture_try(&f, (FolderFile[]){{"prompting/injections/tone.json",
                                                "[{\"value\":\"dry\",\"when\":{\"topic\":[\"a\"]}}]"}, {0}}, NULL, 1, 6);
    // The project may find it before anything is drawn.
    unsigned failed = 0;
    for (uint64_t i = 0; open && i < 6; i++) {
        Drawn d;
        Error e;
        if (dealer_draw(f.dealer, i, 1, &f.items, &d, &e)) continue;
        failed++;
        assert_string_equal(e.code, "when");
        assert_non_null(strstr(e.what, "no value of {tone} fits topic"));
    }
    assert_true(!open || failed == 4);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_then_documents_then_chunks_are_even),
        cmocka_unit_test(documents_or_chunks_can_be_dealt_evenly),
        cmocka_unit_test(weights_shift_topics_documents_and_values),
        cmocka_unit_test(crossed_variables_are_one_deck),
        cmocka_unit_test(no_topic_twice_in_a_row),
        cmocka_unit_test(an_item_depends_on_nothing_asked_before),
        cmocka_unit_test(far_iterations_are_quick),
        cmocka_unit_test(a_changed_list_changes_only_its_own_deck),
        cmocka_unit_test(a_seed_makes_another_run),
        cmocka_unit_test(a_further_attempt_keeps_what_labels_show),
        cmocka_unit_test(a_label_that_shows_the_document_keeps_it),
        cmocka_unit_test(a_single_passage_stays),
        cmocka_unit_test(only_what_prompts_reach_is_drawn),
        cmocka_unit_test(conditions_choose_by_weight),
        cmocka_unit_test(exchanges_fill_their_range),
        cmocka_unit_test(parameters_stay_in_their_ranges),
        cmocka_unit_test(neighbours_make_a_longer_passage),
        cmocka_unit_test(related_chunks_come_before_neighbours),
        cmocka_unit_test(examples_are_shown_evenly_and_never_twice),
        cmocka_unit_test(partitions_share_nothing),
        cmocka_unit_test(too_many_exchanges_are_an_error),
        cmocka_unit_test(an_empty_partition_is_an_error),
        cmocka_unit_test(variables_of_two_values_are_warned_of),
        cmocka_unit_test(a_combination_without_a_value_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
