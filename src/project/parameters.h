// SPDX-License-Identifier: Apache-2.0
//
// config/generation-paramters.json: what may be drawn for each inference parameter.
#ifndef CONFAB_PROJECT_PARAMETERS_H
#define CONFAB_PROJECT_PARAMETERS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/random.h"

typedef enum ParameterKind {
    PARAMETER_FIXED,    // json
    PARAMETER_REAL,     // evenly in [min, max], rounded to 4 decimals
    PARAMETER_INTEGER,  // evenly over low … high
    PARAMETER_STEPS,    // min, min + step, … : n values
    PARAMETER_CHOICE,   // one of choices, by weights where given
} ParameterKind;

// The JSON type of what is drawn, null aside.
typedef enum ParameterType {
    TYPE_NULL, TYPE_BOOLEAN, TYPE_INTEGER, TYPE_REAL, TYPE_STRING, TYPE_ARRAY, TYPE_OBJECT,
    TYPE_MIXED,  // choices of several types
} ParameterType;

typedef struct Parameter {
    Str name;
    ParameterKind kind;
    ParameterType type;
    Str json;                // PARAMETER_FIXED: compact JSON
    double min, max, step;   // PARAMETER_REAL, PARAMETER_STEPS
    int64_t low, high;       // PARAMETER_INTEGER, and PARAMETER_STEPS of whole numbers
    unsigned decimals;       // PARAMETER_STEPS: what a value is rounded to
    const Str *choices;      // PARAMETER_CHOICE: compact JSON each
    const double *weights;   // NULL: all alike
    size_t n;                // of choices, or of steps
} Parameter;

typedef struct Parameters {
    Parameter *items;        // in the order of the file
    size_t n;
    Str file;                // as found, either spelling; absent: no file
} Parameters;

// From the text of the file. False when anything is wrong; what could be read is in *out.
bool parameters_read(Str text, Str file, Arena *a, Parameters *out, Problems *problems);

const Parameter *parameters_find(const Parameters *parameters, Str name);  // NULL: none

// Appends the drawn value as compact JSON; the same value for the same state of `r` everywhere.
// Takes as many numbers from `r` as its kind needs: none, or one.
void parameter_draw(const Parameter *parameter, Random *r, Buf *out);

#endif
