// SPDX-License-Identifier: Apache-2.0
#include "prose.h"

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof(list)[0]))
#define W(word) S_INIT(word)

static const Str adjectives[] = {
    W("quiet"), W("amber"), W("broad"), W("brisk"), W("calm"), W("careful"), W("cheap"), W("clear"),
    W("clever"), W("coarse"), W("cold"), W("common"), W("crisp"), W("curious"), W("damp"), W("deep"),
    W("distant"), W("double"), W("dusty"), W("early"), W("empty"), W("exact"), W("faded"), W("fair"),
    W("faint"), W("firm"), W("folded"), W("formal"), W("fragile"), W("fresh"), W("gentle"), W("golden"),
    W("grey"), W("hidden"), W("hollow"), W("honest"), W("humble"), W("late"), W("light"), W("local"),
    W("loose"), W("lucky"), W("modest"), W("narrow"), W("naïve"), W("noisy"), W("odd"), W("pale"),
    W("patient"), W("plain"), W("polite"), W("proud"), W("rapid"), W("rare"), W("rough"), W("rusty"),
    W("secret"), W("sharp"), W("silver"), W("simple"), W("slow"), W("smooth"), W("steady"), W("sturdy"),
    W("sudden"), W("tidy"), W("tiny"), W("usual"), W("warm"), W("wooden"), W("worn"), W("yearly"),
};
static const Str nouns[] = {
    W("account"), W("address"), W("anchor"), W("apple"), W("archive"), W("baker"), W("balance"), W("barrel"),
    W("basket"), W("battery"), W("beacon"), W("bench"), W("bicycle"), W("blanket"), W("bottle"), W("bridge"),
    W("bucket"), W("button"), W("cabinet"), W("café"), W("calendar"), W("camera"), W("candle"), W("captain"),
    W("carpet"), W("cashier"), W("ceiling"), W("charger"), W("chimney"), W("clerk"), W("clock"), W("colleague"),
    W("compass"), W("contract"), W("copper"), W("corner"), W("courier"), W("curtain"), W("customer"), W("deposit"),
    W("desk"), W("doctor"), W("drawer"), W("driver"), W("editor"), W("engine"), W("envelope"), W("errand"),
    W("factory"), W("feather"), W("ferry"), W("filter"), W("folder"), W("forest"), W("furnace"), W("garden"),
    W("gardener"), W("gateway"), W("glove"), W("hammer"), W("harbour"), W("harvest"), W("helmet"), W("hinge"),
    W("invoice"), W("island"), W("jacket"), W("journal"), W("kettle"), W("keyboard"), W("kitchen"), W("ladder"),
    W("lantern"), W("ledger"), W("lemon"), W("letter"), W("library"), W("lobby"), W("locker"), W("machine"),
    W("magnet"), W("manager"), W("market"), W("meadow"), W("medal"), W("meeting"), W("merchant"), W("message"),
    W("meter"), W("mirror"), W("module"), W("mountain"), W("neighbour"), W("notebook"), W("number"), W("office"),
    W("orchard"), W("order"), W("package"), W("painter"), W("panel"), W("parcel"), W("passport"), W("pencil"),
    W("pension"), W("pigeon"), W("pillow"), W("pilot"), W("planet"), W("platform"), W("pocket"), W("policy"),
    W("printer"), W("profile"), W("puzzle"), W("quarter"), W("railway"), W("receipt"), W("recipe"), W("refund"),
    W("report"), W("ribbon"), W("river"), W("roof"), W("sailor"), W("sample"), W("schedule"), W("screen"),
    W("sensor"), W("shelf"), W("shipment"), W("signal"), W("singer"), W("socket"), W("station"), W("statue"),
    W("student"), W("suitcase"), W("tablet"), W("teacher"), W("temple"), W("theatre"), W("ticket"), W("timber"),
    W("tower"), W("tractor"), W("tunnel"), W("umbrella"), W("valley"), W("vehicle"), W("violin"), W("visitor"),
    W("voucher"), W("wagon"), W("wallet"), W("weather"), W("window"), W("workshop"), W("writer"), W("yard"),
};
static const Str verbs[] = {  // each takes a plain s in the third person
    W("accept"), W("adjust"), W("answer"), W("arrange"), W("bend"), W("borrow"), W("bring"), W("build"),
    W("cancel"), W("change"), W("check"), W("clean"), W("collect"), W("compare"), W("count"), W("cover"),
    W("deliver"), W("describe"), W("draw"), W("exchange"), W("explain"), W("extend"), W("find"), W("follow"),
    W("gather"), W("guide"), W("handle"), W("help"), W("hold"), W("ignore"), W("include"), W("inspect"),
    W("join"), W("keep"), W("label"), W("lift"), W("limit"), W("load"), W("measure"), W("mention"),
    W("move"), W("need"), W("offer"), W("open"), W("order"), W("paint"), W("park"), W("praise"),
    W("prepare"), W("print"), W("protect"), W("question"), W("reach"), W("remember"), W("remove"), W("repair"),
    W("replace"), W("return"), W("select"), W("share"), W("store"), W("support"), W("trace"), W("visit"),
};
static const Str times[] = {
    W("after lunch"), W("at dawn"), W("before noon"), W("behind the counter"), W("beside the stairs"), W("by email"),
    W("during the break"), W("every second week"), W("for a small fee"), W("for the third time"), W("in August"),
    W("in good order"), W("in the afternoon"), W("near the entrance"), W("next Tuesday"), W("on the first floor"),
    W("on short notice"), W("on request"), W("once a month"), W("over the telephone"), W("since last winter"),
    W("this evening"), W("under the old rules"), W("until Friday"), W("with both hands"), W("with some luck"),
    W("without delay"), W("within four days"), W("without a reason"), W("at the weekend"), W("at half price"),
    W("across the street"),
};
static const Str adverbs[] = {
    W("usually"), W("rarely"), W("often"), W("quickly"), W("gladly"), W("politely"), W("slowly"), W("sometimes"),
    W("honestly"), W("nearly"), W("simply"), W("firmly"), W("calmly"), W("always"), W("barely"), W("clearly"),
};

