/* SPDX-License-Identifier: Apache-2.0
 * The few string functions in use, and those that the compiler may call by itself.
 */
#ifndef BARE_STRING_H
#define BARE_STRING_H

#include "lib/types.h"

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
size_t strlen(const char *s);
bool str_equal(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);

#endif
