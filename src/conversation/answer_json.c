// SPDX-License-Identifier: Apache-2.0
#include "conversation/answer_json.h"

#include "base/utf8.h"
#include "conversation/answer_lines.h"
#include "conversation/names.h"

static const Loose *find_turns(const Loose *value, Draft *draft);
static bool add_items(const Loose *list, Draft *draft, Finding *why);
static bool add_object(const Loose *object, Draft *draft, Finding *why);
static bool is_exchange(const Loose *object, const Form *form);
static bool is_sequence(const Loose *object, const Form *form);
static bool add_members(const Loose *object, Draft *draft, Finding *why);

static bool one_of(Str key, const Str *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_ignore_case(key, names[i])) return true;
    return false;
}

#define ONE_OF(key, names) one_of(key, names, sizeof names / sizeof *names)

// Keys that say what they hold; any other key is judged by its value.
static const Str list_keys[] = {S_INIT("conversation"), S_INIT("messages"), S_INIT("turns"), S_INIT("dialogue"), S_INIT("dialog"),
                                S_INIT("exchanges"), S_INIT("transcript"), S_INIT("chat")};
static const Str text_keys[] = {S_INIT("text"), S_INIT("content"), S_INIT("message"), S_INIT("utterance")};
static const Str speaker_keys[] = {S_INIT("speaker"), S_INIT("role"), S_INIT("name"), S_INIT("participant"),
                                   S_INIT("from"), S_INIT("sender")};

static bool is_text(const Loose *value) { return value->kind == LOOSE_STRING || value->kind == LOOSE_SCALAR || value->kind == LOOSE_NULL; }

// No turn says more than the sketch of the shape does (instructions.h), which some models fill in as it stands.
static bool all_empty(const Draft *draft)
{
    for (size_t i = 0; i < draft->n_turns; i++) {
        Str text = draft->turns[i].text;
        if (text.len && !str_eq(text, S("string"))) return false;
    }
    return true;
}

bool json_conversation(const LooseText *json, Draft *draft, Finding *why)
{
    if (json->overflow) return finding_set(why, FINDING_UNREADABLE, "more than %d values", LOOSE_VALUES);
    bool listed = false;
    for (const Loose *value = json->values; value; value = value->next) {
        const Loose *turns = find_turns(value, draft);
        if (!turns) {
            // Labels may stand in an object of their own.
            if (value == json->values && !value->next && value->first)
                return finding_set(why, FINDING_UNREADABLE, "JSON without a list of turns");
            continue;
        }
        if (turns->kind == LOOSE_ARRAY && listed) continue;  // another version of the conversation
        listed |= turns->kind == LOOSE_ARRAY;
        bool read = turns->kind == LOOSE_ARRAY    ? add_items(turns, draft, why)
                    : is_sequence(turns, draft->form) ? add_members(turns, draft, why)
                    : turns->kind == LOOSE_OBJECT ? add_object(turns, draft, why)
                                                  : lines_conversation(turns->text, draft, why);
        if (!read) return false;
        if (all_empty(draft) && value->next) {  // the sketch of the shape, repeated before the answer
            *draft = draft_new(draft->form, draft->arena);
            listed = false;
        }
    }
    if (all_empty(draft)) return finding_set(why, FINDING_EMPTY, "JSON without a turn");
    return true;
}

// ---- where the turns are ------------------------------------------------------------------------

static void take_labels(const Loose *object, Draft *draft)
{
    for (const Loose *m = object->first; m; m = m->next) {
        if (m->kind == LOOSE_STRING || m->kind == LOOSE_SCALAR) {
            if (!m->open) draft_label(draft, m->key, m->text);
        } else if (m->kind == LOOSE_OBJECT && str_eq_ignore_case(m->key, S("labels"))) {
            for (const Loose *l = m->first; l; l = l->next)
                if ((l->kind == LOOSE_STRING || l->kind == LOOSE_SCALAR) && !l->open) draft_label(draft, l->key, l->text);
        }
    }
}

// How likely a member holds the turns; 0: it does not.
static int rank(const Loose *m, const Form *form)
{
    int known = ONE_OF(m->key, list_keys) ? 10 : 0;
    switch (m->kind) {
    case LOOSE_ARRAY: return known + (!m->first ? 1 : m->first->kind == LOOSE_STRING ? 4 : 5);
    case LOOSE_OBJECT: return str_eq_ignore_case(m->key, S("labels")) ? 0 : known + 3;
    case LOOSE_STRING: return lines_open_turn(m->text, form) ? known + 2 : 0;
    case LOOSE_NULL:
    case LOOSE_SCALAR: return 0;
    }
    return 0;
}

