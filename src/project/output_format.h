// SPDX-License-Identifier: Apache-2.0
//
// config/output-format.json: who speaks, which labels there are, what one record looks like.
// Read in two steps like injections: names of labels and participants first, then everything that
// holds placeholders. The file may be absent: then User and Assistant speak in turn, every
// injection's label is a label, and the record is the default one.
#ifndef CONFAB_PROJECT_OUTPUT_FORMAT_H
#define CONFAB_PROJECT_OUTPUT_FORMAT_H

#include "conversation/form.h"
#include "project/labels.h"
#include "project/record_format.h"

typedef struct Stage {
    Template text;
    int participant;     // ANYONE, or whose stage it is
} Stage;

typedef struct Flow {
    Stage *stages;
    size_t n;
} Flow;

typedef enum CsvRowKind { CSV_ROW_CONVERSATION, CSV_ROW_TURN } CsvRowKind;

typedef struct OutputFormat {
    Str file;                 // absent: no such file
    Form form;                // max_exchanges is 0: the run's to set
    Label *labels;            // drawn and asked, in the order of {labels}
    size_t n_labels;
    Label *turn_labels;
    size_t n_turn_labels;
    bool append;              // {output_format} goes to the end of a user prompt that has none
    bool has_system;
    bool misspelt;            // a key that is near to a setting stands alone: reported, and no record
    Template system;          // first in {messages}
    Flow *flows;
    size_t n_flows;
    RecordNode record;        // the default one where none is given
    RecordNode usual;         // the default record, whatever `record` is
    bool record_given;
    bool csv_given;           // else: the record flattened and a column `conversation`
    CsvRowKind csv_row;
    RecordNode csv;           // RECORD_OBJECT: the columns
} OutputFormat;

enum {
    PARTICIPANTS_MAX = 64,  // each is in every prompt and in the schema
    STAGES_MAX = 200,
};

// `file` NULL: absent. Participants, labels' names, flow's shape, switches; without `labels`, one
// for each injection. The file's JSON must stay open until output_format_compile is done.
bool output_format_read(const JsonFile *file, const Injections *injections, Arena *a, OutputFormat *out,
                        Problems *problems);

// Everything with placeholders.
bool output_format_compile(const JsonFile *file, OutputFormat *format, const Names *names, Arena *a,
                           Problems *problems);

#endif
