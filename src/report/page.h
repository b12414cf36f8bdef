// SPDX-License-Identifier: Apache-2.0
//
// A report as one HTML file: no script, no network (a Content-Security-Policy in the file says so), light and dark by
// what the reader's system prefers, readable on a phone and by a screen reader.
#ifndef CONFAB_REPORT_PAGE_H
#define CONFAB_REPORT_PAGE_H

#include "report/metrics.h"

void report_page(const Report *r, Buf *out);  // after report_finish

#endif
