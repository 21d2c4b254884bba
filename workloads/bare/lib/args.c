/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/args.h"

#include "lib/string.h"

static const char *skip_spaces(const char *p) {
    while (*p == ' ') ++p;
    return p;
}

static const char *word_end(const char *p) {
    while (*p && *p != ' ') ++p;
    return p;
}

static void copy_until(char *out, const char *from, const char *end) {
    size_t n = 0;
    for (; from < end && n + 1 < ARG_BYTES; ++from) out[n++] = *from;
    out[n] = 0;
}

bool arg_text(const char *args, const char *key, const char *fallback, char *out) {
    const size_t length = strlen(key);
    bool found = false;
    copy_until(out, fallback, fallback + strlen(fallback));
    for (const char *p = skip_spaces(args); *p; p = skip_spaces(word_end(p)))
        if (str_starts(p, key) && p[length] == '=') { /* the last one counts, as on Linux' command line */
            copy_until(out, p + length + 1, word_end(p));
            found = true;
        }
    return found;
}

bool arg_number(const char *args, const char *key, u64 fallback, u64 *out) {
    char text[ARG_BYTES];
    *out = fallback;
    if (!arg_text(args, key, "", text)) return true;
    const char *p = text;
    const unsigned radix = str_starts(p, "0x") ? 16 : 10;
    u64 v = 0;
    if (radix == 16) p += 2;
    if (!*p) return false;
    for (; *p; ++p) {
        const char c = *p | 0x20;
        unsigned digit = 99;
        if (c >= '0' && c <= '9') digit = (unsigned)(c - '0');
        if (c >= 'a' && c <= 'f') digit = (unsigned)(c - 'a') + 10;
        if (digit >= radix) break;
        v = v * radix + digit;
    }
    if (*p == 'K') v <<= 10, ++p;
    else if (*p == 'M') v <<= 20, ++p;
    else if (*p == 'G') v <<= 30, ++p;
    *out = v;
    return *p == 0;
}

static bool listed(const char *known, const char *key) {
    for (const char *k = skip_spaces(known); *k; k = skip_spaces(word_end(k)))
        if (str_starts(k, key) && word_end(k) == k + strlen(key)) return true;
    return false;
}

bool arg_unknown(const char *args, const char *known, char *out) {
    for (const char *p = skip_spaces(args); *p; p = skip_spaces(word_end(p))) {
        const char *end = p;
        while (*end && *end != ' ' && *end != '=') ++end;
        copy_until(out, p, end);
        if (*end != '=' || !listed(known, out)) return true;
    }
    return false;
}
