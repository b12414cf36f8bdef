// SPDX-License-Identifier: Apache-2.0
//
// A dataset in the formats that other tools read. A format is one constant row at the end of its own
// export_<name>.c, listed once in export_formats.c. Rows stream through: memory does not grow with
// their number. Every row of a format has the same keys in the same order, each of one type: a label is a
// number or a truth value where it is in every row (null aside), else text. What has no fixed shape (parameters,
// chunks) is JSON inside a string, "metadata". Where turns have labels, "turn_labels" stands beside the messages.
//
// With parts (or a format that has files beside its data) the output is a folder with one file a part;
// else it is one file, or standard output.
#ifndef CONFAB_OUTPUT_EXPORT_H
#define CONFAB_OUTPUT_EXPORT_H

#include "output/export_row.h"
#include "output/sink.h"

typedef struct ExportFormat ExportFormat;

enum {
    EXPORT_PARTS = 32,      // parts of a dataset; files that are open at once
    EXPORT_LABELS = 1000,   // columns; the record's own bound is 2,000
    EXPORT_TURN_LABELS = 256,
};

typedef struct ExportLabel {
    Str key;               // raw JSON
    ExportType type;
} ExportLabel;

typedef struct ExportPlan {
    const ExportFormat *format;
    Str path;              // absent: standard output
    bool folder;           // `path` is a folder
    bool zstd, csv_safe, bom;
    Str parts[EXPORT_PARTS];
    size_t n_parts;        // at least one
    ExportLabel labels[EXPORT_LABELS];  // the same for every row
    size_t n_labels;
    Str turn_labels[EXPORT_TURN_LABELS];  // raw keys; their values are text
    size_t n_turn_labels;
    Str csv_header;        // with its CRLF
    Str project;           // its name
    Str model;             // for the card; absent: not known
    Str confab;            // version
} ExportPlan;

typedef struct ExportFile {
    const ExportPlan *plan;
    Sink sink;
    uint64_t rows;         // written
    uint64_t unfit;        // left out: the format cannot say them
    uint64_t trimmed;      // written without an opening or closing turn
    Buf line;              // scratch of a row
    Arena arena;           // scratch of a row
    void *state;           // the format's own
    uint64_t bytes;        // size of the finished file
} ExportFile;

struct ExportFormat {
    const char *name;
    const char *ending;    // with its dot
    const char *in_folder; // where a part's file lies in the folder, before and behind the part's name; NULL: "", ending
    const char *behind;
    bool text;             // may be compressed
    bool folder;           // always a folder (unless written to standard output)
    bool (*begin)(ExportFile *f, Error *e);                        // may be NULL
    bool (*row)(ExportFile *f, const ExportRow *row, Error *e);
    bool (*end)(ExportFile *f, Error *e);                          // may be NULL
    void (*close)(ExportFile *f);                                  // frees `state`; may be NULL
    bool (*beside)(const ExportPlan *plan, const ExportFile *files, Error *e);  // further files of the folder; may be NULL
};

const ExportFormat *export_format(Str name);  // NULL: none

typedef struct Export {
    const ExportPlan *plan;
    ExportFile files[EXPORT_PARTS];
    size_t n_open;
} Export;

bool export_open(Export *x, const ExportPlan *plan, Error *e);
bool export_row(Export *x, size_t part, const ExportRow *row, Error *e);
// Nothing has taken its place before this.
bool export_close(Export *x, Error *e);
void export_abandon(Export *x);  // safe after any failure, and after close

// ---- for formats ----------------------------------------------------------------------------------

bool export_flush(ExportFile *f, Error *e);  // writes `line` and clears it
// [{"role":"user","content":"…"},…], roles by export_role.
void export_messages(const ExportRow *row, Buf *out);
// A label as raw JSON of its type, or null. `cursor` ({0} before the row's first) finds the next at once.
void export_label(const ExportRow *row, const ExportLabel *label, Str *cursor, Buf *out);
// The value of a message's label, raw; absent: it has none.
Str export_turn_label(const ExportMessage *message, Str raw_key);
// Everything of no fixed shape as one JSON object.
void export_metadata(const ExportRow *row, Buf *out);
// ,"id":…,"split":…,"source":…,"topic":…,"document":…,"template":…,"labels":{…},"turn_labels":[{…},…],"metadata":"…"
void export_facts(ExportFile *f, const ExportRow *row, Buf *out);
// The file of part `i`, relative to the folder.
void export_part_path(const ExportPlan *plan, size_t i, Buf *out);
bool export_write_beside(const ExportPlan *plan, const char *name, Str text, Error *e);

#endif