static bool names_speaker(const Loose *object, const Form *form)
{
    for (const Loose *m = object->first; m; m = m->next)
        if (m->kind == LOOSE_STRING && (form_participant(form, m->text) != NOBODY || ONE_OF(m->key, speaker_keys))) return true;
    return false;
}

static bool speaks(const Loose *value, const Form *form)
{
    return value && value->kind == LOOSE_OBJECT && (is_exchange(value, form) || names_speaker(value, form));
}

// A member that is one of several pieces: a turn or an exchange, or {"exchange_1":[…],"exchange_2":[…]}.
static bool is_piece(const Loose *m, const Form *form)
{
    bool numbered = m->key.len && str_is_digit(m->key.ptr[m->key.len - 1]);
    return speaks(m, form) || (m->kind == LOOSE_ARRAY && numbered && speaks(m->first, form));
}

// An object whose members hold the conversation piece by piece, in their order.
static bool is_sequence(const Loose *object, const Form *form)
{
    if (object->kind != LOOSE_OBJECT || is_exchange(object, form)) return false;
    size_t pieces = 0;
    for (const Loose *m = object->first; m; m = m->next) pieces += is_piece(m, form);
    return pieces > 1;
}

static bool add_members(const Loose *object, Draft *draft, Finding *why)
{
    for (const Loose *m = object->first; m; m = m->next) {
        if (!is_piece(m, draft->form)) continue;
        if (!(m->kind == LOOSE_ARRAY ? add_items(m, draft, why) : add_object(m, draft, why))) return false;
    }
    return true;
}

// Goes down to the array, the pieces, the single exchange or turn, or the string of lines that holds the
// turns, and takes the labels on its way. NULL: there is none.
static const Loose *find_turns(const Loose *value, Draft *draft)
{
    while (value) {
        if (value->kind == LOOSE_ARRAY) {
            bool wrapped = value->first && value->first->kind == LOOSE_ARRAY && !value->first->next;
            if (!wrapped) return value;
            value = value->first;
            continue;
        }
        if (value->kind != LOOSE_OBJECT) return value;
        take_labels(value, draft);
        const Loose *best = NULL;
        int best_rank = 0;
        for (const Loose *m = value->first; m; m = m->next) {
            int r = rank(m, draft->form);
            if (r > best_rank) best = m, best_rank = r;
        }
        bool listed = best && best->kind == LOOSE_ARRAY;
        if (is_exchange(value, draft->form) || (!listed && names_speaker(value, draft->form))) return value;
        bool named = best && ONE_OF(best->key, list_keys);
        if (!named && is_sequence(value, draft->form)) return value;
        value = best;
    }
    return NULL;
}

// ---- turns --------------------------------------------------------------------------------------

// Adds the turn that a value is. A speaker's own name before the text is not part of it.
static Turn *add_turn(Draft *draft, unsigned participant, const Loose *value)
{
    int named;
    Str rest = line_speaker(draft->form, value->text, &named);
    draft->last_open = value->open;
    return draft_turn(draft, participant, named == (int)participant ? rest : value->text);
}

static bool add_items(const Loose *list, Draft *draft, Finding *why)
{
    for (const Loose *item = list->first; item; item = item->next) {
        if (item->kind == LOOSE_STRING) {
            int named;
            line_speaker(draft->form, item->text, &named);
            draft->guessed |= named == NOBODY;
            add_turn(draft, named == NOBODY ? draft_next(draft) : (unsigned)named, item);
        } else if (item->kind == LOOSE_OBJECT) {
            if (!add_object(item, draft, why)) return false;
        } else if (item->next || !item->open) {
            return finding_set(why, FINDING_UNREADABLE, "item %zu of the list is no turn", draft->n_turns + 1);
        }
    }
    return true;
}

static bool is_label(Str key, const Form *form)
{
    return label_find(form->labels, form->n_labels, key) != NOBODY ||
           label_find(form->turn_labels, form->n_turn_labels, key) != NOBODY;
}

// All keys are participants, labels aside.
static bool is_exchange(const Loose *object, const Form *form)
{
    bool any = false;
    for (const Loose *m = object->first; m; m = m->next) {
        if (form_speaker(form, m->key) != NOBODY)
            any = true;
        else if (!is_label(m->key, form))
            return false;
    }
    return any;
}

