// SPDX-License-Identifier: Apache-2.0
//
// What the server tells about itself: its models in each API's form, its limits, its counts.
#ifndef MOCKLLM_INFO_H
#define MOCKLLM_INFO_H

#include "service.h"

bool info_get(Buf *out, const Options *o, Str path);  // false: no such path
void info_stats(Buf *out, const Shared *s);
void info_limit_headers(Reply *r, const Options *o, const Api *api, const LimitView *view);
bool info_is_json(Str body);  // by a whole parser

#endif
