// SPDX-License-Identifier: Apache-2.0
//
// Forms that the tests of src/conversation share.
#ifndef CONFAB_TESTS_CONVERSATION_FORMS_H
#define CONFAB_TESTS_CONVERSATION_FORMS_H

#include "conversation/form.h"

static const Participant two[] = {{S_INIT("Customer"), S_INIT("user")}, {S_INIT("Agent"), S_INIT("assistant")}};
static const Participant three[] = {{S_INIT("Patient"), S_INIT("user")},
                                    {S_INIT("Dr. Müller"), S_INIT("assistant")},
                                    {S_INIT("Front Desk"), S_INIT("assistant")}};
static const Str moods[] = {S_INIT("calm"), S_INIT("very angry")};
static const Str ends[] = {S_INIT("resolved"), S_INIT("open")};
static const Str intents[] = {S_INIT("ask"), S_INIT("thank")};
static const AskedLabel asked[] = {
    {.name = S_INIT("mood"), .of = moods, .n_of = 2, .about = S_INIT("how the customer feels"), .participant = ANYONE},
    {.name = S_INIT("resolution"), .of = ends, .n_of = 2, .participant = ANYONE},
};
static const AskedLabel asked_turn[] = {{.name = S_INIT("intent"), .of = intents, .n_of = 2, .about = S_INIT("why they write."), .participant = 0}};
static const AskedLabel asked_every_turn[] = {{.name = S_INIT("intent"), .of = intents, .n_of = 2, .participant = ANYONE}};

static const Form plain = {.participants = two, .n_participants = 2, .first = 0, .last = 1, .alternate = true, .max_exchanges = 4};
static const Form labelled = {.participants = two, .n_participants = 2, .first = 0, .last = 1, .alternate = true, .max_exchanges = 4,
                              .labels = asked, .n_labels = 2};
static const Form intent = {.participants = two, .n_participants = 2, .first = 0, .last = 1, .alternate = true, .max_exchanges = 4,
                            .turn_labels = asked_turn, .n_turn_labels = 1};
static const Form every_intent = {.participants = two, .n_participants = 2, .first = 0, .last = 1, .alternate = true, .max_exchanges = 4,
                                  .labels = asked, .n_labels = 1, .turn_labels = asked_every_turn, .n_turn_labels = 1};
static const Form clinic = {.participants = three, .n_participants = 3, .first = ANYONE, .last = ANYONE, .max_exchanges = 3};

#endif
