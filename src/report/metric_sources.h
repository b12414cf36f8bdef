// SPDX-License-Identifier: Apache-2.0
//
// What each metric of a report says and where it is defined.
#ifndef CONFAB_REPORT_METRIC_SOURCES_H
#define CONFAB_REPORT_METRIC_SOURCES_H

#include <stddef.h>

typedef struct MetricSource {
    const char *metrics;   // names, as in JSON
    const char *title;     // as on the page
    const char *says;      // a sentence or two for people
    const char *source;
} MetricSource;

extern const MetricSource metric_sources[];
extern const size_t metric_source_count;

#endif
