// SPDX-License-Identifier: Apache-2.0
//
// Functions that write without a bound, or that keep hidden state. Every other header of base
// includes this one, so a use is a compile error with the name of what to write instead.
// System headers come first: they may declare these names, nobody may call them.
#ifndef CONFAB_BASE_BANNED_H
#define CONFAB_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf strtok atoi atol atof gets
#pragma GCC poison localtime gmtime ctime asctime tmpnam mktemp

#endif