// A label in an exchange belongs to the turn before it.
static bool add_exchange(const Loose *object, Draft *draft, Finding *why)
{
    Turn *turn = NULL;
    for (const Loose *m = object->first; m; m = m->next) {
        int speaker = form_speaker(draft->form, m->key);
        if (!is_text(m)) return finding_set(why, FINDING_UNREADABLE, "turn %zu is no text", draft->n_turns + 1);
        if (speaker != NOBODY)
            turn = add_turn(draft, (unsigned)speaker, m);
        else if (m->kind != LOOSE_NULL && !m->open && !draft_turn_label(draft, turn, m->key, m->text))
            draft_label(draft, m->key, m->text);
    }
    return true;
}

// Who is named by the object's values. Exactly one value does; more than one only if they are not
// its text and mean the same one, like {"name":"User","role":"user",…}.
static int turn_speaker(const Loose *object, const Form *form, int (*find)(const Form *, Str))
{
    int speaker = NOBODY;
    bool by_text = false;
    for (const Loose *m = object->first; m; m = m->next) {
        if (m->kind != LOOSE_STRING) continue;
        int named = find(form, m->text);
        if (named == NOBODY) continue;
        bool text = ONE_OF(m->key, text_keys);
        if (speaker != NOBODY && (named != speaker || text || by_text)) return NOBODY;
        speaker = named;
        by_text = text;
    }
    return speaker;
}

// The value of a text key, or else the only other string; NULL: there is none, or more than one.
static const Loose *turn_text(const Loose *object, const Form *form, int speaker)
{
    for (size_t k = 0; k < sizeof text_keys / sizeof *text_keys; k++)
        for (const Loose *m = object->first; m; m = m->next)
            if (is_text(m) && str_eq_ignore_case(m->key, text_keys[k])) return m;
    const Loose *only = NULL;
    for (const Loose *m = object->first; m; m = m->next) {
        if (m->kind != LOOSE_STRING || is_label(m->key, form) || form_speaker(form, m->text) == speaker) continue;
        if (only) return NULL;
        only = m;
    }
    return only;
}

// Says why an object is neither an exchange nor a turn.
static bool no_turn(const Loose *object, const Draft *draft, Finding *why)
{
    bool exchange = false;
    for (const Loose *m = object->first; m; m = m->next) exchange |= form_participant(draft->form, m->key) != NOBODY;
    for (const Loose *m = object->first; m; m = m->next) {
        Str name = exchange ? m->key : m->text;
        bool unknown = exchange ? form_speaker(draft->form, name) == NOBODY && !is_label(name, draft->form)
                                : m->kind == LOOSE_STRING && ONE_OF(m->key, speaker_keys) && form_speaker(draft->form, name) == NOBODY;
        if (!unknown) continue;
        return finding_set(why, FINDING_PARTICIPANT, "turn %zu: \"%.*s\" does not take part", draft->n_turns + 1,
                           STR_ARG(utf8_cut(name, 60)));
    }
    return finding_set(why, FINDING_UNREADABLE, "turn %zu does not say who speaks, or what", draft->n_turns + 1);
}

// An item that holds labels instead of a turn.
static bool is_labels(const Loose *object, const Form *form)
{
    for (const Loose *m = object->first; m; m = m->next)
        if (label_find(form->labels, form->n_labels, m->key) == NOBODY) return false;
    return true;
}

static bool add_object(const Loose *object, Draft *draft, Finding *why)
{
    if (is_labels(object, draft->form)) {
        take_labels(object, draft);
        return true;
    }
    if (is_exchange(object, draft->form)) return add_exchange(object, draft, why);
    int speaker = turn_speaker(object, draft->form, form_participant);
    if (speaker == NOBODY) speaker = turn_speaker(object, draft->form, form_speaker);
    const Loose *text = speaker == NOBODY ? NULL : turn_text(object, draft->form, speaker);
    if (!text) return object->open || no_turn(object, draft, why);
    Turn *turn = add_turn(draft, (unsigned)speaker, text);
    draft->last_open |= object->open && draft->form->n_turn_labels;
    for (const Loose *m = object->first; m; m = m->next)
        if (m->kind == LOOSE_STRING || m->kind == LOOSE_SCALAR) draft_turn_label(draft, turn, m->key, m->text);
    return true;
}