typedef struct Words {
    const Str *list;
    uint32_t n;
} Words;
static const Words adjective = {adjectives, COUNT(adjectives)}, noun = {nouns, COUNT(nouns)},
                   verb = {verbs, COUNT(verbs)}, when = {times, COUNT(times)}, adverb = {adverbs, COUNT(adverbs)};

// A form is words of the language between letters in capitals, each a draw from a list.
static const char *const forms[] = {
    "The A N Vs the A N T.",      "M, my N Vs your A N T.",          "Could your N V the A N T?",
    "I M V our N when the A N Vs.", "We V one A N and V the N T.",     "Please V the N, because this A N Vs T.",
    "Every A N Vs some N T.",     "Does the A N M V this N T?",      "No N Vs the N, but our A N Vs it T.",
    "Thank you, the A N and the N V T.",
};

uint32_t voice_below(Voice *v, uint32_t n) { return rng_below(&v->base, n); }

// Both draws are always made from `base`, so that noise in one word never shifts the rest.
static Str draw(Voice *v, Words words) {
    uint32_t own = rng_below(&v->base, words.n);
    if (v->noise_share && rng_below(&v->noise, 1024) < v->noise_share) own = rng_below(&v->noise, words.n);
    return words.list[own];
}

static const Words *words_for(char c) {
    switch (c) {
        case 'A': return &adjective;
        case 'N': return &noun;
        case 'V': return &verb;
        case 'T': return &when;
        case 'M': return &adverb;
        default: return NULL;
    }
}

void prose_sentence(Buf *out, Voice *v) {
    const char *form = forms[voice_below(v, COUNT(forms))];
    size_t start = out->len;
    for (const char *p = form; *p; p++) {
        // A capital is a draw only where it does not begin a word of the form itself.
        bool letter_follows = p[1] >= 'a' && p[1] <= 'z' && !(p[0] == 'V' && p[1] == 's');
        const Words *words = letter_follows ? NULL : words_for(*p);
        if (words) buf_add(out, draw(v, *words));
        else buf_char(out, *p);
    }
    if (out->ptr[start] >= 'a' && out->ptr[start] <= 'z') out->ptr[start] = (char)(out->ptr[start] - 'a' + 'A');
}

static bool starts_code_point(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

static size_t code_points(Str s) {
    size_t i = 0, continued = 0;
    for (; i + 8 <= s.len; i += 8) continued += mask_count(mask_continues(load8(s.ptr + i)));
    for (; i < s.len; i++) continued += !starts_code_point(s.ptr[i]);
    return s.len - continued;
}

// Cuts the text behind `start` to `max` code points, at a space where one is near the end.
static void cut_to(Buf *out, size_t start, size_t max) {
    size_t end = start, points = 0;
    for (; end < out->len; end++)
        if (starts_code_point(out->ptr[end]) && ++points > max) break;
    if (end == out->len) return;
    size_t space = end;
    while (space > start && end - space < 24 && out->ptr[space] != ' ') space--;
    bool roomy = max > 24 && out->ptr[space] == ' ';
    out->len = roomy ? space : end;
    if (roomy && (out->ptr[space - 1] == ',' || out->ptr[space - 1] == '.' || out->ptr[space - 1] == '?')) out->len--;
    if (roomy) buf_char(out, '.');
}

void prose_text(Buf *out, Voice *v, size_t min, size_t max) {
    size_t start = out->len, points = 0, sentences = 1 + voice_below(v, 3);
    if (max && max < min) max = min;
    for (size_t i = 0; (i < sentences || points < min) && (!max || points < max); i++) {
        size_t here = out->len;
        if (i) buf_char(out, ' ');
        prose_sentence(out, v);
        points += code_points((Str){out->ptr + here, out->len - here});
    }
    if (!max || points <= max) return;
    cut_to(out, start, max);
    points = code_points((Str){out->ptr + start, out->len - start});
    for (; points < min; points++) buf_char(out, points + 1 < min ? 'o' : '.');
}
