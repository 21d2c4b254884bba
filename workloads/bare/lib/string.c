/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/string.h"

void *memset(void *to, int c, size_t n) {
    u8 *p = to;
    while (n--) *p++ = (u8)c;
    return to;
}

void *memcpy(void *to, const void *from, size_t n) {
    u8 *p = to;
    const u8 *q = from;
    while (n--) *p++ = *q++;
    return to;
}

size_t strlen(const char *s) {
    size_t n = 0;
    while (s[n]) ++n;
    return n;
}

bool str_equal(const char *a, const char *b) {
    while (*a && *a == *b) ++a, ++b;
    return *a == *b;
}

bool str_starts(const char *s, const char *prefix) {
    while (*prefix)
        if (*s++ != *prefix++) return false;
    return true;
}
